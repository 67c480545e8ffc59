//! Puts the layers on top of each other and remembers which one won.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use orchestrate_workflows::IgnoreRule;

use super::file;
use super::key::{KEYS, Key, Value, names};
use super::services::Services;
use crate::args::env_name;
use crate::error::CliError;

/// The project's settings file, looked for in the project's directory and above it in its repository.
const PROJECT_FILE: &str = "orchestrate.toml";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

/// One setting as it stands. A flag can still win over it.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// None when there is no value, for example no limit.
    pub(crate) value: Option<Value>,
    pub(crate) origin: Origin,
}

/// All settings of this call, in their fixed order.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) list: Vec<Setting>,
    /// The ignore rules of all files, the strongest file first, each with where it comes from.
    pub(crate) ignores: Vec<(IgnoreRule, Origin)>,
    /// The files that were read, the strongest first.
    pub(crate) files: Vec<PathBuf>,
    /// Providers, models and prices.
    pub(crate) services: Services,
    /// Why the store that a project names is not used.
    refused_store: Option<String>,
}

/// What is set for agents, by the id of the template; `*` is every agent.
#[derive(Debug, Clone, Default)]
pub(crate) struct AgentSettings {
    /// Tokens that an attempt may use at most, and where that stands.
    pub(crate) max_tokens: BTreeMap<String, (u64, Origin)>,
}

impl AgentSettings {
    /// By this id every agent is meant.
    pub(crate) const EVERY: &str = "*";

    /// Tokens that an attempt of an agent may use at most, if that is set.
    pub(crate) fn max_tokens_of(&self, id: &str) -> Option<u64> {
        let own = self.max_tokens.get(id);
        let found = own.or_else(|| self.max_tokens.get(Self::EVERY));
        found.map(|(tokens, _)| *tokens)
    }
}

impl Settings {
    /// What holds where nothing is configured.
    pub(crate) fn defaults() -> Self {
        Self {
            list: KEYS.iter().map(default).collect(),
            ignores: Vec::new(),
            files: Vec::new(),
            services: Services::default(),
            refused_store: None,
        }
    }

    /// Reads the files that hold for a project in `directory`. Variables are not among them: each
    /// is read together with the flag that it stands for.
    ///
    /// # Errors
    /// [`CliError::Settings`] with every problem of every file.
    pub(crate) fn load(directory: &Path) -> Result<Self, CliError> {
        Self::layered(&files(directory))
    }

