//! How much of a list a page has room for.
//!
//! Numbers alone bound nothing: what strangers write is of any length, and grows where it would be taken for more than text.

use maud::{Markup, PreEscaped};

/// As much of a list as there is room for.
pub struct Fitting {
    /// What is shown.
    pub shown: Markup,
    /// How many of the list that is.
    pub count: usize,
}

/// As many of these, from the first on, as fit into so many bytes.
pub fn fitting(bytes_max: usize, items: impl IntoIterator<Item = Markup>) -> Fitting {
    let (mut shown, mut count) = (String::new(), 0);
    for PreEscaped(item) in items {
        if shown.len() + item.len() > bytes_max {
            break;
        }
        shown.push_str(&item);
        count += 1;
    }
    Fitting { shown: PreEscaped(shown), count }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn list_ends_before_what_has_no_room() {
        let items = || ["one", "&", "three"].map(|item| html! { (item) });
        let fitting = |bytes_max| {
            let Fitting { shown, count } = fitting(bytes_max, items());
            (shown.into_string(), count)
        };
        assert_eq!(fitting(13), ("one&amp;three".to_owned(), 3));
        assert_eq!(fitting(12), ("one&amp;".to_owned(), 2));
        assert_eq!(fitting(7), ("one".to_owned(), 1));
    }
}
