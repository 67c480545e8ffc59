//! Agents that are Rust functions.
//!
//! They use no model, so nothing but the attempt itself is reserved or charged for them. An async
//! function runs where it is polled and must not block; a blocking one runs on a thread of its own
//! and should ask `input.cancel` between its pieces, because a thread cannot be stopped from outside.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::team::Agent;
use orchestrate_core::template::AgentTemplate;

type Answer = Result<AgentOutput, AgentFailure>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Function = Box<dyn Fn(AgentInput) -> Answering + Send + Sync>;

/// One attempt and nothing else: a function has no tokens to use and no price.
const ONE_CALL: Usage = Usage {
    calls: 1,
    tokens: 0,
    cost: orchestrate_core::limits::Cost::ZERO,
    unpriced_tokens: 0,
    estimated_tokens: 0,
    cached_tokens: 0,
};

fn boxed<F, Fut>(function: F) -> Function
where
    F: Fn(AgentInput) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    Box::new(move |input| Box::pin(function(input)))
}

fn on_a_thread<F>(function: F) -> Function
where
    F: Fn(AgentInput) -> Answer + Send + Sync + 'static,
{
    let function = Arc::new(function);
    boxed(move |input| {
        let function = function.clone();
        async move {
            match tokio::task::spawn_blocking(move || function(input)).await {
                Ok(answer) => answer,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(error) => Err(AgentFailure::new(
                        FailureClass::Internal,
                        format!("its thread was not run: {error}"),
                    )),
                },
            }
        }
    })
}

/// A backend of functions, each known by the id of the agent (or of the template) that it runs.
#[derive(Default)]
pub struct FunctionBackend {
    functions: HashMap<String, Function>,
}

impl FunctionBackend {
    /// A backend without functions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an async function. One that is added later under the same id takes the place of the first.
    #[must_use]
    pub fn agent<F, Fut>(mut self, id: impl Into<String>, function: F) -> Self
    where
        F: Fn(AgentInput) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AgentOutput, AgentFailure>> + Send + 'static,
    {
        self.functions.insert(id.into(), boxed(function));
        self
    }

    /// Adds a function that may block; it runs on a thread of its own.
    #[must_use]
    pub fn blocking<F>(mut self, id: impl Into<String>, function: F) -> Self
    where
        F: Fn(AgentInput) -> Result<AgentOutput, AgentFailure> + Send + Sync + 'static,
    {
        self.functions.insert(id.into(), on_a_thread(function));
        self
    }

    fn function(&self, agent: &Agent) -> Option<&Function> {
        self.functions
            .get(agent.id.as_str())
            .or_else(|| self.functions.get(&agent.template.id))
    }
}

impl fmt::Debug for FunctionBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids: Vec<_> = self.functions.keys().collect();
        ids.sort_unstable();
        f.debug_struct("FunctionBackend")
            .field("ids", &ids)
            .finish()
    }
}

// Written without `async_trait`'s wrapper: the function's future is boxed already.
impl AgentBackend for FunctionBackend {
    fn name(&self) -> &'static str {
        "function"
    }

    fn supports(&self, agent: &Agent) -> bool {
        self.function(agent).is_some()
    }

    fn reservation(&self, _: &Agent) -> Usage {
        ONE_CALL
    }

    fn run<'backend, 'run>(
        &'backend self,
        input: AgentInput,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'run>>
    where
        'backend: 'run,
        Self: 'run,
    {
        match self.function(&input.agent) {
            Some(function) => function(input),
            None => Box::pin(std::future::ready(Err(AgentFailure::new(
                FailureClass::NotExecuted,
                format!("no function for agent `{}`", input.agent.id),
            )))),
        }
    }
}

/// A template and the function that runs it, as a backend of its own.
pub struct FunctionAgent {
    name: String,
    template: Arc<AgentTemplate>,
    function: Function,
}

impl FunctionAgent {
    /// An agent that is an async function.
    #[must_use]
    pub fn new<F, Fut>(template: impl Into<Arc<AgentTemplate>>, function: F) -> Self
    where
        F: Fn(AgentInput) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AgentOutput, AgentFailure>> + Send + 'static,
    {
        Self::of(template.into(), boxed(function))
    }

    /// An agent that is a function which may block; it runs on a thread of its own.
    #[must_use]
    pub fn blocking<F>(template: impl Into<Arc<AgentTemplate>>, function: F) -> Self
    where
        F: Fn(AgentInput) -> Result<AgentOutput, AgentFailure> + Send + Sync + 'static,
    {
        Self::of(template.into(), on_a_thread(function))
    }

    /// The template, to make a team of.
    #[must_use]
    pub fn template(&self) -> &Arc<AgentTemplate> {
        &self.template
    }

    fn of(template: Arc<AgentTemplate>, function: Function) -> Self {
        Self {
            name: format!("function:{}", template.id),
            template,
            function,
        }
    }
}

impl fmt::Debug for FunctionAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionAgent")
            .field("template", &self.template.id)
            .finish_non_exhaustive()
    }
}

impl AgentBackend for FunctionAgent {
    fn name(&self) -> &str {
        &self.name
    }

    fn supports(&self, agent: &Agent) -> bool {
        agent.template.id == self.template.id
    }

    fn reservation(&self, _: &Agent) -> Usage {
        ONE_CALL
    }

    fn run<'backend, 'run>(
        &'backend self,
        input: AgentInput,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'run>>
    where
        'backend: 'run,
        Self: 'run,
    {
        (self.function)(input)
    }
}
