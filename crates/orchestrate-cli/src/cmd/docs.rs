//! `docs`: pages of the documentation that are written from the program's own tables.

use std::fmt::Write as _;

use orchestrate_core::condition::REFERENCE;
use orchestrate_strategies::conformance;
use orchestrate_workflows::rules as catalogue;
use serde_json::json;

use super::named::{Named, pick};
use crate::app::Call;
use crate::args::{PageArgs, VERBS, ends};
use crate::codes;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::word;
use crate::wire;

/// Every page.
const TEXTS: &[Named<String>] = &[
    ("agents", agents),
    ("conditions", || REFERENCE.to_owned()),
    ("conformance", conformance),
    ("errors", errors),
    ("exit-codes", exit_codes),
    ("rules", rules),
    ("strategies", strategies),
    ("user-rules", user_rules),
];

pub(crate) fn run(args: &PageArgs, call: &Call) -> Result<Exit, Failure> {
    if let Some(text) = pick(TEXTS, "page", "docs --list", args, call)? {
        call.printer.answer(
            || text.clone(),
            &json!({"page": args.name, "markdown": text}),
        )?;
    }
    Ok(Exit::Yes)
}

/// A page of one table. A bar in a cell would end it, so it is escaped.
fn table<const N: usize>(
    title: &str,
    introduction: &str,
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut out = format!(
        "# {title}\n\n{introduction}\n\n| {} |\n|",
        headings.join(" | ")
    );
    out.push_str(&"---|".repeat(N));
    out.push('\n');
    for row in rows {
        let cells = row.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

fn user_rules() -> String {
    include_str!("user_rules.md").to_owned()
}

fn exit_codes() -> String {
    let mut page = table(
        "Exit codes",
        "The same for all verbs.",
        ["Code", "Meaning"],
        Exit::ALL.map(|exit| [exit.code().to_string(), exit.meaning().to_owned()]),
    );
    page.push_str("\nHow each verb can end:\n\n| Verb | Codes |\n|---|---|\n");
    for (verb, _) in VERBS {
        let codes: Vec<String> = ends(verb)
            .iter()
            .map(|exit| exit.code().to_string())
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{verb}` | {} |", codes.join(", "));
    }
    page
}

fn errors() -> String {
    table(
        "Error codes",
        "Every error that a person can meet has one; `orchestrate explain CODE` prints its page.",
        ["Code", "What", "Cause", "Remedy"],
        codes::all()
            .iter()
            .map(|page| [page.code, page.title, page.cause, page.remedy].map(str::to_owned)),
    )
}

fn agents() -> String {
    let registry = wire::builtin_agents();
    let rows = registry.iter().map(|agent| {
        let capabilities: Vec<&str> = agent
            .capabilities
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        [
            format!("`{}`", agent.id),
            agent.role.clone(),
            agent.tier_preference.to_string(),
            capabilities.join(", "),
        ]
    });
    table(
        "Agents",
        "The built-in templates, as `orchestrate agents list` shows them.",
        ["Agent", "Role", "Tier", "Capabilities"],
        rows.collect::<Vec<_>>(),
    )
}

fn strategies() -> String {
    let catalog = wire::catalog();
    let rows = catalog.iter().map(|info| {
        [
            format!("`{}`", info.name),
            info.arity.to_string(),
            info.summary.clone(),
            info.when.clone(),
            info.roles.clone(),
        ]
    });
    table(
        "Strategies",
        "How a team can work together, as `orchestrate strategies list` shows it.",
        ["Strategy", "Needs", "What it does", "When", "Roles"],
        rows.collect::<Vec<_>>(),
    )
}

/// What every strategy is held to, from the table that the tests run.
fn conformance() -> String {
    let listed = |row: &conformance::Row| {
        let without = row.without.iter();
        let without: Vec<String> = without
            .map(|(id, outcome)| format!("without `{id}`: {outcome}"))
            .collect();
        [
            format!("`{}`", row.strategy),
            row.team.join(", "),
            without.join("; "),
        ]
    };
    let mut out = table(
        "Conformance of strategies",
        "What each strategy is held to; the tests run this table, with scripted agents and once more with scripted models through the whole turn of an agent. With the team named here it succeeds when everybody \
         does, ends as told when one member always fails or hangs, stops at a limit of calls, and can be cancelled in \
         the middle with what had ended kept. Every other strategy can stand in the place of a member; all pairs are run.",
        ["Strategy", "Team", "Ends"],
        conformance::rows().iter().map(listed),
    );
    let cases = conformance::rows().iter().flat_map(|row| {
        row.cases.iter().map(move |case| {
            [
                format!("`{}`", row.strategy),
                case.name.replace('_', " "),
                case.outcome.clone(),
                case.corrects.clone().unwrap_or_default(),
            ]
        })
    });
    let introduction = "Runs with scripted answers. The last column tells the mistake of an older system whose \
                        opposite is shown; each of these has a test of that name.";
    out.push_str("\n#");
    out.push_str(&table(
        "Cases",
        introduction,
        ["Strategy", "What is shown", "Ends", "In place of"],
        cases,
    ));
    let points = conformance::points().iter().map(|point| {
        let tests: Vec<String> = point.tests.iter().map(|it| format!("`{it}`")).collect();
        [point.point.clone(), tests.join(", ")]
    });
    out.push_str("\n#");
    out.push_str(&table(
        "The executor",
        "What holds for every run, whatever the strategy, and the tests that fail when it does not.",
        ["What holds", "Tests"],
        points,
    ));
    out
}

fn rules() -> String {
    table(
        "Rules",
        "What the analysis looks for. A finding names its rule; `orchestrate explain RULE` prints \
         its page. The severity is the worst that the rule gives.",
        ["Rule", "Severity", "CWE", "What", "Why", "How to mend it"],
        catalogue::all().into_iter().map(|rule| {
            [
                format!("`{}`", rule.id),
                word(&rule.severity),
                rule.cwe.map_or(String::new(), |number| number.to_string()),
                rule.title.to_owned(),
                rule.why.to_owned(),
                rule.fix.to_owned(),
            ]
        }),
    )
}
