//! A Rust file as lines of code: what is a comment, what is a literal, what belongs to tests.
//!
//! It is a lexer and a counter of brackets, not a parser; that is enough for rules about lines.

/// What a character belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Code,
    Literal,
    Comment,
}

/// One line of a Rust file.
#[derive(Debug)]
pub(super) struct Line {
    /// The line with comments blanked and every character of a literal turned into a quote, so
    /// that a search meets neither.
    pub(super) code: String,
    /// Whether there is code on the line, rather than nothing or comments.
    pub(super) counts: bool,
    /// Whether the line belongs to an item under `#[cfg(test)]`.
    pub(super) test: bool,
    /// Whether the line ends within a literal, so that its end is data.
    pub(super) open_literal: bool,
}

/// A Rust file, line by line.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) lines: Vec<Line>,
    /// Modules declared under `#[cfg(test)]` whose text is in another file.
    pub(super) test_modules: Vec<String>,
}

impl Source {
    pub(super) fn parse(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut lines = Vec::new();
        let mut line = Line::empty();
        for (char, class) in chars.iter().copied().zip(classify(&chars)) {
            if char == '\n' {
                line.open_literal = class == Class::Literal;
                lines.push(std::mem::replace(&mut line, Line::empty()));
                continue;
            }
            line.counts |= class != Class::Comment && !char.is_whitespace();
            line.code.push(match class {
                Class::Code => char,
                Class::Literal => '"',
                Class::Comment => ' ',
            });
        }
        if !line.code.is_empty() {
            lines.push(line);
        }
        let test_modules = mark_tests(&mut lines);
        Self {
            lines,
            test_modules,
        }
    }

    /// Lines with code outside tests.
    pub(super) fn code_lines(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| line.counts && !line.test)
            .count()
    }

    /// Names of all functions, with the line number of each, counted from 1.
    pub(super) fn functions(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| {
            let (_, after) = split_word(&line.code, "fn")?;
            let name = after.trim_start();
            let end = name.find(|c| !is_word(c)).unwrap_or(name.len());
            name.get(..end)
                .filter(|name| !name.is_empty())
                .map(|name| (index + 1, name))
        })
    }
}

impl Line {
    const fn empty() -> Self {
        Self {
            code: String::new(),
            counts: false,
            test: false,
            open_literal: false,
        }
    }
}

/// Whether the character can be part of an identifier.
pub(super) fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The text before and after the first place where `word` stands as a word of its own.
pub(super) fn split_word<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices(word).find_map(|(at, _)| {
        let before = text.get(..at)?;
        let after = text.get(at + word.len()..)?;
        let inside = before.ends_with(is_word) || after.starts_with(is_word);
        (!inside).then_some((before, after))
    })
}

/// The class of every character.
fn classify(chars: &[char]) -> Vec<Class> {
    let mut classes = Vec::with_capacity(chars.len());
    while classes.len() < chars.len() {
        let (class, length) = piece(chars.get(classes.len()..).unwrap_or_default());
        let end = chars.len().min(classes.len() + length.max(1));
        classes.resize(end, class);
    }
    classes
}

/// The class and the length of what stands first in `rest`.
fn piece(rest: &[char]) -> (Class, usize) {
    let at = |index: usize| rest.get(index).copied().unwrap_or('\0');
    match (at(0), at(1)) {
        ('/', '/') => {
            let length = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
            (Class::Comment, length)
        }
        ('/', '*') => (Class::Comment, block_comment(rest)),
        ('"', _) => (Class::Literal, quoted(rest, '"')),
        ('\'', '\\') => (Class::Literal, quoted(rest, '\'')),
        // A quote, one character, a quote; anything else is a lifetime.
        ('\'', _) if at(2) == '\'' => (Class::Literal, 3),
        (first, _) if is_word(first) => {
            let length = rest.iter().position(|c| !is_word(*c)).unwrap_or(rest.len());
            let word: String = rest.iter().take(length).collect();
            let raw = matches!(word.as_str(), "r" | "br" | "cr");
            match raw_string(rest.get(length..).unwrap_or_default()) {
                Some(literal) if raw => (Class::Literal, length + literal),
                _ => (Class::Code, length),
            }
        }
        _ => (Class::Code, 1),
    }
}

