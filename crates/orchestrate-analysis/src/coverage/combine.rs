//! Joins the reports that fit into figures: by language, by unit, product code only.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::advice;
use super::matching::Matches;
use super::measure::{IndexedSource, LineSpan, SAME_WITHIN, SourceIndex, product};
use super::model::{
    BranchProbe, Counts, FunctionHits, Probe, RawFile, RawReport, Unit, count, count_branches,
    file_count,
};
use super::report::{
    Age, CoverageReport, FileCoverage, LanguageCoverage, MissingSource, RejectedReport,
    ReportEvidence, Totals, UnmeasuredLanguage,
};
use crate::language::Language;
use crate::source::Role;

/// A report that fits the sources.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) path: String,
    pub(super) written: Option<SystemTime>,
    pub(super) age: Age,
    pub(super) raw: RawReport,
    pub(super) matches: Matches,
    /// A test that was changed after the report was written.
    pub(super) newer_test: Option<String>,
}

impl Accepted {
    /// The product files of a language that it names, with what it says of them.
    fn files<'a>(
        &'a self,
        sources: &'a SourceIndex,
        language: Language,
    ) -> impl Iterator<Item = (&'a IndexedSource, &'a RawFile)> {
        let pairs = self.matches.files.iter();
        let known = pairs.filter_map(|(source, file)| {
            Some((sources.files.get(*source)?, self.raw.files.get(*file)?))
        });
        known.filter(move |(source, _)| source.role == Role::Product && source.language == language)
    }
}

