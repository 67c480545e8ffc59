//! What a debate gives: opinions per round, conflicts, consensus, synthesis.

use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::strategy::{Aggregate, Part};
use orchestrate_core::task::Context;
use serde_json::{Value, json};

use super::super::common;
use super::super::opinion::{Camp, camps, opinion};
use super::compose::{ConflictPolicy, DECISION_STEP, Debate, SYNTHESIS_STEP};
use super::vote::tally;

/// What everyone gave in a round, by step name; who gave nothing is not there.
fn voiced(parts: &[Part]) -> Context {
    parts
        .iter()
        .filter(|part| !part.output.is_null())
        .map(|part| (part.name.clone(), common::output(Some(part))))
        .collect()
}

/// One round: it has succeeded when anybody has an opinion.
pub(super) fn round(parts: &[Part], outcome: Outcome) -> Aggregate {
    let spoken = parts.iter().any(|part| opinion(part).is_some());
    Aggregate {
        outcome: if spoken && !common::interrupted(&outcome) {
            Outcome::Succeeded
        } else {
            outcome
        },
        output: json!({
            "opinions": voiced(parts),
            "conflict": camps(parts).len() > 1,
        }),
        confidence: common::mean_confidence(parts),
    }
}

/// The whole debate, by the last round in which anybody took part.
pub(super) fn debate(debate: &Debate, parts: &[Part], outcome: Outcome) -> Aggregate {
    let policy = debate.conflict_policy();
    let rounds: Vec<&[Part]> = parts
        .iter()
        .filter(|part| ![SYNTHESIS_STEP, DECISION_STEP].contains(&part.name.as_str()))
        .filter(|part| part.parts.iter().any(common::ran))
        .map(|part| part.parts.as_slice())
        .collect();
    let last = rounds.last().copied().unwrap_or_default();
    let closing = parts.iter().find(|part| part.name == SYNTHESIS_STEP);
    let camps = camps(last);
    let decided = common::part(parts, DECISION_STEP).and_then(common::taken);
    let decision = decided.and_then(|part| part.output.get("decision")?.as_str());
    let chosen = decision.and_then(|name| common::part(last, name));
    let arbiter = match policy {
        ConflictPolicy::Human => chosen,
        _ => closing,
    };
    let tally = tally(policy, &camps, last.len(), arbiter);
    let leading = tally.leading;
    let arbitrated = matches!(policy, ConflictPolicy::Arbitrate(_));
    let winner = match (tally.reached, arbitrated) {
        (false, _) => None,
        (true, true) => closing.and_then(opinion),
        (true, false) => leading.map(|camp| camp.opinion.clone()),
    };
    let votes = leading
        .or(tally.tied.first().copied())
        .map_or(0, |camp| camp.holders.len());
    let synthesis = match closing {
        Some(part) => Some(part).filter(|part| part.outcome.is_success()),
        None => leading.filter(|_| tally.reached).and_then(Camp::speaker),
    };
    let avg_confidence = common::mean_confidence(last);
    let mut consensus = json!({
        "consensus_reached": tally.reached,
        "reached": tally.reached,
        "success_votes": votes,
        "total_votes": last.len(),
        "avg_confidence": avg_confidence,
        "policy": policy,
        "winner": winner,
    });
    if let Some(person) = decided {
        common::put(&mut consensus, "decided_by", common::output(Some(person)));
    }
    if let (Value::Object(map), false) = (&mut consensus, tally.tied.is_empty()) {
        let tied: Vec<&Value> = tally.tied.iter().map(|camp| &camp.opinion).collect();
        map.insert("tied".to_owned(), json!(tied));
    }
    let output = json!({
        "debate_participants": last.iter().map(common::label).collect::<Vec<_>>(),
        "opinions": rounds.iter().map(|round| voiced(round)).collect::<Vec<_>>(),
        "conflicts": conflicts(&camps),
        "consensus": consensus,
        "synthesis": synthesis.map(|part| part.output.as_ref()),
    });
    Aggregate {
        outcome: if common::interrupted(&outcome) {
            outcome
        } else if !tally.reached && decided.is_some_and(|part| !part.outcome.is_success()) {
            // The person decided for nobody, or nobody decided in time.
            decided.map_or(outcome, |part| part.outcome.clone())
        } else if !tally.reached {
            Outcome::failed(
                FailureClass::Policy,
                no_consensus(policy, votes, last.len()),
            )
        } else if closing.is_some_and(|part| !part.outcome.is_success()) {
            // The participants agree, but nobody joined what they said.
            let succeeded = last.iter().filter(|part| part.outcome.is_success()).count();
            Outcome::Partial {
                succeeded: count(succeeded),
                total: count(last.len() + 1),
            }
        } else {
            Outcome::Succeeded
        },
        output,
        confidence: synthesis.map_or(0.0, |part| part.confidence),
    }
}

