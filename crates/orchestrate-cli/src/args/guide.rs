//! What holds for all verbs: the variable behind every flag, and the end of every help text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;
use crate::exit::Exit;

/// The whole command, each flag with its environment variable.
///
/// It is done here once, so that no flag can be without one.
pub(crate) fn command() -> Command {
    with_variables(Cli::command())
}

fn with_variables(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let Some(long) = arg.get_long() else {
                return arg;
            };
            if matches!(long, "help" | "version") {
                return arg;
            }
            let name = env_name(long);
            let arg = arg.env(name).hide_env_values(true);
            match arg.get_action() {
                ArgAction::SetTrue => arg.value_parser(FalseyValueParser::new()),
                _ => arg,
            }
        })
        .mut_subcommands(with_variables)
}

/// Every variable that stands for a flag of some verb.
pub(crate) fn variables() -> BTreeSet<String> {
    fn collect(command: &Command, names: &mut BTreeSet<String>) {
        let variables = command.get_arguments().filter_map(Arg::get_env);
        names.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        for verb in command.get_subcommands() {
            collect(verb, names);
        }
    }
    let mut names = BTreeSet::new();
    collect(&command(), &mut names);
    names
}

/// The variable that stands for a flag: `--min-coverage` is `ORCHESTRATE_MIN_COVERAGE`.
pub(crate) fn env_name(long: &str) -> String {
    format!("ORCHESTRATE_{}", long.to_uppercase().replace('-', "_"))
}

/// The end of a help text: two examples and how the verb can end.
pub(super) fn footer(examples: [&str; 2], exits: &[Exit]) -> String {
    let mut text = String::from("Examples:\n");
    for example in examples {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {example}");
    }
    text.push_str("\nExit codes:\n");
    let (last, listed) = ([Exit::Usage, Exit::Internal], exits.iter().copied());
    let mut all: Vec<Exit> = listed.chain(last).collect();
    all.sort_by_key(|exit| exit.code());
    all.dedup();
    for exit in all {
        let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
    }
    text.truncate(text.trim_end().len());
    text
}

/// The end of the first help page.
pub(super) fn overview() -> String {
    let examples = [
        "orchestrate release-prep --path .",
        "orchestrate plan \"Review the security of the login\"",
    ];
    format!(
        "{}\n\nEvery flag can be set by a variable, `--min-coverage` by `ORCHESTRATE_MIN_COVERAGE`.\n\
         Flags win over variables, these over `orchestrate.toml`, and that over the user's own file.\n\
         `orchestrate help conditions` describes the language of conditions and templates.",
        footer(examples, &Exit::ALL)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    /// Every command of the tree with its words, the program itself first.
    fn verbs(command: &Command, words: &str, all: &mut Vec<(String, Command)>) {
        all.push((words.to_owned(), command.clone()));
        for child in command.get_subcommands() {
            verbs(child, &format!("{words} {}", child.get_name()), all);
        }
    }

    #[test]
    fn every_verb_ends_with_two_examples_that_parse_and_its_exit_codes() {
        let mut all = Vec::new();
        verbs(&command(), "orchestrate", &mut all);
        assert!(all.len() > 15, "{}", all.len());
        for (words, verb) in all {
            let help = verb
                .get_after_help()
                .unwrap_or_else(|| panic!("`{words}` has no end of its help"))
                .to_string();
            let examples: Vec<&str> = help
                .lines()
                .skip_while(|line| *line != "Examples:")
                .skip(1)
                .take_while(|line| !line.is_empty())
                .map(str::trim)
                .collect();
            assert_eq!(examples.len(), 2, "{words}: {examples:?}");
            for example in examples {
                if words != "orchestrate" {
                    assert!(example.contains(&words), "{words}: {example}");
                }
                let parsed = command().try_get_matches_from(shell_words(example));
                assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            }
            assert!(help.contains("\nExit codes:\n    0  done"), "{words}");
        }
    }

    /// Splits an example as a shell does; quotes only, and what is behind a pipe or `>` left out.
    fn shell_words(example: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in example.chars() {
            match c {
                '"' => quoted = !quoted,
                '|' | '>' if !quoted => break,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn every_flag_has_its_variable() {
        let mut all = Vec::new();
        verbs(&command(), "orchestrate", &mut all);
        for (words, verb) in all {
            for arg in verb.get_arguments() {
                let Some(long) = arg
                    .get_long()
                    .filter(|long| *long != "help" && *long != "version")
                else {
                    continue;
                };
                let name = arg.get_env().and_then(OsStr::to_str);
                assert_eq!(name, Some(&*env_name(long)), "{words} --{long}");
            }
        }
    }

    #[test]
    fn the_command_is_sound() {
        command().debug_assert();
    }
}
