//! The report for workflows on GitHub: annotations as workflow commands, and the summary of a job.
//!
//! Both keep the limits of the service: it shows 10 annotations of each kind per step, and takes a
//! summary of at most 1 MiB. What does not fit is counted, never dropped without a word.

use orchestrate_analysis::finding::Severity;
use orchestrate_core::gate::GateStatus;

use super::markdown::markdown_of;
use crate::report::{ReleaseReadinessReport, ReportedFinding, Verdict};

/// Annotations of one kind at most, the line that counts the others included.
const MAX_ANNOTATIONS: usize = 10;
/// How many findings a summary lists.
const SUMMARY_FINDINGS: usize = 200;
/// Bytes of a summary at most. The service takes 1 MiB and other steps may write to it as well.
const MAX_SUMMARY: usize = 1_000_000;

/// Renders the report as workflow commands, worst first, at most 10 of each kind.
///
/// `prefix` is the path of the analysed directory inside the checkout, empty for its root: the
/// service looks files up from there.
#[must_use]
pub fn github(report: &ReleaseReadinessReport, prefix: &str) -> String {
    let mut errors: Vec<String> = Vec::new();
    let mut warnings: Vec<String> = Vec::new();
    let of = |kinds: &'static [Severity]| {
        let findings = report.findings.iter();
        findings.filter(|finding| kinds.contains(&finding.severity))
    };
    if report.verdict == Verdict::NotReady {
        errors.extend(
            report
                .blockers
                .iter()
                .map(|text| command("error", "", "Release blocked", text)),
        );
    }
    errors.extend(
        of(&[Severity::Critical, Severity::High]).map(|finding| found("error", finding, prefix)),
    );
    let open = report
        .quality_gates
        .iter()
        .filter(|gate| gate.status == GateStatus::NotMeasured);
    warnings.extend(open.map(|gate| {
        let how = report
            .not_measured
            .iter()
            .find(|item| item.what == gate.metric);
        let how = how.map_or("", |item| item.how_to_measure.as_str());
        command(
            "warning",
            "",
            "Not measured",
            &format!("{} To measure it: {how}", sentence(&gate.message)),
        )
    }));
    warnings.extend(
        report
            .warnings
            .iter()
            .map(|text| command("warning", "", "Release warning", text)),
    );
    warnings.extend(of(&[Severity::Medium]).map(|finding| found("warning", finding, prefix)));
    let notices: Vec<String> = of(&[Severity::Low, Severity::Info])
        .map(|finding| found("notice", finding, prefix))
        .collect();
    let mut out = String::new();
    for (kind, all) in [
        ("error", errors),
        ("warning", warnings),
        ("notice", notices),
    ] {
        for line in within_limit(kind, all) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// Renders the report as the summary of a job, in Markdown and below 1 MiB.
#[must_use]
pub fn github_summary(report: &ReleaseReadinessReport) -> String {
    cut(markdown_of(report, SUMMARY_FINDINGS), MAX_SUMMARY)
}

/// Cuts a text at the end of a line, and says so.
fn cut(mut text: String, most: usize) -> String {
    const NOTE: &str = "\n\n**Cut here: the report is longer than a summary may be. The JSON form holds all of it.**\n";
    if text.len() <= most {
        return text;
    }
    let room = most.saturating_sub(NOTE.len());
    let end = text
        .get(..text.floor_char_boundary(room))
        .and_then(|kept| kept.rfind('\n'))
        .unwrap_or_default();
    text.truncate(end);
    text.push_str(NOTE);
    text
}

fn within_limit(kind: &str, mut all: Vec<String>) -> Vec<String> {
    if all.len() > MAX_ANNOTATIONS {
        let more = all.len() - (MAX_ANNOTATIONS - 1);
        all.truncate(MAX_ANNOTATIONS - 1);
        let text =
            format!("{more} more of this kind are not shown here; the report holds all of them");
        all.push(command(kind, "", "More", &text));
    }
    all
}

fn found(kind: &str, finding: &ReportedFinding, prefix: &str) -> String {
    let path = match prefix.trim_matches('/') {
        "" => finding.path.clone(),
        prefix => format!("{prefix}/{}", finding.path),
    };
    let (line, column) = (finding.line.max(1), finding.column.max(1));
    let place = format!("file={},line={line},col={column},", property(&path));
    let title = format!("{} ({})", finding.rule_id, finding.severity.as_str());
    let text = format!("{} To mend it: {}", sentence(&finding.message), finding.fix);
    command(kind, &place, &title, &text)
}

/// A workflow command; `place` is empty or ends with a comma.
fn command(kind: &str, place: &str, title: &str, text: &str) -> String {
    format!("::{kind} {place}title={}::{}", property(title), data(text))
}

fn sentence(text: &str) -> String {
    let ends = text.ends_with(['.', '!', '?']);
    format!("{text}{}", if ends { "" } else { "." })
}

/// The escapes of the service for the text of a command. Other control characters are shown as spaces.
fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The escapes for a property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_cannot_be_broken_out_of() {
        assert_eq!(
            command(
                "error",
                "",
                "a,b:c",
                "100 %\r\n::set-output name=x::y\u{1b}[0m"
            ),
            "::error title=a%2Cb%3Ac::100 %25%0D%0A::set-output name=x::y [0m"
        );
    }

    #[test]
    fn ten_fit_and_eleven_are_counted() {
        let lines = |count: usize| vec!["x".to_owned(); count];
        assert_eq!(within_limit("error", lines(10)).len(), 10);
        let cut = within_limit("error", lines(25));
        assert_eq!(cut.len(), 10);
        let last = cut.last().map(String::as_str);
        assert!(
            last.is_some_and(|line| line.starts_with("::error title=More::16 more")),
            "{last:?}"
        );
    }

    #[test]
    fn a_summary_is_cut_between_lines() {
        let long = "ümlaut and more\n".repeat(1000);
        let shown = cut(long.clone(), 500);
        assert!(shown.len() <= 500 && shown.contains("**Cut here"));
        let kept = shown.split("\n\n**").next().unwrap_or_default();
        assert!(kept.lines().all(|line| line == "ümlaut and more"));
        assert_eq!(cut(long.clone(), long.len()), long);
    }
}