/// The opinions that differ; none when all who voted agree.
fn conflicts(camps: &[Camp<'_>]) -> Vec<Value> {
    if camps.len() < 2 {
        return Vec::new();
    }
    let told = |camp: &Camp<'_>| {
        let holders: Vec<&str> = camp
            .holders
            .iter()
            .map(|part| common::label(part))
            .collect();
        json!({ "opinion": camp.opinion, "held_by": holders })
    };
    camps.iter().map(told).collect()
}

fn no_consensus(policy: &ConflictPolicy, votes: usize, participants: usize) -> String {
    match policy {
        ConflictPolicy::Arbitrate(arbiter) => format!("no consensus: `{arbiter}` made no decision"),
        ConflictPolicy::Human => "no consensus: nobody has a view to decide on".to_owned(),
        ConflictPolicy::HighestConfidence => {
            "no consensus (highest confidence): no opinion is ahead of all others".to_owned()
        }
        ConflictPolicy::Majority | ConflictPolicy::Unanimous | ConflictPolicy::Weighted => {
            let word = match policy {
                ConflictPolicy::Unanimous => "unanimous",
                ConflictPolicy::Weighted => "weighted",
                _ => "majority",
            };
            format!(
                "no consensus ({word}): the most common opinion has {votes} of {participants} participants"
            )
        }
    }
}

