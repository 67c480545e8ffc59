//! `scenarios`: one skill at several difficulties, measured, compared, and judged.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_runtime::LocalExecutor;
use orchestrate_strategies::definition::Given;
use orchestrate_workflows::formats::scenarios_svg;
use orchestrate_workflows::scenarios::{
    AgentSkill, CommandSkill, Material, Measured, Metric, Portions, ScenarioError, Scenarios,
    ScenariosReport, Skill, SkillChoice, WorkflowSkill,
};
use serde_json::{Map, Value};

use super::forms::Forms;
use super::recipe::Recipe;
use super::watch::{Begin, Watched, watch_with};
use super::{files, limits, measure, run, store};
use crate::app::Call;
use crate::approver::CommandLineApprover;
use crate::args::{ScenariosArgs, ScenariosFormat};
use crate::definitions::{self, Disk};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render;
use crate::settings::Settings;
use crate::wire;

pub(crate) fn run(args: &ScenariosArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let job = Job::new(inputs(args)?, args, &call.settings)?;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    let plan = job.plan()?;
    let limits = limits::limits(&args.limits, &call.settings);
    let journal = store::for_run(&args.record, &args.path, &call.settings, printer)?;
    let about = Recipe::of_call(call, None).of_scenarios(&job.inputs);
    let executor = job.executor(args, &call.settings, limits, journal, about.about())?;
    let mut measured = Measured::default();
    let watched = watch_with(&executor, Begin::Plan(&plan), printer, None, |event| {
        measured.apply(event);
    })?;
    conclude(args, &job, &measured, &watched, call)
}

/// Scenarios with what they run.
#[derive(Debug)]
pub(crate) struct Job {
    inputs: Scenarios,
    skill: Chosen,
}

/// The skill that was chosen.
#[derive(Debug)]
enum Chosen {
    Command(CommandSkill),
    /// What is run by the agents and models that are set up.
    Agents(Box<dyn Skill>),
}

impl Job {
    /// Finds what is to be run, and reads its items.
    ///
    /// # Errors
    /// When there is no such thing, or the inputs make no sense.
    pub(crate) fn new(
        inputs: Scenarios,
        args: &ScenariosArgs,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let material = match &inputs.input {
            Some(path) => Material::read(path)?,
            None => Material::Generated,
        };
        let skill = match &inputs.skill {
            SkillChoice::Command(words) => {
                let skill = CommandSkill::new(words.clone(), material, &args.path, &inputs)?;
                skill.find()?;
                Chosen::Command(skill)
            }
            SkillChoice::Agent(id) => {
                let registry = wire::registry(&args.path, &settings.services.agents)?;
                let template = registry.require(id)?;
                Chosen::Agents(Box::new(AgentSkill::new(template.clone(), material)?))
            }
            SkillChoice::Workflow(name) => Chosen::Agents(Box::new(workflow(
                name, &inputs, &material, args, settings,
            )?)),
        };
        Ok(Self { inputs, skill })
    }

    fn skill(&self) -> &dyn Skill {
        match &self.skill {
            Chosen::Command(skill) => skill,
            Chosen::Agents(skill) => &**skill,
        }
    }

    fn plan(&self) -> Result<Plan, Failure> {
        Ok(self.inputs.plan(self.skill())?)
    }

    /// Whether a recorded run was begun on the same items.
    ///
    /// # Errors
    /// When it was not.
    pub(crate) fn check_same(&self, recorded: &Plan) -> Result<(), Failure> {
        match self.plan()?.digest() == recorded.digest() {
            true => Ok(()),
            false => Err(CliError::OtherItems.into()),
        }
    }

