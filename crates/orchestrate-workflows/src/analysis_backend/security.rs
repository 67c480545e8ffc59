//! The security auditor: rules over syntax trees, credentials in any text, known vulnerable dependencies.

use std::collections::{BTreeMap, HashMap};

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::finding::{Finding, Severity};
use orchestrate_analysis::inventory::SkipReason;
use orchestrate_analysis::scan::Engine;
use orchestrate_analysis::source::Role;

use super::answer::Answer;
use super::backend::Job;
use super::dependencies;
use super::tools;
use super::trust::{Trust, named};

const METRIC: &str = "critical_issues";

pub(super) fn audit(job: &Job<'_>) -> Answer {
    let Job {
        snapshot, trust, ..
    } = job;
    let limit = size(job.options.scan.max_text_bytes);
    let mut answer = Answer::over(
        job,
        &format!(
            "rules over syntax trees with data flow inside a file; secrets by provider patterns in every text file of up to {limit} that could be read, except vendored source and what git ignores"
        ),
    );
    answer.files_read = Some(u64::from(snapshot.text_files));
    let mut by_severity: BTreeMap<Severity, u32> = BTreeMap::new();
    let mut elsewhere: BTreeMap<Role, u32> = BTreeMap::new();
    let roles: HashMap<&str, Role> = snapshot
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.role))
        .collect();
    let (vulnerable, unknown) = dependencies::audit(job, &mut answer);
    let all = snapshot.findings.iter().chain(&vulnerable);
    let all: Vec<Finding> = match &*job.tools {
        [] => Vec::new(),
        _ => all.cloned().collect(),
    };
    let merged = tools::merged(job.root, snapshot, &all, &job.tools);
    let own = snapshot.findings.iter().enumerate();
    let own = own.map(|(at, finding)| (finding, merged.sources(at)));
    let added = merged
        .added
        .iter()
        .map(|(finding, sources)| (finding, &**sources));
    for (finding, sources) in own.chain(added) {
        let role = roles.get(finding.path.as_str()).copied();
        match role.filter(|role| !counts_in(*role, finding)) {
            Some(role) => *elsewhere.entry(role).or_default() += 1,
            None => {
                if answer.finding_of(finding, sources) {
                    *by_severity.entry(finding.severity).or_default() += 1;
                }
            }
        }
    }
    tools::state(&mut answer, &job.tools);
    let rules = &job.options.scan.rules;
    if !rules.problems().is_empty() {
        let places = rules.problems().iter();
        let places = places.map(|it| format!("{}:{}: {}", it.path, it.line, it.what));
        answer.not_measured(
            "rules of the user that cannot be read",
            named(places),
            "mend them; the other rules were run",
        );
    }
    if !rules.is_empty() {
        answer.notes.push(format!(
            "{} rules of the user were run as well",
            rules.len()
        ));
    }
    for (position, finding) in vulnerable.iter().enumerate() {
        let sources = merged.sources(snapshot.findings.len() + position);
        if answer.finding_of(finding, sources) {
            *by_severity.entry(finding.severity).or_default() += 1;
        }
    }
    answer.detail("issues", &by_severity);
    answer.detail("findings_elsewhere", &elsewhere);
    let critical = by_severity
        .get(&Severity::Critical)
        .copied()
        .unwrap_or_default();
    match why_no_count(snapshot, trust).or(unknown) {
        // What was found was found, however much could not be looked at; only nought needs a look at all of it.
        Some((why, how)) if critical == 0 => answer.not_measured(METRIC, why, how),
        _ => answer.metric(METRIC, f64::from(critical)),
    }
    answer.not_measured.extend(trust.gap());
    unsearched(&mut answer, snapshot, &limit);
    answer
}

/// Says where not even credentials were looked for: one entry for each reason.
fn unsearched(answer: &mut Answer, snapshot: &Snapshot, limit: &str) {
    let mut by_reason: BTreeMap<SkipReason, Vec<&str>> = BTreeMap::new();
    for skipped in &snapshot.unsearched {
        by_reason
            .entry(skipped.why)
            .or_default()
            .push(&skipped.path);
    }
    for (reason, paths) in by_reason {
        let (one, several) = match reason {
            SkipReason::UnreadableDirectory => ("directory", "directories"),
            _ => ("file", "files"),
        };
        let noun = if paths.len() == 1 { one } else { several };
        let which = match reason {
            SkipReason::TooLarge => format!("larger than {limit}"),
            SkipReason::NameNotUtf8 => "with a name that is not valid UTF-8".to_owned(),
            _ => "that cannot be read".to_owned(),
        };
        let names = named(paths.iter().map(|path| format!("`{path}`")));
        answer.not_measured(
            format!("credentials in {} {noun} {which}", paths.len()),
            format!("not searched: {names}"),
            "make them readable, split them, or list them in `.gitignore` if they are not part of the project",
        );
    }
}

