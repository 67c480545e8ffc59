//! Collects what the rules found in one file and turns it into findings: deduplicated, fingerprinted, sorted.

use std::collections::BTreeMap;
use std::ops::Range;

use tree_sitter::Node;

use super::rule::Rule;
use super::suppress::{self, Suppression};
use crate::finding::{Confidence, Finding, Severity, fingerprint, number_equal};
use crate::secrets::redact;
use crate::source::ParsedFile;

/// Lines longer than this are written by programs; only a part of them is looked at.
const LONG_LINE: usize = 800;
/// How many lines of one finding are searched for a suppression comment.
const SUPPRESSION_LINES: usize = 10;

#[derive(Debug)]
struct Hit {
    rule: &'static Rule,
    severity: Severity,
    confidence: Confidence,
    message: String,
    start: usize,
    row: usize,
    last_row: usize,
}

/// A comment with its place.
#[derive(Debug)]
struct Comment<'t> {
    text: &'t str,
    /// Nothing but white space stands before it on its line.
    alone: bool,
}

/// The findings of one file while it is looked at.
#[derive(Debug, Default)]
pub(super) struct Report<'t> {
    hits: BTreeMap<(usize, &'static str), Hit>,
    comments: BTreeMap<usize, Vec<Comment<'t>>>,
    functions: Vec<(Range<usize>, String)>,
}

impl<'t> Report<'t> {
    /// Records a finding. The same rule at the same place is kept once, as its worst.
    pub(super) fn add(
        &mut self,
        rule: &'static Rule,
        node: Node<'_>,
        severity: Severity,
        confidence: Confidence,
        message: String,
    ) {
        let rows = (node.start_position().row, node.end_position().row);
        self.add_at(rule, node.start_byte(), rows, severity, confidence, message);
    }

    /// The same at a byte, on its first and last row.
    pub(super) fn add_at(
        &mut self,
        rule: &'static Rule,
        start: usize,
        (row, last_row): (usize, usize),
        severity: Severity,
        confidence: Confidence,
        message: String,
    ) {
        let hit = Hit {
            rule,
            severity,
            confidence,
            message,
            start,
            row,
            last_row,
        };
        let key = (hit.start, rule.id);
        let worse = self.hits.get(&key).is_none_or(|known| {
            (hit.severity, hit.confidence) < (known.severity, known.confidence)
        });
        if worse {
            self.hits.insert(key, hit);
        }
    }

    /// Takes back what only asks for care where something worse was found at the same place.
    fn settle(&mut self) {
        let settled: Vec<(usize, &'static str)> = self
            .hits
            .iter()
            .filter(|((_, id), _)| id.ends_with(".audit-call"))
            .filter(|((start, _), _)| {
                let here = self.hits.range((*start, "")..(*start + 1, ""));
                here.into_iter()
                    .any(|(_, other)| other.rule.severity <= Severity::Medium)
            })
            .map(|(key, _)| *key)
            .collect();
        for key in settled {
            self.hits.remove(&key);
        }
    }

    /// Notes a comment, in the order of the text.
    pub(super) fn comment(&mut self, node: Node<'_>, file: &str, text: &'t str) {
        let column = node.start_position().column;
        let line = node
            .start_byte()
            .checked_sub(column.min(LONG_LINE))
            .and_then(|start| file.get(start..node.start_byte()))
            .unwrap_or("?");
        self.comments
            .entry(node.start_position().row)
            .or_default()
            .push(Comment {
                text,
                alone: line.trim().is_empty(),
            });
    }

    /// Whether a comment on this row, or alone on rows just above it, satisfies `wanted`.
    pub(super) fn comment_above(&self, row: usize, wanted: impl Fn(&str) -> bool) -> bool {
        let here = self.comments.get(&row);
        if here.is_some_and(|comments| comments.iter().any(|c| wanted(c.text))) {
            return true;
        }
        let mut above = row;
        while let Some(before) = above.checked_sub(1) {
            let Some(comments) = self.comments.get(&before) else {
                return false;
            };
            if !comments.iter().all(|comment| comment.alone) {
                return false;
            }
            if comments.iter().any(|comment| wanted(comment.text)) {
                return true;
            }
            above = before;
        }
        false
    }

    /// Notes a named function, outer ones before inner ones.
    pub(super) fn function(&mut self, node: Node<'_>, name: &str) {
        self.functions.push((node.byte_range(), name.to_owned()));
    }

    /// What the comments beside a finding, or alone on the line above it, make of it.
    fn suppression(&self, hit: &Hit) -> Option<Suppression> {
        let last = hit.last_row.min(hit.row + SUPPRESSION_LINES);
        let beside = self.comments.range(hit.row..=last);
        let above = hit
            .row
            .checked_sub(1)
            .and_then(|row| self.comments.get(&row));
        let alone = above.into_iter().flatten().filter(|comment| comment.alone);
        suppress::strongest(
            beside
                .flat_map(|(_, comments)| comments)
                .chain(alone)
                .filter_map(|comment| suppress::suppression_for(comment.text, hit.rule)),
        )
    }

    fn function_at(&self, byte: usize) -> &str {
        self.functions
            .iter()
            .rev()
            .find(|(range, _)| range.contains(&byte))
            .map_or("", |(_, name)| name)
    }

    /// The findings, by position.
    pub(super) fn finish(mut self, file: &ParsedFile<'_>) -> Vec<Finding> {
        self.settle();
        let text = &file.source.text;
        let mut findings: Vec<Finding> = self
            .hits
            .values()
            .map(|hit| {
                let (column, line) = line_at(text, hit.start);
                let (suppressed, addition) = suppress::effect(self.suppression(hit));
                Finding {
                    rule_id: hit.rule.id.to_owned(),
                    severity: hit.severity,
                    confidence: hit.confidence,
                    path: file.source.path.clone(),
                    line: u32::try_from(hit.row + 1).unwrap_or(u32::MAX),
                    column,
                    message: redact(&hit.message).into_owned() + addition,
                    fix: hit.rule.fix.to_owned(),
                    fingerprint: fingerprint(
                        hit.rule.id,
                        &file.source.path,
                        self.function_at(hit.start),
                        &redact(line),
                    ),
                    in_test: file.is_test(hit.start),
                    suppressed,
                }
            })
            .collect();
        number_equal(&mut findings);
        findings
    }
}

/// The column in characters, from 1, and the line around a byte offset; of a very long line the part near it.
pub(crate) fn line_at(text: &str, byte: usize) -> (u32, &str) {
    let before = text.get(..byte).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(start..).map_or(0, |line| line.chars().count());
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
    let line = if line.len() > LONG_LINE {
        let from = text.floor_char_boundary(byte.saturating_sub(LONG_LINE / 4).max(start));
        let to = text.floor_char_boundary((from + LONG_LINE).min(start + line.len()));
        text.get(from..to).unwrap_or_default()
    } else {
        line
    };
    (u32::try_from(column + 1).unwrap_or(u32::MAX), line)
}
