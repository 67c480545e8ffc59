//! `validate`: everything that is wrong with definitions, with positions and suggestions.

use std::path::{Path, PathBuf};

use orchestrate_strategies::definition::{
    self, Alone, DefinitionProblem, DefinitionProblems, Given, World, custom_agents,
};
use serde_json::json;

use super::problems::listed;
use crate::app::Call;
use crate::args::{ProblemFormat, ValidateArgs};
use crate::definitions::{self, Disk, Unread};
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{GOOD, paint};
use crate::settings::Services;
use crate::wire;

pub(crate) fn run(args: &ValidateArgs, call: &Call) -> Result<Exit, Failure> {
    let project = &args.path;
    let mut problems = Vec::new();
    for path in &args.files {
        problems.extend(check(path, project, &call.settings.services)?);
    }
    let printer = &call.printer;
    match args.format {
        Some(ProblemFormat::Github) if !printer.json => {
            printer.result(&problems.iter().map(github).collect::<String>())?;
        }
        _ => printer.answer(
            || text(&problems, &args.files),
            &json!({"valid": problems.is_empty(), "problems": problems}),
        )?,
    }
    Ok(if problems.is_empty() {
        Exit::Yes
    } else {
        Exit::Definition
    })
}

/// What is wrong with one file: a workflow, or agents.
fn check(
    path: &Path,
    project: &Path,
    services: &Services,
) -> Result<Vec<DefinitionProblem>, Failure> {
    let source = match definitions::source(path) {
        Err(Unread::NoText(problem)) => return Ok(vec![problem]),
        read => read?,
    };
    let is_agents = source
        .text
        .lines()
        .any(|line| line.trim_start().starts_with("schema: orchestrate.agents/"));
    let read = if is_agents {
        // The project's own agents are not there when they are looked at: a file does not replace itself.
        let (registry, catalog) = (wire::builtin_agents(), wire::catalog());
        let world = World {
            registry: &registry,
            catalog: &catalog,
            tools: None,
            files: &Alone,
        };
        custom_agents(&source, world).map(drop)
    } else {
        let (registry, catalog) = (wire::registry(project, &services.agents)?, wire::catalog());
        let (tools, disk) = (wire::step_tools(services, project)?, Disk::of(project));
        let world = World {
            registry: &registry,
            catalog: &catalog,
            tools: Some(&tools),
            files: &disk,
        };
        definition::workflow(&source, &Given::Later, world).map(drop)
    };
    Ok(read
        .err()
        .map_or_else(Vec::new, |DefinitionProblems(all)| all))
}

fn text(problems: &[DefinitionProblem], files: &[PathBuf]) -> String {
    let count = match files {
        [_] => "the file".to_owned(),
        files => format!("{} files", files.len()),
    };
    match problems {
        [] => format!("{} {count}: nothing is wrong\n", paint(GOOD, "ok:")),
        problems => listed(problems),
    }
}

/// One annotation of the code host's workflow commands.
fn github(problem: &DefinitionProblem) -> String {
    let escape = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let hint = problem
        .hint
        .as_ref()
        .map_or(String::new(), |it| format!("\nhint: {it}"));
    format!(
        "::error file={},line={},col={},title={}::{}\n",
        property(&problem.file),
        problem.at.line,
        problem.at.column,
        problem.code,
        escape(&format!("{}{hint}", problem.message)),
    )
}
