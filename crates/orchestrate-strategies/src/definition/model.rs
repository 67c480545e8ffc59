//! What stands in a definition file, as types. The JSON Schema and the checks of form come from them.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A workflow: who works, in which steps, within which limits, and what comes out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkflowFile {
    /// The format of the file.
    #[serde(rename = "schema")]
    #[expect(
        dead_code,
        reason = "that it could be read is all that there is to know"
    )]
    format: WorkflowSchema,
    /// The workflow's name.
    pub name: Name,
    /// What it is for, for people.
    #[serde(default)]
    pub description: String,
    /// What it is started with, by name.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputSpec>,
    /// Values that every agent sees.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// Limits of the whole run.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// What holds for agents and steps that do not say otherwise.
    #[serde(default)]
    pub defaults: Defaults,
    /// Agents by name, beside those of `orchestrate agents list`.
    #[serde(default)]
    pub agents: BTreeMap<String, AgentSpec>,
    /// Teams of agents by name.
    #[serde(default)]
    pub teams: BTreeMap<String, TeamSpec>,
    /// The steps by name. Those that need nothing of each other run at the same time.
    #[schemars(extend("minProperties" = 1))]
    pub steps: BTreeMap<String, StepSpec>,
    /// What a failed step means for the rest: `skip_dependents` unless told.
    #[serde(default)]
    pub on_error: Option<OnErrorSpec>,
    /// What the workflow gives, by name: values and templates.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
    /// When the answer of a run that went well is no: it reads `outputs` and `inputs`.
    #[serde(default)]
    pub fail_when: Option<When>,
}

/// A file of agent templates.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentsFile {
    /// The format of the file.
    #[serde(rename = "schema")]
    #[expect(
        dead_code,
        reason = "that it could be read is all that there is to know"
    )]
    format: AgentsSchema,
    /// The templates by id.
    #[schemars(extend("minProperties" = 1))]
    pub agents: BTreeMap<String, AgentSpec>,
}

/// The format of a workflow file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum WorkflowSchema {
    /// The only one so far.
    #[serde(rename = "orchestrate.workflow/v1")]
    V1,
}

/// The format of a file of agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum AgentsSchema {
    /// The only one so far.
    #[serde(rename = "orchestrate.agents/v1")]
    V1,
}

/// Something that a workflow is started with. Without a default it must be given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InputSpec {
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// What it means, for people.
    #[serde(default)]
    pub description: String,
    /// What a text must match; it is searched for anywhere unless it is anchored.
    #[serde(default)]
    pub pattern: Option<PatternText>,
    /// The values that are possible.
    #[serde(default, rename = "enum")]
    pub one_of: Option<Vec<Value>>,
    /// What it is when nothing is given.
    #[serde(default)]
    pub default: Option<Value>,
}

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum InputKind {
    /// A text.
    String,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// An object.
    Object,
}

/// Limits of a run, of a step or of an agent. Without one there is no limit of that kind.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsSpec {
    /// Attempts of agents and calls of tools.
    pub calls: Option<u64>,
    /// Tokens.
    pub tokens: Option<u64>,
    /// Cost in units of the table of prices, which are US dollars; agents that ask no model cost nothing.
    #[schemars(range(min = 0))]
    pub cost: Option<f64>,
    /// The same as `cost`.
    #[schemars(range(min = 0))]
    pub usd: Option<f64>,
    /// Wall time, for example `20m`.
    pub wall: Option<Duration>,
    /// Agents at the same time.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// Workflows and expansions inside each other.
    #[schemars(range(min = 1))]
    pub max_depth: Option<u32>,
    /// Items of one `for_each`.
    #[schemars(range(min = 1))]
    pub max_width: Option<u32>,
    /// What happens at a limit: nothing further is started.
    pub on_exceeded: Option<OnExceeded>,
}

/// What happens at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnExceeded {
    /// Nothing further is started, and what is finished is kept.
    Stop,
    /// Wait for a person; not honoured yet.
    Pause,
}

/// What holds for agents and steps that do not say otherwise.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Defaults {
    /// The tier of agents.
    pub tier: Option<TierWord>,
    /// The same as `tier`.
    pub model: Option<TierWord>,
    /// When a failed attempt is made again: one of an agent if it failed in passing (something was busy, a connection was lost); a program or tool that changes nothing (`effects: read`) after every failure, another exit code included.
    pub retry: Option<RetrySpec>,
    /// Longest time of one attempt, for example `5m`.
    pub timeout: Option<Duration>,
}

/// What an agent costs and can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TierWord {
    /// Fast and inexpensive.
    #[serde(alias = "CHEAP")]
    Cheap,
    /// The same as `cheap`.
    Fast,
    /// Balanced.
    #[serde(alias = "CAPABLE")]
    Capable,
    /// Best quality, dearest.
    #[serde(alias = "PREMIUM")]
    Premium,
    /// The same as `premium`.
    Strong,
}

