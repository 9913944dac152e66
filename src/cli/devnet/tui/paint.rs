//! How things look. Nothing has a background, and colours are the terminal's own, so that they suit whatever it looks like.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// Whether there are colours. What they say is said in words as well.
#[derive(Clone, Copy)]
pub struct Paint {
    pub colours: bool,
}

impl Paint {
    fn coloured(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// What stands above a column, and keys.
    pub fn title<'a>(self, text: impl Into<String>) -> Span<'a> {
        Span::styled(text.into(), Style::new().add_modifier(Modifier::BOLD))
    }

    /// What matters less.
    pub fn dim<'a>(self, text: impl Into<String>) -> Span<'a> {
        Span::styled(text.into(), Style::new().add_modifier(Modifier::DIM))
    }

    /// What is as it should be.
    pub fn good<'a>(self, text: impl Into<String>) -> Span<'a> {
        Span::styled(text.into(), self.coloured(Color::Green))
    }

    /// What one should know.
    pub fn odd<'a>(self, text: impl Into<String>) -> Span<'a> {
        Span::styled(text.into(), self.coloured(Color::Yellow))
    }

    /// What does not run.
    pub fn bad<'a>(self, text: impl Into<String>) -> Span<'a> {
        Span::styled(text.into(), self.coloured(Color::Red).add_modifier(Modifier::BOLD))
    }
}
