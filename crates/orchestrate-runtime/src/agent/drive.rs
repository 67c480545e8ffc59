//! Drives one turn: makes the calls that it needs, each recorded before and after, and guards what passes.

use std::num::NonZeroU64;
use std::sync::Arc;

use orchestrate_core::backend::{AgentFailure, AgentInput};
use orchestrate_core::calls::{CallIntent, CallKind, CallStart};
use orchestrate_core::canonical;
use orchestrate_core::limits::Usage;
use orchestrate_core::model::{Model, ModelRequest, ModelResponse};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, ToolCall, ToolFailure, ToolOutput};
use orchestrate_strategies::turn::{End, Need, PendingCall, ToolReply, Turn, TurnLimit};
use serde_json::{Value, json};

use super::delegate::AGENT_TOOLS;
use super::form::Form;
use super::record;
use super::scrutiny::{Guards, Scrutiny};
use crate::guard::masked;
use crate::policy::{Asking, Permission};
use crate::tools::Offered;

/// What a turn is driven with.
#[derive(Debug)]
pub(super) struct Drive<'a> {
    pub(super) input: &'a AgentInput,
    pub(super) model: &'a dyn Model,
    pub(super) tools: &'a Offered,
    pub(super) guards: Guards<'a>,
    pub(super) form: Form,
    pub(super) tally: Tally,
    /// Tokens that the turn has left, for tools that ask models.
    pub(super) tokens_left: u64,
    /// Tokens that tools used since the turn was told last.
    pub(super) charged: u64,
    /// Tokens of recorded calls that an earlier attempt has paid for.
    pub(super) paid_before: u64,
}

/// What was done and used, also by a turn that failed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) usage: Usage,
    pub(super) model_calls: u32,
    pub(super) tool_calls: u32,
    /// Calls that were found in the journal and not made again.
    pub(super) replayed: u32,
    /// Answers of which it was not told what they used.
    pub(super) untold: u32,
    /// Models that answered, each once.
    pub(super) models: Vec<String>,
}

/// What a turn is told next.
enum Told {
    Model(Box<ModelResponse>),
    Tools(Vec<(usize, ToolReply)>),
}

