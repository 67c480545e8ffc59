//! `schema`: the JSON Schemas of the documents that this program writes. The committed ones come from here.

use orchestrate_core::event::Event;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_workflows::report;
use schemars::{Schema, schema_for};
use serde_json::json;

use super::run::RunDocument;
use crate::app::Call;
use crate::args::PageArgs;
use crate::error::{CliError, Failure};
use crate::exit::Exit;

/// A schema: its name, and what derives it from the types.
type Named = (&'static str, fn() -> Schema);

/// Every schema.
const SCHEMAS: &[Named] = &[
    ("events", || schema_for!(Event)),
    ("plan", || schema_for!(ExecutionPlan)),
    ("release-readiness", report::schema),
    ("run", || schema_for!(RunDocument)),
];

pub(crate) fn run(args: &PageArgs, call: &Call) -> Result<Exit, Failure> {
    let names: Vec<&str> = SCHEMAS.iter().map(|(name, _)| *name).collect();
    let Some(name) = &args.name else {
        call.printer
            .answer(|| names.join("\n"), &json!({"schemas": names}))?;
        return Ok(Exit::Yes);
    };
    let (_, schema) = SCHEMAS
        .iter()
        .find(|(known, _)| known == name)
        .ok_or_else(|| CliError::Unknown {
            what: "schema",
            given: name.clone(),
            possible: names.iter().map(|&name| name.to_owned()).collect(),
            list: "schema --list",
        })?;
    call.printer.document(&schema())?;
    Ok(Exit::Yes)
}
