//! `layers`: proves that dependencies point down only, and that the pure crates stay pure.
//!
//! It judges what cargo resolved, for every platform and feature, and not what a manifest says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::args::Accepts;
use crate::process::metadata;
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "layers",
    summary: "Prove that dependencies between crates point down only",
    help: "layers",
    accepts: Accepts::Only {
        flags: &[],
        options: &[],
        positionals: 0,
        rest: false,
    },
    run: |_| layers(),
};

/// What one crate of ours may depend on.
struct Layer {
    name: &'static str,
    /// Crates of ours that it may name as a dependency.
    below: &'static [&'static str],
    /// Crates of ours that its tests may name besides.
    in_tests: &'static [&'static str],
    /// Groups of crates that it must not reach, not even through others.
    never: &'static [&'static [&'static str]],
}

/// Effects: time, network, processes, databases, chance, terminals.
const EFFECTS: &[&str] = &["tokio", "reqwest", "sqlx", "rusqlite", "rand", "clap"];

/// The layers from the bottom up; a crate that is missing here is a violation too.
const LAYERS: &[Layer] = &[
    Layer {
        name: "orchestrate-process",
        below: &[],
        in_tests: &[],
        never: &[],
    },
    Layer {
        name: "orchestrate-core",
        below: &[],
        in_tests: &[],
        never: &[EFFECTS, &["petgraph"]],
    },
    Layer {
        name: "orchestrate-analysis",
        below: &[],
        in_tests: &[],
        never: &[&["tokio"]],
    },
    Layer {
        name: "orchestrate-strategies",
        below: &["orchestrate-core"],
        in_tests: &[],
        never: &[EFFECTS],
    },
    Layer {
        name: "orchestrate-store",
        below: &["orchestrate-core"],
        in_tests: &[],
        never: &[],
    },
    Layer {
        name: "orchestrate-runtime",
        below: &[
            "orchestrate-core",
            "orchestrate-process",
            "orchestrate-strategies",
        ],
        in_tests: &[],
        never: &[],
    },
    Layer {
        name: "orchestrate-workflows",
        below: &[
            "orchestrate-core",
            "orchestrate-process",
            "orchestrate-strategies",
            "orchestrate-analysis",
        ],
        in_tests: &["orchestrate-runtime"],
        never: &[],
    },
    Layer {
        name: "orchestrate-cli",
        below: &[
            "orchestrate-core",
            "orchestrate-analysis",
            "orchestrate-strategies",
            "orchestrate-store",
            "orchestrate-runtime",
            "orchestrate-workflows",
        ],
        in_tests: &[],
        never: &[],
    },
    Layer {
        name: "xtask",
        // The fault harness, a feature of its own.
        below: &[
            "orchestrate-core",
            "orchestrate-store",
            "orchestrate-runtime",
        ],
        in_tests: &[],
        never: &[],
    },
];

fn layers() -> Outcome {
    let graph = Graph::read(&metadata()?)?;
    let violations = violations(&graph);
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        let edges: usize = graph.members.iter().map(|id| graph.ours(id).count()).sum();
        println!(
            "layers: {} crates and {edges} edges between them, all pointing down; {} packages seen",
            graph.members.len(),
            graph.names.len(),
        );
        Ok(())
    } else {
        Err(format!("{} violations of the layers", violations.len()))
    }
}

/// The resolved packages, by cargo's package id.
#[derive(Debug, Default)]
struct Graph {
    names: BTreeMap<String, String>,
    members: Vec<String>,
    edges: BTreeMap<String, Vec<Edge>>,
}

#[derive(Debug)]
struct Edge {
    to: String,
    /// Whether something other than tests needs it.
    shipped: bool,
}

impl Graph {
    fn read(metadata: &Value) -> Result<Self, String> {
        Self::parts(metadata).ok_or_else(|| "`cargo metadata` has an unknown form".to_owned())
    }

    fn parts(metadata: &Value) -> Option<Self> {
        let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
        let mut graph = Self::default();
        for package in metadata.get("packages")?.as_array()? {
            graph
                .names
                .insert(text(package, "id")?, text(package, "name")?);
        }
        for member in metadata.get("workspace_members")?.as_array()? {
            graph.members.push(member.as_str()?.to_owned());
        }
        for node in metadata.get("resolve")?.get("nodes")?.as_array()? {
            let mut edges = Vec::new();
            for dependency in node.get("deps")?.as_array()? {
                let kinds = dependency.get("dep_kinds")?.as_array()?;
                let shipped = kinds
                    .iter()
                    .any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev"));
                edges.push(Edge {
                    to: text(dependency, "pkg")?,
                    shipped,
                });
            }
            graph.edges.insert(text(node, "id")?, edges);
        }
        Some(graph)
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    fn edges(&self, id: &str) -> &[Edge] {
        self.edges.get(id).map_or(&[], Vec::as_slice)
    }

    /// The direct dependencies of a crate of ours on crates of ours; a feature of itself in its
    /// own tests is none.
    fn ours<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Edge> {
        self.edges(id)
            .iter()
            .filter(move |edge| edge.to != id && self.members.contains(&edge.to))
    }

    /// The shortest way of shipped dependencies from a package to each one that it reaches, by
    /// name, the names from start to end.
    fn ways<'a>(&'a self, from: &'a str) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut ways = BTreeMap::new();
        let mut seen = BTreeSet::from([from]);
        let mut queue = VecDeque::from([(from, vec![self.name(from)])]);
        while let Some((id, way)) = queue.pop_front() {
            for edge in self.edges(id).iter().filter(|edge| edge.shipped) {
                if !seen.insert(&edge.to) {
                    continue;
                }
                let name = self.name(&edge.to);
                let longer = [way.as_slice(), &[name]].concat();
                ways.entry(name).or_insert_with(|| longer.clone());
                queue.push_back((&edge.to, longer));
            }
        }
        ways
    }
}

