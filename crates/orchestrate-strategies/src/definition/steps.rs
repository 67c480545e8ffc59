//! The steps of a file as nodes of the plan's graph.

use std::collections::{BTreeMap, BTreeSet};

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::expression::Template;
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::plan::{AgentStep, GraphNode, RetryPolicy, Step, StepKind};
use serde_json::{Value, json};

use super::build::{Builder, join, policy};
use super::document::Document;
use super::model::{EffectsSpec, StepSpec, WorkflowFile};
use super::scope::Scope;
use super::workflow::{Question, limits};

/// Items of a list when a step does not say how many it takes.
const MAX_ITEMS: u32 = 100;
/// How an agent is told to answer a question with yes or no.
const YES_OR_NO: &str = "Answer the question in `question` from what you were given. Give `answer` as true for yes or false for no, and `reason` in one sentence.";

impl Builder<'_, '_> {
    /// All steps in the order of the file. `None` after a mistake; every step is looked at all the same.
    pub(super) fn steps(&mut self) -> Option<Vec<GraphNode>> {
        let order = self.document.keys(&["steps"]);
        let ended = ended(self.file, self.document);
        let mut nodes = Vec::with_capacity(order.len());
        let mut fine = true;
        for name in &order {
            let Some((name, spec)) = self.file.steps.get_key_value(name) else {
                continue;
            };
            let scope = Scope {
                inputs: self.file.inputs.keys().map(String::as_str).collect(),
                steps: self.file.steps.keys().map(String::as_str).collect(),
                ended: ended.get(name.as_str()).cloned().unwrap_or_default(),
                step: Some(name),
                ..Scope::default()
            };
            match self.node(name, spec, &scope) {
                Some(made) => nodes.extend(made),
                None => fine = false,
            }
        }
        fine.then_some(nodes)
    }

    /// The nodes of one step: itself, behind the question that its condition may be.
    fn node(&mut self, name: &str, spec: &StepSpec, scope: &Scope<'_>) -> Option<Vec<GraphNode>> {
        let base = ["steps", name];
        let step_name = match StepName::new(name) {
            Ok(it) if !name.contains('.') => Some(it),
            _ => {
                let message = format!("a step cannot be called `{name}`");
                let hint = "use letters, digits, `_` and `-`";
                self.document
                    .report_key("ORC1014", &base, message, Some(hint.into()));
                None
            }
        };
        self.agree(name, spec);
        let mut nodes = Vec::new();
        let mut needs: Vec<StepName> = spec
            .needs
            .iter()
            .filter_map(|need| StepName::new(need.as_str()).ok())
            .collect();
        let when = match &spec.when {
            None => Some(None),
            Some(when) if when.0.get("ask").is_some() => {
                self.question(name, &when.0, scope)
                    .map(|(asked, condition)| {
                        if let Some(asked_name) = asked.name.clone() {
                            nodes.push(GraphNode::new(asked, needs.clone()));
                            needs.push(asked_name);
                        }
                        Some(condition)
                    })
            }
            Some(when) => scope
                .condition(self.document, &["steps", name, "when"], &when.0)
                .map(Some),
        };
        let step = self.whole(name, spec, scope);
        let mut node = GraphNode::new(step?.named(step_name?), needs);
        node.when = when?;
        nodes.push(node);
        Some(nodes)
    }

