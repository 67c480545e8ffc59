//! Automation of this workspace, as `cargo xtask VERB`: one file per verb, listed here.
//!
//! It holds no rule that a lint of the compiler can hold, and publishes nothing.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "xtask is a program for a terminal; printing is what it does"
)]

mod args;
mod bench;
mod ci;
mod codegen;
mod faults;
mod idle;
mod labelled;
mod layers;
mod measured;
mod oracle;
mod process;
mod prop;
mod release;
mod shipped;
mod test;
mod tidy;
mod verb;

use std::process::ExitCode;

use verb::Verb;

const VERBS: &[Verb] = &[
    test::VERB,
    faults::VERB,
    prop::VERB,
    bench::VERB,
    idle::VERB,
    tidy::VERB,
    layers::VERB,
    codegen::VERB,
    ci::VERB,
    release::VERB,
    oracle::VERB,
    labelled::VERB,
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match verb::dispatch(VERBS, &words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
