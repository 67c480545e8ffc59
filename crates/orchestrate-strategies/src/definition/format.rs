//! The one layout of definition files: two spaces, double quotes, comments where they stand.
//!
//! A library does the layout. It is believed only as far as it can be checked: what comes out is read
//! again, and a text that would say something else is refused.

use pretty_yaml::config::FormatOptions;
use pretty_yaml::format_text;

use super::problem::{DefinitionProblem, DefinitionProblems, Place};
use super::tree::{Node, TreeFault};
use super::world::Source;

/// Columns before a flow list or map is written on several lines.
const WIDTH: usize = 100;

/// The text of a file in the one layout; formatting it again changes nothing.
///
/// # Errors
/// When the file is no YAML or JSON as definitions may use it (`ORC1010`), or when the layout would change
/// what it says (`ORC1024`).
pub fn format(source: &Source) -> Result<String, DefinitionProblems> {
    let refuse = |code, at, message: String| {
        DefinitionProblems(vec![DefinitionProblem {
            code,
            file: source.file.clone(),
            at,
            message,
            hint: None,
        }])
    };
    let tree = Node::parse(&source.text)
        .map_err(|TreeFault { at, message }| refuse("ORC1010", at, message))?;
    let mut options = FormatOptions::default();
    options.layout.print_width = WIDTH;
    // JSON knows no comma before a closing bracket, and YAML needs none.
    options.language.trailing_comma = false;
    let laid_out = |text: &str| format_text(text, &options).ok().map(closed);
    let unusual = |what: &str| refuse("ORC1024", Place::START, what.to_owned());
    let text = laid_out(&source.text).ok_or_else(|| unusual("its layout is not understood"))?;
    match Node::parse(&text) {
        // Comments are no values; a mark that was lost is a comment that was lost.
        Ok(again) if again.says_the_same(&tree) && marks(&text) == marks(&source.text) => {}
        _ => return Err(unusual("a new layout would change what it says")),
    }
    match laid_out(&text) {
        Some(again) if again == text => Ok(text),
        _ => Err(unusual("its layout does not come to rest")),
    }
}

/// How often the mark of a comment stands in a text, in values too.
fn marks(text: &str) -> usize {
    text.matches('#').count()
}

/// The text with the end of its last line.
fn closed(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
