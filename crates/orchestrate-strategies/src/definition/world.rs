//! What a definition is read against: agents, strategies, tools, and other files.

use std::collections::BTreeMap;
use std::fmt;

use orchestrate_core::template::AgentRegistry;
use orchestrate_core::tool::Effect;

use crate::catalog::Catalog;

/// A file that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How the file is called: the same file has the same name, however it is reached.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// Hands files over. A definition never reads one by itself.
pub trait Files {
    /// The file that `from` names by a path relative to itself.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn relative(&self, from: &str, path: &str) -> Result<Source, String>;

    /// The workflow of a name.
    ///
    /// # Errors
    /// Why it cannot be read, in words; `Ok(None)` when there is none of that name.
    fn workflow(&self, name: &str) -> Result<Option<Source>, String>;

    /// The names of all workflows.
    fn workflows(&self) -> Vec<String>;
}

/// What a definition is read against.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The agents that can be named.
    pub registry: &'a AgentRegistry,
    /// The strategies.
    pub catalog: &'a Catalog,
    /// The tools that steps can call; none for a world that does not know.
    pub tools: Option<&'a StepTools>,
    /// Other files.
    pub files: &'a dyn Files,
}

/// The tools that steps can call, and what is missing for others that there could be.
#[derive(Debug, Clone, Default)]
pub struct StepTools {
    effects: BTreeMap<String, Effect>,
    missing: Vec<(String, String)>,
}

impl StepTools {
    /// Tools by name, with what each can change.
    #[must_use]
    pub fn new(tools: impl IntoIterator<Item = (String, Effect)>) -> Self {
        Self {
            effects: tools.into_iter().collect(),
            missing: Vec::new(),
        }
    }

    /// Says what makes a tool one that steps can call, if it is not among them. A name that ends with `*`
    /// means all that begin so.
    #[must_use]
    pub fn or_else(mut self, name: impl Into<String>, advice: impl Into<String>) -> Self {
        self.missing.push((name.into(), advice.into()));
        self
    }

    /// What a tool can change, if steps can call it.
    pub(super) fn effect(&self, name: &str) -> Option<Effect> {
        self.effects.get(name).copied()
    }

    /// What is missing for a tool that steps cannot call, if it is known at all.
    pub(super) fn advice(&self, name: &str) -> Option<&str> {
        let is_meant = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let (_, advice) = self.missing.iter().find(|(it, _)| is_meant(it))?;
        Some(advice)
    }

    /// The names of those that steps can call, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.effects.keys().map(String::as_str)
    }
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

/// A file that stands alone: there is no other that it could name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Files for Alone {
    fn relative(&self, _: &str, path: &str) -> Result<Source, String> {
        Err(format!("`{path}` cannot be read: no files are handed over"))
    }

    fn workflow(&self, _: &str) -> Result<Option<Source>, String> {
        Ok(None)
    }

    fn workflows(&self) -> Vec<String> {
        Vec::new()
    }
}
