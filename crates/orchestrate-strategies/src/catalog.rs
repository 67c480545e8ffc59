//! Every strategy by name: the built-in ones, and those that a user adds.

use std::fmt;
use std::sync::{Arc, OnceLock};

use orchestrate_core::error::{ErrorKind, Explain, similar};
use orchestrate_core::strategy::{ExecutionStrategy, StrategyError, StrategyInfo};
use orchestrate_core::task::Context;

use crate::definition::Outputs;
use crate::strategy::{
    Adaptive, Conditional, Debate, DelegationChain, EventFlow, GroupChat, Handoff, Hierarchical,
    MapReduce, MultiConditional, Nested, NestedSequential, OrchestratorWorker, Parallel,
    PlanExecute, PromptCachedSequential, React, Refinement, ScatterVote, SelfCorrect, Sequential,
    Supervisor, Synthesis, Teaching, ToolEnhanced,
};
use crate::workflow::Workflows;

/// Sets a strategy up from its parameters; the catalogue is there for strategies that name others.
type Build =
    dyn Fn(&Context, &Catalog) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> + Send + Sync;

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

/// What a strategy stands inside of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// A part of a strategy, for example a branch.
    Part(&'a str),
    /// A workflow of the registry by its id; one without an id is a part.
    Workflow(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(name) => f.write_str(name),
            Self::Workflow(id) => write!(f, "workflow `{id}`"),
        }
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
    entries: Arc<Vec<Entry>>,
    /// The strategies and workflows around the one that is being composed, outermost first.
    around: Arc<Vec<String>>,
    /// How many levels further down it may go; without it as many as the next one allows.
    levels: Option<u32>,
    pub(crate) workflows: Workflows,
}

/// The built-in strategies.
#[must_use]
pub fn all() -> &'static Catalog {
    static ALL: OnceLock<Catalog> = OnceLock::new();
    ALL.get_or_init(|| {
        macro_rules! entry {
            ($strategy:ident, $build:expr) => {
                Entry {
                    info: Arc::new($strategy::default().info()),
                    build: Arc::new($build),
                }
            };
        }
        macro_rules! entries {
            ($($strategy:ident),+ ; $($naming:ident),+ $(,)?) => {
                vec![
                    $(entry!($strategy, |params, _| Ok(Arc::new($strategy::from_params(params)?))),)+
                    $(entry!($naming, |params, catalog| {
                        Ok(Arc::new($naming::from_params(params)?.within(catalog.clone())))
                    }),)+
                ]
            };
        }
        // Behind the semicolon stand those that name other strategies and so need the catalogue.
        let entries = entries![
            Sequential, Parallel, Debate, Teaching, Refinement, Adaptive, Synthesis, ToolEnhanced,
            PromptCachedSequential, DelegationChain, OrchestratorWorker, Supervisor, Hierarchical,
            PlanExecute, Handoff, GroupChat, React, SelfCorrect, MapReduce, ScatterVote, EventFlow;
            Conditional, MultiConditional, Nested, NestedSequential,
        ];
        Catalog {
            entries: Arc::new(entries),
            around: Arc::default(),
            levels: None,
            workflows: Workflows::default(),
        }
    })
}

