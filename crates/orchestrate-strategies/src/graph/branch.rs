//! Branches: the parts of a plan that have limits of their own, as a driver accounts for them.

use orchestrate_core::id::StepPath;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::Step;

use super::Graph;
use super::node::{Node, NodeId, Surroundings};

/// Names a branch of a graph; given by position, so the same plan has the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(u32);

impl BranchId {
    /// The position among all branches, from 0 and without gaps. What is around a branch comes before it.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A step with limits: they hold for all that is done inside it.
#[derive(Debug, Clone)]
pub struct Branch {
    /// The nearest branch around it.
    pub parent: Option<BranchId>,
    /// Its limits. Those of time, depth and width are held by the walk; the others are the driver's matter.
    pub limits: Limits,
    /// The work, or the start of the group, that has the limits.
    pub(crate) node: NodeId,
}

impl Graph {
    /// The branch of that id.
    #[must_use]
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.get(id.index())
    }

    /// Where a branch stands in the plan.
    #[must_use]
    pub fn branch_path(&self, id: BranchId) -> Option<&StepPath> {
        let node = self.branch(id)?.node;
        match self.nodes.node_weight(node.ix())? {
            Node::Task(task) => Some(&task.path),
            Node::Start(group) | Node::End(group) => Some(&group.path),
        }
    }

    /// A branch and all around it, the nearest first.
    pub fn branches_around(&self, id: Option<BranchId>) -> impl Iterator<Item = BranchId> {
        std::iter::successors(id, |id| self.branch(*id)?.parent)
    }

    /// All branches so far; more come while the graph grows.
    pub fn branch_ids(&self) -> impl Iterator<Item = BranchId> {
        (0..self.branches.len()).filter_map(|at| u32::try_from(at).ok().map(BranchId))
    }

    /// The branch at a place in the plan.
    #[must_use]
    pub fn branch_at(&self, path: &StepPath) -> Option<BranchId> {
        self.branch_ids()
            .find(|id| self.branch_path(*id) == Some(path))
    }

    /// What holds inside a step whose node is the next to be added.
    pub(super) fn within(&mut self, step: &Step) -> Surroundings {
        let around = self.around;
        let Some(limits) = step.limits.as_deref() else {
            return around;
        };
        let id = BranchId(u32::try_from(self.branches.len()).unwrap_or(u32::MAX));
        self.branches.push(Branch {
            parent: around.branch,
            limits: *limits,
            node: NodeId(u32::try_from(self.node_count()).unwrap_or(u32::MAX)),
        });
        let least = |outer: Option<u32>, inner: Option<u32>| match (outer, inner) {
            (Some(outer), Some(inner)) => Some(outer.min(inner)),
            (outer, inner) => outer.or(inner),
        };
        let deepest = limits
            .max_depth
            .map(|levels| around.depth.saturating_add(levels));
        Surroundings {
            branch: Some(id),
            deepest: least(around.deepest, deepest),
            widest: least(around.widest, limits.max_width),
            ..around
        }
    }
}
