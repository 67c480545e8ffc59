//! How opinions are counted by a policy.

use orchestrate_core::strategy::Part;

use super::super::opinion::{Camp, opinion, same};
use super::compose::ConflictPolicy;

/// How a vote came out.
#[derive(Debug)]
pub(super) struct Tally<'a, 'c> {
    /// The camp ahead of all others by the policy's measure; none in a tie and when nobody voted.
    pub(super) leading: Option<&'c Camp<'a>>,
    /// Whether being ahead is enough for the policy.
    pub(super) reached: bool,
    /// Camps that are ahead together, when there is more than one.
    pub(super) tied: Vec<&'c Camp<'a>>,
}

/// Counts by a policy. With an arbiter, the camp of `arbiter` leads, whatever its size.
pub(super) fn tally<'a, 'c>(
    policy: &ConflictPolicy,
    camps: &'c [Camp<'a>],
    participants: usize,
    arbiter: Option<&Part>,
) -> Tally<'a, 'c> {
    let measure = |camp: &Camp<'_>| match policy {
        ConflictPolicy::HighestConfidence => camp.speaker().map_or(0.0, |part| part.confidence),
        ConflictPolicy::Weighted => camp.weight(),
        ConflictPolicy::Majority
        | ConflictPolicy::Unanimous
        | ConflictPolicy::Human
        | ConflictPolicy::Arbitrate(_) => f64::from(camp.size()),
    };
    if *policy == ConflictPolicy::Human {
        // Nobody is asked when nobody differs; otherwise `arbiter` is whose view the person chose.
        let chosen = arbiter.and_then(opinion);
        let leading = match camps {
            [one] => Some(one),
            _ => chosen
                .as_ref()
                .and_then(|chosen| camps.iter().find(|camp| same(&camp.opinion, chosen))),
        };
        return Tally {
            leading,
            reached: leading.is_some(),
            tied: Vec::new(),
        };
    }
    if let ConflictPolicy::Arbitrate(_) = policy {
        let decision = arbiter.and_then(opinion);
        let leading = decision
            .as_ref()
            .and_then(|decision| camps.iter().find(|camp| same(&camp.opinion, decision)));
        return Tally {
            leading,
            reached: decision.is_some(),
            tied: Vec::new(),
        };
    }
    let most = camps.iter().map(measure).fold(0.0, f64::max);
    let mut ahead: Vec<&Camp<'_>> = camps.iter().filter(|camp| measure(camp) >= most).collect();
    if ahead.len() != 1 {
        return Tally {
            leading: None,
            reached: false,
            tied: ahead,
        };
    }
    let leading = ahead.pop();
    let reached = leading.is_some_and(|camp| match policy {
        ConflictPolicy::Unanimous => camp.holders.len() == participants,
        ConflictPolicy::Majority => camp.holders.len() * 2 > participants,
        ConflictPolicy::Weighted => camp.weight() * 2.0 > camps.iter().map(Camp::weight).sum(),
        ConflictPolicy::HighestConfidence
        | ConflictPolicy::Human
        | ConflictPolicy::Arbitrate(_) => true,
    });
    Tally {
        leading,
        reached,
        tied: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::opinion::camps;
    use super::super::super::testing::{bad, good, verdict};
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::FailureClass;
    use serde_json::Value;

    fn check(votes: &[(&str, &str, f64)], expected: Expect) {
        let parts: Vec<Part> = votes
            .iter()
            .map(|(id, vote, confidence)| match *vote {
                "-" => bad(id, FailureClass::Timeout),
                word => good(id, verdict(word), *confidence),
            })
            .collect();
        let camps = camps(&parts);
        let mut lines = String::new();
        for policy in [
            ConflictPolicy::Majority,
            ConflictPolicy::Unanimous,
            ConflictPolicy::Weighted,
            ConflictPolicy::HighestConfidence,
        ] {
            let tally = tally(&policy, &camps, parts.len(), None);
            let leading = tally
                .leading
                .map_or(Value::Null, |camp| camp.opinion.clone());
            lines += &format!(
                "{policy:?}: {leading} reached {} tied {}\n",
                tally.reached,
                tally.tied.len()
            );
        }
        expected.assert_eq(&lines);
    }

    #[test]
    fn policies_count_differently() {
        check(
            &[("a", "Yes", 0.3), ("b", "yes ", 0.3), ("c", "no", 0.9)],
            expect![[r#"
                Majority: "Yes" reached true tied 0
                Unanimous: "Yes" reached false tied 0
                Weighted: "no" reached true tied 0
                HighestConfidence: "no" reached true tied 0
            "#]],
        );
        check(
            &[("a", "yes", 0.9), ("b", "yes", 0.5)],
            expect![[r#"
            Majority: "yes" reached true tied 0
            Unanimous: "yes" reached true tied 0
            Weighted: "yes" reached true tied 0
            HighestConfidence: "yes" reached true tied 0
        "#]],
        );
        check(
            &[("a", "yes", 0.5), ("b", "no", 0.5)],
            expect![[r#"
            Majority: null reached false tied 2
            Unanimous: null reached false tied 2
            Weighted: null reached false tied 2
            HighestConfidence: null reached false tied 2
        "#]],
        );
        check(
            &[("a", "yes", 0.5), ("b", "-", 0.5)],
            expect![[r#"
            Majority: "yes" reached false tied 0
            Unanimous: "yes" reached false tied 0
            Weighted: "yes" reached true tied 0
            HighestConfidence: "yes" reached true tied 0
        "#]],
        );
        check(
            &[("a", "-", 0.5), ("b", "-", 0.5)],
            expect![[r#"
            Majority: null reached false tied 0
            Unanimous: null reached false tied 0
            Weighted: null reached false tied 0
            HighestConfidence: null reached false tied 0
        "#]],
        );
        check(
            &[("a", "yes", 0.0), ("b", "yes", 0.0)],
            expect![[r#"
            Majority: "yes" reached true tied 0
            Unanimous: "yes" reached true tied 0
            Weighted: "yes" reached false tied 0
            HighestConfidence: "yes" reached true tied 0
        "#]],
        );
    }

    #[test]
    fn an_arbiter_decides_also_against_all() {
        let parts = [
            good("a", verdict("yes"), 1.0),
            good("b", verdict("yes"), 1.0),
        ];
        let camps = camps(&parts);
        let policy = ConflictPolicy::Arbitrate("judge".into());
        let check = |arbiter: Option<Part>, reached: bool, leading: bool| {
            let tally = tally(&policy, &camps, 2, arbiter.as_ref());
            assert_eq!((tally.reached, tally.leading.is_some()), (reached, leading));
        };
        check(Some(good("judge", verdict("no"), 0.5)), true, false);
        check(Some(good("judge", verdict("yes"), 0.5)), true, true);
        check(Some(bad("judge", FailureClass::Timeout)), false, false);
        check(None, false, false);
    }
}
