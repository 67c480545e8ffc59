//! What the nodes of each grammar mean to the counters.

use std::sync::OnceLock;

use crate::language::Language;

/// What a node means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Construct {
    /// Nothing of its own.
    Other,
    /// Text for people; never code.
    Comment,
    /// A statement that may be a bare string, which documents rather than runs.
    Statement,
    /// A definition with figures of its own.
    Function,
    /// A function as a value: its own if a name is bound to it, else part of what encloses it.
    Literal,
    /// A type whose members carry its name.
    Type,
    /// Something evaluated where the definition stands, not when the function runs.
    Decorator,
    /// A branch.
    If,
    /// A further branch of the same `if`.
    ElseIf,
    /// The other way out of a branch, a loop or a `try`.
    Else,
    /// A block that handlers guard.
    Try,
    /// A loop.
    Loop,
    /// A choice among cases.
    Switch,
    /// One case of a choice.
    Case,
    /// A pattern that may carry a guard.
    Pattern,
    /// An exception handler.
    Catch,
    /// A conditional expression.
    Ternary,
    /// A binary expression, which may cut evaluation short.
    Binary,
    /// Conditions joined by `&&` that may bind names.
    Chain,
    /// A `for` or `if` inside a comprehension, or the guard of a case.
    Clause,
    /// An assertion.
    Assert,
    /// A jump that may name its target.
    Jump,
    /// A `let` that may leave by `else`.
    Let,
    /// A leaf that names something.
    Identifier,
}

/// The meaning of every node kind of one grammar, by its number.
#[derive(Debug)]
pub(super) struct Table {
    constructs: Vec<Construct>,
}

impl Table {
    /// The table of the grammar that parses `path`. Built once per grammar.
    pub(super) fn of(language: Language, path: &str) -> &'static Self {
        static TABLES: [OnceLock<Table>; 6] = [const { OnceLock::new() }; 6];
        let [rust, python, javascript, typescript, tsx, go] = &TABLES;
        let cell = match language {
            Language::Rust => rust,
            Language::Python => python,
            Language::JavaScript => javascript,
            Language::TypeScript if path.ends_with(".tsx") => tsx,
            Language::TypeScript => typescript,
            Language::Go => go,
        };
        cell.get_or_init(|| {
            let grammar = language.grammar(path);
            let constructs = (0..grammar.node_kind_count())
                .map(|id| {
                    u16::try_from(id)
                        .ok()
                        .filter(|id| grammar.node_kind_is_named(*id))
                        .and_then(|id| grammar.node_kind_for_id(id))
                        .and_then(|kind| kinds(language).iter().find(|(name, _)| *name == kind))
                        .map_or(Construct::Other, |(_, construct)| *construct)
                })
                .collect();
            Self { constructs }
        })
    }

    /// What a node of this kind means.
    pub(super) fn get(&self, kind: u16) -> Construct {
        self.constructs
            .get(usize::from(kind))
            .copied()
            .unwrap_or(Construct::Other)
    }
}

/// The node kinds that mean something, for each language.
fn kinds(language: Language) -> &'static [(&'static str, Construct)] {
    match language {
        Language::Rust => RUST,
        Language::Python => PYTHON,
        Language::JavaScript | Language::TypeScript => SCRIPT,
        Language::Go => GO,
    }
}

const RUST: &[(&str, Construct)] = &[
    ("line_comment", Construct::Comment),
    ("block_comment", Construct::Comment),
    ("function_item", Construct::Function),
    ("closure_expression", Construct::Literal),
    ("impl_item", Construct::Type),
    ("trait_item", Construct::Type),
    ("if_expression", Construct::If),
    ("else_clause", Construct::Else),
    ("for_expression", Construct::Loop),
    ("while_expression", Construct::Loop),
    ("loop_expression", Construct::Loop),
    ("match_expression", Construct::Switch),
    ("match_pattern", Construct::Pattern),
    ("binary_expression", Construct::Binary),
    ("let_chain", Construct::Chain),
    ("let_declaration", Construct::Let),
    ("break_expression", Construct::Jump),
    ("continue_expression", Construct::Jump),
    ("identifier", Construct::Identifier),
    ("field_identifier", Construct::Identifier),
];