/// When a failed attempt is made again: one of an agent if it failed in passing (something was busy, a connection was lost); a program or tool that changes nothing (`effects: read`) after every failure, another exit code included.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetrySpec {
    /// Further attempts at most.
    #[schemars(range(max = 20))]
    pub max: u32,
    /// How the waits between attempts grow; exponential unless told.
    #[serde(default)]
    pub backoff: Option<Backoff>,
    /// The first wait, for example `500ms`.
    #[serde(default)]
    pub delay: Option<Duration>,
    /// Whether an attempt that ran into its timeout is made again.
    #[serde(default)]
    pub timeouts: bool,
}

/// How waits grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Backoff {
    /// Each wait is twice the one before.
    Exponential,
    /// There is no wait.
    None,
}

/// An agent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AgentSpec {
    /// A template that it is made from; what is given here replaces what that says.
    pub template: Option<String>,
    /// Its role as people read it.
    pub role: Option<String>,
    /// The tier it works at.
    pub tier: Option<TierWord>,
    /// The same as `tier`.
    pub model: Option<TierWord>,
    /// Tools that it may use; everything else is denied.
    pub tools: Option<Vec<String>>,
    /// What it is told. It may hold templates over `inputs` and `context`.
    pub prompt: Option<Template>,
    /// A file with what it is told, relative to this file.
    pub prompt_file: Option<String>,
    /// The JSON Schema that its answer must fit: a file, or the schema itself.
    pub output_schema: Option<SchemaOrFile>,
    /// What it can do.
    pub capabilities: Option<Vec<String>>,
    /// Thresholds of its own, by name.
    pub quality_gates: Option<BTreeMap<String, f64>>,
    /// Most tokens of one attempt.
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u64>,
    /// Longest time of one attempt, for example `5m`.
    pub timeout: Option<Duration>,
    /// Limits of all that it does in one run: `calls`, `tokens`, `cost` and `concurrency`.
    pub limits: Option<LimitsSpec>,
    /// In a file of agents: it takes the place of the template of the same id.
    pub replaces: bool,
}

/// A file's path, or a JSON Schema.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum SchemaOrFile {
    /// A path, relative to this file.
    File(String),
    /// The schema itself.
    Schema(Map<String, Value>),
}

/// A team and how it works together.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamSpec {
    /// A strategy of `orchestrate strategies list`.
    pub strategy: String,
    /// The members, in the order that the strategy gives a meaning to.
    #[schemars(length(min = 1))]
    pub members: Vec<String>,
    /// Parameters of the strategy; `orchestrate strategies show NAME` lists them.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// The parameter `join`: when the team has succeeded.
    #[serde(default)]
    pub join: Option<JoinSpec>,
    /// The parameter `on_error`: what a failure means for the other members.
    #[serde(default)]
    pub on_error: Option<OnErrorSpec>,
}

/// When a group has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum JoinSpec {
    /// When all have.
    All,
    /// When one has; the others are cancelled.
    Any,
    /// When one has, after all have ended; the most confident counts.
    Best,
    /// When so many have; the others are cancelled.
    Quorum(u32),
}

/// What a failure means for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnErrorSpec {
    /// Nothing further is started.
    Stop,
    /// The same as `stop`.
    FailFast,
    /// The rest is run all the same.
    Continue,
    /// Only what depends on it is left out.
    SkipDependents,
}

/// A step: exactly one of `agent`, `team`, `run`, `tool`, `workflow`, `approve` and `expand`, and how it is run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StepSpec {
    /// What it is for, for people.
    pub description: String,
    /// The steps that must have ended before; a step that was not needed counts as ended well.
    pub needs: Vec<String>,
    /// When it is run; otherwise it is not needed.
    pub when: Option<When>,
    /// One agent does it.
    pub agent: Option<String>,
    /// A team does it.
    pub team: Option<String>,
    /// A program is run: its name and arguments, no shell.
    #[schemars(length(min = 1))]
    pub run: Option<Vec<Template>>,
    /// How the program's output is read: as `text`, unless told, or as `json`.
    pub parse: Option<Parse>,
    /// A tool is called, without a model.
    pub tool: Option<String>,
    /// Another workflow is run: its name, or a file relative to this one, for example `./build.yaml`.
    pub workflow: Option<String>,
    /// The inputs of that workflow: values and templates.
    pub with: BTreeMap<String, Value>,
    /// A person decides.
    pub approve: Option<ApproveSpec>,
    /// What an earlier step answered, a plan fragment or a list of sub-tasks, is checked and run.
    pub expand: Option<ExpandSpec>,
    /// What the agent is told for this step.
    pub prompt: Option<Template>,
    /// Values that the agent, the team or the tool is given, by name: values and templates.
    pub input: BTreeMap<String, Value>,
    /// The step is done for each item of a list: an expression such as `steps.scan.output.findings`.
    pub for_each: Option<Value>,
    /// What the item is called in templates; `item` always works.
    #[serde(rename = "as")]
    pub item_name: Option<Name>,
    /// Items at the same time.
    #[schemars(range(min = 1))]
    pub max_parallel: Option<u32>,
    /// Items at most, 100 unless told; a longer list fails.
    #[schemars(range(min = 1))]
    pub max_items: Option<u32>,
    /// When the items together have succeeded.
    pub join: Option<JoinSpec>,
    /// The step is repeated.
    #[serde(rename = "loop")]
    pub repeat: Option<LoopSpec>,
    /// When a failed attempt is made again: one of an agent if it failed in passing (something was busy, a connection was lost); a program or tool that changes nothing (`effects: read`) after every failure, another exit code included.
    pub retry: Option<RetrySpec>,
    /// Limits of all that is done in the step, in addition to those of the workflow.
    pub limits: Option<LimitsSpec>,
    /// Longest time: of one attempt of an agent, tool or program, of a team or workflow as a whole.
    pub timeout: Option<Duration>,
    /// What the step can change: with `write` or `external` it is never made again by itself.
    pub effects: Option<EffectsSpec>,
    /// Where it works; not honoured yet.
    pub isolation: Option<String>,
}

