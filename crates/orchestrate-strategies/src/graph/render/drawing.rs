//! A plan as boxes and arrows, the common source of all pictures.

use orchestrate_core::id::StepPath;
use orchestrate_core::plan::{GraphNode, Need, Plan, Step, StepKind};

use super::text::{child_path, effect, first_line, title};
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
    /// A person's decision.
    Person,
    /// Steps that are drawn elsewhere.
    Call,
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
        for (name, definition) in &plan.definitions {
            let head = drawing.add(name.as_str(), "definition", Shape::Terminal);
            let path = StepPath::root().child(name);
            let before = vec![(head, String::new())];
            drawing.step(plan, &definition.root, &path, before);
        }
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
                self.work(before, label, note, Shape::Work)
            }
            StepKind::Tool(tool) => {
                let label = title(step, path);
                let effect = effect(plan, &tool.tool);
                let note = if label == tool.tool {
                    format!("tool{effect}")
                } else {
                    format!("{}{effect}", tool.tool)
                };
                self.work(before, label, note, Shape::Work)
            }
            StepKind::Approve(approve) => {
                let note = first_line(&approve.question);
                self.work(before, titled(step, path, "approve"), note, Shape::Person)
            }
            StepKind::Expand(expand) => {
                let note = format!("{}, at most {} steps", expand.from, expand.max_steps);
                self.work(before, titled(step, path, "expand"), note, Shape::Choice)
            }
            StepKind::Call(call) => match (&call.inline, &call.definition) {
                (Some(inline), _) => self.step(plan, inline, &inner(0, inline), before),
                (None, name) => {
                    let note = name.as_ref().map(|name| format!("call {name}"));
                    let label = titled(step, path, "call");
                    self.work(before, label, note.unwrap_or_default(), Shape::Call)
                }
            },
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
                self.graph(plan, nodes, path, &before)
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
            StepKind::Loop {
                body, until, fuel, ..
            } => self.body(
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

    /// One box that everything before leads to.
    fn work(&mut self, before: Ends, label: String, note: String, shape: Shape) -> Ends {
        let work = self.add(label, note, shape);
        self.connect(before, work);
        vec![(work, String::new())]
    }

    fn graph(&mut self, plan: &Plan, nodes: &[GraphNode], path: &StepPath, before: &Ends) -> Ends {
        let needs = Needs::of(nodes);
        let mut ends: Vec<Ends> = vec![Ends::new(); nodes.len()];
        let mut needed = vec![false; nodes.len()];
        for (i, node) in needs
            .order
            .iter()
            .filter_map(|i| Some((*i, nodes.get(*i)?)))
        {
            let mut from = before.clone();
            if !node.needs.is_empty() {
                let direct = needs.direct(i).iter().filter_map(|need| ends.get(*need));
                from = direct.flatten().cloned().collect();
                needs.direct(i).iter().for_each(|need| {
                    if let Some(slot) = needed.get_mut(*need) {
                        *slot = true;
                    }
                });
            }
            if node.needs.iter().any(Need::has_any) {
                let rule: Vec<_> = node.needs.iter().map(ToString::to_string).collect();
                let joint = self.add("", rule.join(" and "), Shape::Joint);
                self.connect(from, joint);
                from = vec![(joint, rule.join(" and "))];
            }
            if let Some(when) = &node.when {
                let told = format!("if {when}");
                for (_, label) in &mut from {
                    if !label.is_empty() {
                        label.push_str(", ");
                    }
                    label.push_str(&told);
                }
            }
            let child = child_path(&node.step, i, path);
            let after = self.step(plan, &node.step, &child, from);
            if let Some(slot) = ends.get_mut(i) {
                *slot = after;
            }
        }
        let ends = ends.into_iter().zip(needed);
        ends.filter(|(_, needed)| !needed)
            .flat_map(|(ends, _)| ends)
            .collect()
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

/// The label of a step in a picture, with a word for the root, which has no path.
fn titled(step: &Step, path: &StepPath, root: &str) -> String {
    if step.name.is_none() && path.as_str().is_empty() {
        root.to_owned()
    } else {
        title(step, path)
    }
}
