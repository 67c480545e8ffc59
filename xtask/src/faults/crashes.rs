//! `crashes`: several runs at once in a process that is killed again and again, at any moment.

use std::thread;
use std::time::Duration;

use super::audit::{Ledger, result, same_end};
use super::family::{Cases, Opened};
use super::process::{End, Orders, Worker, work};
use super::random::Random;
use super::stage::{Check, Stage};
use super::tally::Tally;

const PLAN: &str = "sixty";
const RUNS: usize = 6;
/// Kills of one case, unless all runs end before.
const KILLS: u32 = 12;
/// Cases; together they come to more than 200 kills.
const CASES: u64 = 24;
/// Kills fall after up to so many lines; the runs of a case have about 1,200.
const LINES: u64 = 220;

struct Crashes {
    /// What a run comes to that nothing happens to.
    whole: Vec<String>,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    Ok(Opened::cases(Crashes { whole }))
}

/// What a run of a plan comes to that nothing happens to.
///
/// # Errors
/// When it does not come to an end, or not twice to the same.
pub(crate) fn uninterrupted(stage: &Stage, plan: &str) -> Check<Vec<String>> {
    let place = stage.place()?;
    let heard = work(stage, &Orders::new(&place, plan, 2))?;
    let mut ledger = Ledger::default();
    ledger.hear(&heard)?;
    let found = ledger.audit(stage, &place, &place.url(), &mut Tally::default())?;
    let whole = found.runs.values().next().map(result).unwrap_or_default();
    same_end(&found, 2, &whole)?;
    Ok(whole)
}

impl Cases for Crashes {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, _: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let place = stage.place()?;
        let orders = Orders::new(&place, PLAN, RUNS);
        let mut ledger = Ledger::default();
        for kill in 0.. {
            let mut worker = Worker::start(stage, &orders)?;
            if kill < KILLS {
                let alive = if random.percent(20) {
                    // While it opens the store and goes on with what is there.
                    thread::sleep(Duration::from_micros(random.below(40_000)));
                    true
                } else {
                    worker.says(random.below(LINES))?
                };
                if alive {
                    thread::sleep(Duration::from_micros(random.below(3000)));
                    worker.kill();
                }
            }
            let heard = worker.end()?;
            ledger.hear(&heard)?;
            let found = ledger.audit(stage, &place, &orders.url, tally)?;
            match heard.end {
                End::Killed => tally.count("kills", 1),
                End::Refused => return Err(format!("a run was refused: {:?}", heard.codes())),
                End::Done => {
                    same_end(&found, RUNS, &self.whole)?;
                    tally.count("runs", found.runs.len() as u64);
                    return ledger.count_repeats(&place, tally);
                }
            }
        }
        Ok(())
    }

    fn close(&self, tally: &Tally) -> Check {
        if tally.of("attempts repeated") > tally.of("attempts in flight when cut") {
            return Err("more was repeated than was in flight".to_owned());
        }
        if tally.of("kills") == 0 {
            return Err("no kill fell into a run".to_owned());
        }
        Ok(())
    }
}
