//! A program as a skill, and the backend that runs it: timed, watched for its memory, ended with its children.

use std::collections::BTreeMap;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::AgentId;
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::{Plan, Step};
use orchestrate_core::team::Agent;
use orchestrate_core::template::{
    AgentCapability, AgentManifest, AgentTemplate, ResourceRequirements, Tier,
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::error::ScenarioError;
use super::inputs::{Portions, Scenarios};
use super::material::Material;
use super::portions::Portion;
use super::skill::{CpuUse, Skill, figure};
use super::words::Words;
use crate::process::{Ended, Program, Stop, on_path};

/// The agent that stands for the program in a plan.
const AGENT: &str = "command";
/// How much of what a program complained is told, in characters.
const SHOWN: usize = 300;
/// How much of its output is read for figures, in bytes.
const READ: usize = 1 << 20;

/// A program as a skill.
#[derive(Debug, Clone)]
pub struct CommandSkill {
    words: Words,
    /// Who stands for the program in a plan.
    agent: AgentId,
    directory: PathBuf,
    material: Arc<Material>,
    attempts: u32,
    reads_answer: bool,
    jobs: Arc<BTreeMap<String, Job>>,
}

/// What one portion is given beside its items.
#[derive(Debug, Clone)]
struct Job {
    portion: Portion,
    budget: Duration,
    memory_limit: Option<u64>,
}

impl CommandSkill {
    /// A program that runs in a directory.
    ///
    /// # Errors
    /// When nothing in its words depends on the number of items and it reads none, or the inputs make no sense.
    pub fn new(
        words: Words,
        material: Material,
        directory: impl Into<PathBuf>,
        inputs: &Scenarios,
    ) -> Result<Self, ScenarioError> {
        let directory = directory.into();
        let wrong = |problem: &str| ScenarioError::Command {
            given: words.to_string(),
            problem: problem.to_owned(),
        };
        let is_scaled = words.as_slice().iter().any(|word| {
            ["{items}", "{offset}", "{input}"]
                .iter()
                .any(|it| word.contains(it))
        });
        if !is_scaled && material.len().is_none() {
            return Err(ScenarioError::NothingScales {
                given: format!("the command `{words}`"),
            });
        }
        let all = inputs.all_portions(Portions::Growing, material.len())?;
        let jobs = inputs.scenarios.iter().zip(all);
        let jobs = jobs.flat_map(|(scenario, portions)| {
            let budget = Duration::from_secs(scenario.time_budget_seconds);
            let memory_limit = scenario
                .memory_limit_mb
                .map(|it| it.saturating_mul(1 << 20));
            portions.into_iter().map(move |portion| {
                let job = Job {
                    portion,
                    budget,
                    memory_limit,
                };
                (job.portion.name.to_string(), job)
            })
        });
        let agent = AgentId::new(AGENT).map_err(|error| wrong(&error.to_string()))?;
        Ok(Self {
            agent,
            jobs: Arc::new(jobs.collect()),
            directory,
            material: Arc::new(material),
            attempts: inputs.attempts,
            reads_answer: !inputs.metrics.is_empty(),
            words,
        })
    }

    /// Looks whether the program is there, and does not start it.
    ///
    /// # Errors
    /// [`ScenarioError::Command`] when it is not.
    pub fn find(&self) -> Result<(), ScenarioError> {
        let program = self.words.as_slice().first().map_or("", String::as_str);
        let is_there = match Path::new(program).components().count() {
            1 => on_path(program).is_some(),
            _ => self.directory.join(program).is_file(),
        };
        if is_there || program.contains('{') {
            return Ok(());
        }
        Err(ScenarioError::Command {
            given: self.words.to_string(),
            problem: "cannot be run: there is no such program".to_owned(),
        })
    }

    /// What runs its steps.
    #[must_use]
    pub fn backend(&self) -> CommandBackend {
        CommandBackend {
            skill: self.clone(),
        }
    }

    /// A program with the words of a portion, and the file with its items, which it needs as long as it runs.
    fn program(
        &self,
        job: &Job,
        timeout: Duration,
    ) -> std::io::Result<(Program, Option<NamedTempFile>)> {
        let portion = &job.portion;
        let named = self
            .words
            .as_slice()
            .iter()
            .any(|word| word.contains("{input}"));
        let mut file = None;
        if named || self.material.len().is_some() {
            let mut made = NamedTempFile::new()?;
            let text = self.material.slice(portion.offset, portion.items);
            made.write_all(text.as_bytes())?;
            made.as_file_mut().seek(SeekFrom::Start(0))?;
            file = Some(made);
        }
        let input = file
            .as_ref()
            .map_or_else(String::new, |it| it.path().display().to_string());
        let filled = |word: &String| {
            word.replace("{items}", &portion.items.to_string())
                .replace("{offset}", &portion.offset.to_string())
                .replace("{batch}", &portion.number.to_string())
                .replace("{scenario}", &portion.scenario)
                .replace("{input}", &input)
        };
        let words: Vec<String> = self.words.as_slice().iter().map(filled).collect();
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
        let mut program = Program::new(program, &self.directory, timeout)
            .args(arguments)
            .watched(job.memory_limit);
        if self.reads_answer {
            program = program.keeping(READ);
        }
        if let Some(file) = file.as_ref().filter(|_| !named) {
            program = program.reading(file.reopen()?);
        }
        Ok((program, file))
    }
}

impl Skill for CommandSkill {
    fn told(&self) -> String {
        self.words.to_string()
    }

    fn portions(&self) -> Portions {
        Portions::Growing
    }

    fn items(&self) -> Option<u64> {
        self.material.len()
    }

    fn equip(&self, plan: &mut Plan) {
        plan.context
            .insert("items".to_owned(), self.material.pinned());
        let template = AgentTemplate {
            id: AGENT.to_owned(),
            role: "Runs a program".to_owned(),
            capabilities: vec![AgentCapability::named("run_command")],
            tier_preference: Tier::Cheap,
            tools: Vec::new(),
            default_instructions: format!("Run `{}`.", self.words),
            quality_gates: BTreeMap::new(),
            resource_requirements: ResourceRequirements::default(),
            manifest: AgentManifest::default(),
        };
        let agent = Agent {
            id: self.agent.clone(),
            tier: template.tier_preference,
            template: Arc::new(template),
            limits: Limits::default(),
        };
        plan.agents.insert(self.agent.clone(), Arc::new(agent));
    }

    fn invoke(&self, _: &Portion) -> Step {
        Step::agent(self.agent.clone())
    }

    fn took_ms(&self, output: &Value) -> Option<f64> {
        output.get("took_ms")?.as_f64()
    }

    fn cpu(&self, output: &Value) -> Option<CpuUse> {
        let field = |name: &str| output.get(name)?.as_f64();
        Some(CpuUse {
            ms: field("cpu_ms")?,
            exact_to_ms: field("cpu_exact_to_ms")?,
            waited_ms: field("cpu_waited_ms")?,
        })
    }

    fn peak_memory(&self, output: &Value) -> Result<u64, String> {
        match output.get("peak_memory_bytes").and_then(Value::as_u64) {
            Some(bytes) => Ok(bytes),
            None => {
                let why = output.get("memory_unknown").and_then(Value::as_str);
                Err(why.unwrap_or("it was not looked at").to_owned())
            }
        }
    }

    fn metric(&self, output: &Value, at: &str) -> Result<f64, String> {
        match output.get("answer") {
            Some(answer) if !answer.is_null() => figure(answer, at),
            _ => Err("neither its output nor the last line of it is JSON".to_owned()),
        }
    }
}

/// Runs the steps of a program.
#[derive(Debug)]
pub struct CommandBackend {
    skill: CommandSkill,
}

#[async_trait]
impl AgentBackend for CommandBackend {
    fn name(&self) -> &'static str {
        "command"
    }

    fn supports(&self, agent: &Agent) -> bool {
        agent.template.id == AGENT
    }

    /// What a program spends is its own matter; the attempt is counted.
    fn reservation(&self, _: &Agent) -> Usage {
        Usage::one_call()
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let name = input.step.as_str().rsplit('/').next().unwrap_or_default();
        let Some(job) = self.skill.jobs.get(name) else {
            let message = format!("`{}` is no portion of these scenarios", input.step);
            return Err(AgentFailure::new(FailureClass::NotExecuted, message));
        };
        let spent: f64 = input
            .scope
            .iter()
            .filter(|entry| self.is_before(job, entry.step.as_str()))
            .filter_map(|entry| entry.output.get("took_ms")?.as_f64())
            .sum();
        let spent = Duration::from_secs_f64(spent.max(0.0) / 1e3);
        let left = job.budget.saturating_sub(spent);
        if left.is_zero() {
            let message = format!("the {} s of the scenario are over", job.budget.as_secs());
            return Err(AgentFailure::new(FailureClass::Timeout, message));
        }
        let made = self.skill.program(job, left);
        let failed = |error: std::io::Error| {
            let message = format!("`{}` cannot be started: {error}", self.skill.words);
            AgentFailure::new(FailureClass::Input, message)
        };
        let (program, _items) = made.map_err(failed)?;
        let ended = program.run().await.map_err(failed)?;
        self.judged(job, &ended, program.command(), input.attempt)
    }
}

