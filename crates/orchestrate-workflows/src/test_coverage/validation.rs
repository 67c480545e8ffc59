//! What is checked of a test, in which order, and when it is accepted. No IO: a driver runs what is asked for.
//!
//! A test is accepted when it lies where tests lie, passes alone every time, reaches lines of its gap
//! that no test reached, fails for at least one fault that is planted on these lines, leaves all
//! other tests as they were, and is found by whoever runs all of them. The first of these that does not hold decides, and nothing more is run.

use std::collections::BTreeSet;

use orchestrate_analysis::mutation::Mutant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often a test is run alone.
pub(super) const ALONE: usize = 3;
/// How many faults are planted at most.
pub(super) const FAULTS: usize = 5;

/// How a run of tests went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ran {
    Passed,
    /// What it said last, and the tests that failed as far as they are known.
    Failed {
        why: String,
        failed: BTreeSet<String>,
    },
    TimedOut,
    /// It could not be run at all.
    NotRun(String),
}

impl Ran {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed { .. } => "failed",
            Self::TimedOut => "timed out",
            Self::NotRun(_) => "not run",
        }
    }
}

/// What became of a planted fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// The test failed.
    Killed,
    /// The test took much longer than without the fault, and was ended.
    TimedOut,
    /// The test passed all the same.
    Survived,
    /// The code could not be built or loaded, so it says nothing.
    NotViable {
        /// What was said.
        why: String,
    },
}

impl Fate {
    /// Whether the test noticed the fault.
    #[must_use]
    pub fn is_noticed(&self) -> bool {
        matches!(self, Self::Killed | Self::TimedOut)
    }
}

/// What is known of a test so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// Why it cannot lie where it is to lie, or is no test at all.
    pub(super) misplaced: Option<String>,
    /// How it went alone.
    pub(super) alone: Vec<Ran>,
    /// The lines of the gap that it reaches and no test did; or why nobody knows.
    pub(super) gained: Option<Result<Vec<u32>, String>>,
    /// The faults that can be planted on these lines.
    pub(super) faults: Option<Vec<Mutant>>,
    /// What became of the first of them.
    pub(super) fates: Vec<Fate>,
    /// How all tests went before; nothing when they could not be run.
    pub(super) before: Option<Before>,
    /// How all tests go with it.
    pub(super) suite: Option<Ran>,
    /// How many of the lines gained all tests together reach with it; or why nobody knows.
    pub(super) together: Option<Result<usize, String>>,
    /// How all tests go without it, asked only when they went worse with it.
    pub(super) without: Option<Ran>,
}

/// How all tests went before anything was added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) passed: bool,
    pub(super) failed: BTreeSet<String>,
}

/// What is to be found out next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Check {
    /// Run the test alone; under coverage the first time.
    Alone { coverage: bool },
    /// Find the faults that can be planted on the lines gained.
    Faults,
    /// Plant this one, and run the test alone.
    Fault(usize),
    /// Run all tests with it, under coverage.
    Suite,
    /// Run all tests without it.
    SuiteWithout,
}

/// What follows from the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Check(Check),
    Accept(String),
    Reject(String),
}

/// The next check, or the decision. Asked again after each check, it comes to an end.
pub(super) fn next(facts: &Facts) -> Next {
    if let Some(why) = &facts.misplaced {
        return Next::Reject(why.clone());
    }
    if let Some(next) = alone(facts) {
        return next;
    }
    let gained = match &facts.gained {
        Some(Ok(lines)) if !lines.is_empty() => lines.len(),
        Some(Ok(_)) => {
            return Next::Reject(
                "it reaches no line of the gap that was not reached before".into(),
            );
        }
        Some(Err(why)) => return Next::Reject(format!("what it reaches was not measured: {why}")),
        None => return Next::Reject("what it reaches was not measured".into()),
    };
    let Some(faults) = &facts.faults else {
        return Next::Check(Check::Faults);
    };
    if facts.fates.len() < faults.len() {
        return Next::Check(Check::Fault(facts.fates.len()));
    }
    let noticed = facts.fates.iter().filter(|fate| fate.is_noticed()).count();
    let is_viable = |fate: &&Fate| !matches!(fate, Fate::NotViable { .. });
    let viable = facts.fates.iter().filter(is_viable).count();
    if viable == 0 {
        let why = "nothing on the lines that it reaches can be changed into a fault, so nobody can show that it would notice one";
        return Next::Reject(why.into());
    }
    if noticed == 0 {
        return Next::Reject(format!(
            "it passes whatever the code does: none of {} made it fail",
            count(viable, "planted fault")
        ));
    }
    if let Err(next) = suite(facts) {
        return next;
    }
    match &facts.together {
        None => Next::Reject("what all tests reach with it was not measured".into()),
        Some(Err(why)) => {
            Next::Reject(format!("what all tests reach with it was not measured: {why}"))
        }
        Some(Ok(0)) => Next::Reject(
            "with it all tests together reach no line more: their runner does not find it where it lies".into(),
        ),
        Some(Ok(_)) => Next::Accept(format!(
            "it passed {ALONE} times alone, reaches {} more, notices {noticed} of {}, and breaks nothing",
            count(gained, "line"),
            count(viable, "planted fault")
        )),
    }
}

