//! `prop`: the property tests alone, with more cases and a seed that is shown.
//!
//! A property test is one whose name starts with `prop_`; `tidy` holds the convention.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::args::{Accepts, Args};
use crate::process::{has_cargo, output, run};
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "prop",
    summary: "Run the property tests with many cases and a seed that is shown",
    help: "
prop [--cases N] [--seed S] [FILTER]

  --cases N   cases of each property [default: 4096]
  --seed S    seed of the generator, to repeat a run [default: from the clock]
  FILTER      part of a test's name

Property tests are those whose names start with `prop_`.
",
    accepts: Accepts::Only {
        flags: &[],
        options: &["--cases", "--seed"],
        positionals: 1,
        rest: false,
    },
    run: |args| prop(args),
};

fn prop(args: &Args) -> Outcome {
    let cases = args.number("--cases")?.unwrap_or(4096);
    if !(1..=u64::from(u32::MAX)).contains(&cases) {
        return Err(format!(
            "`--cases {cases}` is not within 1 and {}",
            u32::MAX
        ));
    }
    let seed = match args.number("--seed")? {
        Some(seed) => seed,
        None => seed_of_the_moment()?,
    };
    let filter = args.positionals.first().map(String::as_str);
    let command = command(has_cargo("nextest"), filter)?;
    println!("property tests: {cases} cases each, seed {seed}");
    // A test that writes its own count into the source does not listen to the variable.
    let fixed = output(
        "git",
        &["grep", "-l", concat!("with_", "cases("), "--", "*.rs"],
    );
    for path in fixed.unwrap_or_default().lines() {
        println!("note: `{path}` fixes its own number of cases");
    }
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let variables = [
        ("PROPTEST_CASES", cases.to_string()),
        ("PROPTEST_RNG_SEED", seed.to_string()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    run("cargo", &command, &variables)
        .map_err(|message| format!("{message}; repeat with `--cases {cases} --seed {seed}`"))
}

/// Every run tries other values; the seed is printed, so that any of them can be repeated.
fn seed_of_the_moment() -> Result<u64, String> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|_| "the clock stands before 1970; give a `--seed`")?;
    Ok(u64::from(since.subsec_nanos()) ^ since.as_secs())
}

fn command(nextest: bool, filter: Option<&str>) -> Result<Vec<String>, String> {
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
    };
    if let Some(filter) = filter.filter(|text| !plain(text)) {
        return Err(format!("`{filter}` cannot be part of a test's name"));
    }
    let selection: Vec<String> = match (nextest, filter) {
        (true, None) => vec!["-E".to_owned(), "test(/(^|::)prop_/)".to_owned()],
        (true, Some(filter)) => {
            vec![
                "-E".to_owned(),
                format!("test(/(^|::)prop_/) & test({filter})"),
            ]
        }
        (false, None) => vec!["prop_".to_owned()],
        // The plain runner joins filters by "or", so one filter must say both.
        (false, Some(filter)) if filter.contains("prop_") => vec![filter.to_owned()],
        (false, Some(filter)) => {
            return Err(format!(
                "without cargo-nextest a filter has to contain `prop_`, which `{filter}` does not"
            ));
        }
    };
    let runner: &[&str] = if nextest {
        &["nextest", "run"]
    } else {
        &["test"]
    };
    let common = ["--workspace", "--all-features"];
    let words = runner.iter().chain(&common).map(|word| (*word).to_owned());
    Ok(words.chain(selection).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_property_tests_are_selected() {
        let line = |nextest, filter| command(nextest, filter).map(|words| words.join(" "));
        let all = "--workspace --all-features";
        assert_eq!(
            line(true, None).unwrap(),
            format!("nextest run {all} -E test(/(^|::)prop_/)")
        );
        assert_eq!(
            line(true, Some("walk::")).unwrap(),
            format!("nextest run {all} -E test(/(^|::)prop_/) & test(walk::)")
        );
        assert_eq!(line(false, None).unwrap(), format!("test {all} prop_"));
        assert!(
            line(false, Some("walk"))
                .unwrap_err()
                .contains("has to contain `prop_`")
        );
        assert!(
            line(true, Some("a) | all("))
                .unwrap_err()
                .contains("cannot be part")
        );
    }
}
