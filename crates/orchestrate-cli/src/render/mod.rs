//! Presentation: data in, text out. Nothing here decides or measures; failing to render never fails a run.

mod columns;
mod coverage;
mod error;
mod event;
mod health;
mod live;
mod measured;
mod page;
mod plan;
mod printer;
mod release;
mod run;
mod scenarios;
mod short;
mod style;
mod text;

pub(crate) use columns::Columns;
pub(crate) use coverage::coverage;
pub(crate) use error::render as error;
pub(crate) use event::event_line;
pub(crate) use health::{checks, health};
pub(crate) use live::{Live, REDRAW};
pub(crate) use plan::{Charge, plan};
pub(crate) use printer::{Printer, json};
pub(crate) use release::release;
pub(crate) use run::run;
pub(crate) use scenarios::scenarios;
pub(crate) use short::Short;
pub(crate) use style::{BAD, DIM, GOOD, HEAD, WARN, paint};
pub(crate) use text::{counted, cut, duration, estimate_of, safe, size, spent, word, wrap};
