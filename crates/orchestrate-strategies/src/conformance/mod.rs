//! What strategies and executors are held to: two tables, from which the tests are run and the page is written.

mod executor;
mod table;

pub use executor::{Point, points};
pub use table::{Case, Given, Row, rows};
