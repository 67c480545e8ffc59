//! The result of a composed run for people: what became of each agent, and its headline figures.

use orchestrate_core::result::{AgentResult, StrategyResult};
use serde_json::Value;

use super::page::Page;
use super::release::state;
use super::text::{counted, duration};

/// How many errors and unmeasured things are shown; the document holds all of them.
const ITEMS: usize = 10;

/// The result as a page of so many columns.
pub(crate) fn run(task: &str, result: &StrategyResult, width: usize) -> String {
    let mut page = Page::new(width, "RUN REPORT");
    page.gap();
    page.hanging(2, "Task: ", task);
    let (style, sign) = state(&result.outcome);
    page.state(
        style,
        sign,
        &result.outcome.word().to_uppercase().replace('_', " "),
    );
    if let Some(error) = result.outcome.error() {
        page.text(9, &error);
    }
    page.section("AGENTS");
    for agent in &result.outputs {
        agent_lines(&mut page, agent);
    }
    page.gap();
    let usage = &result.usage;
    page.text(
        2,
        &format!(
            "Used: {}, {}, {} of cost",
            counted(usage.calls, "attempt"),
            counted(usage.tokens, "token"),
            counted(usage.cost, "unit")
        ),
    );
    let (wall, summed) = (result.wall_ms / 1e3, result.summed_ms / 1e3);
    page.text(2, &format!("Time: {} by the clock", duration(wall)));
    page.text(8, &format!("{} summed over the agents", duration(summed)));
    page.finish()
}

fn agent_lines(page: &mut Page, agent: &AgentResult) {
    let (style, sign) = state(&agent.outcome);
    let word = agent.outcome.word().replace('_', " ");
    let time = match agent.attempts {
        0 => "not run".to_owned(),
        _ => duration(agent.duration_ms / 1e3),
    };
    let id = agent.agent_id.as_str();
    page.state(style, sign, &format!("{id:<25} {word:<13} {time:>9}"));
    if let Some(error) = &agent.error {
        page.text(9, error);
    }
    let figures = figures(&agent.output);
    if !figures.is_empty() {
        page.text(9, &figures.join(", "));
    }
    let open = agent.output.get("not_measured").and_then(Value::as_array);
    for item in open.into_iter().flatten().take(ITEMS) {
        let part = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        page.text(
            9,
            &format!("not measured: {}: {}", part("what"), part("why")),
        );
        page.hanging(11, "how: ", part("how_to_measure"));
    }
}

/// The figures at the top of an output, and how many findings it has.
fn figures(output: &Value) -> Vec<String> {
    let Some(fields) = output.as_object() else {
        return Vec::new();
    };
    let mut figures: Vec<String> = fields
        .iter()
        .filter(|(name, _)| !name.ends_with("_ms"))
        .filter_map(|(name, value)| Some(format!("{name} {}", short(value.as_f64()?))))
        .collect();
    if let Some(findings) = fields.get("findings").and_then(Value::as_array) {
        figures.push(format!("findings {}", findings.len()));
    }
    figures.sort();
    figures
}

/// At most two decimals, and none that are zero.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn headline_figures_are_numbers_and_the_count_of_findings() {
        let output = json!({"quality_score": 7.256, "critical": 0, "own_ms": 3, "text": "x",
            "findings": [1, 2], "deep": {"a": 1}});
        assert_eq!(
            figures(&output),
            ["critical 0", "findings 2", "quality_score 7.26"]
        );
        assert!(figures(&json!(null)).is_empty());
    }
}