impl Drive<'_> {
    /// Runs a turn to its end.
    pub(super) async fn run(&mut self, turn: &mut Turn) -> Result<Value, AgentFailure> {
        loop {
            self.tokens_left = turn.tokens_left();
            let told = match turn.need() {
                Need::Model { ordinal, request } => {
                    Told::Model(Box::new(self.ask(ordinal, &request).await?))
                }
                Need::Tools(calls) => Told::Tools(self.call_all(&calls).await?),
                Need::Done(End::Answered { value }) => match self.guards.output(value.clone()) {
                    Scrutiny::Pass(value) => return Ok(value),
                    Scrutiny::Block(reason) => {
                        turn.reject(&reason);
                        continue;
                    }
                },
                Need::Done(end) => return Err(failure(end, self.input)),
            };
            turn.reserve(self.reserved());
            match told {
                Told::Model(response) => {
                    turn.model_answered(*response, |value| self.form.check(value));
                }
                Told::Tools(replies) => {
                    turn.charge(std::mem::take(&mut self.charged));
                    for (position, reply) in replies {
                        turn.tool_answered(position, reply);
                    }
                }
            }
        }
    }

    /// One call of the model, unless the journal knows its answer.
    pub(super) async fn ask(
        &mut self,
        ordinal: u32,
        request: &ModelRequest<'_>,
    ) -> Result<ModelResponse, AgentFailure> {
        let intent = CallIntent {
            ordinal,
            kind: CallKind::Model,
            name: self.model.name().to_owned(),
            digest: request.digest(),
            // It may be paid for twice, but nothing in the world changes by it.
            effect: Effect::Read,
            most: self.most(request),
        };
        // A call that failed before is made again; only answers are kept.
        if let CallStart::Recorded(result) = self.input.calls.begin(intent).await?
            && let Some(response) = record::response(&result)
        {
            self.tally.replayed += 1;
            // A further attempt of this run has been charged for it already.
            let usage = record::usage(&response);
            if self.input.attempt == 1 {
                self.tally.usage += usage;
            } else {
                self.paid_before = self.paid_before.saturating_add(usage.tokens);
            }
            return Ok(response);
        }
        self.tally.model_calls += 1;
        match self.model.answer(request, &|_| {}).await {
            Ok(response) => {
                // Before anything keeps it: whoever goes on with this record hears the same as is heard now.
                let response = masked(response);
                self.tally.usage += record::usage(&response);
                self.tally.untold += u32::from(response.usage.estimated);
                if !self.tally.models.contains(&response.model) {
                    self.tally.models.push(response.model.clone());
                }
                let result = record::answered(&response);
                self.input.calls.finish(ordinal, result).await?;
                Ok(response)
            }
            Err(error) => {
                self.input
                    .calls
                    .finish(ordinal, record::failed(&error))
                    .await?;
                Err(error.into())
            }
        }
    }

    /// Tokens that are reserved for the turn, those included that it has used. Where money is short, what is
    /// left of it counts at the model's dearest price, and what was used at what it cost.
    pub(super) fn reserved(&self) -> u64 {
        let (reserved, used) = (self.input.reserved, self.tally.usage);
        let by_cost = match self.model.price() {
            Some(price) if price.most(reserved.tokens) > reserved.cost => {
                let left = reserved.without(used).cost;
                used.tokens.saturating_add(price.affords(left))
            }
            _ => u64::MAX,
        };
        reserved
            .tokens
            .min(by_cost)
            .saturating_add(self.paid_before)
    }

    /// What a call of the model may use at most.
    fn most(&self, request: &ModelRequest<'_>) -> Usage {
        let tokens = request.input_estimate();
        self.most_of(tokens.saturating_add(request.max_output_tokens.into()))
    }

    fn most_of(&self, tokens: u64) -> Usage {
        let cost = self.model.price().map(|price| price.most(tokens));
        Usage {
            tokens,
            cost: cost.unwrap_or_default(),
            ..Usage::default()
        }
    }

    /// What a call of a tool may use at most: those that are agents ask models.
    fn most_of_tool(&self, name: &str) -> Usage {
        if !name.starts_with(AGENT_TOOLS) {
            return Usage::default();
        }
        self.most_of(self.tokens_left.saturating_sub(self.charged))
    }

    /// The calls of one round, one after another, so that what they change happens in the model's order.
    async fn call_all(
        &mut self,
        calls: &[PendingCall<'_>],
    ) -> Result<Vec<(usize, ToolReply)>, AgentFailure> {
        let mut replies = Vec::with_capacity(calls.len());
        for call in calls {
            let reply = self.call(call).await?;
            let stop = matches!(reply, ToolReply::NeedsPerson(_));
            replies.push((call.position, reply));
            if stop {
                break;
            }
        }
        Ok(replies)
    }

    async fn call(&mut self, call: &PendingCall<'_>) -> Result<ToolReply, AgentFailure> {
        let name = &call.tool.name;
        let arguments = (*call.request.arguments).clone();
        let arguments = match self.guards.tool_call(name, arguments) {
            Scrutiny::Pass(arguments) => Arc::new(arguments),
            Scrutiny::Block(reason) => return Ok(ToolReply::Failed(reason)),
        };
        let digest = canonical::digest(&json!([name, &*arguments]));
        let asking = Asking {
            calls: &self.input.calls,
            who: self.input.agent.id.as_str(),
            tool: call.tool,
            arguments: &arguments,
            ordinal: call.ordinal,
            digest: &digest,
        };
        let mut words: Option<String> = None;
        let mut ask = self.tools.policy().asks_for(call.tool);
        loop {
            let approved = ask;
            if ask && let Some(reply) = unless_allowed(asking.before(words.as_deref())?) {
                return Ok(reply);
            }
            let intent = CallIntent {
                ordinal: call.ordinal,
                kind: CallKind::Tool,
                name: name.clone(),
                // A call that the tool itself wanted allowed is announced a second time, as another one.
                digest: match &words {
                    None => digest.clone(),
                    Some(_) => canonical::digest(&json!([name, &*arguments, "allowed"])),
                },
                effect: call.tool.effect,
                most: self.most_of_tool(name),
            };
            let mut reply = None;
            match self.input.calls.begin(intent).await? {
                CallStart::Recorded(result) => {
                    reply = record::reply(&result);
                    self.charge(result.usage, self.input.attempt == 1);
                }
                CallStart::InDoubt if !call.tool.effect.is_repeatable() => {
                    if let Some(reply) = unless_allowed(asking.in_doubt()?) {
                        return self.told(call.ordinal, reply, Usage::default()).await;
                    }
                }
                CallStart::Fresh | CallStart::InDoubt => {}
            }
            let reply = match reply {
                Some(reply) => {
                    self.tally.replayed += 1;
                    reply
                }
                None => {
                    let (reply, usage) = self.made(call, arguments.clone(), approved).await;
                    self.charge(usage, true);
                    self.told(call.ordinal, reply, usage).await?
                }
            };
            match reply {
                ToolReply::NeedsPerson(question) if !approved => {
                    words = Some(question);
                    ask = true;
                }
                reply => return Ok(reply),
            }
        }
    }

    /// Calls a tool, and guards what it gives.
    async fn made(
        &mut self,
        call: &PendingCall<'_>,
        arguments: Arc<Value>,
        approved: bool,
    ) -> (ToolReply, Usage) {
        self.tally.tool_calls += 1;
        let name = &call.tool.name;
        let order = ToolCall {
            run: self.input.run.clone(),
            step: self.input.step.clone(),
            arguments,
            approved,
            tokens_left: self.tokens_left.saturating_sub(self.charged),
            idempotency_key: format!("{}:{}", self.input.idempotency_key(), call.ordinal),
            cancel: self.input.cancel.clone(),
        };
        let called = match self.tools.tool(name) {
            Some(tool) => tool.call(order).await,
            None => Err(failed(format!("there is no tool `{name}`"))),
        };
        let usage = called
            .as_ref()
            .map_or_else(ToolFailure::usage, |it| it.usage);
        let reply = match called {
            Ok(ToolOutput { output, .. }) => {
                let content = match &*output {
                    Value::String(text) => text.clone(),
                    other => canonical::to_string(other),
                };
                match self.guards.tool_result(name, content) {
                    Scrutiny::Pass(content) => ToolReply::Result(content),
                    Scrutiny::Block(reason) => ToolReply::Failed(reason),
                }
            }
            Err(ToolFailure::NeedsApproval { question }) => ToolReply::NeedsPerson(question),
            Err(ToolFailure::Retry { message }) => {
                ToolReply::AskAgain(self.complaint(name, message))
            }
            Err(failure) => ToolReply::Failed(self.complaint(name, failure.to_string())),
        };
        (reply, usage)
    }

    /// What a tool says that failed comes from outside like what it gives.
    fn complaint(&mut self, tool: &str, message: String) -> String {
        match self.guards.tool_result(tool, message) {
            Scrutiny::Pass(message) | Scrutiny::Block(message) => message,
        }
    }

    /// Counts what a tool used; a further attempt of this run has been charged for recorded calls already.
    fn charge(&mut self, usage: Usage, counts: bool) {
        self.charged = self.charged.saturating_add(usage.tokens);
        if counts {
            self.tally.usage += usage;
        } else {
            self.paid_before = self.paid_before.saturating_add(usage.tokens);
        }
    }

    /// Records what became of a call.
    async fn told(
        &self,
        ordinal: u32,
        reply: ToolReply,
        usage: Usage,
    ) -> Result<ToolReply, AgentFailure> {
        let result = record::replied(&reply, usage);
        self.input.calls.finish(ordinal, result).await?;
        Ok(reply)
    }
}

