//! How a step is called among its siblings, and where it stands, without making texts until one is needed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use orchestrate_core::condition::Reference;
use orchestrate_core::expression::Template;
use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{GraphNode, Need, Start, Step, StepKind};

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
    /// A place that is known by its path.
    Path(&'a StepPath),
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
            Self::Path(path) => (*path).clone(),
            Self::Child(parent, name) => parent.path().child(name),
            Self::Iteration(parent) => parent.path().iteration(0),
        }
    }
}

/// The needs of a graph's steps by position, and an order that respects them.
#[derive(Debug)]
pub(crate) struct Needs<'a> {
    position: HashMap<&'a str, usize>,
    of: Vec<Vec<usize>>,
    /// Positions so that each comes after what it needs, otherwise in the order of the plan.
    /// Steps of a circle are left out; `check` refuses them.
    pub(crate) order: Vec<usize>,
}

impl<'a> Needs<'a> {
    pub(crate) fn of(nodes: &'a [GraphNode]) -> Self {
        let mut position: HashMap<&str, usize> = HashMap::with_capacity(nodes.len());
        position.extend(
            nodes
                .iter()
                .enumerate()
                .filter_map(|(i, node)| Some((node.step.name.as_ref()?.as_str(), i))),
        );
        // The node that last named each step, so that none is kept twice for one.
        let mut last = vec![usize::MAX; nodes.len()];
        let mut find = |(index, node): (usize, &'a GraphNode)| {
            let mut found: Vec<usize> = Vec::with_capacity(node.needs.len());
            for need in &node.needs {
                need.steps(&mut |name| {
                    let position = position.get(name.as_str()).copied();
                    let slot = position.and_then(|position| last.get_mut(position));
                    if slot.is_some_and(|slot| std::mem::replace(slot, index) != index) {
                        found.extend(position);
                    }
                });
            }
            found
        };
        let of: Vec<Vec<usize>> = nodes.iter().enumerate().map(&mut find).collect();
        let order = order(&of);
        Self {
            position,
            of,
            order,
        }
    }

    /// The position of a step by its name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.position.get(name).copied()
    }

    /// The steps that have certainly ended when a step starts: those that stand in no `any`.
    pub(crate) fn certain(&self, node: &GraphNode) -> Vec<usize> {
        fn add<'a>(need: &'a Need, found: &mut Vec<&'a str>) {
            match need {
                Need::Step(name) => found.push(name.as_str()),
                Need::All { all } => all.iter().for_each(|part| add(part, found)),
                Need::Any { .. } => {}
            }
        }
        let mut names = Vec::new();
        node.needs.iter().for_each(|need| add(need, &mut names));
        let positions = names.into_iter().filter_map(|name| self.find(name));
        positions.collect()
    }

    /// What a step waits for directly, each once.
    pub(crate) fn direct(&self, position: usize) -> &[usize] {
        self.of.get(position).map_or(&[], Vec::as_slice)
    }

    /// The steps whose results a step can name: what it needs directly, and whatever else before it
    /// it does name. Others before it could be named too; listing them for every step would take
    /// time with the square of their number.
    pub(crate) fn named_by(&self, position: usize, node: &GraphNode) -> Vec<usize> {
        let mut read = Vec::new();
        if let Some(when) = &node.when {
            when.fields(&mut |field| named(field, &mut read));
        }
        steps_read(&node.step, &mut read);
        if read.is_empty() {
            return Vec::new();
        }
        let mut visible = self.direct(position).to_vec();
        let far = read
            .into_iter()
            .filter_map(|name| self.position.get(&*name).copied());
        let far: Vec<usize> = far.filter(|step| !visible.contains(step)).collect();
        if !far.is_empty() {
            let before = self.all(position);
            visible.extend(
                far.into_iter()
                    .filter(|step| before.get(*step) == Some(&true)),
            );
        }
        visible
    }

    /// Which steps a step waits for, directly or not.
    pub(crate) fn all(&self, position: usize) -> Vec<bool> {
        let mut seen = vec![false; self.of.len()];
        let mut stack = self.direct(position).to_vec();
        while let Some(next) = stack.pop() {
            if let Some(seen) = seen.get_mut(next).filter(|seen| !**seen) {
                *seen = true;
                stack.extend(self.direct(next));
            }
        }
        seen
    }
}

/// The steps that a reference names: one, or those that its template reads.
fn named<'a>(field: &'a Reference, names: &mut Vec<Cow<'a, str>>) {
    if Template::is_needed(&field.0) {
        let template = Template::new(&field.0);
        let read = template.iter().flat_map(Template::reads);
        names.extend(read.filter_map(|it| it.step().map(|name| Cow::Owned(name.to_owned()))));
    } else {
        names.extend(field.step().map(Cow::Borrowed));
    }
}

/// The names of steps that a step or anything inside refers to.
fn steps_read<'a>(step: &'a Step, names: &mut Vec<Cow<'a, str>>) {
    let mut read = |field: &'a Reference| named(field, names);
    match &step.kind {
        StepKind::Agent(agent) => agent.references(&mut read),
        StepKind::Tool(tool) => tool.inputs.values().for_each(read),
        StepKind::Approve(approve) => approve.show.values().for_each(read),
        StepKind::Branch { arms, .. } => arms.iter().for_each(|arm| arm.when.fields(&mut read)),
        StepKind::Loop { until, start, .. } => {
            until.fields(&mut read);
            if let Some(Start::From(field)) = start {
                read(field);
            }
        }
        StepKind::Map { over, .. } => read(over),
        StepKind::Expand(expand) => {
            read(&expand.from);
            expand.inputs.values().for_each(&mut read);
            for call in expand.workflows.values() {
                call.mapped(&mut |field, _| read(field));
            }
            return;
        }
        // What is inside a call sees nothing of the caller's steps.
        StepKind::Call(call) => return call.mapped(&mut |field, _| read(field)),
        StepKind::Graph { nodes, .. } => {
            for when in nodes.iter().filter_map(|node| node.when.as_ref()) {
                when.fields(&mut read);
            }
        }
        StepKind::Sequence { .. } | StepKind::Parallel { .. } => {}
    }
    for child in step.children() {
        steps_read(child, names);
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
