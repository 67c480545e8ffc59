//! Which way a project goes: a check beside an earlier one of the same mode.
//!
//! | earlier checks of this mode | what is compared |
//! |---|---|
//! | none | nothing: this is the first |
//! | one that measured the same categories | the overall scores, with the last such |
//! | others only | category by category, with the last one; nothing is said of the whole |

use std::collections::BTreeMap;

use orchestrate_core::check::CheckRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Less than this, in points, is no change.
const NOTABLE: f64 = 1.0;

/// What is known of earlier checks.
#[derive(Debug, Clone, PartialEq)]
pub enum History {
    /// The checks of this project and mode, oldest first.
    Known(Vec<CheckRecord>),
    /// Nobody knows whether there are any, because of this.
    Unknown(String),
}

/// Which way something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Better by a point or more.
    Improving,
    /// Less than a point either way.
    Stable,
    /// Worse by a point or more.
    Declining,
}

/// What can be said of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendState {
    /// There is no earlier check of this mode.
    FirstCheck,
    /// Better by a point or more.
    Improving,
    /// Less than a point either way.
    Stable,
    /// Worse by a point or more.
    Declining,
    /// No earlier check measured the same categories.
    NotComparable,
    /// Earlier checks could not be looked up.
    Unknown,
}

/// One category beside an earlier check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryTrend {
    /// Its name.
    pub category: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Its score then.
    pub before: f64,
    /// Its score now.
    pub now: f64,
    /// The difference in points.
    pub change: f64,
}

/// A check beside an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// What can be said of the whole.
    pub state: TrendState,
    /// The difference of the overall scores in points; null when they cannot be compared.
    pub change: Option<f64>,
    /// When the earlier check was made, in RFC 3339; null when there is none.
    pub since: Option<String>,
    /// Its overall score.
    pub before: Option<f64>,
    /// Its grade.
    pub grade_before: Option<String>,
    /// The categories that both measured.
    pub categories: Vec<CategoryTrend>,
    /// Why nothing can be said of the whole; null when something can.
    pub why: Option<String>,
}

/// Holds scores beside earlier checks.
pub(super) fn trend(
    score: Option<f64>,
    categories: &BTreeMap<String, f64>,
    history: &History,
) -> Trend {
    let nothing = |state, why: &str| Trend {
        state,
        change: None,
        since: None,
        before: None,
        grade_before: None,
        categories: Vec::new(),
        why: Some(why.to_owned()),
    };
    let checks = match history {
        History::Known(checks) => checks,
        History::Unknown(why) => return nothing(TrendState::Unknown, why),
    };
    let Some(last) = checks.last() else {
        return nothing(
            TrendState::FirstCheck,
            "there is no earlier check of this mode",
        );
    };
    let is_same = |check: &&CheckRecord| check.categories.keys().eq(categories.keys());
    let same = checks.iter().rev().find(is_same);
    let same = same.and_then(|check| Some((check, check.score?, score?)));
    let (beside, change) = match same {
        Some((check, before, now)) => (check, Some(difference(before, now))),
        None => (last, None),
    };
    let shared = categories.iter().filter_map(|(category, now)| {
        let before = *beside.categories.get(category)?;
        let change = difference(before, *now);
        Some(CategoryTrend {
            category: category.clone(),
            direction: direction(change),
            before,
            now: *now,
            change,
        })
    });
    Trend {
        state: match change.map(direction) {
            Some(Direction::Improving) => TrendState::Improving,
            Some(Direction::Stable) => TrendState::Stable,
            Some(Direction::Declining) => TrendState::Declining,
            None => TrendState::NotComparable,
        },
        change,
        since: Some(beside.at.clone()),
        before: beside.score,
        grade_before: beside.grade.clone(),
        categories: shared.collect(),
        why: change
            .is_none()
            .then(|| "no earlier check measured the same categories".to_owned()),
    }
}

/// The difference of two reported scores, which have one place.
fn difference(before: f64, now: f64) -> f64 {
    ((now - before) * 10.0).round() / 10.0
}

fn direction(change: f64) -> Direction {
    match change {
        c if c >= NOTABLE => Direction::Improving,
        c if c <= -NOTABLE => Direction::Declining,
        _ => Direction::Stable,
    }
}

