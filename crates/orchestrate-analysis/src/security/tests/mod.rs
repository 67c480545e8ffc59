//! Every rule with cases that it must find and cases that it must leave alone.

mod go;
mod javascript;
mod python;
mod robust;
mod rust;

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::language::Language;
use crate::source::{ParsedFile, Role, SourceFile};

/// A rule and source text. `BAD` in a comment marks the lines where it must be found; without a
/// mark it must not be found at all.
pub(super) type Case = (&'static str, &'static str);

/// The findings of every rule in a source text.
fn findings(path: &str, text: &str) -> Vec<Finding> {
    let language = Language::of_path(path).unwrap();
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language.grammar(path)).unwrap();
    let tree = parser.parse(text, None).unwrap();
    let source = SourceFile {
        path: path.to_owned(),
        language,
        role: Role::Product,
        text: text.to_owned(),
        modified: None,
    };
    super::check(&ParsedFile {
        source: &source,
        tree,
        test_ranges: Vec::new(),
    })
}

/// Checks the cases of one language, and that every rule of it has both kinds.
fn check(path: &str, prefix: &str, cases: &[Case]) {
    let mut found_by = BTreeSet::new();
    let mut quiet_for = BTreeSet::new();
    let mut wrong = Vec::new();
    for (rule, text) in cases {
        let marked: Vec<u32> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.contains("BAD"))
            .map(|(number, _)| number)
            .collect();
        let found: BTreeSet<u32> = findings(path, text)
            .into_iter()
            .filter(|finding| finding.rule_id == *rule)
            .map(|finding| finding.line)
            .collect();
        if found != marked.iter().copied().collect() {
            wrong.push(format!(
                "{rule}: expected {marked:?}, found {found:?} in\n{text}"
            ));
        }
        if marked.is_empty() {
            quiet_for.insert(*rule);
        } else {
            found_by.insert(*rule);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for rule in super::rules() {
        if rule.id.starts_with(prefix) {
            assert!(
                found_by.contains(rule.id),
                "{} has no positive case",
                rule.id
            );
            assert!(
                quiet_for.contains(rule.id),
                "{} has no negative case",
                rule.id
            );
        }
    }
}

#[test]
fn ids_are_distinct_and_texts_are_worded_alike() {
    let rules = super::rules();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules.len());
    for rule in rules {
        for text in [rule.title, rule.why, rule.fix] {
            assert!(
                !text.is_empty() && !text.ends_with('.'),
                "{}: {text}",
                rule.id
            );
        }
    }
}
