//! One workflow file as a step: its agents, its teams, its steps and what it gives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchestrate_core::condition::Condition;
use orchestrate_core::expression::Template;
use orchestrate_core::id::AgentId;
use orchestrate_core::plan::{Join, OnError, RetryPolicy, Step, StepKind};
use orchestrate_core::team::{Agent, Team};
use serde_json::{Map, Value, json};

use super::agents::{self, Described};
use super::collect::Outputs;
use super::document::Document;
use super::inputs;
use super::model::{Backoff, JoinSpec, OnErrorSpec, RetrySpec, TeamSpec, WorkflowFile};
use super::scope::Scope;
use super::values;
use super::workflow::{Assembly, at_start};

/// What is known of the inputs when the plan is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Start {
    /// None as long as nothing was given.
    pub(super) values: Option<Map<String, Value>>,
    /// Inputs whose values are known only when the workflow runs.
    pub(super) later: BTreeSet<String>,
}

impl Start {
    pub(super) fn later() -> Self {
        Self::default()
    }

    pub(super) fn of(values: Map<String, Value>) -> Self {
        Self {
            values: Some(values),
            later: BTreeSet::new(),
        }
    }
}

/// Builds the step of one file.
pub(super) struct Builder<'a, 'w> {
    pub(super) assembly: &'a mut Assembly<'w>,
    pub(super) document: &'a Document<'a>,
    pub(super) file: &'a WorkflowFile,
    pub(super) start: Start,
    /// The agents that were described here, by name.
    described: BTreeMap<&'a str, Option<Described>>,
    /// The ids that names got in the plan.
    ids: BTreeMap<String, AgentId>,
}

impl<'a, 'w> Builder<'a, 'w> {
    pub(super) fn new(
        assembly: &'a mut Assembly<'w>,
        document: &'a Document<'a>,
        file: &'a WorkflowFile,
        start: Start,
    ) -> Self {
        Self {
            assembly,
            document,
            file,
            start,
            described: BTreeMap::new(),
            ids: BTreeMap::new(),
        }
    }

    pub(super) fn root(mut self) -> Option<Step> {
        inputs::declared(self.document, &self.file.inputs);
        for (name, spec) in &self.file.agents {
            if spec.replaces {
                let message = "`replaces` has a meaning in files of agents only";
                let path = ["agents", name, "replaces"];
                self.document.report_key("ORC1016", &path, message, None);
            }
            let default = self.file.defaults.tier.or(self.file.defaults.model);
            let world = &self.assembly.world;
            let described = agents::describe(self.document, world, name, spec, default);
            self.described.insert(name, described);
        }
        // Agents and teams that no step names are checked all the same.
        for name in self.file.agents.keys() {
            self.agent(name, &["agents", name]);
        }
        for (name, team) in &self.file.teams {
            self.team(name, team);
        }
        let nodes = self.steps();
        let outputs = self.outputs();
        let nodes = nodes?;
        Some(Step::new(StepKind::Graph {
            nodes,
            on_error: on_error(self.file.on_error.unwrap_or(OnErrorSpec::SkipDependents)),
            collect: Some(outputs?),
        }))
    }

    /// The agent of a name in the plan, added to it when it is new there.
    pub(super) fn agent(&mut self, name: &str, path: &[&str]) -> Option<AgentId> {
        if let Some(id) = self.ids.get(name) {
            return Some(id.clone());
        }
        let described = self.described.get(name).and_then(Option::as_ref);
        let limits = described.map(|it| it.limits).unwrap_or_default();
        let template = match self.described.get(name) {
            Some(described) => {
                let described = described.clone()?;
                let mut template = described.template;
                if let Some(prompt) = &described.prompt {
                    let place = ["agents", name, "prompt"];
                    template.default_instructions = self.at_start(prompt, &place)?;
                }
                agents::shared(&template)
            }
            None => match self.assembly.world.registry.get(name) {
                Some(template) => template.clone(),
                None => {
                    let known = self.assembly.world.registry.iter().map(|it| it.id.as_str());
                    let possible = self.file.agents.keys().map(String::as_str).chain(known);
                    self.document.unknown(path, "agent", name, possible);
                    return None;
                }
            },
        };
        let tier = template.tier_preference;
        let wanted = AgentId::new(name).ok()?;
        let agent = |id: &AgentId| Agent {
            id: id.clone(),
            tier,
            template: template.clone(),
            limits,
        };
        // A workflow inside another may have an agent of the same name and another description.
        let id = match self.assembly.agents.get(&wanted) {
            Some(other) if **other != agent(&wanted) => {
                agents::fresh(&|id| self.assembly.agents.contains_key(id), &wanted)?
            }
            _ => wanted,
        };
        self.assembly
            .agents
            .insert(id.clone(), Arc::new(agent(&id)));
        self.ids.insert(name.to_owned(), id.clone());
        Some(id)
    }

