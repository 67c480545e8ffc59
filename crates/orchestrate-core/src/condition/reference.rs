//! A path to a value.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dotted path to a value: `inputs.version`, `context.version`, `steps.draft.output.score`, `steps.draft.success`, `item`, `index`.
///
/// After `steps.<name>` come `output` (and a path inside it), `outcome`, `success` or `confidence`.
/// Names are those of earlier steps, nearest group first.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Reference(pub String);

impl Reference {
    /// What a reference can begin with.
    pub const ROOTS: [&str; 10] = [
        "inputs", "context", "steps", "results", "run", "item", "index", "previous", "round",
        "outputs",
    ];

    /// A reference from its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The segments between the dots.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The step that it names, if it names one.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        let mut segments = self.segments();
        if segments.next() == Some("steps") {
            segments.next()
        } else {
            None
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
