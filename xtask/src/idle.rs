//! `idle`: the memory of the program while it waits for a model with everything set up.

use crate::args::{Accepts, Args};
use crate::shipped::{self, Waiting};
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "idle",
    summary: "Measure the memory of the program while it waits for a model",
    help: "
idle [--program PATH]

  --program PATH   the program to measure [default: the one that `release` packages, built anew]

Fails when more than 20 MB are resident. Needs Linux.
",
    accepts: Accepts::Only {
        flags: &[],
        options: &["--program"],
        positionals: 0,
        rest: false,
    },
    run,
};

/// What may be resident, in kilobytes.
const MOST_KB: u64 = 20_000;

fn run(args: &Args) -> Outcome {
    let program = match args.value("--program") {
        // It is started in another folder.
        Some(path) => std::path::absolute(path).map_err(|error| error.to_string())?,
        None => shipped::build()?,
    };
    measure(&program.display().to_string())
}

/// Prints what is resident; more than may be is an error.
pub(crate) fn measure(program: &str) -> Outcome {
    let waiting = Waiting::start(&[program])?;
    let [resident, own] = ["VmRSS", "RssAnon"].map(|key| waiting.kilobytes(key));
    let (resident, own) = (resident?, own?);
    println!(
        "waiting for a model with everything set up: {resident} kB resident, {own} kB of them its own"
    );
    if resident > MOST_KB {
        return Err(format!("{resident} kB are more than {MOST_KB}"));
    }
    Ok(())
}
