//! How a step is called among its siblings, and where it stands, without making texts until one is needed.

use std::collections::HashMap;
use std::fmt;

use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{GraphNode, Step};

/// What a step is called among its siblings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Called<'a> {
    Name(&'a StepName),
    Position(usize),
}

impl<'a> Called<'a> {
    pub(crate) fn of(name: Option<&'a StepName>, position: usize) -> Self {
        name.map_or(Self::Position(position), Self::Name)
    }

    pub(crate) fn is(self, text: &str) -> bool {
        match self {
            Self::Name(name) => name == text,
            Self::Position(position) => text.parse() == Ok(position),
        }
    }
}

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Position(position) => write!(f, "{position}"),
        }
    }
}

/// Where a step stands, as a list from the inside out that lives on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At<'a> {
    Root,
    Child(&'a At<'a>, Called<'a>),
    Iteration(&'a At<'a>),
}

impl<'a> At<'a> {
    pub(crate) fn child(&'a self, step: &'a Step, position: usize) -> Self {
        Self::Child(self, Called::of(step.name.as_ref(), position))
    }

    pub(crate) fn path(&self) -> StepPath {
        match self {
            Self::Root => StepPath::root(),
            Self::Child(parent, name) => parent.path().child(name),
            Self::Iteration(parent) => parent.path().iteration(0),
        }
    }
}

/// The needs of a graph's steps by position, and an order that respects them.
#[derive(Debug)]
pub(crate) struct Needs {
    of: Vec<Vec<usize>>,
    /// Positions so that each comes after what it needs, otherwise in the order of the plan.
    /// Steps of a circle are left out; `check` refuses them.
    pub(crate) order: Vec<usize>,
}

impl Needs {
    pub(crate) fn of(nodes: &[GraphNode]) -> Self {
        let mut position: HashMap<&StepName, usize> = HashMap::with_capacity(nodes.len());
        position.extend(
            nodes
                .iter()
                .enumerate()
                .filter_map(|(i, node)| Some((node.step.name.as_ref()?, i))),
        );
        let find = |node: &GraphNode| {
            node.needs
                .iter()
                .filter_map(|need| position.get(need).copied())
                .collect()
        };
        let of: Vec<Vec<usize>> = nodes.iter().map(find).collect();
        let order = order(&of);
        Self { of, order }
    }

    /// What a step waits for directly.
    pub(crate) fn direct(&self, position: usize) -> &[usize] {
        self.of.get(position).map_or(&[], Vec::as_slice)
    }

    /// Everything a step waits for, directly or not.
    pub(crate) fn all(&self, position: usize) -> Vec<usize> {
        let mut seen = vec![false; self.of.len()];
        let mut stack = self.direct(position).to_vec();
        let mut found = Vec::new();
        while let Some(next) = stack.pop() {
            if let Some(seen) = seen.get_mut(next).filter(|seen| !**seen) {
                *seen = true;
                found.push(next);
                stack.extend(self.direct(next));
            }
        }
        found
    }
}

fn order(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (i, needs) in needs.iter().enumerate() {
        for need in needs {
            if let Some(list) = dependents.get_mut(*need) {
                list.push(i);
            }
        }
    }
    let free = waiting.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut ready: std::collections::BinaryHeap<_> =
        free.map(|(i, _)| std::cmp::Reverse(i)).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(std::cmp::Reverse(next)) = ready.pop() {
        order.push(next);
        for dependent in dependents.get(next).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(*dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.push(std::cmp::Reverse(*dependent));
                }
            }
        }
    }
    order
}