    /// The executor that runs the skill.
    ///
    /// # Errors
    /// When a setting is not usable.
    pub(crate) fn executor(
        &self,
        args: &ScenariosArgs,
        settings: &Settings,
        limits: Limits,
        journal: Option<Arc<dyn RunJournal>>,
        about: Value,
    ) -> Result<LocalExecutor, Failure> {
        match &self.skill {
            Chosen::Command(skill) => {
                let mut builder = LocalExecutor::builder().backend(skill.backend());
                if let Some(approver) = CommandLineApprover::new(args.decide.clone()) {
                    builder = builder.approver(approver);
                }
                if let Some(journal) = journal {
                    builder = builder.journal(journal);
                }
                Ok(builder.limits(limits).about(about).build()?)
            }
            Chosen::Agents(_) => {
                let models = wire::Models::of(&settings.services)?;
                models.check_prices(&self.plan()?, limits)?;
                let options = measure::options(&args.measure, settings, &args.path)?;
                let decisions = args.decide.clone();
                wire::executor(
                    &args.path, options, limits, &models, decisions, journal, about,
                )
            }
        }
    }
}

/// A workflow of the project or in a file, which is given `items`, `count`, or both.
fn workflow(
    name: &str,
    inputs: &Scenarios,
    material: &Material,
    args: &ScenariosArgs,
    settings: &Settings,
) -> Result<WorkflowSkill, Failure> {
    let path = Path::new(name);
    let source = match definitions::is_definition(path) {
        true => Some(definitions::named(path)?),
        false => Disk::of(&args.path).find(name)?,
    };
    let source = source.ok_or_else(|| CliError::Unknown {
        what: "workflow",
        given: name.to_owned(),
        possible: Vec::new(),
        list: "workflows list",
    })?;
    let models = wire::Models::of(&settings.services)?;
    let looked = definitions::look(&source, &Given::Later, &args.path, &settings.services)?;
    let takes = |name: &str| looked.inputs.iter().any(|it| it.name == name);
    let (takes_items, takes_count) = (takes("items"), takes("count"));
    if !takes_items && !takes_count {
        let given = format!("workflow `{name}`, which has neither an input `items` nor `count`,");
        return Err(ScenarioError::NothingScales { given }.into());
    }
    let portions = inputs.all_portions(Portions::Batches, material.len())?;
    WorkflowSkill::new(name, material.len(), &portions, |portion| {
        let mut given = Map::new();
        if takes_items {
            let items = material.values(portion.offset, portion.items);
            given.insert("items".to_owned(), items.into());
        }
        if takes_count {
            given.insert("count".to_owned(), portion.items.into());
        }
        let given = Given::Values(given);
        Ok(definitions::workflow(&source, &given, &args.path, &models)?.plan)
    })
}

/// What is to be run: flags over the file over defaults.
///
/// # Errors
/// When the file is not usable, or a flag names something that there is not.
pub(crate) fn inputs(args: &ScenariosArgs) -> Result<Scenarios, Failure> {
    let mut inputs = match (&args.file, &args.command, &args.agent, &args.workflow) {
        (Some(path), ..) => described(path)?,
        (None, Some(words), ..) => Scenarios::of(SkillChoice::Command(words.clone())),
        (None, None, Some(id), _) => Scenarios::of(SkillChoice::Agent(id.clone())),
        (None, None, None, Some(name)) => Scenarios::of(SkillChoice::Workflow(name.clone())),
        (None, None, None, None) => {
            return Err(CliError::arguments(
                "there is nothing to run",
                "give a file, or `--command`, `--agent` or `--workflow`",
            )
            .into());
        }
    };
    if !args.scenario.is_empty() {
        let wanted: BTreeSet<&String> = args.scenario.iter().collect();
        let named = |name: &&&String| inputs.scenarios.iter().any(|it| it.name == ***name);
        if let Some(unknown) = wanted.iter().find(|name| !named(name)) {
            return Err(CliError::Unknown {
                what: "scenario",
                given: (**unknown).clone(),
                possible: inputs.scenarios.iter().map(|it| it.name.clone()).collect(),
                list: "scenarios --help",
            }
            .into());
        }
        inputs.scenarios.retain(|it| wanted.contains(&it.name));
    }
    for scenario in &mut inputs.scenarios {
        scenario.batch_size = args.batch_size.or(scenario.batch_size);
        scenario.memory_limit_mb = args.memory_limit.or(scenario.memory_limit_mb);
        if !args.pause_after.is_empty() {
            scenario.pause_after.clone_from(&args.pause_after);
        }
        scenario.error_tolerance = args.error_tolerance.unwrap_or(scenario.error_tolerance);
    }
    inputs.items = args.items.or(inputs.items);
    inputs.input = args.input.clone().or(inputs.input);
    inputs.portions = args.portions.map(Into::into).or(inputs.portions);
    inputs.sync = args.sync.map_or(inputs.sync, Into::into);
    inputs.width = args.width.or(inputs.width);
    inputs.attempts = args.attempts.unwrap_or(inputs.attempts);
    for it in &args.metric {
        let metric = Metric {
            at: it.at.clone(),
            ..Metric::default()
        };
        inputs.metrics.insert(it.name.clone(), metric);
    }
    let min = args.min.iter().map(|it| (it, true));
    for (it, is_min) in min.chain(args.max.iter().map(|it| (it, false))) {
        let possible: Vec<String> = inputs.metrics.keys().cloned().collect();
        let Some(metric) = inputs.metrics.get_mut(&it.name) else {
            return Err(CliError::Unknown {
                what: "metric",
                given: it.name.clone(),
                possible,
                list: "scenarios --help",
            }
            .into());
        };
        match is_min {
            true => metric.min = Some(it.bound),
            false => metric.max = Some(it.bound),
        }
    }
    Ok(inputs)
}

