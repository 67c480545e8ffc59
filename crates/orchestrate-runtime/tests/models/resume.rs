//! An agent that is begun again repeats no finished call, and none that may have changed something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend as _, AgentFailure, AgentInput};
use orchestrate_core::calls::{CallIntent, CallLog, CallResult, CallStart, Calls};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::memory::{Folded, Memory as _, ProcessMemory};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::scope::Scope;
use orchestrate_core::team::Agent;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::memory::said;
use orchestrate_core::testing::{ScriptedModel, model_calls, model_says, template};
use orchestrate_core::tool::Effect;
use orchestrate_runtime::agent::{ModelBackend, Session};
use orchestrate_runtime::model::{ModelBook, Prices};
use orchestrate_runtime::tools::ToolSet;
use serde_json::json;

use crate::agents::Reader;
use crate::families::tool;

/// A log that outlives the attempt, and lets the process die at a call: before it is made or before its
/// end is recorded.
#[derive(Debug, Default)]
struct Log {
    known: Mutex<BTreeMap<u32, (CallIntent, Option<CallResult>)>>,
    dies_after: Mutex<Option<u32>>,
}

#[async_trait]
impl CallLog for Log {
    async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure> {
        let mut known = self.known.lock().unwrap();
        Ok(match known.get(&intent.ordinal) {
            Some((before, end)) if before.digest == intent.digest => match end {
                Some(end) => CallStart::Recorded(end.clone()),
                None => CallStart::InDoubt,
            },
            _ => {
                known.insert(intent.ordinal, (intent, None));
                CallStart::Fresh
            }
        })
    }

    async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure> {
        if *self.dies_after.lock().unwrap() == Some(ordinal) {
            return Err(AgentFailure::new(FailureClass::Internal, "killed"));
        }
        if let Some((_, end)) = self.known.lock().unwrap().get_mut(&ordinal) {
            *end = Some(result);
        }
        Ok(())
    }
}

/// Runs until the call `dies_at` was made and not recorded, then once more to its end. Gives what the
/// second run came to, and how often the model and the tool were called in all.
async fn check(effect: Effect, dies_at: u32) -> (Result<serde_json::Value, String>, usize, usize) {
    check_in(|backend| backend, effect, dies_at, async {}).await
}

/// The same with a backend that is set up further, and with what happens between the two.
async fn check_in(
    set_up: impl FnOnce(ModelBackend) -> ModelBackend,
    effect: Effect,
    dies_at: u32,
    meanwhile: impl Future<Output = ()>,
) -> (Result<serde_json::Value, String>, usize, usize) {
    let model = Arc::new(ScriptedModel::new(
        "m",
        [
            Ok(model_calls("fs.read", json!({"path": "a"}))),
            Ok(model_says("{\"summary\": \"done\"}")),
            Ok(model_says("{\"summary\": \"done again\"}")),
        ],
    ));
    let called = Arc::default();
    let spec = orchestrate_core::tool::ToolSpec { effect, ..tool() };
    let mut tools = ToolSet::default();
    tools.add(Arc::new(Reader {
        spec,
        called: Arc::clone(&called),
    }));
    tools.allow("*", "*");
    let mut book = ModelBook::new(Prices::default());
    book.set_tier_model(Tier::Cheap, model.clone());
    let backend = set_up(ModelBackend::new(Arc::new(book)).with_tools(tools));
    let mut template = template("reviewer", Tier::Cheap);
    template.resource_requirements.max_tokens = 20_000;
    let team = orchestrate_core::team::Team::new([Arc::new(template)]);
    let agent: Arc<Agent> = Arc::new(team.members()[0].clone());
    let log = Arc::new(Log::default());
    *log.dies_after.lock().unwrap() = Some(dies_at);
    let input = || AgentInput {
        run: RunId::of(&[1]),
        task: "Review".into(),
        context: Arc::default(),
        agent: agent.clone(),
        step: StepPath::root(),
        instruction: None,
        inputs: Vec::new(),
        prefix: None,
        toolbox: None,
        answer: None,
        scope: Scope::default(),
        messages: Vec::new(),
        attempt: 1,
        reserved: backend.reservation(&agent),
        calls: Calls::recorded_in(log.clone()),
        cancel: CancelSignal::default(),
    };
    assert!(backend.run(input()).await.is_err());
    *log.dies_after.lock().unwrap() = None;
    meanwhile.await;
    let ended = backend.run(input()).await;
    let ended = ended
        .map(|output| (*output.output).clone())
        .map_err(|failure| failure.message);
    let calls = called.lock().unwrap().len();
    (ended, model.asked().len(), calls)
}

#[tokio::test]
async fn no_finished_call_is_repeated() {
    // Killed after the last model call: the first one and the tool are not called again.
    let (ended, models, tools) = check(Effect::External, 2).await;
    assert_eq!(ended, Ok(json!({"summary": "done again"})));
    assert_eq!((models, tools), (3, 1));
}

/// What others say in the session meanwhile is not heard by a step that is begun again: it would ask anew.
#[tokio::test]
async fn in_a_session_that_goes_on_meanwhile_no_finished_call_is_repeated_either() {
    let memory = Arc::new(ProcessMemory::default());
    let before = memory.remember("s", "reviewer", said("earlier:a"), None);
    before.await.unwrap();
    let session = Session::new(memory.clone(), "s", 10_000);
    let others_go_on = async {
        let turns = memory.recall("s", "reviewer").await.unwrap();
        let keys = turns.into_iter().map(|it| it.key).collect();
        let summary = "short".to_owned();
        let folded = Some(Folded { keys, summary });
        let turn = said("other:a");
        assert!(
            memory
                .remember("s", "reviewer", turn, folded)
                .await
                .unwrap()
        );
    };
    let in_session = |backend: ModelBackend| backend.in_session(session);
    let (ended, models, tools) = check_in(in_session, Effect::External, 2, others_go_on).await;
    assert_eq!(ended, Ok(json!({"summary": "done again"})));
    assert_eq!((models, tools), (3, 1));
    assert_eq!(memory.recall("s", "reviewer").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_call_that_may_have_changed_something_waits_for_a_person() {
    let (ended, models, tools) = check(Effect::External, 1).await;
    let error = ended.unwrap_err();
    assert!(
        error.starts_with("a person must decide: `reviewer` began to call `fs.read`"),
        "{error}"
    );
    assert_eq!((models, tools), (1, 1));
    // One that only reads is simply made again.
    let (ended, models, tools) = check(Effect::Read, 1).await;
    assert_eq!(ended, Ok(json!({"summary": "done"})));
    assert_eq!((models, tools), (2, 2));
}
