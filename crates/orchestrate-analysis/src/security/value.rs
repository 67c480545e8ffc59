//! What the data-flow pass knows of one value: where it may come from, what was done to it, what it names.
//!
//! Values are cheap to clone: every text in them is shared.

use std::collections::BTreeMap;
use std::rc::Rc;

/// How far the outside can choose a value. The order is from harmless to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taint {
    /// Chosen by the program alone.
    Clean,
    /// Nobody knows: a parameter, a field, the result of an unknown call.
    Unknown,
    /// Chosen by whoever starts the program: arguments, environment, standard input.
    Local,
    /// Chosen by a remote caller: a request, a message, the address bar.
    Remote,
}

/// The uses for which a value was made safe, as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uses(u16);

impl Uses {
    pub(super) const NONE: Self = Self(0);
    pub(super) const SHELL: Self = Self(1);
    pub(super) const SQL: Self = Self(1 << 1);
    pub(super) const CODE: Self = Self(1 << 2);
    pub(super) const PATH: Self = Self(1 << 3);
    pub(super) const HTML: Self = Self(1 << 4);
    pub(super) const URL: Self = Self(1 << 5);
    pub(super) const DATA: Self = Self(1 << 6);
    pub(super) const OTHER: Self = Self(1 << 7);
    pub(super) const ALL: Self = Self(u16::MAX);

    /// Both sets together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether every use of `other` is in this set.
    pub(super) const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A value that is written in the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Constant {
    /// A string.
    Text(Rc<str>),
    /// A whole number.
    Number(i64),
    /// A truth value.
    Truth(bool),
    /// `None`, `null`, `nil`.
    Nothing,
}

/// Where a tainted value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// What a reader calls it, for example `request.args`.
    pub(super) name: Rc<str>,
    /// The line where it was read, from 1.
    pub(super) line: u32,
}

/// The parts of a container that was built in sight. `None` as key means "some other part".
pub(super) type Parts = BTreeMap<Constant, Value>;

/// What is known of one value.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) taint: Taint,
    /// It went through a call that is not known, so the path from the source is likely, not proven.
    pub(super) through: bool,
    pub(super) safe: Uses,
    /// Text that was put together from parts, at least one of them not constant.
    pub(super) built: bool,
    /// A constant part of the text looks like SQL.
    pub(super) sql: bool,
    /// A constant part of the text looks like HTML.
    pub(super) html: bool,
    /// The text begins with a constant scheme and host, or a constant absolute path.
    pub(super) anchored: bool,
    pub(super) constant: Option<Constant>,
    /// The symbolic path of what the value is, for example `sqlite3.connect().cursor`.
    pub(super) path: Option<Rc<str>>,
    pub(super) origin: Option<Origin>,
    pub(super) parts: Option<Rc<Parts>>,
}

impl Value {
    fn of(taint: Taint) -> Self {
        Self {
            taint,
            through: false,
            safe: Uses::NONE,
            built: false,
            sql: false,
            html: false,
            anchored: false,
            constant: None,
            path: None,
            origin: None,
            parts: None,
        }
    }

    /// A value that the program alone chooses.
    pub(super) fn clean() -> Self {
        Self::of(Taint::Clean)
    }

