//! From files to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use orchestrate_core::id::AgentId;
use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::plan::{PLAN_FORMAT, Plan, Step};
use orchestrate_core::task::Context;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use serde_json::{Map, Value, json};

use super::build::{Builder, Start};
use super::document::Document;
use super::inputs::{self, Given};
use super::model::{InputSpec, LimitsSpec, OnExceeded, WorkflowFile};
use super::problem::{DefinitionProblem, DefinitionProblems, Place};
use super::world::{Source, World};
use crate::graph::check;

/// A workflow that was read, and the plan that it comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it is started with: the name of each input, its description and whether it must be given.
    pub inputs: Vec<InputInfo>,
    /// What runs. Without inputs it can be looked at and not run.
    pub plan: Plan,
    /// Agents that must be able to run because a condition is a question to them.
    pub questions: Vec<Question>,
    /// The files that it was made from.
    pub files: Vec<String>,
}

/// An input of a workflow, for people.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct InputInfo {
    /// Its name.
    pub name: String,
    /// What kind of value it is, in words.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it means.
    pub description: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when nothing is given.
    pub default: Option<Value>,
}

/// A condition that is a question to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The agent that is asked.
    pub agent: AgentId,
    /// The file.
    pub file: String,
    /// Where in the file.
    pub at: Place,
}

/// What all files of a workflow share while they are read.
pub(super) struct Assembly<'w> {
    pub(super) world: World<'w>,
    pub(super) problems: Vec<DefinitionProblem>,
    pub(super) agents: BTreeMap<AgentId, Arc<Agent>>,
    pub(super) tools: BTreeMap<String, Effect>,
    pub(super) questions: Vec<Question>,
    pub(super) files: Vec<String>,
    /// The files around the one that is read, outermost first.
    pub(super) around: Vec<String>,
}

/// Reads a workflow.
///
/// # Errors
/// [`DefinitionProblems`] with everything that is wrong, with positions.
pub fn workflow(
    source: &Source,
    given: &Given,
    world: World<'_>,
) -> Result<Workflow, DefinitionProblems> {
    let mut assembly = Assembly {
        world,
        problems: Vec::new(),
        agents: BTreeMap::new(),
        tools: BTreeMap::new(),
        questions: Vec::new(),
        files: Vec::new(),
        around: Vec::new(),
    };
    let made = assembly.top(source, given);
    match made {
        Some(workflow) if assembly.problems.is_empty() => Ok(workflow),
        _ => Err(DefinitionProblems(assembly.in_order())),
    }
}

