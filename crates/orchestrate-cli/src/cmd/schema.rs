//! `schema`: the JSON Schemas of the documents that this program writes and of the files that it reads. The committed ones come from here.

use orchestrate_core::event::Event;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_strategies::definition;
use orchestrate_workflows::{health_check, report, scenarios, test_coverage};
use schemars::{Schema, schema_for};

use super::named::{Named, pick};
use super::run::RunDocument;
use crate::app::Call;
use crate::args::PageArgs;
use crate::error::Failure;
use crate::exit::Exit;

/// Every schema.
const SCHEMAS: &[Named<Schema>] = &[
    ("agents", || of(definition::agents_schema())),
    ("events", || schema_for!(Event)),
    ("health", health_check::schema),
    ("plan", || schema_for!(ExecutionPlan)),
    ("release-readiness", report::schema),
    ("run", || schema_for!(RunDocument)),
    ("scenarios", scenarios::schema),
    ("scenarios-file", scenarios::Scenarios::schema),
    ("test-coverage", test_coverage::schema),
    ("workflow", || of(definition::schema())),
];

/// A schema that is at hand as a value.
fn of(schema: &serde_json::Value) -> Schema {
    Schema::try_from(schema.clone()).unwrap_or_default()
}

pub(crate) fn run(args: &PageArgs, call: &Call) -> Result<Exit, Failure> {
    if let Some(schema) = pick(SCHEMAS, "schema", "schema --list", args, call)? {
        call.printer.document(&schema)?;
    }
    Ok(Exit::Yes)
}
