//! Every backend against one list of laws, alone and shared by several processes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that meets the unexpected is to fail"
)]

mod backends;
mod checks;
mod coordination;
mod damage;
mod file_damage;
mod file_form;
mod laws;
mod learning;
mod memory;
mod processes;
mod server;
mod shared;
