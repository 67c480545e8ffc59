//! What holds for all verbs: the variable behind every flag, and the end of every help text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;
use super::ends::ends;

/// The whole command: each flag with its environment variable, and each help with how its verb can end.
///
/// It is done here once, so that no flag can be without one and no verb can forget how it ends.
pub(crate) fn command() -> Command {
    completed(Cli::command(), "")
}

fn completed(command: Command, words: &str) -> Command {
    let examples = command.get_after_help().map(ToString::to_string);
    command
        .after_help(format!(
            "{}\n\n{}",
            examples.unwrap_or_default(),
            endings(words)
        ))
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
        .mut_subcommands(|verb| {
            let words = format!("{words} {}", verb.get_name());
            completed(verb, words.trim_start())
        })
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

/// The examples at the end of a help text.
pub(super) fn footer(examples: [&str; 2]) -> String {
    let mut text = String::from("Examples:\n");
    for example in examples {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {example}");
    }
    text.truncate(text.trim_end().len());
    text
}

/// How a verb can end, and for the program as a whole what holds for all verbs.
fn endings(words: &str) -> String {
    let mut text = "Exit codes:\n".to_owned();
    for exit in ends(words) {
        let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
    }
    if words.is_empty() {
        text.push_str(
            "\nEvery flag can be set by a variable, `--min-coverage` by `ORCHESTRATE_MIN_COVERAGE`.\n\
             Flags win over variables, these over `orchestrate.toml`, and that over the user's own file.\n\
             `orchestrate help conditions` describes the language of conditions and templates.",
        );
    }
    text.truncate(text.trim_end().len());
    text
}

/// The examples of the first help page.
pub(super) fn overview() -> String {
    footer([
        "orchestrate release-prep --path .",
        "orchestrate plan \"Review the security of the login\"",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::VERBS;
    use crate::exit::Exit;
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
    fn every_verb_says_once_how_it_can_end() {
        let mut all = Vec::new();
        verbs(&command(), "", &mut all);
        let leaves = all.iter().filter(|(_, verb)| !verb.has_subcommands());
        let mut verbs: Vec<&str> = leaves.map(|(words, _)| words.trim_start()).collect();
        let mut told: Vec<&str> = VERBS.iter().map(|(verb, _)| *verb).collect();
        verbs.sort_unstable();
        told.sort_unstable();
        assert_eq!(verbs, told);
        // A group can end in every way in which one of its verbs can, and the program in every way there is.
        assert_eq!(ends(""), Exit::ALL);
        assert!(ends("runs").contains(&Exit::Credentials));
        assert!(!ends("runs list").contains(&Exit::Credentials));
        assert!(!ends("plan").contains(&Exit::NotMeasured));
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
