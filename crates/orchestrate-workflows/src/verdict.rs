//! From gates and statements to the verdict: a pure fold, and the only place that decides.
//!
//! | what is known | verdict |
//! |---|---|
//! | a binding gate failed, an agent failed, or an agent states a blocker | `not_ready` |
//! | none of these, but a binding gate was not measured or an agent did not finish | `undecided` |
//! | every binding gate passed and every agent succeeded | `ready` |
//!
//! A gate binds when it is critical; with [`FailOn::Warn`] every gate does. How many tests there
//! are, or how many agents said something pleasant, decides nothing.

use orchestrate_core::gate::{GateStatus, QualityGate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::{Confidence, Verdict};

/// Which gates block a release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailOn {
    /// Critical ones.
    #[default]
    Critical,
    /// All of them: a failed gate blocks, one that was not measured leaves the verdict open.
    Warn,
}

/// What is known when the run is over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The judged gates.
    pub gates: Vec<QualityGate>,
    /// Agents that failed, one sentence each.
    pub failed_agents: Vec<String>,
    /// Agents that were selected and did not finish for another reason, one sentence each.
    pub unfinished_agents: Vec<String>,
    /// What agents measured that must block a release beside the gates.
    pub blockers: Vec<String>,
    /// What agents warn of.
    pub warnings: Vec<String>,
    /// Whether anything beside the gates was not measured.
    pub gaps: bool,
    /// Which gates block.
    pub fail_on: FailOn,
}

/// What follows from the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// How sure it is; [`Confidence`] says what that means.
    pub confidence: Confidence,
    /// Why not, one sentence each; empty unless it is `not_ready`.
    pub blockers: Vec<String>,
    /// What blocks nothing, one sentence each.
    pub warnings: Vec<String>,
    /// The verdict and its main reasons in one or two sentences.
    pub summary: String,
}

/// Decides.
#[must_use]
pub fn decide(facts: Facts) -> Decision {
    let binds = |gate: &&QualityGate| gate.critical || facts.fail_on == FailOn::Warn;
    let of = |status| facts.gates.iter().filter(move |gate| gate.status == status);
    let measured_blockers: Vec<String> = of(GateStatus::Failed)
        .filter(binds)
        .map(|gate| gate.message.clone())
        .chain(facts.blockers.iter().cloned())
        .collect();
    let open: Vec<String> = of(GateStatus::NotMeasured)
        .filter(binds)
        .map(|gate| gate.message.clone())
        .chain(facts.unfinished_agents.iter().cloned())
        .collect();
    let warnings: Vec<String> = of(GateStatus::Failed)
        .filter(|gate| !binds(gate))
        .map(|gate| gate.message.clone())
        .chain(facts.warnings.iter().cloned())
        .collect();

    let measured = !measured_blockers.is_empty();
    let whole = !facts.gaps && of(GateStatus::NotMeasured).next().is_none();
    let mut blockers = measured_blockers;
    blockers.extend(facts.failed_agents.iter().cloned());
    let (verdict, confidence) = if measured {
        (Verdict::NotReady, Confidence::High)
    } else if !blockers.is_empty() {
        (Verdict::NotReady, Confidence::Low)
    } else if !open.is_empty() || !facts.gates.iter().any(|gate| binds(&gate)) {
        // Without a single binding gate nothing was asked, so nothing can be approved.
        (Verdict::Undecided, Confidence::Low)
    } else if warnings.is_empty() && whole {
        (Verdict::Ready, Confidence::High)
    } else {
        (Verdict::Ready, Confidence::Medium)
    };
    let passed = of(GateStatus::Passed).filter(binds).count();
    let summary = match verdict {
        Verdict::Ready => ready_summary(passed, warnings.len()),
        Verdict::NotReady => told("Not ready", &blockers),
        Verdict::Undecided if open.is_empty() => "Undecided: no gate was judged.".to_owned(),
        Verdict::Undecided => told("Undecided", &open),
    };
    Decision {
        verdict,
        confidence,
        blockers,
        warnings,
        summary,
    }
}

fn ready_summary(passed: usize, warnings: usize) -> String {
    let gates = format!("Ready: all {passed} gates that block a release passed");
    match warnings {
        0 => format!("{gates}."),
        1 => format!("{gates}, with 1 warning."),
        more => format!("{gates}, with {more} warnings."),
    }
}

