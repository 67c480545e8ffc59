//! The workflows of the tutorial do what the tutorial says.

#[expect(dead_code, reason = "the example has a main of its own")]
#[path = "../../examples/tutorial.rs"]
mod example;

use orchestrate_core::result::StrategyResult;
use serde_json::{Value, json};

fn at(result: &StrategyResult, pointer: &str) -> Value {
    result
        .aggregated_output
        .pointer(pointer)
        .cloned()
        .unwrap_or_default()
}

fn worked(result: &StrategyResult) -> Vec<&str> {
    let worked = result.outputs.iter().filter(|output| output.attempts > 0);
    worked.map(|output| output.agent_id.as_str()).collect()
}

#[tokio::test]
async fn a_security_debate_reaches_a_consensus() {
    let result = example::security_debate().await.unwrap();
    assert!(result.success);
    assert_eq!(at(&result, "/consensus/winner"), json!("fix first"));
    assert_eq!(result.outputs.len(), 6, "two rounds of three");
}

#[tokio::test]
async fn documentation_costs_little_when_the_junior_is_good_enough() {
    let cheap = example::cost_optimised_documentation(0.8).await.unwrap();
    assert_eq!(at(&cheap, "/completed_by"), json!("documentation_writer"));
    assert_eq!(worked(&cheap), ["documentation_writer"]);
    let dear = example::cost_optimised_documentation(0.4).await.unwrap();
    assert_eq!(at(&dear, "/completed_by"), json!("code_reviewer"));
}

#[tokio::test]
async fn refined_content_stops_at_its_quality() {
    let result = example::content_refinement().await.unwrap();
    assert_eq!(at(&result, "/refinement_stages"), json!(2));
    assert_eq!(at(&result, "/quality"), json!([6.0, 9.5]));
}

#[tokio::test]
async fn a_hybrid_refines_only_what_validation_found() {
    let found = example::hybrid(2).await.unwrap();
    assert!(found.success, "{found:?}");
    assert!(worked(&found).contains(&"refactoring_specialist"));
    let clean = example::hybrid(0).await.unwrap();
    assert!(clean.success, "{clean:?}");
    assert_eq!(worked(&clean), ["security_auditor", "code_reviewer"]);
}

#[tokio::test]
async fn a_template_of_ones_own_works_beside_the_built_in_ones() {
    let result = example::custom_template().await.unwrap();
    assert!(result.success);
    assert_eq!(worked(&result), ["accessibility_expert", "writer"]);
}

#[tokio::test]
async fn a_condition_over_the_context_decides_who_works() {
    let low = example::conditional(62).await.unwrap();
    assert_eq!(worked(&low), ["test_generator"]);
    assert_eq!(at(&low, "/_conditional/branch_taken"), json!("then"));
    let high = example::conditional(91).await.unwrap();
    assert_eq!(worked(&high), ["report_generator"]);
}
