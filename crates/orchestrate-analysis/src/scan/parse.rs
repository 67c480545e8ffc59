//! Text to syntax tree, within a bound of work.

use std::collections::HashMap;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser};

use crate::inventory::SkipReason;
use crate::language::Language;
use crate::metrics::{TestCode, test_code};
use crate::source::{ParsedFile, SourceFile};

/// How many reports of progress a parse may take. The parser reports after every hundred
/// operations; ordinary source needs at most one report per 45 bytes. The bound is on work and not
/// on time, so that a busy machine gives the same result.
const MAX_REPORTS: u32 = 60_000;
/// How many it may take while it recovers from errors: it then tries several readings at once, which costs
/// ten times as much.
const MAX_REPORTS_IN_ERROR: u32 = 2_000;

/// Parsers, one per grammar, kept because making one costs more than parsing a small file.
#[derive(Default)]
pub struct Parsers {
    by_grammar: HashMap<(Language, bool), Parser>,
}

impl std::fmt::Debug for Parsers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Parsers")
            .field("grammars", &self.by_grammar.len())
            .finish()
    }
}

/// Parses a file and finds the test code in it.
///
/// # Errors
/// [`SkipReason::ParseBudget`] if the parser did not finish within its bound of work.
pub fn parse<'a>(
    parsers: &mut Parsers,
    source: &'a SourceFile,
) -> Result<(ParsedFile<'a>, TestCode), SkipReason> {
    let is_tsx = source.path.ends_with(".tsx");
    let parser = parsers
        .by_grammar
        .entry((source.language, is_tsx))
        .or_default();
    if parser.language().is_none() {
        parser
            .set_language(&source.language.grammar(&source.path))
            .map_err(|_| SkipReason::ParseBudget)?;
    }
    let bytes = source.text.as_bytes();
    let mut reports = 0;
    let mut reports_in_error = 0;
    let mut progress = |state: &tree_sitter::ParseState| {
        reports += 1;
        reports_in_error += u32::from(state.has_error());
        if reports > MAX_REPORTS || reports_in_error > MAX_REPORTS_IN_ERROR {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, None, Some(options));
    let Some(tree) = tree else {
        // A parser that was stopped would otherwise go on with the old text.
        parser.reset();
        return Err(SkipReason::ParseBudget);
    };
    let test_code = test_code(source.language, tree.root_node(), &source.text);
    let file = ParsedFile {
        source,
        tree,
        test_ranges: test_code.ranges.clone(),
    };
    Ok((file, test_code))
}