/// What follows from the runs alone, if they do not pass.
fn alone(facts: &Facts) -> Option<Next> {
    let runs = &facts.alone;
    for run in runs {
        match run {
            Ran::NotRun(why) => return Some(Next::Reject(format!("it cannot be run: {why}"))),
            Ran::TimedOut => return Some(Next::Reject("alone it takes too long".into())),
            Ran::Passed | Ran::Failed { .. } => {}
        }
    }
    if runs.len() < ALONE {
        let coverage = runs.is_empty();
        return Some(Next::Check(Check::Alone { coverage }));
    }
    let passed = runs.iter().filter(|run| **run == Ran::Passed).count();
    let why = runs.iter().find_map(|run| match run {
        Ran::Failed { why, .. } => Some(why.as_str()),
        _ => None,
    })?;
    Some(Next::Reject(match passed {
        0 => format!("it fails: {why}"),
        passed => format!(
            "it is flaky: alone it passed {passed} of {} times ({why})",
            runs.len()
        ),
    }))
}

/// Whether all tests go as well as before.
fn suite(facts: &Facts) -> Result<(), Next> {
    let Some(before) = &facts.before else {
        let why =
            "whether it breaks anything is not known: all tests together could not be run before";
        return Err(Next::Reject(why.into()));
    };
    let (why, failed) = match &facts.suite {
        None => return Err(Next::Check(Check::Suite)),
        Some(Ran::Passed) => return Ok(()),
        Some(Ran::Failed { why, failed }) => (why.as_str(), failed),
        Some(Ran::NotRun(why)) => (why.as_str(), &NOBODY),
        Some(Ran::TimedOut) => ("it takes too long", &NOBODY),
    };
    let new: BTreeSet<&String> = failed.difference(&before.failed).collect();
    if !failed.is_empty() && new.is_empty() {
        return Ok(());
    }
    // Tests that fail now and then fail without it as well; whoever broke nothing is not blamed for them.
    let Some(without) = &facts.without else {
        return Err(Next::Check(Check::SuiteWithout));
    };
    if let Ran::Failed { failed: also, .. } = without
        && !new.is_empty()
        && new.iter().all(|name| also.contains(*name))
    {
        return Ok(());
    }
    let broken: Vec<&str> = new.iter().take(3).map(|name| name.as_str()).collect();
    Err(Next::Reject(match broken.as_slice() {
        [] if !before.passed => {
            "tests failed before, and which ones fail now cannot be told apart".into()
        }
        [] => format!("with it the tests do not pass any more: {why}"),
        names => format!("with it other tests fail: {}", names.join(", ")),
    }))
}