fn failed(message: String) -> ToolFailure {
    ToolFailure::Failed {
        class: FailureClass::NotExecuted,
        message,
    }
}

/// What the model is told of a call that is not made; none when it is to be made.
fn unless_allowed(permission: Permission) -> Option<ToolReply> {
    match permission {
        Permission::Allowed => None,
        Permission::Refused(why) => Some(ToolReply::Failed(why)),
        Permission::Made(what) => Some(ToolReply::Result(what)),
    }
}

/// What a turn that ended without an answer means for its agent.
fn failure(end: &End, input: &AgentInput) -> AgentFailure {
    match end {
        End::Failed { class, message } => AgentFailure::new(*class, message.as_str()),
        End::LimitReached { limit, last } => {
            let limited = |of: &dyn std::fmt::Display| {
                let message = format!("it came to no answer within its limit of {of}");
                AgentFailure::new(FailureClass::Limit, message)
            };
            let mut failure = match limit {
                TurnLimit::Tokens { needs } => {
                    let most = input.agent.template.resource_requirements.max_tokens;
                    limited(&format_args!(
                        "{most} tokens of one attempt, and about {needs} would let it make its next call; \
                         `max-tokens` under `[agents.{}]` in `orchestrate.toml` gives it more",
                        input.agent.template.id
                    ))
                }
                TurnLimit::Reserved { reserved, .. } => limited(&format_args!(
                    "{reserved} tokens, which were reserved for it"
                )),
                other => limited(&other.as_str()),
            };
            if let TurnLimit::Reserved { reserved, needs } = limit {
                failure.short_of = NonZeroU64::new(needs.saturating_sub(*reserved));
            }
            match last {
                Some(last) => failure.with_output(json!({ "last": last })),
                None => failure,
            }
        }
        End::NeedsPerson { question } => AgentFailure::new(
            FailureClass::Denied,
            format!("a person must decide: {question}"),
        ),
        // The driver returns answers before it comes here.
        End::Answered { .. } => AgentFailure::new(FailureClass::Internal, "an answer was lost"),
    }
}
