//! What each kind of step of a file is in the plan.

use std::collections::BTreeMap;

use orchestrate_core::condition::Reference;
use orchestrate_core::expression::Template;
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::plan::{
    APPROVE, AgentStep, ApproveStep, CallStep, ExpandStep, RetryPolicy, Step, StepKind, ToolStep,
};
use orchestrate_core::task::Context;
use orchestrate_core::tool::Effect;
use serde_json::{Map, Value};

use super::build::{Builder, Start, policy};
use super::inputs;
use super::model::{ApproveSpec, EffectsSpec, ExpandSpec, Parse, StepSpec, Template as Text};
use super::scope::Scope;
use super::values;
use super::workflow::{at_start, limits};
use super::world::Source;

/// The tools that run programs, by what a program may change.
pub const PROGRAM_TOOLS: [(&str, Effect); 3] = [
    ("program.read", Effect::Read),
    ("program.write", Effect::Write),
    ("program.external", Effect::External),
];
/// Files inside files, at most.
const MAX_FILES_DEEP: usize = 8;

impl Builder<'_, '_> {
    /// What a step does, without repetition.
    pub(super) fn core(&mut self, name: &str, spec: &StepSpec, scope: &Scope<'_>) -> Option<Step> {
        if let Some(agent) = &spec.agent {
            self.agent_step(name, agent, spec, scope)
        } else if let Some(team) = &spec.team {
            self.team_step(name, team, spec, scope)
        } else if let Some(argv) = &spec.run {
            self.program_step(name, argv, spec, scope)
        } else if let Some(tool) = &spec.tool {
            self.tool_step(name, tool, spec, scope)
        } else if let Some(workflow) = &spec.workflow {
            self.workflow_step(name, workflow, spec, scope)
        } else if let Some(approve) = &spec.approve {
            self.approve_step(name, approve, scope)
        } else if let Some(expand) = &spec.expand {
            self.expand_step(name, expand, scope)
        } else {
            None
        }
    }

    fn agent_step(
        &mut self,
        name: &str,
        agent: &str,
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let id = self.agent(agent, &["steps", name, "agent"]);
        let inputs = self.references(&["steps", name, "input"], &spec.input, scope);
        let instruction = match &spec.prompt {
            None => Some(None),
            Some(text) => self.at_start(&text.0, &["steps", name, "prompt"]).map(Some),
        };
        let mut work = AgentStep {
            instruction: instruction?,
            inputs: inputs?,
            ..self.work(id?)
        };
        if let Some(retry) = spec.retry {
            work.retry = policy(retry);
        }
        if changes(spec) {
            work.retry = RetryPolicy::NEVER;
        }
        if let Some(timeout) = spec.timeout {
            work.timeout_ms = Some(timeout.ms);
        }
        Some(Step::new(StepKind::Agent(work)))
    }

    fn team_step(
        &mut self,
        name: &str,
        team: &str,
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let inputs = self.references(&["steps", name, "input"], &spec.input, scope);
        let Some(described) = self.file.teams.get(team) else {
            let path = ["steps", name, "team"];
            let possible = self.file.teams.keys().map(String::as_str);
            self.document.unknown(&path, "team", team, possible);
            return None;
        };
        let known = self.document.problem_count();
        let step = self.team(team, described);
        // What is wrong with a team is told once, not at every step that names it.
        self.document.forget_after(known);
        let (mut step, inputs) = (step?, inputs?);
        if !inputs.is_empty() {
            let mut call = CallStep::inline(step);
            call.context_mapping = mapping(inputs);
            step = Step::new(StepKind::Call(call)).keyed(StepName::new(name).ok()?);
        }
        if let Some(timeout) = spec.timeout {
            step = step.within_ms(timeout.ms);
        }
        Some(step)
    }

    fn program_step(
        &mut self,
        name: &str,
        argv: &[Text],
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let effect = match spec.effects {
            Some(EffectsSpec::Read) => Effect::Read,
            // What a program does is not known, so it is not repeated unless the file says that it may be.
            None | Some(EffectsSpec::Write) => Effect::Write,
            Some(EffectsSpec::External) => Effect::External,
        };
        let tool = PROGRAM_TOOLS.iter().find(|(_, it)| *it == effect)?.0;
        self.assembly.tools.insert(tool.to_owned(), effect);
        let argv: Value = argv.iter().map(|it| it.0.clone()).collect();
        let parse = if spec.parse == Some(Parse::Json) {
            "json"
        } else {
            "text"
        };
        let mut arguments = Context::new();
        arguments.insert("parse".to_owned(), parse.into());
        let mut inputs = BTreeMap::new();
        let path = ["steps", name, "run"];
        if values::is_constant(&argv) {
            arguments.insert("argv".to_owned(), argv);
        } else {
            let argv = scope.reference(self.document, &path, &argv)?;
            inputs.insert("argv".to_owned(), argv);
        }
        self.call(name, (tool, effect), arguments, inputs, spec)
    }

