//! Reads one settings file. Every problem of the file is found in one pass, with its position.

use std::ops::Range;

use orchestrate_core::error::similar;
use orchestrate_workflows::IgnoreRule;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{KEYS, Key, Kind, Value};
use super::services::TABLES;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Its settings, in their order.
    pub(super) settings: Vec<(&'static Key, Value)>,
    /// Its ignore rules, in their order.
    pub(super) ignores: Vec<IgnoreRule>,
    /// How many tokens agents may use in a step, by id.
    pub(super) agents: Vec<(String, u64)>,
}

/// What a file says, or every problem of it as `line:column: what`.
pub(super) fn parse(text: &str) -> Result<Said, Vec<String>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        said: Said::default(),
        problems: Vec::new(),
    };
    for error in errors {
        let first = error.message().lines().next().unwrap_or_default();
        reader.problem(error.span().unwrap_or_default(), first);
    }
    // A file that is no TOML has no keys that could be judged.
    if reader.problems.is_empty() {
        reader.root(root.get_ref());
    }
    if reader.problems.is_empty() {
        Ok(reader.said)
    } else {
        reader.problems.sort_by_key(|(at, _)| *at);
        Err(reader.problems.into_iter().map(|(_, text)| text).collect())
    }
}

/// The table and key of ignore rules: a list of tables, which no flag can stand for.
const IGNORE: (&str, &str) = ("release-prep", "ignore");

/// The table whose keys are agents, each with a table of its own, and the key in those.
const AGENTS: (&str, &str) = ("agents", "max-tokens");

