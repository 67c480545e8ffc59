//! The fault harness: breaks processes, disks and clocks under recorded runs, and looks whether the
//! journal keeps what it promises. One file per family of faults, listed here.
//!
//! The programs under test are the ones that people use, unchanged: what breaks them stands outside
//! of them, in signals, in files, and in a small library before their C library (`disk.c`). It is
//! C because it has to be called as the C library is, and nothing of ours in Rust may be `unsafe`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal; printing is what it does"
)]

mod audit;
mod clock;
mod crashes;
mod damage;
mod errors;
mod family;
mod full;
mod history;
mod image;
mod kills;
mod options;
mod owners;
mod pairs;
mod postgres;
mod power;
mod process;
mod random;
mod release;
mod server;
mod stage;
mod tally;
mod worker;

use std::process::ExitCode;

use family::Family;
use options::Options;
use stage::Stage;

const FAMILIES: &[Family] = &[
    Family {
        name: "crashes",
        summary: "several runs at once, killed again and again at any moment",
        share: 10,
        open: crashes::open,
    },
    Family {
        name: "kills",
        summary: "sixty steps, killed at each event and at each change to a file",
        share: 8,
        open: kills::open,
    },
    Family {
        name: "release",
        summary: "`release-prep` on a repository, killed at each change to its store",
        share: 10,
        open: release::open,
    },
    Family {
        name: "pairs",
        summary: "two faults in one history, every fail point with every other",
        share: 8,
        open: pairs::open,
    },
    Family {
        name: "power",
        summary: "power cuts: images without any part of what was not synced",
        share: 8,
        open: power::open,
    },
    Family {
        name: "errors",
        summary: "a disk that gives errors, once or from then on, and one that is full",
        share: 6,
        open: errors::open,
    },
    Family {
        name: "full",
        summary: "a real file system that is too small",
        share: 3,
        open: full::open,
    },
    Family {
        name: "damage",
        summary: "files with bits, ends or pages changed, or older than the others",
        share: 5,
        open: damage::open,
    },
    Family {
        name: "clock",
        summary: "the clock on the wall jumps by hours under rests and leases",
        share: 4,
        open: clock::open,
    },
    Family {
        name: "owners",
        summary: "two processes with one run, and an owner that is paused and replaced",
        share: 5,
        open: owners::open,
    },
    Family {
        name: "postgres",
        summary: "a server that ends, cut connections, lost answers, killed and paused owners",
        share: 10,
        open: postgres::open,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("worker", orders)) = words.split_first().map(|(word, rest)| (&**word, rest)) {
        return worker::main(orders);
    }
    let outcome = Options::parse(&words, FAMILIES).and_then(|options| run(&options));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let stage = Stage::build(options.kind)?;
    println!(
        "seed {}, stores of the kind {}, in {}",
        options.seed,
        options.kind.name(),
        stage.scratch().display()
    );
    let chosen: Vec<&Family> = options.chosen(FAMILIES).collect();
    let shares = chosen.iter().map(|family| family.share).sum();
    let mut count = 0;
    for family in chosen {
        let outcome = family.run(&stage, options.seed, options.extent(family, shares));
        println!("{}", outcome.line);
        for (case, violation) in outcome.violations {
            count += 1;
            println!("  VIOLATION: {violation}");
            println!("  again: {}", options.again(family, case));
        }
    }
    if count == 0 {
        Ok(())
    } else {
        Err(format!("{count} violations"))
    }
}
