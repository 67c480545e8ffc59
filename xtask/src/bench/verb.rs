//! The verb: which of the two is meant.

use super::{criterion, peers};
use crate::args::{Accepts, Args};
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "bench",
    summary: "Measure the benchmarks in crates/*/benches, or ourselves beside other tools",
    help: "
bench [FILTER] [-- ARGS]
bench --peers DIR...

  FILTER    part of a benchmark's name
  ARGS      go to criterion, such as `--save-baseline before` or `--baseline before`
  --peers   processor time and memory of the static analysis of each directory, without and with
            what an earlier scan kept, beside bandit, radon, lizard, interrogate and jscpd where
            they are on PATH
",
    accepts: Accepts::Only {
        flags: &["--peers"],
        options: &[],
        positionals: 32,
        rest: true,
    },
    run,
};

fn run(args: &Args) -> Outcome {
    if args.has("--peers") {
        return peers::compare(&args.positionals);
    }
    if args.positionals.len() > 1 {
        return Err("give one filter, or `--peers` before directories".to_owned());
    }
    criterion::bench(args)
}
