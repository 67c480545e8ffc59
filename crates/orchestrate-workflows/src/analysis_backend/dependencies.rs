//! Known vulnerable dependencies, as part of the security auditor's answer.

use std::time::{SystemTime, UNIX_EPOCH};

use orchestrate_analysis::Problem;
use orchestrate_analysis::dependencies::{
    AdvisoryKind, DependencyReport, Vulnerable, audit_dependencies,
};
use orchestrate_analysis::finding::{Confidence, Finding, Severity, fingerprint, number_equal};
use serde_json::json;

use super::answer::Answer;
use super::backend::Job;
use super::trust::named;

const WHAT: &str = "known vulnerable dependencies";
/// A database whose newest advisory is older than this is said to be old, in days.
const OLD_DAYS: i64 = 30;
const GIVE: &str = "give a local copy of an advisory database with `--advisory-db DIR`";

/// Lock files and the program that audits them.
const AUDITS: [(&str, &str); 11] = [
    ("Cargo.lock", "cargo audit"),
    ("package-lock.json", "npm audit"),
    ("npm-shrinkwrap.json", "npm audit"),
    ("pnpm-lock.yaml", "pnpm audit"),
    ("yarn.lock", "yarn npm audit"),
    ("poetry.lock", "pip-audit"),
    ("uv.lock", "pip-audit"),
    ("pylock.toml", "pip-audit"),
    ("Pipfile.lock", "pip-audit"),
    ("go.mod", "govulncheck ./..."),
    ("requirements.txt", "pip-audit -r requirements.txt"),
];

/// Audits the lock files. Gives the findings, and why nought critical ones cannot be said, if so.
pub(super) fn audit(
    job: &Job<'_>,
    answer: &mut Answer,
) -> (Vec<Finding>, Option<(String, String)>) {
    let locks = &job.snapshot.lock_files;
    if locks.is_empty() {
        answer.not_measured(
            WHAT,
            "not audited: there is no lock file",
            "commit the lock file and run the auditor of your package manager over it",
        );
        return (Vec::new(), None);
    }
    let databases = &job.options.advisory_databases;
    if databases.is_empty() {
        answer.not_measured(
            WHAT,
            format!(
                "not audited: no advisory database was given ({})",
                quoted(locks)
            ),
            without_database(locks),
        );
        return (Vec::new(), None);
    }
    let accepted = &job.options.accepted_advisories;
    match audit_dependencies(job.root, locks, databases, accepted) {
        Ok(report) => state(answer, &report),
        Err(error) => {
            let why = format!("the audit was asked for and failed: {error}");
            answer.not_measured(WHAT, why.clone(), GIVE);
            (Vec::new(), Some((why, GIVE.to_owned())))
        }
    }
}

fn quoted(paths: &[String]) -> String {
    named(paths.iter().map(|path| format!("`{path}`")))
}

fn without_database(locks: &[String]) -> String {
    let mut commands: Vec<&str> = AUDITS
        .iter()
        .filter(|(name, _)| {
            locks
                .iter()
                .any(|lock| lock.rsplit('/').next() == Some(name))
        })
        .map(|(_, command)| *command)
        .collect();
    commands.dedup();
    let commands: Vec<String> = commands.iter().map(|it| format!("`{it}`")).collect();
    if commands.is_empty() {
        GIVE.to_owned()
    } else {
        format!("run {}, or {GIVE}", commands.join(", "))
    }
}

fn state(
    answer: &mut Answer,
    report: &DependencyReport,
) -> (Vec<Finding>, Option<(String, String)>) {
    let packages: usize = report.locks.iter().map(|(_, packages)| packages).sum();
    let databases: Vec<_> = report
        .databases
        .iter()
        .map(|(path, advisories, newest)| {
            let age = age_days(newest);
            json!({"path": path, "advisories": advisories, "newest": newest, "age_days": age})
        })
        .collect();
    answer.detail(
        "dependencies",
        &json!({
            "lock_files": report.locks.iter().map(|(path, _)| path).collect::<Vec<_>>(),
            "packages": packages,
            "databases": databases,
            "advisories_that_apply": report.vulnerable.len(),
            "from_elsewhere": report.local,
            "unpinned": report.unpinned.len(),
        }),
    );
    for (path, advisories, newest) in &report.databases {
        let age = age_days(newest);
        let age_text = age.map_or_else(
            || "of unknown age".to_owned(),
            |days| format!("{days} days old"),
        );
        answer.notes.push(format!(
            "{packages} packages held against {advisories} advisories of `{path}`, the newest {age_text}"
        ));
        if age.is_none_or(|days| days > OLD_DAYS) {
            answer.warnings.push(format!(
                "the newest advisory in `{path}` is {age_text}: what became known since is not in it"
            ));
        }
    }
    if !report.unpinned.is_empty() {
        answer.not_measured(
            format!(
                "vulnerabilities of {} packages without an exact version",
                report.unpinned.len()
            ),
            named(
                report
                    .unpinned
                    .iter()
                    .map(|(name, at)| format!("`{name}` at {}:{}", at.path, at.line)),
            ),
            "pin them (`==`), or commit the lock file that says what is installed",
        );
    }
    if report.local > 0 {
        answer.notes.push(format!(
            "{} packages from paths, repositories or archives were not audited",
            report.local
        ));
    }
    unread(answer, "lock file", &report.lock_problems);
    unread(answer, "advisory", &report.advisory_problems);
    let mut findings: Vec<Finding> = report.vulnerable.iter().map(finding).collect();
    number_equal(&mut findings);
    (findings, gap(report))
}

