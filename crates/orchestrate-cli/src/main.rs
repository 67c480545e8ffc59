//! The `orchestrate` program: arguments in, presentation out.
//!
//! This is the only crate that knows terminals, colours and exit codes, and `wire` is its only
//! module that names concrete adapters.

mod app;
mod approver;
mod args;
mod cmd;
mod codes;
mod definitions;
mod error;
mod exit;
mod refusal;
mod render;
mod settings;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run(std::env::args_os().collect()).into()
}