    /// A value of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self::of(Taint::Unknown)
    }

    /// An unknown value that a symbolic path names.
    pub(super) fn named(path: &str) -> Self {
        Self {
            path: Some(Rc::from(path)),
            ..Self::unknown()
        }
    }

    /// A value read from `origin`.
    pub(super) fn tainted(taint: Taint, name: &str, line: u32) -> Self {
        Self {
            origin: Some(Origin {
                name: Rc::from(name),
                line,
            }),
            ..Self::of(taint)
        }
    }

    /// A literal.
    pub(super) fn constant(constant: Constant) -> Self {
        let text = match &constant {
            Constant::Text(text) => Some(Rc::clone(text)),
            Constant::Number(_) | Constant::Truth(_) | Constant::Nothing => None,
        };
        Self {
            sql: text.as_deref().is_some_and(looks_like_sql),
            html: text.as_deref().is_some_and(|text| text.contains('<')),
            anchored: text.as_deref().is_some_and(is_anchor),
            constant: Some(constant),
            ..Self::clean()
        }
    }

    /// The text of a constant string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.constant {
            Some(Constant::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The truth of a constant.
    pub(super) fn truth(&self) -> Option<bool> {
        match self.constant.as_ref()? {
            Constant::Text(text) => Some(!text.is_empty()),
            Constant::Number(number) => Some(*number != 0),
            Constant::Truth(truth) => Some(*truth),
            Constant::Nothing => Some(false),
        }
    }

    /// Whether the outside chooses it and nothing made it safe for `using`.
    pub(super) fn dangerous_for(&self, using: Uses) -> bool {
        self.taint > Taint::Unknown && !self.safe.covers(using)
    }

    /// The same value, safe for `uses` as well.
    pub(super) fn made_safe(mut self, uses: Uses) -> Self {
        self.safe = self.safe.and(uses);
        if let Some(parts) = self.parts.take() {
            self.parts = Some(Rc::new(
                parts
                    .iter()
                    .map(|(key, part)| (key.clone(), part.clone().made_safe(uses)))
                    .collect(),
            ));
        }
        self
    }

    /// The value that is this or that, as after a branch.
    pub(super) fn or(self, other: &Self) -> Self {
        let safe = match (self.taint <= Taint::Unknown, other.taint <= Taint::Unknown) {
            (true, false) => other.safe,
            (false, true) => self.safe,
            _ => self.safe.common(other.safe),
        };
        let (through, origin) = if self.taint >= other.taint {
            (self.through, self.origin.or_else(|| other.origin.clone()))
        } else {
            (other.through, other.origin.clone().or(self.origin))
        };
        Self {
            taint: self.taint.max(other.taint),
            through,
            safe,
            built: self.built || other.built,
            sql: self.sql || other.sql,
            html: self.html || other.html,
            anchored: self.anchored && other.anchored,
            constant: if self.constant == other.constant {
                self.constant
            } else {
                None
            },
            path: if self.path == other.path {
                self.path
            } else {
                self.path.or_else(|| other.path.clone())
            },
            origin,
            parts: match (self.parts, &other.parts) {
                (Some(ours), Some(theirs)) => Some(Rc::new(join_parts(&ours, theirs))),
                (ours, theirs) => ours.or_else(|| theirs.clone()),
            },
        }
    }

    /// The text made of these pieces in their order.
    pub(super) fn built_from(pieces: &[Self]) -> Self {
        let mut text = Some(String::new());
        let mut whole = Self::clean();
        for piece in pieces {
            match (&mut text, piece.text()) {
                (Some(text), Some(more)) if text.len() + more.len() < 4096 => text.push_str(more),
                _ => text = None,
            }
            whole = whole.or(piece);
        }
        let constant = text.map(|text| Constant::Text(Rc::from(text)));
        if constant.is_some() {
            return Self {
                sql: whole.sql,
                ..Self::constant(constant.unwrap_or(Constant::Nothing))
            };
        }
        if pieces
            .first()
            .and_then(Self::text)
            .is_some_and(formats_numbers)
        {
            return Self::clean();
        }
        Self {
            built: pieces.iter().any(|piece| piece.constant.is_none()),
            anchored: pieces.first().is_some_and(|first| first.anchored),
            constant: None,
            path: None,
            parts: None,
            ..whole
        }
    }

    /// The same value without what names or spells it, as after a call.
    pub(super) fn derived(self) -> Self {
        Self {
            constant: None,
            path: None,
            parts: None,
            ..self
        }
    }
}

fn join_parts(ours: &Parts, theirs: &Parts) -> Parts {
    let mut joined = ours.clone();
    for (key, value) in theirs {
        let merged = match joined.remove(key) {
            Some(own) => own.or(value),
            None => value.clone(),
        };
        joined.insert(key.clone(), merged);
    }
    joined
}

