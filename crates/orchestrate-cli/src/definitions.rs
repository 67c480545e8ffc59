//! Definition files on disk: where they are, and how one file names another.

use std::fs;
use std::path::{Component, Path, PathBuf};

use orchestrate_core::template::AgentRegistry;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::definition::{
    self, Alone, DefinitionProblem, DefinitionProblems, Files, Given, MAX_BYTES, Place, Source,
    Workflow, World,
};

use crate::error::{CliError, Failure};
use crate::settings::Services;
use crate::wire;

/// The folder of a project's own agents and workflows.
pub(crate) const FOLDER: &str = ".orchestrate";

/// The definitions of a project.
#[derive(Debug)]
pub(crate) struct Disk {
    project: PathBuf,
}

impl Disk {
    /// Those of the project in a directory.
    pub(crate) fn of(project: &Path) -> Self {
        Self {
            project: project.to_owned(),
        }
    }

    /// The files of a kind, `agents` or `workflows`, sorted by name.
    pub(crate) fn files(&self, kind: &str) -> Vec<PathBuf> {
        let folder = self.project.join(FOLDER).join(kind);
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths.filter(|path| is_definition(path)).collect();
        paths.sort();
        paths
    }

    /// The workflow of a name, if the project has one.
    ///
    /// # Errors
    /// When it cannot be read, or is no text that could be a definition.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Source>, Failure> {
        Ok(self.source(name)?)
    }

    fn source(&self, name: &str) -> Result<Option<Source>, Unread> {
        let is_it = |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem == name);
        let files = self.files("workflows");
        files.iter().find(is_it).map(|path| read(path)).transpose()
    }
}

/// Why there is no source.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// The file cannot be read.
    #[error("{0}")]
    Absent(String),
    /// What stands in it cannot be a definition.
    #[error("{0}")]
    NoText(DefinitionProblem),
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Absent(problem) => CliError::Definition { problem }.into(),
            Unread::NoText(problem) => DefinitionProblems(vec![problem]).into(),
        }
    }
}

/// Whether a path looks like a definition and not like a task in words.
pub(crate) fn is_definition(path: &Path) -> bool {
    let ending = path.extension().and_then(|it| it.to_str());
    matches!(ending, Some("yaml" | "yml" | "json"))
}

impl Files for Disk {
    fn relative(&self, from: &str, path: &str) -> Result<Source, String> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        read(&tidy(&folder.join(path))).map_err(|error| error.to_string())
    }

    fn workflow(&self, name: &str) -> Result<Option<Source>, String> {
        self.source(name).map_err(|error| error.to_string())
    }

    fn workflows(&self) -> Vec<String> {
        let stem = |path: &PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
        self.files("workflows").iter().filter_map(stem).collect()
    }
}

/// Reads one file.
///
/// # Errors
/// What is in the way.
fn read(path: &Path) -> Result<Source, Unread> {
    let shown = path.display();
    let unreadable = |error| Unread::Absent(format!("`{shown}` cannot be read: {error}"));
    let no_text = |at, message, hint: &str| {
        Unread::NoText(DefinitionProblem {
            code: "ORC1010",
            file: shown.to_string(),
            at,
            message,
            hint: Some(hint.to_owned()),
        })
    };
    let size = fs::metadata(path).map_err(unreadable)?.len();
    // A larger one is refused anyway, so it is not even read.
    if size > MAX_BYTES as u64 {
        let message = format!("the file has {size} bytes, {MAX_BYTES} are allowed");
        let hint = "split it: one workflow can call another by its file";
        return Err(no_text(Place::START, message, hint));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let good = String::from_utf8_lossy(good.unwrap_or_default());
        let line = good.rsplit('\n').next().unwrap_or_default();
        let count = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let at = Place {
            line: count(good.matches('\n').count()),
            column: count(line.chars().count()),
        };
        let message = "the file is no text: what stands here is not UTF-8".to_owned();
        no_text(at, message, "save it as UTF-8")
    })?;
    Ok(Source {
        file: shown.to_string(),
        text,
    })
}

/// Takes `.` and `..` out of a path, so that one file has one name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

/// The source of a file that a person named.
///
/// # Errors
/// When it cannot be read, or is no text that could be a definition.
pub(crate) fn named(path: &Path) -> Result<Source, Failure> {
    Ok(source(path)?)
}

/// The same for whoever tells all problems of several files at once.
///
/// # Errors
/// What is in the way.
pub(crate) fn source(path: &Path) -> Result<Source, Unread> {
    read(&tidy(path))
}

/// Reads a workflow of a project, to look at it.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn look(
    source: &Source,
    given: &Given,
    project: &Path,
    services: &Services,
) -> Result<Workflow, Failure> {
    let registry = wire::registry(project, &services.agents)?;
    let tools = wire::step_tools(services, project)?;
    let (catalog, disk) = (wire::catalog(), Disk::of(project));
    let world = World {
        registry: &registry,
        catalog: &catalog,
        tools: Some(&tools),
        files: &disk,
    };
    Ok(definition::workflow(source, given, world)?)
}

/// Reads a workflow of a project, to run it.
///
/// # Errors
/// Everything that is wrong with it, and questions to agents that nothing here can run.
pub(crate) fn workflow(
    source: &Source,
    given: &Given,
    project: &Path,
    models: &wire::Models,
) -> Result<Workflow, Failure> {
    let workflow = look(source, given, project, models.services())?;
    let runs = |agent| {
        let agent = workflow.plan.agents.get(agent);
        agent.is_some_and(|agent| models.run_by(agent).is_some())
    };
    let unanswered: Vec<_> = workflow
        .questions
        .iter()
        .filter(|question| !runs(&question.agent))
        .map(|question| definition::DefinitionProblem {
            code: "ORC1022",
            file: question.file.clone(),
            at: question.at,
            message: format!(
                "the condition is a question to `{}`, which nothing here can run",
                question.agent
            ),
            hint: Some("write an expression, or set up what runs the agent".to_owned()),
        })
        .collect();
    if unanswered.is_empty() {
        Ok(workflow)
    } else {
        Err(DefinitionProblems(unanswered).into())
    }
}

/// Adds the agents of a project to a registry.
///
/// # Errors
/// Everything that is wrong with the first file that is not usable.
pub(crate) fn add_agents(
    registry: &mut AgentRegistry,
    catalog: &Catalog,
    project: &Path,
) -> Result<(), Failure> {
    for path in Disk::of(project).files("agents") {
        let source = named(&path)?;
        let world = World {
            registry,
            catalog,
            tools: None,
            files: &Alone,
        };
        for custom in definition::custom_agents(&source, world)? {
            if custom.replaces {
                registry.replace(custom.template)?;
            } else {
                registry.register(custom.template)?;
            }
        }
    }
    Ok(())
}
