//! A report in the form that was asked for, on stdout or in a file.

use std::path::Path;

use serde::Serialize;

use super::files;
use crate::error::Failure;
use crate::render::{Printer, safe};

/// The forms of a report, and which of them was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forms<'a, F> {
    /// The form that was named.
    pub(crate) format: Option<F>,
    /// The file that it is to be written to.
    pub(crate) out: Option<&'a Path>,
    /// The form that the ending of a file name stands for.
    pub(crate) by_ending: fn(&str) -> Option<F>,
    /// The one for people, which is taken when nothing else is said.
    pub(crate) text: F,
    /// The one document for programs.
    pub(crate) json: F,
}

impl<F: Copy> Forms<'_, F> {
    /// Shows or writes a report. Where it goes to a file, people are shown it as well.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn present(
        &self,
        report: &impl Serialize,
        printer: &Printer,
        render: impl Fn(F) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        let Some(out) = self.out else {
            let format = match printer.json {
                true => self.json,
                false => self.format.unwrap_or(self.text),
            };
            return printer.result(&render(format)?);
        };
        let ending = out.extension().and_then(|ending| ending.to_str());
        let format = self.format.or_else(|| (self.by_ending)(ending?));
        let text = render(format.unwrap_or(self.text))?;
        files::write(out, &anstream::adapter::strip_str(&text).to_string())?;
        printer.note(&safe(&format!("report written to {}", out.display())));
        let shown = render(self.text)?;
        printer.answer(|| shown, report)
    }
}
