//! Every strategy by name: the built-in ones, and those that a user adds.

use std::fmt;
use std::sync::{Arc, OnceLock};

use orchestrate_core::error::{ErrorKind, Explain, similar};
use orchestrate_core::strategy::{ExecutionStrategy, StrategyError, StrategyInfo};
use orchestrate_core::task::Context;

use crate::strategy::{Adaptive, Debate, Parallel, Refinement, Sequential, Teaching};

/// Sets a strategy up from its parameters.
pub type Build =
    dyn Fn(&Context) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> + Send + Sync;

/// A strategy that was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("strategy `{name}` is registered already")]
pub struct StrategyExists {
    /// Its name.
    pub name: String,
}

impl Explain for StrategyExists {
    fn code(&self) -> &'static str {
        "ORC0204"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Definition
    }

    fn hints(&self) -> Vec<String> {
        vec!["say that it replaces the other one, or choose another name".into()]
    }
}

#[derive(Clone)]
struct Entry {
    info: Arc<StrategyInfo>,
    build: Arc<Build>,
}

/// Strategies by name, in a fixed order. Cheap to clone: the entries are shared.
#[derive(Clone)]
pub struct Catalog {
    entries: Vec<Entry>,
}

/// The built-in strategies.
#[must_use]
pub fn all() -> &'static Catalog {
    static ALL: OnceLock<Catalog> = OnceLock::new();
    ALL.get_or_init(|| {
        macro_rules! entries {
            ($($strategy:ident),+ $(,)?) => {
                vec![$(Entry {
                    info: Arc::new($strategy::default().info()),
                    build: Arc::new(|params| Ok(Arc::new($strategy::from_params(params)?))),
                }),+]
            };
        }
        Catalog {
            entries: entries![Sequential, Parallel, Debate, Teaching, Refinement, Adaptive],
        }
    })
}

/// A built-in strategy by its name, set up from parameters.
///
/// # Errors
/// [`StrategyError::Unknown`], or [`StrategyError::Parameter`] from the strategy itself.
pub fn get(name: &str, params: &Context) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> {
    all().get(name, params)
}

impl Catalog {
    /// The built-in strategies, to add others to.
    #[must_use]
    pub fn builtin() -> Self {
        all().clone()
    }

    /// A strategy by its name, set up from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Unknown`], or [`StrategyError::Parameter`] from the strategy itself.
    pub fn get(
        &self,
        name: &str,
        params: &Context,
    ) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> {
        match self.entry(name) {
            Some(entry) => (entry.build)(params),
            None => Err(self.unknown(name)),
        }
    }

    /// What is said of a strategy.
    ///
    /// # Errors
    /// [`StrategyError::Unknown`].
    pub fn info(&self, name: &str) -> Result<&StrategyInfo, StrategyError> {
        match self.entry(name) {
            Some(entry) => Ok(&entry.info),
            None => Err(self.unknown(name)),
        }
    }

    /// What is said of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = &StrategyInfo> {
        self.entries.iter().map(|entry| &*entry.info)
    }

    /// Adds a strategy under the name in `info`; the name is what plans say in `collect`.
    ///
    /// # Errors
    /// [`StrategyExists`] when the name is taken; [`Catalog::replace`] is how to say that it may take the place of another.
    pub fn register(
        &mut self,
        info: StrategyInfo,
        build: impl Fn(&Context) -> Result<Arc<dyn ExecutionStrategy>, StrategyError>
        + Send
        + Sync
        + 'static,
    ) -> Result<(), StrategyExists> {
        if self.entry(&info.name).is_some() {
            return Err(StrategyExists { name: info.name });
        }
        self.replace(info, build);
        Ok(())
    }

    /// Adds a strategy or puts it in the place of the one of its name; true when there was one.
    pub fn replace(
        &mut self,
        info: StrategyInfo,
        build: impl Fn(&Context) -> Result<Arc<dyn ExecutionStrategy>, StrategyError>
        + Send
        + Sync
        + 'static,
    ) -> bool {
        let entry = Entry {
            info: Arc::new(info),
            build: Arc::new(build),
        };
        match self
            .entries
            .iter_mut()
            .find(|old| old.info.name == entry.info.name)
        {
            Some(old) => {
                *old = entry;
                true
            }
            None => {
                self.entries.push(entry);
                false
            }
        }
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.info.name == name)
    }

    fn unknown(&self, name: &str) -> StrategyError {
        let names: Vec<&str> = self.iter().map(|info| info.name.as_str()).collect();
        StrategyError::Unknown {
            name: name.to_owned(),
            possible: names.join(", "),
            near: similar(name, names)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|info| &info.name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::object;
    use expect_test::expect;
    use serde_json::json;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_of_a_strategy_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/strategy");
        let helpers = ["mod", "common", "testing"];
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .filter(|name| !helpers.contains(&name.as_str()))
            .collect();
        let listed: BTreeSet<String> = all().iter().map(|info| info.name.clone()).collect();
        assert_eq!(files, listed);
    }

    #[test]
    fn every_strategy_is_made_by_name_and_says_what_it_is() {
        for info in all().iter() {
            let strategy = get(&info.name, &Context::new()).unwrap();
            assert_eq!(&strategy.info(), info);
            assert_eq!(
                info.parameters["additionalProperties"],
                json!(false),
                "{}",
                info.name
            );
            let error = get(&info.name, &object(json!({"no_such": 1}))).unwrap_err();
            assert!(error.to_string().contains("no_such"), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_lists_what_is_possible() {
        let error = get("debat", &Context::new()).unwrap_err();
        expect![[r#"
            unknown strategy `debat` (possible: sequential, parallel, debate, teaching, refinement, adaptive)
            ["did you mean `debate`?"]"#]].assert_eq(&format!("{error}\n{:?}", error.hints()));
    }

    #[test]
    fn a_strategy_takes_anothers_place_only_when_it_says_so() {
        let mut catalog = Catalog::builtin();
        let build = |_: &Context| -> Result<Arc<dyn ExecutionStrategy>, StrategyError> {
            Ok(Arc::new(Sequential::default()))
        };
        let info = |name: &str| StrategyInfo {
            name: name.into(),
            ..Sequential::default().info()
        };
        assert_eq!(catalog.register(info("ours"), build), Ok(()));
        assert_eq!(
            catalog.register(info("debate"), build),
            Err(StrategyExists {
                name: "debate".into()
            })
        );
        assert_eq!(
            catalog.get("debate", &Context::new()).unwrap().info().name,
            "debate"
        );
        assert!(catalog.replace(info("debate"), build));
        assert_eq!(
            catalog.get("debate", &Context::new()).unwrap().info().name,
            "sequential"
        );
        assert!(
            catalog.get("ours", &Context::new()).is_ok() && get("ours", &Context::new()).is_err()
        );
    }
}
