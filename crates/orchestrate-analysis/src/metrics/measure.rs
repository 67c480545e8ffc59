//! The one walk over a tree that all figures share.

use std::collections::HashMap;
use std::ops::Range;

use tree_sitter::{Node, TreeCursor};

use super::construct::{Construct, Table};
use super::facts::{FileMeasures, FunctionFacts};
use super::hazard::{self, Hazard, HazardKind};
use super::{marker, name};
use crate::language::Language;
use crate::source::{ParsedFile, Role};

/// Measures a parsed file.
#[must_use]
pub fn measure(file: &ParsedFile<'_>) -> FileMeasures {
    let mut walk = Walk {
        language: file.source.language,
        text: &file.source.text,
        table: Table::of(file.source.language, &file.source.path),
        all_test: file.source.role == Role::Test,
        test_ranges: &file.test_ranges,
        next_line: 0,
        literals: HashMap::new(),
        measures: FileMeasures::default(),
    };
    let mut cursor = file.tree.walk();
    let mut above: Vec<Frame<'_>> = Vec::new();
    loop {
        let entered = walk.enter(&cursor, &above);
        walk.measures.depth = walk.measures.depth.max(above.len() + 1);
        if let Some(frame) = entered
            && cursor.goto_first_child()
        {
            above.push(frame);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return walk.measures;
            }
            above.pop();
        }
    }
}

/// What holds for the children of a node.
#[derive(Debug, Clone)]
struct Frame<'tree> {
    node: Node<'tree>,
    construct: Construct,
    /// The function to which decisions below belong.
    owner: Option<usize>,
    /// The function to which lines below belong.
    lines_of: Option<usize>,
    /// Weight of a further break in the flow.
    weight: u32,
    /// Branches, loops, matches and handlers around.
    nesting: u32,
    /// The operator of a binary expression that cuts evaluation short.
    operator: Option<u16>,
    /// What prefixes the names of definitions below.
    holder: Option<String>,
    /// Whether this is inside a syntax error.
    in_error: bool,
}

struct Walk<'a> {
    language: Language,
    text: &'a str,
    table: &'static Table,
    all_test: bool,
    test_ranges: &'a [Range<usize>],
    /// The first line (from 0) that is not yet known to hold code.
    next_line: usize,
    /// Function literals so far in each function, or outside of all.
    literals: HashMap<Option<usize>, u32>,
    measures: FileMeasures,
}