#[cfg(test)]
mod tests {
    use orchestrate_core::id::RunId;
    use proptest::prelude::*;

    use super::*;

    fn check(score: f64, categories: &[(&str, f64)]) -> CheckRecord {
        CheckRecord {
            project: ".".into(),
            mode: "daily".into(),
            at: format!("2026-01-01T00:00:00Z {score}"),
            run: RunId::of(&[1]),
            score: Some(score),
            grade: None,
            measured_share: 1.0,
            categories: named(categories),
        }
    }

    fn named(categories: &[(&str, f64)]) -> BTreeMap<String, f64> {
        let named = categories
            .iter()
            .map(|(name, score)| ((*name).to_owned(), *score));
        named.collect()
    }

    const BOTH: [(&str, f64); 2] = [("quality", 90.0), ("security", 80.0)];

    #[test]
    fn the_first_check_is_said_to_be_the_first() {
        let first = trend(Some(84.0), &named(&BOTH), &History::Known(Vec::new()));
        assert_eq!((first.state, first.change), (TrendState::FirstCheck, None));
        let unknown = trend(Some(84.0), &named(&BOTH), &History::Unknown("no".into()));
        assert_eq!(
            (unknown.state, unknown.why.as_deref()),
            (TrendState::Unknown, Some("no"))
        );
    }

    #[test]
    fn it_is_held_beside_the_last_check_and_not_the_one_before() {
        let before = vec![check(50.0, &BOTH), check(90.0, &BOTH)];
        let it = trend(Some(90.0), &named(&BOTH), &History::Known(before));
        assert_eq!(
            (it.state, it.change, it.before),
            (TrendState::Stable, Some(0.0), Some(90.0))
        );
    }

    #[test]
    fn only_what_was_measured_alike_is_compared_as_a_whole() {
        let one = [("quality", 95.0)];
        let before = vec![check(70.0, &BOTH), check(95.0, &one)];
        // The last one measured less: the one before it is the last that is alike.
        let it = trend(Some(84.0), &named(&BOTH), &History::Known(before));
        assert_eq!((it.change, it.before), (Some(14.0), Some(70.0)));
        let it = trend(
            Some(84.0),
            &named(&BOTH),
            &History::Known(vec![check(95.0, &one)]),
        );
        assert_eq!((it.state, it.change), (TrendState::NotComparable, None));
        let [quality] = &*it.categories else {
            panic!("{it:?}")
        };
        assert_eq!(
            (quality.direction, quality.change),
            (Direction::Declining, -5.0)
        );
    }

    #[test]
    fn a_point_is_a_change_and_less_is_none() {
        let of = |now: f64| {
            let before = vec![check(79.1, &BOTH)];
            trend(Some(now), &named(&BOTH), &History::Known(before)).state
        };
        assert_eq!(
            [80.0, 80.1, 78.2, 78.1].map(of),
            [
                TrendState::Stable,
                TrendState::Improving,
                TrendState::Stable,
                TrendState::Declining,
            ]
        );
    }

    proptest! {
        #[test]
        fn prop_the_other_way_round_is_the_opposite(a in 0..=1000_u32, b in 0..=1000_u32) {
            let [a, b] = [a, b].map(|it| f64::from(it) / 10.0);
            let beside = |before, now| {
                let history = History::Known(vec![check(before, &BOTH)]);
                trend(Some(now), &named(&BOTH), &history)
            };
            let (there, back) = (beside(a, b), beside(b, a));
            prop_assert_eq!(there.change, back.change.map(|change| 0.0 - change));
            prop_assert_eq!(there.state == TrendState::Improving, back.state == TrendState::Declining);
            prop_assert_eq!(there.state == TrendState::Stable, (b - a).abs() < 1.0 - 1e-9);
        }

        #[test]
        fn prop_nothing_is_said_of_the_whole_without_an_equal(missing in 0..2_usize, score in 0.0..100.0_f64) {
            let less: Vec<_> = BOTH.into_iter().enumerate().filter(|(at, _)| *at != missing).collect();
            let less: Vec<_> = less.into_iter().map(|(_, it)| it).collect();
            let it = trend(Some(score), &named(&BOTH), &History::Known(vec![check(score, &less)]));
            prop_assert_eq!(it.state, TrendState::NotComparable);
            prop_assert_eq!(it.categories.len(), 1);
        }
    }
}
