//! Presentation: data in, text out. Nothing here decides or measures; failing to render never fails a run.

mod columns;
mod error;
mod live;
mod printer;
mod style;
mod text;

pub(crate) use columns::Columns;
pub(crate) use error::render as error;
pub(crate) use live::Live;
pub(crate) use printer::Printer;
pub(crate) use style::{BAD, DIM, GOOD, HEAD, WARN, paint};
pub(crate) use text::{duration, safe, width, wrap};
