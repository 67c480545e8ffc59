//! Files of agent templates: those that a user adds to the built-in ones.

use std::sync::OnceLock;

use orchestrate_core::template::AgentTemplate;
use serde_json::Value;

use super::agents::describe;
use super::document::Document;
use super::model::AgentsFile;
use super::problem::DefinitionProblems;
use super::world::{Source, World};

/// A template from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Custom {
    /// The template.
    pub template: AgentTemplate,
    /// Whether it says that it takes the place of the one with its id.
    pub replaces: bool,
}

/// Reads a file of agents. Those that have the id of a known one must say that they replace it.
///
/// # Errors
/// [`DefinitionProblems`] with everything that is wrong, with positions.
pub fn custom_agents(source: &Source, world: World<'_>) -> Result<Vec<Custom>, DefinitionProblems> {
    let (read, mut problems) =
        Document::read::<AgentsFile>(&source.file, &source.text, agents_schema());
    let Some((document, file)) = read else {
        return Err(DefinitionProblems(problems));
    };
    let mut custom = Vec::new();
    for name in document.keys(&["agents"]) {
        let Some(spec) = file.agents.get(&name) else {
            continue;
        };
        let exists = world.registry.get(&name).is_some();
        if exists && !spec.replaces {
            let message = format!("there is an agent `{name}` already");
            let hint = "say `replaces: true`, or choose another name";
            let path = ["agents", &*name];
            document.report_key("ORC1016", &path, message, Some(hint.into()));
        }
        if !exists && spec.replaces {
            let known = world.registry.iter().map(|it| it.id.as_str());
            let near = orchestrate_core::error::similar(&name, known);
            let hint = near.first().map(|it| format!("did you mean `{it}`?"));
            let message = format!("there is no agent `{name}` to replace");
            let path = ["agents", &*name, "replaces"];
            document.report_key("ORC1016", &path, message, hint);
        }
        if spec.output_schema.is_some() {
            let message = "a template has no form of answer: give `output_schema` where a workflow uses the agent";
            let path = ["agents", &*name, "output_schema"];
            document.report_key("ORC1018", &path, message, None);
        }
        if spec.limits.is_some() {
            let message =
                "a template has no limits of a run: give `limits` where a workflow uses the agent";
            let path = ["agents", &*name, "limits"];
            document.report_key("ORC1018", &path, message, None);
        }
        if let Some(described) = describe(&document, &world, &name, spec, None) {
            if described.prompt.is_some() {
                let message =
                    "the instructions of a template hold no values: there is no workflow around it";
                let path = ["agents", &*name, "prompt"];
                document.report("ORC1018", &path, message, None);
            }
            custom.push(Custom {
                template: described.template,
                replaces: spec.replaces,
            });
        }
    }
    problems.extend(document.into_problems());
    problems.sort_by_key(|problem| problem.at);
    if problems.is_empty() {
        Ok(custom)
    } else {
        Err(DefinitionProblems(problems))
    }
}

/// The JSON Schema of files of agents.
pub fn agents_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(AgentsFile).to_value())
}
