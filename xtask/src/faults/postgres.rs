//! `postgres`: the same on a PostgreSQL server that ends without warning, whose connections are cut, and
//! whose answers do not arrive; and processes on it that are killed or replaced.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use super::audit::{Ledger, same_end};
use super::crashes::uninterrupted;
use super::family::{Cases, Opened};
use super::pairs::refused_well;
use super::process::{End, Heard, Orders, Worker, work};
use super::random::Random;
use super::server::{Line, Server};
use super::stage::{Check, Faults, Place, Stage};
use super::tally::Tally;

const PLAN: &str = "sixty";
const RUNS: usize = 3;
const CASES: u64 = 50;
/// Lines that the runs of a case write, about.
const LINES: u64 = 500;
/// The run has another owner by now.
const REPLACED: &str = "ORC1106";

struct Shared {
    server: RefCell<Server>,
    whole: Vec<String>,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    let Some(server) = Server::start()? else {
        let why = "PostgreSQL is not installed (`apt-get install postgresql`)";
        let required = std::env::var("CI").is_ok_and(|it| it == "true");
        return if required {
            Err(why.to_owned())
        } else {
            Ok(Opened::Skipped(why.to_owned()))
        };
    };
    Ok(Opened::cases(Shared {
        server: RefCell::new(server),
        whole: uninterrupted(stage, PLAN)?,
    }))
}

/// A database in which something is broken.
struct Scene<'a> {
    stage: &'a Stage,
    place: &'a Place,
    database: String,
    orders: Orders<'a>,
    ledger: Ledger,
}

impl Scene<'_> {
    fn look(&mut self, heard: &Heard, tally: &mut Tally) -> Check {
        self.ledger.hear(heard)?;
        let url = &self.orders.url;
        self.ledger.audit(self.stage, self.place, url, tally)?;
        Ok(())
    }
}

impl Cases for Shared {
    fn count(&self) -> u64 {
        CASES
    }

    fn run(&self, stage: &Stage, case: u64, random: &mut Random, tally: &mut Tally) -> Check {
        let place = stage.place()?;
        let (database, url) = {
            let server = self.server.borrow();
            let database = server.database()?;
            let url = server.url(&database, server.port);
            (database, url)
        };
        let mut orders = Orders::new(&place, PLAN, RUNS);
        orders.url = url;
        orders.flags = &["--patient"];
        let mut scene = Scene {
            stage,
            place: &place,
            database,
            orders,
            ledger: Ledger::default(),
        };
        match case % 5 {
            0 => self.restarts(&mut scene, random, tally)?,
            1 => self.cuts(&mut scene, random, tally)?,
            2 => self.lost_answers(&mut scene, random, tally)?,
            3 => kills(&mut scene, random, tally)?,
            _ => paused(&mut scene, random, tally)?,
        }
        let heard = work(stage, &scene.orders)?;
        scene.ledger.hear(&heard)?;
        if heard.end != End::Done {
            return Err(format!("it cannot be gone on with: {:?}", heard.codes()));
        }
        let url = &scene.orders.url;
        let found = scene.ledger.audit(stage, &place, url, tally)?;
        same_end(&found, RUNS, &self.whole)?;
        scene.ledger.count_repeats(&place, tally)
    }
}

impl Shared {
    /// The server ends without warning while it is written to, several times.
    fn restarts(&self, scene: &mut Scene<'_>, random: &mut Random, tally: &mut Tally) -> Check {
        let mut worker = Worker::start(scene.stage, &scene.orders)?;
        for _ in 0..2 {
            if !worker.says(random.below(LINES / 3))? {
                break;
            }
            self.server.borrow_mut().restart()?;
            tally.count("restarts", 1);
        }
        let heard = worker.end()?;
        refused_well(&heard)?;
        tally.count("errors told", heard.codes().len() as u64);
        scene.look(&heard, tally)
    }

    /// Its connections are cut while they are used.
    fn cuts(&self, scene: &mut Scene<'_>, random: &mut Random, tally: &mut Tally) -> Check {
        let mut worker = Worker::start(scene.stage, &scene.orders)?;
        for _ in 0..6 {
            if !worker.says(random.below(LINES / 8))? {
                break;
            }
            self.server.borrow().cut(&scene.database)?;
            tally.count("cuts", 1);
        }
        let heard = worker.end()?;
        refused_well(&heard)?;
        tally.count("errors told", heard.codes().len() as u64);
        scene.look(&heard, tally)
    }

    /// What it answers does not arrive, though it was asked and has done it.
    fn lost_answers(&self, scene: &mut Scene<'_>, random: &mut Random, tally: &mut Tally) -> Check {
        let server = self.server.borrow();
        let line = Line::lay(server.port, 8, random)?;
        let mut orders = scene.orders.clone();
        orders.url = server.url(&scene.database, line.port);
        let heard = work(scene.stage, &orders)?;
        refused_well(&heard)?;
        tally.count("lost answers", line.cuts());
        tally.count("errors told", heard.codes().len() as u64);
        scene.look(&heard, tally)
    }
}

/// The process is killed at any moment, several times.
fn kills(scene: &mut Scene<'_>, random: &mut Random, tally: &mut Tally) -> Check {
    for _ in 0..4 {
        let mut worker = Worker::start(scene.stage, &scene.orders)?;
        let alive = worker.says(random.below(LINES / 3))?;
        thread::sleep(Duration::from_micros(random.below(3000)));
        worker.kill();
        let heard = worker.end()?;
        tally.count("kills", u64::from(alive));
        scene.look(&heard, tally)?;
    }
    Ok(())
}

/// The process is paused, another takes its runs over, then the first wakes.
fn paused(scene: &mut Scene<'_>, random: &mut Random, tally: &mut Tally) -> Check {
    let rule = format!("told:write:{}:after:stop", 1 + random.below(LINES / 3));
    let mut orders = scene.orders.clone();
    orders.flags = &[];
    let sleeper = Worker::start(scene.stage, &orders.clone().with(Faults::rule(rule)))?;
    sleeper.stopped()?;
    orders.flags = &["--take-over"];
    let heard = work(scene.stage, &orders)?;
    scene.ledger.hear(&heard)?;
    if heard.end != End::Done {
        return Err(format!("runs were not taken over: {:?}", heard.codes()));
    }
    sleeper.signal("CONT")?;
    let woken = sleeper.end()?;
    let (codes, ended) = (woken.codes(), woken.end == End::Done);
    if ended || codes.iter().any(|code| *code != REPLACED) {
        return Err(format!("one that was replaced and woke was told {codes:?}"));
    }
    tally.count("woken and refused", 1);
    scene.look(&woken, tally)
}
