//! `clock`: the clock on the wall jumps by hours, forwards and backwards, under a run that rests, while
//! it works or between two processes, and under leases of a team.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orchestrate_core::coordination::TeamTask;
use orchestrate_core::learning::StoreError;
use orchestrate_store::Store;
use serde_json::Value;

use super::audit::{Found, Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::process::{End, Orders, work};
use super::random::Random;
use super::stage::{Check, Faults, Place, Stage};
use super::tally::Tally;
use super::worker::{REST_MS, effects};

const PLAN: &str = "rest";
const CASES: u64 = 60;
/// Lines that a run of the plan writes, about.
const LINES: u64 = 12;
/// Longest time beyond its rest after which a step must have gone on, in milliseconds; jumps are of hours.
const SLACK_MS: u64 = 60_000;

struct Clock {
    whole: Vec<String>,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    Ok(Opened::cases(Clock { whole }))
}

/// From one to a hundred hours, either way, in seconds.
fn jump(random: &mut Random) -> i64 {
    let hours = i64::try_from(1 + random.below(100)).unwrap_or(1);
    if random.percent(50) {
        hours * 3600
    } else {
        hours * -3600
    }
}

impl Cases for Clock {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let (first, second) = (jump(random), jump(random));
        let what = format!("the clock jumps by {first} s and then by {second} s");
        let held = match case % 3 {
            0 => self.while_it_works(stage, first, second, random, tally),
            1 => self.between_processes(stage, first, second, random, tally),
            _ => leases(stage, first, tally),
        };
        held.map_err(|problem| format!("{what}: {problem}"))
    }
}

impl Clock {
    fn while_it_works(
        &self,
        stage: &Stage,
        first: i64,
        second: i64,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Check {
        let place = stage.place()?;
        let at = random.below(LINES);
        let later = at + 1 + random.below(3);
        let faults = Faults {
            clock: format!("{at}:{first};{later}:{second}"),
            ..Faults::default()
        };
        let orders = Orders::new(&place, PLAN, 1);
        let mut ledger = Ledger::default();
        ledger.hear(&work(stage, &orders.clone().with(faults))?)?;
        let rested = self.rested_ms(stage, &place, &mut ledger, tally)?;
        // A step that rests does so by a clock that does not jump; 20 are for how coarse that is told.
        if rested + 20 < REST_MS {
            return Err(format!("a rest of {REST_MS} ms took {rested} ms"));
        }
        tally.count("jumps", 2);
        tally.count("rests", 1);
        Ok(())
    }

    fn between_processes(
        &self,
        stage: &Stage,
        first: i64,
        second: i64,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Check {
        let place = stage.place()?;
        let orders = Orders::new(&place, PLAN, 1);
        let mut ledger = Ledger::default();
        let cut = Faults {
            rules: format!("told:write:{}:after:kill", 1 + random.below(LINES)),
            clock: format!("0:{first}"),
            ..Faults::default()
        };
        let heard = work(stage, &orders.clone().with(cut))?;
        ledger.hear(&heard)?;
        ledger.audit(stage, &place, &orders.url, tally)?;
        let late = Faults {
            clock: format!("0:{second}"),
            ..Faults::default()
        };
        let heard = work(stage, &orders.clone().with(late))?;
        ledger.hear(&heard)?;
        if heard.end != End::Done {
            return Err(format!("it cannot be gone on with: {:?}", heard.codes()));
        }
        self.rested_ms(stage, &place, &mut ledger, tally)?;
        tally.count("jumps", 2);
        tally.count("rests over a restart", 1);
        Ok(())
    }

    /// How long the step rested of a run that has come to its end.
    fn rested_ms(
        &self,
        stage: &Stage,
        place: &Place,
        ledger: &mut Ledger,
        tally: &mut Tally,
    ) -> Check<u64> {
        let found = ledger.audit(stage, place, &place.url(), tally)?;
        same_end(&found, 1, &self.whole)?;
        in_order(&found)?;
        let rested = rested_ms(place)?;
        if rested > REST_MS + SLACK_MS {
            return Err(format!("a rest of {REST_MS} ms took {rested} ms"));
        }
        Ok(rested)
    }
}

/// Events never go back in time.
fn in_order(found: &Found) -> Check {
    for (run, kept) in &found.runs {
        if !kept.events.is_sorted_by_key(|event| event.at_us) {
            return Err(format!("the events of {run} go back in time"));
        }
    }
    Ok(())
}

/// How long the step rested that fails at first, from its first attempt to its last.
fn rested_ms(place: &Place) -> Check<u64> {
    let made = effects(&place.effects())?;
    let shaky = || made.iter().filter(|effect| effect.agent == "shaky");
    let first = shaky().next().map_or(0, |effect| effect.at_ms);
    let last = shaky().next_back().map_or(0, |effect| effect.at_ms);
    Ok(last - first)
}

/// A lease that ran out by a jump is fenced, and one that the clock gave more time stays one.
fn leases(stage: &Stage, jump: i64, tally: &mut Tally) -> Check {
    const LEASE_MS: u64 = 60_000;
    let place = stage.place()?;
    let address = place.url();
    let now = Arc::new(AtomicU64::new(1_700_000_000_000));
    let clock = now.clone();
    let taken = stage.wait(async {
        let store = Store::open(&address)?;
        let store = store.with_clock(Arc::new(move || clock.load(Ordering::Relaxed)));
        let team = store.team("crew")?;
        team.add_task(TeamTask::new("one", "work", "something"))
            .await?;
        let claim = team.claim("ann", LEASE_MS).await?;
        let jumped = now
            .load(Ordering::Relaxed)
            .saturating_add_signed(jump * 1000);
        now.store(jumped, Ordering::Relaxed);
        let second = team.claim("bob", LEASE_MS).await?;
        let mut completed = 0;
        for claim in [claim, second.clone()].into_iter().flatten() {
            match team.complete(&claim.0, Value::Null).await {
                Ok(()) => completed += 1,
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((second.is_some(), completed))
    });
    let (taken_over, completed) = taken.map_err(|error| error.to_string())?;
    tally.count("jumps", 1);
    tally.count("leases", 1);
    if completed != 1 {
        return Err(format!("a task was completed {completed} times"));
    }
    if taken_over != (jump > 0) {
        return Err(format!("a lease was taken over: {taken_over}"));
    }
    Ok(())
}
