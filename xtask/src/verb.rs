//! What a verb is, and the way from the words of a command line to the verb that they name.

use crate::args::{Accepts, Args};
use crate::process;

/// What a verb gives: nothing, or one message that says what failed.
///
/// Details are printed as they are found; the message only sums them up.
pub(crate) type Outcome = Result<(), String>;

/// One `cargo xtask` command.
#[derive(Debug)]
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    /// One line for the list of verbs.
    pub(crate) summary: &'static str,
    /// The usage line and the options, as `--help` shows them.
    pub(crate) help: &'static str,
    pub(crate) accepts: Accepts,
    pub(crate) run: fn(&Args) -> Outcome,
}

/// Runs the verb that the first word names, at the top of the workspace.
pub(crate) fn dispatch(verbs: &[Verb], words: &[String]) -> Outcome {
    let Some((name, rest)) = words.split_first() else {
        print!("{}", overview(verbs));
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", overview(verbs));
        return Ok(());
    }
    let verb = verbs.iter().find(|verb| verb.name == name).ok_or_else(|| {
        let names: Vec<&str> = verbs.iter().map(|verb| verb.name).collect();
        format!("no verb `{name}`; there are: {}", names.join(", "))
    })?;
    // Words after `--` belong to the program that the verb starts.
    let own = rest.split(|word| word == "--").next().unwrap_or_default();
    if own.iter().any(|word| word == "--help" || word == "-h") {
        println!(
            "{}\n\nUsage: cargo xtask {}",
            verb.summary,
            verb.help.trim()
        );
        return Ok(());
    }
    let args = verb
        .accepts
        .parse(rest)
        .map_err(|message| format!("{message}; see `cargo xtask {name} --help`"))?;
    process::enter_workspace()?;
    (verb.run)(&args)
}

fn overview(verbs: &[Verb]) -> String {
    let mut text = String::from("Usage: cargo xtask VERB [OPTIONS]\n\nVerbs:\n");
    for verb in verbs {
        text.push_str(&format!("  {:<9} {}\n", verb.name, verb.summary));
    }
    text.push_str("\n`cargo xtask VERB --help` shows the options of a verb.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_unknown_verb_is_refused_with_the_list_of_verbs() {
        let message = dispatch(crate::VERBS, &words("tset")).unwrap_err();
        assert_eq!(
            message,
            "no verb `tset`; there are: test, faults, prop, bench, idle, tidy, layers, codegen, ci, release, oracle, labelled"
        );
    }

    #[test]
    fn an_unknown_option_is_refused_and_points_to_the_help() {
        let message = dispatch(crate::VERBS, &words("layers --fix")).unwrap_err();
        assert_eq!(
            message,
            "unknown option `--fix`; there are no options; see `cargo xtask layers --help`"
        );
    }

    #[test]
    fn every_verb_says_its_usage_after_its_own_name() {
        for verb in crate::VERBS {
            assert!(verb.help.trim().starts_with(verb.name), "{}", verb.name);
        }
    }
}
