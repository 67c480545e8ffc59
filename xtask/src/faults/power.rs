//! `power`: everything that a worker did to its files, cut at any moment. In `full` nothing that was
//! told may be missing from any image; in `fast` something must be, or the harness sees nothing.

use std::collections::BTreeMap;

use orchestrate_core::journal::RecordedRun;

use super::audit::{Found, read, result, same_end};
use super::family::{Cases, Opened};
use super::history::{Change, History};
use super::image::{after, lay_out};
use super::process::{End, Orders, work};
use super::random::Random;
use super::stage::{self, Check, Faults, Kind, Place, Stage};
use super::tally::Tally;
use super::worker::{Line, parse};

const PLAN: &str = "sixty";
const RUNS: usize = 3;
/// Recordings, each in both modes.
const CASES: u64 = 16;
/// Images of each recording.
const IMAGES: u64 = 80;
/// One image in so many is also gone on with.
const RESUMED: u64 = 40;

struct Power;

pub(crate) fn open(_: &Stage) -> Check<Opened> {
    Ok(Opened::cases(Power))
}

/// What a worker did, and what came of it.
struct Recording {
    history: History,
    whole: BTreeMap<String, RecordedRun>,
}

impl Recording {
    fn make(stage: &Stage, mode: &str) -> Check<Self> {
        let place = stage.place()?;
        let faults = Faults {
            log: Some(place.log()),
            ..Faults::default()
        };
        let mut orders = Orders::new(&place, PLAN, RUNS).with(faults);
        orders.url += mode;
        let heard = work(stage, &orders)?;
        if heard.end != End::Done {
            return Err(format!("nothing was broken, and yet: {:?}", heard.codes()));
        }
        let found = found(stage, &place)?;
        let runs = found.runs.into_iter();
        Ok(Self {
            history: History::read(&place.log())?,
            whole: runs.map(|(run, kept)| (run.to_string(), kept)).collect(),
        })
    }

    /// Cuts the power at some moment; gives what does not hold of what is left.
    fn cut(&self, stage: &Stage, place: &Place, random: &mut Random) -> Check<Cut> {
        let moment = random.index(self.history.changes.len() + 1);
        let changes = self.history.changes.get(..moment).unwrap_or_default();
        lay_out(&after(changes, random), &place.store())?;
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for change in changes {
            if let Change::Told(text) = change
                && let Some(Line::Told { run, event, .. }) = parse(text.trim_end())
            {
                let count = usize::try_from(event).unwrap_or(usize::MAX) + 1;
                let known = told.entry(run).or_default();
                *known = count.max(*known);
            }
        }
        let mut cut = Cut::default();
        let found = match found(stage, place) {
            Ok(found) => found,
            Err(problem) => {
                cut.violation = Some(format!("after change {moment}: {problem}"));
                return Ok(cut);
            }
        };
        for (run, count) in &told {
            let kept = found.runs.iter().find(|(name, _)| name.as_str() == run);
            let kept = kept.map_or(0, |(_, kept)| kept.events.len());
            if kept < *count {
                cut.silent = true;
                cut.violation = Some(format!(
                    "after change {moment}: {count} events of {run} were told, {kept} are there"
                ));
            }
        }
        for (run, kept) in &found.runs {
            let whole = self.whole.get(run.as_str()).ok_or("a run out of nowhere")?;
            if !whole.events.starts_with(&kept.events) {
                cut.violation = Some(format!("after change {moment}: {run} is not as it was"));
            }
            let count = told.get(run.as_str()).copied().unwrap_or_default();
            cut.untold |= kept.events.len() > count;
        }
        Ok(cut)
    }

    fn end(&self) -> Vec<String> {
        self.whole.values().next().map(result).unwrap_or_default()
    }
}

/// What an image showed.
#[derive(Debug, Default)]
struct Cut {
    violation: Option<String>,
    /// Something is missing and nothing said so.
    silent: bool,
    /// Something is there of which nobody was told yet.
    untold: bool,
}

/// Every run of a store as it is found; the store is made if the cut left none.
fn found(stage: &Stage, place: &Place) -> Check<Found> {
    let journal = stage::journal(&place.url(), true).map_err(|error| error.to_string())?;
    stage.wait(read(&journal))
}

impl Cases for Power {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, _: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let full = Recording::make(stage, "")?;
        for image in 0..IMAGES {
            let place = stage.place()?;
            let cut = full.cut(stage, &place, random)?;
            tally.count("images in full", 1);
            tally.count("with an end nobody was told of", u64::from(cut.untold));
            if let Some(violation) = cut.violation {
                return Err(format!("image {image}: {violation}"));
            }
            if image % RESUMED == 0 {
                let orders = Orders::new(&place, PLAN, RUNS);
                let heard = work(stage, &orders)?;
                if heard.end != End::Done {
                    let codes = heard.codes();
                    return Err(format!(
                        "image {image}: it cannot be gone on with: {codes:?}"
                    ));
                }
                same_end(&found(stage, &place)?, RUNS, &full.end())?;
                tally.count("gone on with", 1);
            }
        }
        if stage.kind != Kind::Sqlite {
            // Only SQLite can be told not to wait for the disk.
            return Ok(());
        }
        let fast = Recording::make(stage, "?fast")?;
        for _ in 0..IMAGES / 2 {
            let place = stage.place()?;
            let cut = fast.cut(stage, &place, random)?;
            tally.count("images in fast", 1);
            if cut.violation.is_some() {
                let kind = if cut.silent { "unnoticed" } else { "named" };
                tally.count(&format!("of them with losses that were {kind}"), 1);
            }
        }
        Ok(())
    }

    fn close(&self, tally: &Tally) -> Check {
        let seen = tally.of("of them with losses that were named")
            + tally.of("of them with losses that were unnoticed");
        if seen == 0 && tally.of("images in fast") > 0 {
            return Err("`fast` lost nothing, so losses are not seen".to_owned());
        }
        Ok(())
    }
}
