//! `config list`: what holds here, and why.

use std::env;

use serde_json::json;

use crate::app::Call;
use crate::args::ConfigVerb;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, safe};
use crate::settings::{AgentSettings, Origin, Settings};

pub(crate) fn run(verb: &ConfigVerb, call: &Call) -> Result<Exit, Failure> {
    let ConfigVerb::List { origin } = verb;
    let settings = Settings::load(".".as_ref())?.with_variables(|name| env::var_os(name))?;
    let document: Vec<_> = settings
        .list
        .iter()
        .map(|it| json!({"key": it.name, "value": it.value, "origin": it.origin.to_string()}))
        .chain(agents(&settings).map(|(key, tokens, origin)| {
            json!({"key": key, "value": tokens, "origin": origin.to_string()})
        }))
        .collect();
    let ignores: Vec<_> = settings
        .ignores
        .iter()
        .map(|(it, origin)| {
            json!({"rule": it.rule, "path": it.path, "reason": it.reason, "origin": origin.to_string()})
        })
        .collect();
    call.printer.answer(
        || list(&settings, *origin),
        &json!({"settings": document, "ignore": ignores, "files": settings.files}),
    )?;
    Ok(Exit::Yes)
}

/// What is set for agents, as the keys of a file.
fn agents(settings: &Settings) -> impl Iterator<Item = (String, u64, &Origin)> {
    let agents = settings.services.agents.max_tokens.iter();
    agents.map(|(id, (tokens, origin))| {
        let id = if id == AgentSettings::EVERY {
            format!("\"{id}\"")
        } else {
            id.clone()
        };
        (format!("agents.{id}.max-tokens"), *tokens, origin)
    })
}

fn list(settings: &Settings, origin: bool) -> String {
    let mut columns = Columns::default();
    for setting in &settings.list {
        let value = match &setting.value {
            Some(value) => safe(&value.to_string()),
            None => "(not set)".to_owned(),
        };
        let mut row = vec![setting.name.to_owned(), value];
        if origin {
            row.push(safe(&setting.origin.to_string()));
        }
        columns.row(row);
    }
    for (key, tokens, from) in agents(settings) {
        let mut row = vec![safe(&key), tokens.to_string()];
        if origin {
            row.push(safe(&from.to_string()));
        }
        columns.row(row);
    }
    for (rule, from) in &settings.ignores {
        let value = format!("{} in {}: {}", rule.rule, rule.path, rule.reason);
        let mut row = vec!["release-prep.ignore".to_owned(), safe(&value)];
        if origin {
            row.push(safe(&from.to_string()));
        }
        columns.row(row);
    }
    columns.render()
}
