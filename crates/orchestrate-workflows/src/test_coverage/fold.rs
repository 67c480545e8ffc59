//! The report of a test coverage boost, as a pure fold over what its run gave.

use std::collections::BTreeMap;

use orchestrate_core::id::AgentId;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::candidate::Judged;
use super::gap::CoverageGap;
use super::inputs::{ANALYZER, BOOST, MEASURE_AGAIN, TestCoverage, VALIDATOR};
use super::report::{
    Figures, GapOutcome, GapReport, TEST_COVERAGE_SCHEMA, TestCoverageReport, TestFile,
};
use crate::analysis_backend::COVERAGE_METRIC;
use crate::answers::{NoValue, Results, evidence, unsuccessful};
use crate::error::WorkflowError;
use crate::report::{AgentSummary, NotMeasured};

/// What the report is about; nothing here reads a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoostSubject {
    /// The repository, as the user gave it.
    pub path: String,
    /// When the report is made, in RFC 3339.
    pub timestamp: String,
    /// Who wrote the tests: the name of the backend.
    pub writer: String,
}

impl TestCoverage {
    /// Makes the report of a run of this workflow's plan. It may also be folded while the run is
    /// under way or after it was cancelled: what is missing is told as not measured.
    ///
    /// # Errors
    /// When the target is not usable; the plan would not have been made either.
    pub fn report(
        &self,
        run: &RunReport,
        subject: BoostSubject,
    ) -> Result<TestCoverageReport, WorkflowError> {
        self.check()?;
        let results = Results::of(run);
        let before: Option<Figures> = field(&results, "figures");
        // What tests reach may be measured and worth nothing: where none of them asserts anything.
        let unknown = results.metric(ANALYZER, COVERAGE_METRIC).err();
        let again = run
            .agents
            .iter()
            .find(|it| it.step.as_str() == MEASURE_AGAIN);
        let after = again.and_then(figures_after);
        let counted = after.as_ref().or(before.as_ref());
        let reached = counted.map(|figures| figures.percent >= self.target);
        let reached = reached.filter(|reached| !reached || after.is_some() || unknown.is_none());
        // Below the target it does not matter what else is not known of what was measured.
        let unknown = unknown.filter(|_| reached.is_none());
        let is_reached_before = before
            .as_ref()
            .is_some_and(|figures| figures.percent >= self.target);
        let gaps = self.gaps_of(run, &results, is_reached_before);
        let accepted = gaps.iter().any(|gap| gap.outcome == GapOutcome::Accepted);
        let not_measured = not_measured(&results, unknown, again.filter(|_| accepted), &after);
        let answer = results.answers.get(ANALYZER);
        let warnings = answer.into_iter();
        let warnings = warnings.flat_map(|answer| answer.blockers.iter().chain(&answer.warnings));
        let mut report = TestCoverageReport {
            schema: TEST_COVERAGE_SCHEMA.to_owned(),
            path: subject.path,
            target: self.target,
            reached,
            before,
            after,
            writer: subject.writer,
            gaps,
            gaps_count: field(&results, "gaps_count"),
            applied: Vec::new(),
            not_applied: Vec::new(),
            not_measured,
            warnings: warnings.cloned().collect(),
            summary: String::new(),
            definition: field(&results, "definition").unwrap_or_default(),
            usage: run.usage,
            agent_results: summaries(run, &results),
            timestamp: subject.timestamp,
            wall_duration: run.wall_us as f64 / 1e6,
            summed_duration: run.summed_us as f64 / 1e6,
            evidence: evidence(run),
        };
        report.summary = summary(&report);
        Ok(report)
    }

    /// The first gaps, with what became of each.
    fn gaps_of(&self, run: &RunReport, results: &Results<'_>, is_reached: bool) -> Vec<GapReport> {
        let listed: Vec<CoverageGap> = field(results, "first_gaps").unwrap_or_default();
        let wanted: Vec<Value> = field(results, "briefs").unwrap_or_default();
        let ranks: Vec<Option<u64>> = wanted
            .iter()
            .map(|brief| brief.get("rank")?.as_u64())
            .collect();
        let mut judged: BTreeMap<usize, Judged> = BTreeMap::new();
        let mut failed: BTreeMap<usize, String> = BTreeMap::new();
        for result in &run.agents {
            let Some(rank) = place(result.step.as_str()).and_then(|at| *ranks.get(at)?) else {
                continue;
            };
            let rank = usize::try_from(rank).unwrap_or(usize::MAX);
            if let Some(why) = unsuccessful(result) {
                failed.insert(rank, why);
            } else if result.agent_id.as_str() == VALIDATOR
                && let Ok(it) = serde_json::from_value::<Judged>((*result.output).clone())
            {
                // Whoever was judged later had more attempts.
                let is_later = |known: &Judged| known.attempts.len() <= it.attempts.len();
                if judged.get(&rank).is_none_or(is_later) {
                    judged.insert(rank, it);
                }
            }
        }
        let gaps = listed.into_iter().map(|gap| {
            let judged = judged.remove(&gap.rank);
            let failed = failed.remove(&gap.rank);
            let tried = ranks.contains(&u64::try_from(gap.rank).ok());
            let nobody = match (is_reached, tried) {
                _ if gap.cannot.is_some() => gap.cannot.clone().unwrap_or_default(),
                (true, _) => "the target is reached without it".to_owned(),
                (false, false) => {
                    format!("`--gaps {}` says for how many tests are written", self.gaps)
                }
                (false, true) => "the run ended before it".to_owned(),
            };
            of_gap(gap, judged, failed, nobody)
        });
        gaps.collect()
    }
}

