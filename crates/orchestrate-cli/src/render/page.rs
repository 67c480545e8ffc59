//! A report as a page: rules, headings, items. Everything that comes from outside is escaped here.

use anstyle::Style;

use super::style::{HEAD, paint};
use super::text::{safe, wrap};

/// Rules are not drawn wider than this, however wide the terminal is.
const RULE: usize = 70;

/// A page that is written from top to bottom.
#[derive(Debug)]
pub(crate) struct Page {
    width: usize,
    out: String,
}

impl Page {
    /// A page of so many columns, with its title.
    pub(crate) fn new(width: usize, title: &str) -> Self {
        let mut page = Self {
            width,
            out: String::new(),
        };
        page.rule('=');
        page.out.push_str(&format!("  {}\n", paint(HEAD, title)));
        page.rule('=');
        page
    }

    /// The text of the page, with a last rule.
    pub(crate) fn finish(mut self) -> String {
        self.rule('=');
        self.out
    }

    fn rule(&mut self, sign: char) {
        self.out
            .extend(std::iter::repeat_n(sign, self.width.min(RULE)));
        self.out.push('\n');
    }

    /// A heading after an empty line.
    pub(crate) fn section(&mut self, heading: &str) {
        let rule = "-".repeat(self.width.min(RULE).saturating_sub(2));
        self.out
            .push_str(&format!("\n  {}\n  {rule}\n", paint(HEAD, heading)));
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// A line with a state in front: a sign of six columns, then words.
    pub(crate) fn state(&mut self, style: Style, sign: &str, words: &str) {
        let sign = paint(style, format_args!("{sign:<6}"));
        let words = safe(words);
        let words = words.trim_end();
        self.out.push_str(&format!("  {sign} {words}\n"));
    }

    /// One line as it is, for text that has a form of its own.
    pub(crate) fn line(&mut self, indent: usize, words: &str) {
        let line = format!("{:indent$}{}", "", safe(words));
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// A paragraph that stands `indent` columns in.
    pub(crate) fn text(&mut self, indent: usize, words: &str) {
        self.hanging(indent, "", words);
    }

    /// A paragraph with a mark in front of its first line; the others stand below its words.
    pub(crate) fn hanging(&mut self, indent: usize, mark: &str, words: &str) {
        let room = self.width.saturating_sub(indent + mark.len()).max(20);
        for (line, words) in wrap(&safe(words), room).iter().enumerate() {
            let first = if line == 0 { mark } else { "" };
            let inner = mark.len();
            self.out
                .push_str(&format!("{:indent$}{first:<inner$}{words}\n", ""));
        }
    }

    /// Items with a dash; when there are more than `most`, the rest is counted.
    pub(crate) fn items<'a>(&mut self, most: usize, items: impl ExactSizeIterator<Item = &'a str>) {
        let rest = items.len().saturating_sub(most);
        for item in items.take(most) {
            self.hanging(2, "- ", item);
        }
        self.rest(rest);
    }

    /// Says that there is more than is shown.
    pub(crate) fn rest(&mut self, rest: usize) {
        if rest > 0 {
            self.text(2, &format!("and {rest} more; `--json` lists all"));
        }
    }
}
