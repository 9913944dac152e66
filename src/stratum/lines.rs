//! Lines out of bytes as they come, and never more of one than is allowed.

/// What was sent is no line of this protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineError {
    /// No end of the line came in time.
    #[error("a line has more than {0} bytes")]
    TooLong(usize),
    /// A control character, or no UTF-8: somebody speaks TLS, or something else.
    #[error("not text")]
    NotText,
}

/// What has come of the line that is not yet whole.
pub struct Lines {
    begun: Vec<u8>,
    bytes_max: usize,
}

impl Lines {
    /// Nothing has come. A line longer than `bytes_max` is never held.
    pub fn new(bytes_max: usize) -> Self {
        Self { begun: Vec::new(), bytes_max }
    }

    /// The lines that these bytes complete, empty ones left out.
    ///
    /// # Security
    /// Bytes are looked at before they are kept, and a line is refused at its first byte too many, not at its end.
    ///
    /// # Errors
    /// Behind the lines that came before, what is wrong with the next; nothing further is to be read.
    pub fn take(&mut self, bytes: &[u8]) -> (Vec<String>, Result<(), LineError>) {
        let mut lines = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let is_text = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\r');
            if !piece.iter().all(is_text) {
                return (lines, Err(LineError::NotText));
            }
            if self.begun.len() + piece.len() > self.bytes_max {
                return (lines, Err(LineError::TooLong(self.bytes_max)));
            }
            self.begun.extend_from_slice(piece);
            if pieces.peek().is_some() {
                let Ok(line) = String::from_utf8(std::mem::take(&mut self.begun)) else {
                    return (lines, Err(LineError::NotText));
                };
                if !line.trim().is_empty() {
                    lines.push(line);
                }
            }
        }
        (lines, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"{\"id\":1}\r\n\n  \n{\"id\":\"\xc3\xa4\"}\nrest";
        for cut in 0..text.len() {
            let mut lines = Lines::new(100);
            let (mut found, first) = lines.take(&text[..cut]);
            let (more, second) = lines.take(&text[cut..]);
            found.extend(more);
            assert_eq!(found, ["{\"id\":1}\r", "{\"id\":\"ä\"}"], "cut at {cut}");
            assert_eq!((first, second), (Ok(()), Ok(())));
        }
    }

    #[test]
    fn line_is_refused_at_its_first_byte_too_many() {
        let mut lines = Lines::new(4);
        assert_eq!(lines.take(b"abcd"), (vec![], Ok(())));
        assert_eq!(lines.take(b"e"), (vec![], Err(LineError::TooLong(4))));
        assert_eq!(Lines::new(4).take(b"abcd\nabcde"), (vec!["abcd".to_owned()], Err(LineError::TooLong(4))));
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert_eq!(Lines::new(99).take(b"\x16\x03\x01\x02\x00").1, Err(LineError::NotText));
        assert_eq!(Lines::new(99).take(b"{\"id\":\"\xff\"}\n").1, Err(LineError::NotText));
    }
}