/// The figures, or `None` if nothing is counted in the end.
pub(super) fn combine(
    sources: &SourceIndex,
    mut accepted: Vec<Accepted>,
    mut rejected: Vec<RejectedReport>,
) -> Option<CoverageReport> {
    // The newest first; among those of one age, the format that says more, then the path, so that the order is fixed.
    accepted.sort_by(|a, b| {
        let key = |report: &Accepted| {
            (
                Reverse(report.written),
                report.raw.format,
                report.path.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    let mut notes = Vec::new();
    let mut used: BTreeMap<usize, Vec<Language>> = BTreeMap::new();
    let mut languages = Vec::new();
    let mut not_measured = Vec::new();
    for language in Language::ALL {
        let product: Vec<&IndexedSource> = product(sources)
            .filter(|source| source.language == language)
            .collect();
        if product.is_empty() {
            continue;
        }
        let chosen = choose(sources, &accepted, language, &mut rejected);
        match cover(sources, &accepted, &chosen, language, &product) {
            Some(coverage) => {
                for position in chosen {
                    used.entry(position).or_default().push(language);
                }
                note_missing(&coverage, &mut notes);
                languages.push(coverage);
            }
            None => not_measured.push(UnmeasuredLanguage {
                language,
                files: product.len(),
                why: format!(
                    "no usable report names any of its {}",
                    file_count(product.len())
                ),
                how: format!("run {}", advice::command(language)),
            }),
        }
    }
    let evidence: Vec<ReportEvidence> = accepted
        .iter()
        .enumerate()
        .filter_map(|(position, report)| Some(evidence(report, used.remove(&position)?, sources)))
        .collect();
    for report in &evidence {
        if report.age == Age::Unknown {
            notes.push(format!(
                "the age of `{}` is not known, so it may be older than the sources",
                report.path
            ));
        }
    }
    for unmeasured in &not_measured {
        notes.push(format!(
            "{} is not in the figures: {}",
            unmeasured.language.name(),
            unmeasured.why
        ));
    }
    let totals: Vec<Totals> = [Unit::Lines, Unit::Statements]
        .into_iter()
        .filter_map(|unit| total(unit, &languages))
        .collect();
    rejected.sort_by(|a, b| (&a.path, &a.why).cmp(&(&b.path, &b.why)));
    (!totals.is_empty()).then_some(CoverageReport {
        totals,
        languages,
        languages_not_measured: not_measured,
        evidence,
        rejected,
        notes,
    })
}

/// The reports to use for a language. Reports of different files complement each other; of two that name a file in
/// common, the newer one is used, and the other is said not to be.
fn choose(
    sources: &SourceIndex,
    accepted: &[Accepted],
    language: Language,
    rejected: &mut Vec<RejectedReport>,
) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, report) in accepted.iter().enumerate() {
        let files: Vec<&str> = report
            .files(sources, language)
            .map(|(source, _)| source.path.as_str())
            .collect();
        let other = files.iter().find_map(|path| taken.get(path)).or_else(|| {
            // Two units of one language cannot be added up, even over different files.
            chosen.iter().find(|at| {
                accepted
                    .get(**at)
                    .is_some_and(|first| first.raw.unit != report.raw.unit)
            })
        });
        if let Some(newer) = other.and_then(|at| accepted.get(*at)) {
            let same = newer.written == report.written;
            let why = format!(
                "is not used for {}: `{}` covers the same code and is {}",
                language.name(),
                newer.path,
                if same { "as new" } else { "newer" },
            );
            if !files.is_empty() {
                rejected.push(RejectedReport {
                    path: report.path.clone(),
                    why,
                });
            }
        } else if !files.is_empty() {
            taken.extend(files.into_iter().map(|path| (path, position)));
            chosen.push(position);
        }
    }
    chosen
}

fn cover(
    sources: &SourceIndex,
    accepted: &[Accepted],
    chosen: &[usize],
    language: Language,
    product: &[&IndexedSource],
) -> Option<LanguageCoverage> {
    let unit = accepted.get(*chosen.first()?)?.raw.unit;
    let reports = chosen.iter().filter_map(|at| accepted.get(*at));
    let mut files: Vec<FileCoverage> = reports
        .flat_map(|report| report.files(sources, language))
        .map(|(source, file)| file_coverage(source, file))
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let named: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    // Declarations without code are never in a report.
    let declares_only = |path: &str| {
        path.ends_with(".d.ts")
            || path.ends_with(".d.mts")
            || path.ends_with(".d.cts")
            || path.ends_with(".pyi")
    };
    let mut missing: Vec<MissingSource> = product
        .iter()
        .filter(|source| !named.contains(source.path.as_str()) && !declares_only(&source.path))
        .map(|source| MissingSource {
            path: source.path.clone(),
            lines: source.lines,
        })
        .collect();
    missing.sort_by(|a, b| a.path.cmp(&b.path));
    let mut counts = Counts::default();
    let mut branches: Option<Counts> = None;
    for file in &files {
        counts.add(file.counts);
        if let Some(known) = file.branches {
            branches.get_or_insert_default().add(known);
        }
    }
    let totals = Totals::new(unit, counts, missing_lines(&missing), branches)?;
    Some(LanguageCoverage {
        language,
        totals,
        files,
        sources_missing_from_report: missing,
    })
}

fn missing_lines(missing: &[MissingSource]) -> u64 {
    missing.iter().map(|source| u64::from(source.lines)).sum()
}

impl Totals {
    /// Figures of these counts; `None` if there is nothing to count.
    fn new(unit: Unit, counts: Counts, missing: u64, branches: Option<Counts>) -> Option<Self> {
        let floor = Counts {
            covered: counts.covered,
            total: counts.total.saturating_add(missing),
        };
        Some(Self {
            unit,
            covered: counts.covered,
            total: counts.total,
            percent: counts.percent()?,
            floor_percent: floor.percent()?,
            branches,
        })
    }
}

/// The sum over the languages that are counted in this unit.
fn total(unit: Unit, languages: &[LanguageCoverage]) -> Option<Totals> {
    let (mut counts, mut missing, mut branches) = (Counts::default(), 0_u64, None::<Counts>);
    for language in languages
        .iter()
        .filter(|language| language.totals.unit == unit)
    {
        counts.add(Counts {
            covered: language.totals.covered,
            total: language.totals.total,
        });
        missing = missing.saturating_add(missing_lines(&language.sources_missing_from_report));
        if let Some(known) = language.totals.branches {
            branches.get_or_insert_default().add(known);
        }
    }
    Totals::new(unit, counts, missing, branches)
}

fn file_coverage(source: &IndexedSource, file: &RawFile) -> FileCoverage {
    let is_test = |line: u32| source.test_lines.iter().any(|span| span.contains(line));
    let probes: Vec<Probe> = file
        .probes
        .iter()
        .filter(|probe| !is_test(probe.line))
        .copied()
        .collect();
    let branches = file.branches.as_ref().map(|branches| {
        let product: Vec<&BranchProbe> = branches
            .iter()
            .filter(|branch| !is_test(branch.line))
            .collect();
        count_branches(product.into_iter())
    });
    let functions: Vec<FunctionHits> = file
        .functions
        .iter()
        .filter(|function| !is_test(function.line))
        .cloned()
        .collect();
    let entered = functions
        .iter()
        .filter(|function| function.hits > 0)
        .count();
    let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    FileCoverage {
        path: source.path.clone(),
        counts: file.summary_only.unwrap_or_else(|| count(probes.iter())),
        branches,
        functions: (!functions.is_empty()).then(|| Counts {
            covered: size(entered),
            total: size(functions.len()),
        }),
        uncovered: uncovered(&probes),
        probes,
        function_hits: functions,
    }
}

/// The lines that were not executed. Lines without code between two such lines belong to the span.
fn uncovered(probes: &[Probe]) -> Vec<LineSpan> {
    let mut spans: Vec<LineSpan> = Vec::new();
    let mut open = false;
    for probe in probes {
        if probe.hits > 0 || probe.weight == 0 {
            open = false;
            continue;
        }
        match spans.last_mut() {
            Some(span) if open => span.last = span.last.max(probe.last_line),
            _ => spans.push(LineSpan {
                first: probe.line,
                last: probe.last_line,
            }),
        }
        open = true;
    }
    spans
}

fn note_missing(coverage: &LanguageCoverage, notes: &mut Vec<String>) {
    let missing = &coverage.sources_missing_from_report;
    if let Some(largest) = missing
        .iter()
        .max_by(|a, b| a.lines.cmp(&b.lines).then_with(|| b.path.cmp(&a.path)))
    {
        notes.push(format!(
            "{} of {} {} product files are in no report ({} lines with comments and blanks; the largest is `{}`): they hold no executable code, or no test loads them. They are not in the {:.1} %; were all their lines code and uncovered, it would be {:.1} %",
            missing.len(),
            missing.len() + coverage.files.len(),
            coverage.language.name(),
            missing_lines(missing),
            largest.path,
            coverage.totals.percent,
            coverage.totals.floor_percent,
        ));
    }
}

fn evidence(report: &Accepted, used_for: Vec<Language>, sources: &SourceIndex) -> ReportEvidence {
    let matches = &report.matches;
    let is_product = |at: &usize| {
        sources
            .files
            .get(*at)
            .is_some_and(|source| source.role == Role::Product)
    };
    let files_product = matches.files.keys().filter(|at| is_product(at)).count();
    let examples = matches
        .unmatched
        .iter()
        .filter_map(|at| report.raw.files.get(*at));
    let mut notes = report.raw.notes.clone();
    let whole = report.raw.counts();
    let percent = |counts: Counts| counts.percent().unwrap_or(0.0);
    if let Some(own) = report.raw.own_summary.filter(|own| own.total > 0)
        && (percent(own) - percent(whole)).abs() > SAME_WITHIN
    {
        notes.push(format!(
            "its own summary says {:.1} % ({} of {}), its files add up to {:.1} % ({} of {})",
            percent(own),
            own.covered,
            own.total,
            percent(whole),
            whole.covered,
            whole.total,
        ));
    }
    let mut product = Counts::default();
    for language in &used_for {
        for (source, file) in report.files(sources, *language) {
            product.add(file_coverage(source, file).counts);
        }
    }
    if whole.total != product.total {
        notes.push(format!(
            "as a whole it counts {} {} ({:.1} % covered); {} of them are product code of these languages ({:.1} %)",
            whole.total, report.raw.unit.name(), percent(whole), product.total, percent(product),
        ));
    }
    if let Some(test) = &report.newer_test {
        notes.push(format!(
            "tests were changed after it was written, for example `{test}`"
        ));
    }
    let named_twice = report
        .raw
        .files
        .len()
        .saturating_sub(matches.files.len() + matches.unmatched.len());
    if named_twice > 0 {
        notes.push(format!("{named_twice} of its paths name a file that another of its paths names too; the first one counts"));
    }
    ReportEvidence {
        path: report.path.clone(),
        format: report.raw.format,
        age: report.age.clone(),
        own_percent: report
            .raw
            .own_percent
            .or_else(|| report.raw.own_summary?.percent()),
        used_for,
        files: report.raw.files.len(),
        files_product,
        files_not_product: matches.files.len() - files_product,
        files_unmatched: matches.unmatched.len(),
        unmatched_examples: examples.take(3).map(|file| file.path.clone()).collect(),
        path_mapping: matches.mapping.clone(),
        notes,
    }
}
