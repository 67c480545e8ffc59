//! Agents of a definition as templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::id::AgentId;
use orchestrate_core::limits::Limits;
use orchestrate_core::template::{
    AgentCapability, AgentManifest, AgentTemplate, ResourceRequirements, Tier,
};
use serde_json::Value;

use super::document::Document;
use super::model::{AgentSpec, LimitsSpec, SchemaOrFile, TierWord};
use super::tree::Node;
use super::workflow::limits;
use super::world::World;

impl TierWord {
    pub(super) fn tier(self) -> Tier {
        match self {
            Self::Cheap | Self::Fast => Tier::Cheap,
            Self::Capable => Tier::Capable,
            Self::Premium | Self::Strong => Tier::Premium,
        }
    }
}

/// An agent as a definition describes it.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) template: AgentTemplate,
    /// Whether its instructions are a template.
    pub(super) prompt: Option<String>,
    /// The JSON Schema of its answers.
    pub(super) answer: Option<Box<Value>>,
    /// Limits of all that it does in one run.
    pub(super) limits: Limits,
}

/// Reads one agent; what is wrong with it is told and the rest is still read.
pub(super) fn describe(
    document: &Document<'_>,
    world: &World<'_>,
    id: &str,
    spec: &AgentSpec,
    default_tier: Option<TierWord>,
) -> Option<Described> {
    let path = |field: &'static str| ["agents", id, field];
    if let Err(error) = AgentId::new(id) {
        document.report_key("ORC1014", &["agents", id], error.to_string(), None);
        return None;
    }
    let base = match &spec.template {
        Some(name) => match world.registry.get(name) {
            Some(template) => Some(template.as_ref().clone()),
            None => {
                let possible = world.registry.iter().map(|it| it.id.as_str());
                document.unknown(&path("template"), "agent", name, possible);
                return None;
            }
        },
        None => None,
    };
    if spec.tier.is_some() && spec.model.is_some() {
        let message = "`tier` and `model` say the same thing: keep one";
        document.report_key("ORC1016", &path("model"), message, None);
    }
    let prompt = prompt(document, world, id, spec);
    let has_base = base.is_some();
    let mut template = base.unwrap_or_else(|| AgentTemplate {
        id: id.to_owned(),
        role: id.replace(['_', '-'], " "),
        capabilities: vec![AgentCapability::named(id)],
        tier_preference: default_tier.map_or(Tier::Capable, TierWord::tier),
        tools: Vec::new(),
        default_instructions: String::new(),
        quality_gates: BTreeMap::new(),
        resource_requirements: ResourceRequirements::default(),
        manifest: AgentManifest::default(),
    });
    id.clone_into(&mut template.id);
    if let Some(tier) = spec.tier.or(spec.model) {
        template.tier_preference = tier.tier();
    }
    if let Some(role) = &spec.role {
        template.role.clone_from(role);
    }
    if let Some(tools) = &spec.tools {
        template.tools.clone_from(tools);
    }
    if let Some(names) = &spec.capabilities {
        template.capabilities = names.iter().map(AgentCapability::named).collect();
    }
    if let Some(gates) = &spec.quality_gates {
        template.quality_gates.clone_from(gates);
    }
    let attempt = &mut template.resource_requirements;
    if let Some(tokens) = spec.max_tokens {
        attempt.max_tokens = tokens;
        attempt.min_tokens = attempt.min_tokens.min(tokens);
    }
    if let Some(timeout) = spec.timeout {
        attempt.timeout_seconds = timeout.ms.div_ceil(1000);
    }
    match &prompt {
        Some(text) => template.default_instructions.clone_from(text),
        None if has_base => {}
        None if spec.prompt_file.is_some() => return None,
        None => {
            let message = format!("agent `{id}` needs `prompt`, `prompt_file` or `template`");
            document.report_key("ORC1013", &["agents", id], message, None);
            return None;
        }
    }
    if let Err(error) = template.validate() {
        document.report_key("ORC1014", &["agents", id], error.to_string(), None);
        return None;
    }
    let answer = match &spec.output_schema {
        None => None,
        Some(SchemaOrFile::Schema(schema)) => Some(Box::new(Value::Object(schema.clone()))),
        Some(SchemaOrFile::File(file)) => {
            let text = read(document, world, &path("output_schema"), file)?;
            match Node::parse(&text).map(|node| node.value()) {
                Ok(schema @ Value::Object(_)) => Some(Box::new(schema)),
                _ => {
                    let message = format!("`{file}` holds no JSON Schema: it must be an object");
                    document.report("ORC1020", &path("output_schema"), message, None);
                    return None;
                }
            }
        }
    };
    Some(Described {
        template,
        prompt: prompt.filter(|it| orchestrate_core::expression::Template::is_needed(it)),
        answer,
        limits: spec
            .limits
            .as_ref()
            .map_or_else(Limits::default, |limits| own(document, id, limits)),
    })
}

/// Limits of an agent. Time, depth and width are those of steps.
fn own(document: &Document<'_>, id: &str, spec: &LimitsSpec) -> Limits {
    let at = ["agents", id, "limits"];
    let of_steps = [
        ("wall", spec.wall.is_some()),
        ("max_depth", spec.max_depth.is_some()),
        ("max_width", spec.max_width.is_some()),
    ];
    for (name, _) in of_steps.into_iter().filter(|(_, given)| *given) {
        let message = format!("`{name}` is not counted for an agent");
        let path = ["agents", id, "limits", name];
        let hint = "set it in the `limits` of a step or of the workflow";
        document.report_key("ORC1018", &path, message, Some(hint.into()));
    }
    limits(document, &at, spec)
}

fn prompt(
    document: &Document<'_>,
    world: &World<'_>,
    id: &str,
    spec: &AgentSpec,
) -> Option<String> {
    match (&spec.prompt, &spec.prompt_file) {
        (Some(_), Some(_)) => {
            let message = "`prompt` and `prompt_file` say the same thing: keep one";
            document.report_key("ORC1016", &["agents", id, "prompt_file"], message, None);
            None
        }
        (Some(text), None) => Some(text.0.clone()),
        (None, Some(file)) => read(document, world, &["agents", id, "prompt_file"], file),
        (None, None) => None,
    }
}

fn read(document: &Document<'_>, world: &World<'_>, path: &[&str], file: &str) -> Option<String> {
    match world.files.relative(document.file, file) {
        Ok(source) => Some(source.text),
        Err(why) => {
            document.report("ORC1020", path, why, None);
            None
        }
    }
}

/// The same content under an id that nobody else has.
pub(super) fn fresh(taken: &dyn Fn(&AgentId) -> bool, id: &AgentId) -> Option<AgentId> {
    (2u32..)
        .map_while(|n| AgentId::new(format!("{id}_{n}")).ok())
        .find(|id| !taken(id))
}

/// A template that is shared.
pub(super) fn shared(template: &AgentTemplate) -> Arc<AgentTemplate> {
    Arc::new(template.clone())
}
