//! What scenarios can be told: the skill, its difficulties with their limits, and how they keep step.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ScenarioError;
use super::words::Words;

/// Items of the first scenario unless told otherwise.
const ITEMS: u64 = 100;
/// The shares of a scenario, in percent, at which it is looked at.
const MILESTONES: [u8; 5] = [30, 50, 70, 90, 100];
/// How often a portion is tried unless told otherwise.
const ATTEMPTS: u32 = 3;

/// What is run at every difficulty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkillChoice {
    /// A program. `{items}`, `{offset}`, `{batch}`, `{scenario}` and `{input}` in its words are replaced.
    Command(Words),
    /// An agent, by its id.
    Agent(String),
    /// A workflow of a definition file, by the path of the file or its name.
    Workflow(String),
}

/// How the items of a scenario are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Portions {
    /// At each milestone the skill is given that share of all items, from the first on: five inputs that grow.
    Growing,
    /// Each item is given once, in batches.
    Batches,
}

/// How scenarios keep step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sync {
    /// Not at all.
    #[default]
    FreeRunning,
    /// At each milestone whoever is there waits for the others; who failed is not waited for.
    Milestone,
    /// Each portion waits until all have ended the one before.
    LockStep,
}

/// One difficulty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// How many times the items of the base it is given.
    #[serde(default = "one")]
    pub complexity_multiplier: f64,
    /// How many items it is given, whatever the base is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_size: Option<u64>,
    /// How long its portions may take together, in seconds; waiting for other scenarios does not count.
    #[serde(default = "simple_budget")]
    pub time_budget_seconds: u64,
    /// How much memory the skill may use, in megabytes of 1024 * 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_mb: Option<u64>,
    /// The share of its portions that may fail, from 0 to 1; one more, and no further one is begun.
    #[serde(default)]
    pub error_tolerance: f64,
    /// Milestones, in percent, after which it waits until a person says that it goes on; the others do not wait
    /// for that. A scenario with such a pause is held to its time portion by portion only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pause_after: Vec<u8>,
    /// Items in a batch; it makes `portions` be `batches`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u64>,
}

fn one() -> f64 {
    1.0
}

fn simple_budget() -> u64 {
    30
}

/// Something that the skill says of what it did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Where it stands in the JSON that the skill gives, as a JSON pointer such as `/accuracy`.
    pub at: String,
    /// The least that is good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The most that is good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// What scenarios can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenarios {
    /// What is run.
    pub skill: SkillChoice,
    /// The difficulties, the easiest first.
    #[serde(default = "difficulties")]
    pub scenarios: Vec<Scenario>,
    /// Items of a scenario whose multiplier is 1. Without it as many as the input has for all, or 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// A file with the items; without it items are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PathBuf>,
    /// How items are handed out; without it growing for commands without a batch size, otherwise in batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portions: Option<Portions>,
    /// How scenarios keep step.
    #[serde(default)]
    pub sync: Sync,
    /// The shares of a scenario, in percent, at which it is looked at; the last is 100.
    #[serde(default = "milestones")]
    pub milestones: Vec<u8>,
    /// What is read from what the skill gives, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Metric>,
    /// How often a portion is tried at most.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// Scenarios that run at the same time; without it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
}

fn difficulties() -> Vec<Scenario> {
    let of = |name: &str, complexity_multiplier, time_budget_seconds| Scenario {
        name: name.to_owned(),
        complexity_multiplier,
        input_size: None,
        time_budget_seconds,
        memory_limit_mb: None,
        error_tolerance: 0.0,
        pause_after: Vec::new(),
        batch_size: None,
    };
    vec![
        of("simple", 1.0, 30),
        of("medium", 3.0, 90),
        of("complex", 8.0, 300),
    ]
}

fn milestones() -> Vec<u8> {
    MILESTONES.to_vec()
}

fn attempts() -> u32 {
    ATTEMPTS
}

impl Scenarios {
    /// The name of the workflow.
    pub const NAME: &'static str = "scenarios";

    /// The usual difficulties of a skill.
    #[must_use]
    pub fn of(skill: SkillChoice) -> Self {
        Self {
            skill,
            scenarios: difficulties(),
            items: None,
            input: None,
            portions: None,
            sync: Sync::default(),
            milestones: milestones(),
            metrics: BTreeMap::new(),
            attempts: ATTEMPTS,
            width: None,
        }
    }

