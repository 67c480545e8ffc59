//! `workflows`: the prebuilt ones, and those in files.

use std::path::Path;

use orchestrate_strategies::definition::{Given, Source};
use orchestrate_workflows::catalog::{self, Workflow};
use serde_json::{Value, json};

use super::strategies::parameters;
use crate::app::Call;
use crate::args::WorkflowsVerb;
use crate::definitions::{self, Disk};
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, HEAD, paint, safe, wrap};
use crate::settings::Services;

pub(crate) fn run(verb: &WorkflowsVerb, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    match verb {
        WorkflowsVerb::List => {
            let own = own(&call.settings.services);
            let built_in = catalog::all().iter().map(document);
            let all: Vec<Value> = built_in.chain(own.iter().map(Own::document)).collect();
            printer.answer(|| list(&own), &json!({"workflows": all}))?;
        }
        WorkflowsVerb::Show { name } => {
            if let Some(own) = own_of(name, &call.settings.services)? {
                printer.answer(|| own.show(printer.width()), &own.document())?;
                return Ok(Exit::Yes);
            }
            let workflow = catalog::get(name)?;
            let mut shown = document(workflow);
            if let Value::Object(fields) = &mut shown {
                fields.insert("report".to_owned(), workflow.report().into());
            }
            printer.answer(|| show(workflow, printer.width()), &shown)?;
        }
    }
    Ok(Exit::Yes)
}

fn document(workflow: &Workflow) -> Value {
    json!({
        "name": workflow.name,
        "summary": workflow.summary,
        "about": workflow.about,
        "agents": workflow.agents,
        "inputs": workflow.inputs(),
    })
}

/// A workflow in a file.
struct Own {
    name: String,
    file: String,
    /// What is known of it, or how much is wrong with it.
    read: Result<orchestrate_strategies::definition::Workflow, Failure>,
}

impl Own {
    fn read(source: &Source, services: &Services) -> Self {
        let read = definitions::look(source, &Given::Later, Path::new("."), services);
        let stem = Path::new(&source.file).file_stem();
        Self {
            name: stem.map_or(String::new(), |it| it.to_string_lossy().into_owned()),
            file: source.file.clone(),
            read,
        }
    }

    fn summary(&self) -> String {
        match &self.read {
            Ok(workflow) => workflow
                .description
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
            Err(_) => format!("not usable: `orchestrate validate {}` says why", self.file),
        }
    }

    fn document(&self) -> Value {
        let read = self.read.as_ref().ok();
        json!({
            "name": self.name,
            "summary": self.summary(),
            "file": self.file,
            "usable": read.is_some(),
            "agents": read.map(|it| it.plan.agents.keys().collect::<Vec<_>>()),
            "inputs": read.map(|it| &it.inputs),
        })
    }

    fn show(&self, width: usize) -> String {
        let workflow = match &self.read {
            Ok(workflow) => workflow,
            Err(failure) => return format!("{}\n", safe(&failure.message)),
        };
        let mut out = format!("{}: {}\n", paint(HEAD, safe(&self.name)), safe(&self.file));
        let about = wrap(&safe(workflow.description.trim()), width).join("\n");
        out.push_str(&format!("\n{about}\n\n{}\n", paint(HEAD, "Agents")));
        for id in workflow.plan.agents.keys() {
            out.push_str(&format!("  {id}\n"));
        }
        out.push_str(&format!("\n{}\n", paint(HEAD, "Inputs")));
        for input in &workflow.inputs {
            let default = match &input.default {
                Some(value) => format!(", {value} unless given"),
                None => ", must be given".to_owned(),
            };
            let about = safe(&input.description);
            out.push_str(&format!(
                "  {} ({}{default}) {about}\n",
                safe(&input.name),
                input.kind
            ));
        }
        out.push_str(&format!(
            "\nRun it with `orchestrate run {}`.\n",
            safe(&self.file)
        ));
        out
    }
}

/// The workflows of the project.
fn own(services: &Services) -> Vec<Own> {
    let files = Disk::of(Path::new(".")).files("workflows");
    let sources = files
        .iter()
        .filter_map(|path| definitions::named(path).ok());
    sources.map(|source| Own::read(&source, services)).collect()
}

/// The workflow in a file, or that of the project with this name.
fn own_of(name: &str, services: &Services) -> Result<Option<Own>, Failure> {
    let path = Path::new(name);
    if definitions::is_definition(path) {
        return Ok(Some(Own::read(&definitions::named(path)?, services)));
    }
    let source = Disk::of(Path::new(".")).find(name)?;
    Ok(source.map(|source| Own::read(&source, services)))
}

fn list(own: &[Own]) -> String {
    let mut columns = Columns::new(["WORKFLOW", "WHAT IT ANSWERS"]);
    for workflow in own {
        columns.row([safe(&workflow.name), safe(&workflow.summary())]);
    }
    for workflow in catalog::all() {
        columns.row([workflow.name.to_owned(), workflow.summary.to_owned()]);
    }
    columns.render()
}

fn show(workflow: &Workflow, width: usize) -> String {
    let head = paint(HEAD, workflow.name);
    let about = wrap(workflow.about, width).join("\n");
    let inputs = parameters(workflow.inputs().as_value(), width);
    let report = format!("one document: `orchestrate schema {}`", workflow.document);
    format!(
        "{head}: {}\n\n{about}\n\n{}\n  {}\n\n{}\n{}\n{}\n  {report}\n\nRun it with `orchestrate {}`.\n",
        workflow.summary,
        paint(HEAD, "Agents"),
        workflow.agents.join(", "),
        paint(HEAD, "Inputs"),
        inputs,
        paint(HEAD, "Report"),
        workflow.name,
    )
}
