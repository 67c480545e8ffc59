//! The settings that a file may hold: one line each, and nothing else knows them.
//!
//! A key is spelled like its flag: `release-prep.min-coverage` is `--min-coverage` and
//! `ORCHESTRATE_MIN_COVERAGE`.

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any text.
    Text,
    /// A list of names.
    Names,
    /// A whole number from the first on.
    Count(u64),
    /// A finite number from 0 to this.
    Number(f64),
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its place in the file: table and key, or a key above all tables.
    pub(crate) name: &'static str,
    /// The flag without its dashes.
    pub(crate) flag: &'static str,
    pub(crate) kind: Kind,
    /// As it would be written in a file; none means that there is no value.
    pub(crate) default: Option<&'static str>,
}

/// The names of all settings.
pub(crate) mod names {
    pub(crate) const COLOR: &str = "output.color";
    pub(crate) const STORE: &str = "store";
    pub(crate) const FORMAT: &str = "release-prep.format";
    pub(crate) const MAX_CALLS: &str = "limits.max-calls";
    pub(crate) const MAX_TOKENS: &str = "limits.max-tokens";
    pub(crate) const MAX_COST: &str = "limits.max-cost";
    pub(crate) const MAX_SECONDS: &str = "limits.max-seconds";
    pub(crate) const CONCURRENCY: &str = "limits.concurrency";
    pub(crate) const MAX_DEPTH: &str = "limits.max-depth";
    pub(crate) const MAX_WIDTH: &str = "limits.max-width";
    pub(crate) const MIN_COVERAGE: &str = "release-prep.min-coverage";
    pub(crate) const MIN_QUALITY: &str = "release-prep.min-quality";
    pub(crate) const MAX_CRITICAL: &str = "release-prep.max-critical";
    pub(crate) const MIN_DOCS: &str = "release-prep.min-docs";
    pub(crate) const FAIL_ON: &str = "release-prep.fail-on";
    pub(crate) const TEST_TIMEOUT: &str = "release-prep.test-timeout";
    pub(crate) const WITH: &str = "release-prep.with";
    pub(crate) const TOOL_TIMEOUT: &str = "release-prep.tool-timeout";
    pub(crate) const AGENTS: &str = "release-prep.agents";
    pub(crate) const MODE: &str = "health-check.mode";
    pub(crate) const FAIL_UNDER: &str = "health-check.fail-under";
    pub(crate) const TARGET: &str = "test-coverage.target";
    pub(crate) const EXPLORE: &str = "learning.explore";
    pub(crate) const HALF_LIFE: &str = "learning.half-life";
    pub(crate) const ADVISORY_DB: &str = "measure.advisory-db";
    pub(crate) const ACCEPT_ADVISORY: &str = "measure.accept-advisory";
    pub(crate) const GITLEAKS_CONFIG: &str = "measure.gitleaks-config";
    pub(crate) const RULES: &str = "measure.rules";
    pub(crate) const LAYERS: &str = "measure.layers";
}

const fn key(
    name: &'static str,
    flag: &'static str,
    kind: Kind,
    default: Option<&'static str>,
) -> Key {
    Key {
        name,
        flag,
        kind,
        default,
    }
}

/// All settings, in the order in which they are listed.
pub(crate) const KEYS: &[Key] = &[
    key(
        names::COLOR,
        "color",
        Kind::Word(&["auto", "always", "never"]),
        Some("auto"),
    ),
    key(names::STORE, "store", Kind::Text, None),
    key(names::MAX_CALLS, "max-calls", Kind::Count(0), None),
    key(names::MAX_TOKENS, "max-tokens", Kind::Count(0), None),
    key(names::MAX_COST, "max-cost", Kind::Number(f64::MAX), None),
    key(names::MAX_SECONDS, "max-seconds", Kind::Count(0), None),
    key(names::CONCURRENCY, "concurrency", Kind::Count(1), None),
    key(names::MAX_DEPTH, "max-depth", Kind::Count(0), None),
    key(names::MAX_WIDTH, "max-width", Kind::Count(1), None),
    key(
        names::MIN_COVERAGE,
        "min-coverage",
        Kind::Number(100.0),
        Some("80"),
    ),
    key(
        names::MIN_QUALITY,
        "min-quality",
        Kind::Number(10.0),
        Some("7"),
    ),
    key(
        names::MAX_CRITICAL,
        "max-critical",
        Kind::Count(0),
        Some("0"),
    ),
    key(
        names::MIN_DOCS,
        "min-docs",
        Kind::Number(100.0),
        Some("100"),
    ),
    key(
        names::FAIL_ON,
        "fail-on",
        Kind::Word(&["critical", "warn"]),
        Some("critical"),
    ),
    key(
        names::FORMAT,
        "format",
        Kind::Word(crate::args::Format::WORDS),
        Some("text"),
    ),
    key(
        names::TEST_TIMEOUT,
        "test-timeout",
        Kind::Count(1),
        Some("1800"),
    ),
    key(names::WITH, "with", Kind::Names, None),
    key(
        names::TOOL_TIMEOUT,
        "tool-timeout",
        Kind::Count(1),
        Some("600"),
    ),
    key(names::AGENTS, "agents", Kind::Names, None),
    key(
        names::MODE,
        "mode",
        Kind::Word(crate::args::Mode::WORDS),
        Some("daily"),
    ),
    key(
        names::FAIL_UNDER,
        "fail-under",
        Kind::Number(100.0),
        Some("70"),
    ),
    key(names::TARGET, "target", Kind::Number(100.0), Some("80")),
    key(names::EXPLORE, "explore", Kind::Number(1.0), Some("0")),
    key(names::HALF_LIFE, "half-life", Kind::Number(f64::MAX), None),
    key(names::GITLEAKS_CONFIG, "gitleaks-config", Kind::Names, None),
    key(names::RULES, "rules", Kind::Names, None),
    key(names::LAYERS, "layers", Kind::Names, None),
    key(names::ADVISORY_DB, "advisory-db", Kind::Names, None),
    key(names::ACCEPT_ADVISORY, "accept-advisory", Kind::Names, None),
];