/// Whether a format string takes numbers only, as `LIMIT %d`.
fn formats_numbers(format: &str) -> bool {
    let mut verbs = format
        .split('%')
        .skip(1)
        .map(|rest| {
            rest.trim_start_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ' ')
            })
        })
        .filter(|rest| !rest.is_empty())
        .peekable();
    verbs.peek().is_some()
        && verbs.all(|rest| rest.starts_with(['d', 'f', 'x', 'X', 'e', 'g', 'i', 't', 'c', 'b']))
}

/// Whether text begins like an SQL statement, or carries on as one.
fn looks_like_sql(text: &str) -> bool {
    const STARTS: [(&str, &str); 11] = [
        ("select", " "),
        ("insert", "into"),
        ("update", "set"),
        ("delete", "from"),
        ("replace", "into"),
        ("create", "table"),
        ("drop", " "),
        ("alter", " "),
        ("truncate", "table"),
        ("exec", " "),
        ("with", "select"),
    ];
    let head: String = text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == '"')
        .chars()
        .take(400)
        .collect::<String>()
        .to_ascii_lowercase();
    let begins = STARTS.iter().any(|(first, then)| {
        head.strip_prefix(first).is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_whitespace())
                && (*then == " "
                    || rest.contains(then)
                    || (*first == "update" && rest.trim().is_empty()))
        })
    });
    if !begins {
        return false;
    }
    // "select a colour" and "drop it" are English: a statement has an SQL word behind the verb.
    match head.split_whitespace().next() {
        Some("select") => {
            head.contains(" from")
                || head.contains("\nfrom")
                || head.contains('*')
                || head.contains('(')
                || head.trim_end() == "select"
        }
        Some("drop" | "alter") => [" table", " database", " index", " user", " column", " view"]
            .iter()
            .any(|word| head.contains(word)),
        Some("exec") => head.contains(" sp_") || head.contains(" xp_"),
        _ => true,
    }
}

/// Whether text fixes the host of a URL or the root of a path that is appended to it.
fn is_anchor(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty()
            && scheme.chars().all(|c| c.is_ascii_alphanumeric())
            && rest
                .split_once('/')
                .is_some_and(|(host, _)| !host.is_empty())
    }) || (text.starts_with('/') && !text.starts_with("//") && text.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_told_from_english() {
        for text in [
            "SELECT * FROM users WHERE id = ",
            "insert into t values (",
            "  UPDATE users SET a=",
            "DELETE FROM t WHERE",
            "drop table ",
        ] {
            assert!(looks_like_sql(text), "{text}");
        }
        for text in [
            "Select a colour",
            "drop it",
            "update available",
            "with love",
            "execute",
            "created a table",
        ] {
            assert!(!looks_like_sql(text), "{text}");
        }
    }

    #[test]
    fn formats_of_numbers_are_told() {
        assert!(formats_numbers("LIMIT %d"));
        assert!(formats_numbers("%5.2f and %d"));
        assert!(!formats_numbers("a = %s LIMIT %d"));
        assert!(!formats_numbers("%(name)s"));
        assert!(!formats_numbers("LIKE '%'"));
    }

    #[test]
    fn an_anchor_fixes_the_host() {
        assert!(is_anchor("https://api.example.com/users/"));
        assert!(is_anchor("/local/"));
        assert!(!is_anchor("https://"));
        assert!(!is_anchor("http://api."));
        assert!(!is_anchor("//"));
        assert!(!is_anchor("users/"));
    }

    #[test]
    fn joining_keeps_the_worst_and_what_is_safe_in_both() {
        let remote = Value::tainted(Taint::Remote, "request", 3).made_safe(Uses::HTML);
        let joined = Value::clean().or(&remote);
        assert!(joined.dangerous_for(Uses::SHELL));
        assert!(!joined.dangerous_for(Uses::HTML));
        let both = joined.or(&Value::tainted(Taint::Remote, "other", 4));
        assert!(both.dangerous_for(Uses::HTML));
    }
}
