//! Plots as drawings that stand in a page.

use std::fmt::Write as _;
use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    ChartBuilder, DashedLineSeries, IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend,
};
use plotters::style::Color;

use super::escaped;
use super::plot::{Plot, Series};

/// How large a drawing is before it is fitted to its page.
const SIZE: (u32, u32) = (720, 300);
/// Curves that have a colour of their own; beyond, colours come again.
pub(super) const COLOURS: usize = 6;
/// Stands for the colour of text and axes. No colour is in a drawing: each stands for one that the page chooses.
const INK: RGBColor = RGBColor(1, 0, 0);
/// Stands for the colour of the mesh.
const MESH: RGBColor = RGBColor(2, 0, 0);

fn colour(number: usize) -> RGBColor {
    RGBColor(3, 0, (number % COLOURS) as u8)
}

/// A plot with its title and its legend; nothing to look at where there is nothing to draw.
pub(super) fn figure(plot: &Plot) -> String {
    let mut legend = String::new();
    for (number, series) in plot.series.iter().enumerate() {
        let dashed = if series.is_reference { " dashed" } else { "" };
        let (number, name) = (number % COLOURS, escaped(&series.name));
        let _ = write!(legend, "<li><span class=\"swatch c{number}{dashed}\"></span>{name}</li>");
    }
    let drawing =
        drawing(plot).unwrap_or_else(|| "<p class=\"muted\">There is nothing to draw.</p>".to_owned());
    let title = escaped(&plot.title);
    format!("<figure><figcaption>{title}</figcaption>{drawing}<ul class=\"legend\">{legend}</ul></figure>")
}

/// From the least to the most of all, with some room where they are the same.
fn range(values: impl Iterator<Item = f64>, from_zero: bool) -> Option<Range<f64>> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    values
        .filter(|value| value.is_finite())
        .for_each(|value| (least, most) = (least.min(value), most.max(value)));
    if from_zero {
        least = least.min(0.0);
    }
    if least > most {
        return None;
    }
    Some(if most - least < 1e-9 { least..least + 1.0 } else { least..most + (most - least) * 0.04 })
}