const PYTHON: &[(&str, Construct)] = &[
    ("comment", Construct::Comment),
    ("expression_statement", Construct::Statement),
    ("function_definition", Construct::Function),
    ("lambda", Construct::Literal),
    ("class_definition", Construct::Type),
    ("decorator", Construct::Decorator),
    ("if_statement", Construct::If),
    ("elif_clause", Construct::ElseIf),
    ("else_clause", Construct::Else),
    ("try_statement", Construct::Try),
    ("for_statement", Construct::Loop),
    ("while_statement", Construct::Loop),
    ("match_statement", Construct::Switch),
    ("except_clause", Construct::Catch),
    ("conditional_expression", Construct::Ternary),
    ("boolean_operator", Construct::Binary),
    ("for_in_clause", Construct::Clause),
    ("if_clause", Construct::Clause),
    ("assert_statement", Construct::Assert),
];

const SCRIPT: &[(&str, Construct)] = &[
    ("comment", Construct::Comment),
    ("html_comment", Construct::Comment),
    ("function_declaration", Construct::Function),
    ("generator_function_declaration", Construct::Function),
    ("method_definition", Construct::Function),
    ("arrow_function", Construct::Literal),
    ("function_expression", Construct::Literal),
    ("generator_function", Construct::Literal),
    ("class_declaration", Construct::Type),
    ("class", Construct::Type),
    ("abstract_class_declaration", Construct::Type),
    ("if_statement", Construct::If),
    ("else_clause", Construct::Else),
    ("try_statement", Construct::Try),
    ("for_statement", Construct::Loop),
    ("for_in_statement", Construct::Loop),
    ("while_statement", Construct::Loop),
    ("do_statement", Construct::Loop),
    ("switch_statement", Construct::Switch),
    ("switch_case", Construct::Case),
    ("catch_clause", Construct::Catch),
    ("ternary_expression", Construct::Ternary),
    ("binary_expression", Construct::Binary),
    ("break_statement", Construct::Jump),
    ("continue_statement", Construct::Jump),
];

const GO: &[(&str, Construct)] = &[
    ("comment", Construct::Comment),
    ("function_declaration", Construct::Function),
    ("method_declaration", Construct::Function),
    ("func_literal", Construct::Literal),
    ("if_statement", Construct::If),
    ("for_statement", Construct::Loop),
    ("expression_switch_statement", Construct::Switch),
    ("type_switch_statement", Construct::Switch),
    ("select_statement", Construct::Switch),
    ("expression_case", Construct::Case),
    ("type_case", Construct::Case),
    ("communication_case", Construct::Case),
    ("binary_expression", Construct::Binary),
    ("break_statement", Construct::Jump),
    ("continue_statement", Construct::Jump),
    ("goto_statement", Construct::Jump),
    ("identifier", Construct::Identifier),
];

#[cfg(test)]
mod tests {
    use super::kinds;
    use crate::language::Language;

    /// A kind that a grammar no longer knows would be counted as nothing, silently.
    #[test]
    fn every_kind_exists_in_its_grammar() {
        for (language, path) in [
            (Language::Rust, "a.rs"),
            (Language::Python, "a.py"),
            (Language::JavaScript, "a.js"),
            (Language::TypeScript, "a.ts"),
            (Language::TypeScript, "a.tsx"),
            (Language::Go, "a.go"),
        ] {
            let grammar = language.grammar(path);
            let unknown: Vec<_> = kinds(language)
                .iter()
                .map(|(kind, _)| *kind)
                .filter(|kind| grammar.id_for_node_kind(kind, true) == 0)
                .collect();
            let expected: &[&str] = if language == Language::JavaScript {
                // Only TypeScript has these.
                &["abstract_class_declaration"]
            } else {
                &[]
            };
            assert_eq!(unknown, expected, "for {path}");
        }
    }
}
