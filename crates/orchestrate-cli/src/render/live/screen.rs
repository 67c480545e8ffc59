//! Draws the state: redrawn lines on a terminal, plain lines with `-v`, nothing otherwise.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::spending::Spending;

use super::state::State;
use crate::render::{Printer, safe, spent};

/// The shortest time between two redraws.
pub(crate) const REDRAW: Duration = Duration::from_millis(100);

/// How a run is shown while it runs.
#[derive(Debug)]
pub(crate) struct Live {
    mode: Mode,
    /// Whether long work is told even where nothing else is.
    tells: bool,
    color: bool,
    state: State,
    /// The moment of the run's first event, by our clock.
    origin: Instant,
    /// Lines that stand below the ones that stay, to be drawn over.
    drawn: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Silent,
    Lines,
    Redraw,
}

impl Live {
    /// A view that fits the printer's streams.
    pub(crate) fn new(printer: &Printer) -> Self {
        let mode = if printer.live() {
            Mode::Redraw
        } else if printer.verbose(1) {
            Mode::Lines
        } else {
            Mode::Silent
        };
        Self {
            mode,
            tells: printer.verbose(0),
            color: printer.stderr_color(),
            state: State::default(),
            origin: Instant::now(),
            drawn: 0,
        }
    }

    /// What the run had used before it was gone on with; the totals count from there.
    pub(crate) fn had_used(&mut self, spending: Spending) {
        if let Some(used) = spent(&spending.total()) {
            self.say(&format!("  [..]   {used} were used before"));
        }
        self.state.had_used(spending);
    }

    /// Takes in one event, and shows what it leaves behind.
    pub(crate) fn apply(&mut self, event: &Event) {
        if self.mode == Mode::Silent {
            return;
        }
        if matches!(event.kind, EventKind::RunStarted { .. }) {
            self.origin = Instant::now();
        }
        let stays = self.state.apply(event);
        match (self.mode, stays, &event.kind) {
            (Mode::Redraw, Some(line), _) => self.draw(Some(&line)),
            (Mode::Lines, Some(line), _) => self.write(&format!("{line}\n")),
            (
                Mode::Lines,
                None,
                EventKind::StepStarted {
                    worker, backend, ..
                },
            ) => {
                self.write(&format!("  [..]   {worker} started ({backend})\n"));
            }
            _ => {}
        }
    }

    /// Shows the elapsed times anew; to be called every [`REDRAW`].
    pub(crate) fn tick(&mut self) {
        if self.mode == Mode::Redraw {
            self.draw(None);
        }
    }

    /// Says what is being run: long work is told everywhere but to those who want to hear nothing.
    pub(crate) fn progress(&mut self, what: &str) {
        let line = format!("  [..]   {}", safe(what));
        match self.mode {
            Mode::Redraw => self.draw(Some(&line)),
            Mode::Lines | Mode::Silent if self.tells => self.write(&format!("{line}\n")),
            Mode::Lines | Mode::Silent => {}
        }
    }

    /// Says something about the run itself.
    pub(crate) fn say(&mut self, words: &str) {
        match self.mode {
            Mode::Redraw => self.draw(Some(words)),
            Mode::Lines => self.write(&format!("{words}\n")),
            Mode::Silent => {}
        }
    }

    /// Takes the redrawn lines away; what stays, stays.
    pub(crate) fn finish(&mut self) {
        if self.mode == Mode::Redraw && self.drawn > 0 {
            let clear = format!("\x1b[{}A\x1b[J", self.drawn);
            self.drawn = 0;
            self.raw(&clear);
        }
    }

    fn draw(&mut self, stays: Option<&str>) {
        if self.state.is_asking() {
            // The person's line must not be drawn over.
            self.finish();
            if let Some(line) = stays {
                self.write(&format!("{line}\n"));
            }
            return;
        }
        let size = terminal_size::terminal_size_of(io::stderr());
        let (columns, rows) = size.map_or((80, 24), |(w, h)| (w.0.into(), h.0.into()));
        // The last column stays free: some terminals break the line when it is written.
        let (columns, rows) = (
            usize::saturating_sub(columns, 1),
            usize::saturating_sub(rows, 1),
        );
        let now = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut out = String::new();
        if self.drawn > 0 {
            out.push_str(&format!("\x1b[{}A\x1b[J", self.drawn));
        }
        if let Some(line) = stays {
            out.push_str(&self.styled(line));
            out.push('\n');
        }
        let lines = self.state.lines(now, columns, rows);
        for line in &lines {
            out.push_str(line);
            out.push('\n');
        }
        self.drawn = lines.len();
        self.raw(&out);
    }

    fn styled(&self, text: &str) -> String {
        if self.color {
            text.to_owned()
        } else {
            strip_str(text).to_string()
        }
    }

    fn write(&self, text: &str) {
        self.raw(&self.styled(text));
    }

    fn raw(&self, text: &str) {
        // A terminal that went away must not stop the run.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}
