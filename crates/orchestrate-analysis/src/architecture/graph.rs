//! The graph of modules: which of them reach each other, and the shortest way round.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::resolve::Edge;

/// Sets of modules that all reach each other, each sorted, the largest first; single modules are none.
pub(super) fn components<'e>(edges: &[&'e Edge]) -> Vec<Vec<&'e str>> {
    let mut graph: DiGraph<&str, ()> = DiGraph::new();
    let mut nodes: HashMap<&str, NodeIndex> = HashMap::new();
    for edge in edges {
        let from = *nodes
            .entry(&edge.from)
            .or_insert_with(|| graph.add_node(&edge.from));
        let to = *nodes
            .entry(&edge.to)
            .or_insert_with(|| graph.add_node(&edge.to));
        graph.update_edge(from, to, ());
    }
    let mut found: Vec<Vec<&str>> = kosaraju_scc(&graph)
        .into_iter()
        .filter(|component| component.len() > 1)
        .map(|component| {
            let mut names: Vec<&str> = component
                .into_iter()
                .filter_map(|node| graph.node_weight(node).copied())
                .collect();
            names.sort_unstable();
            names
        })
        .collect();
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found
}

/// The shortest way from a module of a component back to it, as the imports on it. Of equally short ones, the
/// first by the names of the modules.
pub(super) fn shortest_cycle<'e>(component: &[&str], edges: &[&'e Edge]) -> Vec<&'e Edge> {
    let inside: HashSet<&str> = component.iter().copied().collect();
    let mut next: BTreeMap<&str, Vec<&'e Edge>> = BTreeMap::new();
    for edge in edges {
        if inside.contains(edge.from.as_str()) && inside.contains(edge.to.as_str()) {
            next.entry(&edge.from).or_default().push(edge);
        }
    }
    let mut best: Vec<&Edge> = Vec::new();
    for start in component {
        let cycle = way_back(start, &next);
        if best.is_empty() || (!cycle.is_empty() && cycle.len() < best.len()) {
            best = cycle;
        }
        // Nothing is shorter than two.
        if best.len() == 2 {
            break;
        }
    }
    best
}

fn way_back<'e>(start: &str, next: &BTreeMap<&str, Vec<&'e Edge>>) -> Vec<&'e Edge> {
    let mut came_by: HashMap<&str, &'e Edge> = HashMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(module) = waiting.pop_front() {
        for edge in next.get(module).into_iter().flatten() {
            if edge.to == start {
                let mut way = vec![*edge];
                let mut at = edge.from.as_str();
                while at != start
                    && let Some(edge) = came_by.get(at)
                {
                    way.push(edge);
                    at = &edge.from;
                }
                way.reverse();
                return way;
            }
            if !came_by.contains_key(edge.to.as_str()) {
                came_by.insert(&edge.to, edge);
                waiting.push_back(&edge.to);
            }
        }
    }
    Vec::new()
}
