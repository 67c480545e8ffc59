//! `kills`: a scripted plan of sixty steps, killed once at each event and at each change to its files.

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::history::Change;
use super::pairs::recorded;
use super::process::{End, Orders, work};
use super::random::Random;
use super::stage::{Check, Faults, Stage};
use super::tally::Tally;

const PLAN: &str = "sixty";

/// When a kill falls: before or after something is told, or before or amid a change to a file.
const MOMENTS: &[(&str, &str)] = &[
    ("told:write", "before:kill"),
    ("told:write", "after:kill"),
    ("any:any", "before:kill"),
    ("any:any", "before:half"),
];

struct Kills {
    whole: Vec<String>,
    /// The longer of what is told and what is changed.
    moments: u64,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    let changes = recorded(stage, PLAN, 1)?.changes;
    let told = |change: &&Change| matches!(change, Change::Told(_));
    let told = changes.iter().filter(told).count();
    let moments = told.max(changes.len() - told) as u64;
    Ok(Opened::cases(Kills { whole, moments }))
}

impl Cases for Kills {
    fn count(&self) -> u64 {
        self.moments * MOMENTS.len() as u64
    }

    fn run(&self, stage: &Stage, case: u64, _: &mut Random, tally: &mut Tally) -> Check {
        // The number alone says what happens, so that a case is the same every time.
        let kinds = MOMENTS.len() as u64;
        let moment = usize::try_from(case % kinds)
            .ok()
            .and_then(|at| MOMENTS.get(at));
        let (what, how) = moment.ok_or("there is no such case")?;
        let rule = &format!("{what}:{}:{how}", case / kinds + 1);
        let place = stage.place()?;
        let orders = Orders::new(&place, PLAN, 1);
        let mut ledger = Ledger::default();
        let cut = work(stage, &orders.clone().with(Faults::rule(rule)))?;
        ledger.hear(&cut)?;
        ledger.audit(stage, &place, &orders.url, tally)?;
        if cut.end == End::Killed {
            tally.count("kills", 1);
        } else {
            // The threads of this run met in another order, and there were fewer changes.
            tally.count("moments that did not come", 1);
        }
        let resumed = work(stage, &orders)?;
        ledger.hear(&resumed)?;
        let found = ledger.audit(stage, &place, &orders.url, tally)?;
        same_end(&found, 1, &self.whole).map_err(|problem| format!("{rule}: {problem}"))?;
        ledger.count_repeats(&place, tally)
    }
}