fn of_gap(
    gap: CoverageGap,
    judged: Option<Judged>,
    failed: Option<String>,
    nobody: String,
) -> GapReport {
    let Judged { attempts, test, .. } = judged.unwrap_or(Judged {
        rank: gap.rank,
        done: false,
        accepted: false,
        feedback: Value::Null,
        attempts: Vec::new(),
        test: None,
    });
    let outcome = match &test {
        Some(TestFile { skeleton: true, .. }) => GapOutcome::Skeleton,
        Some(_) => GapOutcome::Accepted,
        None if attempts.is_empty() => GapOutcome::NotWritten,
        None => GapOutcome::Rejected,
    };
    let why = match outcome {
        GapOutcome::Accepted => None,
        GapOutcome::Skeleton => {
            Some("no model is set up; a skeleton tests nothing and does not count".to_owned())
        }
        GapOutcome::Rejected => {
            let last = attempts.last().map(|attempt| attempt.reason.clone());
            Some(match (last, failed) {
                (Some(last), Some(failed)) => format!("{last}; then {failed}"),
                (last, failed) => last.or(failed).unwrap_or(nobody),
            })
        }
        GapOutcome::NotWritten => Some(failed.unwrap_or(nobody)),
    };
    GapReport {
        gap,
        outcome,
        why,
        test,
        attempts,
    }
}

/// Which item of the map a step belongs to.
fn place(step: &str) -> Option<usize> {
    let rest = step.strip_prefix(BOOST)?.strip_prefix('#')?;
    rest.split(['#', '/']).next()?.parse().ok()
}

fn field<T: DeserializeOwned>(results: &Results<'_>, name: &str) -> Option<T> {
    let value = results.field(ANALYZER, name)?;
    serde_json::from_value(value.clone()).ok()
}

fn figures_after(again: &AgentResult) -> Option<Figures> {
    let figures = again.output.get("figures").filter(|_| again.success)?;
    serde_json::from_value(figures.clone()).ok()
}

fn not_measured(
    results: &Results<'_>,
    unknown: Option<NoValue>,
    again: Option<&AgentResult>,
    after: &Option<Figures>,
) -> Vec<NotMeasured> {
    let mut all: Vec<NotMeasured> = Vec::new();
    all.extend(unknown.map(|NoValue { why, how }| NotMeasured {
        what: COVERAGE_METRIC.to_owned(),
        why,
        how_to_measure: how,
    }));
    let told = results.answers.get(ANALYZER).into_iter();
    let told = told.flat_map(|answer| &answer.not_measured);
    let told = told.filter(|it| it.what != COVERAGE_METRIC);
    // What is told of the whole need not be told of its only part again.
    let told: Vec<NotMeasured> = told
        .filter(|it| all.iter().all(|known| known.why != it.why))
        .cloned()
        .collect();
    all.extend(told);
    if let (Some(again), None) = (again, after) {
        let why = again.output.get("why").and_then(Value::as_str);
        let why = why.map(str::to_owned).or_else(|| unsuccessful(again));
        all.push(NotMeasured {
            what: "coverage with the accepted tests".to_owned(),
            why: why.unwrap_or_else(|| "no reason is known".to_owned()),
            how_to_measure: "apply the tests with `--apply`, and run this again".to_owned(),
        });
    }
    all
}

/// What each agent gave last, and how long it worked altogether; the sources that were shown to the
/// writer are left out.
fn summaries(run: &RunReport, results: &Results<'_>) -> BTreeMap<AgentId, AgentSummary> {
    let mut all = results.summaries();
    for (id, summary) in &mut all {
        let own = run.agents.iter().filter(|result| result.agent_id == *id);
        summary.duration_ms = own.map(|result| result.duration_ms).sum();
        if let Value::Object(fields) = &mut summary.output {
            for told_elsewhere in ["briefs", "first_gaps", "gaps", "content"] {
                fields.remove(told_elsewhere);
            }
        }
    }
    all
}

fn summary(report: &TestCoverageReport) -> String {
    let target = report.target;
    let count = |outcome| {
        report
            .gaps
            .iter()
            .filter(|gap| gap.outcome == outcome)
            .count()
    };
    let head = match (&report.before, &report.after) {
        (None, _) => "Not measured.".to_owned(),
        (Some(before), Some(after)) => format!(
            "{:.1} % before, {:.1} % with the accepted tests; {target} % are wanted.",
            before.percent, after.percent
        ),
        (Some(before), None) if report.reached.is_none() => format!(
            "{:.1} % ran, and {target} % are wanted; but what ran proves nothing.",
            before.percent
        ),
        (Some(before), None) => format!("{:.1} %; {target} % are wanted.", before.percent),
    };
    let parts = [
        (count(GapOutcome::Accepted), "accepted"),
        (count(GapOutcome::Rejected), "rejected"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, word)| format!("{count} {word}"));
    let tests: Vec<String> = parts.collect();
    let tests = match tests.as_slice() {
        [] => String::new(),
        parts => format!(" New tests: {}.", parts.join(", ")),
    };
    let skeletons = match count(GapOutcome::Skeleton) {
        0 => String::new(),
        1 => " 1 skeleton, which does not count.".to_owned(),
        more => format!(" {more} skeletons, which do not count."),
    };
    format!("{head}{tests}{skeletons}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_belongs_to_the_gap_whose_round_it_is() {
        assert_eq!(place("boost#12#0/write"), Some(12));
        assert_eq!(place("boost#3/validate"), Some(3));
        assert_eq!(place("measure"), None);
        assert_eq!(place("boost"), None);
    }
}
