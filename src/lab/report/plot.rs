//! Curves that a page can show: what is on each axis, and what is drawn.

use serde::Serialize;

/// A plot: curves over the same axes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// What goes from left to right.
    pub x: String,
    /// What goes up.
    pub y: String,
    /// The curves.
    pub series: Vec<Series>,
    /// Whether each step to the right is so many times as far, so that what is near and what is far off are both seen.
    pub is_logarithmic: bool,
}

impl Plot {
    /// A plot whose steps are all as far.
    pub fn new(title: &str, x: &str, y: &str, series: Vec<Series>) -> Self {
        Self { title: title.to_owned(), x: x.to_owned(), y: y.to_owned(), series, is_logarithmic: false }
    }

    /// The same, with each step to the right so many times as far as the one before. What is not right of 0 is left out.
    #[must_use]
    pub fn logarithmic(self) -> Self {
        Self { is_logarithmic: true, ..self }
    }
}

/// A curve.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
    /// The standard error of each point, as far as they are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<f64>,
    /// Whether it is what others are compared with, as a theory is: drawn dashed.
    pub is_reference: bool,
}

impl Series {
    /// What was measured.
    pub fn curve(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, errors: Vec::new(), is_reference: false }
    }

    /// The same, with the standard error of each point.
    #[must_use]
    pub fn with_errors(self, errors: Vec<f64>) -> Self {
        Self { errors, ..self }
    }

    /// What that is compared with.
    pub fn reference(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, errors: Vec::new(), is_reference: true }
    }
}