/// A checked value.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Word(String),
    Names(Vec<String>),
    Count(u64),
    Number(f64),
}

impl std::fmt::Display for Value {
    /// As it would be written in a file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Names(names) => write!(f, "{names:?}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Kind {
    /// A value from text: a variable, a default, or a scalar of a file.
    pub(crate) fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Word(words) => words
                .contains(&text)
                .then(|| Value::Word(text.to_owned()))
                .ok_or_else(|| format!("must be one of {}", words.join(", "))),
            Self::Text if text.is_empty() => Err("must not be empty".to_owned()),
            Self::Text => Ok(Value::Word(text.to_owned())),
            Self::Names => Ok(Value::Names(
                text.split(',')
                    .map(|name| name.trim().to_owned())
                    .filter(|name| !name.is_empty())
                    .collect(),
            )),
            Self::Count(least) => text
                .parse()
                .ok()
                .filter(|count| *count >= least)
                .map(Value::Count)
                .ok_or_else(|| format!("must be a whole number, {least} or more")),
            Self::Number(most) => text
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite() && (0.0..=most).contains(number))
                .map(Value::Number)
                .ok_or_else(|| {
                    if most < f64::MAX {
                        format!("must be a number from 0 to {most}")
                    } else {
                        "must be a number, 0 or more".to_owned()
                    }
                }),
        }
    }

    /// Whether a list is wanted.
    pub(crate) fn is_list(self) -> bool {
        self == Self::Names
    }

    /// Whether a quoted text is wanted; numbers in quotes are mistakes.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Word(_) | Self::Text | Self::Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_spelled_like_a_flag_that_exists() {
        let command = crate::args::command();
        let flags: Vec<String> = command
            .get_subcommands()
            .chain([&command])
            .flat_map(clap::Command::get_arguments)
            .filter_map(|arg| arg.get_long().map(str::to_owned))
            .collect();
        for key in KEYS {
            assert_eq!(key.name.rsplit('.').next(), Some(key.flag));
            assert!(flags.iter().any(|flag| flag == key.flag), "{}", key.flag);
        }
    }

    #[test]
    fn every_form_of_a_report_can_be_set() {
        use clap::ValueEnum as _;
        let words = crate::args::Format::value_variants().iter();
        let words: Vec<String> = words
            .filter_map(|form| Some(form.to_possible_value()?.get_name().to_owned()))
            .collect();
        assert_eq!(words, crate::args::Format::WORDS);
    }

    #[test]
    fn every_default_is_a_value_that_would_be_accepted() {
        for key in KEYS {
            if let Some(default) = key.default {
                assert!(key.kind.parse(default).is_ok(), "{}", key.name);
            }
        }
    }

    #[test]
    fn values_out_of_range_say_what_is_possible() {
        assert_eq!(
            Kind::Number(100.0).parse("120"),
            Err("must be a number from 0 to 100".into())
        );
        assert_eq!(
            Kind::Count(1).parse("0"),
            Err("must be a whole number, 1 or more".into())
        );
        assert_eq!(
            Kind::Word(&["a", "b"]).parse("c"),
            Err("must be one of a, b".into())
        );
        assert!(Kind::Number(f64::MAX).parse("NaN").is_err());
        assert_eq!(
            Kind::Names.parse("a, b,"),
            Ok(Value::Names(vec!["a".into(), "b".into()]))
        );
    }
}
