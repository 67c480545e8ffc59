//! The example workflows of the documentation, run with agents that answer from scripts.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrate_core::approval::{ApprovalRequest, Approver, Asked};
use orchestrate_core::backend::AgentOutput;
use orchestrate_core::plan::Plan;
use orchestrate_core::result::StrategyResult;
use orchestrate_core::template::AgentRegistry;
use orchestrate_core::testing::ScriptedBackend;
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::tools::ProgramTool;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::definition::{
    Files, Given, PROGRAM_TOOLS, Source, World, format, says_no, workflow,
};
use serde_json::{Value, json};

/// The folder of the examples.
struct Examples;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples")
}

impl Files for Examples {
    fn relative(&self, _: &str, path: &str) -> Result<Source, String> {
        let path = path.trim_start_matches("./");
        let text = fs::read_to_string(folder().join(path)).map_err(|error| error.to_string())?;
        Ok(Source {
            file: path.to_owned(),
            text,
        })
    }

    fn workflow(&self, _: &str) -> Result<Option<Source>, String> {
        Ok(None)
    }

    fn workflows(&self) -> Vec<String> {
        Vec::new()
    }
}

fn plan(file: &str, inputs: Value) -> Plan {
    let source = Examples.relative("", file).unwrap();
    assert_eq!(
        format(&source).unwrap(),
        source.text,
        "`orchestrate fmt {file}` changes it"
    );
    let world = World {
        registry: &AgentRegistry::builtin(),
        catalog: &Catalog::builtin(),
        tools: None,
        files: &Examples,
    };
    let given = |values: Option<&Value>| match values.and_then(Value::as_object) {
        Some(values) => Given::Values(values.clone()),
        None => Given::Later,
    };
    // Without inputs it is right as well.
    workflow(&source, &given(None), world).unwrap_or_else(|error| panic!("{error}"));
    let made = workflow(&source, &given(Some(&inputs)), world);
    made.unwrap_or_else(|error| panic!("{error}")).plan
}

#[derive(Debug)]
struct Says(&'static str);

#[async_trait::async_trait]
impl Approver for Says {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        Asked::Decided(request.answer(self.0, "ann"))
    }
}

