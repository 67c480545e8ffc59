//! What the graph of modules shows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::graph::{components, shortest_cycle};
use super::import::When;
use super::layers::{LayerViolation, Layers};
use super::resolve::{Edge, directory, edges};
use crate::language::Language;
use crate::measured::Measured;
use crate::scan::Snapshot;

/// One import on a way through modules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The module that imports.
    pub from: String,
    /// The module that is imported.
    pub to: String,
    /// The file in which the import stands.
    pub path: String,
    /// Its line, from 1.
    pub line: u32,
}

/// Modules that all reach each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cycle {
    /// The language.
    pub language: Language,
    /// All of them, sorted.
    pub modules: Vec<String>,
    /// The shortest way round.
    pub shortest: Vec<Step>,
    /// Whether it closes when the modules are loaded. If not, it closes only by imports inside functions.
    pub at_load: bool,
}

/// How a directory hangs together with the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coupling {
    /// The directory; empty for the root.
    pub directory: String,
    /// Modules in it, not counting directories below.
    pub modules: u32,
    /// Other directories with modules that import from it.
    pub incoming: u32,
    /// Other directories from which it imports.
    pub outgoing: u32,
    /// `outgoing / (incoming + outgoing)`: 0 is leant on by all and leans on none, 1 the other way round.
    pub instability: f64,
}

/// The architecture of product code as its imports show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArchitectureReport {
    /// Modules of the product.
    pub modules: u32,
    /// Pairs of modules of which one imports the other when it is loaded.
    pub imports: u32,
    /// Pairs of which it does so only inside a function, or for types.
    pub late_imports: u32,
    /// Cycles, those that close at load first, the largest first.
    pub cycles: Vec<Cycle>,
    /// Every directory with modules, by name.
    pub couplings: Vec<Coupling>,
    /// Imports against the layers.
    pub violations: Vec<LayerViolation>,
    /// Layers in which there is no module.
    pub empty_layers: Vec<String>,
}

/// Measures the imports of a project below `root`, of which `snapshot` is a scan.
#[must_use]
pub fn architecture(
    root: &Path,
    snapshot: &Snapshot,
    layers: &Layers,
) -> Measured<ArchitectureReport> {
    if snapshot.cancelled {
        return snapshot.cancelled_measure();
    }
    let (modules, edges) = edges(root, snapshot);
    if modules.is_empty() {
        return Measured::NotMeasured {
            why: snapshot.nothing_measured("module"),
            how: "run it on a project with product code in Rust, Python, JavaScript, TypeScript or Go"
                .to_owned(),
        };
    }
    let pairs = |wanted: fn(When) -> bool| {
        let pairs: BTreeSet<(&str, &str)> = edges
            .iter()
            .filter(|edge| wanted(edge.when))
            .map(|edge| (edge.from.as_str(), edge.to.as_str()))
            .collect();
        pairs
    };
    let at_load = pairs(|when| when == When::Load);
    let late = pairs(|when| when != When::Load);
    let mut cycles = cycles(&edges, When::Load);
    let known: BTreeSet<&str> = cycles
        .iter()
        .flat_map(|cycle| &cycle.modules)
        .map(String::as_str)
        .collect();
    // Those that close only late are new if they hold a module that no cycle at load has.
    let later: Vec<Cycle> = self::cycles(&edges, When::Call)
        .into_iter()
        .filter(|cycle| {
            !cycle
                .modules
                .iter()
                .all(|module| known.contains(module.as_str()))
        })
        .collect();
    cycles.extend(later);
    Measured::Measured {
        value: ArchitectureReport {
            modules: count(modules.len()),
            imports: count(at_load.len()),
            late_imports: count(late.difference(&at_load).count()),
            cycles,
            couplings: couplings(&modules, &edges),
            violations: layers.violations(&edges),
            empty_layers: layers.without_modules(modules.iter().map(String::as_str)),
        },
    }
}

/// The cycles that close by imports up to this one.
fn cycles(edges: &[Edge], latest: When) -> Vec<Cycle> {
    let used: Vec<&Edge> = edges.iter().filter(|edge| edge.when <= latest).collect();
    let mut found = Vec::new();
    for component in components(&used) {
        let shortest = shortest_cycle(&component, &used);
        let Some(first) = shortest.first() else {
            continue;
        };
        found.push(Cycle {
            language: first.language,
            modules: component
                .iter()
                .map(|module| (*module).to_owned())
                .collect(),
            shortest: shortest
                .iter()
                .map(|edge| Step {
                    from: edge.from.clone(),
                    to: edge.to.clone(),
                    path: edge.path.clone(),
                    line: edge.line,
                })
                .collect(),
            at_load: latest == When::Load,
        });
    }
    found
}

fn couplings(modules: &BTreeSet<String>, edges: &[Edge]) -> Vec<Coupling> {
    // The module of a Go directory is the directory itself.
    let place = |module: &str| {
        let is_file = Language::of_path(module).is_some();
        if is_file {
            directory(module).to_owned()
        } else {
            module.to_owned()
        }
    };
    let mut sizes: BTreeMap<String, u32> = BTreeMap::new();
    for module in modules {
        *sizes.entry(place(module)).or_default() += 1;
    }
    let mut outgoing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut incoming: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.when != When::Types) {
        let (from, to) = (place(&edge.from), place(&edge.to));
        if from != to {
            outgoing.entry(from.clone()).or_default().insert(to.clone());
            incoming.entry(to).or_default().insert(from);
        }
    }
    sizes
        .into_iter()
        .map(|(directory, modules)| {
            let number = |of: &BTreeMap<String, BTreeSet<String>>| {
                of.get(&directory).map_or(0, |others| count(others.len()))
            };
            let (incoming, outgoing) = (number(&incoming), number(&outgoing));
            let all = incoming + outgoing;
            let instability = if all == 0 {
                0.0
            } else {
                f64::from(outgoing) / f64::from(all)
            };
            Coupling {
                directory,
                modules,
                incoming,
                outgoing,
                instability,
            }
        })
        .collect()
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
