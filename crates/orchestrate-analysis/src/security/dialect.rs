//! What the data-flow pass must be told about a language: how its syntax maps to shapes, and its tables.

use std::collections::HashMap;

use tree_sitter::Node;

use super::call::Call;
use super::flow::Flow;
use super::shape::Shape;
use super::sink::Sink;
use super::value::{Taint, Uses, Value};

/// One language, as tables and functions.
pub(super) struct Dialect {
    pub(super) shape: for<'t> fn(Node<'t>, &'t str) -> Shape<'t>,
    /// Binds what an import brings in.
    pub(super) import: for<'t> fn(&mut Flow<'t>, Node<'t>),
    /// The parameters of a function in their order: the name and what is known of it.
    pub(super) parameters: for<'t> fn(&Flow<'t>, Node<'t>) -> Vec<(&'t str, Value)>,
    /// Rules that a table cannot say, for a call.
    pub(super) on_call: for<'t> fn(&mut Flow<'t>, &Call<'t>),
    /// What a call gives, where the language knows better than the tables.
    pub(super) call_value: fn(&Call<'_>) -> Option<Value>,
    /// Rules for an assignment: the target, the node of the value, the value.
    pub(super) on_assign: for<'t> fn(&mut Flow<'t>, Node<'t>, Node<'t>, &Value),
    /// The same for a value that a function returns.
    pub(super) on_return: for<'t> fn(&mut Flow<'t>, Node<'t>, &Value),
    /// Rules over single nodes, handed out by the walk; no data flow.
    pub(super) on_node: for<'t> fn(&mut Flow<'t>, Node<'t>),
    pub(super) sources: Paths<Taint>,
    /// Calls whose result is safe for some uses.
    pub(super) cleaners: Paths<Uses>,
    /// Calls whose result is their arguments put together as text.
    pub(super) builders: Paths<()>,
    /// Calls that hand their arguments on as they are.
    pub(super) passes: Paths<()>,
    pub(super) sinks: Paths<&'static Sink>,
    /// Methods that give their receiver back in another wrapping.
    pub(super) transparent: &'static [&'static str],
    /// The name of the receiver inside its own methods.
    pub(super) receiver: &'static str,
    /// What stands between the parts of a path, beside the dot.
    pub(super) separator: &'static str,
}

/// A table from symbolic paths to something.
///
/// `a.b` is that path, `*.b` any path ending in it, `a.*` anything below `a`.
#[derive(Debug)]
pub(super) struct Paths<T> {
    by_last: HashMap<&'static str, Vec<(&'static str, T)>>,
    below: Vec<(&'static str, T)>,
}

impl<T: Copy> Paths<T> {
    pub(super) fn new(entries: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        let mut table = Self {
            by_last: HashMap::new(),
            below: Vec::new(),
        };
        for (pattern, what) in entries {
            if let Some(above) = pattern.strip_suffix(".*") {
                table.below.push((above, what));
            } else {
                table
                    .by_last
                    .entry(last_segment(pattern))
                    .or_default()
                    .push((pattern, what));
            }
        }
        table
    }

    /// Every entry that a path satisfies.
    pub(super) fn all<'s>(&'s self, path: &'s str) -> impl Iterator<Item = T> + 's {
        let by_last = self.by_last.get(last_segment(path)).into_iter().flatten();
        by_last
            .filter(move |(pattern, _)| is_match(pattern, path))
            .chain(self.below.iter().filter(move |(above, _)| {
                path.strip_prefix(above)
                    .is_some_and(|rest| rest.starts_with(['.', ':', '[', '(']))
            }))
            .map(|(_, what)| *what)
    }

    /// The first entry that a path satisfies.
    pub(super) fn get(&self, path: &str) -> Option<T> {
        self.all(path).next()
    }
}

fn is_match(pattern: &str, path: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => {
            path.strip_suffix(end)
                .is_some_and(|_| end.starts_with(['.', ':']))
                || end.trim_start_matches(['.', ':']) == path
        }
        None => pattern == path,
    }
}

/// What follows the last separator of a path.
pub(super) fn last_segment(path: &str) -> &str {
    path.rfind(['.', ':', '/'])
        .and_then(|at| path.get(at + 1..))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_whole_by_end_and_by_head() {
        let table = Paths::new([
            ("os.system", 1),
            ("*.execute", 2),
            ("flask.request.*", 3),
            ("*std::process::Command::new", 4),
        ]);
        for (path, expected) in [
            ("os.system", Some(1)),
            ("my.os.system", None),
            ("a().cursor().execute", Some(2)),
            ("execute", Some(2)),
            ("reexecute", None),
            ("flask.request.args.get", Some(3)),
            ("flask.request", None),
            ("flask.requests.x", None),
        ] {
            assert_eq!(table.get(path), expected, "{path}");
        }
    }
}
