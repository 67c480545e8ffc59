//! What every strategy is held to: one table, from which the tests are run and the page is written.

mod table;

pub use table::{Case, Given, Row, rows};