impl CommandBackend {
    /// Whether a step is a portion of the same scenario.
    fn is_before(&self, job: &Job, step: &str) -> bool {
        let name = step.rsplit('/').next().unwrap_or_default();
        let other = self.skill.jobs.get(name);
        other.is_some_and(|it| it.portion.scenario == job.portion.scenario)
    }

    fn judged(
        &self,
        job: &Job,
        ended: &Ended,
        command: Vec<String>,
        attempt: u32,
    ) -> Result<AgentOutput, AgentFailure> {
        let took_ms = ended.duration.as_secs_f64() * 1e3;
        let answer = self.skill.reads_answer.then(|| answer(&ended.stdout));
        let (peak, unknown) = match &ended.memory {
            Ok(bytes) => (Some(*bytes), None),
            Err(why) => (None, Some(why)),
        };
        let output = json!({
            "items": job.portion.items,
            "took_ms": took_ms,
            "cpu_ms": ended.cpu.map(|it| it.ms),
            "cpu_exact_to_ms": ended.cpu.map(|it| it.exact_to_ms),
            "cpu_waited_ms": ended.cpu.map(|it| it.waited_ms),
            "exit_code": ended.stop.code(),
            "peak_memory_bytes": peak,
            "memory_unknown": unknown,
            "answer": answer.flatten(),
        });
        let evidence = Evidence {
            method: "a program in a process group of its own, timed from its start to its end"
                .to_owned(),
            tool: command.first().cloned().unwrap_or_default(),
            version: "not asked".to_owned(),
            command: Some(command),
            exit_code: ended.stop.code(),
            duration_ms: Some(took_ms),
            ..Evidence::default()
        };
        if ended.stop.is_success() {
            return Ok(AgentOutput::json(output).with_evidence(evidence));
        }
        let class = match ended.stop {
            // Whether it would do better another time is not known, so it is tried as often as may be.
            Stop::Exit(_) | Stop::Killed if attempt < self.skill.attempts => {
                FailureClass::Transient
            }
            Stop::Exit(_) | Stop::Killed => FailureClass::Reported,
            Stop::TimedOut(_) => FailureClass::Timeout,
            Stop::TookMemory(_) => FailureClass::Limit,
        };
        let last: String = ended.last_line().chars().take(SHOWN).collect();
        let gap = if last.is_empty() { "" } else { ": " };
        let message = match ended.stop {
            Stop::TimedOut(_) => format!(
                "it was ended: the {} s of the scenario were over",
                job.budget.as_secs()
            ),
            stop => format!("it {}{gap}{last}", stop.told()),
        };
        let mut failure = AgentFailure::new(class, message).with_output(output);
        failure.evidence.push(evidence);
        Err(failure)
    }
}

/// The JSON that a program wrote: all of its output, or else its last line.
fn answer(stdout: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(stdout);
    let last = text.lines().rev().find(|line| !line.trim().is_empty())?;
    serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(last))
        .ok()
}
