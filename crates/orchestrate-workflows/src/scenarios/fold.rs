//! The report of scenarios, as a pure fold over what their run did.

use std::collections::BTreeMap;

use orchestrate_core::evidence::Evidence;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};

use super::compare::comparison;
use super::critical::{Link, critical_path};
use super::error::ScenarioError;
use super::growing::Growing;
use super::inputs::{Metric, Portions, Scenario, Scenarios};
use super::measured::{Did, Measured};
use super::patterns::{failures, is_failure, succeeded, successes};
use super::plan::allowed;
use super::portions::Portion;
use super::report::{
    Parallel, PortionReport, Recommendation, SCENARIOS_SCHEMA, ScenarioReport, ScenarioStatus,
    ScenariosReport, Value,
};
use super::scaling::Scaling;
use super::skill::Skill;
use crate::report::NotMeasured;

/// Bytes of a megabyte.
const MB: f64 = 1024.0 * 1024.0;

impl Scenarios {
    /// Makes the report of a run of this plan. It may also be folded while the run is under way or after it was
    /// stopped: what is missing is told as not measured.
    ///
    /// # Errors
    /// When the inputs make no sense; the plan would not have been made either.
    pub fn report(
        &self,
        skill: &dyn Skill,
        measured: &Measured,
        timestamp: &str,
    ) -> Result<ScenariosReport, ScenarioError> {
        let all = self.all_portions(skill.portions(), skill.items())?;
        let handed_out = self.handed_out(skill.portions());
        let scenarios: Vec<ScenarioReport> = self
            .scenarios
            .iter()
            .zip(&all)
            .map(|(scenario, portions)| {
                Look {
                    inputs: self,
                    skill,
                    measured,
                    handed_out,
                }
                .scenario(scenario, portions)
            })
            .collect();
        let portions = || scenarios.iter().flat_map(|it| &it.portions);
        let first = portions().filter(|it| it.attempts == 1);
        let first: Vec<&PortionReport> = first.filter(|it| it.took_ms.is_some()).collect();
        let growing = Growing::of(&first);
        let links: Vec<Link> = all
            .iter()
            .flatten()
            .filter_map(|it| {
                let ms = measured.step(&self.path(it))?.ms()?;
                Some((it.name.clone(), self.needs(it, &all), ms / 1e3))
            })
            .collect();
        let busy_s: f64 = links.iter().map(|(_, _, seconds)| seconds).sum();
        let wall_s = measured.wall_s();
        let width = self.width.map_or(self.scenarios.len(), |width| {
            self.scenarios.len().min(width as usize)
        });
        let held: Vec<Option<bool>> = scenarios.iter().map(|it| it.held).collect();
        let passed = match &*held {
            all if all.contains(&Some(false)) => Some(false),
            all if all.contains(&None) => None,
            _ => Some(true),
        };
        let good = held.iter().filter(|it| **it == Some(true)).count();
        let summary = format!(
            "{good} of {} scenarios held. {}",
            held.len(),
            growing.told()
        );
        let usage: Usage = scenarios.iter().filter_map(|it| it.usage).sum();
        Ok(ScenariosReport {
            schema: SCENARIOS_SCHEMA.to_owned(),
            run_id: measured.run().cloned(),
            skill: skill.told(),
            portions: handed_out,
            sync: self.sync,
            passed,
            summary,
            recommendation: recommendation(&scenarios),
            comparison: comparison(self, &scenarios),
            successes: successes(&scenarios),
            failures: failures(&scenarios),
            parallel: Parallel {
                busy_s,
                wall_s,
                width,
                efficiency: (wall_s > 0.0 && !links.is_empty())
                    .then(|| (busy_s / (wall_s * width as f64)).min(1.0)),
            },
            critical_path: critical_path(&links),
            usage: scenarios
                .iter()
                .any(|it| it.usage.is_some())
                .then_some(usage),
            not_measured: not_measured(&scenarios, growing.counts()),
            growth: growing.counts().growth,
            growth_of: growing.of,
            scaling: growing.clock,
            cpu_scaling: growing.processor,
            timestamp: timestamp.to_owned(),
            evidence: self.evidence(measured, &all),
            scenarios,
        })
    }

