//! From arguments to an exit status: parse, read the settings that the verb needs, call it, show its error.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, FromArgMatches as _};

use crate::args::{self, Cli, Format, Verb};
use crate::cmd;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::Printer;
use crate::settings::{Settings, names};

/// What a verb is given beside its own arguments.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) printer: Printer,
    pub(crate) settings: Settings,
}

/// Runs the program.
pub(crate) fn run(arguments: Vec<OsString>) -> Exit {
    let variable = std::env::var_os(args::env_name("json"));
    let json = args::asks_for_json(arguments.iter().skip(1), variable.as_deref());
    let parsed = args::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    match parsed {
        Ok((cli, matches)) => {
            let json = wants_json(&cli, &matches);
            let color = cli.global.color.unwrap_or(ColorChoice::Auto);
            let global = &cli.global;
            let mut printer = Printer::new(json, global.quiet, global.verbose, stream(color));
            let settings = match settings(&cli) {
                Ok(settings) => settings,
                Err(failure) => return fail(&printer, &failure),
            };
            if global.color.is_none()
                && let Some(color) = settings.word(names::COLOR)
            {
                printer.set_color(stream(color));
            }
            if let Verb::ReleasePrep(args) = &cli.verb
                && args.out.is_none()
                && args.format.is_none()
                && settings.word(names::FORMAT) == Some(Format::Json)
            {
                printer.json = true;
            }
            let call = Call { printer, settings };
            dispatch(&cli.verb, &call).unwrap_or_else(|failure| fail(&call.printer, &failure))
        }
        Err(error) => refused(&error, json),
    }
}

fn dispatch(verb: &Verb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        Verb::Agents(verb) => cmd::agents::run(verb, call),
        Verb::Completions(args) => cmd::completions::run(args, call),
        Verb::Config(verb) => cmd::config::run(verb, call),
        Verb::Docs(args) => cmd::docs::run(args, call),
        Verb::Doctor => cmd::doctor::run(call),
        Verb::Explain(args) => cmd::explain::run(args, call),
        Verb::Plan(args) => cmd::plan::run(args, call),
        Verb::ReleasePrep(args) => cmd::release_prep::run(args, call),
        Verb::Run(args) => cmd::run::run(args, call),
        Verb::Schema(args) => cmd::schema::run(args, call),
        Verb::Strategies(verb) => cmd::strategies::run(verb, call),
        Verb::Workflows(verb) => cmd::workflows::run(verb, call),
    }
}

/// Whether the one document is wanted on stdout. `--json` says so for every verb; `--format`
/// counts too where it is what goes to stdout. What was typed wins over what a variable says.
fn wants_json(cli: &Cli, matches: &ArgMatches) -> bool {
    let format = match &cli.verb {
        Verb::ReleasePrep(args) if args.out.is_none() => args.format,
        _ => None,
    };
    let typed = |matches: &ArgMatches, id: &str| {
        matches.ids().any(|it| it == id)
            && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    match format {
        None => cli.global.json,
        Some(format) => {
            let verb = matches.subcommand().map(|(_, verb)| verb);
            let format_typed = verb.is_some_and(|verb| typed(verb, "format"));
            let json = cli.global.json && (typed(matches, "json") || !format_typed);
            json || format == Format::Json
        }
    }
}

/// The settings that a verb needs. Verbs that help people out of a broken configuration need none.
fn settings(cli: &Cli) -> Result<Settings, Failure> {
    let project = match &cli.verb {
        Verb::ReleasePrep(args) => &args.path,
        Verb::Run(args) => &args.path,
        Verb::Plan(_)
        | Verb::Agents(_)
        | Verb::Strategies(_)
        | Verb::Workflows(_)
        | Verb::Config(_) => Path::new("."),
        Verb::Doctor
        | Verb::Explain(_)
        | Verb::Completions(_)
        | Verb::Schema(_)
        | Verb::Docs(_) => return Ok(Settings::defaults()),
    };
    Ok(Settings::load(project)?)
}

fn fail(printer: &Printer, failure: &Failure) -> Exit {
    printer.failure(failure);
    failure.exit
}

/// What the parser has to say: help and version are answers, everything else is an error.
fn refused(error: &clap::Error, json: bool) -> Exit {
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
    fail(&printer, &failure)
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

fn stream(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
