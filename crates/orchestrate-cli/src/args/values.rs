//! Values that are more than a word or a number.

use std::str::FromStr;

use orchestrate_core::error::similar;
use orchestrate_workflows::external::ExternalTool;
use serde_json::Value;

/// `key=value`, handed to the planner as part of the context.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hint {
    pub(crate) key: String,
    pub(crate) value: Value,
}

impl FromStr for Hint {
    type Err = String;

    /// A value that is valid JSON is taken as such, `a,b` is a list, and anything else is a text.
    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .ok_or("a hint is written `key=value`, for example `domain=security`")?;
        let value = match serde_json::from_str(value) {
            Ok(value) => value,
            Err(_) if value.contains(',') => value.split(',').map(str::trim).collect(),
            Err(_) => Value::from(value),
        };
        Ok(Self {
            key: key.to_owned(),
            value,
        })
    }
}

/// `STEP=DECISION`: what a step that asks is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The path of the step.
    pub(crate) step: String,
    pub(crate) decision: String,
}

impl FromStr for Decision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (step, decision) = text
            .split_once('=')
            .filter(|(_, decision)| !decision.is_empty())
            .ok_or("a decision is written `STEP=DECISION`, for example `gate=approve`")?;
        Ok(Self {
            step: step.to_owned(),
            decision: decision.to_owned(),
        })
    }
}

/// `NAME=POINTER`: where a figure stands in a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) name: String,
    pub(crate) at: String,
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, at) = text
            .split_once('=')
            .filter(|(name, at)| !name.is_empty() && at.starts_with('/'))
            .ok_or("a metric is written `NAME=POINTER`, for example `accuracy=/scores/accuracy`")?;
        Ok(Self {
            name: name.to_owned(),
            at: at.to_owned(),
        })
    }
}

/// `NAME=NUMBER`: a bound of a figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) bound: f64,
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let found = found.and_then(|(name, bound)| Some((name, bound.parse::<f64>().ok()?)));
        let (name, bound) = found
            .filter(|(_, bound)| bound.is_finite())
            .ok_or("a bound is written `NAME=NUMBER`, for example `accuracy=0.9`")?;
        Ok(Self {
            name: name.to_owned(),
            bound,
        })
    }
}

/// The name of a session.
pub(super) fn session(text: &str) -> Result<String, String> {
    orchestrate_core::learning::check_name("session", text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// A threshold: a finite number from 0.
pub(super) fn threshold(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite() && *value >= 0.0)
        .ok_or_else(|| "a threshold is a number, 0 or more".to_owned())
}

/// A share: a number from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    threshold(text)
        .ok()
        .filter(|value| *value <= 1.0)
        .ok_or_else(|| "a share is a number from 0 to 1".to_owned())
}

/// How long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age {
    /// The same in milliseconds.
    pub(crate) ms: u64,
}

/// An age: a whole number with `h`, `d` or `w` behind it; alone it means days.
pub(super) fn age(text: &str) -> Result<Age, String> {
    const HOUR_MS: u64 = 60 * 60 * 1000;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("h") => Some(HOUR_MS),
        Some("" | "d") => Some(24 * HOUR_MS),
        Some("w") => Some(7 * 24 * HOUR_MS),
        _ => None,
    };
    let ms = digits.parse::<u64>().ok().zip(unit);
    ms.map(|(count, unit)| Age {
        ms: count.saturating_mul(unit),
    })
    .ok_or_else(|| "an age is written `12h`, `30d` or `2w`; `30` means days".to_owned())
}

/// A time in days: a number above 0.
pub(super) fn days(text: &str) -> Result<f64, String> {
    threshold(text)
        .ok()
        .filter(|value| *value > 0.0)
        .ok_or_else(|| "a time is a number of days above 0".to_owned())
}

/// A percentage: a number from 0 to 100.
pub(super) fn percentage(text: &str) -> Result<f64, String> {
    threshold(text)
        .ok()
        .filter(|value| *value <= 100.0)
        .ok_or_else(|| "a percentage is a number from 0 to 100".to_owned())
}

/// A score: a number from 0 to 10.
pub(super) fn score(text: &str) -> Result<f64, String> {
    threshold(text)
        .ok()
        .filter(|value| *value <= 10.0)
        .ok_or_else(|| "a score is a number from 0 to 10".to_owned())
}

/// The name of an external tool.
pub(super) fn tool(text: &str) -> Result<ExternalTool, String> {
    ExternalTool::named(text).ok_or_else(|| {
        let names = ExternalTool::ALL.map(ExternalTool::name);
        let near = similar(text, names);
        match near.first() {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("possible: {}", names.join(", ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hints_are_json_lists_or_text() {
        let value = |text: &str| text.parse::<Hint>().map(|hint| hint.value);
        assert_eq!(value("domain=security"), Ok(json!("security")));
        assert_eq!(value("budget=5"), Ok(json!(5)));
        assert_eq!(value("capabilities=a, b"), Ok(json!(["a", "b"])));
        assert_eq!(
            value(r#"quality_gates={"coverage": 80}"#),
            Ok(json!({"coverage": 80}))
        );
        for bad in ["domain", "=x", "domain=", ""] {
            assert!(value(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ages_have_units() {
        let hours = |text: &str| age(text).map(|it| it.ms / 3_600_000);
        assert_eq!(["3h", "2d", "2", "1w"].map(hours), [3, 48, 48, 168].map(Ok));
        for bad in ["", "d", "-1d", "1.5d", "3 d", "1y", "1dd"] {
            assert!(age(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn thresholds_have_ranges() {
        assert_eq!(threshold("0"), Ok(0.0));
        assert_eq!(percentage("100"), Ok(100.0));
        assert_eq!(score("7.5"), Ok(7.5));
        for bad in ["-1", "NaN", "inf", "", "many"] {
            assert!(threshold(bad).is_err(), "{bad:?}");
        }
        assert_eq!((share("0.1"), days("30")), (Ok(0.1), Ok(30.0)));
        assert!(share("1.1").is_err() && days("0").is_err());
        assert!(percentage("101").is_err());
        assert!(score("10.1").is_err());
    }
}