/// Runs an example; each agent gives its answers in turn, with its confidence.
async fn run(
    file: &str,
    inputs: Value,
    answers: &[(&'static str, &[(Value, f64)])],
    decision: &'static str,
) -> (StrategyResult, Vec<String>) {
    let scripts = answers.iter().map(|(id, answers)| {
        let answers = answers.iter().map(|(value, confidence)| {
            Ok(AgentOutput::json(value.clone()).with_confidence(*confidence))
        });
        (*id, answers.collect())
    });
    let backend = Arc::new(ScriptedBackend::new(scripts).free());
    let mut builder = LocalExecutor::builder()
        .shared_backend(backend.clone())
        .approver(Says(decision));
    for (name, effect) in PROGRAM_TOOLS {
        let tool = ProgramTool::new(".").called(name, effect);
        builder = builder.tool(tool.giving_stdout());
    }
    let plan = plan(file, inputs);
    let report = builder.build().unwrap().run(&plan).await.unwrap();
    (report.into_strategy_result(), backend.calls())
}

fn said(verdict: &str) -> (Value, f64) {
    (json!({"verdict": verdict}), 0.8)
}

#[tokio::test]
async fn security_debate() {
    let answers: &[(&str, &[(Value, f64)])] = &[
        ("security_auditor", &[said("reject")]),
        ("architecture_analyst", &[said("reject")]),
        ("code_reviewer", &[said("approve"), said("reject")]),
    ];
    let (result, calls) = run("security-debate.yaml", json!({}), answers, "approve").await;
    assert!(result.success, "{result:?}");
    assert_eq!(calls.len(), 6, "two rounds of three: {calls:?}");
    assert_eq!(
        result.aggregated_output["consensus"],
        json!(true),
        "{}",
        result.aggregated_output
    );
    assert!(!says_no(&result.aggregated_output));
}

#[tokio::test]
async fn cost_optimised_documentation() {
    let text = |text: &str, confidence| (json!({"text": text}), confidence);
    let inputs = json!({"module_path": "src/lib.rs"});
    let file = "cost-optimised-documentation.yaml";
    let good: &[(&str, &[(Value, f64)])] = &[("junior", &[text("good", 0.9)])];
    let (result, calls) = run(file, inputs.clone(), good, "approve").await;
    assert_eq!(calls, ["junior"]);
    assert_eq!(result.aggregated_output["completed_by"], json!("junior"));
    let poor: &[(&str, &[(Value, f64)])] = &[
        ("junior", &[text("poor", 0.4)]),
        ("code_reviewer", &[text("better", 0.9)]),
    ];
    let (result, calls) = run(file, inputs, poor, "approve").await;
    assert_eq!(calls, ["junior", "code_reviewer"]);
    assert_eq!(
        result.aggregated_output["completed_by"],
        json!("code_reviewer")
    );
    assert_eq!(result.aggregated_output["text"], json!({"text": "better"}));
}

#[tokio::test]
async fn content_refinement() {
    let answers: &[(&str, &[(Value, f64)])] = &[
        ("documentation_writer", &[(json!("draft"), 0.8)]),
        ("code_reviewer", &[(json!("review"), 0.8)]),
        ("polisher", &[(json!("polished"), 0.9)]),
    ];
    let inputs = json!({"content": "a text"});
    let (result, calls) = run("content-refinement.yaml", inputs, answers, "approve").await;
    assert_eq!(calls, ["documentation_writer", "code_reviewer", "polisher"]);
    assert_eq!(result.aggregated_output["text"], json!("polished"));
}

#[tokio::test]
async fn hybrid() {
    let found = |findings: Value| (json!({"findings": findings}), 0.9);
    for (finding, refined) in [(json!(["x"]), json!(true)), (json!([]), json!(null))] {
        let last = [found(json!([]))];
        let first = [found(finding)];
        let answers: &[(&str, &[(Value, f64)])] = &[
            ("security_auditor", &first),
            ("test_coverage_analyzer", &last),
            ("code_reviewer", &last),
            ("refactoring_specialist", &last),
        ];
        let (result, calls) = run("hybrid.yaml", json!({}), answers, "approve").await;
        assert!(result.success, "{result:?}");
        assert_eq!(
            calls.len(),
            if refined == json!(true) { 5 } else { 3 },
            "{calls:?}"
        );
        assert_eq!(
            result.aggregated_output["refined"] == json!(true),
            refined == json!(true)
        );
    }
}

#[tokio::test]
async fn custom_template() {
    let answers: &[(&str, &[(Value, f64)])] = &[
        (
            "api_optimizer",
            &[(
                json!({"response_time": 0.4, "bottlenecks": [{"query": "a"}, {"query": "b"}]}),
                0.9,
            )],
        ),
        ("code_reviewer", &[(json!("index it"), 0.9)]),
    ];
    let inputs = json!({"endpoint_url": "/orders"});
    let plan = plan("custom-template.yaml", inputs.clone());
    let agent = plan
        .agents
        .values()
        .find(|it| it.id == "api_optimizer")
        .unwrap();
    assert!(
        agent
            .template
            .default_instructions
            .starts_with("Profile /orders")
    );
    let (result, calls) = run("custom-template.yaml", inputs, answers, "approve").await;
    assert_eq!(calls.len(), 3);
    assert_eq!(
        result.aggregated_output["advice"],
        json!(["index it", "index it"])
    );
}

#[tokio::test]
async fn conditional() {
    let done: &[(Value, f64)] = &[(json!({}), 0.9)];
    let answers: &[(&str, &[(Value, f64)])] = &[
        ("test_coverage_analyzer", done),
        ("security_auditor", done),
        ("code_reviewer", done),
        ("documentation_writer", done),
    ];
    let inputs = json!({"has_tests": true, "has_security": false});
    let (result, mut calls) = run("conditional.yaml", inputs, answers, "approve").await;
    calls.sort();
    assert!(result.success);
    assert_eq!(
        calls,
        ["code_reviewer", "documentation_writer", "security_auditor"]
    );
    assert_eq!(result.aggregated_output["looked_at_security"], json!(true));
}

#[tokio::test]
async fn release_readiness() {
    let found = |severity: &str| {
        (
            json!({"findings": [{"severity": severity, "title": "t"}]}),
            0.9,
        )
    };
    let covered = |percent: u32| (json!({"coverage": percent}), 0.9);
    let answers: &[(&str, &[(Value, f64)])] = &[
        ("security", &[found("high"), (json!({"real": true}), 0.9)]),
        ("quality", &[found("low")]),
        ("docs", &[found("low")]),
        ("tester", &[covered(75), covered(91)]),
        ("writer", &[(json!("written"), 0.9)]),
    ];
    let inputs = json!({"version": "v1.2.3"});
    let file = "release-readiness.yaml";
    let (result, mut calls) = run(file, inputs.clone(), answers, "approve").await;
    assert!(result.success, "{result:?}");
    calls.sort();
    assert_eq!(
        calls,
        [
            "docs", "quality", "security", "security", "tester", "tester", "writer"
        ]
    );
    assert_eq!(result.aggregated_output["verdict"], json!("approve"));
    assert_eq!(result.aggregated_output["triaged"], json!(1));
    assert!(!says_no(&result.aggregated_output));

    let (result, calls) = run(file, inputs, answers, "reject").await;
    assert!(!calls.contains(&"writer".to_owned()));
    assert!(
        !result.success || says_no(&result.aggregated_output),
        "{result:?}"
    );
}
