//! Lessons for a plan before it runs, and the outcome of a run after it. Failing to learn never fails a run.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use orchestrate_core::learning::{
    AgentConfiguration, ConfigurationStore as _, Exploration, Lessons, learn, outcome_of,
};
use orchestrate_core::report::RunReport;
use orchestrate_store::{Address, LearningStore, Store};
use tokio::runtime::{Builder, Runtime};

use crate::app::Call;
use crate::args::{LearningArgs, PlaceArgs, RecordArgs, WeighArgs};
use crate::error::{CliError, Failure};
use crate::render::safe;
use crate::settings::{Settings, names};
use crate::wire;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// What was learned, open, with what it needs to be asked.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) store: LearningStore,
    runtime: Runtime,
}

impl Memory {
    /// Opens the store that arguments, settings or the project name, and makes it if there is none.
    ///
    /// # Errors
    /// When the address is wrong or the store cannot be opened.
    pub(crate) fn open(
        store: Option<&str>,
        project: &Path,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let address = address(store, project, settings)?;
        if let Some(folder) = address.path().and_then(Path::parent)
            && folder.file_name().is_some_and(|name| name == wire::FOLDER)
        {
            keep_out_of_git(folder);
        }
        Self::at(&address)
    }

    /// The same, but none where nothing is kept yet: asking writes nothing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_existing(
        store: Option<&str>,
        project: &Path,
        settings: &Settings,
    ) -> Result<Option<Self>, Failure> {
        let address = address(store, project, settings)?;
        if Store::exists(&address) {
            Self::at(&address).map(Some)
        } else {
            Ok(None)
        }
    }

    fn at(address: &Address) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| CliError::internal("the store cannot be waited for", error))?;
        let store = runtime.block_on(Store::open(address))?.learning();
        Ok(Self { store, runtime })
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

/// Where lessons, sessions and notes of a project are kept.
///
/// # Errors
/// When the address is wrong.
pub(crate) fn address(
    store: Option<&str>,
    project: &Path,
    settings: &Settings,
) -> Result<Address, Failure> {
    match store
        .map(str::to_owned)
        .or_else(|| settings.text(names::STORE))
    {
        Some(text) => Ok(text.parse::<Address>()?),
        None => Ok(wire::store_of(project)),
    }
}

/// Where a call learns.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    store: Option<&'a str>,
    project: &'a Path,
    /// Whether lessons are used and recorded at all.
    on: bool,
}

impl<'a> Place<'a> {
    /// The place of a call that only asks.
    pub(crate) fn of_plan(args: &LearningArgs, place: &'a PlaceArgs) -> Self {
        Self {
            store: place.store.as_deref(),
            project: Path::new("."),
            on: !args.no_learning,
        }
    }

    /// The place of a run, beside its record; a run that is to leave no record leaves none here.
    pub(crate) fn of_run(args: &LearningArgs, record: &'a RecordArgs, project: &'a Path) -> Self {
        Self {
            store: record.store.as_deref(),
            project,
            on: !args.no_learning && !record.no_store,
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
}

/// What is kept beside the sources is no part of them.
fn keep_out_of_git(folder: &Path) {
    let path = folder.join(".gitignore");
    if !path.exists() && fs::create_dir_all(folder).is_ok() {
        // Without it the folder shows up in `git status`, and nothing else happens.
        let _ = fs::write(path, "*\n");
    }
}

/// What planning is handed for a kind of task. None when learning is off or nothing is kept; a
/// store that fails is told, and the plan is made without it.
pub(crate) fn lessons(
    place: &Place<'_>,
    weigh: &WeighArgs,
    call: &Call,
    pattern: &str,
) -> Option<Lessons> {
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
    let found = Memory::open_existing(place.store, place.project, settings);
    let found = found.and_then(|memory| {
        let Some(memory) = memory else {
            return Ok(None);
        };
        let half_life_ms = half_life.map(|days| days * DAY);
        let asked = memory
            .store
            .lessons(Some(pattern), half_life_ms, exploration);
        let lessons = memory.wait(asked)?;
        memory.warn(call);
        Ok(Some(lessons))
    });
    match found {
        Ok(Some(lessons)) => Some(lessons),
        Ok(None) => Some(Lessons {
            lessons: Vec::new(),
            exploration,
        }),
        Err(failure) => {
            told(call, "this plan is made without lessons", &failure);
            None
        }
    }
}

/// Records what a run taught of its composition.
pub(crate) fn record(
    place: &Place<'_>,
    call: &Call,
    composition: &AgentConfiguration,
    report: &RunReport,
) {
    if !place.on || composition.task_pattern.is_empty() {
        return;
    }
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
    let Some(outcome) = outcome_of(report, now) else {
        if call.printer.verbose(1) {
            call.printer
                .note("nothing is learned from this run: it says nothing of the composition");
        }
        return;
    };
    let recorded = Memory::open(place.store, place.project, &call.settings).and_then(|memory| {
        let asked = learn(&memory.store, &memory.store, composition, outcome);
        let known = memory.wait(asked)?;
        memory.warn(call);
        Ok(known)
    });
    match recorded {
        Ok(known) if call.printer.verbose(1) => call.printer.note(&format!(
            "recorded as lesson {}: {} of {} runs succeeded",
            known.id, known.success_count, known.usage_count
        )),
        Ok(_) => {}
        Err(failure) => told(call, "the outcome of this run is not recorded", &failure),
    }
}

fn told(call: &Call, what: &str, failure: &Failure) {
    let cause = failure.causes.first();
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    let text = format!("{what}: {}{cause} ({})", failure.message, failure.code);
    call.printer.note(&safe(&text));
}
