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

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::condition::{Condition, Reference};
    use orchestrate_core::id::{AgentId, StepName};
    use orchestrate_core::plan::{Join, OnError};
    use orchestrate_core::testing::agent;

    fn named(name: &str) -> Step {
        Step::agent(AgentId::new("a").unwrap()).named(StepName::new(name).unwrap())
    }

    fn line(steps: Vec<Step>) -> Step {
        Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: None,
        })
    }

    /// Names that sort against the order of the plan, a loop inside a map, ten rounds and more.
    #[test]
    fn paths_sort_by_place_then_by_round() {
        let rounds = Step::new(StepKind::Loop {
            body: Box::new(line(vec![named("z"), named("b")])),
            until: Condition::Always { value: true },
            fuel: 20,
        });
        let items = Step::new(StepKind::Map {
            over: Reference::new("context.items"),
            body: Box::new(line(vec![named("y"), rounds])),
            max_items: 20,
            max_concurrency: None,
            join: Join::All,
        });
        let root = line(vec![named("x"), items, named("a")]);
        let order = PlanOrder::of(&Plan::new("t", &agent(&["a"]), root));
        let expected = [
            "x",
            "1#0/y",
            "1#0/1#0/z",
            "1#0/1#0/b",
            "1#0/1#2/z",
            "1#0/1#10/z",
            "1#2/y",
            "1#10/y",
            "a",
        ];
        let path = |text: &&str| {
            text.split('/')
                .fold(StepPath::root(), |path, part| path.child(&part))
        };
        let mut paths: Vec<StepPath> = expected.iter().rev().map(path).collect();
        paths.sort_by_cached_key(|path| order.key(path));
        let sorted: Vec<&str> = paths.iter().map(StepPath::as_str).collect();
        assert_eq!(sorted, expected);
    }
}
