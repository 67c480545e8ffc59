//! Lessons for a plan before it runs, and the outcome of a run after it. Failing to learn never fails a run.

use std::path::Path;

use jiff::Timestamp;
use orchestrate_core::learning::{
    AgentConfiguration, AgentSeat, ConfigurationStore as _, Exploration, Lessons, RunOutcome,
    StoreError, agent_outcomes, learn, outcome_of,
};
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::template::HealthBoard;
use orchestrate_store::{LearningStore, Store};
use tokio::runtime::{Builder, Runtime};

use super::store;
use crate::app::Call;
use crate::args::{LearningArgs, PlaceArgs, RecordArgs, WeighArgs};
use crate::error::{CliError, Failure};
use crate::render::safe;
use crate::settings::{Settings, names};
use crate::wire;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// What was learned, with what it needs to be asked.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) store: LearningStore,
    runtime: Runtime,
}

impl Memory {
    /// What was learned in a store, which is made if there is none.
    ///
    /// # Errors
    /// When nothing can be waited for.
    pub(crate) fn open(store: &Store) -> Result<Self, Failure> {
        // What cannot be made here is told by whatever is to be written in it.
        let _ = store::prepare(store);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| CliError::internal("the store cannot be waited for", error))?;
        Ok(Self {
            store: store.learning(),
            runtime,
        })
    }

    /// The same, but none where nothing is kept yet: asking writes nothing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_existing(store: &Store) -> Result<Option<Self>, Failure> {
        match store.has_lessons() {
            true => Self::open(store).map(Some),
            false => Ok(None),
        }
    }

    /// Waits for an answer of the store.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// Says what was malformed and left out.
    pub(crate) fn warn(&self, call: &Call) {
        for warning in self.store.take_warnings() {
            call.printer.note(&safe(&warning));
        }
    }
}

/// Where a call learns.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    at: At<'a>,
    /// Whether lessons are used and recorded at all.
    on: bool,
}

#[derive(Debug)]
enum At<'a> {
    /// Where the call says, or else the settings or the project.
    Named {
        store: Option<&'a str>,
        project: &'a Path,
    },
    /// A store that was found before.
    Store(Store),
}

impl<'a> Place<'a> {
    /// The place of a call that only asks.
    pub(crate) fn of_plan(args: &LearningArgs, place: &'a PlaceArgs) -> Self {
        let store = place.store.as_deref();
        let project = Path::new(".");
        Self {
            at: At::Named { store, project },
            on: !args.no_learning,
        }
    }

    /// The place of a run, beside its record; a run that is to leave no record leaves none here.
    pub(crate) fn of_run(args: &LearningArgs, record: &'a RecordArgs, project: &'a Path) -> Self {
        let store = record.store.as_deref();
        Self {
            at: At::Named { store, project },
            on: !args.no_learning && !record.no_store,
        }
    }

    /// The place of a run that is gone on with, in the store that has its record.
    pub(crate) fn of_resumed(args: &LearningArgs, store: Store) -> Self {
        Self {
            at: At::Store(store),
            on: !args.no_learning,
        }
    }

    /// The same, for a run that is recorded or is not: where no record can be kept no lesson can
    /// either, and that was said once.
    pub(crate) fn of_recorded(self, recorded: bool) -> Self {
        Self {
            on: self.on && recorded,
            ..self
        }
    }

    fn store(&self, settings: &Settings) -> Result<Store, Failure> {
        match &self.at {
            At::Named { store, project } => store::named(*store, project, settings),
            At::Store(store) => Ok(store.clone()),
        }
    }
}

