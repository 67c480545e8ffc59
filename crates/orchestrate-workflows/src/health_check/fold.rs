//! The report of a health check, as a pure fold over what its run gave.

use std::collections::BTreeMap;

use orchestrate_core::report::RunReport;

use super::categories::{Category, Measured, of_mode};
use super::inputs::HealthCheck;
use super::overall::{NEEDED_SHARE, overall};
use super::report::{Advice, CategoryReport, CategoryStatus, HEALTH_SCHEMA, HealthReport};
use super::score::rounded;
use super::summary::summary;
use super::trend::{History, trend};
use crate::answers::{NoValue, Results, evidence};
use crate::error::WorkflowError;

/// How many findings of a category the report lists.
const FINDINGS: usize = 10;

/// What the report is about; nothing here reads a clock or a store.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckSubject {
    /// The project, as the user gave it.
    pub path: String,
    /// When the report is made, in RFC 3339.
    pub timestamp: String,
    /// Earlier checks of this project and mode; the one of this run must not be among them.
    pub history: History,
}

impl HealthCheck {
    /// Makes the report of a run of this workflow's plan. It may also be folded while the run is
    /// under way or after it was cancelled: what is missing is told as not measured.
    ///
    /// # Errors
    /// When the least score is not usable; the plan would not have been made either.
    pub fn report(
        &self,
        run: &RunReport,
        subject: CheckSubject,
    ) -> Result<HealthReport, WorkflowError> {
        self.check()?;
        let results = Results::of(run);
        let all: f64 = of_mode(self.mode).map(|it| it.weight).sum();
        let mut categories: Vec<CategoryReport> = of_mode(self.mode)
            .map(|it| category(it, all, &results))
            .collect();
        let scores: Vec<(f64, Option<f64>)> =
            categories.iter().map(|it| (it.weight, it.score)).collect();
        let overall = overall(&scores);
        let measured_weight: f64 = scores
            .iter()
            .filter(|(_, score)| score.is_some())
            .map(|(weight, _)| weight)
            .sum();
        for it in &mut categories {
            let part = it.weight / measured_weight;
            if let Some(raise) = &mut it.raise {
                raise.gain = tenth(raise.category_gain * part);
            }
        }
        let advice = categories.iter().filter_map(|it| it.raise.clone());
        let mut do_first: Vec<Advice> = advice.filter(|it| it.gain > 0.0).collect();
        do_first.sort_by(|a, b| b.gain.total_cmp(&a.gain));
        let missing = categories.iter().filter(|it| it.score.is_none());
        let missing: Vec<&str> = missing.map(|it| it.name.as_str()).collect();
        let measured: BTreeMap<String, f64> = categories
            .iter()
            .filter_map(|it| Some((it.name.clone(), it.score?)))
            .collect();
        Ok(HealthReport {
            schema: HEALTH_SCHEMA.to_owned(),
            path: subject.path,
            mode: self.mode,
            score: overall.score,
            grade: overall.grade,
            measured_share: overall.share,
            needed_share: NEEDED_SHARE,
            range: overall.range,
            fail_under: self.fail_under,
            passed: overall
                .grade
                .and(overall.score)
                .map(|score| score >= self.fail_under),
            do_first,
            trend: trend(overall.score, &measured, &subject.history),
            summary: summary(&overall, &missing),
            categories,
            agent_results: results.summaries(),
            timestamp: subject.timestamp,
            wall_duration: run.wall_us as f64 / 1e6,
            summed_duration: run.summed_us as f64 / 1e6,
            evidence: evidence(run),
        })
    }
}

/// One category, with or without a score.
fn category(category: &Category, all: f64, results: &Results<'_>) -> CategoryReport {
    let measured = (category.measure)(results);
    let (measured, missing) = match measured {
        Ok(measured) => (Some(measured), None),
        Err(NoValue { why, how }) => (None, Some((why, how))),
    };
    let score = measured.as_ref().map(|it| rounded(it.score));
    let Measured { figures, raise, .. } = measured.unwrap_or_default();
    let answer = results.answers.get(category.agent);
    let mut findings = answer.map_or_else(Vec::new, |answer| answer.findings.clone());
    // The agent's own order counts among equals: it puts first what it would mend first.
    findings.sort_by_key(|it| (it.severity, it.confidence));
    let findings_count = findings.len();
    findings.truncate(FINDINGS);
    let not_included = answer.into_iter().flat_map(|answer| &answer.not_measured);
    let warnings = answer.into_iter();
    let warnings = warnings.flat_map(|answer| answer.blockers.iter().chain(&answer.warnings));
    let (why, how_to_measure) = missing.unzip();
    CategoryReport {
        name: category.name.to_owned(),
        status: match score {
            Some(_) => CategoryStatus::Measured,
            None => CategoryStatus::NotMeasured,
        },
        score,
        weight: category.weight,
        share: category.weight / all,
        definition: category.definition.to_owned(),
        agent: category.agent.to_owned(),
        figures,
        findings,
        findings_count,
        warnings: warnings.cloned().collect(),
        raise: raise.map(|(what, gain)| Advice {
            category: category.name.to_owned(),
            what,
            category_gain: tenth(gain),
            gain: 0.0,
        }),
        why,
        how_to_measure,
        not_included: not_included
            .filter(|it| it.what != category.metric)
            .cloned()
            .collect(),
    }
}

/// To a tenth, as scores are reported.
fn tenth(points: f64) -> f64 {
    (points * 10.0).round() / 10.0
}