    fn layered(paths: &[PathBuf]) -> Result<Self, CliError> {
        let mut settings = Self::defaults();
        let mut problems = Vec::new();
        for path in paths.iter().rev() {
            let read = fs::read_to_string(path).map_err(|error| vec![format!(" {error}")]);
            let parsed = read.and_then(|text| {
                let said = file::parse(&text)?;
                let services = Services::parse(&text).map_err(|problem| vec![problem])?;
                let own = user_file().is_some_and(|own| own == *path);
                if own {
                    return Ok((said, services));
                }
                Ok((said, settings.services.clone().with_project(services, path)))
            });
            match parsed {
                Ok((said, services)) => {
                    let agents = std::mem::take(&mut settings.services.agents);
                    settings.services = services;
                    settings.services.agents = agents;
                    let origin = || Origin::File(path.clone());
                    for (key, value) in said.settings {
                        settings.set(key, value, origin());
                    }
                    settings.judge_store(path);
                    let agents = said.agents.into_iter();
                    let agents = agents.map(|(id, tokens)| (id, (tokens, origin())));
                    settings.services.agents.max_tokens.extend(agents);
                    let ignores = said.ignores.into_iter().map(|rule| (rule, origin()));
                    settings.ignores.splice(0..0, ignores);
                }
                Err(found) => {
                    problems.extend(found.iter().map(|it| format!("{}:{it}", path.display())));
                }
            }
            settings.files.insert(0, path.clone());
        }
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(CliError::Settings { problems })
        }
    }

    /// The same settings with the variables on top, as `config list` shows them.
    ///
    /// # Errors
    /// [`CliError::Settings`] with every variable that is not usable.
    pub(crate) fn with_variables(
        mut self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, CliError> {
        let mut problems = Vec::new();
        for key in KEYS {
            let name = env_name(key.flag);
            let Some(text) = variable(&name) else {
                continue;
            };
            match key.kind.parse(&text.to_string_lossy()) {
                Ok(value) => self.set(key, value, Origin::Variable(name)),
                Err(problem) => problems.push(format!("variable {name}: {problem}")),
            }
        }
        if problems.is_empty() {
            Ok(self)
        } else {
            Err(CliError::Settings { problems })
        }
    }

    /// The store that the settings name, and the directory of the file that names it.
    ///
    /// # Errors
    /// [`CliError::Settings`] when a project names a server and the user does not trust the project.
    pub(crate) fn store(&self) -> Result<Option<(&str, Option<&Path>)>, CliError> {
        if let Some(problem) = &self.refused_store {
            return Err(CliError::Settings {
                problems: vec![problem.clone()],
            });
        }
        let found = self.list.iter().find(|it| it.name == names::STORE);
        let Some((Some(Value::Word(text)), origin)) = found.map(|it| (&it.value, &it.origin))
        else {
            return Ok(None);
        };
        let directory = match origin {
            Origin::File(path) => path.parent(),
            Origin::Default | Origin::Variable(_) => None,
        };
        Ok(Some((text, directory)))
    }

    /// Takes note of a store on a server that a project's file names: what runs say would go there,
    /// which a project may not decide alone.
    fn judge_store(&mut self, file: &Path) {
        let found = self.list.iter().find(|it| it.name == names::STORE);
        let Some(Setting {
            value: Some(Value::Word(text)),
            origin: Origin::File(origin),
            ..
        }) = found
        else {
            return;
        };
        let directory = file.parent().unwrap_or(file);
        let own = user_file().is_some_and(|own| own == *file);
        let elsewhere = text.starts_with("postgres:") || text.starts_with("postgresql:");
        if origin == file {
            self.refused_store = (elsewhere && !own && !self.services.trusts(directory)).then(|| {
                format!(
                    "{}: `store` would send what runs say to a server, which a project may not decide alone; \
                     if you trust it, add `{}` to `projects` under `[trust]` in your own settings file",
                    file.display(),
                    directory.display()
                )
            });
        }
    }

    fn set(&mut self, key: &Key, value: Value, origin: Origin) {
        if let Some(setting) = self.list.iter_mut().find(|it| it.name == key.name) {
            setting.value = Some(value);
            setting.origin = origin;
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.list.iter().find(|it| it.name == name)?.value.as_ref()
    }

    /// The number of a setting.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(*number),
            Value::Count(count) => Some(*count as f64),
            _ => None,
        }
    }

    /// The whole number of a setting.
    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            Value::Count(count) => Some(*count),
            _ => None,
        }
    }

    /// The word of a setting, as the values of its flag are written.
    pub(crate) fn word<T: clap::ValueEnum>(&self, name: &str) -> Option<T> {
        match self.value(name)? {
            Value::Word(word) => T::from_str(word, false).ok(),
            _ => None,
        }
    }

    /// The names of a setting.
    pub(crate) fn names(&self, name: &str) -> Option<Vec<String>> {
        match self.value(name)? {
            Value::Names(names) => Some(names.clone()),
            _ => None,
        }
    }
}

fn default(key: &Key) -> Setting {
    Setting {
        name: key.name,
        value: key.default.and_then(|text| key.kind.parse(text).ok()),
        origin: Origin::Default,
    }
}

/// The files that exist, the strongest first.
fn files(directory: &Path) -> Vec<PathBuf> {
    // A path that does not exist has no project; the verb that was given it says so itself.
    let project = directory
        .canonicalize()
        .ok()
        .and_then(|at| project_file(&at));
    let user = user_file().filter(|path| path.is_file());
    project.into_iter().chain(user).collect()
}

