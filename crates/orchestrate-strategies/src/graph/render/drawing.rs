//! A plan as boxes and arrows, the common source of all pictures.

use orchestrate_core::id::StepPath;
use orchestrate_core::plan::{Plan, Step, StepKind};

use super::text::{child_path, title};
use crate::graph::place::Needs;

/// The form of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Where everything begins or ends.
    Terminal,
    /// An agent's work.
    Work,
    /// A choice.
    Choice,
    /// A point where several ways meet.
    Joint,
}

#[derive(Debug)]
pub(super) struct Shown {
    pub(super) label: String,
    /// A second line.
    pub(super) note: String,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label: String,
    /// An arrow back, drawn dashed; it does not order the boxes.
    pub(super) back: bool,
}

#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) boxes: Vec<Shown>,
    pub(super) arrows: Vec<Arrow>,
}

/// Loose ends of what was drawn so far: the box, and what the next arrow from it says.
type Ends = Vec<(usize, String)>;

impl Drawing {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut drawing = Self::default();
        let start = drawing.add("start", "", Shape::Terminal);
        let ends = drawing.step(
            plan,
            &plan.root,
            &StepPath::root(),
            vec![(start, String::new())],
        );
        let end = drawing.add("end", "", Shape::Terminal);
        drawing.connect(ends, end);
        drawing
    }

    fn add(&mut self, label: impl Into<String>, note: impl Into<String>, shape: Shape) -> usize {
        self.boxes.push(Shown {
            label: label.into(),
            note: note.into(),
            shape,
        });
        self.boxes.len() - 1
    }

    fn connect(&mut self, ends: Ends, to: usize) {
        self.arrows
            .extend(ends.into_iter().map(|(from, label)| Arrow {
                from,
                to,
                label,
                back: false,
            }));
    }

    /// Several ends that several boxes follow meet in one point, so that arrows do not multiply.
    fn joined(&mut self, ends: Ends, followers: usize) -> Ends {
        if ends.len() < 2 || followers < 2 {
            return ends;
        }
        let joint = self.add("", "", Shape::Joint);
        self.connect(ends, joint);
        vec![(joint, String::new())]
    }

    fn step(&mut self, plan: &Plan, step: &Step, path: &StepPath, before: Ends) -> Ends {
        let inner = |position: usize, child: &Step| child_path(child, position, path);
        match &step.kind {
            StepKind::Agent(agent) => {
                let tier = plan
                    .agents
                    .get(&agent.agent)
                    .map(|agent| agent.tier.to_string())
                    .unwrap_or_default();
                let label = title(step, path);
                let note = if label == agent.agent.as_str() {
                    tier
                } else {
                    format!("{} {tier}", agent.agent)
                };
                let work = self.add(label, note, Shape::Work);
                self.connect(before, work);
                vec![(work, String::new())]
            }
            StepKind::Sequence { steps, .. } => {
                steps.iter().enumerate().fold(before, |ends, (i, child)| {
                    self.step(plan, child, &inner(i, child), ends)
                })
            }
            StepKind::Parallel { steps, .. } => {
                let before = self.joined(before, steps.len());
                steps
                    .iter()
                    .enumerate()
                    .flat_map(|(i, child)| self.step(plan, child, &inner(i, child), before.clone()))
                    .collect()
            }
            StepKind::Graph { nodes, .. } => {
                let roots = nodes.iter().filter(|node| node.needs.is_empty()).count();
                let before = self.joined(before, roots);
                let mut ends: std::collections::HashMap<&str, Ends> =
                    std::collections::HashMap::new();
                let mut needed = std::collections::HashSet::new();
                let order = Needs::of(nodes).order;
                for (i, node) in order.into_iter().filter_map(|i| Some((i, nodes.get(i)?))) {
                    let from = if node.needs.is_empty() {
                        before.clone()
                    } else {
                        node.needs
                            .iter()
                            .filter_map(|need| ends.get(need.as_str()))
                            .flatten()
                            .cloned()
                            .collect()
                    };
                    needed.extend(
                        node.needs
                            .iter()
                            .map(orchestrate_core::id::StepName::as_str),
                    );
                    let after = self.step(plan, &node.step, &inner(i, &node.step), from);
                    if let Some(name) = &node.step.name {
                        ends.insert(name.as_str(), after);
                    }
                }
                nodes
                    .iter()
                    .filter_map(|node| node.step.name.as_ref())
                    .filter(|name| !needed.contains(name.as_str()))
                    .filter_map(|name| ends.get(name.as_str()))
                    .flatten()
                    .cloned()
                    .collect()
            }
            StepKind::Branch { arms, otherwise } => {
                let choice = self.add(title(step, path), "which way?", Shape::Choice);
                self.connect(before, choice);
                let mut ends = Ends::new();
                for (i, arm) in arms.iter().enumerate() {
                    ends.extend(self.step(
                        plan,
                        &arm.then,
                        &inner(i, &arm.then),
                        vec![(choice, arm.label.clone())],
                    ));
                }
                match otherwise {
                    Some(other) => ends.extend(self.step(
                        plan,
                        other,
                        &inner(arms.len(), other),
                        vec![(choice, "otherwise".to_owned())],
                    )),
                    None => ends.push((choice, "none".to_owned())),
                }
                ends
            }
            StepKind::Loop { body, until, fuel } => self.body(
                plan,
                body,
                path,
                before,
                &format!("until {until}"),
                &format!("again, at most {fuel} rounds"),
            ),
            StepKind::Map {
                over,
                body,
                max_items,
                ..
            } => self.body(
                plan,
                body,
                path,
                before,
                &format!("each of {over}"),
                &format!("at most {max_items} items"),
            ),
        }
    }

    fn body(
        &mut self,
        plan: &Plan,
        body: &Step,
        path: &StepPath,
        before: Ends,
        head: &str,
        again: &str,
    ) -> Ends {
        let label = if path.as_str().is_empty() {
            "repeat".to_owned()
        } else {
            path.to_string()
        };
        let choice = self.add(label, head, Shape::Choice);
        self.connect(before, choice);
        let ends = self.step(
            plan,
            body,
            &path.iteration(0),
            vec![(choice, String::new())],
        );
        for (from, _) in &ends {
            self.arrows.push(Arrow {
                from: *from,
                to: choice,
                label: again.to_owned(),
                back: true,
            });
        }
        ends
    }
}
