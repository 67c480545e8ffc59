//! What a right file comes to: the plan, step by step.

use super::*;

#[test]
fn the_plan_holds_what_the_file_says() {
    let text = format!("{HEAD}description: Review it.
inputs: {{ path: {{ type: string }} }}
limits: {{ cost: 4, wall: 2m }}
defaults: {{ tier: cheap, retry: {{ max: 1 }} }}
agents:
  reader: {{ prompt: 'Read {{{{ inputs.path }}}}.', output_schema: {{ type: object }} }}
steps:
  read: {{ agent: reader, input: {{ depth: 2, path: '{{{{ inputs.path }}}}' }} }}
  each: {{ needs: [read], for_each: steps.read.output.files, as: file, agent: reader, when: steps.read.success, input: {{ name: '{{{{ file.name }}}}' }} }}
  build: {{ run: [make, '{{{{ inputs.path }}}}'], parse: json, effects: read }}
outputs: {{ n: '{{{{ steps.each.output.outputs | length }}}}' }}
fail_when: outputs.n == 0
");
    let given = Given::Values(Map::from_iter([("path".to_owned(), json!("src"))]));
    let made = read(&text, &Alone, &given).unwrap();
    let root = serde_json::to_string_pretty(&made.plan.root).unwrap();
    expect![[r#"
        {
          "step": "graph",
          "nodes": [
            {
              "name": "read",
              "step": "agent",
              "agent": "reader",
              "inputs": {
                "depth": "{{ 2 }}",
                "path": "{{ inputs.path }}"
              },
              "retry": {
                "max_attempts": 2,
                "delay_ms": 500,
                "max_delay_ms": 30000,
                "retry_timeouts": false
              },
              "answer": {
                "type": "object"
              }
            },
            {
              "needs": [
                "read"
              ],
              "when": {
                "op": "expression",
                "text": "steps.read.success"
              },
              "name": "each",
              "step": "map",
              "over": "{{ steps.read.output.files }}",
              "body": {
                "step": "agent",
                "agent": "reader",
                "inputs": {
                  "name": "{{ item.name }}"
                },
                "retry": {
                  "max_attempts": 2,
                  "delay_ms": 500,
                  "max_delay_ms": 30000,
                  "retry_timeouts": false
                },
                "answer": {
                  "type": "object"
                }
              },
              "max_items": 100,
              "join": {
                "policy": "all"
              }
            },
            {
              "name": "build",
              "step": "tool",
              "tool": "program.read",
              "arguments": {
                "parse": "json"
              },
              "inputs": {
                "argv": "{{ [\"make\", ((inputs.path) | string)] }}"
              },
              "retry": {
                "max_attempts": 2,
                "delay_ms": 500,
                "max_delay_ms": 30000,
                "retry_timeouts": false,
                "retry_failures": true
              }
            }
          ],
          "on_error": "skip_dependents",
          "collect": {
            "strategy": "workflow_outputs",
            "params": {
              "values": {
                "n": "{{ steps.each.output.outputs | length }}"
              },
              "fail_when": {
                "op": "expression",
                "text": "outputs.n == 0"
              }
            }
          }
        }"#]]
    .assert_eq(&root);
    let prompt = &made
        .plan
        .agents
        .values()
        .next()
        .unwrap()
        .template
        .default_instructions;
    assert_eq!(prompt, "Read src.");
    assert_eq!(
        made.plan.context,
        json!({"inputs": {"path": "src"}})
            .as_object()
            .cloned()
            .unwrap()
    );
}

#[test]
fn a_question_is_a_step_of_its_own() {
    let text = format!("{HEAD}steps:
  scan: {{ agent: security_auditor }}
  fix: {{ agent: code_reviewer, needs: [scan], when: {{ ask: 'Is it real?', agent: code_reviewer }} }}
");
    let made = read(&text, &Alone, &Given::Later).unwrap();
    let names: Vec<String> = made
        .plan
        .root
        .children()
        .iter()
        .filter_map(|it| it.name.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(names, ["scan", "fix_question", "fix"]);
    assert_eq!(made.questions.len(), 1);
    check(
        "steps:\n  a: { agent: code_reviewer, when: { ask: 'x', who: code_reviewer } }\n",
        expect![[r#"
            w.yaml:4:36: a question needs `ask` with the question and `agent` with the name of who is asked [ORC1013]
              hint: for example `when: { ask: "Is this a real fault?", agent: reviewer }`"#]],
    );
}