fn count(parts: usize) -> u32 {
    u32::try_from(parts).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{
        bad, called, dependent, generic_failure, good, group, text, verdict,
    };
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::CancelReason;
    use orchestrate_core::strategy::{ExecutionStrategy, Gathered};

    fn rounds(rounds: Vec<Vec<Part>>) -> Vec<Part> {
        let group = |(i, parts)| group(&format!("round_{}", i + 1), Outcome::Succeeded, parts);
        rounds.into_iter().enumerate().map(group).collect()
    }

    fn check(debate: &Debate, parts: &[Part], generic: Outcome, expected: Expect) {
        expected.assert_eq(&text(&debate.aggregate(&Gathered::new(parts, generic))));
    }

    #[test]
    fn a_majority_is_consensus_though_one_broke_off() {
        let opinions = vec![
            good("a", verdict("ship"), 0.6),
            good("b", verdict("Ship"), 0.8),
            bad("c", FailureClass::Timeout),
        ];
        check(
            &Debate::default(),
            &rounds(vec![opinions]),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.80)
                debate_participants = ["a","b","c"]
                opinions = [{"a":{"verdict":"ship"},"b":{"verdict":"Ship"}}]
                conflicts = []
                consensus = {"consensus_reached":true,"reached":true,"success_votes":2,"total_votes":3,"avg_confidence":0.4666666666666666,"policy":"majority","winner":"ship"}
                synthesis = {"verdict":"Ship"}
            "#]],
        );
    }

    #[test]
    fn a_draw_is_no_consensus_and_names_both() {
        let opinions = vec![
            good("a", verdict("ship"), 0.6),
            good("b", verdict("wait"), 0.8),
        ];
        check(
            &Debate::default(),
            &rounds(vec![opinions]),
            Outcome::Succeeded,
            expect![[r#"
                failed: no consensus (majority): the most common opinion has 1 of 2 participants (0.00)
                debate_participants = ["a","b"]
                opinions = [{"a":{"verdict":"ship"},"b":{"verdict":"wait"}}]
                conflicts = [{"opinion":"ship","held_by":["a"]},{"opinion":"wait","held_by":["b"]}]
                consensus = {"consensus_reached":false,"reached":false,"success_votes":1,"total_votes":2,"avg_confidence":0.7,"policy":"majority","winner":null,"tied":["ship","wait"]}
                synthesis = null
            "#]],
        );
    }

    #[test]
    fn the_last_round_decides_and_the_synthesizer_joins() {
        let first = vec![
            good("a", verdict("ship"), 0.6),
            good("b", verdict("wait"), 0.8),
        ];
        let second = vec![
            good("a", verdict("wait"), 0.7),
            good("b", verdict("wait"), 0.9),
        ];
        let mut parts = rounds(vec![first, second]);
        parts.push(called(
            "synthesis",
            good("synthesizer", verdict("wait a week"), 0.95),
        ));
        check(
            &Debate::default().rounds(2),
            &parts,
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.95)
                debate_participants = ["a","b"]
                opinions = [{"a":{"verdict":"ship"},"b":{"verdict":"wait"}},{"a":{"verdict":"wait"},"b":{"verdict":"wait"}}]
                conflicts = []
                consensus = {"consensus_reached":true,"reached":true,"success_votes":2,"total_votes":2,"avg_confidence":0.8,"policy":"majority","winner":"wait"}
                synthesis = {"verdict":"wait a week"}
            "#]],
        );
        parts.pop();
        parts.push(called(
            "synthesis",
            bad("synthesizer", FailureClass::Timeout),
        ));
        check(
            &Debate::default().rounds(2),
            &parts,
            generic_failure(),
            expect![[r#"
                partial: 2 of 3 parts succeeded (0.00)
                debate_participants = ["a","b"]
                opinions = [{"a":{"verdict":"ship"},"b":{"verdict":"wait"}},{"a":{"verdict":"wait"},"b":{"verdict":"wait"}}]
                conflicts = []
                consensus = {"consensus_reached":true,"reached":true,"success_votes":2,"total_votes":2,"avg_confidence":0.8,"policy":"majority","winner":"wait"}
                synthesis = null
            "#]],
        );
    }

    #[test]
    fn an_arbiter_has_the_last_word() {
        let mut parts = rounds(vec![vec![
            good("a", verdict("ship"), 0.6),
            good("b", verdict("wait"), 0.8),
        ]]);
        parts.push(called("synthesis", good("judge", verdict("wait"), 0.5)));
        let debate = Debate::default().policy(ConflictPolicy::Arbitrate("judge".into()));
        check(
            &debate,
            &parts,
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.50)
                debate_participants = ["a","b"]
                opinions = [{"a":{"verdict":"ship"},"b":{"verdict":"wait"}}]
                conflicts = [{"opinion":"ship","held_by":["a"]},{"opinion":"wait","held_by":["b"]}]
                consensus = {"consensus_reached":true,"reached":true,"success_votes":1,"total_votes":2,"avg_confidence":0.7,"policy":{"arbitrate":"judge"},"winner":"wait"}
                synthesis = {"verdict":"wait"}
            "#]],
        );
        parts.pop();
        parts.push(called("synthesis", dependent("judge", "round_1")));
        check(
            &debate,
            &parts,
            generic_failure(),
            expect![[r#"
                failed: no consensus: `judge` made no decision (0.00)
                debate_participants = ["a","b"]
                opinions = [{"a":{"verdict":"ship"},"b":{"verdict":"wait"}}]
                conflicts = [{"opinion":"ship","held_by":["a"]},{"opinion":"wait","held_by":["b"]}]
                consensus = {"consensus_reached":false,"reached":false,"success_votes":0,"total_votes":2,"avg_confidence":0.7,"policy":{"arbitrate":"judge"},"winner":null}
                synthesis = null
            "#]],
        );
    }

    #[test]
    fn nobody_spoke_and_cancelling_are_no_consensus() {
        let silent = rounds(vec![vec![
            bad("a", FailureClass::NotExecuted),
            bad("b", FailureClass::NotExecuted),
        ]]);
        check(
            &Debate::default(),
            &silent,
            generic_failure(),
            expect![[r#"
                failed: no consensus (majority): the most common opinion has 0 of 2 participants (0.00)
                debate_participants = ["a","b"]
                opinions = [{}]
                conflicts = []
                consensus = {"consensus_reached":false,"reached":false,"success_votes":0,"total_votes":2,"avg_confidence":0.0,"policy":"majority","winner":null}
                synthesis = null
            "#]],
        );
        check(
            &Debate::default(),
            &[],
            Outcome::Cancelled {
                reason: CancelReason::User,
            },
            expect![[r#"
                cancelled: cancelled by the user (0.00)
                opinions = {}
                conflict = false
            "#]],
        );
    }

    #[test]
    fn a_round_goes_on_when_anybody_spoke() {
        check(
            &Debate::default(),
            &[
                good("a", verdict("ship"), 0.5),
                bad("b", FailureClass::Timeout),
            ],
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.25)
                opinions = {"a":{"verdict":"ship"}}
                conflict = false
            "#]],
        );
        check(
            &Debate::default(),
            &[bad("a", FailureClass::Timeout)],
            generic_failure(),
            expect![[r#"
                failed: not all parts succeeded (0.00)
                opinions = {}
                conflict = false
            "#]],
        );
    }
}