    /// A condition in words: a step that asks, and what its answer must be.
    fn question(
        &mut self,
        name: &str,
        when: &Value,
        scope: &Scope<'_>,
    ) -> Option<(Step, Condition)> {
        let path = ["steps", name, "when"];
        let (Some(Value::String(question)), Some(Value::String(agent))) =
            (when.get("ask"), when.get("agent"))
        else {
            let message = "a question needs `ask` with the question and `agent` with the name of who is asked";
            let hint = "for example `when: { ask: \"Is this a real fault?\", agent: reviewer }`";
            self.document
                .report("ORC1013", &path, message, Some(hint.into()));
            return None;
        };
        for key in when.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if key != "ask" && key != "agent" {
                let message = format!("unknown field `{key}` of a question (possible: ask, agent)");
                let path = ["steps", name, "when", key];
                self.document.report_key("ORC1012", &path, message, None);
            }
        }
        let asked = format!("{name}_question");
        if self.file.steps.contains_key(&asked) {
            let message =
                format!("the question of `{name}` takes the name `{asked}`, which a step has");
            self.document
                .report_key("ORC1016", &["steps", &asked], message, None);
        }
        let id = self.agent(agent, &["steps", name, "when", "agent"]);
        let text = ["steps", name, "when", "ask"];
        let reference = scope.reference(self.document, &text, &json!(question));
        let (id, reference) = (id?, reference?);
        self.assembly.questions.push(Question {
            agent: id.clone(),
            file: self.document.file.to_owned(),
            at: self.document.place(&path),
        });
        let mut work = self.work(id);
        work.instruction = Some(YES_OR_NO.to_owned());
        work.inputs.insert("question".to_owned(), reference);
        work.answer = Some(Box::new(json!({
            "type": "object",
            "properties": {"answer": {"type": "boolean"}, "reason": {"type": "string"}},
            "required": ["answer"],
        })));
        let field = format!("steps.{asked}.output.answer");
        let step = Step::new(StepKind::Agent(work)).named(StepName::new(asked).ok()?);
        Some((step, Condition::compare(field, Comparison::Eq, true)))
    }

    /// An agent's work with what holds for all of the workflow.
    pub(super) fn work(&self, agent: AgentId) -> AgentStep {
        let answer = self.answer(&agent);
        let defaults = &self.file.defaults;
        AgentStep {
            retry: defaults.retry.map_or_else(RetryPolicy::default, policy),
            timeout_ms: defaults.timeout.map(|it| it.ms),
            answer,
            ..AgentStep::new(agent)
        }
    }

    /// The work of a step, repeated and spread as the step says.
    fn whole(&mut self, name: &str, spec: &StepSpec, scope: &Scope<'_>) -> Option<Step> {
        let mut inner = scope.clone();
        if spec.for_each.is_some() {
            inner.item = Some(spec.item_name.as_ref().map_or("item", |it| it.0.as_str()));
        }
        inner.repeated = spec.repeat.is_some();
        let over = match &spec.for_each {
            None => Some(None),
            Some(list) => self.list(name, list, scope).map(Some),
        };
        let until = match &spec.repeat {
            None => Some(None),
            Some(repeat) => {
                let scope = Scope {
                    round: true,
                    ..inner.clone()
                };
                let path = ["steps", name, "loop", "until"];
                let until = if repeat.until.0.get("ask").is_some() {
                    let message = "a loop cannot ask: make the question a step of a workflow that is repeated";
                    self.document.report("ORC1018", &path, message, None);
                    None
                } else {
                    scope.condition(self.document, &path, &repeat.until.0)
                };
                until.map(|until| Some((until, repeat.max)))
            }
        };
        let mut step = self.core(name, spec, &inner)?;
        if let Some((until, fuel)) = until? {
            step = Step::new(StepKind::Loop {
                body: Box::new(step),
                until,
                fuel,
                start: None,
            });
        }
        if let Some(over) = over? {
            step = Step::new(StepKind::Map {
                over,
                body: Box::new(step),
                max_items: spec.max_items.unwrap_or(MAX_ITEMS),
                max_concurrency: spec.max_parallel,
                join: spec.join.map(join).unwrap_or_default(),
            });
        }
        if let Some(given) = &spec.limits {
            let given = limits(self.document, &["steps", name, "limits"], given);
            let own = step.limits.as_deref().copied().unwrap_or_default();
            step = step.limited(own.tightest(given));
        }
        Some(step)
    }

    /// What `for_each` goes over: an expression, or the items themselves.
    fn list(&self, name: &str, list: &Value, scope: &Scope<'_>) -> Option<Reference> {
        let path = ["steps", name, "for_each"];
        match list {
            Value::String(text) => scope.bare(self.document, &path, text),
            Value::Array(_) => scope.reference(self.document, &path, list),
            _ => {
                let message = "`for_each` must be an expression or a list";
                let hint = "for example `steps.scan.output.findings`";
                self.document
                    .report("ORC1014", &path, message, Some(hint.into()));
                None
            }
        }
    }

    /// Tells fields that exclude or need each other.
    fn agree(&self, name: &str, spec: &StepSpec) {
        let kinds = [
            ("agent", spec.agent.is_some()),
            ("team", spec.team.is_some()),
            ("run", spec.run.is_some()),
            ("tool", spec.tool.is_some()),
            ("workflow", spec.workflow.is_some()),
            ("approve", spec.approve.is_some()),
            ("expand", spec.expand.is_some()),
        ];
        let given: Vec<&str> = kinds
            .iter()
            .filter(|(_, it)| *it)
            .map(|(k, _)| *k)
            .collect();
        let all: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
        match &*given {
            [] => {
                let message = format!(
                    "step `{name}` says nothing to do (possible: {})",
                    all.join(", ")
                );
                self.document
                    .report_key("ORC1013", &["steps", name], message, None);
            }
            [_] => {}
            [_, second, ..] => {
                let message = format!(
                    "a step does one thing, and this one has {}",
                    given
                        .iter()
                        .map(|it| format!("`{it}`"))
                        .collect::<Vec<_>>()
                        .join(" and ")
                );
                let hint = "make steps of their own of them";
                let path = ["steps", name, second];
                self.document
                    .report_key("ORC1016", &path, message, Some(hint.into()));
            }
        }
        let kind = given.first().copied().unwrap_or_default();
        let takes = |kinds: &[&str]| kinds.contains(&kind) || kind.is_empty();
        let fields: [(&str, bool, &[&str]); 7] = [
            ("parse", spec.parse.is_some(), &["run"]),
            ("with", !spec.with.is_empty(), &["workflow"]),
            ("prompt", spec.prompt.is_some(), &["agent"]),
            ("input", !spec.input.is_empty(), &["agent", "team", "tool"]),
            ("retry", spec.retry.is_some(), &["agent", "run", "tool"]),
            ("effects", spec.effects.is_some(), &["agent", "run"]),
            (
                "timeout",
                spec.timeout.is_some(),
                &["agent", "team", "run", "tool", "workflow"],
            ),
        ];
        for (field, is_given, kinds) in fields {
            if is_given && !takes(kinds) {
                let message = format!(
                    "`{field}` has no meaning beside `{kind}` (possible beside: {})",
                    kinds.join(", ")
                );
                self.document
                    .report_key("ORC1016", &["steps", name, field], message, None);
            }
        }
        let spread = [
            ("as", spec.item_name.is_some()),
            ("max_parallel", spec.max_parallel.is_some()),
            ("max_items", spec.max_items.is_some()),
            ("join", spec.join.is_some()),
        ];
        for (field, _) in spread
            .iter()
            .filter(|(_, it)| *it && spec.for_each.is_none())
        {
            let message = format!("`{field}` has a meaning beside `for_each` only");
            self.document
                .report_key("ORC1016", &["steps", name, field], message, None);
        }
        if let Some(item) = &spec.item_name {
            let is_name = item
                .0
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !item.0.starts_with(|c: char| c.is_ascii_digit());
            let taken = Reference::ROOTS.contains(&&*item.0) && item.0 != "item";
            if !is_name || taken {
                let message = format!("an item cannot be called `{}`", item.0);
                self.document
                    .report("ORC1014", &["steps", name, "as"], message, None);
            }
        }
        if spec.isolation.is_some() {
            let message = "a step cannot be given a place of its own to work in";
            let path = ["steps", name, "isolation"];
            self.document.report_key("ORC1018", &path, message, None);
        }
        let changes = matches!(
            spec.effects,
            Some(EffectsSpec::Write | EffectsSpec::External)
        );
        if changes && spec.retry.is_some_and(|it| it.max > 0) {
            let message = "a step that changes something is never made again by itself";
            let hint = "leave `retry` out, or say `effects: read`";
            self.document.report_key(
                "ORC1016",
                &["steps", name, "retry"],
                message,
                Some(hint.into()),
            );
        }
        if spec.run.as_ref().is_some_and(|argv| {
            argv.first()
                .is_some_and(|program| Template::is_needed(&program.0))
        }) {
            let message = "the program itself cannot be a template: what is run must be readable before it runs";
            self.document
                .report("ORC1016", &["steps", name, "run", "0"], message, None);
        }
    }
}

