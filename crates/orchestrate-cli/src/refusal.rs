//! What the parser of arguments has to say, in our form: help and versions are answers, the rest are errors.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::Printer;

/// What the parser has to say: help and version are answers, everything else is an error.
pub(crate) fn answer(error: &clap::Error, json: bool) -> Exit {
    let printer = Printer::new(json, false, 0, anstream::ColorChoice::Auto);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // Help that cannot be shown has nobody to complain to.
        let _ = printer.result(&error.render().ansi().to_string());
        return Exit::Yes;
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
    let mut failure = Failure::from(CliError::arguments(message, help_hint(error)));
    for tip in tips(error) {
        failure.hints.insert(0, tip);
    }
    printer.fail(&failure)
}

fn help_hint(error: &clap::Error) -> String {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    match usage
        .as_deref()
        .and_then(|text| text.trim().strip_prefix("Usage: "))
    {
        Some(usage) => format!("usage: {usage}"),
        None => "`orchestrate --help` shows what is possible".to_owned(),
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
