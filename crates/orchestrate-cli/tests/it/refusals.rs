//! What is refused before anything runs: the reason, the next step, the exit status, and one document with `--json`.

use std::fs;

use expect_test::expect;

use crate::program::Place;

#[test]
fn a_mistyped_word_gets_the_near_one() {
    let place = Place::empty();
    place.check(
        &["relase-prep"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0901]: unrecognized subcommand 'relase-prep'
        hint: did you mean `release-prep`?
        hint: usage: orchestrate [OPTIONS] <COMMAND>
    "#]],
    );
    place.check(
        &["release-prep", "--min-covrage", "80"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0901]: unexpected argument '--min-covrage' found
        hint: did you mean `--min-coverage`?
        hint: usage: orchestrate release-prep --min-coverage <PERCENT>
    "#]],
    );
    place.check(&["agents", "show", "security_auditr"], expect![[r#"
        exit 2
        --- stderr
        error[ORC0103]: unknown agent `security_auditr` (possible: test_coverage_analyzer, security_auditor, code_reviewer, documentation_writer, performance_optimizer, architecture_analyst, refactoring_specialist, test_generator, test_validator, report_generator, documentation_analyst, synthesizer, code_simplifier, generic_agent, coder, researcher, analyst, writer, file_surfer, web_surfer, computer_terminal)
        hint: did you mean `security_auditor`?
    "#]]);
    place.check(
        &["explain", "ORC9999"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0909]: unknown code or rule `ORC9999`
        hint: did you mean `ORC0999`?
    "#]],
    );
}

#[test]
fn paths_that_cannot_be_analysed_are_told_before_any_agent_runs() {
    let place = Place::empty();
    place.with("file.txt", "x");
    place.check(
        &["release-prep", "--path", "missing"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0404]: `missing` cannot be analysed: No such file or directory (os error 2)
        hint: give the directory of a repository with `--path`
    "#]],
    );
    place.check(
        &["release-prep", "--path", "file.txt"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0404]: `file.txt` is a file, not a directory
        hint: give the directory of a repository with `--path`
    "#]],
    );
    place.check(
        &["run", "Review security", "--path", "missing"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0404]: `missing` cannot be analysed: No such file or directory (os error 2)
            hint: give the directory of a repository with `--path`
        "#]],
    );
    place.check(
        &["release-prep", "--coverage-report", "missing.info"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0902]: `missing.info` cannot be read
              because: No such file or directory (os error 2)
            hint: check the name and the rights of the file
        "#]],
    );
    place.check(
        &["release-prep", "--out", "missing/report.json"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0903]: `missing/report.json` cannot be written: its directory does not exist
            hint: name a file in a directory that exists and may be written to
        "#]],
    );
}

#[test]
fn thresholds_that_make_no_sense_are_refused() {
    let place = Place::project();
    for args in [
        ["--min-coverage", "-1"],
        ["--min-coverage", "101"],
        ["--min-coverage", "NaN"],
        ["--min-quality", "11"],
        ["--max-critical", "-1"],
        ["--max-critical", "0.5"],
        ["--min-docs", "much"],
        ["--concurrency", "0"],
        ["--max-cost", "-1"],
        ["--agents", "nobody"],
        ["--agents", "code_reviewer,code_reviewer"],
    ] {
        let ran = place.run(&["release-prep", args[0], args[1]]);
        assert_eq!(ran.code, Some(2), "{args:?}\n{}", ran.shown());
        assert!(ran.stdout.is_empty(), "{args:?}");
        assert!(
            ran.stderr.starts_with("error[ORC"),
            "{args:?}\n{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("\nhint: "), "{args:?}\n{}", ran.stderr);
    }
}

#[test]
fn an_error_is_one_document_on_stdout_when_json_was_asked_for() {
    let place = Place::project();
    place.with("file.txt", "x").with("broken.json", "{");
    let everything: [&[&str]; 12] = [
        &["--json"],
        &["--json", "nonsense"],
        &["release-prep", "--json", "--nonsense"],
        &["release-prep", "--format", "json", "--min-coverage", "x"],
        &["release-prep", "--path", "missing", "--json"],
        &["release-prep", "--path", "file.txt", "--format=json"],
        &["run", "--json"],
        &["run", " ", "--json"],
        &["run", "--plan", "broken.json", "--json"],
        &["plan", "Review", "--hint", "domain=nonsense", "--json"],
        &["explain", "nonsense", "--json"],
        &["agents", "show", "nobody", "--json"],
    ];
    for args in everything {
        let ran = place.run(args);
        let document = ran.json();
        let error = &document["error"];
        assert_eq!(
            error["exit_code"].as_i64(),
            ran.code.map(i64::from),
            "{args:?}"
        );
        assert!(ran.code > Some(1), "{args:?}");
        assert!(
            error["code"].as_str().unwrap().starts_with("ORC"),
            "{args:?}"
        );
        assert!(!error["message"].as_str().unwrap().is_empty(), "{args:?}");
        assert!(!error["hints"].as_array().unwrap().is_empty(), "{args:?}");
        assert!(
            ran.stderr.starts_with("error[ORC"),
            "{args:?}\n{}",
            ran.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn names_from_outside_cannot_write_to_the_terminal() {
    let place = Place::empty();
    let ran = place.run(&["release-prep", "--path", "no\u{1b}[2Jsuch"]);
    assert_eq!(ran.code, Some(2));
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    assert!(ran.stderr.contains("\\u{1b}"), "{}", ran.stderr);

    let name = "evil\u{1b}]0;owned\u{7}.py";
    fs::write(place.path().join(name), "eval(input())\n").unwrap();
    let ran = place.run(&["release-prep"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
}
