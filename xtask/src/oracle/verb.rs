//! The verb: one scan for each directory, one comparison for each tool.

use serde_json::Value;

use super::{complexity, coverage, documentation, duplication, hazards};
use crate::args::{Accepts, Args};
use crate::measured::scan;
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "oracle",
    summary: "Compare our measures with those of the tools that are installed",
    help: "
oracle DIR...

radon, lizard, interrogate, ruff and jscpd are started where they are on PATH; one that is not is
said to be absent. Rust's panics are compared with their occurrences in the text. Coverage is that of
a report which lies in the directory: `coverage.json` of coverage.py or llvm-cov, `cover.out` of Go.
",
    accepts: Accepts::Only {
        flags: &[],
        options: &[],
        positionals: 32,
        rest: false,
    },
    run,
};

/// One comparison: what it prints, or why there is none.
type Comparison = fn(&str, &Value) -> Result<String, String>;

const COMPARISONS: &[(&str, Comparison)] = &[
    ("cyclomatic complexity, radon (Python)", complexity::radon),
    ("cyclomatic complexity, lizard (Go)", complexity::lizard),
    ("panics, text (Rust)", hazards::text_of_rust),
    (
        "documentation, interrogate (Python)",
        documentation::interrogate,
    ),
    ("documentation, ruff D (Python)", documentation::ruff),
    ("duplication, jscpd", duplication::jscpd),
    ("coverage, coverage.py (Python)", coverage::coverage_py),
    ("coverage, llvm-cov (Rust)", coverage::llvm_cov),
    ("coverage, go tool cover (Go)", coverage::go_tool_cover),
];

/// The first and the last line: between them a program that broke only says where it was.
fn ends(why: &str) -> String {
    let mut lines = why.lines();
    let first = lines.next().unwrap_or_default();
    match lines.next_back() {
        Some(last) => format!("{first} … {last}"),
        None => first.to_owned(),
    }
}

fn run(args: &Args) -> Outcome {
    if args.positionals.is_empty() {
        return Err("give directories".to_owned());
    }
    for directory in &args.positionals {
        println!("{directory}");
        let scanned = scan(directory)?;
        for (name, compare) in COMPARISONS {
            match compare(directory, &scanned) {
                Ok(result) => println!("  {name}: {result}"),
                Err(why) => println!("  {name}: not compared: {}", ends(&why)),
            }
        }
    }
    Ok(())
}