/// A built-in strategy by its name, set up from parameters.
///
/// # Errors
/// [`StrategyError::Unknown`], or [`StrategyError::Parameter`] from the strategy itself.
pub fn get_strategy(
    name: &str,
    params: &Context,
) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> {
    all().get_strategy(name, params)
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
    pub fn get_strategy(
        &self,
        name: &str,
        params: &Context,
    ) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> {
        match self.entry(name) {
            Some(entry) => (entry.build)(params, self),
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
    /// [`StrategyExists`] when the name is taken; [`Catalog::replace_strategy`] is how to say that it may take the place of another.
    pub fn register_strategy(
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
        self.replace_strategy(info, build);
        Ok(())
    }

    /// Adds a strategy or puts it in the place of the one of its name; true when there was one.
    pub fn replace_strategy(
        &mut self,
        info: StrategyInfo,
        build: impl Fn(&Context) -> Result<Arc<dyn ExecutionStrategy>, StrategyError>
        + Send
        + Sync
        + 'static,
    ) -> bool {
        let entry = Entry {
            info: Arc::new(info),
            build: Arc::new(move |params: &Context, _: &Self| build(params)),
        };
        let entries = Arc::make_mut(&mut self.entries);
        match entries
            .iter_mut()
            .find(|old| old.info.name == entry.info.name)
        {
            Some(old) => {
                *old = entry;
                true
            }
            None => {
                entries.push(entry);
                false
            }
        }
    }

    /// The same catalogue as it stands inside a strategy or workflow that allows `max_depth` levels below it.
    ///
    /// The tightest of all that are around holds.
    ///
    /// # Errors
    /// [`StrategyError::TooDeep`] when no further level is allowed, [`StrategyError::Cycle`] when a
    /// workflow would stand inside itself.
    pub(crate) fn inside(&self, place: &Place<'_>, max_depth: u32) -> Result<Self, StrategyError> {
        let levels = self
            .levels
            .map_or(max_depth, |levels| levels.min(max_depth));
        let mut around = self.around.to_vec();
        let name = place.to_string();
        let again = matches!(place, Place::Workflow(_)) && around.contains(&name);
        around.push(name);
        let stack = around.join(" > ");
        if again {
            return Err(StrategyError::Cycle { stack });
        }
        match levels.checked_sub(1) {
            Some(levels) => Ok(Self {
                entries: self.entries.clone(),
                around: Arc::new(around),
                levels: Some(levels),
                workflows: self.workflows.clone(),
            }),
            None => Err(StrategyError::TooDeep {
                stack,
                max_depth: u32::try_from(self.around.len()).unwrap_or(u32::MAX),
            }),
        }
    }

    /// What it stands inside of, outermost first.
    pub(crate) fn around(&self) -> &[String] {
        &self.around
    }

    /// An entry by its name. What only collects the steps of definitions is known and not listed.
    fn entry(&self, name: &str) -> Option<&Entry> {
        static OUTPUTS: OnceLock<Entry> = OnceLock::new();
        let outputs = (name == Outputs::NAME).then(|| {
            OUTPUTS.get_or_init(|| Entry {
                info: Arc::new(Outputs::description()),
                build: Arc::new(|params, _| Ok(Arc::new(Outputs::from_params(params)?))),
            })
        });
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.info.name == name).or(outputs)
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
    use crate::graph::check;
    use crate::strategy::testing::{
        bad, dependent, generic_failure, good, group, not_taken, object,
    };
    use expect_test::expect;
    use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};
    use orchestrate_core::plan::{Plan, Step};
    use orchestrate_core::strategy::{Gathered, Part};
    use orchestrate_core::testing::agent;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_of_a_strategy_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/strategy");
        let helpers = [
            "mod", "common", "delegate", "opinion", "question", "testing", "tools",
        ];
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
            let strategy = get_strategy(&info.name, &Context::new()).unwrap();
            assert_eq!(&strategy.info(), info);
            assert_eq!(
                info.parameters.value()["additionalProperties"],
                json!(false),
                "{}",
                info.name
            );
            let error = get_strategy(&info.name, &object(json!({"no_such": 1}))).unwrap_err();
            assert!(error.to_string().contains("no_such"), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_lists_what_is_possible() {
        let error = get_strategy("debat", &Context::new()).unwrap_err();
        expect![[r#"
            unknown strategy `debat` (possible: sequential, parallel, debate, teaching, refinement, adaptive, synthesis, tool_enhanced, prompt_cached_sequential, delegation_chain, orchestrator_worker, supervisor, hierarchical, plan_execute, handoff, group_chat, react, self_correct, map_reduce, scatter_vote, event_flow, conditional, multi_conditional, nested, nested_sequential)
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
        assert_eq!(catalog.register_strategy(info("ours"), build), Ok(()));
        assert_eq!(
            catalog.register_strategy(info("debate"), build),
            Err(StrategyExists {
                name: "debate".into()
            })
        );
        assert_eq!(
            catalog
                .get_strategy("debate", &Context::new())
                .unwrap()
                .info()
                .name,
            "debate"
        );
        assert!(catalog.replace_strategy(info("debate"), build));
        assert_eq!(
            catalog
                .get_strategy("debate", &Context::new())
                .unwrap()
                .info()
                .name,
            "sequential"
        );
        assert!(
            catalog.get_strategy("ours", &Context::new()).is_ok()
                && get_strategy("ours", &Context::new()).is_err()
        );
    }

    fn any_success(parts: &[Part]) -> bool {
        parts.iter().any(|part| part.outcome.is_success())
    }

    fn any_part() -> impl Strategy<Value = Part> {
        let leaf = (
            "[a-c]",
            0u32..6,
            prop::sample::select(vec![
                json!(null),
                json!({"verdict": "x"}),
                json!({"quality_score": 3}),
                json!([1]),
            ]),
        )
            .prop_map(|(name, kind, output)| {
                let part = match kind {
                    0 => not_taken(&name),
                    1 => bad(&name, FailureClass::Timeout),
                    2 => dependent(&name, "a"),
                    3 => Part {
                        outcome: Outcome::Cancelled {
                            reason: CancelReason::User,
                        },
                        ..good(&name, json!(null), 0.0)
                    },
                    _ => good(&name, json!(null), 0.5),
                };
                Part {
                    output: Arc::new(output),
                    ..part
                }
            });
        leaf.prop_recursive(2, 12, 4, |inner| {
            prop::collection::vec(inner, 0..4).prop_map(|parts| {
                let outcome = if any_success(&parts) {
                    Outcome::Succeeded
                } else {
                    generic_failure()
                };
                group("round_1", outcome, parts)
            })
        })
    }

    proptest! {
        #[test]
        fn prop_any_team_is_composed_or_refused_by_its_arity(ids in prop::collection::vec("[a-c][._]?[a-c]?", 0..6), of in 0usize..all().iter().count()) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let team = agent(&ids);
            let info = all().iter().nth(of).unwrap();
            let strategy = get_strategy(&info.name, &Context::new()).unwrap();
            match strategy.compose(&team, &Context::new()) {
                Ok(step) => {
                    let plan = Plan::new("t", &team, step.clone());
                    prop_assert_eq!(check(&plan, all()), vec![]);
                    let text = serde_json::to_string(&step).unwrap();
                    prop_assert_eq!(&serde_json::from_str::<Step>(&text).unwrap(), &step);
                    prop_assert_eq!(Ok(step), strategy.compose(&team, &Context::new()));
                    prop_assert!(info.arity.admits(team.len()));
                }
                // Whoever answers a question does not count among those who then work.
                Err(StrategyError::Arity { .. }) => prop_assert!(!info.arity.admits(team.len()) || team.len() < 2 || (info.name == "map_reduce")),
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }

        #[test]
        fn prop_an_aggregate_never_succeeds_without_anything_that_did(parts in prop::collection::vec(any_part(), 0..5), of in 0usize..all().iter().count()) {
            let strategy = get_strategy(&all().iter().nth(of).unwrap().name, &Context::new()).unwrap();
            // A round of a loop may end well though its attempt failed: the next one mends it. The law is of the whole.
            const IN_ROUNDS: [&str; 6] = ["self_correct", "handoff", "group_chat", "orchestrator_worker", "hierarchical", "plan_execute"];
            let parts = match IN_ROUNDS.contains(&strategy.info().name.as_str()) {
                true => vec![group("rounds", generic_failure(), parts)],
                false => parts,
            };
            let aggregate = strategy.aggregate(&Gathered::new(&parts, generic_failure()));
            prop_assert!((0.0..=1.0).contains(&aggregate.confidence));
            prop_assert!(aggregate.output.is_object());
            prop_assert!(!aggregate.outcome.is_success() || any_success(&parts), "{aggregate:?}");
        }
    }
}