/// Every violation with the dependency or the way that breaks the rule, sorted.
fn violations(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for id in &graph.members {
        let name = graph.name(id);
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
            found.push(format!(
                "{name}: has no layer; give it one in xtask/src/layers.rs"
            ));
            continue;
        };
        for edge in graph.ours(id) {
            let to = graph.name(&edge.to);
            let allowed =
                layer.below.contains(&to) || (!edge.shipped && layer.in_tests.contains(&to));
            if !allowed {
                let tests = if edge.shipped { "" } else { " (in tests)" };
                found.push(format!(
                    "{name}: must not depend on {to}{tests}: {name} -> {to}"
                ));
            }
        }
        let ways = graph.ways(id);
        for never in layer.never.iter().copied().flatten() {
            if let Some(way) = ways.get(never) {
                found.push(format!(
                    "{name}: must not reach {never}: {}",
                    way.join(" -> ")
                ));
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines such as `a -> b c` (dependencies) and `a ~> b` (only in tests); what starts with
    /// `orchestrate-` or is called `xtask` is ours.
    fn graph(text: &str) -> Graph {
        let mut graph = Graph::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let shipped = !line.contains("~>");
            let words: Vec<&str> = line.split_whitespace().collect();
            for word in words.iter().filter(|word| !word.ends_with('>')) {
                let known = graph.names.insert((*word).to_owned(), (*word).to_owned());
                if known.is_none() && (word.starts_with("orchestrate-") || *word == "xtask") {
                    graph.members.push((*word).to_owned());
                }
            }
            let edges = words.iter().skip(2).map(|to| Edge {
                to: (*to).to_owned(),
                shipped,
            });
            graph
                .edges
                .entry(words[0].to_owned())
                .or_default()
                .extend(edges);
        }
        graph
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(violations(&graph(text)), expected);
    }

    #[test]
    fn the_layers_as_designed_are_clean() {
        check(
            "
            orchestrate-core -> serde
            orchestrate-core ~> proptest
            orchestrate-core ~> orchestrate-core
            proptest -> rand
            orchestrate-strategies -> orchestrate-core petgraph
            orchestrate-store -> orchestrate-core rusqlite
            orchestrate-runtime -> orchestrate-core orchestrate-strategies tokio
            orchestrate-workflows -> orchestrate-core orchestrate-strategies orchestrate-analysis orchestrate-process
            orchestrate-workflows ~> orchestrate-runtime
            orchestrate-cli -> orchestrate-workflows orchestrate-runtime orchestrate-store clap
            ",
            &[],
        );
    }

    #[test]
    fn an_edge_that_points_up_is_a_violation() {
        check(
            "orchestrate-core -> orchestrate-strategies",
            &[
                "orchestrate-core: must not depend on orchestrate-strategies: \
               orchestrate-core -> orchestrate-strategies",
            ],
        );
        check(
            "orchestrate-workflows -> orchestrate-runtime",
            &[
                "orchestrate-workflows: must not depend on orchestrate-runtime: \
               orchestrate-workflows -> orchestrate-runtime",
            ],
        );
        check(
            "orchestrate-store ~> orchestrate-runtime",
            &[
                "orchestrate-store: must not depend on orchestrate-runtime (in tests): \
               orchestrate-store -> orchestrate-runtime",
            ],
        );
    }

    #[test]
    fn what_is_reached_through_others_counts_with_its_way() {
        check(
            "
            orchestrate-strategies -> orchestrate-core
            orchestrate-core -> far helper
            far -> near
            helper -> tokio
            near -> tokio
            ",
            &[
                "orchestrate-core: must not reach tokio: orchestrate-core -> helper -> tokio",
                "orchestrate-strategies: must not reach tokio: \
                 orchestrate-strategies -> orchestrate-core -> helper -> tokio",
            ],
        );
    }

    #[test]
    fn every_forbidden_crate_of_the_pure_layers_is_found() {
        for effect in EFFECTS {
            let found = |layer: &str| violations(&graph(&format!("{layer} -> {effect}"))).len();
            assert_eq!(found("orchestrate-core"), 1, "{effect}");
            assert_eq!(found("orchestrate-strategies"), 1, "{effect}");
        }
        assert_eq!(violations(&graph("orchestrate-core -> petgraph")).len(), 1);
        assert_eq!(violations(&graph("orchestrate-analysis -> tokio")).len(), 1);
        assert_eq!(violations(&graph("orchestrate-runtime -> tokio")).len(), 0);
    }

    #[test]
    fn a_crate_without_a_layer_is_a_violation() {
        check(
            "orchestrate-new -> serde",
            &["orchestrate-new: has no layer; give it one in xtask/src/layers.rs"],
        );
    }

    #[test]
    fn cargo_metadata_is_read_with_its_kinds() {
        let metadata = serde_json::json!({
            "packages": [{"id": "1", "name": "orchestrate-core"}, {"id": "2", "name": "tokio"}],
            "workspace_members": ["1"],
            "resolve": {"nodes": [
                {"id": "1", "deps": [{"pkg": "2", "dep_kinds": [{"kind": "dev"}, {"kind": null}]}]},
                {"id": "2", "deps": []},
            ]},
        });
        let found = violations(&Graph::read(&metadata).unwrap());
        assert_eq!(
            found,
            ["orchestrate-core: must not reach tokio: orchestrate-core -> tokio"]
        );
        assert!(Graph::read(&serde_json::json!({"packages": []})).is_err());
    }
}