fn unread(answer: &mut Answer, what: &str, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    let places = problems
        .iter()
        .map(|problem| format!("{}:{}: {}", problem.path, problem.line, problem.what));
    let noun = if problems.len() == 1 {
        "place"
    } else {
        "places"
    };
    answer.not_measured(
        format!("{} {noun} of {what} text", problems.len()),
        format!("not understood: {}", named(places)),
        "mend these files, or take them out if they are none",
    );
}

/// Why it cannot be said that no vulnerability is critical.
fn gap(report: &DependencyReport) -> Option<(String, String)> {
    let unrated: Vec<String> = report
        .vulnerable
        .iter()
        .filter(|it| is_unrated(it) && it.accepted.is_none())
        .map(|it| format!("{} in `{}` {}", it.id, it.package.name, it.package.version))
        .collect();
    if !unrated.is_empty() {
        let count = unrated.len();
        let noun = if count == 1 {
            "vulnerability has"
        } else {
            "vulnerabilities have"
        };
        return Some((
            format!(
                "{count} known {noun} no severity: {}",
                named(unrated.into_iter())
            ),
            "update them, or look at each and give `--accept-advisory \"ID: reason\"`".to_owned(),
        ));
    }
    let problem = report
        .lock_problems
        .iter()
        .chain(&report.advisory_problems)
        .next()?;
    let count = report.lock_problems.len() + report.advisory_problems.len();
    Some((
        format!(
            "places that the audit of dependencies could not read: {count}, first {}:{}: {}",
            problem.path, problem.line, problem.what
        ),
        "mend these files".to_owned(),
    ))
}

fn is_unrated(it: &Vulnerable) -> bool {
    it.kind == AdvisoryKind::Vulnerability && it.severity.is_none()
}

fn finding(it: &Vulnerable) -> Finding {
    let package = &it.package;
    let (rule_id, what, severity) = match it.kind {
        AdvisoryKind::Vulnerability if it.severity.is_none() => (
            "dependencies.unrated",
            "a known vulnerability of unknown severity",
            Severity::Medium,
        ),
        AdvisoryKind::Vulnerability => (
            "dependencies.vulnerable",
            "a known vulnerability",
            it.severity.unwrap_or(Severity::Medium),
        ),
        AdvisoryKind::Unsound => (
            "dependencies.unsound",
            "unsound",
            it.severity.unwrap_or(Severity::Medium),
        ),
        AdvisoryKind::Unmaintained => {
            ("dependencies.unmaintained", "not maintained", Severity::Low)
        }
        _ => ("dependencies.notice", "a notice", Severity::Info),
    };
    let (severity, suffix) = if package.development {
        (milder(severity), ", for development only")
    } else {
        (severity, "")
    };
    let also = match it.aliases.as_slice() {
        [] => String::new(),
        aliases => format!(" ({})", aliases.join(", ")),
    };
    let fix = match &it.remedy {
        Some(remedy) => format!("update `{}` to {remedy}", package.name),
        None => format!(
            "no version is known to be free of it: replace `{}`",
            package.name
        ),
    };
    Finding {
        rule_id: rule_id.to_owned(),
        severity,
        confidence: Confidence::High,
        path: it.path.clone(),
        line: package.line,
        column: 1,
        message: format!(
            "`{}` {}{suffix}: {what}: {}: {}{also}",
            package.name, package.version, it.id, it.summary
        ),
        fix,
        fingerprint: fingerprint(rule_id, &it.path, &package.name, &it.id),
        in_test: false,
        suppressed: it.accepted.clone(),
    }
}

/// One step less: what only development needs does not ship, but runs on somebody's machine.
fn milder(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Info => Severity::Info,
    }
}

/// Days from a day such as `2026-01-31` until now; `None` for text that is no day.
fn age_days(day: &str) -> Option<i64> {
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let today = i64::try_from(now.as_secs() / 86_400).ok()?;
    Some(today - days_since_1970(year, month, day))
}

/// The number of a day of the Gregorian calendar. Years begin in March here, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2000, 2, 29), 11_016);
        assert_eq!(days_since_1970(2024, 3, 1), 19_783);
        assert!(age_days("2024-01-01").is_some_and(|days| days > 0));
        assert_eq!(age_days(""), None);
    }
}
