//! `test`: every test of the workspace, doc tests first so that the runner's summary stands last.

use crate::args::{Accepts, Args};
use crate::process::{has_cargo, run};
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "test",
    summary: "Run every test of the workspace, with nextest where it is installed",
    help: "
test [ARGS]

ARGS go to `cargo nextest run` (or `cargo test`) as they are; they narrow the run, so that
doc tests are left out. Property tests use a fixed seed here, so that a failure repeats;
`PROPTEST_RNG_SEED` overrides it and `cargo xtask prop` explores.
",
    accepts: Accepts::Anything,
    run: |args| test(args),
};

/// The seed of property tests in ordinary runs; any number would do, if it stays the same.
const SEED: &str = "1";

fn test(args: &Args) -> Outcome {
    let given = std::env::var("PROPTEST_RNG_SEED").ok();
    let variables = [("PROPTEST_RNG_SEED", given.as_deref().unwrap_or(SEED))];
    let nextest = has_cargo("nextest");
    if !args.rest.is_empty() {
        println!("doc tests are not run: the arguments narrow the run");
    } else if nextest {
        let doc = ["test", "--workspace", "--all-features", "--doc"];
        run("cargo", &doc, &variables)?;
    } else {
        println!("cargo-nextest is not installed; `cargo test` runs the tests");
    }
    let command = command(nextest, &args.rest);
    run("cargo", &command, &variables)
}

/// The runner's command line; without a package of its own it covers the whole workspace.
fn command(nextest: bool, args: &[String]) -> Vec<&str> {
    let mut command = if nextest {
        vec!["nextest", "run"]
    } else {
        vec!["test"]
    };
    let own = args.split(|word| word == "--").next().unwrap_or_default();
    let names_packages = own.iter().any(|word| {
        word.starts_with("-p") || word.starts_with("--package") || word == "--manifest-path"
    });
    if !names_packages {
        command.extend(["--workspace", "--all-features"]);
    }
    command.extend(args.iter().map(String::as_str));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nextest: bool, args: &str, expected: &str) {
        let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
        assert_eq!(command(nextest, &args).join(" "), expected);
    }

    #[test]
    fn arguments_are_handed_on_and_a_package_narrows_the_run() {
        check(true, "", "nextest run --workspace --all-features");
        check(false, "", "test --workspace --all-features");
        check(true, "walk", "nextest run --workspace --all-features walk");
        check(true, "-p xtask walk", "nextest run -p xtask walk");
        check(
            false,
            "walk -- -p",
            "test --workspace --all-features walk -- -p",
        );
    }
}
