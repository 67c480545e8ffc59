//! `docs`: pages of the documentation that are written from the program's own tables.

use std::fmt::Write as _;

use orchestrate_core::condition::REFERENCE;
use orchestrate_workflows::rules as catalogue;
use serde_json::json;

use super::named::{Named, pick};
use crate::app::Call;
use crate::args::PageArgs;
use crate::codes;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::word;
use crate::wire;

/// Every page.
const TEXTS: &[Named<String>] = &[
    ("agents", agents),
    ("conditions", || REFERENCE.to_owned()),
    ("errors", errors),
    ("exit-codes", exit_codes),
    ("rules", rules),
    ("strategies", strategies),
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

fn exit_codes() -> String {
    table(
        "Exit codes",
        "The same for all verbs. Those marked as reserved cannot occur in this version.",
        ["Code", "Meaning", ""],
        Exit::ALL.map(|exit| {
            let note = if exit.occurs() { "" } else { "reserved" };
            [
                exit.code().to_string(),
                exit.meaning().to_owned(),
                note.to_owned(),
            ]
        }),
    )
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
    let registry = wire::registry();
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
