//! Whether the answer is to be one JSON document: what was typed before what a variable says.

use std::ffi::{OsStr, OsString};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::{Cli, CoverageFormat, Format, HealthFormat, ScenariosFormat, Verb};

/// Whether the arguments ask for JSON, read without a parser: arguments that do not parse must
/// still be answered in the form that was asked for.
pub(crate) fn asks_for_json<'a>(
    arguments: impl IntoIterator<Item = &'a OsString>,
    variable: Option<&OsStr>,
) -> bool {
    let mut format = false;
    let mut json = variable.is_some_and(|value| {
        let value = value.to_string_lossy().to_lowercase();
        !matches!(&*value, "" | "0" | "n" | "no" | "f" | "false" | "off")
    });
    for argument in arguments {
        let Some(argument) = argument.to_str() else {
            continue;
        };
        match argument {
            "--" => break,
            "--json" | "--format=json" => json = true,
            "json" if format => json = true,
            _ => {}
        }
        format = argument == "--format";
    }
    json
}

/// Whether the one document is wanted on stdout. `--json` says so for every verb; `--format`
/// counts too where it is what goes to stdout. What was typed wins over what a variable says.
pub(crate) fn wants_json(cli: &Cli, matches: &ArgMatches) -> bool {
    let format = match &cli.verb {
        Verb::ReleasePrep(args) if args.out.is_none() => {
            args.format.map(|format| format == Format::Json)
        }
        Verb::HealthCheck(args) if args.out.is_none() => {
            args.format.map(|format| format == HealthFormat::Json)
        }
        Verb::Scenarios(args) if args.out.is_none() => {
            args.format.map(|format| format == ScenariosFormat::Json)
        }
        Verb::TestCoverage(args) if args.out.is_none() => {
            args.format.map(|format| format == CoverageFormat::Json)
        }
        _ => None,
    };
    let typed = |matches: &ArgMatches, id: &str| {
        matches.ids().any(|it| it == id)
            && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    match format {
        None => cli.global.json,
        Some(is_json) => {
            let verb = matches.subcommand().map(|(_, verb)| verb);
            let format_typed = verb.is_some_and(|verb| typed(verb, "format"));
            let json = cli.global.json && (typed(matches, "json") || !format_typed);
            json || is_json
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_seen_in_arguments_that_do_not_parse() {
        let asks = |arguments: &[&str], variable: Option<&str>| {
            let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
            asks_for_json(&arguments, variable.map(OsStr::new))
        };
        assert!(asks(&["--nope", "--json"], None));
        assert!(asks(&["release-prep", "--format", "json"], None));
        assert!(asks(&["release-prep", "--format=json"], None));
        assert!(asks(&[], Some("1")));
        assert!(!asks(&["run", "--", "--json"], None));
        assert!(!asks(&["run", "json"], None));
        assert!(!asks(&["--format", "text", "json"], Some("false")));
    }
}
