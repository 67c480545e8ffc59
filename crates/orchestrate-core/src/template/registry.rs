//! The templates that a planner may choose from.

use std::sync::Arc;

use super::{AgentTemplate, InvalidTemplate, Tier};
use crate::error::{ErrorKind, Explain, similar};

/// The built-in templates, one JSON document each, in the order in which they are listed.
const BUILTIN: &[&str] = &[include_str!("../../templates/all.json")];

/// Why a template was not registered or found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The template itself is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidTemplate),
    /// A template of that id is there already.
    #[error("agent template `{id}` is registered already")]
    Exists {
        /// The id.
        id: String,
    },
    /// No template of that id.
    #[error("unknown agent `{id}` (possible: {possible})")]
    Unknown {
        /// What was asked for.
        id: String,
        /// All ids, separated by commas.
        possible: String,
        /// The nearest ids.
        near: Vec<String>,
    },
}

impl Explain for RegistryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "ORC0101",
            Self::Exists { .. } => "ORC0102",
            Self::Unknown { .. } => "ORC0103",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) | Self::Exists { .. } => ErrorKind::Definition,
            Self::Unknown { .. } => ErrorKind::Argument,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Invalid(_) => vec![],
            Self::Exists { .. } => {
                vec!["say that it replaces the other one, or choose another id".into()]
            }
            Self::Unknown { near, .. } => match near.first() {
                Some(name) => vec![format!("did you mean `{name}`?")],
                None => vec!["`orchestrate agents list` shows all of them".into()],
            },
        }
    }
}

/// An ordered set of templates. Cheap to clone: the templates are shared.
#[derive(Debug, Clone, Default)]
pub struct AgentRegistry {
    templates: Vec<Arc<AgentTemplate>>,
}

impl AgentRegistry {
    /// A registry without any template.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The built-in templates.
    ///
    /// A built-in document that does not parse is left out; a test holds that none is.
    #[must_use]
    pub fn builtin() -> Self {
        let templates = BUILTIN
            .iter()
            .filter_map(|text| serde_json::from_str::<Vec<AgentTemplate>>(text).ok())
            .flatten()
            .map(Arc::new)
            .collect();
        Self { templates }
    }

    /// Adds a template.
    ///
    /// # Errors
    /// When it is not valid, or its id is taken; `replace` is how to say that it may take the place of another.
    pub fn register(&mut self, template: AgentTemplate) -> Result<(), RegistryError> {
        template.validate()?;
        if self.get(&template.id).is_some() {
            return Err(RegistryError::Exists { id: template.id });
        }
        self.templates.push(Arc::new(template));
        Ok(())
    }

    /// Adds a template or puts it in the place of the one with its id, which is given back.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn replace(
        &mut self,
        template: AgentTemplate,
    ) -> Result<Option<Arc<AgentTemplate>>, RegistryError> {
        template.validate()?;
        let template = Arc::new(template);
        match self.templates.iter_mut().find(|old| old.id == template.id) {
            Some(old) => Ok(Some(std::mem::replace(old, template))),
            None => {
                self.templates.push(template);
                Ok(None)
            }
        }
    }

    /// Removes a template; false when there was none of that id.
    pub fn unregister(&mut self, id: &str) -> bool {
        let before = self.templates.len();
        self.templates.retain(|template| template.id != id);
        self.templates.len() < before
    }

    /// The template of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<AgentTemplate>> {
        self.templates.iter().find(|template| template.id == id)
    }

    /// The template of that id, or an error that lists what is possible.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn require(&self, id: &str) -> Result<&Arc<AgentTemplate>, RegistryError> {
        self.get(id).ok_or_else(|| RegistryError::Unknown {
            id: id.to_owned(),
            possible: self
                .iter()
                .map(|t| t.id.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            near: similar(id, self.iter().map(|t| t.id.as_str()))
                .into_iter()
                .map(str::to_owned)
                .collect(),
        })
    }

    /// All templates with a capability, in order.
    pub fn by_capability<'a>(
        &'a self,
        capability: &'a str,
    ) -> impl Iterator<Item = &'a Arc<AgentTemplate>> {
        self.iter().filter(move |template| template.can(capability))
    }

    /// All templates that prefer a tier, in order.
    pub fn by_tier(&self, tier: Tier) -> impl Iterator<Item = &Arc<AgentTemplate>> {
        self.iter()
            .filter(move |template| template.tier_preference == tier)
    }

    /// All templates, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<AgentTemplate>> {
        self.templates.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_is_valid_and_ids_are_unique() {
        for text in BUILTIN {
            let parsed: Result<Vec<AgentTemplate>, _> = serde_json::from_str(text);
            assert!(parsed.is_ok(), "{parsed:?}");
        }
        let mut seen = AgentRegistry::empty();
        for template in AgentRegistry::builtin().iter() {
            assert_eq!(seen.register(template.as_ref().clone()), Ok(()));
        }
        assert!(seen.iter().count() >= 14);
    }

    #[test]
    fn an_unknown_id_lists_what_is_possible() {
        let registry = AgentRegistry::builtin();
        let error = registry.require("security_auditr").unwrap_err();
        assert!(error.to_string().contains("code_reviewer"));
        assert_eq!(error.hints(), ["did you mean `security_auditor`?"]);
    }

    #[test]
    fn a_template_takes_anothers_place_only_when_it_says_so() {
        let mut registry = AgentRegistry::builtin();
        let mut custom = registry.require("code_reviewer").unwrap().as_ref().clone();
        custom.role = "Our Reviewer".into();
        assert_eq!(
            registry.register(custom.clone()),
            Err(RegistryError::Exists {
                id: "code_reviewer".into()
            })
        );
        assert!(registry.replace(custom).unwrap().is_some());
        assert_eq!(
            registry.require("code_reviewer").unwrap().role,
            "Our Reviewer"
        );
        assert!(registry.unregister("code_reviewer") && !registry.unregister("code_reviewer"));
    }
}
