//! The result of a composed run for people: what became of each agent, and its headline figures.

use std::collections::HashMap;

use orchestrate_core::gate::{GateStatus, QualityGate};
use orchestrate_core::outcome::{Outcome, SkipReason};
use orchestrate_core::result::{AgentResult, StrategyResult, WorkResult, Worker};
use orchestrate_strategies::definition::says_no;
use serde_json::Value;

use super::measured::state;
use super::page::Page;
use super::release::gate_state;
use super::short::Short;
use super::text::{counted, duration, estimate_of, spent};

/// How many errors and unmeasured things are shown; the document holds all of them.
const ITEMS: usize = 10;

/// How many findings of each agent are shown.
const FINDINGS: usize = 5;

/// Characters of an output that are shown; the document holds all of it.
const OUTPUT: usize = 400;

/// What stands beside the outputs of a workflow and is told in words.
const ABOUT_OUTPUTS: [&str; 3] = ["_answer", "_absent", "_undecided"];

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(OUTPUT).collect();
    if shown.len() < text.len() {
        shown.push_str(" …");
    }
    shown
}

/// The result as a page of so many columns. What a workflow gives is shown; what a strategy made of its parts is in the document.
pub(crate) fn run(
    task: &str,
    result: &StrategyResult,
    gates: &[QualityGate],
    has_outputs: bool,
    width: usize,
) -> String {
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
    for reached in &result.limits {
        if let Some(short) = Short::of(reached) {
            page.text(9, &short.told);
        }
    }
    let with = |status| gates.iter().filter(|gate| gate.status == status).count();
    let (failed, open) = (with(GateStatus::Failed), with(GateStatus::NotMeasured));
    if failed > 0 {
        let failed = counted(failed, "quality gate");
        page.text(9, &format!("the answer is no: {failed} failed"));
    } else if open > 0 {
        let open = counted(open, "quality gate");
        page.text(9, &format!("the answer is open: {open} not measured"));
    }
    if has_outputs {
        outputs(&mut page, &result.aggregated_output);
    }
    if !gates.is_empty() {
        page.section("QUALITY GATES");
        for gate in gates {
            let (style, sign) = gate_state(gate);
            let (told, why) = gate.message.split_once(": ").unwrap_or((&gate.message, ""));
            page.state(style, sign, told);
            if !why.is_empty() {
                page.text(9, why);
            }
        }
    }
    recommendations(&mut page, &result.aggregated_output);
    if !result.outputs.is_empty() {
        page.section("AGENTS");
        agents(&mut page, &result.outputs);
    }
    if !result.work.is_empty() {
        page.section("TOOLS AND DECISIONS");
        for work in &result.work {
            work_lines(&mut page, work);
        }
    }
    if !result.pending.is_empty() {
        page.section("WAITS FOR A DECISION");
        for request in &result.pending {
            let step = request.step.as_str();
            page.hanging(2, &format!("{}: ", request.step), &request.question);
            let decisions = request.decisions.join(", ");
            page.text(
                9,
                &format!("decide with `--decide {step}=...` ({decisions})"),
            );
        }
    }
    page.gap();
    let usage = &result.usage;
    page.text(
        2,
        &format!(
            "Used: {}, {}",
            counted(usage.calls, "attempt"),
            spent(usage).unwrap_or_else(|| "0 tokens".to_owned())
        ),
    );
    if let Some(why) = estimate_of(usage) {
        page.text(8, &why);
    }
    if let Some(planning) = spent(&result.planning) {
        page.text(8, &format!("of it for planning: {planning}"));
    }
    if usage.unpriced_tokens > 0 {
        let unpriced = counted(usage.unpriced_tokens, "token");
        page.text(
            8,
            &format!("{unpriced} of unknown price, which are not in the cost"),
        );
    }
    let mail = &result.mail;
    if !mail.is_empty() {
        let told = format!(
            "Messages: {} sent, {} delivered, {} undelivered, {} refused",
            mail.sent, mail.delivered, mail.undelivered, mail.refused
        );
        page.text(2, &told);
    }
    let (wall, summed) = (result.wall_ms / 1e3, result.summed_ms / 1e3);
    page.text(2, &format!("Time: {} by the clock", duration(wall)));
    if !result.outputs.is_empty() {
        page.text(8, &format!("{} summed over the agents", duration(summed)));
    }
    page.finish()
}

