//! Charts, drawn where the page is made: they are there without scripts, and take the colours of the page.
//!
//! Shapes alone are drawn in SVG and stretched to whatever room there is; words stay words beside it.

use std::fmt::Write as _;

use maud::{Markup, html};

/// Units across and up in which shapes are drawn; they are stretched to the room there is.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;

/// One of the things that are shown side by side.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// How high it is.
    pub value: f64,
    /// What is said of it to whoever points at it.
    pub said: String,
}

/// A chart of marks that stand side by side, lowest first.
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Whether the marks are bars; else they are joined by a line.
    pub bars: bool,
    /// What is shown.
    pub marks: Vec<Mark>,
    /// What one would expect, as a line over the marks; as many as there are marks, or none.
    pub expected: Vec<f64>,
    /// How a height is written.
    pub written: fn(f64) -> String,
    /// What stands below the first mark, and below the last.
    pub ends: (String, String),
}

impl Chart<'_> {
    /// The chart, or why there is none yet.
    pub fn draw(&self) -> Markup {
        let Some(last) = self.marks.last().filter(|_| self.marks.len() > 1) else {
            return html! {
                figure.chart { figcaption { (self.title) } (super::parts::empty("Nothing to draw yet: this fills with time.")) }
            };
        };
        let values = || self.marks.iter().map(|mark| mark.value);
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
        let top = ceiling(self.expected.iter().copied().fold(high, f64::max));
        let written = self.written;
        let summary = format!(
            "{}: {} to {}, the last {}",
            self.title,
            written(low),
            written(high),
            written(last.value)
        );
        html! {
            figure.chart {
                figcaption { (self.title) " " output { (last.said) } }
                div.plot {
                    div.scale aria-hidden="true" { span { (written(top)) } span { (written(top / 2.0)) } span { (written(0.0)) } }
                    svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(summary) {
                        path.grid d={ "M0 0H" (WIDTH) "M0 " (HEIGHT / 2.0) "H" (WIDTH) } {}
                        @if self.bars { (self.bars(top)) } @else { (self.line(top)) }
                        @if !self.expected.is_empty() { polyline.expected points=(points(self.expected.iter().copied(), top, Span::Middles)) {} }
                        (self.hits())
                    }
                    div.ends { span { (self.ends.0) } span { (self.ends.1) } }
                }
            }
        }
    }

    fn step(&self) -> f64 {
        WIDTH / self.marks.len() as f64
    }

    fn bars(&self, top: f64) -> Markup {
        let step = self.step();
        let mut path = String::new();
        for (at, mark) in self.marks.iter().enumerate() {
            let height = mark.value / top * HEIGHT;
            let (left, width) = (at as f64 * step + step * 0.1, step * 0.8);
            write!(path, "M{left:.1} {HEIGHT}v-{height:.1}h{width:.1}v{height:.1}z")
                .expect("text takes text");
        }
        html! { path.bars d=(path) {} }
    }

    fn line(&self, top: f64) -> Markup {
        let line = points(self.marks.iter().map(|mark| mark.value), top, Span::Whole);
        html! {
            polygon.area points={ "0," (HEIGHT) " " (line) " " (WIDTH) "," (HEIGHT) } {}
            polyline.line points=(line) {}
        }
    }

    /// What one points at.
    fn hits(&self) -> Markup {
        let step = self.step();
        html! {
            @for (at, mark) in self.marks.iter().enumerate() {
                rect.hit x={ (format!("{:.1}", at as f64 * step)) } y="0" width={ (format!("{step:.1}")) } height=(HEIGHT) {
                    title { (mark.said) }
                }
            }
        }
    }
}

/// Where a line goes through.
#[derive(Clone, Copy)]
enum Span {
    /// From one end to the other.
    Whole,
    /// The middles of bars.
    Middles,
}

/// A line through these.
fn points(values: impl ExactSizeIterator<Item = f64>, top: f64, span: Span) -> String {
    let count = values.len() as f64;
    let across = |at: f64| match span {
        Span::Whole => at / (count - 1.0).max(1.0) * WIDTH,
        Span::Middles => (at + 0.5) / count * WIDTH,
    };
    let point =
        |(at, value): (usize, f64)| format!("{:.1},{:.1}", across(at as f64), HEIGHT - value / top * HEIGHT);
    values.enumerate().map(point).collect::<Vec<_>>().join(" ")
}

/// A round number that is not below this one.
fn ceiling(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let size = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * size).find(|round| *round >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64], bars: bool) -> String {
        let mark = |value: &f64| Mark { value: *value, said: format!("it is {value}") };
        let marks = values.iter().map(mark).collect();
        let ends = ("first".to_owned(), "last".to_owned());
        Chart {
            title: "Heights",
            bars,
            marks,
            expected: Vec::new(),
            written: |value| value.to_string(),
            ends,
        }
        .draw()
        .into_string()
    }

    #[test]
    fn highest_mark_reaches_no_further_than_the_round_number_above() {
        let drawn = chart(&[1.0, 75.0], true);
        assert!(drawn.contains("v-93.8"), "75 of 80 is drawn: {drawn}");
        assert!(drawn.contains("<span>80</span>"), "{drawn}");
    }

    #[test]
    fn reader_without_eyes_is_told_the_range_and_the_last() {
        assert!(chart(&[4.0, 1.0, 2.0], false).contains("aria-label=\"Heights: 1 to 4, the last 2\""));
    }

    #[test]
    fn one_mark_is_no_chart_yet() {
        assert!(!chart(&[4.0], false).contains("<svg"));
    }

    #[test]
    fn marks_at_zero_are_drawn_on_the_ground() {
        assert!(chart(&[0.0, 0.0], true).contains("v-0.0"));
    }
}
