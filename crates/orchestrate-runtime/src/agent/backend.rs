//! The backend that runs agents by asking a model.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::guard::Guard;
use orchestrate_core::limits::{Cost, Usage};
use orchestrate_core::model::History;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use orchestrate_strategies::turn::{Turn, TurnLimits, TurnSetup};
use tokio::time::Instant;

use super::drive::{Drive, Tally};
use super::form::Form;
use super::prompt;
use super::scrutiny::{Guards, Scrutiny};
use super::session::{Recalled, Session};
use crate::model::ModelBook;
use crate::recorded::Recorder;
use crate::tools::{Offered, ToolSet};

/// What an agent counts as that does not say how sure it is.
const UNSTATED: f64 = 0.5;

/// Runs agents by models, with tools and guards.
#[derive(Debug, Clone)]
pub struct ModelBackend {
    book: Arc<ModelBook>,
    tools: ToolSet,
    guards: Vec<Arc<dyn Guard>>,
    recorder: Option<Recorder>,
    session: Option<Session>,
    window: u64,
}

impl ModelBackend {
    /// A backend that runs every agent that a model is found for, without tools and guards.
    #[must_use]
    pub fn new(book: Arc<ModelBook>) -> Self {
        Self {
            book,
            tools: ToolSet::default(),
            guards: Vec::new(),
            recorder: None,
            session: None,
            window: u64::MAX,
        }
    }

    /// The same backend with tools; which agent may use which is theirs to say.
    #[must_use]
    pub fn with_tools(mut self, tools: ToolSet) -> Self {
        self.tools = tools;
        self
    }

    /// The same backend with one more guard.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Guard + 'static) -> Self {
        self.guards.push(Arc::new(guard));
        self
    }

    /// The same backend whose agents go on with what they said in a session.
    #[must_use]
    pub fn in_session(mut self, session: Session) -> Self {
        self.session = Some(session);
        self
    }

    /// The same backend whose models are shown so many tokens of a conversation; older parts are left out,
    /// the task never is.
    #[must_use]
    pub fn with_window(mut self, tokens: u64) -> Self {
        self.window = tokens;
        self
    }

    /// The same backend that writes down what its models and tools answer.
    #[must_use]
    pub fn recorded_by(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The tools of one attempt.
    async fn tools(&self, input: &AgentInput) -> Result<Offered, AgentFailure> {
        let offered = self
            .tools
            .offered(&input.agent, input.toolbox.as_deref())
            .await?;
        Ok(match &self.recorder {
            Some(recorder) => offered.map(|tool| recorder.tool(input.agent.id.as_str(), tool)),
            None => offered,
        })
    }

    /// What an attempt uses at most that uses so many tokens.
    fn most_of(&self, agent: &Agent, tokens: u64) -> Usage {
        let price = self.book.model(agent).and_then(|model| model.price());
        Usage {
            calls: 1,
            tokens,
            cost: price.map_or(Cost::ZERO, |price| price.most(tokens)),
            ..Usage::default()
        }
    }

    fn turn(
        &self,
        input: &AgentInput,
        mut history: History,
        task: String,
        tools: &Offered,
        reserved: u64,
    ) -> Turn {
        let defaults = TurnLimits::default();
        let requirements = &input.agent.template.resource_requirements;
        let rounds = input
            .toolbox
            .as_ref()
            .map_or(defaults.rounds, |toolbox| toolbox.max_steps);
        let task_at = history.len();
        history.tell(task);
        Turn::new(TurnSetup {
            system: prompt::system(input),
            history,
            task_at,
            tools: tools.specs(),
            output: prompt::output(input),
            limits: TurnLimits {
                rounds: rounds.max(1),
                tool_calls: rounds.saturating_mul(4),
                tokens: requirements.max_tokens,
                reserved,
                window: self.window,
                ..defaults
            },
            cache: prompt::cache(input),
        })
    }
}

