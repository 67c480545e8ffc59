//! Ctrl-C and SIGTERM: the run stops, what there is is reported, and the exit says so.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::program::{Place, Ran};

/// A project that takes far longer to analyse than the signal needs to arrive.
fn large() -> Place {
    let place = Place::empty();
    let mut text = String::new();
    for i in 0..2000 {
        text.push_str(&format!(
            "def function_{i}(a, b):\n    if a > {i}:\n        return [a + b for a in range({i})]\n    return b\n\n"
        ));
    }
    for i in 0..60 {
        place.with(
            &format!("src/module_{i}.py"),
            &format!("VALUE = {i}\n{text}"),
        );
    }
    place
}

/// Starts the program, waits until its agents run, sends a signal, and gives what it did.
fn interrupted(place: &Place, args: &[&str], signal: &str) -> Ran {
    let mut child = place
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(" started (") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    let mut ran = place.ran(&output);
    ran.stderr = said;
    ran
}

#[test]
fn an_interrupted_run_reports_what_it_has_and_ends_with_130() {
    let place = large();
    let ran = interrupted(&place, &["release-prep", "-v"], "-INT");
    assert_eq!(ran.code, Some(130), "{}", ran.shown());
    assert!(ran.stdout.contains("UNDECIDED"), "{}", ran.shown());
    assert!(
        ran.stdout.contains("cancelled by the user"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stderr.contains("stopped before its end"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_terminated_run_ends_with_9_and_one_document() {
    let place = large();
    let ran = interrupted(&place, &["release-prep", "-v", "--json"], "-TERM");
    assert_eq!(ran.code, Some(9), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["verdict"], "undecided");
    assert_eq!(report["approved"], false);
}