impl Walk<'_> {
    /// Counts one node. Gives the frame of its children, or `None` if they are not to be visited.
    ///
    /// The cursor is handed on because its field is asked for at few nodes and costs at each.
    fn enter<'tree>(
        &mut self,
        cursor: &TreeCursor<'tree>,
        above: &[Frame<'tree>],
    ) -> Option<Frame<'tree>> {
        let node = cursor.node();
        let construct = self.table.get(node.kind_id());
        let parent = above.last();
        let mut frame = Frame {
            node,
            construct,
            owner: owner_of(parent, cursor, self.language),
            lines_of: parent.and_then(|parent| parent.lines_of),
            weight: parent.map_or(0, |parent| parent.weight),
            nesting: parent.map_or(0, |parent| parent.nesting),
            operator: None,
            holder: None,
            in_error: parent.is_some_and(|parent| parent.in_error),
        };
        if node.is_error() || node.is_missing() {
            self.measures.has_errors = true;
            if !frame.in_error {
                self.measures.error_bytes += node.byte_range().len();
            }
            frame.in_error = true;
        }
        match construct {
            Construct::Comment => {
                let comment = self.text.get(node.byte_range()).unwrap_or_default();
                let in_test = self.is_test(node.start_byte());
                marker::markers(comment, line_of(node), in_test, &mut self.measures.markers);
                return None;
            }
            Construct::Statement if is_bare_string(node) => return None,
            Construct::Function => self.open_function(node, None, above, &mut frame),
            Construct::Literal => self.enter_literal(cursor, above, &mut frame),
            Construct::Type => {
                let own = name::type_name(node, self.text).unwrap_or_default();
                frame.holder = Some(self.qualified(above, &own));
                if self.language == Language::Python {
                    frame.owner = None;
                }
            }
            Construct::Decorator => frame.owner = None,
            Construct::Assert => {
                self.decide(&frame, 1, 0);
                // radon does not look inside an assertion.
                frame.owner = None;
            }
            _ => self.enter_flow(cursor, above, &mut frame),
        }
        if node.child_count() == 0 {
            self.enter_leaf(node, construct, &frame);
        }
        Some(frame)
    }

    fn enter_flow(&mut self, cursor: &TreeCursor<'_>, above: &[Frame<'_>], frame: &mut Frame<'_>) {
        let node = frame.node;
        let parent = above.last().map(|parent| parent.construct);
        match frame.construct {
            Construct::If => {
                let continues = parent == Some(Construct::Else)
                    || (parent == Some(Construct::If) && is_alternative(cursor));
                if continues {
                    self.decide(frame, 1, 1);
                } else {
                    self.decide(frame, 1, 1 + frame.weight);
                    self.nest(frame, true);
                }
            }
            Construct::ElseIf => self.decide(frame, 1, 1),
            Construct::Else => {
                // Python: the way out of a loop or a `try` is a decision, that of an `if` is not.
                let decides = self.language == Language::Python
                    && matches!(parent, Some(Construct::Loop | Construct::Try));
                let continues = last_named_child(node)
                    .is_some_and(|child| self.table.get(child.kind_id()) == Construct::If)
                    && self.language != Language::Python;
                self.decide(frame, u32::from(decides), u32::from(!continues));
            }
            Construct::Loop | Construct::Ternary => {
                self.decide(frame, 1, 1 + frame.weight);
                self.nest(frame, true);
            }
            Construct::Switch => {
                let decisions = match self.language {
                    Language::Rust => children_of_kind(node, "match_arm").0.saturating_sub(1),
                    Language::Python => {
                        let (cases, catches_all) = children_of_kind(node, "case_clause");
                        cases.saturating_sub(u32::from(catches_all))
                    }
                    Language::JavaScript | Language::TypeScript | Language::Go => 0,
                };
                self.decide(frame, decisions, 1 + frame.weight);
                self.nest(frame, true);
            }
            Construct::Try => self.nest(frame, false),
            Construct::Case => self.decide(frame, 1, 0),
            Construct::Pattern => {
                let guarded = node.child_by_field_name("condition").is_some();
                self.decide(frame, u32::from(guarded), 0);
            }
            Construct::Catch => {
                self.decide(frame, 1, 1 + frame.weight);
                frame.weight += 1;
                if node.child(1).is_some_and(|next| next.kind() == ":") {
                    self.hazard(HazardKind::BareExcept, node);
                }
            }
            Construct::Binary => self.enter_binary(node, above, frame),
            Construct::Chain => {
                let joins = joined_conditions(node);
                self.decide(frame, joins, u32::from(joins > 0));
            }
            // The guard of a case is no decision of its own for radon.
            Construct::Clause if cursor.field_name() != Some("guard") => self.decide(frame, 1, 0),
            Construct::Let if node.child_by_field_name("alternative").is_some() => {
                self.decide(frame, 1, 1);
            }
            Construct::Jump if node.named_child_count() > 0 && has_label(node) => {
                self.decide(frame, 0, 1);
            }
            _ => {
                // Go writes the last `else` as a bare block of its `if`.
                if parent == Some(Construct::If)
                    && self.language == Language::Go
                    && is_alternative(cursor)
                {
                    self.decide(frame, 0, 1);
                }
            }
        }
    }

    fn enter_binary(&mut self, node: Node<'_>, above: &[Frame<'_>], frame: &mut Frame<'_>) {
        let Some(operator) = node.child_by_field_name("operator") else {
            return;
        };
        if !matches!(operator.kind(), "&&" | "||" | "??" | "and" | "or") {
            return;
        }
        frame.operator = Some(operator.kind_id());
        // A run of one operator is one break in the flow.
        let around = above
            .iter()
            .rev()
            .find(|outer| outer.node.kind() != "parenthesized_expression")
            .and_then(|outer| outer.operator);
        self.decide(frame, 1, u32::from(around != frame.operator));
    }

    fn enter_literal<'tree>(
        &mut self,
        cursor: &TreeCursor<'tree>,
        above: &[Frame<'tree>],
        frame: &mut Frame<'tree>,
    ) {
        let node = frame.node;
        let is_script = matches!(self.language, Language::JavaScript | Language::TypeScript);
        let bound = above
            .last()
            .filter(|_| is_script)
            .and_then(|parent| name::bound_name(parent.node, cursor.field_name(), self.text));
        if bound.is_some() {
            self.open_function(node, bound, above, frame);
        } else if self.language == Language::Go || (is_script && frame.owner.is_none()) {
            // Go's own tools name a literal after what encloses it, `main.func1`, and count it by
            // itself. A script's literal that nothing encloses would otherwise be lost.
            let name = self.literal_name(frame.owner);
            self.open_function(node, Some(name), above, frame);
        } else {
            frame.weight += 1;
        }
    }

    /// `func1`, `func2` in the order in which they stand in the enclosing function or file.
    fn literal_name(&mut self, owner: Option<usize>) -> String {
        let ordinal = self.literals.entry(owner).or_default();
        *ordinal += 1;
        format!("func{ordinal}")
    }

    fn open_function<'tree>(
        &mut self,
        node: Node<'tree>,
        bound: Option<String>,
        above: &[Frame<'tree>],
        frame: &mut Frame<'tree>,
    ) {
        let own = bound
            .or_else(|| name::definition_name(node, self.text))
            .unwrap_or_else(|| "(anonymous)".to_owned());
        let qualified = match name::receiver_type(node, self.text) {
            Some(receiver) => format!("{receiver}.{own}"),
            None => self.qualified(above, &own),
        };
        let index = self.measures.functions.len();
        self.measures.functions.push(FunctionFacts {
            name: qualified.clone(),
            line: line_of(node),
            end_line: last_line(node),
            code_lines: 0,
            cyclomatic: 1,
            cognitive: 0,
            nesting: 0,
            parameters: name::parameter_count(node, self.language, self.text),
            is_test: self.is_test(node.start_byte()),
        });
        frame.construct = Construct::Function;
        frame.owner = Some(index);
        frame.lines_of = Some(index);
        frame.weight = 0;
        frame.nesting = 0;
        frame.holder = Some(qualified);
    }

    fn enter_leaf(&mut self, node: Node<'_>, construct: Construct, frame: &Frame<'_>) {
        let range = node.byte_range();
        let text = self.text.get(range.clone()).unwrap_or_default();
        if text.trim().is_empty() {
            return;
        }
        if construct == Construct::Identifier
            && let Some(kind) =
                hazard::at_identifier(self.language, self.text, range.start, range.end)
        {
            self.hazard(kind, node);
        }
        let first = node.start_position().row.max(self.next_line);
        let last = node.end_position().row;
        if last < first {
            return;
        }
        self.next_line = last + 1;
        let lines = u32::try_from(last - first + 1).unwrap_or(u32::MAX);
        if self.is_test(range.start) {
            self.measures.test_code_lines += lines;
        } else {
            self.measures.code_lines += lines;
        }
        if let Some(function) = frame
            .lines_of
            .and_then(|index| self.measures.functions.get_mut(index))
        {
            function.code_lines += lines;
        }
    }

    fn hazard(&mut self, kind: HazardKind, node: Node<'_>) {
        let in_test = self.is_test(node.start_byte());
        self.measures.hazards.push(Hazard {
            kind,
            line: line_of(node),
            in_test,
        });
    }

    /// Adds to the figures of the function that a frame belongs to.
    fn decide(&mut self, frame: &Frame<'_>, cyclomatic: u32, cognitive: u32) {
        if let Some(function) = frame
            .owner
            .and_then(|index| self.measures.functions.get_mut(index))
        {
            function.cyclomatic += cyclomatic;
            function.cognitive += cognitive;
        }
    }

    /// Makes what lies below deeper by one; `weighs` if a break in the flow costs more there.
    fn nest(&mut self, frame: &mut Frame<'_>, weighs: bool) {
        frame.nesting += 1;
        frame.weight += u32::from(weighs);
        if let Some(function) = frame
            .owner
            .and_then(|index| self.measures.functions.get_mut(index))
        {
            function.nesting = function.nesting.max(frame.nesting);
        }
    }

    fn qualified(&self, above: &[Frame<'_>], own: &str) -> String {
        let joint = if self.language == Language::Rust {
            "::"
        } else {
            "."
        };
        match above.iter().rev().find_map(|frame| frame.holder.as_deref()) {
            Some(holder) => format!("{holder}{joint}{own}"),
            None => own.to_owned(),
        }
    }

    fn is_test(&self, byte: usize) -> bool {
        self.all_test || self.test_ranges.iter().any(|range| range.contains(&byte))
    }
}

