//! What a task asks for, once it has been analysed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::template::Tier;

/// A JSON object: the context of a task, shared without copying while it runs.
pub type Context = serde_json::Map<String, serde_json::Value>;

/// A word that names none of the known values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{given}` (possible: {possible})")]
pub struct UnknownWord {
    /// What was to be named, for example `domain`.
    pub what: &'static str,
    /// What was given.
    pub given: String,
    /// All possible words, separated by commas.
    pub possible: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $type {
            /// All values, in their fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that users read and write.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::task::UnknownWord;
            fn from_str(text: &str) -> Result<Self, $crate::task::UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| $crate::task::UnknownWord {
                    what: $what,
                    given: text.to_owned(),
                    possible: Self::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How much coordination a task needs.
    TaskComplexity, "complexity", {
        /// One agent, straightforward.
        Simple = "simple",
        /// Two or three agents, some coordination.
        Moderate = "moderate",
        /// Four or more agents, several phases.
        Complex = "complex",
    }
}

words! {
    /// What a task is about.
    TaskDomain, "domain", {
        /// Tests and their coverage.
        Testing = "testing",
        /// Vulnerabilities and threats.
        Security = "security",
        /// Review and maintainability.
        CodeQuality = "code_quality",
        /// Documents, guides, references.
        Documentation = "documentation",
        /// Speed and use of resources.
        Performance = "performance",
        /// Structure and dependencies.
        Architecture = "architecture",
        /// Change of form without change of behaviour.
        Refactoring = "refactoring",
        /// Anything else.
        General = "general",
    }
}

words! {
    /// How a task is taken apart.
    DecompositionStrategy, "decomposition", {
        /// Each part after the one before it.
        Sequential = "sequential",
        /// All parts at once, but for those of which the words say that they come after others.
        Parallel = "parallel",
        /// A lead for each part, and others who build on what the lead found.
        Hierarchical = "hierarchical",
    }
}

words! {
    /// Who hears of whom while the parts of a task are worked on.
    Topology, "topology", {
        /// Each part reports to the one who joins them; cheaper.
        Star = "star",
        /// The agents also hear what the others found and correct their part.
        Mesh = "mesh",
    }
}

/// What a task needs, as analysed or as told by hints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskRequirements {
    /// How much coordination it needs.
    pub complexity: TaskComplexity,
    /// The first of `domains`.
    pub domain: TaskDomain,
    /// Every domain that the task mentions, most important first; never empty.
    pub domains: Vec<TaskDomain>,
    /// Names of the capabilities that the team must have, in the order of the domains.
    pub capabilities_needed: Vec<String>,
    /// Whether the parts can be worked on at the same time.
    pub parallelizable: bool,
    /// The tier that was asked for, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Thresholds that the result must meet, by name.
    pub quality_gates: BTreeMap<String, f64>,
}
