//! The criterion benchmarks of the workspace, built as a release.

use serde_json::Value;

use crate::args::Args;
use crate::process::{metadata, run};
use crate::verb::Outcome;

/// Runs them all, or those that a filter names.
pub(super) fn bench(args: &Args) -> Outcome {
    let targets = targets(&metadata()?);
    if targets.is_empty() {
        return Err("nothing to measure: no crate has a bench target".to_owned());
    }
    // Benches are named one by one: `cargo bench` alone would also start the test harnesses,
    // which refuse criterion's arguments.
    let mut command = vec!["bench", "--workspace", "--all-features"];
    for target in &targets {
        command.extend(["--bench", target]);
    }
    command.push("--");
    command.extend(
        args.positionals
            .iter()
            .chain(&args.rest)
            .map(String::as_str),
    );
    run("cargo", &command, &[])
}

/// Names of all bench targets, sorted, each once.
fn targets(metadata: &Value) -> Vec<String> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    let members = metadata.get("workspace_members").and_then(Value::as_array);
    let ours = |package: &&Value| {
        let id = package.get("id");
        members.is_some_and(|members| members.iter().any(|member| Some(member) == id))
    };
    let is_bench = |target: &&Value| {
        let kinds = target.get("kind").and_then(Value::as_array);
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "bench"))
    };
    let mut names: Vec<String> = packages
        .into_iter()
        .flatten()
        .filter(ours)
        .filter_map(|package| package.get("targets")?.as_array())
        .flatten()
        .filter(is_bench)
        .filter_map(|target| target.get("name")?.as_str())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bench_targets_of_our_own_crates_count() {
        let metadata = serde_json::json!({
            "workspace_members": ["a"],
            "packages": [
                {"id": "a", "targets": [
                    {"name": "walk", "kind": ["bench"]},
                    {"name": "a", "kind": ["lib"]},
                    {"name": "plan", "kind": ["bench"]},
                ]},
                {"id": "b", "targets": [{"name": "foreign", "kind": ["bench"]}]},
            ],
        });
        assert_eq!(targets(&metadata), ["plan", "walk"]);
        assert!(targets(&serde_json::json!({})).is_empty());
    }
}
