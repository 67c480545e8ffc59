//! Split, work on each part with bounded width, merge.

use orchestrate_core::condition::Reference;
use orchestrate_core::outcome::{Census, FailureClass, Outcome};
use orchestrate_core::plan::{Join, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const SPLIT: &str =
    "Split the task into parts that can be worked on independently. Give them as `parts`, a list.";
const PART: &str = "Do the part of the task that is in `part`.";
const MERGE: &str = "Merge what was made of the parts, which is in `results` in the order of the parts, into one result. Say what is missing where a part failed.";
const SPLIT_STEP: &str = "split";
const WORK_STEP: &str = "work";
const PARTS_STEP: &str = "parts";
const MERGE_STEP: &str = "merge";

/// A list is split, each part is worked on, and the results are merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MapReduce {
    /// The list, for example `context.files`. Without it the first member splits the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Reference>,
    /// Parts at most, from 1 to 10,000; 64 unless told. A longer list fails before any part is worked on.
    #[schemars(range(min = 1, max = 10_000))]
    max_items: u32,
    /// Parts at the same time; 8 unless told.
    #[schemars(range(min = 1))]
    max_concurrency: u32,
    /// What is needed to merge: `all` (the default), `any`, or `{"policy": "quorum", "k": 3}` of the parts.
    join: Join,
}

impl Default for MapReduce {
    fn default() -> Self {
        Self {
            items: None,
            max_items: 64,
            max_concurrency: 8,
            join: Join::All,
        }
    }
}

impl MapReduce {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "map_reduce";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: Some(3),
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a bound out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        common::within(Self::NAME, "max_items", this.max_items, 1..=10_000)?;
        common::within(
            Self::NAME,
            "max_concurrency",
            this.max_concurrency,
            1..=10_000,
        )?;
        Ok(this)
    }

    /// The same over a list that is there already.
    #[must_use]
    pub fn over(mut self, items: impl Into<String>) -> Self {
        self.items = Some(Reference::new(items));
        self
    }

    /// Who splits (nobody when the list is there), who works, who merges.
    fn roles<'a>(&self, team: &'a Team) -> Option<(Option<&'a Agent>, &'a Agent, &'a Agent)> {
        let members = team.members();
        match (members, self.items.is_some()) {
            ([one], false) => Some((Some(one), one, one)),
            ([one], true) => Some((None, one, one)),
            ([splitter, worker], false) => Some((Some(splitter), worker, splitter)),
            ([worker, merger], true) => Some((None, worker, merger)),
            ([splitter, worker, merger], false) => Some((Some(splitter), worker, merger)),
            _ => None,
        }
    }
}

impl ExecutionStrategy for MapReduce {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "split, work on each part with bounded width, merge",
            "the task is the same for many things, for example files",
            "who splits, who works on the parts, who merges; one can be all of them",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let Some((splitter, worker, merger)) = self.roles(team) else {
            let needs = "1 or 2 agents when `items` is given".to_owned();
            return Err(common::wrong_arity(Self::NAME, needs, team));
        };
        let mut steps = Vec::new();
        if let Some(splitter) = splitter {
            let answer = json!({
                "type": "object",
                "properties": {"parts": {"type": "array"}},
                "required": ["parts"],
            });
            let split = common::work(&splitter.id, Some(SPLIT), []);
            steps.push(common::named(common::asking(split, answer), SPLIT_STEP));
        }
        let split = || Reference::new(format!("steps.{SPLIT_STEP}.output.parts"));
        let part = [("part".to_owned(), "item".to_owned())];
        let map = Step::new(StepKind::Map {
            over: self.items.clone().unwrap_or_else(split),
            body: Box::new(common::work(&worker.id, Some(PART), part)),
            max_items: self.max_items,
            max_concurrency: Some(self.max_concurrency),
            join: self.join,
        });
        // The results of the parts as one list, for whoever merges.
        let work = Step::new(StepKind::Sequence {
            steps: vec![common::named(map, PARTS_STEP)],
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, self)),
        });
        steps.push(common::named(work, WORK_STEP));
        let results = [(
            "results".to_owned(),
            format!("steps.{WORK_STEP}.output.results"),
        )];
        let merge = common::work(&merger.id, Some(MERGE), results);
        steps.push(common::named(merge, MERGE_STEP));
        Ok(Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    /// Called for the parts and for the whole.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        if let Some(map) = common::part(group.parts, PARTS_STEP) {
            let results: Vec<Value> = map
                .parts
                .iter()
                .enumerate()
                .map(|(part, it)| {
                    json!({
                        "part": part,
                        "success": it.outcome.is_success(),
                        "output": *it.output,
                        "error": it.outcome.error(),
                    })
                })
                .collect();
            let census = Census::of(map.parts.iter().map(|part| &part.outcome));
            return Aggregate {
                outcome: group.outcome.clone(),
                output: json!({"results": results, "census": census}),
                confidence: common::mean_confidence(&map.parts),
            };
        }
        let split = common::part(group.parts, SPLIT_STEP);
        let work = common::part(group.parts, WORK_STEP);
        let merge = common::part(group.parts, MERGE_STEP);
        let merged = merge.filter(|part| part.outcome.is_success());
        let field = |name: &str| work.and_then(|part| part.output.get(name).cloned());
        let nothing = split.is_some_and(|part| {
            part.outcome.is_success() && part.output.get("parts").is_none_or(|it| !it.is_array())
        });
        let outcome = match &group.outcome {
            Outcome::Failed { .. } if nothing => Outcome::failed(
                FailureClass::Output,
                "whoever splits the task gave no list under `parts`",
            ),
            other => other.clone(),
        };
        Aggregate {
            outcome,
            output: json!({
                "final_output": merged.map(|part| part.output.as_ref()),
                "results": field("results"),
                "census": field("census"),
            }),
            confidence: merged.map_or(0.0, |part| part.confidence),
        }
    }
}