/// The directory of the project that `directory` belongs to: its own, or the one above it in the
/// same repository that has a `.orchestrate` folder, else the root of the repository.
pub(crate) fn project_of(directory: &Path, folder: &str) -> PathBuf {
    let Ok(at) = directory.canonicalize() else {
        return directory.to_owned();
    };
    let inside: Vec<&Path> = inside_repository(&at).collect();
    let marked = inside.iter().find(|it| it.join(folder).is_dir());
    let root = inside.last().filter(|it| it.join(".git").exists());
    marked.or(root).map_or(at.clone(), |it| it.to_path_buf())
}

/// The directory and those above it up to the root of its repository.
fn inside_repository(directory: &Path) -> impl Iterator<Item = &Path> {
    let above = directory.ancestors();
    let inside = match above.clone().position(|it| it.join(".git").exists()) {
        Some(root) => root + 1,
        None => 1,
    };
    above.take(inside)
}

/// The project's file: in the directory, or above it up to the root of its repository. What lies
/// outside of the repository belongs to somebody else and decides nothing.
fn project_file(directory: &Path) -> Option<PathBuf> {
    inside_repository(directory)
        .map(|it| it.join(PROJECT_FILE))
        .find(|path| path.is_file())
}

/// The user's own settings file, whether it exists or not.
pub(crate) fn user_file() -> Option<PathBuf> {
    let from_home = || Some(PathBuf::from(env::var_os("HOME")?).join(".config"));
    env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        // The base directory specification says that a relative path is to be ignored.
        .filter(|path| path.is_absolute())
        .or_else(from_home)
        .map(|directory| directory.join("orchestrate").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::names;

    fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn stronger_layers_win_and_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let project = write(
            directory.path(),
            "project.toml",
            "[release-prep]\nmin-coverage = 60\nmin-docs = 50\n",
        );
        let user = write(
            directory.path(),
            "user.toml",
            "[release-prep]\nmin-coverage = 10\nmin-quality = 3\nmin-docs = 1\n",
        );
        let variable = |name: &str| (name == "ORCHESTRATE_MIN_DOCS").then(|| OsString::from("90"));
        let settings = Settings::layered(&[project.clone(), user.clone()])
            .unwrap()
            .with_variables(variable)
            .unwrap();
        let origin = |name: &str| {
            let setting = settings.list.iter().find(|it| it.name == name).unwrap();
            (settings.number(name), setting.origin.clone())
        };
        assert_eq!(
            origin(names::MIN_DOCS),
            (Some(90.0), Origin::Variable("ORCHESTRATE_MIN_DOCS".into()))
        );
        assert_eq!(
            origin(names::MIN_COVERAGE),
            (Some(60.0), Origin::File(project.clone()))
        );
        assert_eq!(
            origin(names::MIN_QUALITY),
            (Some(3.0), Origin::File(user.clone()))
        );
        assert_eq!(origin(names::MAX_CRITICAL), (Some(0.0), Origin::Default));
        assert_eq!(settings.count(names::MAX_CALLS), None);
        assert_eq!(settings.files, [project, user]);
    }

    #[test]
    fn problems_of_a_layer_are_told_together() {
        let directory = tempfile::tempdir().unwrap();
        let project = write(directory.path(), "p.toml", "[output]\ncolor = 1\n");
        let missing = directory.path().join("missing.toml");
        let problems = |error| match error {
            CliError::Settings { problems } => problems.len(),
            other => panic!("{other:?}"),
        };
        let error = Settings::layered(&[project, missing]).unwrap_err();
        assert_eq!(problems(error), 2);
        let error = Settings::defaults()
            .with_variables(|name| name.contains("_MIN_").then(|| "all".into()))
            .unwrap_err();
        assert_eq!(problems(error), 3);
    }
}
