//! The report of a release preparation, as a pure fold over what its run gave.

use std::collections::{BTreeMap, BTreeSet};

use orchestrate_analysis::finding::Severity;
use orchestrate_core::gate::{GateStatus, QualityGate};
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;

use super::inputs::{RELEASE_AGENTS, ReleasePrep};
use crate::answers::{Bounds, NoValue, Results, evidence, unsuccessful};
use crate::error::WorkflowError;
use crate::external::merge_across;
use crate::gates::{CRITICAL_ISSUES, ReleaseGate};
use crate::report::{Ignored, NotMeasured, REPORT_SCHEMA, ReleaseReadinessReport, ReportedFinding};
use crate::scope::{Scope, narrow};
use crate::verdict::{Facts, decide};

/// What the report is about; nothing here reads a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The repository, as the user gave it.
    pub path: String,
    /// When the report is made, in RFC 3339.
    pub timestamp: String,
    /// What its findings are limited to.
    pub scope: Scope,
}

impl ReleasePrep {
    /// Makes the report of a run of this workflow's plan. It may also be folded while the run is
    /// under way or after it was cancelled: what is missing is told as not measured.
    ///
    /// # Errors
    /// When a threshold is not usable; the plan would not have been made either.
    pub fn report(
        &self,
        run: &RunReport,
        subject: Subject,
    ) -> Result<ReleaseReadinessReport, WorkflowError> {
        let gates = self.thresholds.gates()?;
        let mut of_run = Results::of(run);

        let mut findings = Vec::new();
        let mut ignored = Vec::new();
        let order = self.in_order(&of_run);
        for id in &order {
            if let Some(answer) = of_run.answers.get_mut(id) {
                findings.append(&mut answer.findings);
                add_up(&mut ignored, &mut answer.ignored);
            }
        }
        merge_across(&mut findings);
        sort_worst_first(&mut findings);
        let critical = count_critical(&findings);
        let scope = narrow(&mut findings, &subject.scope, |agent, tool| {
            of_run
                .answers
                .get(agent)
                .is_some_and(|answer| tool.is_none_or(|tool| answer.ran(tool)))
        });
        let known_critical = critical - count_critical(&findings);

        let mut not_measured = Vec::new();
        let mut judged = Vec::new();
        for gate in &gates {
            let mut value = self.value(gate, &of_run);
            if gate.rule.metric == CRITICAL_ISSUES {
                value = value.map(|value| (value - known_critical as f64).max(0.0));
            }
            let NoValue { why, how } = value.as_ref().err().cloned().unwrap_or_default();
            let evidence = of_run.results.get(gate.agent).map(|r| r.evidence.clone());
            let gate = gate
                .rule
                .judge(value.ok(), &why, evidence.unwrap_or_default());
            if gate.status == GateStatus::NotMeasured {
                not_measured.push(NotMeasured {
                    what: gate.metric.clone(),
                    why,
                    how_to_measure: how,
                });
            }
            judged.push(gate);
        }
        let mut facts = self.facts(judged, &of_run.results);
        for id in &order {
            let Some(answer) = of_run.answers.get_mut(id) else {
                continue;
            };
            facts.blockers.append(&mut answer.blockers);
            facts.warnings.append(&mut answer.warnings);
            not_measured.append(&mut answer.not_measured);
        }
        let mut told = BTreeSet::new();
        not_measured.retain(|item| told.insert(item.what.clone()));
        facts.warnings.extend(beside_the_scope(known_critical));
        // An agent that did not run may have had something for a rule.
        if RELEASE_AGENTS
            .iter()
            .all(|id| of_run.answers.contains_key(id))
        {
            facts.warnings.extend(ignored.iter().filter_map(idle));
        }

        facts.gaps = !not_measured.is_empty();
        let gates = facts.gates.clone();
        let decision = decide(facts);
        Ok(ReleaseReadinessReport {
            schema: REPORT_SCHEMA.to_owned(),
            path: subject.path,
            verdict: decision.verdict,
            approved: decision.verdict == crate::report::Verdict::Ready,
            confidence: decision.confidence,
            quality_gates: gates,
            agent_results: of_run.summaries(),
            blockers: decision.blockers,
            warnings: decision.warnings,
            not_measured,
            summary: decision.summary,
            findings,
            scope,
            ignored,
            timestamp: subject.timestamp,
            wall_duration: run.wall_us as f64 / 1e6,
            summed_duration: run.summed_us as f64 / 1e6,
            evidence: evidence(run),
        })
    }