/// Scenarios that a file describes; its paths are relative to it.
fn described(path: &Path) -> Result<Scenarios, Failure> {
    let text = files::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let mut inputs = Scenarios::from_yaml(&text, &path.display().to_string())?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    inputs.input = inputs.input.map(|input| folder.join(input));
    Ok(inputs)
}

/// Makes the report of a run, and shows it.
pub(crate) fn conclude(
    args: &ScenariosArgs,
    job: &Job,
    measured: &Measured,
    watched: &Watched,
    call: &Call,
) -> Result<Exit, Failure> {
    let report = job.inputs.report(job.skill(), measured, &measure::now())?;
    if watched.stopped.is_some() {
        let note = "stopped before its end: the report holds what was measured until then";
        call.printer.note(note);
    }
    run::say_what_waits(&watched.report, !args.record.no_store, &call.printer);
    present(&report, args, call)?;
    Ok(watched
        .stopped
        .unwrap_or_else(|| exit(&report, args, watched)))
}

/// How a run that nobody stopped here ends.
fn exit(report: &ScenariosReport, args: &ScenariosArgs, watched: &Watched) -> Exit {
    let nothing_succeeded = report.scenarios.iter().all(|it| it.progress == 0.0);
    match (report.passed, &watched.report.outcome) {
        (Some(true), _) => Exit::Yes,
        (_, Some(Outcome::Paused { .. })) => Exit::Paused,
        (_, Some(outcome @ Outcome::Cancelled { .. })) => Exit::of_outcome(outcome),
        (Some(false), _) if nothing_succeeded => Exit::StepFailed,
        (Some(false), _) if args.exit_zero => Exit::Yes,
        (Some(false), _) => Exit::No,
        (None, Some(Outcome::LimitReached { .. })) => Exit::Limit,
        (None, _) => Exit::NotMeasured,
    }
}

/// Shows and writes the report in the form that was asked for.
fn present(report: &ScenariosReport, args: &ScenariosArgs, call: &Call) -> Result<(), Failure> {
    let printer = &call.printer;
    let forms = Forms {
        format: args.format,
        out: args.out.as_deref(),
        by_ending: |ending| match ending {
            "json" => Some(ScenariosFormat::Json),
            "svg" => Some(ScenariosFormat::Svg),
            _ => None,
        },
        text: ScenariosFormat::Text,
        json: ScenariosFormat::Json,
    };
    forms.present(report, printer, |format| match format {
        ScenariosFormat::Text => Ok(render::scenarios(report, printer.width())),
        ScenariosFormat::Json => render::json(report),
        ScenariosFormat::Svg => Ok(scenarios_svg(report)),
    })
}
