//! The machine itself. Its moves:
//!
//! ```text
//! Model --answer with calls--> Tools --every call has its result--> Model
//! Model --answer, form is right--> Done        Tools --a person must allow it--> Done
//! Model --answer, form is wrong--> Model (so often) or Done
//! Done --rejected--> Model (so often) or Done
//! ```

use std::sync::Arc;

use orchestrate_core::model::{
    CacheMark, History, ModelRequest, ModelResponse, OpenCalls, OutputSchema, StopReason,
    TokenUsage, ToolAnswer,
};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer;
use super::need::{End, Need, PendingCall, ToolReply, TurnLimit};

/// Fewer tokens to write than this make no answer.
const LEAST_OUTPUT: u64 = 16;

/// The bounds of a turn: with them every turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnLimits {
    /// Calls of the model, at least 1.
    pub rounds: u32,
    /// Calls of tools.
    pub tool_calls: u32,
    /// How often an answer or a call of the wrong form is sent back.
    pub repairs: u32,
    /// Tokens of all calls, read and written.
    pub tokens: u64,
    /// Tokens that are reserved for the turn; see [`Turn::reserve`].
    pub reserved: u64,
    /// Tokens that one call may write.
    pub output_tokens: u32,
    /// Tokens of the conversation that the model is shown; older parts are left out, the task never is.
    pub window: u64,
}

impl Default for TurnLimits {
    fn default() -> Self {
        Self {
            rounds: 24,
            tool_calls: 48,
            repairs: 2,
            tokens: u64::MAX,
            reserved: u64::MAX,
            output_tokens: 4096,
            window: u64::MAX,
        }
    }
}

/// What a turn begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnSetup {
    /// What the model is told first.
    pub system: String,
    /// What was said so far; it must end with what the model is told.
    pub history: History,
    /// Where in it the task stands; what is before was said in earlier turns.
    pub task_at: usize,
    /// The tools that it may call.
    pub tools: Vec<ToolSpec>,
    /// The form that the answer must have.
    pub output: Option<OutputSchema>,
    /// The bounds.
    pub limits: TurnLimits,
    /// What the provider is asked to keep.
    pub cache: CacheMark,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum State {
    Model,
    Tools(OpenCalls),
    Done(End),
}

/// A turn under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    setup: TurnSetup,
    state: State,
    /// Calls of models and tools that were begun; the next one gets this ordinal.
    ordinal: u32,
    rounds: u32,
    tool_calls: u32,
    repairs: u32,
    usage: TokenUsage,
    /// Tokens that its tools used.
    charged: u64,
}

/// About how many bytes a token stands for.
const BYTES_A_TOKEN: u64 = 4;

impl Turn {
    /// A turn that has not begun.
    #[must_use]
    pub fn new(setup: TurnSetup) -> Self {
        let mut turn = Self {
            setup,
            state: State::Model,
            ordinal: 0,
            rounds: 0,
            tool_calls: 0,
            repairs: 0,
            usage: TokenUsage::default(),
            charged: 0,
        };
        turn.go_on();
        turn
    }