    /// The fold itself, and how the last portion of each scenario was run.
    fn evidence(&self, measured: &Measured, all: &[Vec<Portion>]) -> Vec<Evidence> {
        let fold = Evidence {
            method: "a fold over the events of one run".to_owned(),
            tool: "orchestrate".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            duration_ms: Some(measured.wall_s() * 1e3),
            notes: measured
                .run()
                .map(|run| format!("run {run}"))
                .into_iter()
                .collect(),
            ..Evidence::default()
        };
        let lasts = all.iter().filter_map(|portions| {
            let mut last = portions.iter().rev();
            last.find_map(|it| measured.step(&self.path(it))?.evidence.first().cloned())
        });
        std::iter::once(fold).chain(lasts).collect()
    }
}

/// What a scenario is looked at with.
struct Look<'a> {
    inputs: &'a Scenarios,
    skill: &'a dyn Skill,
    measured: &'a Measured,
    handed_out: Portions,
}

impl Look<'_> {
    fn scenario(&self, scenario: &Scenario, portions: &[Portion]) -> ScenarioReport {
        let did: Vec<Option<&Did>> = portions
            .iter()
            .map(|it| self.measured.step(&self.inputs.path(it)))
            .collect();
        let memory: Vec<Result<u64, String>> = did
            .iter()
            .flatten()
            .filter(|it| it.attempts > 0)
            .map(|it| self.skill.peak_memory(&it.output))
            .collect();
        let looked: Vec<PortionReport> = portions
            .iter()
            .zip(&did)
            .map(|(portion, did)| self.portion(portion, *did))
            .collect();
        let failed = looked.iter().filter(|it| is_failure(it)).count();
        let done = looked.iter().filter(|it| succeeded(it)).count();
        let usage: Usage = did.iter().flatten().map(|it| it.usage).sum();
        let time_ms: f64 = did.iter().flatten().filter_map(|it| it.ms()).sum();
        let peak = memory.iter().filter_map(|it| it.as_ref().ok()).max();
        let unknown = memory.iter().find_map(|it| it.as_ref().err());
        let unknown = unknown.map_or("nothing ran", String::as_str);
        let metrics = self.inputs.metrics.iter();
        let metrics = metrics.map(|(name, metric)| {
            let value = self.metric(name, metric, &looked, portions);
            (name.clone(), Value::from(value))
        });
        let mut report = ScenarioReport {
            name: scenario.name.clone(),
            complexity_multiplier: scenario.complexity_multiplier,
            items: portions.last().map_or(0, |it| it.offset + it.items),
            status: status(&looked, failed, allowed(scenario, portions.len())),
            held: None,
            reasons: Vec::new(),
            progress: done as f64 / looked.len().max(1) as f64,
            failed,
            error_rate: (done + failed > 0).then(|| failed as f64 / (done + failed) as f64),
            error_tolerance: scenario.error_tolerance,
            retries: looked.iter().map(|it| it.attempts.saturating_sub(1)).sum(),
            time_s: time_ms / 1e3,
            time_budget_s: scenario.time_budget_seconds,
            time_per_item_ms: self.time_per_item(&looked).into(),
            peak_memory_mb: peak
                .map(|it| *it as f64 / MB)
                .ok_or_else(|| unknown.to_owned())
                .into(),
            memory_limit_mb: scenario.memory_limit_mb,
            metrics: metrics.collect(),
            usage: (usage.tokens > 0).then_some(usage),
            portions: looked,
        };
        let (held, reasons) = held(&report, &self.inputs.metrics);
        report.held = held;
        report.reasons = reasons;
        report
    }

    fn portion(&self, portion: &Portion, did: Option<&Did>) -> PortionReport {
        let path = self.inputs.path(portion);
        let output = did.map(|it| &*it.output);
        let peak = output.and_then(|it| self.skill.peak_memory(it).ok());
        let is_good = did.is_some_and(|it| it.outcome.is_success());
        let metrics = self.inputs.metrics.iter().filter_map(|(name, metric)| {
            let value = self.skill.metric(output?, &metric.at).ok()?;
            is_good.then(|| (name.clone(), value))
        });
        let began = did.map_or_else(|| self.measured.under_way(&path), |it| it.began_us);
        let took = did.filter(|_| is_good).and_then(|it| {
            let own = self.skill.took_ms(&it.output);
            own.or_else(|| it.ms().filter(|_| it.attempts == 1))
        });
        let cpu = did.filter(|_| is_good);
        let cpu = cpu.and_then(|it| self.skill.cpu(&it.output));
        PortionReport {
            step: path.as_str().to_owned(),
            number: portion.number,
            items: portion.items,
            offset: portion.offset,
            milestones: portion.milestones.clone(),
            outcome: did.map(|it| it.outcome.clone()),
            attempts: did.map_or(0, |it| it.attempts),
            began_s: began.map(|us| us as f64 / 1e6),
            ended_s: did
                .filter(|it| it.attempts > 0)
                .map(|it| it.ended_us as f64 / 1e6),
            took_ms: took,
            cpu_ms: cpu.map(|it| it.ms),
            cpu_exact_to_ms: cpu.map(|it| it.exact_to_ms),
            cpu_waited_ms: cpu.map(|it| it.waited_ms),
            peak_memory_mb: peak.map(|it| it as f64 / MB),
            metrics: metrics.collect(),
            error: did.and_then(|it| it.outcome.error()),
        }
    }

    fn time_per_item(&self, portions: &[PortionReport]) -> Result<f64, String> {
        let good = || portions.iter().filter(|it| it.took_ms.is_some());
        let counted: Vec<&PortionReport> = match self.handed_out {
            Portions::Growing => good().next_back().into_iter().collect(),
            Portions::Batches => good().collect(),
        };
        let items: u64 = counted.iter().map(|it| it.items).sum();
        let ms: f64 = counted.iter().filter_map(|it| it.took_ms).sum();
        if items == 0 {
            return Err("no portion succeeded".to_owned());
        }
        Ok(ms / items as f64)
    }

    /// A metric of the whole scenario.
    fn metric(
        &self,
        name: &str,
        metric: &Metric,
        looked: &[PortionReport],
        portions: &[Portion],
    ) -> Result<f64, String> {
        let mut good = looked.iter().zip(portions).filter(|(it, _)| succeeded(it));
        let counted: Vec<(&PortionReport, &Portion)> = match self.handed_out {
            Portions::Growing => good.next_back().into_iter().collect(),
            Portions::Batches => good.collect(),
        };
        if counted.is_empty() {
            return Err("no portion succeeded".to_owned());
        }
        let (mut sum, mut items) = (0.0, 0.0);
        for (report, portion) in counted {
            let Some(value) = report.metrics.get(name) else {
                let did = self.measured.step(&self.inputs.path(portion));
                let why = did.map(|it| self.skill.metric(&it.output, &metric.at));
                let why = why.and_then(Result::err);
                return Err(why.unwrap_or_else(|| "nothing was given".to_owned()));
            };
            sum += value * report.items as f64;
            items += report.items as f64;
        }
        Ok(sum / items)
    }
}

