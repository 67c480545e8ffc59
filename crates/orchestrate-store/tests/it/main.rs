//! Every backend against one list of laws, alone and shared by several processes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected is to fail"
)]

mod backends;
mod coordination;
mod file_form;
mod laws;
mod learning;
mod processes;
mod server;