/// The first reason in full, and how many more there are.
fn told(head: &str, reasons: &[String]) -> String {
    let first = reasons.first().map_or("", String::as_str);
    let first = first.trim_end_matches('.');
    match reasons.len().saturating_sub(1) {
        0 => format!("{head}: {first}."),
        1 => format!("{head}: {first}; and 1 more reason."),
        more => format!("{head}: {first}; and {more} more reasons."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::gate::{Direction, GateRule};

    fn gate(critical: bool, status: GateStatus) -> QualityGate {
        let rule = GateRule {
            name: "Test coverage".into(),
            metric: "coverage_percent".into(),
            threshold: 80.0,
            direction: Direction::AtLeast,
            critical,
        };
        let value = match status {
            GateStatus::Passed => Some(90.0),
            GateStatus::Failed => Some(10.0),
            GateStatus::NotMeasured => None,
        };
        rule.judge(value, "no report was found", vec![])
    }

    const STATES: [GateStatus; 3] = [
        GateStatus::Passed,
        GateStatus::Failed,
        GateStatus::NotMeasured,
    ];

    /// Every combination of two critical gates, one other gate, agents and statements.
    fn every_case(mut check: impl FnMut(&Facts, &Decision)) -> usize {
        let mut cases = 0;
        for first in STATES {
            for second in STATES {
                for third in STATES {
                    for bits in 0..64u32 {
                        let flag = |bit: u32| bits & (1 << bit) != 0;
                        let text = |on: bool, word: &str| {
                            on.then(|| word.to_owned()).into_iter().collect::<Vec<_>>()
                        };
                        let facts = Facts {
                            gates: vec![gate(true, first), gate(true, second), gate(false, third)],
                            failed_agents: text(flag(0), "agent `x` failed"),
                            unfinished_agents: text(flag(1), "agent `y` was cancelled"),
                            blockers: text(flag(2), "tests prove nothing"),
                            warnings: text(flag(3), "no licence"),
                            gaps: flag(4),
                            fail_on: if flag(5) {
                                FailOn::Warn
                            } else {
                                FailOn::Critical
                            },
                        };
                        let decision = decide(facts.clone());
                        check(&facts, &decision);
                        cases += 1;
                    }
                }
            }
        }
        cases
    }

    #[test]
    fn ready_only_if_everything_that_binds_was_measured_and_passed() {
        let mut ready = 0;
        let cases = every_case(|facts, decision| {
            let bound = |gate: &QualityGate| gate.critical || facts.fail_on == FailOn::Warn;
            let all_pass = facts
                .gates
                .iter()
                .filter(|gate| bound(gate))
                .all(|gate| gate.status == GateStatus::Passed);
            let expected = all_pass
                && facts.failed_agents.is_empty()
                && facts.unfinished_agents.is_empty()
                && facts.blockers.is_empty();
            assert_eq!(decision.verdict == Verdict::Ready, expected, "{facts:?}");
            ready += usize::from(expected);
        });
        assert_eq!((cases, ready), (1728, 16));
    }

    #[test]
    fn a_measured_failure_outweighs_what_is_open() {
        every_case(|facts, decision| {
            let bound = |gate: &QualityGate| gate.critical || facts.fail_on == FailOn::Warn;
            let blocked = facts
                .gates
                .iter()
                .any(|gate| bound(gate) && gate.status == GateStatus::Failed)
                || !facts.failed_agents.is_empty()
                || !facts.blockers.is_empty();
            assert_eq!(decision.verdict == Verdict::NotReady, blocked, "{facts:?}");
            assert_eq!(decision.blockers.is_empty(), !blocked);
        });
    }

    #[test]
    fn high_confidence_means_that_measuring_more_changes_nothing() {
        every_case(|facts, decision| {
            if decision.confidence != Confidence::High {
                return;
            }
            // Whatever was open turns out well or badly: the verdict stays.
            for status in [GateStatus::Passed, GateStatus::Failed] {
                let mut more = facts.clone();
                more.unfinished_agents.clear();
                more.gaps = false;
                for other in &mut more.gates {
                    if other.status == GateStatus::NotMeasured {
                        *other = gate(other.critical, status);
                    }
                }
                assert_eq!(decide(more).verdict, decision.verdict, "{facts:?}");
            }
        });
    }

    #[test]
    fn no_gate_at_all_approves_nothing() {
        let decision = decide(Facts::default());
        assert_eq!(decision.verdict, Verdict::Undecided);
        assert_eq!(decision.summary, "Undecided: no gate was judged.");
    }

    #[test]
    fn the_summary_names_the_first_reason() {
        let facts = Facts {
            gates: vec![
                gate(true, GateStatus::Failed),
                gate(false, GateStatus::Failed),
            ],
            failed_agents: vec!["agent `x` failed: no".into()],
            ..Facts::default()
        };
        let decision = decide(facts.clone());
        expect_test::expect![
            "Not ready: Test coverage is 10, wanted at least 80; and 1 more reason."
        ]
        .assert_eq(&decision.summary);
        assert_eq!(decision.warnings.len(), 1);
        let strict = decide(Facts {
            fail_on: FailOn::Warn,
            ..facts
        });
        assert_eq!((strict.blockers.len(), strict.warnings.len()), (3, 0));
        let open = decide(Facts {
            gates: vec![gate(true, GateStatus::NotMeasured)],
            ..Facts::default()
        });
        expect_test::expect!["Undecided: Test coverage was not measured: no report was found."]
            .assert_eq(&open.summary);
    }
}
