//! Frames of tests for whoever has no model: marked as ignored, and counted as nothing.

use std::fmt::Write as _;

use orchestrate_analysis::language::Language;

use super::area::{identifier, python_module};
use super::candidate::Candidate;
use super::gap::Brief;

/// The frame of a test for a gap; none where no test could lie.
pub(super) fn skeleton(brief: &Brief) -> Option<Candidate> {
    let path = brief.tests.path.clone()?;
    let content = match brief.gap.language {
        Language::Python => python(brief),
        Language::Rust => rust(brief),
        Language::Go => go(brief),
        _ => return None,
    };
    Some(Candidate {
        path,
        content,
        function: brief.gap.function.clone(),
        skeleton: true,
    })
}

/// What is to be tested, a line of comment each.
fn told(brief: &Brief, mark: &str) -> String {
    let gap = &brief.gap;
    let lines = spans(&gap.uncovered_lines);
    let mut text = String::new();
    for line in [
        format!(
            "`{}` in {}, lines {} to {}: {}.",
            gap.function, gap.path, gap.start, gap.end, gap.reason
        ),
        format!("Never run: {lines}."),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{mark} {line}");
    }
    text
}

fn python(brief: &Brief) -> String {
    let gap = &brief.gap;
    let name = identifier(&gap.function);
    let module = python_module(&gap.path);
    let why = "a skeleton: it tests nothing yet and does not count";
    let comment = told(brief, "    #");
    if is_pytest(brief) {
        return format!(
            "import pytest\n\n\n@pytest.mark.skip(reason=\"{why}\")\ndef test_{name}():\n{comment}    # The module is `{module}`.\n    raise NotImplementedError\n"
        );
    }
    let comment = told(brief, "        #");
    format!(
        "import unittest\n\n\nclass Test{name}(unittest.TestCase):\n    @unittest.skip(\"{why}\")\n    def test_{name}(self):\n{comment}        # The module is `{module}`.\n        raise NotImplementedError\n"
    )
}

/// Whether the tests here are written for pytest.
fn is_pytest(brief: &Brief) -> bool {
    brief.example.as_ref().is_some_and(|example| {
        let mut lines = example.text.lines();
        lines.any(|line| line.starts_with("import pytest") || line.starts_with("def test_"))
    })
}

fn rust(brief: &Brief) -> String {
    let name = identifier(&brief.gap.function);
    let comment = told(brief, "    //");
    format!(
        "#[test]\n#[ignore = \"a skeleton: it tests nothing yet and does not count\"]\nfn {name}() {{\n{comment}    todo!()\n}}\n"
    )
}

fn go(brief: &Brief) -> String {
    let name = identifier(&brief.gap.function);
    let comment = told(brief, "\t//");
    let package = brief.package.as_deref().unwrap_or("main");
    format!(
        "package {package}\n\nimport \"testing\"\n\nfunc Test_{name}(t *testing.T) {{\n{comment}\tt.Skip(\"a skeleton: it tests nothing yet and does not count\")\n}}\n"
    )
}

/// Lines in words: `3, 5 to 8`.
#[must_use]
pub fn spans(lines: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match spans.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*line) => *last = *line,
            _ => spans.push((*line, *line)),
        }
    }
    let spans = spans.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    spans.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_told_as_one() {
        assert_eq!(spans(&[3, 5, 6, 7, 8, 10]), "3, 5 to 8, 10");
        assert_eq!(spans(&[]), "");
    }
}