struct Reader<'a> {
    text: &'a str,
    said: Said,
    problems: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        let tables = || {
            KEYS.iter()
                .filter_map(|key| Some(key.name.split_once('.')?.0))
        };
        for (name, value) in root {
            if let Some(key) = KEYS.iter().find(|key| key.name == name.get_ref().as_ref()) {
                self.setting(key, value);
                continue;
            }
            match value.get_ref() {
                DeValue::Table(table) if tables().any(|known| known == name.get_ref()) => {
                    self.table(name.get_ref(), table);
                }
                DeValue::Table(agents) if AGENTS.0 == name.get_ref().as_ref() => {
                    self.agents(agents);
                }
                // What stands in these is read elsewhere.
                DeValue::Table(_) if TABLES.contains(&&**name.get_ref()) => {}
                _ => self.unknown(
                    "table",
                    name,
                    tables()
                        .chain(TABLES.iter().copied())
                        .chain([AGENTS.0, super::names::STORE]),
                ),
            }
        }
    }

    fn table(&mut self, name: &str, table: &DeTable<'_>) {
        let keys = || {
            KEYS.iter()
                .filter_map(|key| Some((key, key.name.split_once('.')?)))
                .filter(|(_, (table, _))| *table == name)
                .map(|(key, (_, word))| (key, word))
        };
        for (word, value) in table {
            if (name, word.get_ref().as_ref()) == IGNORE {
                self.ignores(value);
                continue;
            }
            match keys().find(|(_, known)| known == word.get_ref()) {
                Some((key, _)) => self.setting(key, value),
                None => self.unknown("key", word, keys().map(|(_, word)| word).chain([IGNORE.1])),
            }
        }
    }

    fn setting(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>) {
        match read(key, value.get_ref()) {
            Ok(value) => self.said.settings.push((key, value)),
            Err(problem) => self.problem(value.span(), &format!("`{}` {problem}", key.name)),
        }
    }

    /// `[agents.NAME]`: a table for each agent.
    fn agents(&mut self, agents: &DeTable<'_>) {
        for (agent, fields) in agents {
            let DeValue::Table(fields) = fields.get_ref() else {
                let (table, key) = AGENTS;
                let what = format!("write `{key}` in a table of an agent, `[{table}.NAME]`");
                self.problem(agent.span(), &what);
                continue;
            };
            for (name, value) in fields {
                if name.get_ref() != AGENTS.1 {
                    self.unknown("key", name, [AGENTS.1].into_iter());
                    continue;
                }
                let given = match value.get_ref() {
                    DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
                    other => other.type_str(),
                };
                match Kind::Count(1).parse(given) {
                    Ok(Value::Count(count)) => {
                        self.said.agents.push((agent.get_ref().to_string(), count));
                    }
                    Ok(_) => {}
                    Err(wanted) => {
                        let what = format!("`{}` {wanted}", name.get_ref());
                        self.problem(value.span(), &what);
                    }
                }
            }
        }
    }

    /// `[[release-prep.ignore]]`: a table for each rule.
    fn ignores(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(rules) = value.get_ref() else {
            let what = format!(
                "`ignore` is written as tables, `[[{}.{}]]`",
                IGNORE.0, IGNORE.1
            );
            return self.problem(value.span(), &what);
        };
        for rule in rules {
            match rule.get_ref() {
                DeValue::Table(fields) => self.ignore(rule.span(), fields),
                _ => self.problem(rule.span(), "a rule of `ignore` must be a table"),
            }
        }
    }

    fn ignore(&mut self, span: Range<usize>, fields: &DeTable<'_>) {
        const FIELDS: [&str; 3] = ["rule", "path", "reason"];
        let before = self.problems.len();
        let mut given: [Option<&str>; 3] = [None; 3];
        for (name, value) in fields {
            let position = FIELDS.iter().position(|field| field == name.get_ref());
            match (position.and_then(|at| given.get_mut(at)), value.get_ref()) {
                (Some(slot), DeValue::String(text)) => *slot = Some(text.as_ref()),
                (Some(_), other) => {
                    let kind = article(other.type_str());
                    let what = format!("`{}` must be a text, not {kind}", name.get_ref());
                    self.problem(value.span(), &what);
                }
                (None, _) => self.unknown("key", name, FIELDS.into_iter()),
            }
        }
        if self.problems.len() > before {
            return;
        }
        let [rule, path, reason] = given;
        if rule.is_none() && path.is_none() {
            return self.problem(span, "a rule of `ignore` needs a `rule`, a `path`, or both");
        }
        let (rule, path) = (rule.unwrap_or("*"), path.unwrap_or("**"));
        match IgnoreRule::new(rule, path, reason.unwrap_or_default()) {
            Ok(rule) => self.said.ignores.push(rule),
            Err(problem) => self.problem(span, &format!("a rule of `ignore` {problem}")),
        }
    }

    fn unknown<'k>(
        &mut self,
        what: &str,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        known: impl Iterator<Item = &'k str>,
    ) {
        let mut known: Vec<&str> = known.collect();
        known.dedup();
        let advice = match similar(name.get_ref(), known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("possible: {}", known.join(", ")),
        };
        self.problem(
            name.span(),
            &format!("unknown {what} `{}`; {advice}", name.get_ref()),
        );
    }

    fn problem(&mut self, span: Range<usize>, what: &str) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        self.problems
            .push((span.start, format!("{line}:{column}: {what}")));
    }
}

