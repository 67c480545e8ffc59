//! `pairs`: two faults in one history, every fail point with every other.

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::history::History;
use super::process::{End, Heard, Orders, work};
use super::random::Random;
use super::stage::{Check, Faults, Kind, Stage};
use super::tally::Tally;

const PLAN: &str = "twelve";
const RUNS: usize = 2;

/// Where the journal meets the world: the file or place, what is done to it, about how often before
/// the middle of the plan, and what can go wrong.
///
/// Only long writes are torn: a head lies within one sector, and lines for a pipe are written at once.
const POINTS_OF_SQLITE: &[Point] = &[
    ("wal", "make", 1, BOTH),
    ("wal", "write", 80, TORN),
    ("wal", "sync", 12, BOTH),
    ("wal", "remove", 1, BOTH),
    ("db", "make", 1, BOTH),
    ("db", "write", 6, TORN),
    ("db", "sync", 1, BOTH),
    ("heads", "make", 1, BOTH),
    ("heads", "write", 16, BOTH),
    ("heads", "sync", 12, BOTH),
    ("folder", "sync", 2, BOTH),
    ("told", "write", 50, KILLS),
];
const POINTS_OF_FILES: &[Point] = &[
    ("entries", "make", 2, BOTH),
    ("entries", "write", 16, TORN),
    ("entries", "sync", 16, BOTH),
    ("head", "make", 16, BOTH),
    ("head", "write", 16, TORN),
    ("head", "sync", 16, BOTH),
    ("head", "move", 16, BOTH),
    ("folder", "sync", 16, BOTH),
    ("told", "write", 50, KILLS),
];
type Point = (&'static str, &'static str, u64, &'static [&'static str]);
const KILLS: &[&str] = &["before:kill", "after:kill"];
const BOTH: &[&str] = &[
    "before:kill",
    "after:kill",
    "before:io",
    "after:io",
    "before:full",
];
const TORN: &[&str] = &[
    "before:kill",
    "before:half",
    "after:kill",
    "before:io",
    "after:io",
    "before:full",
];

/// How a journal may refuse to go on: no room, nobody knows, no answer, no write.
pub(crate) const CODES: &[&str] = &["ORC1111", "ORC1112", "ORC1113", "ORC1114"];

struct Pairs {
    whole: Vec<String>,
    points: Vec<(String, u64, &'static str)>,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    let mut points = Vec::new();
    let all = match stage.kind {
        Kind::Sqlite => POINTS_OF_SQLITE,
        Kind::File => POINTS_OF_FILES,
    };
    for (file, operation, times, faults) in all {
        points.extend(
            faults
                .iter()
                .map(|fault| (format!("{file}:{operation}"), *times, *fault)),
        );
    }
    Ok(Opened::cases(Pairs { whole, points }))
}

/// What an undisturbed worker does.
///
/// # Errors
/// When it cannot be recorded.
pub(crate) fn recorded(stage: &Stage, plan: &str, runs: usize) -> Check<History> {
    let place = stage.place()?;
    let faults = Faults {
        log: Some(place.log()),
        ..Faults::default()
    };
    work(stage, &Orders::new(&place, plan, runs).with(faults))?;
    History::read(&place.log())
}

/// Whether a worker that was broken said so as it should.
///
/// # Errors
/// When it gave another reason, or went on after it had been told that nothing is recorded.
pub(crate) fn refused_well(heard: &Heard) -> Check {
    let codes = heard.codes();
    match codes.iter().find(|code| !CODES.contains(code)) {
        Some(code) => Err(format!(
            "a broken disk was taken for {code}: {:?}",
            heard.lines.last()
        )),
        None if heard.end == End::Refused && codes.is_empty() => {
            Err("a worker stopped and did not say why".to_owned())
        }
        None => Ok(()),
    }
}

impl Pairs {
    /// A rule for a point, at one of the moments at which a worker comes by.
    fn rule(&self, point: usize, random: &mut Random) -> Check<String> {
        let found = self.points.get(point);
        let (point, times, fault) = found.ok_or("there is no such case")?;
        let nth = 1 + random.below(*times);
        Ok(format!("{point}:{nth}:{fault}"))
    }
}

impl Cases for Pairs {
    fn count(&self) -> u64 {
        (self.points.len() * self.points.len()) as u64
    }

    fn run(&self, stage: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let case = usize::try_from(case).map_err(|error| error.to_string())?;
        let width = self.points.len().max(1);
        let first = self.rule(case / width, random)?;
        let second = self.rule(case % width, random)?;
        // Both in one process, or one after the other.
        let plan = if random.percent(30) {
            vec![format!("{first};{second}")]
        } else {
            vec![first.clone(), second.clone()]
        };
        let place = stage.place()?;
        let mut orders = Orders::new(&place, PLAN, RUNS);
        orders.flags = &["--patient"];
        let mut ledger = Ledger::default();
        let here = |problem: String| format!("{first}, then {second}: {problem}");
        for rules in plan {
            let heard = work(stage, &orders.clone().with(Faults::rule(rules))).map_err(here)?;
            ledger.hear(&heard)?;
            refused_well(&heard).map_err(here)?;
            ledger
                .audit(stage, &place, &orders.url, tally)
                .map_err(here)?;
            match heard.end {
                End::Killed => tally.count("kills", 1),
                End::Refused => tally.count("stops", 1),
                End::Done if heard.codes().is_empty() => tally.count("not met", 1),
                End::Done => tally.count("errors overcome", 1),
            }
        }
        let heard = work(stage, &orders).map_err(here)?;
        ledger.hear(&heard)?;
        if heard.end != End::Done {
            return Err(here(format!(
                "it cannot be gone on with: {:?}",
                heard.lines.last()
            )));
        }
        let found = ledger.audit(stage, &place, &orders.url, tally);
        let found = found.map_err(here)?;
        same_end(&found, RUNS, &self.whole).map_err(here)
    }
}