    /// The form that the answers of an agent must have, if it was given one.
    pub(super) fn answer(&self, agent: &AgentId) -> Option<Box<Value>> {
        let name = self.ids.iter().find(|(_, id)| *id == agent)?.0;
        self.described.get(name.as_str())?.as_ref()?.answer.clone()
    }

    /// The step of a team, as its strategy writes it.
    pub(super) fn team(&mut self, name: &str, spec: &TeamSpec) -> Option<Step> {
        let members: Vec<Option<AgentId>> = spec
            .members
            .iter()
            .enumerate()
            .map(|(i, member)| self.agent(member, &["teams", name, "members", &i.to_string()]))
            .collect();
        let catalog = self.assembly.world.catalog;
        if catalog.info(&spec.strategy).is_err() {
            let path = ["teams", name, "strategy"];
            let possible = catalog.iter().map(|it| it.name.as_str());
            self.document
                .unknown(&path, "strategy", &spec.strategy, possible);
            return None;
        }
        let mut parameters = spec.parameters.clone();
        let extra = [
            ("join", spec.join.map(|it| json!(join(it)))),
            ("on_error", spec.on_error.map(|it| json!(on_error(it)))),
        ];
        for (key, value) in extra {
            let Some(value) = value else { continue };
            if parameters.insert(key.to_owned(), value).is_some() {
                let message = format!("`{key}` stands in `parameters` too: keep one");
                self.document
                    .report_key("ORC1016", &["teams", name, key], message, None);
            }
        }
        let members: Option<Vec<AgentId>> = members.into_iter().collect();
        let mut team = Team::default();
        for id in members? {
            let agent = self.assembly.agents.get(&id)?.clone();
            let mut template = agent.template.as_ref().clone();
            id.as_str().clone_into(&mut template.id);
            team.add(Arc::new(template), agent.tier);
        }
        // Further members of one template are agents of their own.
        for member in team.members() {
            let known = self.assembly.agents.entry(member.id.clone());
            known.or_insert_with(|| Arc::new(member.clone()));
        }
        let made = catalog
            .get_strategy(&spec.strategy, &parameters)
            .and_then(|it| it.compose(&team, &self.file.context));
        match made {
            Ok(mut step) => {
                self.settle(&mut step);
                Some(step)
            }
            Err(error) => {
                use orchestrate_core::error::Explain as _;
                let hint = error.hints().into_iter().next();
                let path = ["teams", name];
                self.document
                    .report_key("ORC1014", &path, error.to_string(), hint);
                None
            }
        }
    }

    /// Puts what holds for all agents of the workflow into steps that a strategy wrote.
    fn settle(&self, step: &mut Step) {
        let mut agents = |step: &mut Step| {
            if let StepKind::Agent(work) = &mut step.kind {
                if work.answer.is_none() {
                    work.answer = self.answer(&work.agent);
                }
                if let Some(retry) = self.file.defaults.retry
                    && work.retry == RetryPolicy::default()
                {
                    work.retry = policy(retry);
                }
                if let Some(timeout) = self.file.defaults.timeout
                    && work.timeout_ms.is_none()
                {
                    work.timeout_ms = Some(timeout.ms);
                }
            }
        };
        every(step, &mut agents);
    }

