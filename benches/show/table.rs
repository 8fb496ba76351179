//! A table of medians for people.

use std::fmt;

/// A title, column heads, and rows.
pub(crate) struct Table {
    title: String,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(title: &str, heads: &[&str]) -> Self {
        Self { title: title.to_owned(), heads: heads.iter().map(|&head| head.to_owned()).collect(), rows: Vec::new() }
    }

    /// One row more.
    pub(crate) fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = || std::iter::once(&self.heads).chain(&self.rows);
        let width = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        writeln!(f, "{}", self.title)?;
        for row in all() {
            for (column, cell) in row.iter().enumerate() {
                let width = width(column).unwrap_or(0);
                if column == 0 { write!(f, "  {cell:<width$}")? } else { write!(f, "  {cell:>width$}")? }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// The value in the middle; the mean of both where there are two; NaN of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value below which `part` of all lie, between neighbours by proportion; NaN of nothing.
pub(crate) fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = part * (sorted.len().saturating_sub(1)) as f64;
    let (below, above) = (sorted.get(place.floor() as usize), sorted.get(place.ceil() as usize));
    match (below, above) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}
