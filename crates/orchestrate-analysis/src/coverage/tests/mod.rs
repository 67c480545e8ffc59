//! Measuring as a user meets it: a directory with sources and reports in, a verdict out.

mod belief;
mod figures;
mod paths;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::report::CoverageReport;
use super::{
    CoverageOptions, FunctionSpan, IndexedSource, LineSpan, SourceIndex, measure, rank_files,
    rank_gaps,
};
use crate::language::Language;
use crate::measured::Measured;
use crate::source::{Role, SourceFile};

/// A repository whose sources are all written at one time, and reports at times of their own.
struct Repo {
    directory: TempDir,
    sources: SourceIndex,
    named: Vec<PathBuf>,
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

impl Repo {
    /// Product sources with their numbers of lines.
    fn new(sources: &[(&str, u32)]) -> Self {
        let mut repo = Self {
            directory: tempfile::tempdir().unwrap(),
            sources: SourceIndex::default(),
            named: Vec::new(),
        };
        for (path, lines) in sources {
            repo.add(path, *lines, Role::Product);
        }
        repo
    }

    fn add(&mut self, path: &str, lines: u32, role: Role) -> &mut IndexedSource {
        self.sources.files.push(IndexedSource {
            path: path.to_owned(),
            language: Language::of_path(path).unwrap(),
            role,
            modified: Some(at(1000)),
            lines,
            test_lines: Vec::new(),
        });
        self.sources.files.last_mut().unwrap()
    }

    fn with(mut self, path: &str, lines: u32, role: Role) -> Self {
        self.add(path, lines, role);
        self
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A report written `seconds` after the sources were (before, if negative).
    fn report(self, path: &str, text: &str, seconds: i64) -> Self {
        let path = self.write(path, &text.replace("$ROOT", self.root().to_str().unwrap()));
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(at(1000_u64.saturating_add_signed(seconds)))
            .unwrap();
        self
    }

    fn naming(mut self, report: &str) -> Self {
        self.named.push(PathBuf::from(report));
        self
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    fn measure(&self) -> Measured<CoverageReport> {
        measure(
            self.root(),
            &self.sources,
            &CoverageOptions {
                reports: self.named.clone(),
                ..CoverageOptions::default()
            },
        )
    }

    fn check(&self, expected: Expect) {
        let text = render(&self.measure()).replace(self.root().to_str().unwrap(), "$ROOT");
        expected.assert_eq(&text);
    }
}

fn render(measured: &Measured<CoverageReport>) -> String {
    let report = match measured {
        Measured::Measured { value } => value,
        Measured::NotMeasured { why, how } => return format!("not measured: {why}\nhow: {how}\n"),
        Measured::Failed { why, how } => return format!("failed: {why}\nhow: {how}\n"),
    };
    let mut text = String::new();
    for totals in &report.totals {
        write!(
            text,
            "{:.2} % of {} {}, at least {:.2} %",
            totals.percent,
            totals.total,
            totals.unit.name(),
            totals.floor_percent
        )
        .unwrap();
        if let Some(branches) = totals.branches {
            write!(text, ", branches {}/{}", branches.covered, branches.total).unwrap();
        }
        text.push('\n');
    }
    for language in &report.languages {
        writeln!(
            text,
            "{} {:.2} %",
            language.language.name(),
            language.totals.percent
        )
        .unwrap();
        for file in &language.files {
            let spans: Vec<String> = file
                .uncovered
                .iter()
                .map(|span| format!("{}-{}", span.first, span.last))
                .collect();
            writeln!(
                text,
                "  {} {}/{} uncovered [{}]",
                file.path,
                file.counts.covered,
                file.counts.total,
                spans.join(" ")
            )
            .unwrap();
        }
        for missing in &language.sources_missing_from_report {
            writeln!(text, "  {} in no report", missing.path).unwrap();
        }
    }
    for unmeasured in &report.languages_not_measured {
        writeln!(
            text,
            "{} not measured: {}; {}",
            unmeasured.language.name(),
            unmeasured.why,
            unmeasured.how
        )
        .unwrap();
    }
    for evidence in &report.evidence {
        writeln!(
            text,
            "from {} ({}): {} files = {} product + {} other + {} unmatched{}",
            evidence.path,
            evidence.format.name(),
            evidence.files,
            evidence.files_product,
            evidence.files_not_product,
            evidence.files_unmatched,
            evidence
                .path_mapping
                .as_ref()
                .map(|mapping| format!(", {mapping}"))
                .unwrap_or_default(),
        )
        .unwrap();
        for note in &evidence.notes {
            writeln!(text, "  note: {note}").unwrap();
        }
    }
    for rejected in &report.rejected {
        writeln!(text, "not used: {} {}", rejected.path, rejected.why).unwrap();
    }
    for note in &report.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    text
}

/// An lcov report in which each file has lines 1 to `total`, the first `covered` of them executed.
fn lcov(files: &[(&str, u32, u32)]) -> String {
    let mut text = String::new();
    for (path, covered, total) in files {
        writeln!(text, "SF:{path}").unwrap();
        for line in 1..=*total {
            writeln!(text, "DA:{line},{}", u32::from(line <= *covered)).unwrap();
        }
        writeln!(text, "end_of_record").unwrap();
    }
    text
}