fn read(key: &Key, value: &DeValue<'_>) -> Result<Value, String> {
    match value {
        DeValue::String(text) if key.kind.is_text() => key.kind.parse(text),
        DeValue::Integer(number) if !key.kind.is_text() && number.radix() == 10 => {
            key.kind.parse(number.as_str())
        }
        DeValue::Float(number) if !key.kind.is_text() => key.kind.parse(number.as_str()),
        DeValue::Array(items) if key.kind.is_list() => {
            let names: Option<Vec<&str>> =
                items.iter().map(|item| item.get_ref().as_str()).collect();
            key.kind
                .parse(&names.ok_or("must be a list of texts")?.join(","))
        }
        other => Err(match key.kind.parse("?") {
            Err(wanted) => format!("{wanted}, not {}", article(other.type_str())),
            Ok(_) if key.kind.is_list() => "must be a list of texts".to_owned(),
            Ok(_) => "must be a text".to_owned(),
        }),
    }
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let shown = match parse(text) {
            Ok(said) => {
                let settings = said.settings.iter();
                let settings = settings.map(|(key, value)| format!("{} = {value}\n", key.name));
                let ignores = said.ignores.iter();
                let ignores =
                    ignores.map(|it| format!("ignore {} {} {}\n", it.rule, it.path, it.reason));
                let agents = said.agents.iter();
                let agents = agents.map(|(id, tokens)| format!("agent {id} {tokens}\n"));
                settings.chain(ignores).chain(agents).collect()
            }
            Err(problems) => problems.join("\n"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn settings_are_read_with_their_kinds() {
        check(
            "[output]\ncolor = \"never\"\n\n[release-prep]\nmin-coverage = 72.5\nmax-critical = 2\nagents = [\"a\", \"b\"]\n",
            expect![[r#"
                output.color = "never"
                release-prep.agents = ["a", "b"]
                release-prep.max-critical = 2
                release-prep.min-coverage = 72.5
            "#]],
        );
        check("", expect![""]);
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_position() {
        check(
            "[release-prep]\nmin-coverge = 80\nmin-quality = 11\nmin-docs = \"90\"\nagents = [1]\n[limit]\nx = 1\n[output]\ncolour = 1\ncolor = \"red\"\n",
            expect![[r#"
                2:1: unknown key `min-coverge`; did you mean `min-coverage`?
                3:15: `release-prep.min-quality` must be a number from 0 to 10
                4:12: `release-prep.min-docs` must be a number from 0 to 100, not a string
                5:10: `release-prep.agents` must be a list of texts
                6:2: unknown table `limit`; did you mean `limits`?
                9:1: unknown key `colour`; did you mean `color`?
                10:9: `output.color` must be one of auto, always, never"#]],
        );
    }

    #[test]
    fn ignore_rules_are_read_and_need_a_reason() {
        check(
            "[[release-prep.ignore]]\nrule = \"python.*\"\npath = \"scripts/\"\nreason = \"not shipped\"\n[[release-prep.ignore]]\npath = \"demo/**\"\nreason = \"a demo\"\n",
            expect![[r#"
                ignore python.* scripts/ not shipped
                ignore * demo/** a demo
            "#]],
        );
        check(
            "[[release-prep.ignore]]\nrule = \"x\"\n[[release-prep.ignore]]\nreason = \"y\"\n[[release-prep.ignore]]\nrules = 1\npath = 2\n",
            expect![[r#"
                1:1: a rule of `ignore` needs a `reason`
                3:1: a rule of `ignore` needs a `rule`, a `path`, or both
                6:1: unknown key `rules`; did you mean `rule`?
                7:8: `path` must be a text, not an integer"#]],
        );
    }

    #[test]
    fn tokens_of_agents_are_whole_numbers_in_tables_of_their_own() {
        check(
            "[agents.coder]\nmax-tokens = 200_000\n[agents.\"*\"]\nmax-tokens = 50000\n",
            expect![[r#"
                agent * 50000
                agent coder 200000
            "#]],
        );
        check(
            "[agents]\nmax-tokens = 5\n[agents.coder]\nmax-token = 5\n[agents.writer]\nmax-tokens = \"5\"\n[agents.analyst]\nmax-tokens = 0\n",
            expect![[r#"
                2:1: write `max-tokens` in a table of an agent, `[agents.NAME]`
                4:1: unknown key `max-token`; did you mean `max-tokens`?
                6:14: `max-tokens` must be a whole number, 1 or more
                8:14: `max-tokens` must be a whole number, 1 or more"#]],
        );
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_by_its_place() {
        check(
            "[output\ncolor = 1",
            expect!["1:8: unclosed table, expected `]`"],
        );
    }
}
