//! What the parser of arguments has to say, in our form: help and versions are answers, the rest are errors.

use std::num::ParseIntError;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::Printer;

/// Answers for the parser, and gives how the program ends. `words` are those of the command line, the
/// program left out.
pub(crate) fn answer(error: &clap::Error, words: &[String], json: bool) -> Exit {
    let printer = Printer::new(json, false, 0, anstream::ColorChoice::Auto);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let shown = printer.result(&error.render().ansi().to_string());
        return shown.map_or_else(|failure| printer.fail(&failure), |()| Exit::Yes);
    }
    if !json && error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        printer.stderr(&error.render().ansi().to_string());
        return Exit::Usage;
    }
    let text = error.render().to_string();
    let mut lines = text.lines();
    let message = lines.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let more = lines
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("tip:"));
    let message = std::iter::once(message)
        .chain(more)
        .collect::<Vec<_>>()
        .join("\n");
    let message = in_words(error, message);
    let mut failure = Failure::from(CliError::arguments(message, help_hint(error, words)));
    for tip in tips(error) {
        failure.hints.insert(0, tip);
    }
    printer.fail(&failure)
}

/// The message without what only programmers say.
fn in_words(error: &clap::Error, message: String) -> String {
    let cause = std::error::Error::source(error);
    match cause.and_then(|cause| cause.downcast_ref::<ParseIntError>()) {
        Some(cause) => message.replace(&cause.to_string(), "give a whole number, 0 or more"),
        None => message,
    }
}

/// The verb that the words name, as one would call it for help.
fn verb(words: &[String]) -> String {
    let command = args::command();
    let (mut at, mut verb) = (&command, "orchestrate".to_owned());
    for word in words {
        // What is no verb is a flag or its value.
        if let Some(inner) = at.find_subcommand(word) {
            verb = format!("{verb} {}", inner.get_name());
            at = inner;
        }
    }
    verb
}

fn help_hint(error: &clap::Error, words: &[String]) -> String {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    match usage
        .as_deref()
        .and_then(|text| text.trim().strip_prefix("Usage: "))
    {
        Some(usage) => format!("usage: {usage}"),
        None => format!("`{} --help` shows what is possible", verb(words)),
    }
}

/// The names that the parser thinks were meant.
fn tips(error: &clap::Error) -> Vec<String> {
    let kinds = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    kinds
        .into_iter()
        .filter_map(|kind| error.get(kind))
        .flat_map(|value| match value {
            ContextValue::String(name) => vec![name.clone()],
            ContextValue::Strings(names) => names.clone(),
            _ => Vec::new(),
        })
        .map(|name| format!("did you mean `{name}`?"))
        .collect()
}