/// A limit in words.
fn size(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    if bytes.is_multiple_of(MEBIBYTE) {
        format!("{} MiB", bytes / MEBIBYTE)
    } else {
        format!("{bytes} bytes")
    }
}

/// Whether a finding in a file of this role is one of the product. Examples and generated files
/// are read for what they are; but a credential leaks wherever it stands.
fn counts_in(role: Role, finding: &Finding) -> bool {
    matches!(role, Role::Product | Role::Test) || finding.rule_id.starts_with("secrets.")
}

/// Why "no critical issue" cannot be said, and what would allow it.
fn why_no_count(snapshot: &Snapshot, trust: &Trust) -> Option<(String, String)> {
    let missing: Vec<&str> = [
        (Engine::Security, "security rules"),
        (Engine::Secrets, "secret rules"),
    ]
    .into_iter()
    .filter(|(engine, _)| !snapshot.engines.contains(engine))
    .map(|(_, name)| name)
    .collect();
    if !missing.is_empty() {
        return Some((
            format!("no {} were run", missing.join(" and ")),
            "use a build that has them".to_owned(),
        ));
    }
    if trust.files() == 0 && trust.unknown_size().is_none() {
        return Some(nothing_to_read(snapshot));
    }
    trust.too_dark().map(|why| (why, Trust::HOW.to_owned()))
}

/// Why there was no source to look at. Nought of nought is not a clean bill.
fn nothing_to_read(snapshot: &Snapshot) -> (String, String) {
    let names: Vec<&str> = snapshot
        .other_languages
        .keys()
        .map(String::as_str)
        .collect();
    let why = if !snapshot.files.is_empty() {
        "no product source was found, only tests, examples or generated code".to_owned()
    } else if !snapshot.skipped.is_empty() {
        format!(
            "none of {} source files could be parsed",
            snapshot.skipped.len()
        )
    } else if !names.is_empty() {
        format!("only languages that are not analysed: {}", names.join(", "))
    } else {
        "no source file was found".to_owned()
    };
    let how = "run it on product code in Rust, Python, JavaScript, TypeScript or Go".to_owned();
    (why, how)
}

#[cfg(test)]
mod tests {
    use orchestrate_analysis::inventory::Skipped;
    use orchestrate_analysis::{ScanOptions, scan};

    use super::*;
    use crate::analysis_backend::AnalysisOptions;

    /// The audit of one good file, next to what the scan could not read.
    fn audited(skipped: &[(&str, SkipReason)]) -> Answer {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.py"), "a = 1\n").unwrap();
        let mut snapshot = scan(directory.path(), &ScanOptions::default()).unwrap();
        for (path, why) in skipped {
            let skipped = Skipped {
                path: (*path).to_owned(),
                why: *why,
            };
            if *why == SkipReason::UnreadableDirectory {
                snapshot.skipped.push(skipped.clone());
            }
            snapshot.unsearched.push(skipped);
        }
        audit(&Job {
            root: directory.path(),
            snapshot: &snapshot,
            options: &AnalysisOptions::default(),
            trust: Trust::of(directory.path(), &snapshot),
            tests: None,
            tools: Vec::new(),
        })
    }

    fn told(answer: &Answer) -> Vec<String> {
        let entries = answer.not_measured.iter();
        entries
            .map(|it| format!("{}: {}", it.what, it.why))
            .collect()
    }

    #[test]
    fn what_was_not_searched_is_told() {
        let mut answer = audited(&[
            ("b.csv", SkipReason::TooLarge),
            ("c.csv", SkipReason::TooLarge),
            ("d.env", SkipReason::Unreadable),
        ]);
        let entries = told(&answer);
        for expected in [
            "credentials in 2 files larger than 16 MiB: not searched: `b.csv`, `c.csv`",
            "credentials in 1 file that cannot be read: not searched: `d.env`",
        ] {
            assert!(entries.iter().any(|it| it == expected), "{entries:?}");
        }
        assert!(answer.method.contains("up to 16 MiB"), "{}", answer.method);
        assert_eq!(answer.output()[METRIC], 0.0);
        let clean = told(&audited(&[]));
        assert!(!clean.iter().any(|it| it.starts_with("credentials")));
    }

    #[test]
    fn no_count_of_nought_next_to_an_unreadable_directory() {
        let mut answer = audited(&[("closed", SkipReason::UnreadableDirectory)]);
        let entries = told(&answer);
        let expected = "critical_issues: directories that cannot be read hold an unknown amount of source: `closed`";
        assert!(entries.iter().any(|it| it == expected), "{entries:?}");
        assert!(answer.output().get(METRIC).is_none());
    }
}