    /// What is to be done next; the same until the turn is told something.
    #[must_use]
    pub fn need(&self) -> Need<'_> {
        match &self.state {
            State::Model => Need::Model {
                ordinal: self.ordinal,
                request: self.request(),
            },
            State::Tools(calls) => Need::Tools(self.pending(calls)),
            State::Done(end) => Need::Done(end),
        }
    }

    /// What was said so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.setup.history
    }

    /// What was said in this turn, from its task on.
    #[must_use]
    pub fn said(&self) -> History {
        self.setup.history.since(self.setup.task_at)
    }

    /// Position that the next call of a model or tool gets.
    #[must_use]
    pub fn next_ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Tokens that are left to the turn.
    #[must_use]
    pub fn tokens_left(&self) -> u64 {
        let limits = &self.setup.limits;
        let most = limits.tokens.min(limits.reserved);
        most.saturating_sub(self.spent())
    }

    fn spent(&self) -> u64 {
        self.usage.total().saturating_add(self.charged)
    }

    /// Says anew how many tokens are reserved for the turn, those included that it has used, before it is
    /// told an answer or a reply: what they used may have been paid for by an earlier attempt, or have cost
    /// less than was feared.
    pub fn reserve(&mut self, tokens: u64) {
        self.setup.limits.reserved = tokens;
    }

    /// Counts tokens that a tool used, to be told before its reply.
    pub fn charge(&mut self, tokens: u64) {
        self.charged = self.charged.saturating_add(tokens);
    }

    /// What was used so far.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.usage
    }

    /// Takes in what the model answered. `check` says what is wrong with an object that does not have
    /// the form that was asked for.
    pub fn model_answered(
        &mut self,
        response: ModelResponse,
        check: impl FnOnce(&Value) -> Result<(), String>,
    ) {
        if self.state != State::Model {
            return;
        }
        self.ordinal += 1;
        self.rounds += 1;
        self.usage += response.usage;
        let ModelResponse {
            text, calls, stop, ..
        } = response;
        if !calls.is_empty() {
            let calls = calls.into_iter().map(|mut call| {
                call.arguments = arguments(&call.arguments).unwrap_or(call.arguments);
                call
            });
            self.call(OpenCalls::new(text, calls.collect(), self.rounds));
            return;
        }
        if stop == StopReason::Filtered {
            let message = "the model refused, or its provider's filter stopped it".to_owned();
            self.fail(FailureClass::Reported, message);
            return;
        }
        let read = if self.setup.output.is_some() {
            answer::object(&text).and_then(|value| check(&value).map(|()| value))
        } else if text.trim().is_empty() {
            Err("the answer is empty".to_owned())
        } else {
            Ok(answer::object_or_text(&text))
        };
        self.setup.history.answered(text);
        match read {
            Ok(value) => self.state = State::Done(End::Answered { value }),
            Err(why) if stop == StopReason::Length => self.reject(&format!(
                "the answer was cut off after {} tokens ({why}); answer more briefly",
                self.setup.limits.output_tokens
            )),
            Err(why) => self.reject(&why),
        }
    }

    /// Sends an answer back with the reason, so often; then the turn ends without one.
    pub fn reject(&mut self, reason: &str) {
        if self.repairs >= self.setup.limits.repairs {
            let message = format!("{reason} (sent back {} times)", self.repairs);
            self.fail(FailureClass::Output, message);
            return;
        }
        self.repairs += 1;
        let words = format!("Your answer cannot be used: {reason}. Answer again, complete.");
        self.setup.history.tell(words);
        self.go_on();
    }

    /// Takes in what became of a tool call.
    pub fn tool_answered(&mut self, position: usize, reply: ToolReply) {
        let State::Tools(calls) = &mut self.state else {
            return;
        };
        let answer = match reply {
            ToolReply::Result(content) => ToolAnswer::result(content),
            ToolReply::Failed(why) => ToolAnswer::failure(why),
            ToolReply::AskAgain(why) => {
                self.repairs += 1;
                if self.repairs > self.setup.limits.repairs {
                    let message = format!(
                        "{why} (the model was asked again {} times)",
                        self.repairs - 1
                    );
                    return self.fail(FailureClass::Output, message);
                }
                ToolAnswer::failure(format!("{why}; call it again with other arguments"))
            }
            ToolReply::NeedsPerson(question) => {
                self.state = State::Done(End::NeedsPerson { question });
                return;
            }
        };
        calls.answer(position, answer);
        if calls.is_complete() {
            self.close_round();
        }
    }

    /// Begins a round of calls. Calls that cannot be made are answered here.
    fn call(&mut self, mut calls: OpenCalls) {
        let asked = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        self.tool_calls = self.tool_calls.saturating_add(asked);
        if self.tool_calls > self.setup.limits.tool_calls {
            let last = (!calls.text.is_empty()).then(|| calls.text.clone());
            self.limit(TurnLimit::ToolCalls, last);
            return;
        }
        let refusals: Vec<(usize, ToolAnswer)> = calls
            .iter()
            .enumerate()
            .filter_map(|(position, (request, _))| {
                let Some(tool) = self.tool(&request.name) else {
                    let names: Vec<&str> =
                        self.setup.tools.iter().map(|it| it.name.as_str()).collect();
                    let possible = if names.is_empty() {
                        "none".to_owned()
                    } else {
                        names.join(", ")
                    };
                    let why = format!("there is no tool `{}` (possible: {possible})", request.name);
                    return Some((position, ToolAnswer::failure(why)));
                };
                let missing = missing_arguments(tool, &request.arguments)?;
                Some((position, ToolAnswer::failure(missing)))
            })
            .collect();
        for (position, answer) in refusals {
            calls.answer(position, answer);
        }
        let complete = calls.is_complete();
        self.state = State::Tools(calls);
        if complete {
            self.close_round();
        }
    }

    fn close_round(&mut self) {
        let State::Tools(calls) = std::mem::replace(&mut self.state, State::Model) else {
            return;
        };
        self.ordinal = self
            .ordinal
            .saturating_add(u32::try_from(calls.len()).unwrap_or(u32::MAX));
        match self.setup.history.called(calls) {
            Ok(()) => self.go_on(),
            // Only a round whose calls are all answered is closed, so this is never reached.
            Err(open) => self.state = State::Tools(open),
        }
    }

    /// The next call of the model, if a limit allows it.
    fn go_on(&mut self) {
        self.state = State::Model;
        self.slide();
        let last = || {
            self.setup
                .history
                .entries()
                .rev()
                .find_map(|entry| match entry {
                    orchestrate_core::model::Entry::Assistant { text } => Some(text.clone()),
                    _ => None,
                })
        };
        if self.rounds >= self.setup.limits.rounds {
            let last = last();
            self.limit(TurnLimit::Rounds, last);
        } else if self.room() < LEAST_OUTPUT {
            let last = last();
            let TurnLimits {
                tokens, reserved, ..
            } = self.setup.limits;
            let needs = self.request_of(0).input_estimate();
            let needs = needs.saturating_add(self.spent());
            let needs = needs.saturating_add(self.setup.limits.output_tokens.into());
            self.limit(
                if reserved < tokens {
                    TurnLimit::Reserved { reserved, needs }
                } else {
                    TurnLimit::Tokens { needs }
                },
                last,
            );
        }
    }

    /// Leaves out the oldest parts once the window is full, and then half of it, so that what a provider
    /// has cached holds for many calls.
    fn slide(&mut self) {
        let most = self.setup.limits.window.saturating_mul(BYTES_A_TOKEN);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if self.setup.history.bytes() > most {
            let (window, task_at) = self.setup.history.window(self.setup.task_at, most / 2);
            (self.setup.history, self.setup.task_at) = (window, task_at);
        }
    }

    /// Tokens that the next answer may have.
    fn room(&self) -> u64 {
        self.tokens_left()
            .saturating_sub(self.request_of(0).input_estimate())
    }

    fn request(&self) -> ModelRequest<'_> {
        let room = u32::try_from(self.room()).unwrap_or(u32::MAX);
        self.request_of(self.setup.limits.output_tokens.min(room))
    }

    fn request_of(&self, max_output_tokens: u32) -> ModelRequest<'_> {
        ModelRequest {
            system: &self.setup.system,
            history: &self.setup.history,
            tools: &self.setup.tools,
            output: self.setup.output.as_ref(),
            max_output_tokens,
            cache: self.setup.cache,
        }
    }

    fn pending<'a>(&'a self, calls: &'a OpenCalls) -> Vec<PendingCall<'a>> {
        let open = calls
            .iter()
            .enumerate()
            .filter(|(_, (_, answer))| answer.is_none());
        open.filter_map(|(position, (request, _))| {
            Some(PendingCall {
                position,
                ordinal: self
                    .ordinal
                    .saturating_add(u32::try_from(position).unwrap_or(u32::MAX)),
                request,
                tool: self.tool(&request.name)?,
            })
        })
        .collect()
    }

    fn tool(&self, name: &str) -> Option<&ToolSpec> {
        self.setup.tools.iter().find(|tool| tool.name == name)
    }

    fn fail(&mut self, class: FailureClass, message: String) {
        self.state = State::Done(End::Failed { class, message });
    }

    fn limit(&mut self, limit: TurnLimit, last: Option<String>) {
        self.state = State::Done(End::LimitReached { limit, last });
    }
}

/// Arguments that can be handed to a tool: an object, whatever form the provider gave them.
fn arguments(value: &Arc<Value>) -> Option<Arc<Value>> {
    if value.is_object() {
        Some(value.clone())
    } else {
        answer::arguments(value).map(Arc::new)
    }
}

/// What is missing from the arguments; the tool itself judges everything else.
fn missing_arguments(tool: &ToolSpec, given: &Arc<Value>) -> Option<String> {
    if !given.is_object() {
        let name = &tool.name;
        return Some(format!("the arguments of `{name}` are not a JSON object"));
    }
    let required = tool.parameters.get("required").and_then(Value::as_array);
    let missing: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| given.get(name).is_none())
        .collect();
    (!missing.is_empty()).then(|| format!("`{}` needs {}", tool.name, missing.join(", ")))
}