static NOBODY: BTreeSet<String> = BTreeSet::new();

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_analysis::mutation::MutantKind;
    use proptest::prelude::*;

    fn fault() -> Mutant {
        Mutant {
            line: 1,
            kind: MutantKind::Comparison,
            what: String::new(),
            bytes: 0..0,
            replacement: String::new(),
        }
    }

    fn failed(names: &[&str]) -> Ran {
        Ran::Failed {
            why: "1 failed".into(),
            failed: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Everything that speaks for a test.
    fn good() -> Facts {
        Facts {
            alone: vec![Ran::Passed; ALONE],
            gained: Some(Ok(vec![3, 4])),
            faults: Some(vec![fault(), fault()]),
            fates: vec![Fate::Survived, Fate::Killed],
            before: Some(Before {
                passed: true,
                failed: BTreeSet::new(),
            }),
            suite: Some(Ran::Passed),
            together: Some(Ok(2)),
            ..Facts::default()
        }
    }

    fn rejected(change: impl FnOnce(&mut Facts), expected: &str) {
        let mut facts = good();
        change(&mut facts);
        match next(&facts) {
            Next::Reject(why) => assert!(why.starts_with(expected), "{why}"),
            other => panic!("{other:?} in place of {expected}"),
        }
    }

    #[test]
    fn every_reason_is_one_of_its_own() {
        assert_eq!(
            next(&good()),
            Next::Accept("it passed 3 times alone, reaches 2 lines more, notices 1 of 2 planted faults, and breaks nothing".into())
        );
        rejected(
            |it| it.misplaced = Some("it is hidden".into()),
            "it is hidden",
        );
        rejected(
            |it| it.alone[1] = failed(&[]),
            "it is flaky: alone it passed 2 of 3 times",
        );
        rejected(|it| it.alone = vec![failed(&[]); 3], "it fails: 1 failed");
        rejected(
            |it| it.alone = vec![Ran::TimedOut],
            "alone it takes too long",
        );
        rejected(
            |it| it.alone = vec![Ran::NotRun("no".into())],
            "it cannot be run: no",
        );
        rejected(|it| it.gained = Some(Ok(Vec::new())), "it reaches no line");
        rejected(
            |it| it.fates = vec![Fate::Survived; 2],
            "it passes whatever the code does: none of 2",
        );
        let why = || Fate::NotViable { why: String::new() };
        rejected(|it| it.fates = vec![why(), why()], "nothing on the lines");
        rejected(
            |it| it.before = None,
            "whether it breaks anything is not known",
        );
        rejected(
            |it| it.together = Some(Ok(0)),
            "with it all tests together reach no line more",
        );
        rejected(
            |it| {
                it.suite = Some(failed(&["a", "b"]));
                it.without = Some(Ran::Passed);
            },
            "with it other tests fail: a, b",
        );
    }

    #[test]
    fn tests_that_failed_before_or_fail_now_and_then_are_not_its_fault() {
        let mut facts = good();
        facts.before.as_mut().unwrap().failed.insert("a".into());
        facts.suite = Some(failed(&["a"]));
        assert!(matches!(next(&facts), Next::Accept(_)));
        facts.suite = Some(failed(&["a", "b"]));
        assert_eq!(next(&facts), Next::Check(Check::SuiteWithout));
        facts.without = Some(failed(&["a", "b"]));
        assert!(matches!(next(&facts), Next::Accept(_)));
        facts.without = Some(failed(&["a"]));
        assert!(matches!(next(&facts), Next::Reject(_)));
    }

    fn any_run() -> impl Strategy<Value = Ran> {
        let names = prop::collection::btree_set("[ab]", 0..3);
        prop_oneof![
            4 => Just(Ran::Passed),
            1 => names.prop_map(|failed| Ran::Failed { why: "x".into(), failed }),
            1 => Just(Ran::TimedOut),
            1 => Just(Ran::NotRun("x".into())),
        ]
    }

    fn any_fate() -> impl Strategy<Value = Fate> {
        prop_oneof![
            Just(Fate::Killed),
            Just(Fate::TimedOut),
            Just(Fate::Survived),
            Just(Fate::NotViable { why: "x".into() }),
        ]
    }

    proptest! {
        /// Whatever is measured, the checks come to an end, and who is accepted passed every time, gained lines,
        /// noticed a fault and broke nothing that was whole.
        #[test]
        fn prop_whoever_is_accepted_has_shown_all_of_it(
            runs in prop::collection::vec(any_run(), 8),
            gained in prop::collection::vec(1u32..9, 0..3),
            faults in 0usize..4,
            fates in prop::collection::vec(any_fate(), 4),
            passed in any::<bool>(),
            known in any::<bool>(),
            together in 0usize..3,
        ) {
            let mut facts = Facts {
                before: known.then(|| Before { passed, failed: BTreeSet::new() }),
                ..Facts::default()
            };
            let mut runs = runs.into_iter();
            let mut steps = 0;
            let decision = loop {
                steps += 1;
                prop_assert!(steps < 20);
                let mut run = || runs.next().unwrap_or(Ran::Passed);
                match next(&facts) {
                    Next::Check(Check::Alone { coverage }) => {
                        facts.alone.push(run());
                        if coverage { facts.gained = Some(Ok(gained.clone())); }
                    }
                    Next::Check(Check::Faults) => facts.faults = Some(vec![fault(); faults]),
                    Next::Check(Check::Fault(at)) => facts.fates.push(fates[at].clone()),
                    Next::Check(Check::Suite) => {
                        facts.suite = Some(run());
                        facts.together = Some(Ok(together));
                    }
                    Next::Check(Check::SuiteWithout) => facts.without = Some(run()),
                    decision => break decision,
                }
            };
            let all_passed = facts.alone == vec![Ran::Passed; ALONE];
            let noticed = facts.fates.iter().any(Fate::is_noticed);
            let whole = facts.suite == Some(Ran::Passed);
            let proven = all_passed && !gained.is_empty() && noticed && known && together > 0;
            if matches!(decision, Next::Accept(_)) {
                prop_assert!(proven && (whole || facts.without.is_some()));
            } else {
                prop_assert!(!(proven && whole));
            }
        }
    }
}
