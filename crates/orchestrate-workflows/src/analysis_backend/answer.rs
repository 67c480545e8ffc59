//! An agent's answer while it is put together, and the JSON form that the report reads.

use orchestrate_analysis::finding::Finding;
use orchestrate_analysis::measured::Measured;
use orchestrate_core::evidence::Evidence;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::backend::Job;
use super::trust::Trust;
use crate::ignore::IgnoreRule;
use crate::report::{Ignored, NotMeasured, ToolSource};

/// An answer. A metric in it was measured; one that was not stands under `not_measured`.
#[derive(Debug, Default)]
pub(super) struct Answer {
    fields: Map<String, Value>,
    findings: Vec<Value>,
    in_tests: usize,
    suppressed: Vec<Value>,
    ignores: Vec<(IgnoreRule, u32)>,
    bounds: Map<String, Value>,
    pub(super) not_measured: Vec<NotMeasured>,
    pub(super) blockers: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// How sure the agent is; each says in its evidence what that means.
    pub(super) confidence: f64,
    /// What was done, for the evidence.
    pub(super) method: String,
    pub(super) files_read: Option<u64>,
    pub(super) files_skipped: Option<u64>,
    pub(super) notes: Vec<String>,
    /// Evidence of the programs that were run for it.
    pub(super) evidence: Vec<Evidence>,
}

impl Answer {
    /// An answer that was come to in this way.
    pub(super) fn by(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            ..Self::default()
        }
    }

    /// The same answer, in which these rules of the configuration leave findings out.
    pub(super) fn ignoring(mut self, rules: &[IgnoreRule]) -> Self {
        self.ignores = rules.iter().map(|rule| (rule.clone(), 0)).collect();
        self
    }

    /// An answer over the product sources: as sure as these were understood.
    pub(super) fn over(job: &Job<'_>, method: &str) -> Self {
        Self {
            confidence: job.trust.share(),
            files_read: Some(job.trust.files() as u64),
            files_skipped: Some(job.snapshot.skipped.len() as u64),
            notes: vec![job.trust.definition()],
            ..Self::by(method)
        }
        .ignoring(&job.options.ignore)
    }

    /// States a metric under the name that its gate reads.
    pub(super) fn metric(&mut self, name: &str, value: f64) {
        self.fields.insert(name.to_owned(), json!(value));
    }

    /// States a metric over the product, unless too much of the product could not be read.
    pub(super) fn product_metric(&mut self, job: &Job<'_>, name: &str, value: f64) {
        match job.trust.too_dark() {
            Some(why) => self.not_measured(name, why, Trust::HOW),
            None => self.metric(name, value),
        }
    }

    /// Says that the true value of a metric lies between two ends, and why it is not known better.
    pub(super) fn bounds(&mut self, name: &str, bounds: &impl Serialize) {
        self.bounds.insert(name.to_owned(), value(bounds));
    }

    /// Adds a detail that no gate reads.
    pub(super) fn detail(&mut self, name: &str, detail: &impl Serialize) {
        self.fields.insert(name.to_owned(), value(detail));
    }

    /// Says that a metric was not measured.
    pub(super) fn not_measured(
        &mut self,
        what: impl Into<String>,
        why: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.not_measured.push(NotMeasured {
            what: what.into(),
            why: why.into(),
            how_to_measure: how.into(),
        });
    }

    /// Takes the value out of a measurement, or says that there is none.
    pub(super) fn take<T>(&mut self, metric: &str, measured: Measured<T>) -> Option<T> {
        match measured {
            Measured::Measured { value } => Some(value),
            Measured::NotMeasured { why, how } => {
                self.not_measured(metric, why, how);
                None
            }
            Measured::Failed { why, how } => {
                self.not_measured(metric, format!("it was tried and failed: {why}"), how);
                None
            }
        }
    }

    /// Adds a finding: those in product code are listed, those in tests are counted, suppressed
    /// ones are listed apart with the reason that was given. Tells whether it counts.
    pub(super) fn finding(&mut self, finding: &Finding) -> bool {
        self.finding_of(finding, &[])
    }

    /// The same for a finding that external tools report as well, or alone.
    pub(super) fn finding_of(&mut self, finding: &Finding, sources: &[ToolSource]) -> bool {
        if finding.in_test {
            self.in_tests += 1;
            return false;
        }
        let mut ignores = self.ignores.iter_mut();
        if finding.suppressed.is_none()
            && let Some((_, count)) = ignores.find(|(rule, _)| rule.covers(finding))
        {
            *count += 1;
            return false;
        }
        if let Some(reason) = &finding.suppressed {
            self.suppressed.push(json!({
                "rule_id": finding.rule_id, "path": finding.path, "line": finding.line, "reason": reason,
            }));
            return false;
        }
        self.list(finding, sources);
        true
    }

    fn list(&mut self, finding: &Finding, sources: &[ToolSource]) {
        let Finding {
            rule_id,
            severity,
            confidence,
            path,
            line,
            column,
            message,
            fix,
            fingerprint,
            in_test: _,
            suppressed: _,
        } = finding;
        let mut listed = json!({
            "rule_id": rule_id, "severity": severity, "confidence": confidence, "path": path,
            "line": line, "column": column, "message": message, "fix": fix, "fingerprint": fingerprint,
        });
        if !sources.is_empty()
            && let Value::Object(fields) = &mut listed
        {
            fields.insert("sources".to_owned(), value(&sources));
        }
        self.findings.push(listed);
    }

    /// The JSON form.
    pub(super) fn output(&mut self) -> Value {
        let mut fields = std::mem::take(&mut self.fields);
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put("findings", std::mem::take(&mut self.findings).into());
        put("findings_in_tests", self.in_tests.into());
        put(
            "findings_suppressed",
            std::mem::take(&mut self.suppressed).into(),
        );
        let ignored = self.ignores.iter().map(|(rule, count)| Ignored {
            rule: rule.rule.clone(),
            path: rule.path.clone(),
            reason: rule.reason.clone(),
            findings: *count,
        });
        let ignored: Vec<Ignored> = ignored.collect();
        if !ignored.is_empty() {
            put("findings_ignored", value(&ignored));
        }
        put("not_measured", value(&self.not_measured));
        put("blockers", value(&self.blockers));
        put("warnings", value(&self.warnings));
        if !self.bounds.is_empty() {
            put("bounds", std::mem::take(&mut self.bounds).into());
        }
        Value::Object(fields)
    }
}

/// Plain data with string keys and finite numbers: this cannot fail.
fn value(data: &impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_default()
}
