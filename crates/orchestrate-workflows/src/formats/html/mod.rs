//! The report as one HTML file: what a manager reads first, and behind it what an engineer needs.
//!
//! Nothing in the file makes a request, and a policy in it forbids any. It is readable without
//! scripts (it has none), in light and dark, on paper, and without colour.

mod details;
mod findings;
mod page;
mod parts;
mod top;

pub use page::html;