/// How a program's output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Parse {
    /// As a text.
    Text,
    /// As one JSON document.
    Json,
}

/// What a step can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EffectsSpec {
    /// Nothing.
    Read,
    /// Files or other state of this project.
    Write,
    /// Anything outside of it.
    External,
}

/// A question to a person.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveSpec {
    /// What the person is asked. It may hold templates over `inputs` and `context`.
    pub title: Template,
    /// What the person is shown: fields such as `steps.review.output`.
    #[serde(default)]
    pub show: Vec<String>,
    /// What can be decided: `approve` and `reject` unless told. `reject` fails the step.
    #[serde(default)]
    pub decisions: Vec<String>,
    /// How long the person has, for example `72h`.
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// The decision that counts when that time is over; never `approve`.
    #[serde(default)]
    pub on_timeout: Option<String>,
    /// Further fields; not honoured yet.
    #[serde(default)]
    pub form: Option<Value>,
    /// Lessons from the decision; not honoured yet.
    #[serde(default)]
    pub learn: Option<String>,
}

/// What is run from an earlier step's answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpandSpec {
    /// Where the answer is, for example `steps.plan.output`.
    pub from: String,
    /// Steps at most.
    #[schemars(range(min = 1))]
    pub max_steps: u32,
    /// Agents that may be used; without it all of the workflow's.
    #[serde(default)]
    pub agents: Vec<String>,
    /// How deep agents may answer with sub-tasks again; 1 unless told.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_depth: Option<u32>,
}

/// A repetition.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoopSpec {
    /// Read after each round, whose result is `round`.
    pub until: When,
    /// Rounds at most.
    #[schemars(range(min = 1))]
    pub max: u32,
}

/// A name: letters, digits, `_`, `-` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Name(pub String);

/// A time with its unit, for example `500ms`, `30s`, `20m`, `72h`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration {
    /// In milliseconds.
    pub ms: u64,
}

/// A regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct PatternText(pub String);

/// A text that may hold values, for example `Review {{ inputs.path }}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Template(pub String);

/// A condition: an expression, JSON predicates, or a question to an agent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct When(pub Value);

/// What the checks of form know beyond kinds and ranges.
pub(super) mod formats {
    pub(in super::super) const NAME: &str = "name";
    pub(in super::super) const DURATION: &str = "duration";
    pub(in super::super) const PATTERN: &str = "regex";
    pub(in super::super) const TEMPLATE: &str = "template";
}

impl Duration {
    /// Reads a time with its unit.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(end);
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let ms = number.parse::<u64>().ok()?.checked_mul(factor)?;
        Some(Self { ms }).filter(|it| it.ms > 0)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no time with its unit"))
    }
}

macro_rules! text_schema {
    ($($type:ident, $format:expr, $description:literal;)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $format, "description": $description})
            }
        }
    )+};
}

text_schema! {
    Name, formats::NAME, "A name: letters, digits, `_`, `-` and `.`.";
    Duration, formats::DURATION, "A time with its unit, for example `500ms`, `30s`, `20m`, `72h` or `2d`.";
    PatternText, formats::PATTERN, "A regular expression.";
    Template, formats::TEMPLATE, "A text that may hold values, for example `Review {{ inputs.path }}`.";
}

impl JsonSchema for When {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "object"],
            "description": "A condition: an expression such as `steps.scan.output.score >= 7`, an object of JSON predicates, or `{ask: question, agent: name}`; see `orchestrate help conditions`."
        })
    }
}
