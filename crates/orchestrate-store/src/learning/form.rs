//! The stored form of a composition: the JSON files of the systems that came before, field by field.
//!
//! Moments are written as they write them, ISO 8601 without a zone; they are UTC here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use orchestrate_core::learning::{AgentConfiguration, AgentSeat, check_name};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Serialize, Deserialize)]
struct Form {
    id: String,
    task_pattern: String,
    agents: Vec<AgentSeat>,
    strategy: String,
    #[serde(default)]
    quality_gates: BTreeMap<String, Value>,
    #[serde(default)]
    success_rate: f64,
    #[serde(default)]
    avg_quality_score: f64,
    #[serde(default)]
    usage_count: u64,
    #[serde(default)]
    success_count: u64,
    #[serde(default)]
    failure_count: u64,
    created_at: String,
    #[serde(default)]
    last_used: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// Ours alone. A program that does not know it leaves the file out, which is what is wanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

/// The stored form of a composition.
pub(super) fn write(configuration: &AgentConfiguration) -> Value {
    let it = configuration.clone();
    let form = Form {
        id: it.id,
        task_pattern: it.task_pattern,
        agents: it.agents,
        strategy: it.strategy,
        quality_gates: it.quality_gates,
        success_rate: it.success_rate,
        avg_quality_score: it.avg_quality_score,
        usage_count: it.usage_count,
        success_count: it.success_count,
        failure_count: it.failure_count,
        created_at: moment(it.created_at),
        last_used: it.last_used.map(moment),
        tags: it.tags,
        disabled: it.disabled,
    };
    // All of it is text, numbers and lists, so this never falls back.
    serde_json::to_value(form).unwrap_or_default()
}

/// A composition from its stored form, or what is wrong with it.
pub(super) fn read(body: &Value) -> Result<AgentConfiguration, String> {
    let form = Form::deserialize(body).map_err(|error| error.to_string())?;
    check_name("id", &form.id).map_err(|error| error.to_string())?;
    let counted = form.success_count.checked_add(form.failure_count);
    if counted != Some(form.usage_count) {
        return Err(format!(
            "{} successes and {} failures are not {} uses",
            form.success_count, form.failure_count, form.usage_count
        ));
    }
    let success_rate = match form.usage_count {
        0 => 0.0,
        uses => form.success_count as f64 / uses as f64,
    };
    if (form.success_rate - success_rate).abs() > 0.01 {
        return Err(format!(
            "a success rate of {} is not {} of {}",
            form.success_rate, form.success_count, form.usage_count
        ));
    }
    if !(0.0..=100.0).contains(&form.avg_quality_score) {
        return Err(format!(
            "a quality of {} is not from 0 to 100",
            form.avg_quality_score
        ));
    }
    if form.task_pattern.is_empty() || form.strategy.is_empty() || form.agents.is_empty() {
        return Err("a composition needs a task pattern, a strategy and an agent".to_owned());
    }
    let mut it = AgentConfiguration::new(form.id, form.task_pattern, form.agents, form.strategy);
    it.quality_gates = form.quality_gates;
    it.success_rate = success_rate;
    it.avg_quality_score = form.avg_quality_score;
    it.usage_count = form.usage_count;
    it.success_count = form.success_count;
    it.failure_count = form.failure_count;
    it.created_at = milliseconds(&form.created_at)?;
    it.last_used = form.last_used.as_deref().map(milliseconds).transpose()?;
    it.tags = form.tags;
    it.disabled = form.disabled;
    Ok(it)
}

/// A moment as the stored forms write it.
pub(super) fn moment(milliseconds: u64) -> String {
    let at = i64::try_from(milliseconds).ok();
    let at = at.and_then(|at| Timestamp::from_millisecond(at).ok());
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH);
    let civil = TimeZone::UTC.to_datetime(at);
    format!("{civil:.3}")
}

/// A moment from its text, with or without a zone; before 1970 is 1970.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    let zoned = text.parse::<Timestamp>();
    let at = zoned.or_else(|_| {
        let civil = text.parse::<DateTime>()?;
        Ok::<_, jiff::Error>(civil.to_zoned(TimeZone::UTC)?.timestamp())
    });
    let at = at.map_err(|_| format!("`{text}` is no moment (for example 2026-01-31T12:00:00)"))?;
    Ok(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seed() -> Value {
        json!({
            "id": "comp_001",
            "task_pattern": "release_prep",
            "agents": [{"role": "security_auditor", "tier": "PREMIUM"}, {"role": "code_reviewer"}],
            "strategy": "parallel",
            "quality_gates": {"min_coverage": 80},
            "success_rate": 0.75,
            "avg_quality_score": 81.5,
            "usage_count": 4,
            "success_count": 3,
            "failure_count": 1,
            "created_at": "2025-01-10T12:34:56.123",
            "last_used": "2025-02-01T00:00:00.000",
            "tags": ["release"]
        })
    }

    #[test]
    fn a_file_of_the_seeds_is_read_and_written_back_as_it_was() {
        let read_back = read(&seed()).unwrap();
        assert_eq!(read_back.agents[1].template, "code_reviewer");
        assert_eq!(
            serde_json::to_string(&write(&read_back)).unwrap(),
            seed().to_string()
        );
        let micro = milliseconds("2025-01-10T12:34:56.123456");
        assert_eq!(micro, Ok(read_back.created_at));
        assert_eq!(milliseconds("2025-01-10T13:34:56.123+01:00"), micro);
    }

    #[test]
    fn what_cannot_be_true_is_malformed() {
        let check = |key: &str, value: Value, told: &str| {
            let mut body = seed();
            body[key] = value;
            let error = read(&body).unwrap_err();
            assert!(error.contains(told), "{key}: {error}");
        };
        check("success_rate", json!(9.0), "is not 3 of 4");
        check("usage_count", json!(5), "are not 5 uses");
        check("created_at", json!("yesterday"), "is no moment");
        check("id", json!("../x"), "not a usable id");
        check("agents", json!([]), "needs a task pattern");
        check("avg_quality_score", json!(101), "from 0 to 100");
        assert!(read(&json!([1])).is_err());
    }
}
