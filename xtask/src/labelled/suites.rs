//! The verb: writes the cases, scans them, compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::by_weakness;
use super::cases::{self, Case, Cases};
use super::generated;
use super::score::{Score, table};
use crate::args::{Accepts, Args};
use crate::measured::{list, number, percent, scan, scan_with, text};
use crate::process::output;
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "labelled",
    summary: "Score our findings on labelled material, and count them on real projects",
    help: "
labelled [--suite gosec|bandit|gitleaks|owasp --path DIR] [--seed N] [--gitleaks-config FILE] [--missed] [PROJECT...]

  --suite NAME   the form of the labelled material
  --path DIR     a copy of the project that the material belongs to
  --seed N       on the suite `gitleaks`, what its made cases are made of; 1 unless given
  --gitleaks-config FILE
                 on the suite `gitleaks`, score the rules of this file and not the built-in ones
  --missed       name every case that was missed or was a false alarm
  PROJECT        directories: critical and high findings per 10,000 lines that are no tests

Precision and recall are over cases: one in which something should be found and is, is found. On
the suites `bandit` and `owasp` (the OWASP Benchmark for Python), ruff and bandit are run over the
same files, where they are installed. Most cases of the suite `gitleaks` are made when its rules run; with `go` on PATH they are, without it only the
ones that are written out are scored.
",
    accepts: Accepts::Only {
        flags: &["--missed"],
        options: &["--suite", "--path", "--seed", "--gitleaks-config"],
        positionals: 32,
        rest: false,
    },
    run,
};

fn run(args: &Args) -> Outcome {
    match (args.value("--suite"), args.value("--path")) {
        (Some(suite), Some(path)) => {
            let here = Path::new(path);
            let cases = match suite {
                "gosec" => cases::gosec(here)?,
                "gitleaks" => gitleaks(here, args.number("--seed")?.unwrap_or(1))?,
                "bandit" => cases::bandit(here)?,
                "owasp" => cases::owasp(here)?,
                other => {
                    return Err(format!(
                        "no suite `{other}`; there are: gosec, bandit, gitleaks, owasp"
                    ));
                }
            };
            suite_run(
                suite,
                &cases,
                args.value("--gitleaks-config"),
                args.has("--missed"),
            )?;
        }
        (None, None) if !args.positionals.is_empty() => {}
        _ => return Err("give `--suite NAME --path DIR`, or directories of projects".to_owned()),
    }
    for project in &args.positionals {
        noise(project)?;
    }
    Ok(())
}

/// The cases that the rules make, or those that are written out where the rules cannot be run.
fn gitleaks(root: &Path, seed: u64) -> Result<Cases, String> {
    let place = Place::new("rules")?;
    generated::gitleaks(root, &place.0, seed).or_else(|why| {
        println!("only cases that are written out: {why}");
        cases::gitleaks(root)
    })
}

