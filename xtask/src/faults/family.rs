//! What a family of faults is, and how its cases are chosen, timed and told.

use std::time::{Duration, Instant};

use super::random::Random;
use super::stage::{Check, Stage};
use super::tally::Tally;

/// Faults of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// One line on what is broken and what must hold.
    pub(crate) summary: &'static str,
    /// Its part of the time of the short form, against that of the others.
    pub(crate) share: u32,
    /// Finds out which cases there are.
    pub(crate) open: fn(&Stage) -> Check<Opened>,
}

/// The cases of a family, or why there are none on this machine.
pub(crate) enum Opened {
    Cases(Box<dyn Cases>),
    Skipped(String),
}

impl Opened {
    pub(crate) fn cases(cases: impl Cases + 'static) -> Self {
        Self::Cases(Box::new(cases))
    }
}

/// Things to break, by number.
pub(crate) trait Cases {
    /// How many there are.
    fn count(&self) -> u64;

    /// Breaks one, and looks whether everything holds.
    ///
    /// # Errors
    /// The first thing that does not.
    fn run(&self, stage: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check;

    /// Looks whether the cases together showed what they have to show.
    ///
    /// # Errors
    /// What they did not.
    fn close(&self, tally: &Tally) -> Check {
        let _ = tally;
        Ok(())
    }
}

/// Which cases are run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    /// In an order by chance, until the time is over.
    Within(Duration),
    All,
    One(u64),
}

/// How a family came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) line: String,
    /// The case and what did not hold in it; without a case it is about all of them.
    pub(crate) violations: Vec<(Option<u64>, String)>,
}

/// Violations after which a family is given up.
const ENOUGH: usize = 3;

impl Family {
    /// Runs cases, and says what came of them.
    pub(crate) fn run(&self, stage: &Stage, seed: u64, extent: Extent) -> Outcome {
        let start = Instant::now();
        let mut violations = Vec::new();
        let mut tally = Tally::default();
        let (mut done, mut all) = (0_u64, 0);
        match (self.open)(stage) {
            Err(problem) => violations.push((None, problem)),
            Ok(Opened::Skipped(why)) => {
                let line = format!("{:<9} SKIPPED: {why}", self.name);
                return Outcome { line, violations };
            }
            Ok(Opened::Cases(cases)) => {
                all = cases.count();
                for case in order(self.name, seed, extent, all) {
                    let over = matches!(extent, Extent::Within(time) if start.elapsed() >= time);
                    if (over && done > 0) || violations.len() >= ENOUGH {
                        break;
                    }
                    let mut random = Random::of(seed, self.name, case);
                    if let Err(problem) = cases.run(stage, case, &mut random, &mut tally) {
                        violations.push((Some(case), problem));
                    }
                    done += 1;
                }
                let whole = violations.is_empty() && !matches!(extent, Extent::One(_));
                if whole && let Err(problem) = cases.close(&tally) {
                    violations.push((None, problem));
                }
            }
        }
        let line = format!(
            "{:<9} seed {seed}: {done} of {all} cases in {:.1} s, {} violations ({})",
            self.name,
            start.elapsed().as_secs_f64(),
            violations.len(),
            tally.line()
        );
        Outcome { line, violations }
    }
}

fn order(family: &str, seed: u64, extent: Extent, all: u64) -> Vec<u64> {
    match extent {
        Extent::One(case) => vec![case],
        Extent::All => (0..all).collect(),
        Extent::Within(_) => {
            let mut cases: Vec<u64> = (0..all).collect();
            Random::of(seed, family, u64::MAX).shuffle(&mut cases);
            cases
        }
    }
}