impl Assembly<'_> {
    fn top(&mut self, source: &Source, given: &Given) -> Option<Workflow> {
        let (document, file) = self.open(source)?;
        let start = match given {
            Given::Later => Start::later(),
            Given::Values(values) => {
                match inputs::complete(&file.inputs, values, |name| format!("--input {name}=VALUE"))
                {
                    Ok(values) => Start::of(values),
                    Err(faults) => {
                        for fault in faults {
                            document.report("ORC1021", &["inputs"], fault.message, fault.hint);
                        }
                        Start::later()
                    }
                }
            }
        };
        let values = start.values.clone().unwrap_or_default();
        let made = self.build(&document, &file, start);
        let limits = limits(&document, &["limits"], &file.limits);
        let read = document.into_problems();
        self.problems.extend(read);
        let root = made?;
        if !self.problems.is_empty() {
            return None;
        }
        let mut context = Context::new();
        context.extend(file.context.clone());
        context.insert("inputs".to_owned(), Value::Object(values));
        let task = match file.description.trim() {
            "" => file.name.0.clone(),
            description => description.to_owned(),
        };
        let plan = Plan {
            format: PLAN_FORMAT.to_owned(),
            task,
            context,
            agents: self.agents.clone(),
            tools: self.tools.clone(),
            definitions: BTreeMap::new(),
            merge: BTreeMap::new(),
            limits,
            root,
        };
        self.check(source, &plan);
        Some(Workflow {
            name: file.name.0.clone(),
            description: file.description.clone(),
            inputs: file.inputs.iter().map(|(name, it)| it.info(name)).collect(),
            plan,
            questions: self.questions.clone(),
            files: self.files.clone(),
        })
    }

    /// The problems file by file, each in the order of its lines.
    fn in_order(self) -> Vec<DefinitionProblem> {
        let Self {
            files,
            mut problems,
            ..
        } = self;
        let position = |file: &str| files.iter().position(|it| it == file);
        problems.sort_by_key(|problem| (position(&problem.file), problem.at));
        problems.dedup();
        problems
    }

    /// Reads a file as a workflow; what is wrong with its form is told.
    pub(super) fn open<'s>(&mut self, source: &'s Source) -> Option<(Document<'s>, WorkflowFile)> {
        self.files.push(source.file.clone());
        let (read, problems) = Document::read(&source.file, &source.text, schema());
        self.problems.extend(problems);
        read
    }

    pub(super) fn build(
        &mut self,
        document: &Document<'_>,
        file: &WorkflowFile,
        start: Start,
    ) -> Option<Step> {
        self.around.push(document.file.to_owned());
        let root = Builder::new(self, document, file, start).root();
        self.around.pop();
        root
    }

    /// What only the plan as a whole shows. Nothing is left here as a rule: what a file can say
    /// wrong is told with its place before.
    fn check(&mut self, source: &Source, plan: &Plan) {
        let found = check(plan, self.world.catalog);
        if found.is_empty() {
            return;
        }
        let (read, _) = Document::read::<WorkflowFile>(&source.file, &source.text, schema());
        let Some((document, _)) = read else { return };
        let steps: BTreeSet<String> = document.keys(&["steps"]).into_iter().collect();
        for problem in found {
            let path = problem.step.as_str();
            let named = path.split(['/', '[']).find(|part| steps.contains(*part));
            let message = match named {
                Some(_) => problem.message,
                None => format!("at step `{path}`: {}", problem.message),
            };
            let place = match named {
                Some(step) => vec!["steps", step],
                None => Vec::new(),
            };
            document.report_key(problem.code, &place, message, None);
        }
        self.problems.extend(document.into_problems());
    }
}

impl InputSpec {
    fn info(&self, name: &str) -> InputInfo {
        InputInfo {
            name: name.to_owned(),
            kind: self.kind.word(),
            description: self.description.clone(),
            required: self.is_required(),
            default: self.default.clone(),
        }
    }
}

/// The limits that stand at a place of the file.
pub(super) fn limits(document: &Document<'_>, at: &[&str], spec: &LimitsSpec) -> Limits {
    let field = |name| {
        let mut path = at.to_vec();
        path.push(name);
        path
    };
    if spec.usd.is_some() && spec.cost.is_some() {
        let message = "`usd` and `cost` are the same limit";
        let hint = "keep one of them";
        document.report_key("ORC1016", &field("usd"), message, Some(hint.into()));
    }
    if spec.on_exceeded == Some(OnExceeded::Pause) {
        let message = "a run does not wait at a limit: nothing further is started, and what is finished is kept";
        document.report(
            "ORC1018",
            &field("on_exceeded"),
            message,
            Some("use `stop`".into()),
        );
    }
    Limits {
        calls: spec.calls,
        tokens: spec.tokens,
        cost: spec.cost.or(spec.usd).map(Cost::from),
        wall_ms: spec.wall.map(|it| it.ms),
        concurrency: spec.concurrency,
        max_depth: spec.max_depth,
        max_width: spec.max_width,
    }
}

/// The JSON Schema of workflow files.
pub fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(WorkflowFile).to_value())
}

/// The values that are known of a workflow's start, as conditions and templates see them.
pub(super) fn at_start(
    values: &Map<String, Value>,
    context: &Map<String, Value>,
    task: &str,
) -> Value {
    json!({"inputs": values, "context": context, "run": {"task": task}})
}
