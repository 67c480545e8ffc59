//! Groups: what must hold of each, what their parts see of each other, which keys they may write.

use std::collections::{HashMap, HashSet};

use orchestrate_core::id::StepName;
use orchestrate_core::plan::{Arm, Collect, GraphNode, Need, Step};

use super::checker::{Checker, Frame, Keys};
use crate::graph::place::{At, Needs};

/// Names with a meaning of their own behind `steps.<group>.` or inside bodies.
const RESERVED: [&str; 8] = [
    "output",
    "outcome",
    "success",
    "confidence",
    "item",
    "index",
    "previous",
    "round",
];

impl<'a> Checker<'a> {
    /// What holds for every group: something inside, names that differ, a strategy that exists.
    pub(super) fn group(
        &mut self,
        children: impl Iterator<Item = &'a Step>,
        collect: Option<&Collect>,
        at: &At<'_>,
    ) {
        let mut names = HashSet::new();
        let mut count = 0usize;
        for child in children {
            count += 1;
            let Some(name) = &child.name else { continue };
            if !names.insert(name) {
                self.report("ORC0605", at, format!("two steps are called `{name}`"));
            }
            if RESERVED.contains(&name.as_str()) || name.as_str().contains('.') {
                let message = format!(
                    "a step cannot be called `{name}`: the word has a meaning in references"
                );
                self.report("ORC0605", at, message);
            }
        }
        if count == 0 {
            self.report("ORC0604", at, "the group has nothing inside".into());
        }
        self.collect(collect, at);
    }

    pub(super) fn collect(&mut self, collect: Option<&Collect>, at: &At<'_>) {
        if let Some(collect) = collect
            && let Err(error) = self
                .known
                .catalog
                .get_strategy(&collect.strategy, &collect.params)
        {
            self.report("ORC0611", at, error.to_string());
        }
    }

