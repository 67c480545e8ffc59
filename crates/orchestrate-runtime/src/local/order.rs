//! The order of a plan's steps, to sort results by.

use std::collections::HashMap;

use orchestrate_core::id::StepPath;
use orchestrate_core::plan::{Plan, Step, StepKind};

/// Where each step of a plan stands. Steps inside loops and maps stand once, whatever the round.
#[derive(Debug)]
pub(super) struct PlanOrder(HashMap<String, u32>);

impl PlanOrder {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut order = Self(HashMap::new());
        order.add(&plan.root, String::new());
        order
    }

    fn add(&mut self, step: &Step, path: String) {
        // A body has the path of its loop or map, but for the round behind it.
        if let StepKind::Loop { body, .. } | StepKind::Map { body, .. } = &step.kind {
            return self.add(body, path);
        }
        for (position, child) in step.children().into_iter().enumerate() {
            let separator = if path.is_empty() { "" } else { "/" };
            let child_path = match &child.name {
                Some(name) => format!("{path}{separator}{name}"),
                None => format!("{path}{separator}{position}"),
            };
            self.add(child, child_path);
        }
        let position = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(path, position);
    }

    /// Sorts like the plan, rounds and items by their number: at each level the place, then the round.
    pub(super) fn key(&self, path: &StepPath) -> Vec<u32> {
        let mut key = Vec::new();
        let mut plain = String::with_capacity(path.as_str().len());
        for segment in path.as_str().split('/') {
            if !plain.is_empty() {
                plain.push('/');
            }
            let mut parts = segment.split('#');
            plain.push_str(parts.next().unwrap_or_default());
            key.push(self.0.get(&plain).copied().unwrap_or(u32::MAX));
            key.extend(parts.filter_map(|round| round.parse::<u32>().ok()));
        }
        key
    }
}
