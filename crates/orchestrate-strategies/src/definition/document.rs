//! One file: its tree, its types, and what is wrong with its form.

use std::cell::RefCell;
use std::ops::Range;

use orchestrate_core::error::similar;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{DefinitionProblem, Place};
use super::shape;
use super::tree::{Kind, Node};

/// A file that has been read, and where its mistakes are collected.
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    text: &'a str,
    tree: Node,
    /// Whether nothing was left out because its form is wrong.
    is_whole: bool,
    problems: RefCell<Vec<DefinitionProblem>>,
}

impl<'a> Document<'a> {
    /// Reads a file as a type. `None` when its form is wrong; the problems say how.
    pub(super) fn read<T: DeserializeOwned>(
        file: &'a str,
        text: &'a str,
        schema: &Value,
    ) -> (Option<(Self, T)>, Vec<DefinitionProblem>) {
        let problem = |code, at, message: String, hint| DefinitionProblem {
            code,
            file: file.to_owned(),
            at,
            message,
            hint,
        };
        let tree = match Node::parse(text) {
            Ok(tree) => tree,
            Err(fault) => {
                return (
                    None,
                    vec![problem("ORC1010", fault.at, fault.message, None)],
                );
            }
        };
        if !matches!(tree.kind, Kind::Map(_)) {
            let message = format!("a definition is an object, and this is {}", tree.word());
            return (None, vec![problem("ORC1010", tree.at, message, None)]);
        }
        let faults = shape::faults(&tree, schema);
        let mut problems: Vec<DefinitionProblem> = faults
            .iter()
            .map(|it| problem(it.code, it.at, it.message.clone(), it.hint.clone()))
            .collect();
        // What the checks of form let pass can be read as the type. What they refuse is left out, so
        // that the mistakes in the rest can be told too.
        let mut value = tree.value();
        // From the end on, so that the positions of a list still hold.
        for fault in faults.iter().rev() {
            leave_out(&mut value, &fault.path, fault.stand_in.as_ref());
        }
        match serde_json::from_value(value) {
            Ok(read) => {
                let document = Self {
                    file,
                    text,
                    tree,
                    is_whole: problems.is_empty(),
                    problems: RefCell::default(),
                };
                (Some((document, read)), problems)
            }
            Err(error) => {
                if problems.is_empty() {
                    problems.push(problem("ORC1014", tree.at, error.to_string(), None));
                }
                (None, problems)
            }
        }
    }

    /// Tells a mistake at the value at the end of a path.
    pub(super) fn report(
        &self,
        code: &'static str,
        path: &[&str],
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let at = self.tree.nearest(path.iter().copied()).at;
        self.report_at(code, at, message, hint);
    }

    /// Tells a mistake at the key at the end of a path.
    pub(super) fn report_key(
        &self,
        code: &'static str,
        path: &[&str],
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let (last, before) = path.split_last().unwrap_or((&"", &[]));
        let parent = self.tree.nearest(before.iter().copied());
        let at = parent.key(last).map_or(parent.at, |key| key.at);
        self.report_at(code, at, message, hint);
    }

    /// Tells a mistake in a part of a text.
    pub(super) fn report_in(
        &self,
        code: &'static str,
        path: &[&str],
        part: &Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let node = self.tree.nearest(path.iter().copied());
        self.report_at(code, self.inside(node, part.start), message, hint);
    }

    pub(super) fn report_at(
        &self,
        code: &'static str,
        at: Place,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.problems.borrow_mut().push(DefinitionProblem {
            code,
            file: self.file.to_owned(),
            at,
            message: message.into(),
            hint,
        });
    }

    /// Tells that a name means nothing.
    pub(super) fn unknown<'b>(
        &self,
        path: &[&str],
        what: &str,
        given: &str,
        possible: impl IntoIterator<Item = &'b str>,
    ) {
        let possible: Vec<&str> = possible.into_iter().collect();
        let near = similar(given, possible.iter().copied());
        let hint = near.first().map(|it| format!("did you mean `{it}`?"));
        let message = format!(
            "unknown {what} `{given}`{}",
            listed(&possible, hint.is_some())
        );
        self.report("ORC1015", path, message, hint);
    }

    /// The place of the value at the end of a path.
    pub(super) fn place(&self, path: &[&str]) -> Place {
        self.tree.nearest(path.iter().copied()).at
    }

    /// The keys of the object at the end of a path, in the order of the file.
    pub(super) fn keys(&self, path: &[&str]) -> Vec<String> {
        let node = path.iter().try_fold(&self.tree, |node, key| node.get(key));
        let pairs = node.map_or(&[][..], Node::pairs);
        pairs.iter().map(|(key, _)| key.name.clone()).collect()
    }

    /// How many problems were told so far.
    pub(super) fn problem_count(&self) -> usize {
        self.problems.borrow().len()
    }

    /// Takes back what was told after the first so many.
    pub(super) fn forget_after(&self, count: usize) {
        self.problems.borrow_mut().truncate(count);
    }

    /// Everything that was told, in the order of the file.
    pub(super) fn into_problems(self) -> Vec<DefinitionProblem> {
        let mut problems = self.problems.into_inner();
        if !self.is_whole {
            // What is missing may be what was left out, and that was told.
            problems.retain(|problem| problem.code != "ORC1013");
        }
        problems.sort_by_key(|problem| problem.at);
        problems.dedup();
        problems
    }

    /// The place of a byte of a text that stands in the file. Texts in blocks or with escapes are
    /// not followed: then it is the place of the whole.
    fn inside(&self, node: &Node, byte: usize) -> Place {
        let Kind::Text(text) = &node.kind else {
            return node.at;
        };
        let source = self.text.get(node.offset..).unwrap_or_default();
        let quoted = source.strip_prefix(['"', '\'']);
        let (rest, skipped) = match quoted {
            Some(rest) => (rest, 1),
            None => (source, 0),
        };
        if !rest.starts_with(text.as_str()) || text.contains('\n') {
            return node.at;
        }
        let before = text.get(..byte).unwrap_or(text).chars().count();
        let column = node.at.column as usize + skipped + before;
        Place {
            line: node.at.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}

/// What was possible, unless that is long and the one that was probably meant is named anyway.
pub(super) fn listed(possible: &[&str], has_hint: bool) -> String {
    match possible.len() {
        0 => " (there is none)".to_owned(),
        13.. if has_hint => String::new(),
        _ => format!(" (possible: {})", possible.join(", ")),
    }
}

/// Takes the value at the end of a path away, or puts another in its place.
fn leave_out(value: &mut Value, path: &[String], stand_in: Option<&Value>) {
    let Some((last, before)) = path.split_last() else {
        return;
    };
    let parent = before.iter().try_fold(value, |value, key| match value {
        Value::Object(map) => map.get_mut(key),
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    });
    match (parent, stand_in) {
        (Some(Value::Object(map)), Some(other)) => {
            map.insert(last.clone(), other.clone());
        }
        (Some(Value::Object(map)), None) => {
            map.shift_remove(last);
        }
        (Some(Value::Array(items)), other) => {
            let Some(at) = last.parse().ok().filter(|at| *at < items.len()) else {
                return;
            };
            match (other, items.get_mut(at)) {
                (Some(other), Some(item)) => *item = other.clone(),
                _ => drop(items.remove(at)),
            }
        }
        _ => {}
    }
}