/// The function to which the decisions of a child belong. Python evaluates parameters and
/// annotations where the definition stands, so they belong to no function.
fn owner_of(
    parent: Option<&Frame<'_>>,
    cursor: &TreeCursor<'_>,
    language: Language,
) -> Option<usize> {
    let parent = parent?;
    if parent.construct == Construct::Function
        && language == Language::Python
        && cursor.field_name() != Some("body")
    {
        return None;
    }
    parent.owner
}

fn is_alternative(cursor: &TreeCursor<'_>) -> bool {
    cursor.field_name() == Some("alternative")
}

/// A Python statement that is only a string documents; it runs nothing.
fn is_bare_string(statement: Node<'_>) -> bool {
    statement.child_count() == 1
        && statement
            .child(0)
            .is_some_and(|child| child.kind() == "string")
}

fn last_named_child(node: Node<'_>) -> Option<Node<'_>> {
    let count = u32::try_from(node.named_child_count()).ok()?;
    node.named_child(count.checked_sub(1)?)
}

/// How many cases or arms a choice has, and whether one of them takes whatever is left.
fn children_of_kind(choice: Node<'_>, kind: &str) -> (u32, bool) {
    let Some(body) = choice.child_by_field_name("body") else {
        return (0, false);
    };
    let mut count = 0;
    let mut catches_all = false;
    let mut cursor = body.walk();
    for child in body.named_children(&mut cursor) {
        if child.kind() == kind {
            count += 1;
            catches_all |= is_catch_all(child);
        }
    }
    (count, catches_all)
}

/// `case _:` or `case name:`.
fn is_catch_all(case: Node<'_>) -> bool {
    let Some(pattern) = case.named_child(0) else {
        return false;
    };
    match pattern.named_child(0) {
        None => true,
        Some(inner) => inner.kind() == "dotted_name" && inner.named_child_count() == 1,
    }
}

fn joined_conditions(chain: Node<'_>) -> u32 {
    let mut cursor = chain.walk();
    let joins = chain
        .children(&mut cursor)
        .filter(|child| child.kind() == "&&")
        .count();
    u32::try_from(joins).unwrap_or(u32::MAX)
}

fn has_label(jump: Node<'_>) -> bool {
    jump.named_child(0).is_some_and(|child| {
        matches!(
            child.kind(),
            "label" | "label_name" | "statement_identifier"
        )
    })
}

fn line_of(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).unwrap_or(u32::MAX - 1) + 1
}

/// The last line that a node covers; a node may end before the first column of the next.
fn last_line(node: Node<'_>) -> u32 {
    let end = node.end_position();
    let row = if end.column == 0 && end.row > node.start_position().row {
        end.row - 1
    } else {
        end.row
    };
    u32::try_from(row).unwrap_or(u32::MAX - 1) + 1
}
