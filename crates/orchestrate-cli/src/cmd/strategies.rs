//! `strategies`: the ways in which a team can work together.

use orchestrate_core::strategy::StrategyInfo;
use serde_json::{Value, json};

use crate::app::Call;
use crate::args::StrategiesVerb;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, HEAD, paint, safe, wrap};
use crate::wire;

pub(crate) fn run(verb: &StrategiesVerb, call: &Call) -> Result<Exit, Failure> {
    let catalog = wire::catalog();
    let printer = &call.printer;
    match verb {
        StrategiesVerb::List => {
            let all: Vec<&StrategyInfo> = catalog.iter().collect();
            printer.answer(|| list(&all), &json!({"strategies": all}))?;
        }
        StrategiesVerb::Show { name } => {
            let info = catalog.info(name)?;
            printer.answer(|| show(info, printer.width()), info)?;
        }
    }
    Ok(Exit::Yes)
}

fn list(all: &[&StrategyInfo]) -> String {
    let mut columns = Columns::new(["STRATEGY", "NEEDS", "WHAT IT DOES"]);
    for info in all {
        columns.row([
            info.name.clone(),
            info.arity.to_string(),
            info.summary.clone(),
        ]);
    }
    columns.render()
}

fn show(info: &StrategyInfo, width: usize) -> String {
    let mut out = format!("{}: {}\n\n", paint(HEAD, &info.name), info.summary);
    for (name, text) in [
        ("When", info.when.clone()),
        ("Roles", info.roles.clone()),
        ("Needs", info.arity.to_string()),
    ] {
        let lines = wrap(&text, width.saturating_sub(8)).join("\n        ");
        out.push_str(&format!("{name:<8}{lines}\n"));
    }
    let parameters = parameters(&info.parameters.value(), width);
    if !parameters.is_empty() {
        out.push_str(&format!("\n{}\n{parameters}", paint(HEAD, "Parameters")));
    }
    out
}

/// Name, default and description of each parameter, from its JSON Schema.
pub(super) fn parameters(schema: &Value, width: usize) -> String {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut out = String::new();
    for (name, property) in properties.into_iter().flatten() {
        let default = property.get("default").filter(|it| !it.is_null());
        let default = default.map_or(String::new(), |it| format!(" (default {it})"));
        let about = property.get("description").and_then(Value::as_str);
        let about =
            wrap(&safe(about.unwrap_or_default()), width.saturating_sub(6)).join("\n      ");
        out.push_str(&format!("  {name}{default}\n      {about}\n"));
    }
    out
}
