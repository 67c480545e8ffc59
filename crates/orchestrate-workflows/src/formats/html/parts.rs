//! Small parts that every section uses: states, code inside text, numbers.

use maud::{Markup, html as markup};
use orchestrate_analysis::finding::Severity;

/// A state as an icon, a word and a colour; none of them alone carries it.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    Good,
    Bad,
    Warn,
    Open,
    Calm,
}

impl State {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "state good",
            Self::Bad => "state bad",
            Self::Warn => "state warn",
            Self::Open => "state open",
            Self::Calm => "state calm",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✕",
            Self::Warn => "!",
            Self::Open => "?",
            Self::Calm => "–",
        }
    }
}

/// A state with its word.
pub(super) fn state(state: State, word: &str) -> Markup {
    markup! {
        span class=(state.class()) {
            span.icon aria-hidden="true" { (state.icon()) }
            (word)
        }
    }
}

/// A severity with its word.
pub(super) fn severity(severity: Severity) -> Markup {
    let kind = match severity {
        Severity::Critical | Severity::High => State::Bad,
        Severity::Medium => State::Warn,
        Severity::Low | Severity::Info => State::Calm,
    };
    state(kind, severity.as_str())
}

/// Text in which balanced backquotes stand for code.
pub(super) fn text(given: &str) -> Markup {
    let parts: Vec<&str> = given.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markup! { (given) };
    }
    markup! {
        @for (position, part) in parts.iter().enumerate() {
            @if position % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A time in seconds as people read it.
pub(super) fn seconds(time: f64) -> String {
    if time < 0.001 {
        format!("{:.0} µs", time * 1e6)
    } else if time < 1.0 {
        format!("{:.0} ms", time * 1e3)
    } else if time < 120.0 {
        format!("{time:.1} s")
    } else {
        format!("{:.0} min {:02.0} s", (time / 60.0).floor(), time % 60.0)
    }
}

/// A number with at most one digit after the point.
pub(super) fn short(value: f64) -> String {
    ((value * 10.0).round() / 10.0).to_string()
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
