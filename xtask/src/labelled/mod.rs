//! `labelled`: our findings on material of which others wrote down what is to be found.
//!
//! The material is read where it lies; each of its cases is written to a file of its own in a
//! temporary directory, scanned once, and thrown away.

mod by_weakness;
mod cases;
mod generated;
mod go_text;
mod score;
mod suites;

pub(crate) use suites::VERB;
