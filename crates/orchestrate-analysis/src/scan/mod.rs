//! One pass over a repository: each file is read once, parsed once, measured, and dropped.
//!
//! Files are taken by several threads; the result is sorted, and the same for any number of them.

mod cache;
mod compared;
mod file;
mod inspect;
mod options;
mod parse;
mod run;
mod snapshot;
mod test_modules;
#[cfg(test)]
mod tests;

pub use file::{ScannedFile, scan_text};
pub use options::ScanOptions;
pub use parse::{Parsers, parse};
pub use run::scan;
pub use snapshot::{Engine, FileFacts, Snapshot, Syntax};
pub(crate) use test_modules::module_directory;