    /// A text of which all values are known when the workflow starts.
    pub(super) fn at_start(&self, text: &str, path: &[&str]) -> Option<String> {
        let scope = Scope {
            inputs: self.file.inputs.keys().map(String::as_str).collect(),
            at_start: true,
            ..Scope::default()
        };
        let text = scope.template(self.document, path, text)?;
        let Some(values) = &self.start.values else {
            // Nothing was given yet, so nothing can be put in.
            return Some(text);
        };
        let template = Template::new(&text).ok()?;
        let late = template.reads().find(|field| {
            let mut segments = field.segments();
            segments.next() == Some("inputs")
                && segments
                    .next()
                    .is_some_and(|it| self.start.later.contains(it))
        });
        if let Some(field) = late {
            let message = format!(
                "`{field}` is known only when the workflow runs, and this text is needed before"
            );
            let hint = "hand the value over with `input:`, where it is named";
            self.document
                .report("ORC1018", path, message, Some(hint.into()));
            return None;
        }
        let facts = at_start(values, &self.file.context, &self.file.description);
        match template.value(&facts) {
            Ok(value) => Some(match &*value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            Err(error) => {
                self.document.report("ORC1017", path, error.problem, None);
                None
            }
        }
    }

    fn outputs(&mut self) -> Option<orchestrate_core::plan::Collect> {
        let steps: BTreeSet<&str> = self.file.steps.keys().map(String::as_str).collect();
        let scope = Scope {
            inputs: self.file.inputs.keys().map(String::as_str).collect(),
            ended: steps.clone(),
            steps,
            ..Scope::default()
        };
        let mut made = BTreeMap::new();
        let mut fine = true;
        for (name, value) in &self.file.outputs {
            let path = ["outputs", name];
            if name.starts_with('_') {
                let message = "names that begin with `_` are taken";
                self.document.report_key("ORC1014", &path, message, None);
            }
            match scope.reference(self.document, &path, value) {
                Some(reference) => {
                    made.insert(name.clone(), reference);
                }
                None => fine = false,
            }
        }
        if self.file.outputs.is_empty() {
            // Without a word about it: what the last steps give.
            let needed: BTreeSet<&str> = self
                .file
                .steps
                .values()
                .flat_map(|step| step.needs.iter().map(String::as_str))
                .collect();
            for name in self
                .file
                .steps
                .keys()
                .filter(|it| !needed.contains(it.as_str()))
            {
                let field = json!(format!("{{{{ steps[{}].output }}}}", json!(name)));
                made.insert(name.clone(), values::reference(&field).ok()?);
            }
        }
        let fail_when = self.fail_when()?;
        fine.then(|| Outputs::collect(made, fail_when))
    }

    /// When the answer is no. The outer `None` after a mistake.
    fn fail_when(&self) -> Option<Option<Condition>> {
        let (document, file) = (self.document, self.file);
        let Some(when) = &file.fail_when else {
            return Some(None);
        };
        if when.0.get("ask").is_some() {
            let message = "a question cannot be asked after the last step";
            let hint = "ask it in a step, and read its answer in `outputs`";
            document.report("ORC1016", &["fail_when"], message, Some(hint.into()));
            return None;
        }
        let scope = Scope {
            inputs: file.inputs.keys().map(String::as_str).collect(),
            outputs: Some(file.outputs.keys().map(String::as_str).collect()),
            ..Scope::default()
        };
        scope.condition(document, &["fail_when"], &when.0).map(Some)
    }
}

/// Calls `visit` for a step and everything inside.
pub(super) fn every(step: &mut Step, visit: &mut dyn FnMut(&mut Step)) {
    visit(step);
    match &mut step.kind {
        StepKind::Sequence { steps, .. } | StepKind::Parallel { steps, .. } => {
            steps.iter_mut().for_each(|it| every(it, visit));
        }
        StepKind::Graph { nodes, .. } => {
            nodes.iter_mut().for_each(|it| every(&mut it.step, visit));
        }
        StepKind::Branch { arms, otherwise } => {
            arms.iter_mut().for_each(|it| every(&mut it.then, visit));
            otherwise.iter_mut().for_each(|it| every(it, visit));
        }
        StepKind::Loop { body, .. } | StepKind::Map { body, .. } => every(body, visit),
        StepKind::Call(call) => call.inline.iter_mut().for_each(|it| every(it, visit)),
        StepKind::Agent(_) | StepKind::Tool(_) | StepKind::Expand(_) | StepKind::Approve(_) => {}
    }
}

pub(super) fn on_error(spec: OnErrorSpec) -> OnError {
    match spec {
        OnErrorSpec::Stop | OnErrorSpec::FailFast => OnError::Stop,
        OnErrorSpec::Continue => OnError::Continue,
        OnErrorSpec::SkipDependents => OnError::SkipDependents,
    }
}

pub(super) fn join(spec: JoinSpec) -> Join {
    match spec {
        JoinSpec::All => Join::All,
        JoinSpec::Any => Join::Any,
        JoinSpec::Best => Join::Best,
        JoinSpec::Quorum(k) => Join::Quorum { k },
    }
}

pub(super) fn policy(spec: RetrySpec) -> RetryPolicy {
    let usual = RetryPolicy::default();
    let delay_ms = spec.delay.map_or(usual.delay_ms, |it| it.ms);
    let (delay_ms, max_delay_ms) = match spec.backoff {
        Some(Backoff::None) => (0, 0),
        Some(Backoff::Exponential) | None => (delay_ms, usual.max_delay_ms.max(delay_ms)),
    };
    RetryPolicy {
        max_attempts: spec.max.saturating_add(1),
        delay_ms,
        max_delay_ms,
        retry_timeouts: spec.timeouts,
        // Another answer of an agent is not looked for: what it reports is its answer.
        retry_failures: false,
    }
}
