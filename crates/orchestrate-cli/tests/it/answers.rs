//! Verbs that answer from the program's own tables, and what holds for all verbs.

use std::process::Stdio;

use expect_test::expect;

use crate::program::Place;

#[test]
fn the_version_is_one_line() {
    let ran = Place::empty().run(&["--version"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.stdout,
        format!("orchestrate {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn no_verb_is_a_mistake_that_shows_the_verbs() {
    let ran = Place::empty().run(&[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stdout.is_empty());
    assert!(ran.stderr.contains("release-prep"), "{}", ran.stderr);
}

#[test]
fn lists_answer_as_text_and_as_one_document() {
    let place = Place::empty();
    for (verb, name) in [
        ("agents", "security_auditor"),
        ("strategies", "debate"),
        ("workflows", "release-prep"),
        ("workflows", "health-check"),
        ("workflows", "scenarios"),
    ] {
        let list = place.run(&[verb, "list"]);
        assert_eq!(list.code, Some(0), "{}", list.shown());
        assert!(list.stdout.contains(name), "{}", list.shown());
        let all = place.run(&[verb, "list", "--json"]).json();
        assert!(!all[verb].as_array().unwrap().is_empty());
        let one = place.run(&["--json", verb, "show", name]).json();
        assert!(one.is_object());
        let shown = place.run(&[verb, "show", name]);
        assert!(shown.stdout.contains(name), "{}", shown.shown());
        assert_eq!(place.run(&[verb, "show", "no_such"]).code, Some(2));
    }
}

#[test]
fn every_schema_and_page_that_is_listed_can_be_printed() {
    let place = Place::empty();
    let names = |verb: &str| {
        let list = place.run(&[verb, "--list"]).stdout;
        list.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        names("schema"),
        [
            "agents",
            "events",
            "health",
            "plan",
            "release-readiness",
            "run",
            "scenarios",
            "scenarios-file",
            "test-coverage",
            "workflow"
        ]
    );
    for name in names("schema") {
        let schema = place.run(&["schema", &name]).json();
        assert!(jsonschema::validator_for(&schema).is_ok(), "{name}");
    }
    for name in names("docs") {
        let page = place.run(&["docs", &name]);
        assert_eq!(page.code, Some(0));
        assert!(page.stdout.starts_with("# "), "{name}");
    }
}

#[test]
fn the_page_of_exit_codes_is_the_table_that_scripts_read() {
    Place::empty().check(
        &["docs", "exit-codes"],
        expect![[r#"
            exit 0
            --- stdout
            # Exit codes

            The same for all verbs.

            | Code | Meaning |
            |---|---|
            | 0 | done, and the answer is yes |
            | 1 | done, and the answer is no: a gate failed, not ready |
            | 2 | bad arguments; nothing was run |
            | 3 | bad definition, plan or configuration; nothing was run |
            | 4 | credentials are missing or were refused |
            | 5 | a limit or budget was reached |
            | 6 | a needed action was denied, by a rule or by a person |
            | 7 | paused for a person's decision |
            | 8 | a step failed after its retries or was not executed, or a store or a result could not be read or written |
            | 9 | cancelled: told to end (SIGTERM), or not begun because a person said no |
            | 10 | not measured: a required measurement could not be made |
            | 70 | internal error: a mistake of this program |
            | 130 | interrupted (Ctrl-C) |

            How each verb can end:

            | Verb | Codes |
            |---|---|
            | `release-prep` | 0, 1, 2, 3, 5, 8, 9, 10, 70, 130 |
            | `health-check` | 0, 1, 2, 3, 5, 8, 9, 10, 70, 130 |
            | `scenarios` | 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 70, 130 |
            | `test-coverage` | 0, 1, 2, 3, 4, 5, 8, 9, 10, 70, 130 |
            | `run` | 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 70, 130 |
            | `plan` | 0, 2, 3, 4, 5, 8, 70 |
            | `validate` | 0, 2, 3, 8, 70 |
            | `fmt` | 0, 1, 2, 3, 8, 70 |
            | `runs list` | 0, 2, 3, 8, 70 |
            | `runs show` | 0, 2, 3, 8, 70 |
            | `runs follow` | 0, 2, 3, 8, 70, 130 |
            | `runs resume` | 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 70, 130 |
            | `runs fork` | 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 70, 130 |
            | `runs replay` | 0, 2, 3, 8, 70 |
            | `runs diff` | 0, 1, 2, 3, 8, 70 |
            | `runs cancel` | 0, 2, 3, 8, 70 |
            | `runs export` | 0, 2, 3, 8, 70 |
            | `runs prune` | 0, 2, 3, 6, 8, 70 |
            | `runs verify` | 0, 1, 2, 3, 8, 70 |
            | `approvals list` | 0, 2, 3, 8, 70 |
            | `approvals show` | 0, 2, 3, 8, 70 |
            | `approvals decide` | 0, 2, 3, 6, 8, 70 |
            | `sessions list` | 0, 2, 3, 8, 70 |
            | `sessions show` | 0, 2, 3, 8, 70 |
            | `sessions forget` | 0, 2, 3, 8, 70 |
            | `notes list` | 0, 2, 3, 8, 70 |
            | `notes show` | 0, 2, 3, 8, 70 |
            | `notes forget` | 0, 2, 3, 8, 70 |
            | `agents list` | 0, 2, 3, 8, 70 |
            | `agents show` | 0, 2, 3, 8, 70 |
            | `agents remove` | 0, 2, 3, 8, 70 |
            | `agents add` | 0, 2, 3, 8, 70 |
            | `strategies list` | 0, 2, 3, 8, 70 |
            | `strategies show` | 0, 2, 3, 8, 70 |
            | `workflows list` | 0, 2, 3, 8, 70 |
            | `workflows show` | 0, 2, 3, 8, 70 |
            | `lessons list` | 0, 2, 3, 8, 70 |
            | `lessons show` | 0, 2, 3, 8, 70 |
            | `lessons best` | 0, 1, 2, 3, 8, 70 |
            | `lessons find` | 0, 2, 3, 8, 70 |
            | `lessons disable` | 0, 2, 3, 8, 70 |
            | `lessons enable` | 0, 2, 3, 8, 70 |
            | `lessons forget` | 0, 2, 3, 8, 70 |
            | `lessons import` | 0, 2, 3, 8, 70 |
            | `config list` | 0, 2, 3, 8, 70 |
            | `doctor` | 0, 1, 2, 8, 70 |
            | `init` | 0, 2, 8, 70 |
            | `demo` | 0, 2, 8, 70, 130 |
            | `explain` | 0, 2, 8, 70 |
            | `completions` | 0, 2, 8, 70 |
            | `schema` | 0, 2, 8, 70 |
            | `docs` | 0, 2, 8, 70 |
        "#]],
    );
}

#[test]
fn a_code_is_explained_whatever_its_case() {
    Place::empty().check(
        &["explain", "orc0907"],
        expect![[r#"
        exit 0
        --- stdout
        ORC0907: a saved plan was changed

        The digest in the file does not fit the plan in it. A saved plan runs exactly as
        it was saved and reviewed, or not at all.

        Save a new plan with `orchestrate plan TASK --out plan.json`.
    "#]],
    );
}

#[test]
fn every_shell_gets_a_script() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.stdout.contains("release-prep"), "{shell}");
    }
    let document = place.run(&["completions", "bash", "--json"]).json();
    assert_eq!(document["shell"], "bash");
}

#[test]
fn the_doctor_works_where_nothing_is_installed_and_tells_broken_settings() {
    let place = Place::empty();
    let ran = place.run_with(&["doctor", "--json"], &[("PATH", "")]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["healthy"], true);
    let tools = report["tools"].as_array().unwrap();
    assert!(tools.iter().all(|tool| tool["path"].is_null()), "{tools:?}");

    place.with("orchestrate.toml", "[output]\ncolour = 1\n");
    let ran = place.run_with(&["doctor"], &[("PATH", "")]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout.contains("2:1: unknown key `colour`"),
        "{}",
        ran.shown()
    );
}

#[test]
fn colour_is_used_when_asked_for_and_only_then() {
    let place = Place::empty();
    let colored = |args: &[&str], variables: &[(&str, &str)]| {
        place.run_with(args, variables).stdout.contains('\u{1b}')
    };
    let show = ["agents", "show", "coder"];
    assert!(!colored(&show, &[]), "a pipe is no terminal");
    assert!(colored(
        &["--color", "always", "agents", "show", "coder"],
        &[]
    ));
    assert!(colored(&["agents", "show", "coder", "--color=always"], &[]));
    assert!(colored(&show, &[("ORCHESTRATE_COLOR", "always")]));
    assert!(!colored(
        &["agents", "show", "coder", "--color", "never"],
        &[("ORCHESTRATE_COLOR", "always")]
    ));
    assert!(!colored(&show, &[("NO_COLOR", "1")]));
    place.with("orchestrate.toml", "[output]\ncolor = \"always\"\n");
    assert!(colored(&show, &[]));
    assert!(!colored(&show, &[("ORCHESTRATE_COLOR", "never")]));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::empty();
    let mut child = place
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = place.ran(&child.wait_with_output().unwrap());
    assert_eq!(ran.shown(), "exit 0\n");
}