/// A directory that goes when it is dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Result<Self, String> {
        let name = format!("orchestrate-labelled-{name}-{}", std::process::id());
        let place = std::env::temp_dir().join(name);
        fs::create_dir_all(&place)
            .map_err(|error| format!("cannot make `{}`: {error}", place.display()))?;
        Ok(Self(place))
    }

    fn write(&self, number: usize, case: &Case) -> Outcome {
        let directory = self.0.join(format!("case{number:05}"));
        let failed = |error| format!("cannot write `{}`: {error}", directory.display());
        fs::create_dir_all(&directory).map_err(failed)?;
        for (name, content) in &case.files {
            fs::write(directory.join(name), content).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left in the temporary directory harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Findings of each case: which, and how many.
type Found = BTreeMap<usize, Vec<String>>;

fn suite_run(suite: &str, cases: &Cases, config: Option<&str>, name_missed: bool) -> Outcome {
    let place = Place::new("cases")?;
    for (number, case) in cases.cases.iter().enumerate() {
        place.write(number, case)?;
    }
    let directory = place.0.to_string_lossy().into_owned();
    let scanned = scan_with(&directory, config)?;
    let found = findings(&scanned);
    let codes = codes(&scanned);
    println!(
        "{}: {} cases, {} that are computed when the suite runs were left out",
        suite,
        cases.cases.len(),
        cases.computed
    );
    match suite {
        "gosec" => by_code(cases, &found, &codes, name_missed),
        "gitleaks" => {
            let family = if config.is_some() {
                "gitleaks."
            } else {
                "secrets."
            };
            let is_secret = |id: &String| id.starts_with(family);
            by_case(cases, &found, &is_secret, name_missed);
        }
        "owasp" => by_weakness::print(&scanned, cases, &directory),
        _ => {
            by_case(cases, &found, &|_| true, name_missed);
            counts("orchestrate", cases, &|number| {
                found.get(&number).map_or(0, Vec::len)
            });
            for (tool, counted) in [("ruff S", ruff(&directory)), ("bandit", bandit(&directory))] {
                match counted {
                    Ok(codes) => counts(tool, cases, &|number| {
                        codes.iter().filter(|(case, _)| *case == number).count()
                    }),
                    Err(why) => println!("{tool}: not run: {why}"),
                }
            }
        }
    }
    Ok(())
}

/// The number of the case that a path lies in.
pub(super) fn case_of(path: &str) -> Option<usize> {
    let (_, behind) = path
        .rsplit_once("case0")
        .or_else(|| path.rsplit_once("case"))?;
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn findings(scanned: &Value) -> Found {
    let mut found = Found::new();
    for finding in list(scanned, "/snapshot/findings") {
        if let Some(number) = case_of(text(finding, "path"))
            && finding.get("suppressed").is_none_or(Value::is_null)
        {
            found
                .entry(number)
                .or_default()
                .push(text(finding, "rule_id").to_owned());
        }
    }
    found
}

/// What other tools call our rules.
fn codes(scanned: &Value) -> BTreeMap<String, BTreeSet<String>> {
    list(scanned, "/rules")
        .map(|rule| {
            let codes = list(rule, "/known_as")
                .filter_map(Value::as_str)
                .map(str::to_owned);
            (text(rule, "id").to_owned(), codes.collect())
        })
        .collect()
}

/// Only the rules that know the code of a case count for it; families that no rule knows are named.
fn by_code(
    cases: &Cases,
    found: &Found,
    codes: &BTreeMap<String, BTreeSet<String>>,
    name_missed: bool,
) {
    let covered: BTreeSet<&String> = codes.values().flatten().collect();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, case) in cases.cases.iter().enumerate() {
        if !covered.contains(&case.family) {
            *others.entry(&case.family).or_default() += 1;
            continue;
        }
        let hit = found.get(&number).into_iter().flatten().any(|id| {
            codes
                .get(id)
                .is_some_and(|codes| codes.contains(&case.family))
        });
        note(case, number, hit, name_missed);
        scores
            .entry(case.family.clone())
            .or_default()
            .add(case.expected > 0, hit);
    }
    print!("{}", table(&scores));
    let others: Vec<String> = others
        .iter()
        .map(|(family, cases)| format!("{family} ({cases})"))
        .collect();
    println!("no rule of ours for: {}", others.join(", "));
}

fn by_case(cases: &Cases, found: &Found, counts: &dyn Fn(&String) -> bool, name_missed: bool) {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut written_out = Score::default();
    for (number, case) in cases.cases.iter().enumerate() {
        let hit = found.get(&number).into_iter().flatten().any(counts);
        note(case, number, hit, name_missed);
        scores
            .entry(case.family.clone())
            .or_default()
            .add(case.expected > 0, hit);
        if !case.made {
            written_out.add(case.expected > 0, hit);
        }
    }
    print!("{}", table(&scores));
    if cases.cases.iter().any(|case| case.made) {
        print!("{}", written_out.line("those that are written out"));
    }
}

fn note(case: &Case, number: usize, hit: bool, name_missed: bool) {
    if name_missed && hit != (case.expected > 0) {
        let what = if hit { "false alarm" } else { "missed" };
        println!("{what}: case {number} of {}", case.family);
        for (name, content) in &case.files {
            println!("--- {name}\n{}", content.trim_end());
        }
    }
}

/// How many of the expected findings a tool has, file by file, and how many beyond them.
fn counts(tool: &str, cases: &Cases, found: &dyn Fn(usize) -> usize) {
    let (mut expected, mut met, mut beyond) = (0, 0, 0);
    for (number, case) in cases.cases.iter().enumerate() {
        let wanted = usize::try_from(case.expected).unwrap_or(usize::MAX);
        let has = found(number);
        expected += wanted;
        met += has.min(wanted);
        beyond += has.saturating_sub(wanted);
    }
    println!(
        "{tool}: {met} of {expected} expected findings (recall {}), {beyond} beyond them (precision {}), F1 {}",
        percent(met, expected),
        percent(met, met + beyond),
        percent(2 * met, expected + met + beyond),
    );
}

/// What a tool found: the number of the case, and its own code for it.
pub(super) type Codes = Vec<(usize, String)>;

pub(super) fn ruff(directory: &str) -> Result<Codes, String> {
    let arguments = [
        "check",
        "--isolated",
        "--exit-zero",
        "--select",
        "S",
        "--output-format",
        "json",
        directory,
    ];
    let printed = output("ruff", &arguments)?;
    let found: Value = serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    let code = |it| Some((case_of(text(it, "filename"))?, text(it, "code").to_owned()));
    Ok(list(&found, "").filter_map(code).collect())
}

pub(super) fn bandit(directory: &str) -> Result<Codes, String> {
    let arguments = ["-r", "-q", "-f", "json", "--exit-zero", directory];
    let printed = output("bandit", &arguments)?;
    let found: Value = serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    let code = |it| {
        Some((
            case_of(text(it, "filename"))?,
            text(it, "test_id").to_owned(),
        ))
    };
    Ok(list(&found, "/results").filter_map(code).collect())
}

/// Critical and high findings of a project that is taken to be well kept, all of them by name.
fn noise(project: &str) -> Outcome {
    let scanned = scan(project)?;
    let product: BTreeSet<&str> = list(&scanned, "/snapshot/files")
        .filter(|file| text(file, "role") == "product")
        .map(|file| text(file, "path"))
        .collect();
    let lines: u64 = list(&scanned, "/snapshot/files")
        .filter(|file| text(file, "role") == "product")
        .map(|file| number(file, "lines"))
        .sum();
    let grave: Vec<&Value> = list(&scanned, "/snapshot/findings")
        .filter(|finding| {
            matches!(text(finding, "severity"), "critical" | "high")
                && finding.get("in_test") != Some(&Value::Bool(true))
                && finding.get("suppressed").is_none_or(Value::is_null)
                && (product.contains(text(finding, "path"))
                    || text(finding, "rule_id").starts_with("secrets."))
        })
        .collect();
    let rate = 10_000.0 * grave.len() as f64 / lines.max(1) as f64;
    println!(
        "{project}: {} critical and high findings in {lines} lines that are no tests, {rate:.2} per 10,000",
        grave.len()
    );
    for finding in grave {
        println!(
            "  {:<8} {}:{}: {} ({})",
            text(finding, "severity"),
            text(finding, "path"),
            number(finding, "line"),
            text(finding, "message"),
            text(finding, "rule_id")
        );
    }
    Ok(())
}
