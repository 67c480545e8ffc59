//! Finds the places of a function in which a fault can be planted.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::choose::choose;
use super::mutant::{Mutant, MutantKind};
use super::operators::swapped;
use crate::language::Language;
use crate::source::ParsedFile;

/// Longest piece of code that is shown in words.
const SHOWN: usize = 40;

/// Faults in those lines of a file, at most so many, of as many kinds as there are. Each stands on
/// one of the lines; test code and documentation are left alone.
#[must_use]
pub fn mutants(file: &ParsedFile<'_>, lines: &BTreeSet<u32>, most: usize) -> Vec<Mutant> {
    let mut planter = Planter {
        file,
        lines,
        found: Vec::new(),
    };
    let mut waiting = vec![file.tree.root_node()];
    while let Some(node) = waiting.pop() {
        planter.visit(node);
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        waiting.extend(children.into_iter().rev());
    }
    let mut found = planter.found;
    found.sort_by_key(|mutant| (mutant.bytes.start, mutant.kind));
    choose(found, most)
}

struct Planter<'a, 'b> {
    file: &'a ParsedFile<'b>,
    lines: &'a BTreeSet<u32>,
    found: Vec<Mutant>,
}

impl Planter<'_, '_> {
    fn visit(&mut self, node: Node<'_>) {
        // Operators are visited with what they join, and a word may stand inside of its own literal.
        if !node.is_named() {
            return;
        }
        match node.kind() {
            "binary_expression"
            | "binary_operator"
            | "boolean_operator"
            | "comparison_operator"
            | "compound_assignment_expr"
            | "augmented_assignment"
            | "augmented_assignment_expression" => self.operator(node),
            "if_statement" | "elif_clause" | "if_expression" | "ternary_expression" => {
                self.condition(node);
            }
            "return_statement" => self.returned(node),
            "function_item" => self.body(node),
            "true" | "True" => self.literal(node, false),
            "false" | "False" => self.literal(node, true),
            "boolean_literal" => self.literal(node, self.file.text(node) == "false"),
            "integer" | "integer_literal" | "int_literal" | "number" => self.number(node),
            "expression_statement" | "raise_statement" | "assignment_statement" => {
                self.statement(node);
            }
            _ => {}
        }
    }

    fn put(&mut self, node: Node<'_>, kind: MutantKind, what: String, replacement: String) {
        let line = u32::try_from(node.start_position().row)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        if self.lines.contains(&line) && !self.file.is_test(node.start_byte()) {
            self.found.push(Mutant {
                line,
                kind,
                what,
                bytes: node.byte_range(),
                replacement,
            });
        }
    }

    fn operator(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        for child in node.children(&mut cursor).filter(|child| !child.is_named()) {
            // `is not` may stand with any space between its words.
            let text = self.file.text(child).split_whitespace();
            let operator = text.collect::<Vec<_>>().join(" ");
            if let Some((other, kind)) = swapped(&operator) {
                let what = format!("`{operator}` becomes `{other}`");
                self.put(child, kind, what, other.to_owned());
            }
        }
    }

    fn condition(&mut self, node: Node<'_>) {
        let Some(condition) = node.child_by_field_name("condition") else {
            return;
        };
        // A pattern is no truth value.
        if ["let_condition", "let_chain"].contains(&condition.kind()) {
            return;
        }
        let text = self.file.text(condition);
        let negated = match (self.file.source.language, condition.kind()) {
            (Language::Python, _) => format!("not ({text})"),
            (_, "parenthesized_expression") => format!("(!{text})"),
            _ => format!("!({text})"),
        };
        let what = format!("the condition `{}` is negated", shown(text));
        self.put(condition, MutantKind::Condition, what, negated);
    }

    fn returned(&mut self, node: Node<'_>) {
        let nothing = match self.file.source.language {
            Language::Python => "None",
            Language::JavaScript | Language::TypeScript => "undefined",
            // What fits the type is not known.
            Language::Rust | Language::Go => return,
        };
        if let Some(value) = node.named_child(0) {
            let text = self.file.text(value);
            if text != nothing {
                let what = format!("`{nothing}` is returned in place of `{}`", shown(text));
                self.put(value, MutantKind::ReturnValue, what, nothing.to_owned());
            }
        }
    }

    /// A function of Rust that gives something gives its type's default; where the type has none this
    /// does not compile, and so proves nothing.
    fn body(&mut self, node: Node<'_>) {
        let gives = node.child_by_field_name("return_type").is_some();
        let Some(body) = node.child_by_field_name("body").filter(|_| gives) else {
            return;
        };
        let mut cursor = body.walk();
        let mut inside = body.named_children(&mut cursor);
        let ran = inside.find(|child| {
            let row = child.start_position().row;
            u32::try_from(row + 1).is_ok_and(|line| self.lines.contains(&line))
        });
        if let Some(ran) = ran {
            let line = u32::try_from(ran.start_position().row + 1).unwrap_or(u32::MAX);
            if !self.file.is_test(node.start_byte()) {
                self.found.push(Mutant {
                    line,
                    kind: MutantKind::ReturnValue,
                    what: "the default of its type is returned at once".to_owned(),
                    bytes: body.byte_range(),
                    replacement: "{ ::core::default::Default::default() }".to_owned(),
                });
            }
        }
    }

    fn literal(&mut self, node: Node<'_>, is: bool) {
        let word = match (self.file.source.language, is) {
            (Language::Python, true) => "True",
            (Language::Python, false) => "False",
            (_, true) => "true",
            (_, false) => "false",
        };
        let what = format!("`{}` becomes `{word}`", self.file.text(node));
        self.put(node, MutantKind::Literal, what, word.to_owned());
    }

    fn number(&mut self, node: Node<'_>) {
        let text = self.file.text(node);
        // Other notations say something else than a plain number does.
        if let Ok(number) = text.parse::<u32>() {
            let other = number.saturating_add(1).to_string();
            let what = format!("`{text}` becomes `{other}`");
            self.put(node, MutantKind::Literal, what, other);
        }
    }

    fn statement(&mut self, node: Node<'_>) {
        let text = self.file.text(node);
        let only = node.named_child(0).map_or("", |child| child.kind());
        let nothing = match self.file.source.language {
            // A documentation string does nothing.
            Language::Python if only == "string" => return,
            Language::Python => "pass",
            // A last expression is the value of its block; a branch or loop is changed inside.
            Language::Rust if !text.ends_with(';') => return,
            Language::Rust if only == "return_expression" => return,
            _ => "{}",
        };
        let what = format!("`{}` is left out", shown(text));
        self.put(node, MutantKind::Statement, what, nothing.to_owned());
    }
}

/// Code in one short line.
fn shown(code: &str) -> String {
    let line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SHOWN).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
