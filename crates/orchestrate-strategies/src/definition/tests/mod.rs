//! What is said of definitions, and what they come to.

mod plans;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use orchestrate_core::template::AgentRegistry;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Alone, Files, Given, Source, World, custom_agents, workflow};
use crate::catalog::Catalog;
use crate::graph::check as check_plan;

/// Files in memory; all stand in one directory.
struct Memory(BTreeMap<&'static str, String>);

impl Files for Memory {
    fn relative(&self, _: &str, path: &str) -> Result<Source, String> {
        let name = path.trim_start_matches("./");
        match self.0.get(name) {
            Some(text) => Ok(Source {
                file: name.to_owned(),
                text: text.clone(),
            }),
            None => Err(format!("`{path}` does not exist")),
        }
    }

    fn workflow(&self, name: &str) -> Result<Option<Source>, String> {
        Ok(self.relative("", &format!("{name}.yaml")).ok())
    }

    fn workflows(&self) -> Vec<String> {
        let names = self.0.keys().filter_map(|it| it.strip_suffix(".yaml"));
        names.map(str::to_owned).collect()
    }
}

fn read(
    text: &str,
    files: &dyn Files,
    given: &Given,
) -> Result<super::Workflow, super::DefinitionProblems> {
    let source = Source {
        file: "w.yaml".to_owned(),
        text: text.to_owned(),
    };
    let world = World {
        registry: &AgentRegistry::builtin(),
        catalog: &Catalog::builtin(),
        tools: None,
        files,
    };
    workflow(&source, given, world)
}

const HEAD: &str = "schema: orchestrate.workflow/v1\nname: w\n";

/// The problems of a file, its first two lines left out.
fn check(yaml: &str, expect: Expect) {
    check_with(yaml, &Alone, &Given::Later, expect);
}

fn check_with(yaml: &str, files: &dyn Files, given: &Given, expect: Expect) {
    let text = format!("{HEAD}{yaml}");
    let said = match read(&text, files, given) {
        Ok(made) => {
            assert_eq!(check_plan(&made.plan, &Catalog::builtin()), []);
            "fine".to_owned()
        }
        Err(problems) => {
            let all: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            all.join("\n")
        }
    };
    expect.assert_eq(&said);
}

#[test]
fn a_small_workflow_is_fine() {
    check("steps:\n  a: { agent: code_reviewer }\n", expect!["fine"]);
    let json = r#"{"schema": "orchestrate.workflow/v1", "name": "w", "steps": {"a": {"agent": "code_reviewer"}}}"#;
    assert!(read(json, &Alone, &Given::Later).is_ok());
}

#[test]
fn a_mistake_of_form_hides_no_other_mistake() {
    check(
        "limits: { concurrency: 0 }
teams:
  few: { strategy: debat, members: [] }
steps:
  a: { agent: code_reviewr, retry: { max: -1, backoff: linear } }
  b: { agent: code_reviewer, loop: { max: 3 }, as: it }
  c: { run: ls -la, needs: [zz] }
  d: { team: few, tools: [x] }
",
        expect![[r#"
            w.yaml:3:24: `concurrency` must be at least 1, and this is 0 [ORC1014]
            w.yaml:5:20: unknown strategy `debat` [ORC1015]
              hint: did you mean `debate`?
            w.yaml:5:36: `members` is empty and needs at least 1 [ORC1014]
            w.yaml:7:15: unknown agent `code_reviewr` [ORC1015]
              hint: did you mean `code_reviewer`?
            w.yaml:7:43: `max` must be from 0 to 20, and this is -1 [ORC1014]
            w.yaml:7:56: `backoff` cannot be `linear` (possible: exponential, none) [ORC1014]
            w.yaml:8:36: `loop` needs `until` [ORC1013]
            w.yaml:8:48: `as` has a meaning beside `for_each` only [ORC1016]
            w.yaml:9:13: `run` must be a list, and this is a text [ORC1014]
              hint: write `[ls, -la]`
            w.yaml:9:29: unknown step `zz` (possible: a, b, d) [ORC1015]
            w.yaml:10:19: unknown field `tools` of `d` [ORC1012]
              hint: did you mean `tool`?"#]],
    );
}

#[test]
fn five_mistakes_are_told_in_one_pass() {
    check(
        "inputs:
  min: { type: nmber }
steps:
  scan: { agent: security_auditr }
  review:
    need: [scan]
    agent: code_reviewer
    when: steps.scan.output.score >
  review: { agent: code_reviewer }
  report: { agent: documentation_writer, timeout: 5 minutes }
",
        expect![[r#"
            w.yaml:4:16: `type` cannot be `nmber` (possible: string, number, integer, boolean, list, object) [ORC1014]
              hint: did you mean `number`?
            w.yaml:6:18: unknown agent `security_auditr` [ORC1015]
              hint: did you mean `security_auditor`?
            w.yaml:8:5: unknown field `need` of `review` [ORC1012]
              hint: did you mean `needs`?
            w.yaml:10:35: unexpected end of input, expected expression [ORC1017]
            w.yaml:11:3: `review` stands here for the second time [ORC1011]
            w.yaml:12:51: `5 minutes` is no time: write a number above 0 and `ms`, `s`, `m`, `h` or `d`, for example `20m` [ORC1014]"#]],
    );
    check(
        "inputs:
  min: { type: number, default: many }
steps:
  scan: { agent: security_auditr }
  review:
    needs: [scn]
    agent: code_reviewer
    when: steps.scan.output.score > inputs.mni
  report:
    needs: [review]
    agent: documentation_writer
    input: { text: '{{ steps.review.output | lenght }}', all: '{{ steps.report.output }}' }
  both: { agent: code_reviewer, run: [ls], for_each: items, isolation: worktree }
",
        expect![[r#"
            w.yaml:4:33: `default` must be a number, and this is a text [ORC1014]
            w.yaml:6:18: unknown agent `security_auditr` [ORC1015]
              hint: did you mean `security_auditor`?
            w.yaml:8:13: unknown step `scn` (possible: both, report, scan) [ORC1015]
              hint: did you mean `scan`?
            w.yaml:10:11: step `scan` need not have ended when this is read [ORC1015]
              hint: add `scan` to `needs`
            w.yaml:10:37: unknown input `mni` (possible: min) [ORC1015]
            w.yaml:14:46: unknown filter `lenght` [ORC1017]
              hint: did you mean `length`?
            w.yaml:14:67: `report` cannot read itself [ORC1015]
            w.yaml:15:33: a step does one thing, and this one has `agent` and `run` [ORC1016]
              hint: make steps of their own of them
            w.yaml:15:54: unknown name `items` (possible: inputs, context, steps, results, run, item, index, previous, round, outputs) [ORC1017]
              hint: did you mean `item`?
            w.yaml:15:61: a step cannot be given a place of its own to work in [ORC1018]"#]],
    );
}

#[test]
fn yaml_is_read_strictly() {
    check(
        "steps: &a\n  x: { agent: code_reviewer }\n",
        expect![
            "w.yaml:4:3: anchors and aliases are not read here: write the value where it is needed [ORC1010]"
        ],
    );
    check(
        "steps:\n  x: { agent: !who code_reviewer }\n",
        expect!["w.yaml:4:20: unsupported tag `!who` [ORC1010]"],
    );
    check(
        "steps:\n  x: { <<: {agent: code_reviewer} }\n",
        expect![
            "w.yaml:4:8: merge keys are not read here: write the fields where they are needed [ORC1010]"
        ],
    );
    check(
        "steps:\n  x: { agent: code_reviewer\n",
        expect!["w.yaml:4:6: unclosed bracket '{' [ORC1010]"],
    );
    check(
        "steps:\n  x: { agent: yes }\n",
        expect![
            "w.yaml:4:15: unknown agent `yes` (possible: test_coverage_analyzer, security_auditor, code_reviewer, documentation_writer, performance_optimizer, architecture_analyst, refactoring_specialist, test_generator, test_validator, report_generator, documentation_analyst, synthesizer, code_simplifier, generic_agent, coder, researcher, analyst, writer, file_surfer, web_surfer, computer_terminal) [ORC1015]"
        ],
    );
    check(
        "steps:\n  x: { agent: true }\n",
        expect![[r#"
        w.yaml:4:15: `agent` must be a text, and this is true or false [ORC1014]
          hint: put it into quotes"#]],
    );
    check(
        "steps: {}\n",
        expect!["w.yaml:3:8: `steps` is empty and needs at least 1 [ORC1014]"],
    );
    check(
        "steps: [a]\n---\nx: 1\n",
        expect!["w.yaml:4:1: a file holds one document, and here a second begins [ORC1010]"],
    );
    check(
        &format!(
            "context: {}\nsteps:\n  x: {{ agent: code_reviewer }}\n",
            "[".repeat(100) + &"]".repeat(100)
        ),
        expect!["w.yaml:3:74: it is nested more than 64 deep [ORC1010]"],
    );
}

#[test]
fn fields_that_cannot_be_honoured_are_refused() {
    check(
        "limits: { usd: 2, cost: 1, on_exceeded: pause }
steps:
  gate:
    approve: { title: 'Ship?', form: {}, learn: ask, timeout: 1h, on_timeout: approve }
  x: { agent: code_reviewer, needs: [gate], effects: write, retry: { max: 2 }, as: it }
",
        expect![[r#"
            w.yaml:3:11: `usd` and `cost` are the same limit [ORC1016]
              hint: keep one of them
            w.yaml:3:41: a run does not wait at a limit: nothing further is started, and what is finished is kept [ORC1018]
              hint: use `stop`
            w.yaml:6:32: `form` is not honoured [ORC1018]
              hint: what a person wants changed is `steps.<name>.output.edits`
            w.yaml:6:42: `learn` is not honoured [ORC1018]
              hint: leave it out
            w.yaml:6:79: time alone approves nothing: `on_timeout` cannot be `approve` [ORC1014]
            w.yaml:7:61: a step that changes something is never made again by itself [ORC1016]
              hint: leave `retry` out, or say `effects: read`
            w.yaml:7:80: `as` has a meaning beside `for_each` only [ORC1016]"#]],
    );
}

#[test]
fn a_retry_that_cannot_happen_is_refused() {
    check(
        "defaults: { retry: { max: 1 } }
steps:
  a: { run: [ls] }
  b: { run: [ls], effects: read, retry: { max: 2 } }
  c: { run: [ls], retry: { max: 0 } }
",
        expect!["fine"],
    );
    check(
        "steps:
  a: { run: [ls], retry: { max: 2 } }
  b: { run: [ls], effects: external, retry: { max: 2 } }
",
        expect![[r#"
            w.yaml:4:19: a program may change something, so it is never run again by itself [ORC1016]
              hint: say `effects: read` if it changes nothing, or leave `retry` out
            w.yaml:5:38: a step that changes something is never made again by itself [ORC1016]
              hint: leave `retry` out, or say `effects: read`"#]],
    );
}

#[test]
fn what_a_text_reads_is_checked_at_its_place() {
    check(
        "inputs: { version: { type: string } }
agents:
  writer: { prompt: 'Write about {{ inputs.versoin }} and {{ steps.a.output }}.' }
steps:
  a: { agent: writer }
  b: { agent: code_reviewer, when: steps.a.success }
  my-step: { agent: code_reviewer }
  c: { agent: code_reviewer, needs: [my-step, a], when: steps.my-step.success and steps.a.outputs == 1 and item == 2 }
  d: { agent: code_reviewer, needs: [a], for_each: steps.a.output.list, as: file, input: { f: '{{ file.name }}', g: '{{ fil }}' } }
  e: { agent: code_reviewer, loop: { until: round.output.done == true, max: 3 }, input: { last: '{{ previous.output | default(\"\") }}' } }
  f: { agent: code_reviewer, when: { scoer: { $gtt: 3 } } }
outputs: { x: '{{ steps.e.output }}' }
fail_when: outputs.y != 1 or steps.a.success
",
        expect![[r#"
            w.yaml:5:37: unknown input `versoin` (possible: version) [ORC1015]
              hint: did you mean `version`?
            w.yaml:5:62: `steps.a.output` is not known when the workflow starts [ORC1015]
              hint: hand the value over with `input:`, where it is named
            w.yaml:8:36: step `a` need not have ended when this is read [ORC1015]
              hint: add `a` to `needs`
            w.yaml:10:57: `steps.my-step` is read as a subtraction [ORC1017]
              hint: write `steps["my-step"]`
            w.yaml:11:121: unknown name `fil` (possible: inputs, context, steps, results, run, item, index, previous, round, outputs) [ORC1017]
              hint: a text stands in quotes: `"fil"`
            w.yaml:13:47: `$gtt` is no operator on a field (possible: $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $not) [ORC1017]
              hint: did you mean `$gt`?
            w.yaml:15:12: unknown output `y` (possible: x) [ORC1015]
            w.yaml:15:30: `steps.a.success` cannot be read here (possible: `outputs.<name>`, `inputs.<name>`) [ORC1015]
              hint: give the value a name under `outputs` and read that"#]],
    );
}

#[test]
fn teams_are_composed_by_their_strategy() {
    check(
        "teams:
  one: { strategy: debate, members: [code_reviewer] }
  two: { strategy: debat, members: [code_reviewer, nobody] }
  three: { strategy: parallel, members: [code_reviewer, security_auditor], join: { quorum: 3 } }
  four: { strategy: parallel, members: [code_reviewer], parameters: { max_concurency: 3 } }
steps:
  a: { team: one }
  b: { team: tree }
",
        expect![[r#"
            w.yaml:4:3: strategy `debate` needs at least 2 agents, got 1 [ORC1014]
              hint: `orchestrate strategies show debate` tells what it needs
            w.yaml:5:20: unknown strategy `debat` [ORC1015]
              hint: did you mean `debate`?
            w.yaml:5:52: unknown agent `nobody` (possible: test_coverage_analyzer, security_auditor, code_reviewer, documentation_writer, performance_optimizer, architecture_analyst, refactoring_specialist, test_generator, test_validator, report_generator, documentation_analyst, synthesizer, code_simplifier, generic_agent, coder, researcher, analyst, writer, file_surfer, web_surfer, computer_terminal) [ORC1015]
            w.yaml:6:3: strategy `parallel`: parameter `join` asks for a quorum of `3`, possible: 1 to 2 [ORC1014]
              hint: `orchestrate strategies show parallel` tells what it needs
            w.yaml:7:3: strategy `parallel`: parameter `max_concurency` is not usable: unknown field `max_concurency`, expected one of `join`, `max_concurrency`, `on_error` [ORC1014]
              hint: `orchestrate strategies show parallel` tells what it needs
            w.yaml:10:14: unknown team `tree` (possible: four, one, three, two) [ORC1015]
              hint: did you mean `three`?"#]],
    );
}

fn nested() -> Memory {
    let file =
        |name: &str, rest: &str| format!("schema: orchestrate.workflow/v1\nname: {name}\n{rest}");
    Memory(BTreeMap::from([
        (
            "boost.yaml",
            file(
                "boost",
                "inputs: { target: { type: number }, tone: { type: string, default: dry } }
agents:
  writer: { prompt: 'Raise it to {{ inputs.target }}, {{ inputs.tone }}.' }
steps:
  work: { agent: writer }
outputs: { done: '{{ steps.work.output }}' }
",
            ),
        ),
        ("a.yaml", file("a", "steps:\n  x: { workflow: ./b.yaml }\n")),
        ("b.yaml", file("b", "steps:\n  x: { workflow: ./a.yaml }\n")),
        ("wrong.yaml", file("wrong", "steps:\n  x: { agnt: y }\n")),
    ]))
}

#[test]
fn workflows_in_workflows_are_read_with_them() {
    let given = Given::Values(Map::from_iter([("min".to_owned(), json!(80))]));
    let inputs = "inputs: { min: { type: number } }\n";
    check_with(
        &format!("{inputs}steps:
  facts: {{ agent: code_reviewer }}
  a: {{ workflow: boost, with: {{ target: '{{{{ inputs.min }}}}' }} }}
  b: {{ workflow: ./boost.yaml, needs: [facts], with: {{ target: '{{{{ steps.facts.output.n }}}}', tone: warm }} }}
"),
        &nested(),
        &given,
        expect![[r#"
            boost.yaml:5:21: `inputs.target` is known only when the workflow runs, and this text is needed before [ORC1018]
              hint: hand the value over with `input:`, where it is named"#]],
    );
    check_with(
        "steps:
  a: { workflow: bost }
  b: { workflow: ./nowhere.yaml }
  c: { workflow: ./a.yaml }
  d: { workflow: wrong }
  e: { workflow: boost, with: { target: high, tne: x } }
",
        &nested(),
        &Given::Later,
        expect![[r#"
            w.yaml:4:18: unknown workflow `bost` (possible: a, b, boost, wrong) [ORC1015]
              hint: did you mean `boost`?
            w.yaml:5:18: `./nowhere.yaml` does not exist [ORC1020]
            w.yaml:8:31: the workflow has no input `tne` (possible: target, tone) [ORC1021]
              hint: did you mean `tone`?
            w.yaml:8:31: the input `target` must be a number, and this is a text [ORC1021]
            b.yaml:4:18: workflows call each other in a circle: w.yaml -> a.yaml -> b.yaml -> a.yaml [ORC1019]
            wrong.yaml:4:8: unknown field `agnt` of `x` [ORC1012]
              hint: did you mean `agent`?"#]],
    );
}

#[test]
fn inputs_are_checked_when_they_are_given() {
    let yaml = "inputs:
  version: { type: string, pattern: '^v[0-9]+$', description: what is released }
  kind: { type: string, enum: [library, service], default: library }
steps:
  a: { agent: code_reviewer }
";
    let given = |value: Value| Given::Values(value.as_object().cloned().unwrap_or_default());
    check_with(
        yaml,
        &Alone,
        &given(json!({"version": "v1"})),
        expect!["fine"],
    );
    check_with(
        yaml,
        &Alone,
        &given(json!({})),
        expect![[r#"
            w.yaml:4:3: the input `version` is missing (a text: what is released) [ORC1021]
              hint: give it as `--input version=VALUE`"#]],
    );
    check_with(
        yaml,
        &Alone,
        &given(json!({"version": "1", "kind": "tool", "vresion": 1})),
        expect![[r#"
            w.yaml:4:3: the workflow has no input `vresion` (possible: kind, version) [ORC1021]
              hint: did you mean `version`?
            w.yaml:4:3: the input `kind` cannot be "tool" (possible: "library", "service") [ORC1021]
            w.yaml:4:3: the input `version` `1` does not match `^v[0-9]+$` [ORC1021]"#]],
    );
}

#[test]
fn a_step_an_agent_and_a_workflow_inside_have_limits_of_their_own() {
    let inner = "schema: orchestrate.workflow/v1\nname: inner\nlimits: { tokens: 900, calls: 9 }\nsteps:\n  x: { agent: code_reviewer }\n";
    let files = Memory(BTreeMap::from([("inner.yaml", inner.to_owned())]));
    let text = format!(
        "{HEAD}limits: {{ tokens: 5000 }}
agents:
  reader: {{ prompt: Read., limits: {{ cost: 2, concurrency: 1 }} }}
steps:
  read: {{ agent: reader, limits: {{ calls: 2, wall: 5s }} }}
  sub: {{ workflow: inner, limits: {{ calls: 4, max_depth: 2 }} }}
"
    );
    let made = read(&text, &files, &Given::Later).unwrap();
    let limits: Vec<Value> = made
        .plan
        .root
        .children()
        .iter()
        .map(|step| json!(step.limits))
        .collect();
    assert_eq!(
        limits,
        [
            json!({"calls": 2, "wall_ms": 5000}),
            json!({"calls": 4, "tokens": 900, "max_depth": 2})
        ]
    );
    let agents: Vec<Value> = made
        .plan
        .agents
        .values()
        .map(|agent| json!(agent.limits))
        .collect();
    assert_eq!(agents, [json!({}), json!({"cost": 2.0, "concurrency": 1})]);
    check(
        "agents:
  reader: { prompt: Read., limits: { wall: 3s } }
steps:
  read: { agent: reader, limits: { usd: -1 } }
",
        expect![[r#"
            w.yaml:4:38: `wall` is not counted for an agent [ORC1018]
              hint: set it in the `limits` of a step or of the workflow
            w.yaml:6:41: `usd` must be at least 0, and this is -1 [ORC1014]"#]],
    );
}

#[test]
fn agents_of_a_file_replace_others_only_when_they_say_so() {
    let read = |agents: &str| {
        let source = Source {
            file: "agents.yaml".into(),
            text: format!("schema: orchestrate.agents/v1\nagents:\n{agents}"),
        };
        let world = World {
            registry: &AgentRegistry::builtin(),
            catalog: &Catalog::builtin(),
            tools: None,
            files: &Alone,
        };
        match custom_agents(&source, world) {
            Ok(custom) => custom
                .iter()
                .map(|it| format!("{} {} {}", it.template.id, it.replaces, it.template.role))
                .collect::<Vec<_>>()
                .join("\n"),
            Err(problems) => problems
                .0
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n"),
        }
    };
    expect![[r#"
        api_reviewer false API Reviewer
        code_reviewer true Ours"#]].assert_eq(&read("  api_reviewer: { role: API Reviewer, prompt: 'Read the interface.' }\n  code_reviewer: { template: code_reviewer, role: Ours, replaces: true }\n"));
    expect![[r#"
        agents.yaml:3:3: there is an agent `code_reviewer` already [ORC1016]
          hint: say `replaces: true`, or choose another name
        agents.yaml:4:27: the instructions of a template hold no values: there is no workflow around it [ORC1018]
        agents.yaml:4:45: there is no agent `cod_reviewer` to replace [ORC1016]
          hint: did you mean `code_reviewer`?"#]].assert_eq(&read("  code_reviewer: { prompt: x }\n  cod_reviewer: { prompt: '{{ inputs.x }}', replaces: true }\n"));
    // What is not understood is told and not left out.
    expect![[r#"
        agents.yaml:3:22: unknown field `max_token` of `ours` [ORC1012]
          hint: did you mean `max_tokens`?"#]]
    .assert_eq(&read("  ours: { prompt: x, max_token: 5 }\n"));
}

fn any_definition() -> impl Strategy<Value = String> {
    let step = proptest::sample::select(vec![
        "agent: code_reviewer",
        "agent: nobody",
        "team: t",
        "run: [ls, '{{ inputs.n }}']",
        "run: []",
        "approve: { title: 'x {{ inputs.n }}' }",
        "approve: { title: x, decisions: [approve, later], show: [inputs.n] }",
        "tool: fs.read, input: { path: x }",
        "agent: code_reviewer, for_each: [1, 2], input: { i: '{{ item }}' }",
        "agent: code_reviewer, loop: { until: round.success, max: 2 }",
        "expand: { from: steps.a.output, max_steps: 3 }, needs: [a]",
        "agent: code_reviewer, when: inputs.n > 3",
        "agent: code_reviewer, when: { n: { $gt: 3 } }, needs: [b]",
        "agent: code_reviewer, when: { ask: Is it?, agent: code_reviewer }",
        "team: t, input: { x: '{{ steps.a.output }}' }, needs: [a]",
        "agent: code_reviewer, needs: [a, c], timeout: 3s, retry: { max: 1 }",
        "workflow: ./x.yaml",
        "agent: code_reviewer, limits: { calls: 1, concurrency: 2, max_depth: 1, wall: 3s }",
        "agnt: x",
        "agent: [",
        "agent: 3",
    ]);
    let steps = proptest::collection::vec(step, 1..5);
    let extra = proptest::sample::select(vec![
        "",
        "on_error: stop",
        "outputs: { x: '{{ steps.a.output }}' }",
        "limits: { calls: 3, wall: 1m }",
        "fail_when: inputs.n == 1",
        "x: y",
    ]);
    (steps, extra, "\\PC{0,12}").prop_map(|(steps, extra, noise)| {
        let steps: String = steps.iter().zip(["a", "b", "c", "d"]).map(|(step, name)| format!("  {name}: {{ {step} }}\n")).collect();
        format!("{HEAD}{extra}\ninputs: {{ n: {{ type: number, default: 1 }} }}\nteams: {{ t: {{ strategy: debate, members: [code_reviewer, security_auditor] }} }}\nsteps:\n{steps}# {noise}\n")
    })
}

proptest! {
    #[test]
    fn prop_any_definition_is_refused_with_places_or_passes_the_check(text in any_definition(), cut in any::<prop::sample::Index>(), noise in "\\PC{0,60}") {
        let end = cut.index(text.len() + 1);
        let cut = text.char_indices().map(|(i, _)| i).take_while(|i| *i <= end).last().unwrap_or(0);
        for text in [text.clone(), text[..cut].to_owned(), noise.clone()] {
            for given in [Given::Later, Given::Values(Map::new())] {
                match read(&text, &Alone, &given) {
                    Ok(made) => prop_assert_eq!(check_plan(&made.plan, &Catalog::builtin()), []),
                    Err(problems) => {
                        prop_assert!(!problems.0.is_empty());
                        let lines = text.lines().count().max(1) as u32 + 1;
                        for problem in problems.0 {
                            prop_assert!(problem.at.line <= lines, "{problem} in {lines} lines");
                            prop_assert!(problem.code.starts_with("ORC10"), "told by the plan only: {}", problem);
                        }
                    }
                }
            }
        }
    }
}
