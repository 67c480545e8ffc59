//! Lists in columns, as wide as their widest cell; the last one runs free.

use super::text::width;

/// Rows of cells.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// A list with a line of headings.
    pub(crate) fn new<const N: usize>(headings: [&str; N]) -> Self {
        let mut columns = Self::default();
        columns.row(headings.map(str::to_owned));
        columns
    }

    /// Adds a row; cells are plain text without styles.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The list as text.
    pub(crate) fn render(&self) -> String {
        let widest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or_default()
        };
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, column) in row.iter().zip(&widths) {
                line.push_str(cell);
                let gap = column.saturating_sub(width(cell)) + 2;
                line.extend(std::iter::repeat_n(' ', gap));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut columns = Columns::new(["ID", "ROLE"]);
        columns.row(["a".into(), "b c".into()]);
        columns.row(["long_id".into(), String::new()]);
        assert_eq!(columns.render(), "ID       ROLE\na        b c\nlong_id\n");
    }
}
