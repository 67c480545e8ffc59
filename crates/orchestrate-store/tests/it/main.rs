//! The backends are held to the laws of their traits, one list on every backend.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::manual_let_else,
    reason = "a test that meets the unexpected is to fail"
)]

mod damage;
mod laws;