/// For each step, those that have ended when it starts. Needs that mean nothing are told here.
fn ended<'f>(
    file: &'f WorkflowFile,
    document: &Document<'_>,
) -> BTreeMap<&'f str, BTreeSet<&'f str>> {
    let steps = &file.steps;
    for (name, spec) in steps {
        for (i, need) in spec.needs.iter().enumerate() {
            let path = ["steps", name, "needs", &i.to_string()];
            if need == name {
                document.report("ORC1015", &path, "a step cannot need itself", None);
            } else if !steps.contains_key(need) {
                let possible = steps.keys().map(String::as_str).filter(|it| it != name);
                document.unknown(&path, "step", need, possible);
            }
        }
    }
    let mut all = BTreeMap::new();
    for name in steps.keys() {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![name.as_str()];
        while let Some(next) = open.pop() {
            let needs = steps.get(next).map_or(&[][..], |it| &it.needs);
            for need in needs.iter().filter(|it| steps.contains_key(*it)) {
                if seen.insert(need) {
                    open.push(need);
                }
            }
        }
        if seen.contains(name.as_str())
            && !steps.get(name).is_some_and(|it| it.needs.contains(name))
        {
            let round: Vec<&str> = seen.iter().copied().collect();
            let message = format!("these steps wait for each other: {}", round.join(", "));
            let hint = "remove one of the needs";
            let path = ["steps", name, "needs"];
            document.report_key("ORC1016", &path, message, Some(hint.into()));
        }
        all.insert(name.as_str(), seen);
    }
    all
}
