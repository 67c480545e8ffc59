//! The command line as it was typed. Nothing is read or decided here; `settings` and the verbs do that.

mod approvals;
mod cli;
mod compose;
mod ends;
mod format;
mod guide;
mod health_check;
mod help;
mod json;
mod learning;
mod list;
mod measure;
mod memory;
mod release_prep;
mod runs;
mod test_coverage;
mod validate;
mod values;

pub(crate) use approvals::{ApprovalsVerb, Question};
pub(crate) use cli::{Cli, Verb};
pub(crate) use compose::{Graph, LimitArgs, PlanArgs, Planner, RunArgs, TaskArgs};
pub(crate) use ends::{VERBS, ends};
pub(crate) use format::FmtArgs;
pub(crate) use guide::{command, env_name, variables};
pub(crate) use health_check::{HealthCheckArgs, HealthFormat, Mode};
pub(crate) use help::{CompletionsArgs, ConfigVerb, DoctorArgs, ExplainArgs, InitArgs, PageArgs};
pub(crate) use json::{asks_for_json, wants_json};
pub(crate) use learning::{LearningArgs, LessonsVerb, PlaceArgs, WeighArgs};
pub(crate) use list::{AgentsVerb, StrategiesVerb, WorkflowsVerb};
pub(crate) use measure::{Accepted, MeasureArgs, TestArgs};
pub(crate) use memory::{ForgetArgs, NotesVerb, SessionsVerb};
pub(crate) use release_prep::{FailOn, Format, ReleasePrepArgs};
pub(crate) use runs::{FindArgs, ForkArgs, OneRun, PruneArgs, RecordArgs, RunsVerb, State};
pub(crate) use test_coverage::{CoverageFormat, TestCoverageArgs};
pub(crate) use validate::{ProblemFormat, ValidateArgs};
pub(crate) use values::{Decision, Hint};
