//! `kills`: a scripted plan of sixty steps, killed once at each event and at each change to its files.

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::history::{Change, History};
use super::pairs::recorded;
use super::process::{End, Orders, work};
use super::random::Random;
use super::stage::{Check, Faults, Stage};
use super::tally::Tally;

const PLAN: &str = "sixty";

struct Kills {
    whole: Vec<String>,
    /// The rules that kill, each at another moment.
    rules: Vec<String>,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let whole = uninterrupted(stage, PLAN)?;
    let rules = moments(&recorded(stage, PLAN, 1)?);
    Ok(Opened::cases(Kills { whole, rules }))
}

/// A rule for every moment of a history at which something can be cut.
pub(crate) fn moments(history: &History) -> Vec<String> {
    let (mut told, mut changes) = (0, 0);
    let mut rules = Vec::new();
    for change in &history.changes {
        if let Change::Told(_) = change {
            told += 1;
            rules.push(format!("told:write:{told}:before:kill"));
            rules.push(format!("told:write:{told}:after:kill"));
        } else {
            changes += 1;
            rules.push(format!("any:any:{changes}:before:kill"));
            if let Change::Write { .. } = change {
                rules.push(format!("any:any:{changes}:before:half"));
            }
        }
    }
    rules
}

impl Cases for Kills {
    fn count(&self) -> u64 {
        self.rules.len() as u64
    }

    fn run(&self, stage: &Stage, case: u64, _: &mut Random, tally: &mut Tally) -> Check {
        let rule = usize::try_from(case).ok().and_then(|at| self.rules.get(at));
        let rule = rule.ok_or("there is no such case")?;
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