    /// The value of a gate, or why there is none and how there would be one.
    fn value(&self, gate: &ReleaseGate, of_run: &Results<'_>) -> Result<f64, NoValue> {
        let (agent, metric) = (gate.agent, gate.rule.metric.as_str());
        if !self.agents.iter().any(|id| id == agent) {
            return Err(NoValue::new(
                format!("`{agent}` was not among the selected agents"),
                format!("add `{agent}` to `--agents`"),
            ));
        }
        let (value, bounds) = of_run.metric(agent, metric)?;
        decided(gate, value, bounds)
    }

    /// What the agents' outcomes say, whatever their outputs do.
    fn facts(&self, gates: Vec<QualityGate>, results: &BTreeMap<&str, &AgentResult>) -> Facts {
        let mut facts = Facts {
            gates,
            fail_on: self.fail_on,
            ..Facts::default()
        };
        for id in &self.agents {
            match results.get(id.as_str()) {
                None => facts
                    .unfinished_agents
                    .push(format!("agent `{id}` did not run")),
                Some(result) => {
                    let Some(error) = unsuccessful(result) else {
                        continue;
                    };
                    // That nobody can run an agent, or that it was stopped from outside, says
                    // nothing about the repository: it leaves the verdict open.
                    match &result.outcome {
                        Outcome::Failed { class, .. } if *class != FailureClass::NotExecuted => {
                            facts.failed_agents.push(error);
                        }
                        _ => facts.unfinished_agents.push(error),
                    }
                }
            }
        }
        facts
    }

    /// Agents as they were selected, then any others that ran.
    fn in_order<'a>(&'a self, of_run: &Results<'a>) -> Vec<&'a str> {
        let selected = self.agents.iter().map(String::as_str);
        let others = of_run
            .results
            .keys()
            .copied()
            .filter(|id| !self.agents.iter().any(|selected| selected == id));
        selected.chain(others).collect()
    }
}

/// Critical findings of the security auditor; only these are what the gate counts.
fn count_critical(findings: &[ReportedFinding]) -> usize {
    let of_the_gate = |finding: &&ReportedFinding| {
        finding.severity == Severity::Critical && finding.agent.as_str() == "security_auditor"
    };
    findings.iter().filter(of_the_gate).count()
}

/// Adds what an agent ignored to what others did: each knows all rules, in their order.
fn add_up(all: &mut Vec<Ignored>, more: &mut Vec<Ignored>) {
    if all.is_empty() {
        std::mem::swap(all, more);
        return;
    }
    for (sum, one) in all.iter_mut().zip(more.iter()) {
        sum.findings += one.findings;
    }
}

/// Critical findings that the scope leaves out must not look as if they were mended.
fn beside_the_scope(critical: usize) -> Option<String> {
    (critical > 0).then(|| {
        format!("critical findings outside of the scope of this report, not counted by its gate: {critical}")
    })
}

/// A rule that leaves nothing out may have been meant for something that is not there any more.
fn idle(ignored: &Ignored) -> Option<String> {
    (ignored.findings == 0).then(|| {
        format!(
            "the ignore rule for `{}` in `{}` leaves nothing out",
            ignored.rule, ignored.path
        )
    })
}

/// The value, unless it is known between two ends only and the threshold lies between them.
fn decided(gate: &ReleaseGate, value: f64, bounds: Option<&Bounds>) -> Result<f64, NoValue> {
    let Some(bounds) = bounds else {
        return Ok(value);
    };
    let passes = |value| gate.rule.judge(Some(value), "", vec![]).passed;
    if passes(bounds.least) == passes(value) && passes(bounds.most) == passes(value) {
        return Ok(value);
    }
    let (least, most) = (bounds.least, bounds.most);
    Err(NoValue::new(
        format!("it lies between {least:.1} and {most:.1}: {}", bounds.why),
        &bounds.how_to_measure,
    ))
}

fn sort_worst_first(findings: &mut [ReportedFinding]) {
    findings.sort_by(|a, b| {
        let key = |f: &ReportedFinding| (f.severity, f.confidence);
        let place = |f: &ReportedFinding| (f.line, f.column);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.path.cmp(&b.path))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.rule_id.cmp(&b.rule_id))
    });
}
