//! The report as JUnit XML: gates, agents and other blockers as test cases.
//!
//! A consumer that counts failures and errors comes to the same answer as the report: there are none
//! exactly when the verdict is `ready`. What only warns is shown as skipped, with its message.

use orchestrate_core::gate::{GateStatus, QualityGate};
use orchestrate_core::outcome::Outcome;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::report::{ReleaseReadinessReport, ReportedFinding, Verdict};

/// How many findings a test case quotes.
const QUOTED: usize = 50;

/// How a test case ended, with what it says.
enum State {
    Passed,
    /// It was measured and is bad.
    Failure(String),
    /// It could not be measured.
    Error(String),
    Skipped(String),
}

struct Case {
    name: String,
    class: String,
    seconds: f64,
    state: State,
    /// What a reader may want to see below it.
    output: String,
}

struct Suite {
    name: &'static str,
    cases: Vec<Case>,
}

impl Suite {
    fn count(&self, wanted: fn(&State) -> bool) -> usize {
        let states = self.cases.iter().map(|case| &case.state);
        states.filter(|state| wanted(state)).count()
    }
}

/// Renders the report as JUnit XML.
#[must_use]
pub fn junit(report: &ReleaseReadinessReport) -> String {
    let suites = [
        verdict(report),
        gates(report),
        agents(report),
        blockers(report),
    ];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = write(&mut writer, report, &suites);
    let mut text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

fn write(
    writer: &mut Writer<Vec<u8>>,
    report: &ReleaseReadinessReport,
    suites: &[Suite],
) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let total = |wanted: fn(&State) -> bool| -> String {
        suites
            .iter()
            .map(|suite| suite.count(wanted))
            .sum::<usize>()
            .to_string()
    };
    let time = seconds(report.wall_duration);
    writer
        .create_element("testsuites")
        .with_attributes([
            ("name", "release-prep"),
            ("tests", total(|_| true).as_str()),
            ("failures", total(is_failure).as_str()),
            ("errors", total(is_error).as_str()),
            ("time", time.as_str()),
        ])
        .write_inner_content(|writer| {
            let filled = suites.iter().filter(|suite| !suite.cases.is_empty());
            filled
                .into_iter()
                .try_for_each(|suite| write_suite(writer, report, suite))
        })?;
    Ok(())
}