fn status(portions: &[PortionReport], failed: usize, allowed: usize) -> ScenarioStatus {
    let ended = portions.iter().filter(|it| succeeded(it) || is_failure(it));
    if portions
        .iter()
        .all(|it| it.attempts == 0 && !is_failure(it))
    {
        return ScenarioStatus::NotRun;
    }
    if ended.count() == portions.len() && failed <= allowed {
        return ScenarioStatus::Complete;
    }
    let is_late = |it: &PortionReport| {
        matches!(
            it.outcome,
            Some(
                Outcome::Cancelled {
                    reason: CancelReason::Deadline
                } | Outcome::Failed {
                    class: FailureClass::Timeout,
                    ..
                }
            )
        )
    };
    if portions.iter().any(is_late) {
        return ScenarioStatus::OutOfTime;
    }
    match failed > allowed {
        true => ScenarioStatus::Failed,
        false => ScenarioStatus::Incomplete,
    }
}

/// Whether a scenario kept to everything, and what it did not keep to or is not known.
fn held(
    report: &ScenarioReport,
    metrics: &BTreeMap<String, Metric>,
) -> (Option<bool>, Vec<String>) {
    let (mut broken, mut unknown) = (Vec::new(), Vec::new());
    let count = report.portions.len();
    match report.status {
        ScenarioStatus::Complete => {}
        ScenarioStatus::Failed => broken.push(format!(
            "{} of {count} portions failed, and {:.0} % may",
            report.failed,
            100.0 * report.error_tolerance
        )),
        ScenarioStatus::OutOfTime => broken.push(format!(
            "it did not come to its end within {} s",
            report.time_budget_s
        )),
        ScenarioStatus::Incomplete => {
            unknown.push("it waits, or was stopped, before its end".to_owned());
        }
        ScenarioStatus::NotRun => unknown.push("nothing of it was begun".to_owned()),
    }
    if report.status == ScenarioStatus::Complete && report.time_s > report.time_budget_s as f64 {
        broken.push(format!(
            "it took {:.1} s, above {} s",
            report.time_s, report.time_budget_s
        ));
    }
    if let Some(limit) = report.memory_limit_mb {
        match (&report.peak_memory_mb.value, &report.peak_memory_mb.why) {
            (Some(peak), _) if *peak > limit as f64 => {
                broken.push(format!("it used {peak:.0} MB of memory, above {limit} MB"));
            }
            (None, Some(why)) => unknown.push(format!("its memory is not known: {why}")),
            _ => {}
        }
    }
    for (name, metric) in metrics {
        if metric.min.is_none() && metric.max.is_none() {
            continue;
        }
        let Some(told) = report.metrics.get(name) else {
            continue;
        };
        match (told.value, &told.why) {
            (Some(value), _) => {
                if let Some(min) = metric.min.filter(|min| value < *min) {
                    broken.push(format!("{name} is {value:.4}, below {min}"));
                }
                if let Some(max) = metric.max.filter(|max| value > *max) {
                    broken.push(format!("{name} is {value:.4}, above {max}"));
                }
            }
            (None, why) => {
                let why = why.as_deref().unwrap_or("it was not measured");
                unknown.push(format!("{name} is not known: {why}"));
            }
        }
    }
    let held = match (broken.is_empty(), unknown.is_empty()) {
        (false, _) => Some(false),
        (true, false) => None,
        (true, true) => Some(true),
    };
    broken.append(&mut unknown);
    (held, broken)
}