#[async_trait]
impl AgentBackend for ModelBackend {
    fn name(&self) -> &'static str {
        "model"
    }

    fn supports(&self, agent: &Agent) -> bool {
        self.book.model(agent).is_some()
    }

    fn reservation(&self, agent: &Agent) -> Usage {
        self.most_of(agent, agent.template.resource_requirements.max_tokens)
    }

    fn least(&self, agent: &Agent) -> Usage {
        let needs = &agent.template.resource_requirements;
        self.most_of(agent, needs.min_tokens.max(1).min(needs.max_tokens))
    }

    fn records_what_it_uses(&self, _: &Agent) -> bool {
        true
    }

    fn measures(&self, _: &Agent) -> bool {
        false
    }

    /// It records each call by itself, so an attempt that is made again repeats none that has ended,
    /// and asks a person about the one that was under way if that may have changed something.
    fn effect(&self, _: &Agent) -> Effect {
        Effect::Read
    }

    fn unavailable(&self, agent: &Agent) -> Option<AgentFailure> {
        self.book.model(agent)?.unavailable().map(Into::into)
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let Some(model) = self.book.model(&input.agent) else {
            let message = format!("no model for agent `{}`", input.agent.id);
            return Err(AgentFailure::new(FailureClass::NotExecuted, message));
        };
        let model = match &self.recorder {
            Some(recorder) => recorder.model(input.agent.id.as_str(), model.clone()),
            None => model.clone(),
        };
        let began = Instant::now();
        let tools = self.tools(&input).await?;
        let mut recalled = match &self.session {
            Some(session) => session.recall(&input).await?,
            None => Recalled::default(),
        };
        let mut drive = Drive {
            input: &input,
            model: model.as_ref(),
            tools: &tools,
            guards: Guards::new(&self.guards),
            form: Form::of(input.answer.as_deref())?,
            tally: Tally::default(),
            tokens_left: 0,
            charged: 0,
            paid_before: 0,
        };
        let mut kept = None;
        let answer = match drive.guards.input(prompt::task(&input)) {
            Scrutiny::Pass(task) => {
                let heard = std::mem::take(&mut recalled.history);
                let mut turn = self.turn(&input, heard, task, &tools, drive.reserved());
                let answer = drive.run(&mut turn).await;
                if let (Some(session), Ok(_)) = (&self.session, &answer) {
                    kept = Some(session.remember(&mut drive, &turn, recalled).await);
                }
                answer
            }
            Scrutiny::Block(reason) => Err(AgentFailure::new(FailureClass::Denied, reason)),
        };
        let Drive { guards, tally, .. } = drive;
        let mut notes = guards.into_notes();
        notes.extend(kept);
        let stated = answer
            .as_ref()
            .ok()
            .and_then(|value| value.get("confidence")?.as_f64());
        if answer.is_ok() && stated.is_none() {
            notes.push(format!("no confidence was stated; {UNSTATED} is taken"));
        }
        let usage = tally.usage;
        let evidence = evidence(tally, began, notes);
        match answer {
            Ok(value) => Ok(AgentOutput::json(value)
                .with_confidence(stated.unwrap_or(UNSTATED))
                .with_usage(usage)
                .with_evidence(evidence)),
            Err(mut failure) => {
                failure.usage = usage;
                failure.evidence.push(evidence);
                Err(failure)
            }
        }
    }
}

/// How an answer came to be.
fn evidence(tally: Tally, began: Instant, mut notes: Vec<String>) -> Evidence {
    if tally.replayed > 0 {
        notes.push(format!(
            "{} calls were taken from the journal",
            tally.replayed
        ));
    }
    if tally.untold > 0 {
        notes.push(format!(
            "the provider did not tell what {} of the answers used; it was estimated from their length",
            tally.untold
        ));
    }
    if tally.usage.unpriced_tokens > 0 {
        notes.push(format!(
            "{} tokens have no known price",
            tally.usage.unpriced_tokens
        ));
    }
    Evidence {
        method: format!(
            "{} model calls, {} tool calls",
            tally.model_calls, tally.tool_calls
        ),
        tool: tally.models.join(", "),
        duration_ms: Some(began.elapsed().as_secs_f64() * 1e3),
        notes,
        ..Evidence::default()
    }
}
