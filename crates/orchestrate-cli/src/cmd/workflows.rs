//! `workflows`: the prebuilt ones.

use orchestrate_workflows::catalog::{self, Workflow};
use serde_json::{Value, json};

use super::strategies::parameters;
use crate::app::Call;
use crate::args::WorkflowsVerb;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, HEAD, paint, wrap};

pub(crate) fn run(verb: &WorkflowsVerb, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    match verb {
        WorkflowsVerb::List => {
            let all: Vec<Value> = catalog::all().iter().map(document).collect();
            printer.answer(list, &json!({"workflows": all}))?;
        }
        WorkflowsVerb::Show { name } => {
            let workflow = catalog::get(name)?;
            printer.answer(|| show(workflow, printer.width()), &document(workflow))?;
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

fn list() -> String {
    let mut columns = Columns::new(["WORKFLOW", "WHAT IT ANSWERS"]);
    for workflow in catalog::all() {
        columns.row([workflow.name.to_owned(), workflow.summary.to_owned()]);
    }
    columns.render()
}

fn show(workflow: &Workflow, width: usize) -> String {
    let head = paint(HEAD, workflow.name);
    let about = wrap(workflow.about, width).join("\n");
    let inputs = parameters(workflow.inputs().as_value(), width);
    format!(
        "{head}: {}\n\n{about}\n\n{}\n  {}\n\n{}\n{}\nRun it with `orchestrate {}`.\n",
        workflow.summary,
        paint(HEAD, "Agents"),
        workflow.agents.join(", "),
        paint(HEAD, "Inputs"),
        inputs,
        workflow.name,
    )
}
