//! `owners`: two processes that go on with one run, and an owner that is paused, replaced, and wakes.

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::process::{End, Heard, Orders, Worker, work};
use super::random::Random;
use super::stage::{Check, Faults, Stage};
use super::tally::Tally;
use super::worker::Line;

const PLAN: &str = "sixty";
const CASES: u64 = 80;
/// Lines that a run of the plan writes, about.
const LINES: u64 = 200;

/// Somebody works on the run.
const OWNED: &str = "ORC1105";
/// The store does not answer.
const NO_ANSWER: &str = "ORC1114";
/// The run has another owner by now.
const REPLACED: &str = "ORC1106";

struct Owners {
    whole: Vec<String>,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    Ok(Opened::cases(Owners { whole }))
}

fn ends(heard: &Heard) -> usize {
    let end = |line: &&Line| matches!(line, Line::Ended { .. });
    heard.lines.iter().filter(end).count()
}

impl Cases for Owners {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check {
        if case.is_multiple_of(2) {
            self.together(stage, random, tally)
        } else {
            self.paused(stage, random, tally)
        }
    }

    fn close(&self, tally: &Tally) -> Check {
        // Of two that start together, one may have ended the run before the other looks.
        if tally.of("met by two") >= 10 && tally.of("refused as owned") == 0 {
            return Err("of two owners none was ever refused".to_owned());
        }
        Ok(())
    }
}

impl Owners {
    /// Two go on with a run that was cut, at the same time.
    fn together(&self, stage: &Stage, random: &mut Random, tally: &mut Tally) -> Check {
        let place = stage.place()?;
        let orders = Orders::new(&place, PLAN, 1);
        let mut ledger = Ledger::default();
        let rule = format!("told:write:{}:after:kill", 1 + random.below(LINES / 2));
        ledger.hear(&work(stage, &orders.clone().with(Faults::rule(rule)))?)?;
        ledger.audit(stage, &place, &orders.url, tally)?;
        let pair = [
            Worker::start(stage, &orders)?,
            Worker::start(stage, &orders)?,
        ];
        let mut ended = 0;
        for worker in pair {
            let heard = worker.end()?;
            ledger.hear(&heard)?;
            ended += ends(&heard);
            for code in heard.codes() {
                if code != OWNED {
                    return Err(format!("one of two was refused as {code}"));
                }
                tally.count("refused as owned", 1);
            }
        }
        if ended != 1 {
            return Err(format!("{ended} of two brought the run to its end"));
        }
        let found = ledger.audit(stage, &place, &orders.url, tally)?;
        tally.count("met by two", 1);
        same_end(&found, 1, &self.whole)
    }

    /// One is paused, another takes the run over, then the first wakes.
    fn paused(&self, stage: &Stage, random: &mut Random, tally: &mut Tally) -> Check {
        let place = stage.place()?;
        let mut orders = Orders::new(&place, PLAN, 1);
        let mut ledger = Ledger::default();
        let when = if random.percent(50) {
            "before"
        } else {
            "after"
        };
        let rule = format!("told:write:{}:{when}:stop", 1 + random.below(LINES / 2));
        let sleeper = Worker::start(stage, &orders.clone().with(Faults::rule(rule)))?;
        sleeper.stopped()?;
        orders.flags = &["--take-over"];
        let heard = work(stage, &orders)?;
        ledger.hear(&heard)?;
        if heard.codes() == [NO_ANSWER] {
            // It sleeps in the middle of a commit, which only it can end: nobody else can write
            // until it wakes, and nothing was taken from it.
            sleeper.signal("CONT")?;
            let woken = sleeper.end()?;
            ledger.hear(&woken)?;
            if woken.end != End::Done || ends(&woken) != 1 {
                let codes = woken.codes();
                return Err(format!(
                    "one that was not replaced woke and was told {codes:?}"
                ));
            }
            tally.count("asleep in a commit", 1);
            let found = ledger.audit(stage, &place, &orders.url, tally)?;
            return same_end(&found, 1, &self.whole);
        }
        if heard.end != End::Done || ends(&heard) != 1 {
            return Err(format!("a run was not taken over: {:?}", heard.codes()));
        }
        sleeper.signal("CONT")?;
        let woken = sleeper.end()?;
        let codes = woken.codes();
        if codes != [REPLACED] {
            return Err(format!("one that was replaced and woke was told {codes:?}"));
        }
        ledger.hear(&woken)?;
        tally.count("woken and refused", 1);
        let found = ledger.audit(stage, &place, &orders.url, tally)?;
        same_end(&found, 1, &self.whole)
    }
}
