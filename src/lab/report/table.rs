//! Tables of figures: as lines, as part of a page, and for programs.

use std::fmt::Write as _;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{escaped, millis};

/// A table of figures.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Table {
    /// What stands in which column.
    pub columns: Vec<Column>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// What programs call it.
    pub key: &'static str,
    /// What people call it.
    pub name: &'static str,
    form: Form,
}

/// How numbers of a column are written for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Text,
    Number(usize),
    Percent(usize),
    Millis,
}

/// A cell of a table.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A figure.
    Number(f64),
    /// A word.
    Text(&'static str),
    /// Nothing was found.
    Nothing,
}

impl Column {
    /// A column of words.
    pub const fn text(key: &'static str, name: &'static str) -> Self {
        Self { key, name, form: Form::Text }
    }

    /// A column of numbers with so many places after the point.
    pub const fn number(key: &'static str, name: &'static str, places: usize) -> Self {
        Self { key, name, form: Form::Number(places) }
    }

    /// A column of shares, from 0 to 1, told in hundredths with so many places after the point.
    pub const fn percent(key: &'static str, name: &'static str, places: usize) -> Self {
        Self { key, name, form: Form::Percent(places) }
    }

    /// A column of milliseconds.
    pub const fn millis(key: &'static str, name: &'static str) -> Self {
        Self { key, name, form: Form::Millis }
    }

    fn told(&self, cell: &Cell) -> String {
        match (cell, self.form) {
            (Cell::Nothing, _) => "none".to_owned(),
            (Cell::Text(text), _) => (*text).to_owned(),
            (Cell::Number(value), Form::Number(places)) => format!("{value:.places$}"),
            (Cell::Number(value), Form::Percent(places)) => format!("{:.places$} %", value * 100.0),
            (Cell::Number(value), Form::Millis) => millis(*value),
            (Cell::Number(value), Form::Text) => value.to_string(),
        }
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Self::Number(value as f64)
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Nothing, Self::Number)
    }
}

impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl Table {
    /// One without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When it has more cells than there are columns, or fewer.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a cell for each column");
        self.rows.push(row);
    }

    /// The numbers of a column; none where there is no such column.
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        let Some(place) = self.columns.iter().position(|column| column.key == key) else { return Vec::new() };
        let number = |row: &Vec<Cell>| match row[place] {
            Cell::Number(value) => Some(value),
            _ => None,
        };
        self.rows.iter().filter_map(number).collect()
    }

    /// In lines, each column as wide as it has to be.
    pub(super) fn text(&self) -> String {
        let told: Vec<Vec<String>> = self.rows.iter().map(|row| self.told(row)).collect();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let cells = told.iter().map(|row| row[place].chars().count());
                cells.chain([column.name.chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        let names = self.columns.iter().map(|column| column.name.to_owned()).collect();
        for row in [names].iter().chain(&told) {
            for (cell, width) in row.iter().zip(&widths) {
                let room = " ".repeat(width - cell.chars().count());
                let _ = write!(text, "  {room}{cell}");
            }
            text.push('\n');
        }
        text
    }

    /// As part of a page.
    pub(super) fn html(&self) -> String {
        let mut html = "<div class=\"wide\"><table class=\"numbers\"><thead><tr>".to_owned();
        for column in &self.columns {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(column.name));
        }
        html.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            let cells: String =
                self.told(row).iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
            let _ = write!(html, "<tr>{cells}</tr>");
        }
        html.push_str("</tbody></table></div>");
        html
    }

    fn told(&self, row: &[Cell]) -> Vec<String> {
        self.columns.iter().zip(row).map(|(column, cell)| column.told(cell)).collect()
    }
}

impl Serialize for Table {
    /// A list with an object for each row.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| Row { columns: &self.columns, cells: row }))
    }
}

struct Row<'a> {
    columns: &'a [Column],
    cells: &'a [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.cells.len()))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(column.key, cell)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_told_to_people_and_to_programs() {
        let columns = vec![
            Column::text("kind", "kind"),
            Column::percent("share", "share <of all>", 1),
            Column::millis("ms", "took"),
        ];
        let mut table = Table::new(columns);
        table.push(vec![Cell::from("some"), Cell::from(0.1234), Cell::Nothing]);
        table.push(vec![Cell::from("others"), Cell::from(1.0), Cell::from(12_345.0)]);
        assert_eq!(
            table.text(),
            "    kind  share <of all>    took\n    some          12.3 %    none\n  others         100.0 %  12.3 s\n"
        );
        assert!(table.html().contains("<th scope=\"col\">share &lt;of all&gt;</th>"));
        let json = serde_json::to_value(&table).unwrap();
        assert_eq!(json[0], serde_json::json!({ "kind": "some", "share": 0.1234, "ms": null }));
        assert_eq!((table.numbers("ms"), table.numbers("nothing")), (vec![12_345.0], Vec::new()));
    }
}
