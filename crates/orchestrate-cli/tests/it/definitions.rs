//! Workflows and agents in files: validated, planned, run, listed, as a person does it.

use serde_json::json;

use crate::program::Place;
use expect_test::expect;

const HEAD: &str = "schema: orchestrate.workflow/v1\nname: w\n";

fn workflow(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

#[test]
fn every_mistake_of_a_file_is_told_with_its_place() {
    let place = Place::empty();
    place.with(
        "w.yaml",
        &workflow(
            "inputs:
  min: { type: nmber }
steps:
  scan: { agent: security_auditr }
  review: { need: [scan], agent: code_reviewer, when: steps.scan.succes }
  report: { agent: documentation_writer, timeout: 5 minutes }
",
        ),
    );
    place.check(&["validate", "w.yaml"], expect![[r#"
        exit 3
        --- stdout
        w.yaml:4:16: error[ORC1014]: `type` cannot be `nmber` (possible: string, number, integer, boolean, list, object)
          hint: did you mean `number`?
        w.yaml:6:18: error[ORC1015]: unknown agent `security_auditr`
          hint: did you mean `security_auditor`?
        w.yaml:7:13: error[ORC1012]: unknown field `need` of `review`
          hint: did you mean `needs`?
        w.yaml:7:55: error[ORC1015]: step `scan` need not have ended when this is read
          hint: add `scan` to `needs`
        w.yaml:8:51: error[ORC1014]: `5 minutes` is no time: write a number above 0 and `ms`, `s`, `m`, `h` or `d`, for example `20m`
        5 problems
    "#]]);
    let github = place.run(&["validate", "w.yaml", "--format", "github"]);
    assert_eq!(github.code, Some(3));
    let first = github.stdout.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("::error file=w.yaml,line=4,col=16,title=ORC1014::"),
        "{first}"
    );
    let ran = place.run(&["validate", "w.yaml", "--json"]);
    let document = ran.json();
    assert_eq!(document["valid"], json!(false));
    assert_eq!(document["problems"].as_array().unwrap().len(), 5);
    assert_eq!(place.run(&["run", "w.yaml"]).code, Some(3));
}

#[test]
fn a_workflow_in_a_file_runs_and_its_answer_is_the_exit_status() {
    let place = Place::project();
    place.with(
        ".orchestrate/workflows/check.yaml",
        &workflow(
            "description: Count what there is.
inputs: { most: { type: number, description: most that may be found } }
steps:
  count: { run: [echo, '[1, 2, 3]'], parse: json, effects: read }
  review: { needs: [count], when: steps.count.output | length > 5, agent: code_reviewer }
outputs: { found: '{{ steps.count.output | length }}' }
fail_when: outputs.found > inputs.most
",
        ),
    );
    let file = ".orchestrate/workflows/check.yaml";
    let yes = place.run(&["run", file, "--input", "most=3", "--json"]);
    assert_eq!(yes.code, Some(0), "{}", yes.shown());
    assert_eq!(yes.json()["aggregated_output"]["found"], json!(3));
    let no = place.run(&["run", "check", "--input", "most=2"]);
    assert_eq!(no.code, Some(1), "{}", no.shown());
    assert!(no.stdout.contains("found: 3"), "{}", no.stdout);
    assert!(
        no.stdout.contains("the answer is no: `fail_when` holds"),
        "{}",
        no.stdout
    );
    let without = place.run(&["run", "check"]);
    assert_eq!(without.code, Some(3));
    assert!(
        without.stderr.contains("the input `most` is missing"),
        "{}",
        without.stderr
    );

    let listed = place.run(&["workflows", "list"]);
    assert!(
        listed.stdout.contains("Count what there is."),
        "{}",
        listed.stdout
    );
    let shown = place.run(&["workflows", "show", "check"]);
    assert!(
        shown.stdout.contains("most that may be found"),
        "{}",
        shown.stdout
    );

    let plan = place.run(&["plan", file, "--input", "most=2", "--out", "plan.json"]);
    assert_eq!(plan.code, Some(0), "{}", plan.shown());
    assert_eq!(place.run(&["run", "--plan", "plan.json"]).code, Some(1));
}

#[test]
fn without_a_terminal_a_decision_pauses_the_run() {
    let place = Place::project();
    place.with(
        "gate.yaml",
        &workflow("steps:\n  gate: { approve: { title: 'Ship?' } }\n  ship: { needs: [gate], run: [echo, shipped] }\n"),
    );
    let ran = place.run(&["run", "gate.yaml"]);
    assert_eq!(ran.code, Some(7), "{}", ran.shown());
}

#[test]
fn a_step_that_fails_is_told_with_what_the_program_said() {
    let place = Place::project();
    place.with(
        "w.yaml",
        &workflow("steps:\n  look: { run: [ls, /no/such/place] }\n  then: { needs: [look], agent: code_reviewer }\n"),
    );
    let ran = place.run(&["run", "w.yaml"]);
    assert_eq!(ran.code, Some(8), "{}", ran.shown());
    assert!(ran.stdout.contains("no/such/place"), "{}", ran.stdout);
}

#[test]
fn agents_of_a_project_are_added_and_replace_others_only_when_they_say_so() {
    let place = Place::empty();
    let file = |agents: &str| format!("schema: orchestrate.agents/v1\nagents:\n{agents}");
    place.with(
        "ours.yaml",
        &file("  api_reviewer: { role: API Reviewer, prompt: Read the interface. }\n"),
    );
    place.with(
        "taken.yaml",
        &file("  code_reviewer: { role: Ours, prompt: Read. }\n"),
    );
    let taken = place.run(&["agents", "add", "taken.yaml"]);
    assert_eq!(taken.code, Some(3), "{}", taken.shown());
    assert!(taken.stderr.contains("replaces: true"), "{}", taken.stderr);
    let added = place.run(&["agents", "add", "ours.yaml"]);
    assert_eq!(added.code, Some(0), "{}", added.shown());
    let shown = place.run(&["agents", "show", "api_reviewer"]);
    assert!(shown.stdout.contains("API Reviewer"), "{}", shown.stdout);
    place.with(
        ".orchestrate/agents/replacing.yaml",
        &file("  code_reviewer: { role: Ours, template: code_reviewer, replaces: true }\n"),
    );
    let replaced = place.run(&["agents", "show", "code_reviewer"]);
    assert!(replaced.stdout.contains("Ours"), "{}", replaced.stdout);
}

#[test]
fn an_agent_of_a_project_is_removed_and_the_rest_of_its_file_stands() {
    let place = Place::empty();
    place.with(
        ".orchestrate/agents/ours.yaml",
        "schema: orchestrate.agents/v1
agents:
  # Reads what callers see.
  api_reviewer: { role: API Reviewer, prompt: Read the interface. }
  # Reads what nobody else reads.
  log_reader:
    role: Reader of logs
    prompt: Read the logs.
",
    );
    place.check(
        &["agents", "remove", "api_reviewer"],
        expect![[r#"
        exit 0
        --- stdout
        api_reviewer removed from `.orchestrate/agents/ours.yaml`
    "#]],
    );
    expect![[r#"
        schema: orchestrate.agents/v1
        agents:
          # Reads what nobody else reads.
          log_reader:
            role: Reader of logs
            prompt: Read the logs.
    "#]]
    .assert_eq(&place.read(".orchestrate/agents/ours.yaml"));
    place.check(
        &["agents", "remove", "log_reader"],
        expect![[r#"
        exit 0
        --- stdout
        log_reader removed from `.orchestrate/agents/ours.yaml`, which held no other
    "#]],
    );
    assert!(!place.path().join(".orchestrate/agents/ours.yaml").exists());
    place.check(
        &["agents", "remove", "security_auditor"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0901]: `security_auditor` comes with the program and cannot be removed
        hint: a file in `.orchestrate/agents` can replace it: `replaces: true`
    "#]],
    );
}

#[test]
fn files_are_written_in_one_layout_with_their_comments() {
    let place = Place::empty();
    let loose = workflow(
        "# What it does.
steps:
      scan:   {agent: security_auditor}   # first
      report:
            agent: 'documentation_writer'
            needs: [ scan ]
            task: |
                 Say what was found,
                   and where.
",
    );
    place.with("w.yaml", &loose);
    place.with("bad.yaml", "schema: [\n");
    place.with("w.json", r#"{"schema":"orchestrate.workflow/v1","name":"w","steps":{"a":{"agent":"code_reviewer"}}}"#);
    place.check(
        &["fmt", "--check", "w.yaml"],
        expect![[r#"
        exit 1
        --- stdout
        w.yaml: would be written anew
    "#]],
    );
    expect![[r#"
        schema: orchestrate.workflow/v1
        name: w
        # What it does.
        steps:
              scan:   {agent: security_auditor}   # first
              report:
                    agent: 'documentation_writer'
                    needs: [ scan ]
                    task: |
                         Say what was found,
                           and where.
    "#]]
    .assert_eq(&place.read("w.yaml"));
    place.check(
        &["fmt", "w.yaml", "bad.yaml", "w.json"],
        expect![[r#"
        exit 3
        --- stdout
        bad.yaml:1:9: error[ORC1010]: unclosed bracket '['
        1 problem
        w.yaml: written anew
        w.json: written anew
    "#]],
    );
    expect![[r#"
        schema: orchestrate.workflow/v1
        name: w
        # What it does.
        steps:
          scan: { agent: security_auditor } # first
          report:
            agent: "documentation_writer"
            needs: [scan]
            task: |
              Say what was found,
                and where.
    "#]]
    .assert_eq(&place.read("w.yaml"));
    expect![[r#"
        { "schema": "orchestrate.workflow/v1", "name": "w", "steps": { "a": { "agent": "code_reviewer" } } }
    "#]].assert_eq(&place.read("w.json"));
    place.check(
        &["fmt", "--check", "w.yaml", "w.json", "--json"],
        expect![[r#"
            exit 0
            --- stdout
            {
              "changed": [],
              "unchanged": [
                "w.yaml",
                "w.json"
              ],
              "problems": []
            }
        "#]],
    );
}

#[test]
fn the_language_of_conditions_has_a_page() {
    let page = Place::empty().run(&["help", "conditions"]);
    assert_eq!(page.code, Some(0));
    assert!(page.stdout.starts_with("# Conditions and templates"));
}

#[test]
fn the_schema_of_workflows_admits_the_examples() {
    let place = Place::empty();
    let schema = place.run(&["schema", "workflow"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let small =
        json!({"schema": "orchestrate.workflow/v1", "name": "w", "steps": {"a": {"agent": "b"}}});
    assert!(validator.is_valid(&small));
    let wrong =
        json!({"schema": "orchestrate.workflow/v1", "name": "w", "steps": {"a": {"agnt": "b"}}});
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn a_file_that_is_no_text_is_no_definition() {
    let place = Place::empty();
    let bytes = b"schema: orchestrate.workflow/v1\nname: \xff\n";
    std::fs::write(place.path().join("w.yaml"), bytes).unwrap();
    place.with(".orchestrate/workflows/x", "");
    std::fs::write(place.path().join(".orchestrate/workflows/own.yaml"), bytes).unwrap();
    place.check(
        &["run", "w.yaml"],
        expect![[r#"
            exit 3
            --- stderr
            error[ORC1010]: the definition is not usable: 1 problem
              w.yaml:2:7: the file is no text: what stands here is not UTF-8 [ORC1010]
                hint: save it as UTF-8
            hint: `orchestrate explain ORC1010` tells what it means and how to mend it
        "#]],
    );
    for args in [
        ["plan", "w.yaml"],
        ["fmt", "w.yaml"],
        ["run", "own"],
        ["workflows", "show"],
    ] {
        let args = match args {
            ["workflows", "show"] => vec!["workflows", "show", "own"],
            args => args.to_vec(),
        };
        let ran = place.run(&args);
        assert_eq!(ran.code, Some(3), "{args:?} {}", ran.shown());
    }
    // Other files are looked at all the same.
    place.with("other.yaml", "schema: orchestrate.workflow/v1\n");
    let ran = place.run(&["validate", "w.yaml", "other.yaml"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stdout.contains("w.yaml:2:7"), "{}", ran.stdout);
    assert!(ran.stdout.contains("other.yaml:1:1"), "{}", ran.stdout);
    assert_eq!(place.run(&["run", "absent.yaml"]).code, Some(2));
}

#[test]
fn an_input_that_is_missing_is_told_with_how_it_is_given() {
    let place = Place::empty();
    place.with(
        "w.yaml",
        &workflow("inputs: { min: { type: number } }\nsteps: { a: { run: [echo] } }\n"),
    );
    place.check(
        &["run", "w.yaml"],
        expect![[r#"
            exit 3
            --- stderr
            error[ORC1021]: the definition is not usable: 1 problem
              w.yaml:3:9: the input `min` is missing (a number) [ORC1021]
                hint: give it as `--input min=VALUE`
            hint: `orchestrate explain ORC1021` tells what it means and how to mend it
        "#]],
    );
}

#[test]
fn steps_call_the_tools_that_need_no_leave_and_say_what_others_need() {
    let place = Place::project();
    place.with(
        "w.yaml",
        &workflow(
            "steps:
  read: { tool: fs.read, input: { path: README.md } }
outputs: { text: '{{ steps.read.output }}' }
",
        ),
    );
    let ran = place.run(&["run", "w.yaml", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let text = ran.json()["aggregated_output"]["text"].to_string();
    assert!(text.contains("Adds numbers"), "{text}");
    let fetch = "steps:
  look: { tool: http.fetch, input: { url: 'http://127.0.0.1/' } }
  ask: { tool: mcp.files.read_file }
  red: { tool: fs.reed }
";
    place.with("w.yaml", &workflow(fetch));
    place.check(&["validate", "w.yaml"], expect![[r#"
        exit 3
        --- stdout
        w.yaml:4:17: error[ORC1015]: the tool `http.fetch` is not set up for steps
          hint: name the hosts that may be reached as `hosts` under `[tools]` in orchestrate.toml
        w.yaml:5:16: error[ORC1015]: the tool `mcp.files.read_file` is not set up for steps
          hint: only agents call tools of servers: let an agent do it, and allow it the tool under `[tools.agents]` in orchestrate.toml
        w.yaml:6:16: error[ORC1015]: unknown tool `fs.reed` (possible: fs.list, fs.read, fs.write, git.diff, git.log, git.show, git.status, program.external, program.read, program.write)
          hint: did you mean `fs.read`?
        3 problems
    "#]]);
    place.with("orchestrate.toml", "[tools]\nhosts = [\"127.0.0.1\"]\n");
    let ran = place.run(&["validate", "w.yaml"]);
    assert!(
        !ran.stdout.contains("not set up for steps\n  hint: name"),
        "{}",
        ran.stdout
    );
}

#[cfg(unix)]
#[test]
fn a_program_is_repeated_after_a_failure_where_it_changes_nothing() {
    let place = Place::project();
    let counts = |retry: &str| {
        let script = "echo x >> tries; test $(wc -l < tries) -ge 3";
        workflow(&format!(
            "steps:\n  look: {{ run: [sh, -c, '{script}'], {retry} }}\n"
        ))
    };
    let retry = "retry: { max: 3, backoff: none }";
    place.with("w.yaml", &counts(&format!("effects: read, {retry}")));
    let ran = place.run(&["run", "w.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert_eq!(place.read("tries").lines().count(), 3);
    // Who does not say that it changes nothing is told that it is not repeated, and nothing is run.
    place.with("w.yaml", &counts(retry));
    place.check(
        &["run", "w.yaml"],
        expect![[r#"
            exit 3
            --- stderr
            error[ORC1016]: the definition is not usable: 1 problem
              w.yaml:4:74: a program may change something, so it is never run again by itself [ORC1016]
                hint: say `effects: read` if it changes nothing, or leave `retry` out
            hint: `orchestrate explain ORC1016` tells what it means and how to mend it
        "#]],
    );
    assert_eq!(place.read("tries").lines().count(), 3);
}

/// Each example says in its first lines whether it needs a model, and with which command it is run.
#[test]
fn every_example_ends_without_a_model_as_its_first_lines_say() {
    let place = Place::project();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let about = text.lines().nth(1).unwrap();
        let command = about.split('`').nth(1).unwrap();
        let file = path.display().to_string();
        let words = command.replace("orchestrate run ", "").replace('"', "");
        let (example, inputs) = words.split_once(" --").unwrap_or((&words, ""));
        assert!(
            file.ends_with(example.trim_start_matches("docs/")),
            "{about}"
        );
        let inputs = inputs.split(" --").filter(|it| !it.is_empty());
        let inputs: Vec<&str> = inputs
            .map(|it| it.strip_prefix("input ").unwrap())
            .collect();
        let mut args = vec!["run", &*file, "--no-store"];
        for input in inputs {
            args.extend(["--input", input]);
        }
        let ran = place.run(&args);
        let expected = match about {
            _ if about.starts_with("# Runs without a model") => 0,
            _ if about.starts_with("# Needs a model") => 8,
            _ => panic!("{about}"),
        };
        assert_eq!(ran.code, Some(expected), "{file}: {}", ran.shown());
        let advice = "name a model for it under `[models]`";
        assert!(
            expected == 0 || ran.stderr.contains(advice),
            "{file}: {}",
            ran.stderr
        );
        seen += 1;
    }
    assert_eq!(seen, 8);
}
