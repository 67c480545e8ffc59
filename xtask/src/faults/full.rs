//! `full`: a real file system that is too small. It is mounted in a namespace of its own, where that is
//! permitted, and goes with the process that has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::pairs::refused_well;
use super::process::{End, Orders, work};
use super::random::Random;
use super::stage::{Check, Stage};
use super::tally::Tally;

const PLAN: &str = "sixty";
const RUNS: usize = 24;
const CASES: u64 = 12;

/// Set for the process in the namespace.
const INSIDE: &str = "FAULTS_INSIDE";

/// The program that makes a namespace in which file systems can be mounted.
fn namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount"]);
    command
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    if std::env::var_os(INSIDE).is_some() {
        let whole = uninterrupted(stage, PLAN)?;
        return Ok(Opened::cases(Inside { whole }));
    }
    let permitted = namespace().arg("true").output();
    if !permitted.is_ok_and(|ran| ran.status.success()) {
        let why = "no file system can be mounted here (`unshare --user --mount`)";
        return Ok(Opened::Skipped(why.to_owned()));
    }
    Ok(Opened::cases(Outside))
}

/// Starts each case in a namespace.
struct Outside;

impl Cases for Outside {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, _: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let ran = namespace()
            .arg(own)
            .args(["--family", "full", "--case", &case.to_string()])
            .args(["--seed", &random.below(1 << 32).to_string()])
            .env(INSIDE, "1")
            .output()
            .map_err(|error| error.to_string())?;
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stdout).into_owned());
        }
        tally.count("file systems filled", 1);
        Ok(())
    }
}

struct Inside {
    whole: Vec<String>,
}

fn mount(options: &str, at: &Path) -> Check {
    let ran = Command::new("mount")
        .args(["-t", "tmpfs", "-o", options, "faults"])
        .arg(at)
        .output();
    match ran {
        Ok(ran) if ran.status.success() => Ok(()),
        Ok(ran) => Err(String::from_utf8_lossy(&ran.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A mounted file system; it is let go with this value, or its folder could not be removed.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

impl Cases for Inside {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let place = stage.place()?;
        let size = 300 + random.below(900);
        mount(&format!("size={size}k"), &place.store())?;
        let _mounted = Mounted(place.store());
        let orders = Orders::new(&place, PLAN, 1);
        let mut ledger = Ledger::default();
        ledger.hear(&work(stage, &orders)?)?;
        ledger.audit(stage, &place, &orders.url, tally)?;

        let orders = Orders::new(&place, PLAN, RUNS);
        let filler = place.store().join("filler");
        let closed = case.is_multiple_of(2);
        if closed {
            // Somebody else takes all the room before the store is opened.
            let _ = fs::write(&filler, vec![1; 1 << 20]);
        }
        let heard = work(stage, &orders)?;
        ledger.hear(&heard)?;
        refused_well(&heard)?;
        if heard.end != End::Refused || !heard.codes().contains(&"ORC1111") {
            return Err(format!("a full disk was taken for {:?}", heard.codes()));
        }
        let mut look = orders.clone();
        look.flags = &["--look"];
        let seen = work(stage, &look)?;
        if seen.end != End::Done || seen.lines.is_empty() {
            return Err(format!("runs cannot be read: {:?}", seen.lines));
        }
        ledger.audit(stage, &place, &orders.url, tally)?;

        let _ = fs::remove_file(&filler);
        mount("remount,size=64m", &place.store())?;
        let heard = work(stage, &orders)?;
        ledger.hear(&heard)?;
        if heard.end != End::Done {
            return Err(format!("it cannot be gone on with: {:?}", heard.codes()));
        }
        let found = ledger.audit(stage, &place, &orders.url, tally)?;
        same_end(&found, RUNS, &self.whole)
    }
}
