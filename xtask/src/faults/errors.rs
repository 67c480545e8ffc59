//! `errors`: a disk that gives an error, once or from some moment on, and one that is full. A run
//! stops with the reason, what was told stays, other runs can be read, and with a whole disk all goes on.

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::history::Change;
use super::pairs::{recorded, refused_well};
use super::process::{End, Orders, work};
use super::random::Random;
use super::stage::{Check, Faults, Stage};
use super::tally::Tally;

const PLAN: &str = "twelve";
/// Runs that are broken; one more ended before.
const RUNS: usize = 2;

/// What can go wrong with a change, and whether it stays so.
const KINDS: &[(&str, &str)] = &[("", "io"), ("+", "io"), ("+", "full")];

struct Errors {
    whole: Vec<String>,
    changes: u64,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    let history = recorded(stage, PLAN, RUNS)?;
    let told = |change: &&Change| matches!(change, Change::Told(_));
    let changes = history.changes.len() - history.changes.iter().filter(told).count();
    Ok(Opened::cases(Errors {
        whole,
        changes: changes as u64,
    }))
}

impl Cases for Errors {
    fn count(&self) -> u64 {
        self.changes * KINDS.len() as u64
    }

    fn run(&self, stage: &Stage, case: u64, _: &mut Random, tally: &mut Tally) -> Check {
        let kinds = KINDS.len() as u64;
        let kind = usize::try_from(case % kinds)
            .ok()
            .and_then(|at| KINDS.get(at));
        let (onward, what) = kind.ok_or("there is no such case")?;
        let rule = format!("any:any:{}{onward}:before:{what}", case / kinds + 1);
        let here = |problem: String| format!("{rule}: {problem}");

        let place = stage.place()?;
        let mut ledger = Ledger::default();
        ledger.hear(&work(stage, &Orders::new(&place, PLAN, 1))?)?;
        ledger.audit(stage, &place, &place.url(), tally)?;

        let mut orders = Orders::new(&place, PLAN, 1 + RUNS);
        orders.flags = &["--patient"];
        let heard = work(stage, &orders.clone().with(Faults::rule(&rule))).map_err(here)?;
        ledger.hear(&heard)?;
        refused_well(&heard).map_err(here)?;
        let codes = heard.codes();
        match heard.end {
            End::Done if codes.is_empty() => tally.count("not met", 1),
            End::Done if onward.is_empty() => tally.count("errors overcome", 1),
            // The last commit was refused, and yet it was found when it was read back.
            End::Done => tally.count("ends that nobody was sure of", 1),
            End::Refused if *what == "full" && !codes.iter().any(|code| is_about_room(code)) => {
                return Err(here(format!("a full disk was taken for {codes:?}")));
            }
            _ => tally.count("stops", 1),
        }
        if !onward.is_empty() {
            // Whoever only reads does not need a disk that takes anything.
            let broken = Faults::rule(format!("any:any:1+:before:{what}"));
            let mut look = orders.clone().with(broken);
            look.flags = &["--look"];
            let seen = work(stage, &look).map_err(here)?;
            if seen.end != End::Done || seen.lines.is_empty() {
                return Err(here(format!("runs cannot be read: {:?}", seen.lines)));
            }
            tally.count("looks at a broken disk", 1);
        }
        ledger
            .audit(stage, &place, &orders.url, tally)
            .map_err(here)?;
        let heard = work(stage, &orders).map_err(here)?;
        ledger.hear(&heard)?;
        if heard.end != End::Done {
            return Err(here(format!(
                "it cannot be gone on with: {:?}",
                heard.lines
            )));
        }
        let found = ledger.audit(stage, &place, &orders.url, tally);
        same_end(&found.map_err(here)?, 1 + RUNS, &self.whole).map_err(here)
    }
}

/// No room; no room for a new file, of which SQLite says only that it cannot be opened; or an end that
/// nobody knows, because there was none for the second copy of the head.
fn is_about_room(code: &str) -> bool {
    matches!(code, "ORC1111" | "ORC1112" | "ORC1113")
}
