//! Scores by the number of a weakness (CWE): only a finding of the kind that a case is about counts for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cases::Cases;
use super::score::{Score, table};
use super::suites::{bandit, case_of, ruff};
use crate::measured::{list, number, text};

/// Numbers that mean the same to whoever reads a report.
const SAME: [&[u64]; 5] = [
    &[78, 77, 88],
    &[79, 80],
    &[94, 95, 96],
    &[327, 328],
    &[330, 338],
];

/// The cases in which weaknesses of each number were found.
type Found = BTreeSet<(usize, u64)>;

/// Prints our table and those of the tools that are installed.
pub(super) fn print(scanned: &Value, cases: &Cases, directory: &str) {
    let rules: BTreeMap<&str, u64> = list(scanned, "/rules")
        .map(|rule| (text(rule, "id"), number(rule, "cwe")))
        .collect();
    let ours: Found = list(scanned, "/snapshot/findings")
        .filter(|finding| finding.get("suppressed").is_none_or(Value::is_null))
        .filter_map(|finding| {
            let number = rules.get(text(finding, "rule_id"))?;
            Some((case_of(text(finding, "path"))?, *number))
        })
        .collect();
    println!("orchestrate\n{}", score(cases, &ours));
    for (tool, codes) in [("ruff S", ruff(directory)), ("bandit", bandit(directory))] {
        match codes {
            Ok(codes) => {
                let numbers = numbers(scanned);
                let theirs = codes
                    .iter()
                    .flat_map(|(case, code)| {
                        // Both name a check by the same digits.
                        let code = format!("B{}", code.trim_start_matches(['S', 'B']));
                        let known = numbers.get(&code).cloned().unwrap_or_default();
                        known.into_iter().map(|number| (*case, number))
                    })
                    .collect();
                println!("{tool}\n{}", score(cases, &theirs));
            }
            Err(why) => println!("{tool}: not run: {why}"),
        }
    }
}

/// The weaknesses that a code of bandit stands for: those of all our rules that know it.
fn numbers(scanned: &Value) -> BTreeMap<String, BTreeSet<u64>> {
    let mut numbers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for rule in list(scanned, "/rules") {
        for code in list(rule, "/known_as").filter_map(Value::as_str) {
            let of_code = numbers.entry(code.to_owned()).or_default();
            of_code.insert(number(rule, "cwe"));
        }
    }
    numbers
}

fn score(cases: &Cases, found: &Found) -> String {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for (at, case) in cases.cases.iter().enumerate() {
        let wanted: u64 = case
            .family
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_default();
        let alone = [wanted];
        let group = SAME
            .iter()
            .find(|group| group.contains(&wanted))
            .copied()
            .unwrap_or(&alone);
        let hit = group.iter().any(|number| found.contains(&(at, *number)));
        scores
            .entry(case.family.clone())
            .or_default()
            .add(case.expected > 0, hit);
    }
    table(&scores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labelled::cases::Case;

    #[test]
    fn only_a_finding_of_the_same_kind_counts() {
        let case = |family: &str, expected| Case {
            family: family.to_owned(),
            files: Vec::new(),
            expected,
            made: false,
        };
        let cases = Cases {
            cases: vec![case("328 hash", 1), case("89 sqli", 1), case("89 sqli", 0)],
            computed: 0,
        };
        let found = Found::from([(0, 327), (1, 79), (2, 78)]);
        let table = score(&cases, &found);
        let last = table.lines().last().unwrap();
        let figures: Vec<&str> = last.split_whitespace().collect();
        assert_eq!(
            figures.get(..5),
            Some(["all", "1", "1", "0", "1"].as_slice())
        );
    }
}
