//! Relative links in Markdown that lead nowhere.
//!
//! Only links to files of the repository are checked: nothing is fetched, and links that begin
//! with `/` are left alone, because what they are relative to is up to a web site.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A link whose target does not exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct BrokenLink {
    /// The file that holds it, relative to the root.
    pub path: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its target as written.
    pub target: String,
}

/// Checks the relative links of a Markdown text that lies in `directory`; `path` names it in the
/// result. Gives the broken links and how many were checked.
#[must_use]
pub fn broken_links(path: &str, text: &str, directory: &Path) -> (Vec<BrokenLink>, u32) {
    let mut broken = Vec::new();
    let mut checked = 0;
    for (line, target) in relative_targets(text) {
        checked += 1;
        // A documentation site serves `a/b.md` as `a/b/`, and some authors write links for that.
        let found = exists(directory, &target)
            || target
                .strip_prefix("../")
                .filter(|target| {
                    target
                        .split('#')
                        .next()
                        .is_some_and(|file| file.ends_with('/'))
                })
                .is_some_and(|target| exists(directory, target));
        if !found {
            broken.push(BrokenLink {
                path: path.to_owned(),
                line,
                target,
            });
        }
    }
    (broken, checked)
}

/// Documentation sites leave the ending of a page out, or name the page that is made from it.
fn exists(directory: &Path, target: &str) -> bool {
    let plain = target.split(['#', '?']).next().unwrap_or(target);
    let decoded = percent_decoded(plain);
    let as_page = decoded
        .strip_suffix(".html")
        .unwrap_or(decoded.trim_end_matches('/'));
    directory.join(&decoded).exists()
        || ["md", "mdx", "rst"]
            .iter()
            .any(|ending| directory.join(format!("{as_page}.{ending}")).exists())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = code {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Targets with their lines, outside of code.
fn relative_targets(text: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let start = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                let line = without_code(line);
                let targets = inline_targets(&line).into_iter().chain(definition(&line));
                found.extend(
                    targets
                        .filter(|target| is_relative(target))
                        .map(|target| (number, target)),
                );
            }
        }
    }
    found
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    let parts: Vec<_> = line.split('`').collect();
    let last = parts.len().saturating_sub(1);
    parts
        .into_iter()
        .enumerate()
        // An opening backtick without a closing one is plain text.
        .filter(|(at, _)| at % 2 == 0 || (*at == last && last % 2 == 1))
        .map(|(_, part)| part)
        .collect()
}

/// `[text](target)` and `![text](target "title")`.
fn inline_targets(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("](") {
        let after = rest.get(at + 2..).unwrap_or_default();
        let mut depth = 1_i32;
        let end = after.char_indices().find_map(|(at, letter)| {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            (depth == 0).then_some(at)
        });
        if let Some(inside) = end.and_then(|end| after.get(..end)) {
            found.extend(first_word(inside));
        }
        rest = after;
    }
    found
}

/// `[name]: target`.
fn definition(line: &str) -> Option<String> {
    let (name, target) = line.trim_start().strip_prefix('[')?.split_once("]:")?;
    if name.starts_with('^') || name.contains(']') {
        return None;
    }
    first_word(target)
}

fn first_word(text: &str) -> Option<String> {
    let text = text.trim();
    let word = match text.strip_prefix('<') {
        Some(inside) => inside.split('>').next(),
        None => text.split_whitespace().next(),
    };
    word.filter(|word| !word.is_empty()).map(ToOwned::to_owned)
}

/// Whether a target names a file beside the document, rather than a place on the web or in the
/// document itself, or a placeholder.
fn is_relative(target: &str) -> bool {
    let scheme = target.split_once(':').is_some_and(|(scheme, _)| {
        scheme
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+.-".contains(letter))
    });
    !scheme
        && !target.starts_with(['#', '/', '?', '@', '~', '\\'])
        && !target.contains("://")
        && !target.contains(['{', '}', '<', '>', '$', '*', '|', '"'])
        && (target.contains(['/', '.']))
}

#[cfg(test)]
mod tests {
    use super::relative_targets;

    fn check(text: &str, expected: &[(u32, &str)]) {
        let found = relative_targets(text);
        let found: Vec<_> = found
            .iter()
            .map(|(line, target)| (*line, target.as_str()))
            .collect();
        assert_eq!(found, expected, "for `{text}`");
    }

    #[test]
    fn relative_links_are_found() {
        check(
            "see [a](docs/a.md) and ![b](b(1).png \"t\")",
            &[(1, "docs/a.md"), (1, "b(1).png")],
        );
        check(
            "x\n[ref]: ../LICENSE.txt 'title'\n",
            &[(2, "../LICENSE.txt")],
        );
        check("[[a](x.md)](y.md)", &[(1, "x.md"), (1, "y.md")]);
        check("[sp](<a b.md>)", &[(1, "a b.md")]);
    }

    #[test]
    fn other_links_are_not() {
        check(
            "[w](https://x.org/a.md) [m](mailto:a@b.c) [h](#part) [s](/guide/x.md)",
            &[],
        );
        check("`[a](x.md)`\n```\n[b](y.md)\n```\n~~~\n[c](z.md)\n~~~", &[]);
        check("[^1]: a.md footnote\n[t](${url}/a.md)", &[]);
        check("text `code` [a](x.md) ` alone", &[(1, "x.md")]);
        check("one ` alone [a](x.md)", &[(1, "x.md")]);
    }
}