    fn tool_step(
        &mut self,
        name: &str,
        tool: &str,
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let path = ["steps", name, "tool"];
        let effect = match self.assembly.world.tools {
            None => Effect::External,
            Some(tools) => match (tools.effect(tool), tools.advice(tool)) {
                (Some(effect), _) => effect,
                (None, Some(advice)) => {
                    let message = format!("the tool `{tool}` is not set up for steps");
                    self.document
                        .report("ORC1015", &path, message, Some(advice.to_owned()));
                    return None;
                }
                (None, None) => {
                    self.document.unknown(&path, "tool", tool, tools.names());
                    return None;
                }
            },
        };
        self.assembly.tools.insert(tool.to_owned(), effect);
        let mut arguments = Context::new();
        let mut inputs = BTreeMap::new();
        let mut fine = true;
        for (key, value) in &spec.input {
            if values::is_constant(value) {
                arguments.insert(key.clone(), value.clone());
                continue;
            }
            match scope.reference(self.document, &["steps", name, "input", key], value) {
                Some(reference) => {
                    inputs.insert(key.clone(), reference);
                }
                None => fine = false,
            }
        }
        fine.then(|| self.call(name, (tool, effect), arguments, inputs, spec))?
    }

    /// A call of a tool or program. What changes nothing may be made again whatever it failed by, and the
    /// rest never: a retry that cannot happen is refused and not left out in silence.
    fn call(
        &self,
        name: &str,
        (tool, effect): (&str, Effect),
        arguments: Context,
        inputs: BTreeMap<String, Reference>,
        spec: &StepSpec,
    ) -> Option<Step> {
        // The tool of a world that knows none could be anything, and whoever says `effects` is told elsewhere.
        let is_known = spec.run.is_some() || self.assembly.world.tools.is_some();
        if !effect.is_repeatable()
            && is_known
            && spec.effects.is_none()
            && spec.retry.is_some_and(|it| it.max > 0)
        {
            let (message, hint) = match spec.run {
                Some(_) => (
                    "a program may change something, so it is never run again by itself".to_owned(),
                    "say `effects: read` if it changes nothing, or leave `retry` out",
                ),
                None => (
                    format!(
                        "the tool `{tool}` changes something, so it is never called again by itself"
                    ),
                    "leave `retry` out",
                ),
            };
            let path = ["steps", name, "retry"];
            self.document
                .report_key("ORC1016", &path, message, Some(hint.into()));
            return None;
        }
        let retry = spec
            .retry
            .or(self.file.defaults.retry)
            .map(|retry| RetryPolicy {
                retry_failures: true,
                ..policy(retry)
            });
        let timeout = spec.timeout.or(self.file.defaults.timeout);
        let mut call = ToolStep::new(tool, arguments);
        call.inputs = inputs;
        call.retry = match retry {
            Some(retry) if effect.is_repeatable() => retry,
            _ => call.retry,
        };
        call.timeout_ms = timeout.map(|it| it.ms);
        Some(Step::new(StepKind::Tool(call)))
    }

    fn approve_step(&mut self, name: &str, spec: &ApproveSpec, scope: &Scope<'_>) -> Option<Step> {
        let at = |field: &'static str| ["steps", name, "approve", field];
        for (field, is_given) in [
            ("form", spec.form.is_some()),
            ("learn", spec.learn.is_some()),
        ] {
            if is_given {
                let message = format!("`{field}` is not honoured");
                let hint = if field == "form" {
                    "what a person wants changed is `steps.<name>.output.edits`"
                } else {
                    "leave it out"
                };
                self.document
                    .report_key("ORC1018", &at(field), message, Some(hint.into()));
            }
        }
        let mut step = ApproveStep::new(String::new());
        if !spec.decisions.is_empty() {
            step.decisions.clone_from(&spec.decisions);
        }
        if !step.decisions.iter().any(|it| it == APPROVE) {
            let message = format!("`{APPROVE}` must be among the decisions");
            self.document
                .report("ORC1014", &at("decisions"), message, None);
        }
        if let Some(decision) = &spec.on_timeout {
            if decision == APPROVE {
                let message = "time alone approves nothing: `on_timeout` cannot be `approve`";
                self.document
                    .report("ORC1014", &at("on_timeout"), message, None);
            } else if !step.decisions.contains(decision) {
                let possible = step.decisions.iter().map(String::as_str);
                let possible = possible.filter(|it| *it != APPROVE);
                self.document
                    .unknown(&at("on_timeout"), "decision", decision, possible);
            }
            if spec.timeout.is_none() {
                let message = "`on_timeout` needs `timeout`";
                self.document
                    .report_key("ORC1016", &at("on_timeout"), message, None);
            }
        }
        step.timeout_ms = spec.timeout.map(|it| it.ms);
        step.on_timeout.clone_from(&spec.on_timeout);
        let question = self.at_start(&spec.title.0, &at("title"));
        let mut fine = true;
        for (i, field) in spec.show.iter().enumerate() {
            let i = i.to_string();
            let path = ["steps", name, "approve", "show", &i];
            match scope.bare(self.document, &path, field) {
                Some(reference) => {
                    step.show.insert(shown_as(field), reference);
                }
                None => fine = false,
            }
        }
        step.question = question?;
        fine.then(|| Step::new(StepKind::Approve(step)))
    }

