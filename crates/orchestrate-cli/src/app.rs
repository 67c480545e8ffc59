//! From arguments to an exit status: parse, read the settings that the verb needs, call it, show its error.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use clap::{ColorChoice, FromArgMatches as _};

use crate::args::{self, Cli, Format, Verb};
use crate::cmd;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::refusal;
use crate::render::Printer;
use crate::settings::{Settings, names};

/// What a verb is given beside its own arguments.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) printer: Printer,
    pub(crate) settings: Settings,
    /// The words of the command line, the program left out.
    pub(crate) arguments: Vec<String>,
}

/// Runs the program.
pub(crate) fn run(mut arguments: Vec<OsString>) -> Exit {
    // `help` shows verbs; the language of conditions is a page of the documentation.
    if let [_, help, topic, ..] = &mut *arguments
        && help == "help"
        && topic == "conditions"
    {
        *help = "docs".into();
    }
    let variable = std::env::var_os(args::env_name("json"));
    let json = args::asks_for_json(arguments.iter().skip(1), variable.as_deref());
    guarded(json, || {
        let words = arguments.iter().skip(1);
        let words: Vec<String> = words
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let parsed = args::command()
            .try_get_matches_from(arguments)
            .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
        match parsed {
            Ok((cli, matches)) => accepted(&cli, args::wants_json(&cli, &matches), words),
            Err(error) => refusal::answer(&error, &words, json),
        }
    })
}

/// A panic is a fault of ours: it is told as one, and ends with the status that says so.
fn guarded(json: bool, work: impl FnOnce() -> Exit) -> Exit {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let printer = Printer::new(json, false, 0, anstream::ColorChoice::Auto);
        let fault = CliError::Internal {
            what: "the program met a state that it holds to be impossible".to_owned(),
            source: None,
        };
        printer.fail(&fault.into())
    })
}

fn accepted(cli: &Cli, json: bool, arguments: Vec<String>) -> Exit {
    let global = &cli.global;
    let color = stream(global.color.unwrap_or(ColorChoice::Auto));
    let mut printer = Printer::new(json, global.quiet, global.verbose, color);
    let settings = match settings(cli) {
        Ok(settings) => settings,
        Err(failure) => return printer.fail(&failure),
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
    let call = Call {
        printer,
        settings,
        arguments,
    };
    dispatch(&cli.verb, &call).unwrap_or_else(|failure| call.printer.fail(&failure))
}

fn dispatch(verb: &Verb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        Verb::Agents(verb) => cmd::agents::run(verb, call),
        Verb::Approvals(verb) => cmd::approvals::run(verb, call),
        Verb::Completions(args) => cmd::completions::run(args, call),
        Verb::Config(verb) => cmd::config::run(verb, call),
        Verb::Demo => cmd::demo::run(call),
        Verb::Docs(args) => cmd::docs::run(args, call),
        Verb::Doctor(args) => cmd::doctor::run(args, call),
        Verb::Explain(args) => cmd::explain::run(args, call),
        Verb::Fmt(args) => cmd::fmt::run(args, call),
        Verb::HealthCheck(args) => cmd::health_check::run(args, call),
        Verb::Init(args) => cmd::init::run(args, call),
        Verb::Lessons(verb) => cmd::lessons::run(verb, call),
        Verb::Notes(verb) => cmd::memory::notes(verb, call),
        Verb::Plan(args) => cmd::plan::run(args, call),
        Verb::ReleasePrep(args) => cmd::release_prep::run(args, call),
        Verb::Run(args) => cmd::run::run(args, call),
        Verb::Runs(verb) => cmd::runs::run(verb, call),
        Verb::Scenarios(args) => cmd::scenarios::run(args, call),
        Verb::Schema(args) => cmd::schema::run(args, call),
        Verb::Sessions(verb) => cmd::memory::sessions(verb, call),
        Verb::Strategies(verb) => cmd::strategies::run(verb, call),
        Verb::TestCoverage(args) => cmd::test_coverage::run(args, call),
        Verb::Validate(args) => cmd::validate::run(args, call),
        Verb::Workflows(verb) => cmd::workflows::run(verb, call),
    }
}

/// The settings that a verb needs. Verbs that help people out of a broken configuration need none.
fn settings(cli: &Cli) -> Result<Settings, Failure> {
    let project = match &cli.verb {
        Verb::ReleasePrep(args) => &args.path,
        Verb::HealthCheck(args) => &args.path,
        Verb::Scenarios(args) => &args.path,
        Verb::TestCoverage(args) => &args.path,
        Verb::Run(args) => &args.path,
        Verb::Validate(args) => &args.path,
        Verb::Plan(_)
        | Verb::Agents(_)
        | Verb::Lessons(_)
        | Verb::Strategies(_)
        | Verb::Workflows(_) => Path::new("."),
        // The first two read the settings themselves, to show them; what a recorded run needs is recorded.
        Verb::Config(_)
        | Verb::Doctor(_)
        | Verb::Demo
        | Verb::Fmt(_)
        | Verb::Init(_)
        | Verb::Explain(_)
        | Verb::Runs(_)
        | Verb::Sessions(_)
        | Verb::Notes(_)
        | Verb::Approvals(_)
        | Verb::Completions(_)
        | Verb::Schema(_)
        | Verb::Docs(_) => return Ok(Settings::defaults()),
    };
    Ok(Settings::load(project)?)
}

fn stream(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_internal_error() {
        assert_eq!(guarded(false, || Exit::No), Exit::No);
        assert_eq!(guarded(false, || panic!("on purpose")), Exit::Internal);
    }
}
