//! One skill at several difficulties, side by side: what it takes, how that grows, and how far it can be trusted.
//!
//! `inputs` say what is run, `portions` how much of it at a time, `plan` writes the plan: each portion is a step,
//! so the record of the run has its progress, and whoever goes on with the run repeats nothing that ended.
//! `skill` is the boundary to what is run, `command` runs programs. `measured` folds the events of a run, `fold`
//! makes the report, `scaling` says how time grows. Only `command` and `material` do any IO.
//!
//! ```no_run
//! # use orchestrate_workflows::scenarios::{CommandSkill, Material, Measured, Scenarios, SkillChoice, Words};
//! # use orchestrate_runtime::LocalExecutor;
//! # async fn scenarios() -> Result<(), Box<dyn std::error::Error>> {
//! let words: Words = "sort {input}".parse()?;
//! let inputs = Scenarios { items: Some(10_000), ..Scenarios::of(SkillChoice::Command(words.clone())) };
//! let skill = CommandSkill::new(words, Material::Generated, ".", &inputs)?;
//! let plan = inputs.plan(&skill)?;
//! let backend = skill.backend();
//! let mut handle = LocalExecutor::builder().backend(backend).build()?.start(&plan)?;
//! let (mut events, mut measured) = (handle.events(), Measured::default());
//! while let Some(event) = events.next().await {
//!     measured.apply(&event);
//! }
//! let report = inputs.report(&skill, &measured, "2026-01-02T03:04:05Z")?;
//! println!("{:?}", report.recommendation);
//! # Ok(())
//! # }
//! ```

mod agent;
mod command;
mod compare;
mod critical;
mod error;
mod fold;
mod growing;
mod inputs;
mod material;
mod measured;
mod patterns;
mod plan;
mod portions;
mod report;
mod scaling;
mod skill;
mod words;
mod workflow;

pub use agent::AgentSkill;
pub use command::{CommandBackend, CommandSkill};
pub use error::ScenarioError;
pub use inputs::{Metric, Portions, Scenario, Scenarios, SkillChoice, Sync};
pub use material::Material;
pub use measured::Measured;
pub use portions::Portion;
pub use report::{
    Comparison, CriticalPath, CriticalStep, Parallel, Pattern, PortionReport, Recommendation,
    ScenarioReport, ScenarioStatus, ScenariosReport, TimeOf, Value, schema,
};
pub use scaling::{Fit, Growth, Point, Scaling, scaling};
pub use skill::{CpuUse, Skill};
pub use words::Words;
pub use workflow::WorkflowSkill;