    fn expand_step(&mut self, name: &str, spec: &ExpandSpec, scope: &Scope<'_>) -> Option<Step> {
        let from = scope.bare(
            self.document,
            &["steps", name, "expand", "from"],
            &spec.from,
        );
        let names: Vec<String> = if spec.agents.is_empty() {
            self.file.agents.keys().cloned().collect()
        } else {
            spec.agents.clone()
        };
        let agents: Vec<Option<AgentId>> = names
            .iter()
            .enumerate()
            .map(|(i, agent)| {
                self.agent(agent, &["steps", name, "expand", "agents", &i.to_string()])
            })
            .collect();
        let agents: Option<Vec<AgentId>> = agents.into_iter().collect();
        let mut step = ExpandStep::new(from?.0, spec.max_steps);
        step.agents = agents?;
        step.max_depth = spec.max_depth.unwrap_or(1);
        Some(Step::new(StepKind::Expand(step)))
    }

    fn workflow_step(
        &mut self,
        name: &str,
        workflow: &str,
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let path = ["steps", name, "workflow"];
        let source = self.source(workflow, &path);
        let mut with = BTreeMap::new();
        let mut fine = true;
        for (key, value) in &spec.with {
            match scope.value(self.document, &["steps", name, "with", key], value) {
                Some(value) => {
                    with.insert(key.clone(), value);
                }
                None => fine = false,
            }
        }
        let source = source?;
        if self.assembly.around.contains(&source.file) {
            let mut round = self.assembly.around.clone();
            round.push(source.file.clone());
            let message = format!(
                "workflows call each other in a circle: {}",
                round.join(" -> ")
            );
            self.document.report("ORC1019", &path, message, None);
            return None;
        }
        if self.assembly.around.len() >= MAX_FILES_DEEP {
            let message = format!("workflows stand more than {MAX_FILES_DEEP} deep in each other");
            self.document.report("ORC1019", &path, message, None);
            return None;
        }
        let (document, file) = self.assembly.open(&source)?;
        let start = fine
            .then(|| self.begin(name, &file.inputs, &with))
            .flatten();
        let settled = start.clone().unwrap_or_default();
        let root = self.assembly.build(&document, &file, settled);
        let own = limits(&document, &["limits"], &file.limits);
        self.assembly.problems.extend(document.into_problems());
        let start = start?;
        let mut inputs: Map<String, Value> = start.values.clone().unwrap_or_default();
        for (name, input) in &file.inputs {
            if let Some(default) = &input.default
                && !inputs.contains_key(name)
            {
                inputs.insert(name.clone(), default.clone());
            }
        }
        // Values that are known only later take the place of nothing that was known before.
        for (key, value) in with {
            if start.values.is_none() || start.later.contains(&key) {
                inputs.insert(key, value);
            }
        }
        let inputs = Value::Object(inputs);
        let Ok(reference) = values::expression(&inputs) else {
            let message = "a template with blocks (`{% … %}`) cannot be an input of a workflow";
            self.document
                .report("ORC1016", &["steps", name, "with"], message, None);
            return None;
        };
        let mut call = CallStep::inline(root?);
        let reference = Reference::new(format!("{{{{ {reference} }}}}"));
        call.context_mapping.insert(reference, "inputs".to_owned());
        for (key, value) in &file.context {
            if let Ok(reference) = values::reference(value) {
                let mut added = mapping(BTreeMap::from([(key.clone(), reference)]));
                call.context_mapping.append(&mut added);
            }
        }
        call.max_depth = Some(u32::try_from(MAX_FILES_DEEP).unwrap_or(u32::MAX));
        let step = Step::new(StepKind::Call(call)).keyed(StepName::new(name).ok()?);
        let mut step = step.limited(own);
        if let Some(timeout) = spec.timeout {
            step = step.within_ms(timeout.ms);
        }
        Some(step)
    }