/// The length of a literal from its opening quote over its closing one.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut escaped = false;
    for (index, char) in rest.iter().enumerate().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            char if *char == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a raw string from its first `#` or quote, if there is one.
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        rest.get(*at) == Some(&'"')
            && rest
                .iter()
                .skip(at + 1)
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
    };
    let end = (hashes + 1..rest.len()).find(closes);
    Some(end.map_or(rest.len(), |at| at + 1 + hashes))
}

/// The length of a block comment; they nest.
fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match (rest.get(at), rest.get(at + 1)) {
            (Some('/'), Some('*')) => {
                depth += 1;
                at += 2;
            }
            (Some('*'), Some('/')) => {
                depth = depth.saturating_sub(1);
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// Marks the items under `#[cfg(test)]`; returns the modules among them that live in files.
fn mark_tests(lines: &mut [Line]) -> Vec<String> {
    const ATTRIBUTES: [&str; 2] = ["#[cfg(test)]", "#[cfg(all(test"];
    let mut modules = Vec::new();
    // The text of the item so far and the depth of its brackets, while within one.
    let mut item: Option<(String, usize)> = None;
    for line in lines {
        if line.code.contains("#![cfg(test)]") {
            item = Some((String::new(), 1));
        }
        if item.is_none() && ATTRIBUTES.iter().any(|it| line.code.contains(it)) {
            item = Some((String::new(), 0));
        }
        let Some((text, depth)) = &mut item else {
            continue;
        };
        line.test = true;
        let mut ended = false;
        for char in line.code.chars() {
            text.push(char);
            match char {
                '{' | '(' | '[' => *depth += 1,
                '}' | ')' | ']' => *depth = depth.saturating_sub(1),
                _ => {}
            }
            ended |= *depth == 0 && matches!(char, ';' | '}');
        }
        text.push(' ');
        if ended {
            let name =
                split_word(text, "mod").and_then(|(_, after)| after.trim().strip_suffix(';'));
            modules.extend(name.map(|name| name.trim().to_owned()));
            item = None;
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Vec<String> {
        let source = Source::parse(text);
        source
            .lines
            .into_iter()
            .map(|line| line.code.trim_end().to_owned())
            .collect()
    }

    #[test]
    fn comments_are_blanked_and_literals_become_quotes() {
        let cases = [
            ("let a = 1; // todo!()", "let a = 1;"),
            ("a /* x /* y */ z */ b", "a                   b"),
            (r#"f("a\"b", 'c', '\'')"#, r#"f("""""", """, """")"#),
            (r##"r#"a"b"# r"c" x"##, r#""""""""" """" x"#),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("let r#type = br;", "let r#type = br;"),
            (r#"b"x" bar"y""#, r#"b""" bar""""#),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), [expected], "{text}");
        }
        assert_eq!(code("\"a\n{\" }\n"), ["\"\"", "\"\" }"]);
    }

    #[test]
    fn items_under_cfg_test_are_marked_to_their_end() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\" }\n}\nfn c() {}\n\
                    #[cfg(test)]\nuse x::{y,\n z};\nfn d() {}\n";
        let source = Source::parse(text);
        let tests: Vec<bool> = source.lines.iter().map(|line| line.test).collect();
        let expected = [
            false, true, true, true, true, false, true, true, true, false,
        ];
        assert_eq!(tests, expected);
        assert_eq!(source.code_lines(), 3);
        assert!(source.test_modules.is_empty());
    }

    #[test]
    fn test_modules_in_other_files_are_named() {
        let source = Source::parse(
            "#[cfg(test)]\nmod tests;\n#[cfg(test)]\npub(crate) mod fixtures;\nmod real;\n",
        );
        assert_eq!(source.test_modules, ["tests", "fixtures"]);
        assert_eq!(source.code_lines(), 1);
        assert!(Source::parse("#![cfg(test)]\nfn a() {}\nfn b() {}\n").code_lines() == 0);
    }

    #[test]
    fn functions_are_found_by_name_in_code_only() {
        let source = Source::parse(
            "pub(crate) async fn one<T>() {}\n// fn two()\nlet x = \"fn three()\";\nfnord();\n",
        );
        let names: Vec<(usize, &str)> = source.functions().collect();
        assert_eq!(names, [(1, "one")]);
    }

    proptest! {
        #[test]
        fn prop_every_line_keeps_its_length(text in "([ -~]|\n|[\"'/*#r{}]){0,60}") {
            let source = Source::parse(&text);
            let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
            let kept: Vec<usize> = source.lines.iter().map(|line| line.code.chars().count()).collect();
            prop_assert_eq!(kept, lengths);
        }
    }
}
