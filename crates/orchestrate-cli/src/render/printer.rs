//! The only place that writes to the terminal: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use super::error;
use crate::error::{CliError, Failure};
use crate::exit::Exit;

/// Text of more columns than this is hard to read, however wide the terminal is.
const WIDEST: usize = 100;
/// What is assumed where there is no terminal: files and pipes look the same everywhere.
const USUAL: usize = 80;

/// Where output goes and how it looks.
#[derive(Debug)]
pub(crate) struct Printer {
    /// Whether exactly one JSON document is wanted on stdout.
    pub(crate) json: bool,
    quiet: bool,
    verbose: u8,
    color: ColorChoice,
}

impl Printer {
    /// A printer before the settings are known.
    pub(crate) fn new(json: bool, quiet: bool, verbose: u8, color: ColorChoice) -> Self {
        Self {
            json,
            quiet,
            verbose,
            color,
        }
    }

    /// The same printer with another choice of colour.
    pub(crate) fn set_color(&mut self, color: ColorChoice) {
        self.color = color;
    }

    /// Whether more is to be said, to this level.
    pub(crate) fn verbose(&self, level: u8) -> bool {
        !self.quiet && self.verbose >= level
    }

    /// Whether a live view may be drawn on stderr.
    pub(crate) fn live(&self) -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        !self.quiet && self.verbose == 0 && !dumb && io::stderr().is_terminal()
    }

    /// Whether there is a person who can answer: never ask where nobody does.
    pub(crate) fn can_ask(&self) -> bool {
        !self.quiet && !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a person; only an answer that begins with `y` is a yes.
    pub(crate) fn ask(&self, question: &str) -> Result<bool, Failure> {
        self.stderr(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin()
            .read_line(&mut answer)
            .map_err(CliError::Output)?;
        Ok(answer.trim_start().to_lowercase().starts_with('y'))
    }

    /// Whether styles are shown on stderr.
    pub(crate) fn stderr_color(&self) -> bool {
        let choice = match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stderr()),
            choice => choice,
        };
        choice != ColorChoice::Never
    }

    /// Columns for text on stdout.
    pub(crate) fn width(&self) -> usize {
        let terminal = || terminal_size::terminal_size_of(io::stdout());
        terminal().map_or(USUAL, |(columns, _)| {
            usize::from(columns.0).clamp(40, WIDEST)
        })
    }

    /// The answer of a verb: as text, or as the one JSON document.
    pub(crate) fn answer(
        &self,
        text: impl FnOnce() -> String,
        document: &impl Serialize,
    ) -> Result<(), Failure> {
        if self.json {
            self.result(&json(document)?)
        } else {
            self.result(&text())
        }
    }

    /// A document that has no other form than JSON.
    pub(crate) fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        self.result(&json(document)?)
    }

    /// Text on stdout, ended by a line break. A reader that went away is no error: it has seen enough.
    pub(crate) fn result(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(io::stdout().lock(), self.color);
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let written = write!(out, "{text}{end}").and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliError::Output(error).into())
            }
            _ => Ok(()),
        }
    }

    /// An error, in the form that was asked for and for people. Gives how the program ends.
    pub(crate) fn fail(&self, failure: &Failure) -> Exit {
        if self.json
            && let Ok(text) = json(&failure.document())
        {
            // There is nowhere left to report that even the error could not be written.
            let _ = self.result(&text);
        }
        self.stderr(&error::render(failure));
        failure.exit
    }

    /// A line for people on stderr, unless they want to hear nothing.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr(&format!("{text}\n"));
        }
    }

    /// Text on stderr.
    pub(crate) fn stderr(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.color);
        // What people cannot be told must not stop what they asked for.
        let _ = err.write_all(text.as_bytes());
    }
}

/// A document as text.
pub(crate) fn json(document: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(document)
        .map_err(|error| CliError::internal("a result could not be written as JSON", error).into())
}
