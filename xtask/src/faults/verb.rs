//! The verb: two programs are built, and one of them breaks the other.

use std::path::Path;

use crate::args::{Accepts, Args};
use crate::process::{metadata, run};
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "faults",
    summary: "Break processes, disks and clocks under recorded runs, and look what is left",
    help: "
faults [--long] [--seconds N] [--seed N] [--family NAME]... [--case N] [--store KIND]

  --long          every case of every family, instead of some within a time
  --seconds N     the time for some cases of every family (60)
  --seed N        chooses the cases and what happens in them (1)
  --family NAME   this family alone (repeatable); a wrong name shows which there are
  --case N        this case of the one family alone
  --store KIND    what runs are recorded in: sqlite (as without it) or file

Each family prints its seed and what it counted. What does not hold is named with the command
that does the same again; moments that are chosen by time may fall elsewhere then.
",
    accepts: Accepts::Anything,
    run: faults,
};

const BUILD: &[&str] = &[
    "build",
    "--quiet",
    "-p",
    "orchestrate-cli",
    "-p",
    "xtask",
    "--features",
    "xtask/faults",
    "--bin",
    "orchestrate",
    "--bin",
    "faults",
];

fn faults(args: &Args) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Err("the fault harness breaks programs as Linux loads them".to_owned());
    }
    run("cargo", BUILD, &[])?;
    let metadata = metadata()?;
    let target = metadata.get("target_directory").and_then(|it| it.as_str());
    let target = target.ok_or("`cargo metadata` names no target directory")?;
    let harness = Path::new(target).join("debug/faults");
    let words: Vec<&str> = args.rest.iter().map(String::as_str).collect();
    run(&harness.to_string_lossy(), &words, &[])
}