    /// The file of a workflow that is named, or that a path leads to.
    fn source(&self, workflow: &str, path: &[&str]) -> Option<Source> {
        let files = self.assembly.world.files;
        let is_path = workflow.starts_with('.')
            || workflow.ends_with(".yaml")
            || workflow.ends_with(".yml")
            || workflow.ends_with(".json");
        if is_path {
            return files
                .relative(self.document.file, workflow)
                .map_err(|why| self.document.report("ORC1020", path, why, None))
                .ok();
        }
        match files.workflow(workflow) {
            Ok(Some(source)) => Some(source),
            Ok(None) => {
                let names = files.workflows();
                self.document
                    .unknown(path, "workflow", workflow, names.iter().map(String::as_str));
                None
            }
            Err(why) => {
                self.document.report("ORC1020", path, why, None);
                None
            }
        }
    }

    /// What the inner workflow is started with, as far as it is known now.
    fn begin(
        &self,
        name: &str,
        declared: &BTreeMap<String, super::model::InputSpec>,
        with: &BTreeMap<String, Value>,
    ) -> Option<Start> {
        let mut known = Map::new();
        let mut start = Start::later();
        let facts = self
            .start
            .values
            .as_ref()
            .map(|values| at_start(values, &self.file.context, &self.file.description));
        for (key, value) in with {
            match self.settled(value, facts.as_ref()) {
                Some(value) => {
                    known.insert(key.clone(), value);
                }
                None => {
                    start.later.insert(key.clone());
                }
            }
        }
        // What comes later is checked by its name only.
        let mut visible = known.clone();
        for key in &start.later {
            let stand_in = declared.get(key).and_then(|it| it.default.clone());
            visible.insert(key.clone(), stand_in.unwrap_or_default());
        }
        if let Err(faults) = inputs::complete(declared, &visible, |name| {
            format!("with: {{ {name}: VALUE }}")
        }) {
            let mut fine = true;
            for fault in faults {
                let about_later = start.later.iter().any(|key| {
                    declared.contains_key(key)
                        && fault.message.starts_with(&format!("the input `{key}`"))
                });
                if !about_later {
                    fine = false;
                    let path = ["steps", name, "with"];
                    self.document
                        .report("ORC1021", &path, fault.message, fault.hint);
                }
            }
            if !fine {
                return None;
            }
        }
        for (key, input) in declared {
            if let Some(default) = &input.default
                && !known.contains_key(key)
                && !start.later.contains(key)
            {
                known.insert(key.clone(), default.clone());
            }
        }
        start.values = self.start.values.as_ref().map(|_| known);
        Some(start)
    }

    /// A value after its templates, if all that they read is known.
    fn settled(&self, value: &Value, facts: Option<&Value>) -> Option<Value> {
        if values::is_constant(value) {
            return Some(value.clone());
        }
        let facts = facts?;
        let reference = values::reference(value).ok()?;
        let text = if Template::is_needed(&reference.0) {
            reference.0
        } else {
            format!("{{{{ {reference} }}}}")
        };
        let template = Template::new(&text).ok()?;
        let is_known = template.reads().all(|field| {
            let mut segments = field.segments();
            match (segments.next(), segments.next()) {
                (Some("inputs"), Some(name)) => !self.start.later.contains(name),
                _ => false,
            }
        });
        let value = is_known.then(|| template.value(facts).ok()).flatten()?;
        Some(value.as_ref().clone())
    }

    fn references(
        &self,
        path: &[&str],
        input: &BTreeMap<String, Value>,
        scope: &Scope<'_>,
    ) -> Option<BTreeMap<String, Reference>> {
        let mut made = BTreeMap::new();
        let mut fine = true;
        for (key, value) in input {
            match scope.reference(self.document, &[path, &[key]].concat(), value) {
                Some(reference) => {
                    made.insert(key.clone(), reference);
                }
                None => fine = false,
            }
        }
        fine.then_some(made)
    }
}

/// Names by reference. Two names of one value need two texts for it.
fn mapping(inputs: BTreeMap<String, Reference>) -> BTreeMap<Reference, String> {
    let mut mapping = BTreeMap::new();
    for (name, reference) in inputs {
        let mut text = reference.0;
        while mapping.contains_key(&Reference::new(text.clone())) {
            text = if Template::is_needed(&text) {
                text.replacen("{{", "{{ ", 1)
            } else {
                format!("{{{{ {text} }}}}")
            };
        }
        mapping.insert(Reference::new(text), name);
    }
    mapping
}

/// What a person is told that a shown field is.
fn shown_as(field: &str) -> String {
    let plain = field
        .trim()
        .trim_start_matches("{{")
        .trim_end_matches("}}")
        .trim();
    let plain = plain
        .strip_prefix("steps.")
        .or_else(|| plain.strip_prefix("inputs."))
        .unwrap_or(plain);
    plain.replacen(".output", "", 1)
}

fn changes(spec: &StepSpec) -> bool {
    matches!(
        spec.effects,
        Some(EffectsSpec::Write | EffectsSpec::External)
    )
}
