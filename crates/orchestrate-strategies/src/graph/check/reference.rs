//! References: what they begin with, whether it has ended by then, what follows.

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::error::Explain as _;
use orchestrate_core::expression::Template;
use orchestrate_core::plan::Step;

use super::checker::Checker;
use crate::graph::place::{At, Called};

impl<'a> Checker<'a> {
    pub(super) fn condition(&mut self, condition: &Condition, at: &At<'_>) {
        let mut fields = Vec::new();
        condition.fields(&mut |field| fields.push(field));
        for field in fields {
            self.reference(field, at);
        }
    }

    pub(super) fn reference(&mut self, field: &Reference, at: &At<'_>) {
        if Template::is_needed(&field.0) {
            match Template::new(&field.0) {
                Ok(template) => template.reads().for_each(|field| self.reference(field, at)),
                Err(error) => self.report(error.code(), at, error.to_string()),
            }
            return;
        }
        let mut segments = field.segments();
        match segments.next() {
            Some("context" | "inputs" | "run") if segments.next().is_some_and(|key| !key.is_empty()) => {}
            Some(local @ ("item" | "index")) if self.seen(local).is_some() => {}
            Some("results") => self.key(field, segments.next().unwrap_or_default(), at),
            Some("steps") => {
                let name = segments.next().unwrap_or_default();
                match self.seen(name) {
                    None => self.unknown_step(field, at),
                    Some(step) => self.inside(field, step, segments.next(), at),
                }
            }
            _ => self.report("ORC0607", at, format!("`{field}` begins with something that is not known here (possible: `inputs.<name>`, `context.<key>`, `steps.<name>`, `results.<key>`, and `item`, `index` inside bodies)")),
        }
    }

    fn seen(&self, name: &str) -> Option<Option<&'a Step>> {
        let mut frames = self.frames.iter().rev();
        frames.find_map(|frame| frame.steps.get(name).copied())
    }

    fn unknown_step(&mut self, field: &Reference, at: &At<'_>) {
        let possible: Vec<_> = self
            .frames
            .iter()
            .flat_map(|frame| frame.steps.keys().copied())
            .filter(|name| !["item", "index"].contains(name))
            .collect();
        let possible = if possible.is_empty() {
            "none has ended by then".to_owned()
        } else {
            format!("possible: {}", possible.join(", "))
        };
        let message = format!("`{field}` names no earlier step ({possible})");
        self.report("ORC0606", at, message);
    }

    fn key(&mut self, field: &Reference, key: &str, at: &At<'_>) {
        let written = || self.frames.iter().flat_map(|frame| frame.keys.iter());
        if written().any(|written| *written == key) {
            return;
        }
        let mut possible: Vec<_> = written().copied().collect();
        possible.sort_unstable();
        possible.dedup();
        let possible = if possible.is_empty() {
            "none has been written by then".to_owned()
        } else {
            format!("possible: {}", possible.join(", "))
        };
        let message = format!("`{field}` names a key that no earlier step writes ({possible})");
        self.report("ORC0621", at, message);
    }

    /// What follows `steps.<name>.`: a property of the result, or a part of the group.
    fn inside(
        &mut self,
        field: &Reference,
        step: Option<&Step>,
        segment: Option<&str>,
        at: &At<'_>,
    ) {
        let Some(segment) = segment else { return };
        let children = step.map(Step::children).unwrap_or_default();
        let is_part = children
            .iter()
            .enumerate()
            .any(|(i, child)| Called::of(child.name.as_ref(), i).is(segment));
        if !is_part && !["output", "outcome", "success", "confidence"].contains(&segment) {
            self.report("ORC0606", at, format!("`{field}`: a result has `output`, `outcome`, `success` and `confidence`, not `{segment}`"));
        }
    }
}
