//! Every strategy of the catalogue, held to one table: success, each failure, time, limits, cancelling, and its
//! place inside every other.

mod cases;
mod corrected;
mod harness;
mod pairs;
mod paths;
