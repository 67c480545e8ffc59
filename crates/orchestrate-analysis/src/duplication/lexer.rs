//! Splits source into tokens, roughly: enough to compare code, and several times as quick as a parser.
//!
//! White space and comments are no tokens. What looks like an unfinished string ends with its line, so
//! that a wrong guess stays on it.

use crate::language::Language;

/// One token: what it is, as a hash of its text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Equal for equal texts.
    pub hash: u32,
    /// Its line, from 1.
    pub line: u32,
    /// The byte at which it starts.
    pub start: u32,
}

/// The tokens of a text, in order.
#[must_use]
pub fn tokens(text: &str, language: Language) -> Vec<Token> {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        language,
        at: 0,
        line: 1,
        found: Vec::with_capacity(text.len() / 5),
    };
    while lexer.at < lexer.bytes.len() {
        lexer.step();
    }
    lexer.found
}

struct Lexer<'t> {
    bytes: &'t [u8],
    language: Language,
    at: usize,
    line: u32,
    found: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn starts_with(&self, prefix: &[u8]) -> bool {
        self.bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(prefix))
    }

    fn step(&mut self) {
        let byte = self.peek(0);
        match byte {
            b'\n' => {
                self.line += 1;
                self.at += 1;
            }
            _ if byte.is_ascii_whitespace() => self.at += 1,
            b'#' if self.language == Language::Python => self.skip_line(),
            b'/' if self.language != Language::Python && self.peek(1) == b'/' => self.skip_line(),
            b'/' if self.language != Language::Python && self.peek(1) == b'*' => {
                self.block_comment();
            }
            _ => self.token(byte),
        }
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    fn block_comment(&mut self) {
        let nests = self.language == Language::Rust;
        let mut depth = 0;
        while self.at < self.bytes.len() {
            if self.starts_with(b"/*") && (nests || depth == 0) {
                depth += 1;
                self.at += 2;
            } else if self.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.line += u32::from(self.peek(0) == b'\n');
                self.at += 1;
            }
        }
    }

    fn token(&mut self, byte: u8) {
        let (start, line) = (self.at, self.line);
        match byte {
            _ if is_word(byte) => self.word(),
            b'"' | b'\'' | b'`' => self.string(byte),
            _ => self.at += 1,
        }
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        self.found.push(Token {
            hash: hash(text),
            line,
            start: u32::try_from(start).unwrap_or(u32::MAX),
        });
    }

    /// A name, a keyword or a number, or the letters before a string (`r#"`, `b"`, `f"`).
    fn word(&mut self) {
        let start = self.at;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        let next = self.peek(0);
        match self.language {
            Language::Rust
                if matches!(word, b"r" | b"br" | b"cr") && matches!(next, b'"' | b'#') =>
            {
                self.raw_string();
            }
            Language::Rust if matches!(word, b"b" | b"c") && matches!(next, b'"' | b'\'') => {
                self.string(next);
            }
            Language::Python if word.len() <= 2 && matches!(next, b'"' | b'\'') => {
                self.string(next);
            }
            _ => {}
        }
    }

    fn raw_string(&mut self) {
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == b'#').count();
        if self.peek(hashes) != b'"' {
            // `r#name` is a name.
            return;
        }
        self.at += hashes + 1;
        let mut end = vec![b'"'];
        end.resize(hashes + 1, b'#');
        while self.at < self.bytes.len() && !self.starts_with(&end) {
            self.line += u32::from(self.peek(0) == b'\n');
            self.at += 1;
        }
        self.at = (self.at + end.len()).min(self.bytes.len());
    }

    fn string(&mut self, quote: u8) {
        let triple = [quote; 3];
        if self.language == Language::Python && self.starts_with(&triple) {
            self.at += 3;
            while self.at < self.bytes.len() && !self.starts_with(&triple) {
                let escaped = usize::from(self.peek(0) == b'\\' && self.peek(1) != b'\n');
                self.line += u32::from(self.peek(0) == b'\n');
                self.at += 1 + escaped;
            }
            self.at = (self.at + 3).min(self.bytes.len());
            return;
        }
        if self.language == Language::Rust && quote == b'\'' && self.is_lifetime() {
            self.at += 1;
            while is_word(self.peek(0)) {
                self.at += 1;
            }
            return;
        }
        let spans_lines = quote == b'`' || (self.language == Language::Rust && quote == b'"');
        let escapes = !(self.language == Language::Go && quote == b'`');
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\n' if !spans_lines => return,
                b'\\' if escapes => {
                    self.line += u32::from(self.peek(1) == b'\n');
                    self.at = (self.at + 2).min(self.bytes.len());
                }
                byte => {
                    self.line += u32::from(byte == b'\n');
                    self.at += 1;
                    if byte == quote {
                        return;
                    }
                }
            }
        }
    }

    /// Whether a quote begins the name of a lifetime and not a character.
    fn is_lifetime(&self) -> bool {
        is_word(self.peek(1)) && self.peek(1) < 0x80 && self.peek(2) != b'\''
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// FNV-1a. Blocks of fifty tokens are compared, so that one collision does not make a block.
fn hash(text: &[u8]) -> u32 {
    text.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(language: Language, text: &str, expected: &[&str]) {
        let found = tokens(text, language);
        let texts: Vec<&str> = found
            .iter()
            .enumerate()
            .map(|(index, token)| {
                let end = found
                    .get(index + 1)
                    .map_or(text.len(), |next| next.start as usize);
                text[token.start as usize..end].trim_end()
            })
            .collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn tokens_of_each_language() {
        check(
            Language::Rust,
            "fn a<'x>(b: &'x str) {\"c\\\"\"; r#\"d\"\"#; 'e'; '\\n'}",
            &[
                "fn",
                "a",
                "<",
                "'x",
                ">",
                "(",
                "b",
                ":",
                "&",
                "'x",
                "str",
                ")",
                "{",
                "\"c\\\"\"",
                ";",
                "r#\"d\"\"#",
                ";",
                "'e'",
                ";",
                "'\\n'",
                "}",
            ],
        );
        check(
            Language::Python,
            "a = f'b' + r\"\"\"c\n\"d\"\"\"\ne",
            &["a", "=", "f'b'", "+", "r\"\"\"c\n\"d\"\"\"", "e"],
        );
        check(
            Language::JavaScript,
            "`a${b}\n`;c='d",
            &["`a${b}\n`", ";", "c", "=", "'d"],
        );
        check(Language::Go, "`\\`+\"a\"", &["`\\`", "+", "\"a\""]);
    }

    #[test]
    fn comments_and_space_are_no_tokens_and_lines_are_counted() {
        let found = tokens("/* a /* b */ c */ d // e\n\n/*\n*/ f", Language::Rust);
        let lines: Vec<u32> = found.iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 4]);
        assert_eq!(tokens("a # b\nc", Language::Python).len(), 2);
        assert_eq!(tokens("a /* /* */ c", Language::Go).len(), 2);
    }

    proptest! {
        #[test]
        fn prop_every_token_lies_in_the_text_and_in_order(text in "[a-b\"'`#/*\\\\ \\nr{}é]{0,80}") {
            for language in Language::ALL {
                let found = tokens(&text, language);
                prop_assert!(found.windows(2).all(|pair| pair[0].start < pair[1].start && pair[0].line <= pair[1].line));
                let lines = text.matches('\n').count() + 1;
                prop_assert!(found.iter().all(|token| (token.line as usize) <= lines));
            }
        }
    }
}