/// What a workflow gives, and what its `fail_when` came to, which decides the exit status.
fn outputs(page: &mut Page, output: &Value) {
    if says_no(output) {
        page.text(9, "the answer is no: `fail_when` holds");
    }
    let undecided = output.get("_undecided").and_then(Value::as_array);
    for why in undecided.into_iter().flatten().filter_map(Value::as_str) {
        page.text(9, &format!("`fail_when` could not be decided: {why}"));
    }
    let given = output.as_object().into_iter().flatten();
    let mut given = given.filter(|(name, _)| !ABOUT_OUTPUTS.contains(&name.as_str()));
    let Some(first) = given.next() else { return };
    page.section("OUTPUTS");
    for (name, value) in std::iter::once(first).chain(given) {
        let absent = output.get("_absent").and_then(|it| it.get(name)?.as_str());
        let text = match (value, absent) {
            (_, Some(why)) => format!("none, because {why}"),
            (Value::String(text), None) => shortened(text),
            (other, None) => shortened(&other.to_string()),
        };
        page.hanging(2, "- ", &format!("{name}: {text}"));
    }
}

/// A tool's call or a person's decision: who, how it ended, and what it came to in one line.
fn work_lines(page: &mut Page, work: &WorkResult) {
    let (style, sign) = state(&work.outcome);
    let word = work.outcome.word().replace('_', " ");
    let time = match work.attempts {
        0 => "not run".to_owned(),
        _ => duration(work.duration_ms / 1e3),
    };
    let who = match &work.worker {
        Worker::Tool(tool) => format!("{} ({tool})", work.step),
        Worker::Agent(_) | Worker::Approver(_) => work.step.to_string(),
    };
    page.state(style, sign, &format!("{who:<25} {word:<13} {time:>9}"));
    if let Some(error) = &work.error {
        page.text(9, error);
    }
    let part = |name: &str| work.output.get(name).filter(|value| !value.is_null());
    let shown = ["decision", "by", "comment", "exit_code"];
    let shown: Vec<String> = shown
        .iter()
        .filter_map(|name| Some((name, part(name)?)))
        .map(|(name, value)| match value {
            Value::String(text) => format!("{} {text}", name.replace('_', " ")),
            other => format!("{} {other}", name.replace('_', " ")),
        })
        .collect();
    if !shown.is_empty() {
        page.text(9, &shown.join(", "));
    }
}

/// What several agents found, joined and ranked, if the plan joins it.
fn recommendations(page: &mut Page, output: &Value) {
    let all = output.get("recommendations").and_then(Value::as_array);
    let ranked: Vec<&Value> = all
        .into_iter()
        .flatten()
        .filter(|it| it.get("priority").is_some())
        .collect();
    if ranked.is_empty() {
        return;
    }
    page.section("WHAT COMES FIRST");
    for advice in ranked.iter().take(FINDINGS) {
        let part = |name: &str| advice.get(name).and_then(Value::as_str).unwrap_or_default();
        let agents = advice.get("agents").and_then(Value::as_array);
        let agents = agents.into_iter().flatten().filter_map(Value::as_str);
        let by = agents.collect::<Vec<_>>().join(", ");
        let place = part("path");
        let place = if place.is_empty() {
            by
        } else {
            format!("{place} ({by})")
        };
        page.hanging(2, &format!("{:<9}", part("severity")), &place);
        page.text(11, part("message"));
    }
}

/// Results of one agent that say the same.
struct Alike<'a> {
    first: &'a AgentResult,
    times: u32,
    duration_ms: f64,
}

