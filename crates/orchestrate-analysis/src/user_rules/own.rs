//! Rules in this program's own format: a pattern over the syntax tree, or an expression over the text.

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;
use tree_sitter::{Query, QueryCursor, StreamingIterator};

use super::gitleaks::compile;
use crate::finding::{Confidence, Severity};
use crate::language::Language;
use crate::source::ParsedFile;

/// A file of rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default)]
    pub(super) rule: Vec<RawOwn>,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOwn {
    id: Spanned<String>,
    language: Option<Language>,
    query: Option<Spanned<String>>,
    regex: Option<Spanned<String>>,
    message: String,
    #[serde(default)]
    fix: String,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    /// Only files below one of these.
    #[serde(default)]
    paths: Vec<String>,
}

/// How a rule finds.
#[derive(Debug)]
enum How {
    Query {
        language: Language,
        queries: Vec<(bool, Query)>,
    },
    Text {
        language: Option<Language>,
        regex: Regex,
    },
}

/// A rule of the user.
#[derive(Debug)]
pub(super) struct OwnRule {
    pub(super) id: String,
    pub(super) message: String,
    pub(super) fix: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    paths: Vec<String>,
    how: How,
}

impl RawOwn {
    /// The rule, or what is wrong with it and at which byte of the file.
    pub(super) fn build(self) -> Result<OwnRule, (usize, String)> {
        let id = self.id.get_ref();
        let whole = |what: String| (self.id.span().start, what);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || !id.chars().all(fits) {
            return Err(whole(format!(
                "`{id}` is no id: letters, digits, `-`, `_` and `.`"
            )));
        }
        let how = match (&self.query, &self.regex, self.language) {
            (Some(query), None, Some(language)) => How::Query {
                language,
                queries: queries(language, query)?,
            },
            (Some(query), None, None) => {
                return Err((
                    query.span().start,
                    "a `query` needs a `language`".to_owned(),
                ));
            }
            (None, Some(regex), language) => How::Text {
                language,
                regex: compile(regex.get_ref()).map_err(|what| (regex.span().start, what))?,
            },
            _ => return Err(whole(format!("`{id}` needs either `query` or `regex`"))),
        };
        Ok(OwnRule {
            id: format!("user.{id}"),
            message: self.message,
            fix: self.fix,
            severity: self.severity.unwrap_or(Severity::Medium),
            confidence: self.confidence.unwrap_or(Confidence::Medium),
            paths: self.paths,
            how,
        })
    }
}

/// A query for each grammar of a language: TSX has one of its own.
fn queries(
    language: Language,
    query: &Spanned<String>,
) -> Result<Vec<(bool, Query)>, (usize, String)> {
    let paths: &[(bool, &str)] = match language {
        Language::TypeScript => &[(false, "a.ts"), (true, "a.tsx")],
        _ => &[(false, "")],
    };
    let mut queries = Vec::new();
    for (is_tsx, path) in paths {
        let grammar = language.grammar(path);
        let built = Query::new(&grammar, query.get_ref()).map_err(|error| {
            let what = error.message.lines().last().unwrap_or_default().to_owned();
            let at = query.span().start + error.offset.min(query.span().len());
            (
                at,
                format!("the query cannot be read: {:?} {what}", error.kind),
            )
        })?;
        if built.capture_names().is_empty() {
            return Err((
                query.span().start,
                "the query captures nothing: name a node `@found`".to_owned(),
            ));
        }
        queries.push((*is_tsx, built));
    }
    Ok(queries)
}

impl OwnRule {
    fn is_for(&self, path: &str) -> bool {
        self.paths.is_empty()
            || self
                .paths
                .iter()
                .any(|below| path.starts_with(below.as_str()))
    }

    /// The bytes at which it finds something in a text.
    pub(super) fn in_text(&self, path: &str, text: &str) -> Vec<usize> {
        match &self.how {
            How::Text { language, regex }
                if self.is_for(path)
                    && (language.is_none() || *language == Language::of_path(path)) =>
            {
                regex.find_iter(text).map(|found| found.start()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The bytes at which it finds something in a tree.
    pub(super) fn in_tree(&self, file: &ParsedFile<'_>) -> Vec<usize> {
        let How::Query { language, queries } = &self.how else {
            return Vec::new();
        };
        if *language != file.source.language || !self.is_for(&file.source.path) {
            return Vec::new();
        }
        let is_tsx = file.source.path.ends_with(".tsx");
        let Some((_, query)) = queries.iter().find(|(tsx, _)| *tsx == is_tsx) else {
            return Vec::new();
        };
        let wanted = query.capture_index_for_name("found").unwrap_or(0);
        let mut cursor = QueryCursor::new();
        let mut found = Vec::new();
        let text = file.source.text.as_bytes();
        let mut matches = cursor.matches(query, file.tree.root_node(), text);
        while let Some(one) = matches.next() {
            let nodes = one
                .captures()
                .iter()
                .filter(|capture| capture.index == wanted);
            found.extend(nodes.map(|capture| capture.node.start_byte()));
        }
        found
    }
}
