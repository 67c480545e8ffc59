//! The backends are held to the laws of their traits, one list on every backend.

mod damage;
mod laws;
