//! The short form of the fault harness, in every run of the tests; `cargo xtask faults` has the long one.
#![cfg(target_os = "linux")]

use std::process::Command;

/// Seconds for all families together; each runs one case at least.
const SECONDS: &str = "25";

#[test]
fn what_is_broken_keeps_what_was_promised() {
    let harness = env!("CARGO_BIN_EXE_faults");
    let ran = Command::new(harness).args(["--seconds", SECONDS]).output();
    let ran = ran.expect("the harness is built with its test");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}");
    println!("{told}");
}

#[test]
fn what_is_not_understood_is_refused_with_what_there_is() {
    let harness = env!("CARGO_BIN_EXE_faults");
    for (words, expected) in [
        (
            &["--family", "storms"][..],
            "no family `storms`; there are:\n  crashes",
        ),
        (&["--case", "3"], "`--case` is a case of one family"),
        (&["--seed", "many"], "`--seed many` is not a whole number"),
        (&["--sed"], "unknown option `--sed`; there are: --long"),
    ] {
        let ran = Command::new(harness).args(words).output();
        let ran = ran.expect("the harness is built with its test");
        assert_eq!(ran.status.code(), Some(1));
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(told.contains(expected), "{told}");
    }
}