fn write_suite(
    writer: &mut Writer<Vec<u8>>,
    report: &ReleaseReadinessReport,
    suite: &Suite,
) -> std::io::Result<()> {
    let count = |wanted: fn(&State) -> bool| suite.count(wanted).to_string();
    let time = seconds(suite.cases.iter().map(|case| case.seconds).sum());
    // The format has no time zone; ours is always UTC.
    let timestamp = report.timestamp.trim_end_matches('Z');
    writer
        .create_element("testsuite")
        .with_attributes([
            ("name", format!("release-prep.{}", suite.name).as_str()),
            ("tests", count(|_| true).as_str()),
            ("failures", count(is_failure).as_str()),
            ("errors", count(is_error).as_str()),
            (
                "skipped",
                count(|state| matches!(state, State::Skipped(_))).as_str(),
            ),
            ("time", time.as_str()),
            ("timestamp", valid(timestamp).as_str()),
        ])
        .write_inner_content(|writer| {
            suite
                .cases
                .iter()
                .try_for_each(|case| write_case(writer, case))
        })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case) -> std::io::Result<()> {
    let (name, class) = (valid(&case.name), valid(&case.class));
    let time = seconds(case.seconds);
    let element = writer.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", class.as_str()),
        ("time", time.as_str()),
    ]);
    let told = match &case.state {
        State::Passed => None,
        State::Failure(message) => Some(("failure", message)),
        State::Error(message) => Some(("error", message)),
        State::Skipped(message) => Some(("skipped", message)),
    };
    if told.is_none() && case.output.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|writer| {
        if let Some((name, message)) = told {
            let message = valid(message);
            let told = writer
                .create_element(name)
                .with_attribute(("message", message.as_str()));
            if name == "skipped" {
                told.write_empty()?;
            } else {
                told.with_attribute(("type", case.class.as_str()))
                    .write_text_content(BytesText::new(&message))?;
            }
        }
        if !case.output.is_empty() {
            let output = valid(&case.output);
            writer
                .create_element("system-out")
                .write_text_content(BytesText::new(&output))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn is_failure(state: &State) -> bool {
    matches!(state, State::Failure(_))
}

fn is_error(state: &State) -> bool {
    matches!(state, State::Error(_))
}

fn seconds(time: f64) -> String {
    format!("{time:.3}")
}

/// The text without the characters that XML cannot hold in any form.
fn valid(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}

fn verdict(report: &ReleaseReadinessReport) -> Suite {
    let state = match report.verdict {
        Verdict::Ready => State::Passed,
        Verdict::NotReady => State::Failure(report.summary.clone()),
        Verdict::Undecided => State::Error(report.summary.clone()),
    };
    let open = report.not_measured.iter().map(|item| {
        format!(
            "not measured: {}: {} ({})\n",
            item.what, item.why, item.how_to_measure
        )
    });
    let warnings = report
        .warnings
        .iter()
        .map(|warning| format!("warning: {warning}\n"));
    Suite {
        name: "verdict",
        cases: vec![Case {
            name: "ready to be released".to_owned(),
            class: "release-prep.verdict".to_owned(),
            seconds: report.wall_duration,
            state,
            output: warnings.chain(open).collect(),
        }],
    }
}

fn gates(report: &ReleaseReadinessReport) -> Suite {
    let cases = report.quality_gates.iter().map(|gate| Case {
        name: gate.name.clone(),
        class: format!("release-prep.gates.{}", gate.metric),
        seconds: 0.0,
        state: gate_state(gate, report),
        output: match gate.metric.as_str() {
            "critical_issues" => quoted(report.findings.iter().filter(|finding| {
                finding.severity <= orchestrate_analysis::finding::Severity::High
            })),
            _ => String::new(),
        },
    });
    Suite {
        name: "gates",
        cases: cases.collect(),
    }
}

fn gate_state(gate: &QualityGate, report: &ReleaseReadinessReport) -> State {
    let message = gate.message.clone();
    match gate.status {
        GateStatus::Passed => State::Passed,
        GateStatus::Failed if report.blockers.contains(&gate.message) => State::Failure(message),
        GateStatus::NotMeasured if gate.critical => State::Error(message),
        GateStatus::Failed | GateStatus::NotMeasured => {
            State::Skipped(format!("warning only: {message}"))
        }
    }
}

fn agents(report: &ReleaseReadinessReport) -> Suite {
    let cases = report.agent_results.iter().map(|(id, agent)| Case {
        name: id.to_string(),
        class: "release-prep.agents".to_owned(),
        seconds: agent.duration_ms / 1e3,
        state: match (&agent.outcome, &agent.error) {
            (Outcome::Succeeded, _) => State::Passed,
            (Outcome::Skipped { .. }, error) => {
                State::Skipped(error.clone().unwrap_or_else(|| "skipped".to_owned()))
            }
            (outcome, error) => State::Error(match error {
                Some(error) => error.clone(),
                None => outcome.word().replace('_', " "),
            }),
        },
        output: quoted(
            report
                .findings
                .iter()
                .filter(|finding| finding.agent == *id),
        ),
    });
    Suite {
        name: "agents",
        cases: cases.collect(),
    }
}

/// What blocks beside the gates and the agents themselves, for example tests that fail.
fn blockers(report: &ReleaseReadinessReport) -> Suite {
    let told = |blocker: &&String| {
        let by_gate = report
            .quality_gates
            .iter()
            .any(|gate| gate.message == **blocker);
        let mut agents = report.agent_results.keys();
        let by_agent = agents.any(|id| blocker.starts_with(&format!("agent `{id}` ")));
        !by_gate && !by_agent
    };
    let cases = report.blockers.iter().filter(told).map(|blocker| Case {
        name: blocker.clone(),
        class: "release-prep.blockers".to_owned(),
        seconds: 0.0,
        state: State::Failure(blocker.clone()),
        output: String::new(),
    });
    Suite {
        name: "blockers",
        cases: cases.collect(),
    }
}

fn quoted<'a>(findings: impl Iterator<Item = &'a ReportedFinding>) -> String {
    let mut lines: Vec<String> = findings
        .map(|finding| {
            format!(
                "{}:{}:{}: {}: {} ({})\n",
                finding.path,
                finding.line,
                finding.column,
                finding.severity.as_str(),
                finding.message,
                finding.rule_id
            )
        })
        .collect();
    let more = lines.len().saturating_sub(QUOTED);
    lines.truncate(QUOTED);
    if more > 0 {
        lines.push(format!("and {more} more\n"));
    }
    lines.concat()
}