    pub(super) fn sequence(&mut self, steps: &'a [Step], at: &At<'_>) -> Keys<'a> {
        let mut all = Keys::new();
        for (position, child) in steps.iter().enumerate() {
            let keys = self.step(child, &at.child(child, position));
            if let Some(frame) = self.frames.last_mut() {
                frame.keys.extend_from_slice(&keys);
                if let Some(name) = &child.name {
                    frame.steps.insert(name.as_str(), Some(child));
                }
            }
            all.extend(keys);
        }
        all
    }

    pub(super) fn side_by_side(&mut self, steps: &'a [Step], at: &At<'_>) -> Keys<'a> {
        let mut writers: HashMap<&str, usize> = HashMap::new();
        let mut all = Keys::new();
        for (position, child) in steps.iter().enumerate() {
            let keys = self.step(child, &at.child(child, position));
            for key in &keys {
                if *writers.entry(key).or_insert(position) != position {
                    writers.insert(key, position);
                    self.at_once(key, "steps of this group", at);
                }
            }
            all.extend(keys);
        }
        all
    }

    /// Reports a key that may be written at the same time by two, unless there is a rule for it.
    pub(super) fn at_once(&mut self, key: &str, who: &str, at: &At<'_>) {
        if !self.known.merge.contains_key(key) {
            let message = format!("{who} may write `{key}` at the same time");
            self.report("ORC0620", at, message);
        }
    }

    pub(super) fn branch(
        &mut self,
        arms: &'a [Arm],
        otherwise: Option<&'a Step>,
        at: &At<'_>,
    ) -> Keys<'a> {
        let ways = || arms.iter().map(|arm| &arm.then).chain(otherwise);
        self.group(ways(), None, at);
        if arms.is_empty() && otherwise.is_some() {
            self.report("ORC0604", at, "the branch has no arms".into());
        }
        for arm in arms {
            self.condition(&arm.when, at);
        }
        let mut all = Keys::new();
        for (position, child) in ways().enumerate() {
            all.extend(self.step(child, &at.child(child, position)));
        }
        all
    }

    pub(super) fn body(
        &mut self,
        body: &'a Step,
        at: &At<'_>,
        locals: &[&'static str],
    ) -> Keys<'a> {
        let known = |name: &&'static str| {
            let step = (*name == "previous").then_some(body);
            (*name, step)
        };
        self.frames.push(Frame {
            steps: locals.iter().map(known).collect(),
            keys: Vec::new(),
        });
        let keys = self.step(body, &At::Iteration(at));
        self.frames.pop();
        keys
    }

    pub(super) fn graph(&mut self, nodes: &'a [GraphNode], at: &At<'_>) -> Keys<'a> {
        let needs = Needs::of(nodes);
        self.needs(nodes, &needs, at);
        if needs.order.len() < nodes.len() {
            let ordered: HashSet<usize> = needs.order.iter().copied().collect();
            let stuck = nodes
                .iter()
                .enumerate()
                .filter(|(i, _)| !ordered.contains(i));
            let names: Vec<_> = stuck
                .filter_map(|(_, node)| node.step.name.as_ref())
                .map(StepName::as_str)
                .collect();
            let names = names.join(", ");
            self.report(
                "ORC0609",
                at,
                format!("these steps wait for each other: {names}"),
            );
            return Keys::new();
        }
        let mut written: Vec<Keys<'a>> = vec![Keys::new(); nodes.len()];
        for (position, node) in needs
            .order
            .iter()
            .filter_map(|i| Some((*i, nodes.get(*i)?)))
        {
            // Which steps have ended when this one starts: what it needs, and what that needs.
            let ended = needs.named_by(position, node).into_iter();
            let ended = ended.filter_map(|i| nodes.get(i));
            let steps = ended
                .filter_map(|node| Some((node.step.name.as_ref()?.as_str(), Some(&node.step))))
                .collect();
            let keys = self.keys_before(position, &needs, &written);
            self.frames.push(Frame { steps, keys });
            let at = at.child(&node.step, position);
            if let Some(when) = &node.when {
                self.condition(when, &at);
            }
            let keys = self.step(&node.step, &at);
            self.frames.pop();
            if let Some(slot) = written.get_mut(position) {
                *slot = keys;
            }
        }
        self.unordered_writers(&needs, &written, at);
        written.concat()
    }

    /// The keys that steps before a step of a graph write. Most graphs write none, and cost nothing.
    fn keys_before(&self, position: usize, needs: &Needs<'_>, written: &[Keys<'a>]) -> Keys<'a> {
        if written.iter().all(Vec::is_empty) {
            return Keys::new();
        }
        let before = needs.all(position);
        let before = written.iter().zip(before).filter(|(_, before)| *before);
        before.flat_map(|(keys, _)| keys.iter().copied()).collect()
    }

    fn unordered_writers(&mut self, needs: &Needs<'_>, written: &[Keys<'a>], at: &At<'_>) {
        let mut writers: HashMap<&'a str, Vec<usize>> = HashMap::new();
        for (position, keys) in written.iter().enumerate() {
            for key in keys {
                let list = writers.entry(key).or_default();
                if list.last() != Some(&position) {
                    list.push(position);
                }
            }
        }
        let mut writers: Vec<_> = writers
            .into_iter()
            .filter(|(_, list)| list.len() > 1)
            .collect();
        writers.sort_unstable();
        for (key, list) in writers {
            let before: Vec<Vec<bool>> = list.iter().map(|writer| needs.all(*writer)).collect();
            let comes_before = |first: usize, second: usize| {
                let before = before.get(second);
                let first = list.get(first).and_then(|first| before?.get(*first));
                first == Some(&true)
            };
            let pairs = (0..list.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
            if pairs
                .into_iter()
                .any(|(i, j)| !comes_before(i, j) && !comes_before(j, i))
            {
                self.at_once(key, "steps of this graph", at);
            }
        }
    }

    fn needs(&mut self, nodes: &'a [GraphNode], needs: &Needs<'_>, at: &At<'_>) {
        let mut possible = None;
        for (position, node) in nodes.iter().enumerate() {
            if node.step.name.is_none() {
                let message = format!("the step at position {position} has no name");
                self.report("ORC0608", at, message);
            }
            let mut missing = Vec::new();
            for need in &node.needs {
                need.steps(&mut |name| {
                    if needs.find(name.as_str()).is_none() {
                        missing.push(name);
                    }
                });
            }
            for need in missing {
                let possible = possible.get_or_insert_with(|| {
                    let names = nodes.iter().filter_map(|node| node.step.name.as_ref());
                    names.map(StepName::as_str).collect::<Vec<_>>().join(", ")
                });
                let message =
                    format!("it needs `{need}`, which is not there (possible: {possible})");
                self.report("ORC0608", &at.child(&node.step, position), message);
            }
            if node.needs.iter().any(is_empty) {
                let message = "it waits for an `any` or `all` with nothing in it".into();
                self.report("ORC0622", &at.child(&node.step, position), message);
            }
        }
    }
}

fn is_empty(need: &Need) -> bool {
    match need {
        Need::Step(_) => false,
        Need::Any { any: parts } | Need::All { all: parts } => {
            parts.is_empty() || parts.iter().any(is_empty)
        }
    }
}