    /// Scenarios as a file describes them, in YAML or JSON; `path` is its name in errors.
    ///
    /// # Errors
    /// [`ScenarioError::Form`] when it has another form, with the place.
    pub fn from_yaml(text: &str, path: &str) -> Result<Self, ScenarioError> {
        serde_saphyr::from_str(text).map_err(|error| ScenarioError::Form {
            path: path.to_owned(),
            problem: error.to_string(),
        })
    }

    /// JSON Schema of such a file.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Items of a scenario whose multiplier is 1, of so many that there are.
    pub(super) fn base(&self, there: Option<u64>) -> u64 {
        let greatest = self.scenarios.iter().filter(|it| it.input_size.is_none());
        let greatest = greatest
            .map(|it| it.complexity_multiplier)
            .fold(1.0, f64::max);
        match (self.items, there) {
            (Some(items), _) => items,
            (None, Some(there)) => ((there as f64 / greatest) as u64).max(1),
            (None, None) => ITEMS,
        }
    }

    /// Whether every value makes sense.
    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        let wrong = |of: &str, problem: &str| {
            Err(ScenarioError::Value {
                of: of.to_owned(),
                problem: problem.to_owned(),
            })
        };
        if self.scenarios.is_empty() {
            return wrong("`scenarios`", "there is none");
        }
        for (at, it) in self.scenarios.iter().enumerate() {
            let of = format!("scenario `{}`", it.name);
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let begins = it
                .name
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic());
            if !begins || !it.name.chars().all(is_letter) {
                return wrong(
                    &of,
                    "a name is a letter, then letters, digits and underscores",
                );
            }
            if self
                .scenarios
                .iter()
                .take(at)
                .any(|other| other.name == it.name)
            {
                return wrong(&of, "two scenarios have this name");
            }
            if !(it.complexity_multiplier > 0.0 && it.complexity_multiplier <= 1e9) {
                return wrong(&of, "`complexity_multiplier` must be above 0");
            }
            if !(0.0..=1.0).contains(&it.error_tolerance) {
                return wrong(&of, "`error_tolerance` is a share from 0 to 1");
            }
            let is_milestone = |percent: &u8| *percent < 100 && self.milestones.contains(percent);
            if !it.pause_after.iter().all(is_milestone) {
                return wrong(&of, "`pause_after` names milestones below 100");
            }
            let counts = [
                ("input_size", it.input_size),
                ("batch_size", it.batch_size),
                ("memory_limit_mb", it.memory_limit_mb),
                ("time_budget_seconds", Some(it.time_budget_seconds)),
            ];
            if let Some((name, _)) = counts.iter().find(|(_, count)| *count == Some(0)) {
                return wrong(&of, &format!("`{name}` must be at least 1"));
            }
        }
        if self.scenarios.iter().any(|it| it.batch_size.is_some())
            && self.portions == Some(Portions::Growing)
        {
            return wrong("`portions`", "inputs that grow have no batch size");
        }
        if self.items == Some(0) {
            return wrong("`items`", "must be at least 1");
        }
        if self.attempts == 0 {
            return wrong("`attempts`", "must be at least 1");
        }
        if self.width == Some(0) {
            return wrong("`width`", "must be at least 1");
        }
        if self.width.is_some() && self.sync != Sync::FreeRunning {
            return wrong(
                "`width`",
                "scenarios that wait for each other run all at once",
            );
        }
        let rises = self.milestones.windows(2).all(|it| it.first() < it.last());
        if !rises || self.milestones.last() != Some(&100) || self.milestones.first() == Some(&0) {
            return wrong("`milestones`", "shares in percent above 0 that rise to 100");
        }
        for (name, metric) in &self.metrics {
            let of = format!("metric `{name}`");
            if !metric.at.starts_with('/') {
                return wrong(
                    &of,
                    "a JSON pointer begins with `/`, for example `/accuracy`",
                );
            }
            let bounds = [metric.min, metric.max];
            if bounds.iter().flatten().any(|it| !it.is_finite()) {
                return wrong(&of, "a bound is a finite number");
            }
        }
        Ok(())
    }
}