/// The points of a curve as they are drawn.
fn points(plot: &Plot, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let placed = points.iter().map(|(x, y)| (if plot.is_logarithmic { x.log10() } else { *x }, *y));
    placed.filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

/// What goes from left to right. Where each step is so many times as far, it holds logarithms, and numbers stand at 1, 2 and 5
/// and ten times that, as far as there is room.
struct Axis {
    range: Range<f64>,
    is_logarithmic: bool,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range.clone()).map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if !self.is_logarithmic {
            return RangedCoordf64::from(self.range.clone()).key_points(hint);
        }
        let decades = self.range.start.floor() as i32..=self.range.end.ceil() as i32;
        let steps: &[f64] = match self.range.end - self.range.start {
            width if width < 2.7 => &[1.0, 2.0, 5.0],
            width if width < 4.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let places =
            decades.flat_map(|decade| steps.iter().map(move |step| f64::from(decade) + step.log10()));
        places.filter(|place| self.range.contains(place)).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// The ends of the bars that say how far each point may be off; none goes below nothing.
fn errors(plot: &Plot, series: &Series) -> Vec<[(f64, f64); 2]> {
    let ends = points(plot, &series.points).into_iter().zip(&series.errors);
    ends.map(|((x, y), error)| [(x, (y - error).max(0.0)), (x, y + error)]).collect()
}

/// A number at an axis.
fn tick(value: f64) -> String {
    // What was a logarithm is off by next to nothing.
    let value = (value * 1e6).round() / 1e6;
    match value.abs() {
        size if size >= 1e6 => tick(value / 1e6) + " M",
        size if size >= 1e4 => tick(value / 1e3) + " k",
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn drawing(plot: &Plot) -> Option<String> {
    let all: Vec<(f64, f64)> = plot.series.iter().flat_map(|series| points(plot, &series.points)).collect();
    let x = range(all.iter().map(|point| point.0), false)?;
    let errors = plot.series.iter().flat_map(|series| errors(plot, series));
    let y = range(all.iter().map(|point| point.1).chain(errors.map(|[_, (_, y)]| y)), true)?;
    let mut svg = String::new();
    draw(plot, x, y, &mut svg)?;
    let mut svg = svg.replacen("<svg ", "<svg role=\"img\" ", 1);
    let class = |colour: RGBColor| format!("\"#{:02X}{:02X}{:02X}\"", colour.0, colour.1, colour.2);
    svg = svg.replace(&class(INK), "\"var(--ink)\"").replace(&class(MESH), "\"var(--mesh)\"");
    for number in 0..COLOURS {
        svg = svg.replace(&class(colour(number)), &format!("\"var(--c{number})\""));
    }
    // A declaration stands at the top of a file and nowhere else.
    Some(svg.find("<svg").map_or(String::new(), |at| svg[at..].to_owned()))
}

/// Nothing where it cannot be drawn: there is no disk and no screen to it that could fail.
fn draw(plot: &Plot, x: Range<f64>, y: Range<f64>, svg: &mut String) -> Option<()> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let text = ("sans-serif", 15).into_font().color(&INK);
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(Axis { range: x, is_logarithmic: plot.is_logarithmic }, y)
        .ok()?;
    chart
        .configure_mesh()
        .x_desc(&plot.x)
        .y_desc(&plot.y)
        .x_label_formatter(&|x| tick(if plot.is_logarithmic { 10_f64.powf(*x) } else { *x }))
        .y_label_formatter(&|y| tick(*y))
        .y_labels(6)
        .x_labels(8)
        .label_style(text.clone())
        .axis_desc_style(text)
        .axis_style(INK)
        .bold_line_style(MESH)
        .light_line_style(RGBColor(0, 0, 0).mix(0.0))
        .draw()
        .ok()?;
    for (number, series) in plot.series.iter().enumerate() {
        let style = colour(number).stroke_width(2);
        let points = points(plot, &series.points).into_iter();
        let errors = errors(plot, series);
        let bar = |ends: [(f64, f64); 2]| PathElement::new(ends.to_vec(), style);
        chart.draw_series(errors.into_iter().map(bar)).ok()?;
        match series.is_reference {
            true => chart.draw_series(DashedLineSeries::new(points, 6, 4, style)).map(|_| ()),
            false => chart.draw_series(LineSeries::new(points, style)).map(|_| ()),
        }
        .ok()?;
    }
    root.present().ok()?;
    drop(chart);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plot_is_drawn_in_the_colours_of_its_page_and_what_it_says_is_escaped() {
        let series = vec![
            Series::curve("<one>", vec![(0.0, 1.0), (1.0, 2.0)]),
            Series::reference("theory", vec![(0.0, 0.5), (1.0, f64::NAN)]),
        ];
        let plot = Plot::new("a < b", "x & y", "<y>", series);
        let drawn = figure(&plot);
        assert!(drawn.contains("var(--c0)") && drawn.contains("var(--ink)"), "{drawn}");
        assert!(drawn.contains("a &lt; b") && drawn.contains("&lt;one&gt;") && drawn.contains("x &amp; y"));
        assert!(!drawn.contains("<y>") && !drawn.contains("#010000"), "{drawn}");
    }

    #[test]
    fn logarithmic_axis_has_round_numbers() {
        let points = vec![(2.0, 1.0), (600.0, 2.0)];
        let drawn = figure(&Plot::new("t", "x", "y", vec![Series::curve("c", points)]).logarithmic());
        let has = |number: &str| drawn.lines().any(|line| line.trim() == number);
        for number in ["2", "5", "10", "20", "50", "100", "200", "500"] {
            assert!(has(number), "{number} in {drawn}");
        }
        assert!(!has("3.2"), "{drawn}");
    }

    #[test]
    fn numbers_at_axes_are_short() {
        let short = [0.25, 2.5, 999.4, 5000.0, 25_000.0, -1e5, 1e7, 2.5e9].map(tick);
        assert_eq!(short, ["0.25", "2.5", "999", "5000", "25 k", "-100 k", "10 M", "2500 M"]);
    }

    #[test]
    fn plot_of_nothing_says_so() {
        assert!(figure(&Plot::new("t", "x", "y", Vec::new())).contains("nothing to draw"));
        let nowhere = vec![Series::curve("c", vec![(0.0, 1.0), (-1.0, 2.0)])];
        assert!(figure(&Plot::new("t", "x", "y", nowhere).logarithmic()).contains("nothing to draw"));
    }
}
