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
        error[ORC0804]: `missing` cannot be analysed: No such file or directory (os error 2)
        hint: give the directory of a repository with `--path`
    "#]],
    );
    place.check(
        &["release-prep", "--path", "file.txt"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0804]: `file.txt` is a file, not a directory
        hint: give the directory of a repository with `--path`
    "#]],
    );
    place.check(
        &["run", "Review security", "--path", "missing"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0804]: `missing` cannot be analysed: No such file or directory (os error 2)
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
    for format in ["text", "markdown", "json", "sarif"] {
        let ran = place.run(&["release-prep", "--format", format]);
        assert!(ran.stdout.contains("evil"), "{}", ran.shown());
        assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
    }
}

#[test]
fn a_wrong_value_leads_to_the_help_of_its_verb() {
    let place = Place::empty();
    place.check(
        &["runs", "list", "--state", "lost"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0901]: invalid value 'lost' for '--state <STATE>'
              [possible values: running, interrupted, paused, ended]
            hint: `orchestrate runs list --help` shows what is possible
        "#]],
    );
    place.check(
        &["plan", "Review", "--max-calls", "many"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0901]: invalid value 'many' for '--max-calls <COUNT>': give a whole number, 0 or more
            hint: `orchestrate plan --help` shows what is possible
        "#]],
    );
    place.check(
        &["--color", "pink", "agents", "list"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC0901]: invalid value 'pink' for '--color <WHEN>'
              [possible values: auto, always, never]
            hint: `orchestrate agents list --help` shows what is possible
        "#]],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_no_success_and_a_reader_that_has_seen_enough_is() {
    use std::process::Stdio;
    let place = Place::empty();
    for args in [
        &["--help"][..],
        &["--version"],
        &["run", "--help"],
        &["agents", "list"],
        &["docs", "exit-codes"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = place.command(args).stdout(full).output().unwrap();
        let ran = place.ran(&output);
        assert_eq!(ran.code, Some(8), "{args:?} {}", ran.shown());
        assert!(ran.stderr.contains("error[ORC0904]"), "{}", ran.shown());

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut gone = place.command(args);
        let status = gone.stdout(writer).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_directory_that_init_cannot_write_to_is_told_with_what_helps() {
    let place = Place::empty();
    place.with("file.txt", "x");
    place.check(
        &["init", "--path", "missing"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC1332]: `missing/orchestrate.toml` cannot be written
              because: No such file or directory (os error 2)
            hint: make the directory first, or choose another one with `--path`
        "#]],
    );
    place.check(
        &["init", "--path", "file.txt"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC1332]: `file.txt/orchestrate.toml` cannot be written
              because: Not a directory (os error 20)
            hint: name a directory with `--path`
        "#]],
    );
    place.run(&["init"]);
    place.check(
        &["init"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC1332]: `./orchestrate.toml` cannot be written
              because: File exists (os error 17)
            hint: `init` writes over nothing: look at what is there, or choose another directory with `--path`
        "#]],
    );
}
