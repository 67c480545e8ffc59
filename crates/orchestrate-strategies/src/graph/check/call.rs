//! Calls: what they name, that definitions form no circle, how deep they go, what they come to.

use std::collections::{BTreeMap, HashSet};

use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{CallStep, Step, StepKind};

use super::checker::Checker;
use super::plan::MAX_STEPS;
use crate::graph::place::At;

/// What calling something comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Calls inside each other.
    depth: u32,
    /// Steps, all calls written out.
    steps: u64,
}

impl<'a> Checker<'a> {
    pub(super) fn call(&mut self, call: &'a CallStep, at: &At<'_>) {
        match (&call.definition, &call.inline) {
            (Some(name), None) if !self.known.definitions.contains_key(name) => {
                let possible = self.known.definitions.keys();
                let possible: Vec<_> = possible.map(StepName::as_str).collect();
                let possible = if possible.is_empty() {
                    "the plan has none".to_owned()
                } else {
                    format!("possible: {}", possible.join(", "))
                };
                let message = format!("unknown definition `{name}` ({possible})");
                self.report("ORC0617", at, message);
            }
            (Some(_), None) => {}
            (None, Some(inline)) => {
                // What is inside a call sees nothing of the caller's steps.
                let outside = std::mem::take(&mut self.frames);
                self.step(inline, &at.child(inline, 0));
                self.frames = outside;
            }
            (None, None) => {
                let message = "it names neither a `definition` nor `inline` steps".into();
                self.report("ORC0617", at, message);
            }
            (Some(_), Some(_)) => {
                let message = "it has both a `definition` and `inline` steps".into();
                self.report("ORC0617", at, message);
            }
        }
        self.bound("max_depth", call.max_depth, at);
        let mut names = HashSet::new();
        call.mapped(&mut |field, name| {
            self.reference(field, at);
            if name.is_empty() || name.contains('.') {
                let message = format!("`{name}` cannot be a name in a context");
                self.report("ORC0627", at, message);
            } else if !names.insert(name) {
                let message = format!("two values are to be called `{name}` inside");
                self.report("ORC0627", at, message);
            }
        });
    }

    /// Checks the definitions themselves, and how calls hang together from the root on.
    pub(super) fn definitions(&mut self, root: &'a Step) {
        for (name, definition) in self.known.definitions {
            let path = StepPath::root().child(name);
            self.step(&definition.root, &At::Path(&path));
        }
        size_of(self, root, &At::Root);
    }
}

/// Checks how calls hang together from a step on, and the definitions that it does not reach.
pub(super) fn size_of<'a>(checker: &mut Checker<'a>, root: &'a Step, at: &At<'_>) {
    let mut calls = Calls {
        checker,
        sizes: BTreeMap::new(),
        open: Vec::new(),
    };
    let size = calls.size(root, at);
    for name in calls.checker.known.definitions.keys() {
        calls.definition(name, at);
    }
    if size.steps > MAX_STEPS {
        let message = format!(
            "with all calls written out there are {} steps, at most {MAX_STEPS} are possible",
            size.steps
        );
        checker.report("ORC0623", at, message);
    }
}

struct Calls<'a, 'b> {
    checker: &'b mut Checker<'a>,
    /// What the definitions come to that are known already; none for those in a circle.
    sizes: BTreeMap<&'a StepName, Size>,
    /// The definitions that are being looked into.
    open: Vec<&'a StepName>,
}

impl<'a> Calls<'a, '_> {
    fn size(&mut self, step: &'a Step, at: &At<'_>) -> Size {
        let mut size = Size { depth: 0, steps: 1 };
        match &step.kind {
            StepKind::Call(call) => return self.called(call, at),
            StepKind::Expand(expand) => {
                for call in expand.workflows.values() {
                    let inner = self.called(call, at);
                    size.depth = size.depth.max(inner.depth);
                    size.steps = size.steps.saturating_add(inner.steps);
                }
                return size;
            }
            _ => {}
        }
        // Bodies are written at the path of their first round.
        let children = step.children();
        for (position, child) in children.into_iter().enumerate() {
            let inner = match &step.kind {
                StepKind::Loop { .. } | StepKind::Map { .. } => {
                    self.size(child, &At::Iteration(at))
                }
                _ => self.size(child, &at.child(child, position)),
            };
            size.depth = size.depth.max(inner.depth);
            size.steps = size.steps.saturating_add(inner.steps);
        }
        size
    }

    fn called(&mut self, call: &'a CallStep, at: &At<'_>) -> Size {
        let inner = match (&call.definition, &call.inline) {
            (Some(name), None) => self.definition(name, at),
            (None, Some(inline)) => self.size(inline, &at.child(inline, 0)),
            _ => Size::default(),
        };
        let size = Size {
            depth: inner.depth.saturating_add(1),
            steps: inner.steps.saturating_add(1),
        };
        if size.depth > call.depth() && call.depth() > 0 {
            let message = format!(
                "it calls {} deep, at most {} are allowed",
                size.depth,
                call.depth()
            );
            self.checker.report("ORC0619", at, message);
        }
        size
    }

    fn definition(&mut self, name: &'a StepName, at: &At<'_>) -> Size {
        if let Some(size) = self.sizes.get(name) {
            return *size;
        }
        let Some(definition) = self.checker.known.definitions.get(name) else {
            return Size::default();
        };
        if let Some(first) = self.open.iter().position(|open| *open == name) {
            let circle = self.open.iter().skip(first).chain([&name]);
            let circle: Vec<_> = circle.map(|name| name.as_str()).collect();
            let message = format!("definitions call each other: {}", circle.join(" -> "));
            self.checker.report("ORC0618", at, message);
            self.sizes.insert(name, Size::default());
            return Size::default();
        }
        self.open.push(name);
        let path = StepPath::root().child(name);
        let size = self.size(&definition.root, &At::Path(&path));
        self.open.pop();
        // What is in a circle keeps the size that ended it, so that the circle is told once.
        *self.sizes.entry(name).or_insert(size)
    }
}