/// What became of the agents. What an agent said again in other rounds is told once, and ways that were not
/// taken are only counted.
fn agents(page: &mut Page, results: &[AgentResult]) {
    let mut places = HashMap::new();
    let mut groups: Vec<Alike<'_>> = Vec::new();
    let mut not_taken = 0;
    for result in results {
        if let Outcome::Skipped {
            reason: SkipReason::NotTaken,
        } = result.outcome
        {
            not_taken += 1;
            continue;
        }
        let said = said(&result.output);
        let key = (&result.agent_id, result.outcome.word(), &result.error, said);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(alike) => {
                alike.times += 1;
                alike.duration_ms += result.duration_ms;
            }
            None => groups.push(Alike {
                first: result,
                times: 1,
                duration_ms: result.duration_ms,
            }),
        }
    }
    for alike in &groups {
        agent_lines(page, alike);
    }
    if not_taken > 0 {
        let told = counted(not_taken, "step");
        page.text(2, &format!("{told} not run: on ways that were not taken"));
    }
}

/// What of an output is shown; the rest of it, times for example, may differ.
fn said(output: &Value) -> String {
    let parts = ["summary", "findings", "not_measured"].map(|name| output.get(name));
    format!("{parts:?} {:?}", figures(output))
}

fn agent_lines(page: &mut Page, alike: &Alike<'_>) {
    let agent = alike.first;
    let (style, sign) = state(&agent.outcome);
    let word = agent.outcome.word().replace('_', " ");
    let time = match agent.attempts {
        0 => "not run".to_owned(),
        _ => duration(alike.duration_ms / 1e3),
    };
    let times = match alike.times {
        1 => String::new(),
        n => format!("  {n} times"),
    };
    let id = agent.agent_id.as_str();
    page.state(
        style,
        sign,
        &format!("{id:<25} {word:<13} {time:>9}{times}"),
    );
    if let Some(error) = &agent.error {
        page.text(9, error);
    }
    let summary = agent.output.get("summary").and_then(Value::as_str);
    if let Some(summary) = summary {
        page.text(9, summary);
    }
    let figures = figures(&agent.output);
    if !figures.is_empty() {
        page.text(9, &figures.join(", "));
    }
    findings(page, &agent.output);
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

/// The worst findings of an agent that has some.
fn findings(page: &mut Page, output: &Value) {
    const WORST_FIRST: [&str; 5] = ["critical", "high", "medium", "low", "info"];
    let rank = |finding: &&Value| {
        let severity = finding.get("severity").and_then(Value::as_str);
        WORST_FIRST.iter().position(|word| Some(*word) == severity)
    };
    let all = output.get("findings").and_then(Value::as_array);
    let mut all: Vec<&Value> = all.into_iter().flatten().collect();
    all.sort_by_key(|finding| rank(finding).unwrap_or(WORST_FIRST.len()));
    for finding in all.iter().take(FINDINGS) {
        let part = |name: &str| {
            finding
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let number = |name: &str| {
            finding
                .get(name)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        let place = format!("{}:{}:{}", part("path"), number("line"), number("column"));
        page.hanging(9, &format!("{:<9}", part("severity")), &place);
        page.text(18, &format!("{} ({})", part("message"), part("rule_id")));
    }
    if all.len() > FINDINGS {
        let more = all.len() - FINDINGS;
        page.text(9, &format!("and {more} more; `--json` lists all"));
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
    fn the_worst_findings_are_shown_first_and_the_rest_is_counted() {
        let finding = |severity: &str, line: u32| {
            json!({"severity": severity, "path": "a.py", "line": line, "column": 1,
                "message": "found", "rule_id": "r"})
        };
        let mut all = vec![
            finding("low", 1),
            finding("critical", 2),
            finding("medium", 3),
        ];
        all.extend((4..8).map(|line| finding("info", line)));
        let mut page = Page::new(70, "T");
        findings(&mut page, &json!({ "findings": all }));
        let text = anstream::adapter::strip_str(&page.finish()).to_string();
        let places: Vec<_> = text
            .split_whitespace()
            .filter(|word| word.starts_with("a.py"))
            .collect();
        assert_eq!(
            places,
            ["a.py:2:1", "a.py:3:1", "a.py:1:1", "a.py:4:1", "a.py:5:1"]
        );
        assert!(text.contains("and 2 more"), "{text}");
    }

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