/// What planning is handed for a kind of task. None when learning is off or nothing is kept; a
/// store that fails is told, and the plan is made without it.
pub(crate) fn lessons(
    place: &Place<'_>,
    weigh: &WeighArgs,
    call: &Call,
    pattern: &str,
) -> Option<wire::Learned> {
    if !place.on {
        return None;
    }
    let settings = &call.settings;
    let half_life = weigh
        .half_life
        .or_else(|| settings.number(names::HALF_LIFE));
    let exploration = Exploration {
        share: weigh
            .explore
            .or_else(|| settings.number(names::EXPLORE))
            .unwrap_or(0.0),
        seed: weigh.seed,
    };
    let found = place.store(settings).and_then(|store| {
        let Some(memory) = Memory::open_existing(&store)? else {
            return Ok(None);
        };
        let half_life_ms = half_life.map(|days| days * DAY);
        let asked = memory
            .store
            .lessons(Some(pattern), half_life_ms, exploration);
        let lessons = memory.wait(asked)?;
        let health = memory.wait(memory.store.health())?;
        memory.warn(call);
        Ok(Some(wire::Learned { lessons, health }))
    });
    match found {
        Ok(Some(learned)) => Some(learned),
        Ok(None) => Some(wire::Learned {
            lessons: Lessons {
                lessons: Vec::new(),
                exploration,
            },
            health: HealthBoard::default(),
        }),
        Err(failure) => {
            told(call, "this plan is made without lessons", &failure);
            None
        }
    }
}

/// The composition under which the outcome of a prebuilt workflow is recorded, whose agents work side by side.
pub(crate) fn side_by_side<'a>(
    task_pattern: &str,
    agents: impl Iterator<Item = &'a str>,
    plan: &Plan,
) -> AgentConfiguration {
    let tier = |id: &str| plan.agents.get(id).map(|agent| agent.tier);
    let seats = agents.map(|id| AgentSeat::new(id, tier(id)));
    AgentConfiguration::composed(task_pattern, seats.collect(), "parallel")
}

/// Records what a run taught: how its agents fared, and of its composition, if a planner made it,
/// whether it worked. A run teaches once, however often it is gone on with.
pub(crate) fn record(
    place: &Place<'_>,
    call: &Call,
    plan: &Plan,
    composition: Option<&AgentConfiguration>,
    report: &RunReport,
) {
    if !place.on || report.outcome.is_none() {
        return;
    }
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
    let composition = composition.filter(|it| !it.task_pattern.is_empty());
    let outcome = outcome_of(report, now);
    if composition.is_some() && outcome.is_none() && call.printer.verbose(1) {
        call.printer
            .note("nothing is learned from this run: it says nothing of the composition");
    }
    let agents = agent_outcomes(report, plan, now);
    let recorded = place.store(&call.settings).and_then(|store| {
        let memory = Memory::open(&store)?;
        memory.wait(memory.store.record_agents(&agents))?;
        let known = match composition.zip(outcome) {
            Some((composition, outcome)) => {
                memory.wait(taught(&memory.store, composition, outcome))?
            }
            None => None,
        };
        memory.warn(call);
        Ok(known)
    });
    match recorded {
        Ok(Some(known)) if call.printer.verbose(1) => call.printer.note(&format!(
            "recorded as lesson {}: {} of {} runs succeeded",
            known.id, known.success_count, known.usage_count
        )),
        Ok(_) => {}
        Err(failure) => told(call, "the outcome of this run is not recorded", &failure),
    }
}

/// Records an outcome; none when the store has it from this run already.
async fn taught(
    store: &LearningStore,
    composition: &AgentConfiguration,
    outcome: RunOutcome,
) -> Result<Option<AgentConfiguration>, StoreError> {
    let before = store.recent_outcomes(&composition.id).await?;
    if outcome.run.is_some() && before.iter().any(|it| it.run == outcome.run) {
        return Ok(None);
    }
    learn(store, store, composition, outcome).await.map(Some)
}

/// Says that something could not be had from the store, and why.
pub(super) fn told(call: &Call, what: &str, failure: &Failure) {
    let cause = failure.causes.first();
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    let text = format!("{what}: {}{cause} ({})", failure.message, failure.code);
    call.printer.note(&safe(&text));
}