fn recommendation(scenarios: &[ScenarioReport]) -> Recommendation {
    let Some(at) = scenarios.iter().rposition(|it| it.held == Some(true)) else {
        let why = scenarios.iter().map(|it| {
            let reason = it.reasons.first().map_or("not known", String::as_str);
            format!("{}: {reason}", it.name)
        });
        let why: Vec<String> = why.collect();
        return Recommendation {
            difficulty: None,
            reason: format!("none held. {}", why.join("; ")),
        };
    };
    let (easier, rest) = scenarios.split_at(at);
    let Some((best, harder)) = rest.split_first() else {
        return Recommendation {
            difficulty: None,
            reason: "there is none".to_owned(),
        };
    };
    let mut reason = format!(
        "the hardest that held: {} items in {:.1} s of {} s",
        best.items, best.time_s, best.time_budget_s
    );
    if let Some(next) = harder.first() {
        let why = next.reasons.first().map_or("not known", String::as_str);
        reason.push_str(&format!("; {} did not: {why}", next.name));
    }
    let below: Vec<&str> = easier
        .iter()
        .filter(|it| it.held != Some(true))
        .map(|it| it.name.as_str())
        .collect();
    if !below.is_empty() {
        reason.push_str(&format!(
            "; but easier ones did not hold: {}",
            below.join(", ")
        ));
    }
    Recommendation {
        difficulty: Some(best.name.clone()),
        reason,
    }
}

fn not_measured(scenarios: &[ScenarioReport], growing: &Scaling) -> Vec<NotMeasured> {
    let mut missing = Vec::new();
    let mut add = |what: String, why: &str, how: &str| {
        missing.push(NotMeasured {
            what,
            why: why.to_owned(),
            how_to_measure: how.to_owned(),
        });
    };
    if growing.growth.is_none() {
        let how = "run more items, so that a portion takes well above the noise, and nothing else at the same time: \
                   `--width 1` runs one scenario after another";
        add("class of growth".to_owned(), &growing.why, how);
    }
    for it in scenarios {
        let name = &it.name;
        if let Some(why) = &it.time_per_item_ms.why {
            add(format!("time per item of {name}"), why, "run it to its end");
        }
        for (metric, value) in &it.metrics {
            if let Some(why) = &value.why {
                let how = "have the skill write it as JSON";
                add(format!("{metric} of {name}"), why, how);
            }
        }
    }
    // What is known of none is said once.
    let mut unseen: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
    for it in scenarios {
        if let Some(why) = &it.peak_memory_mb.why {
            unseen.entry(why).or_default().push(&it.name);
        }
    }
    for (why, names) in unseen {
        let how = "run a program, on Linux, on so many items that it takes a while";
        add(format!("peak memory of {}", names.join(", ")), why, how);
    }
    missing
}
