//! `damage`: files of a store with bits, ends or pages changed, or older than the others. A run is read
//! as it was recorded or not at all, and what does not fit is named.

use orchestrate_core::error::Explain;
use orchestrate_core::journal::JournalError;

use super::audit::{Found, read};
use super::family::{Cases, Opened};
use super::history::{Change, History};
use super::image::{Image, as_left, lay_out};
use super::pairs::recorded;
use super::random::Random;
use super::stage::{self, Check, Place, Stage};
use super::tally::Tally;

const PLAN: &str = "twelve";
const RUNS: usize = 3;
const CASES: u64 = 120;
/// Damages of each case.
const DAMAGES: u64 = 10;
const PAGE: usize = 4096;

struct Damage {
    history: History,
    /// As a crash right after the last event leaves it, with all entries in the log, and as it stands
    /// once it was closed, with all of them in the database.
    images: [Image; 2],
    whole: Found,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let history = recorded(stage, PLAN, RUNS)?;
    let told = |change: &Change| matches!(change, Change::Told(_));
    let last = history.changes.iter().rposition(told).unwrap_or_default();
    let cut = as_left(history.changes.get(..last).unwrap_or_default());
    let closed = as_left(&history.changes);
    let place = stage.place()?;
    lay_out(&cut, &place.store())?;
    let journal = stage::journal(&place.url(), false);
    let journal = journal.map_err(|error| error.to_string())?;
    let whole = stage.wait(read(&journal))?;
    Ok(Opened::cases(Damage {
        history,
        images: [cut, closed],
        whole,
    }))
}

impl Damage {
    /// Changes one file; gives what was done.
    fn spoil(&self, image: &mut Image, random: &mut Random) -> Check<String> {
        let names: Vec<String> = image.keys().cloned().collect();
        let name = random.choose(&names).ok_or("an image without files")?;
        let content = image.get_mut(name).ok_or("an image without files")?;
        let place = random.index(content.len());
        Ok(match random.below(10) {
            0..=3 => {
                if let Some(byte) = content.get_mut(place) {
                    *byte ^= 1 << random.below(8);
                }
                format!("a bit of {name} at {place}")
            }
            4..=6 => {
                content.truncate(place);
                format!("{name} cut at {place}")
            }
            7 => {
                let page = place / PAGE * PAGE;
                content
                    .iter_mut()
                    .skip(page)
                    .take(PAGE)
                    .for_each(|it| *it = 0);
                format!("a page of {name} at {page}")
            }
            8 => {
                let moment = random.index(self.history.changes.len());
                let older = as_left(self.history.changes.get(..moment).unwrap_or_default());
                *content = older.get(name).cloned().unwrap_or_default();
                format!("{name} as after change {moment}")
            }
            _ => {
                image.remove(name);
                format!("{name} gone")
            }
        })
    }

    fn look(&self, stage: &Stage, place: &Place, tally: &mut Tally) -> Check {
        let journal = match stage::journal(&place.url(), true) {
            Ok(journal) => journal,
            Err(error) => {
                tally.count(&format!("stores refused as {}", error.code()), 1);
                return Ok(());
            }
        };
        for (run, recorded) in &self.whole.runs {
            match stage.wait(journal.load(run)) {
                Ok(loaded) if loaded == *recorded => tally.count("runs whole", 1),
                Ok(_) => return Err(format!("{run} is shown as it never was")),
                Err(
                    JournalError::Damaged { run: named, .. }
                    | JournalError::Lost { run: named, .. },
                ) if named == *run => tally.count("runs named as damaged", 1),
                Err(
                    error @ (JournalError::Unreadable { .. }
                    | JournalError::Unavailable { .. }
                    | JournalError::Full { .. }),
                ) => tally.count(&format!("refused as {}", error.code()), 1),
                Err(error) => return Err(format!("{run}: {error}")),
            }
        }
        Ok(())
    }
}

impl Cases for Damage {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, _: u64, random: &mut Random, tally: &mut Tally) -> Check {
        for _ in 0..DAMAGES {
            let image = random.choose(&self.images);
            let mut image = image.cloned().ok_or("there is no image")?;
            let what = self.spoil(&mut image, random)?;
            // Each has a place of its own: a journal that was dropped may still be closing its files.
            let place = stage.place()?;
            lay_out(&image, &place.store())?;
            tally.count("damages", 1);
            self.look(stage, &place, tally)
                .map_err(|problem| format!("{what}: {problem}"))?;
        }
        Ok(())
    }

    fn close(&self, tally: &Tally) -> Check {
        let named = tally.of("runs named as damaged");
        if tally.of("damages") >= 200 && (named == 0 || tally.of("runs whole") == 0) {
            return Err("no damage met a run, or every damage met all".to_owned());
        }
        Ok(())
    }
}
