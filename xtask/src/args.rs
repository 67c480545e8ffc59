//! The arguments of a verb: flags, options with a value, positional words, and what follows `--`.
//!
//! It knows nothing of what the words mean; each verb resolves its own values.

use std::collections::{BTreeMap, BTreeSet};

/// Which arguments a verb takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Accepts {
    /// These and no others.
    Only {
        /// Names such as `--check`, without a value.
        flags: &'static [&'static str],
        /// Names such as `--seed`, with a value (`--seed 7` or `--seed=7`); repeatable.
        options: &'static [&'static str],
        /// How many positional words at most.
        positionals: usize,
        /// Whether words after `--` are taken, to be handed on.
        rest: bool,
    },
    /// Every word is handed on untouched to the program that the verb starts.
    Anything,
}

/// The arguments of one call, sorted by kind.
#[derive(Debug, Default)]
pub(crate) struct Args {
    flags: BTreeSet<String>,
    options: BTreeMap<String, Vec<String>>,
    /// Words without a dash, in order.
    pub(crate) positionals: Vec<String>,
    /// Words to hand on, in order.
    pub(crate) rest: Vec<String>,
}

impl Args {
    /// Whether the flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    /// All values of an option, in the order given.
    pub(crate) fn values(&self, option: &str) -> &[String] {
        self.options.get(option).map_or(&[], Vec::as_slice)
    }

    /// The last value of an option, as the later one overrides.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.values(option).last().map(String::as_str)
    }

    /// The last value of an option as a whole number.
    pub(crate) fn number(&self, option: &str) -> Result<Option<u64>, String> {
        self.value(option)
            .map(|text| {
                text.parse()
                    .map_err(|_| format!("`{option} {text}` is not a whole number"))
            })
            .transpose()
    }
}

impl Accepts {
    /// Sorts the words, or says which one is not taken.
    pub(crate) fn parse(self, words: &[String]) -> Result<Args, String> {
        let mut args = Args::default();
        let Self::Only {
            flags,
            options,
            positionals,
            rest,
        } = self
        else {
            args.rest = words.to_vec();
            return Ok(args);
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            if word == "--" && rest {
                args.rest = words.cloned().collect();
                break;
            } else if flags.contains(&name) && joined.is_none() {
                args.flags.insert(name.to_owned());
            } else if options.contains(&name) {
                let value = joined
                    .or_else(|| words.next().cloned())
                    .ok_or_else(|| format!("`{name}` wants a value"))?;
                args.options.entry(name.to_owned()).or_default().push(value);
            } else if word.starts_with('-') {
                return Err(unknown(word, flags, options));
            } else if args.positionals.len() < positionals {
                args.positionals.push(word.clone());
            } else {
                return Err(format!("`{word}` is one word too many"));
            }
        }
        Ok(args)
    }
}

fn unknown(word: &str, flags: &[&str], options: &[&str]) -> String {
    let known = [flags, options].concat();
    if known.is_empty() {
        format!("unknown option `{word}`; there are no options")
    } else {
        format!("unknown option `{word}`; there are: {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPTS: Accepts = Accepts::Only {
        flags: &["--check"],
        options: &["--seed"],
        positionals: 1,
        rest: true,
    };

    fn parse(line: &str) -> Result<Args, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        ACCEPTS.parse(&words)
    }

    #[test]
    fn words_are_sorted_by_kind() {
        let args = parse("--seed 1 name --check --seed=2 -- --check x").unwrap();
        assert!(args.has("--check"));
        assert_eq!(args.values("--seed"), ["1", "2"]);
        assert_eq!(args.number("--seed"), Ok(Some(2)));
        assert_eq!(args.positionals, ["name"]);
        assert_eq!(args.rest, ["--check", "x"]);
    }

    #[test]
    fn what_is_not_taken_is_named() {
        let cases = [
            (
                "--chekc",
                "unknown option `--chekc`; there are: --check, --seed",
            ),
            (
                "--check=yes",
                "unknown option `--check=yes`; there are: --check, --seed",
            ),
            ("--seed", "`--seed` wants a value"),
            ("one two", "`two` is one word too many"),
        ];
        for (line, message) in cases {
            assert_eq!(parse(line).unwrap_err(), message);
        }
        let args = parse("--seed many").unwrap();
        assert_eq!(
            args.number("--seed").unwrap_err(),
            "`--seed many` is not a whole number"
        );
    }

    #[test]
    fn a_verb_that_hands_on_takes_every_word() {
        let words = ["-p".to_owned(), "core".to_owned(), "--".to_owned()];
        assert_eq!(Accepts::Anything.parse(&words).unwrap().rest, words);
    }
}
