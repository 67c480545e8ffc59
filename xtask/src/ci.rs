//! `ci`: every check in one go, cheap ones first; a failure does not hide the ones after it.

use std::time::Instant;

use crate::args::{Accepts, Args};
use crate::process::{has_cargo, run};
use crate::verb::{Outcome, Verb};
use crate::{codegen, layers, test, tidy};

pub(crate) const VERB: Verb = Verb {
    name: "ci",
    summary: "Run every check, cheap ones first, and list what failed",
    help: "
ci [--only NAME]... [--skip NAME]...

  --only NAME   run this check alone (repeatable)
  --skip NAME   leave this check out (repeatable)

Checks: fmt, tidy, layers, deny, clippy, codegen, doc, test. Without cargo-deny the check
`deny` is skipped, and says so; with CI=true it fails.
",
    accepts: Accepts::Only {
        flags: &[],
        options: &["--only", "--skip"],
        positionals: 0,
        rest: false,
    },
    run: ci,
};

/// How a check ended, other than by failing.
enum Done {
    Passed,
    /// It could not run; the text says why.
    Skipped(&'static str),
}

struct Check {
    name: &'static str,
    run: fn() -> Result<Done, String>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "fmt",
        run: || passed(run("cargo", &["fmt", "--all", "--check"], &[])),
    },
    Check {
        name: "tidy",
        run: || passed((tidy::VERB.run)(&Args::default())),
    },
    Check {
        name: "layers",
        run: || passed((layers::VERB.run)(&Args::default())),
    },
    Check {
        name: "deny",
        run: deny,
    },
    Check {
        name: "clippy",
        run: || passed(run("cargo", CLIPPY, &[])),
    },
    Check {
        name: "codegen",
        run: || passed(codegen::codegen(true)),
    },
    Check {
        name: "doc",
        run: || {
            let doc = ["doc", "--workspace", "--all-features", "--no-deps"];
            passed(run("cargo", &doc, &[("RUSTDOCFLAGS", "-D warnings")]))
        },
    },
    Check {
        name: "test",
        run: || passed((test::VERB.run)(&Args::default())),
    },
];

const CLIPPY: &[&str] = &[
    "clippy",
    "--workspace",
    "--all-targets",
    "--all-features",
    "--",
    "-D",
    "warnings",
];

fn passed(outcome: Outcome) -> Result<Done, String> {
    outcome.map(|()| Done::Passed)
}

fn deny() -> Result<Done, String> {
    if has_cargo("deny") {
        let check = ["deny", "--locked", "check", "--hide-inclusion-graph"];
        let subjects = ["bans", "licenses", "sources"];
        return passed(run("cargo", &[check.as_slice(), &subjects].concat(), &[]));
    }
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        Err("cargo-deny is not installed; `.ci/run` installs it".to_owned())
    } else {
        Ok(Done::Skipped("cargo-deny is not installed"))
    }
}

fn ci(args: &Args) -> Outcome {
    let chosen = chosen(args.values("--only"), args.values("--skip"))?;
    let mut summary = Vec::new();
    let mut failed = Vec::new();
    for check in chosen {
        println!("\n== {}", check.name);
        let start = Instant::now();
        let result = (check.run)();
        let seconds = start.elapsed().as_secs_f64();
        let end = match result {
            Ok(Done::Passed) => "passed".to_owned(),
            Ok(Done::Skipped(why)) => format!("SKIPPED: {why}"),
            Err(message) => {
                failed.push(check.name);
                format!("FAILED: {message}")
            }
        };
        let line = format!("{:<8} {seconds:>7.1} s  {end}", check.name);
        println!("{line}");
        summary.push(line);
    }
    println!("\n== summary\n{}", summary.join("\n"));
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("failed checks: {}", failed.join(", ")))
    }
}

/// The checks that remain, in their order; a name that is none is an error, as a typing mistake
/// must not look like a pass.
fn chosen(only: &[String], skip: &[String]) -> Result<Vec<&'static Check>, String> {
    let known = |name: &String| CHECKS.iter().any(|check| check.name == name);
    if let Some(name) = only.iter().chain(skip).find(|name| !known(name)) {
        let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        return Err(format!(
            "no check `{name}`; there are: {}",
            names.join(", ")
        ));
    }
    let named = |names: &[String], check: &Check| names.iter().any(|name| name == check.name);
    let chosen: Vec<&Check> = CHECKS
        .iter()
        .filter(|check| only.is_empty() || named(only, check))
        .filter(|check| !named(skip, check))
        .collect();
    if chosen.is_empty() {
        return Err("no check is left to run".to_owned());
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(only: &[&str], skip: &[&str]) -> Result<String, String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (only, skip): (Vec<String>, Vec<String>) = (owned(only), owned(skip));
        let names = |checks: Vec<&Check>| checks.iter().map(|check| check.name).collect::<Vec<_>>();
        chosen(&only, &skip).map(|checks| names(checks).join(" "))
    }

    #[test]
    fn checks_are_chosen_by_name_in_their_order() {
        let all = "fmt tidy layers deny clippy codegen doc test";
        assert_eq!(check(&[], &[]).unwrap(), all);
        assert_eq!(check(&["doc", "fmt"], &[]).unwrap(), "fmt doc");
        assert_eq!(
            check(&[], &["test"]).unwrap(),
            all.trim_end_matches(" test")
        );
        assert_eq!(check(&["doc", "fmt"], &["doc"]).unwrap(), "fmt");
    }

    #[test]
    fn a_name_that_is_no_check_and_an_empty_choice_are_errors() {
        assert!(
            check(&["fmtt"], &[])
                .unwrap_err()
                .starts_with("no check `fmtt`; there are: fmt")
        );
        assert!(check(&[], &["tests"]).is_err());
        assert_eq!(
            check(&["fmt"], &["fmt"]).unwrap_err(),
            "no check is left to run"
        );
    }

    #[test]
    fn the_help_names_every_check() {
        for check in CHECKS {
            assert!(VERB.help.contains(check.name), "{}", check.name);
        }
    }
}
