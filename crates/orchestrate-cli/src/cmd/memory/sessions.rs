//! `sessions`: the conversations that agents go on with from run to run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use orchestrate_core::canonical;
use orchestrate_core::memory::{Memory as _, SessionSummary, SessionTurn};
use orchestrate_core::model::{Entry, Exchange};
use orchestrate_runtime::guard::scrub_value;
use orchestrate_store::StoredMemory;
use serde::Serialize;
use serde_json::{Value, json};

use super::choose::{Kept, Kind, chosen, memory, newest_first, one, tell};
use crate::app::Call;
use crate::args::{ForgetArgs, SessionsVerb};
use crate::cmd::runs::moment;
use crate::cmd::watch::wait_for;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, DIM, HEAD, counted, paint, safe, size};

const KIND: Kind = Kind {
    one: "session",
    many: "sessions",
    list: "sessions list",
};

/// A session with everybody who takes part in it.
#[derive(Debug, Serialize)]
struct Session {
    session: String,
    turns: usize,
    bytes: usize,
    /// When something was last said in it, in milliseconds since 1970.
    updated_ms: Option<u64>,
    agents: Vec<Part>,
}

/// An agent's part of a session.
#[derive(Debug, Serialize)]
struct Part {
    agent: String,
    turns: usize,
    bytes: usize,
    updated_ms: Option<u64>,
}

impl Kept for Session {
    fn name(&self) -> &str {
        &self.session
    }

    fn updated_ms(&self) -> Option<u64> {
        self.updated_ms
    }
}

pub(crate) fn run(verb: &SessionsVerb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        SessionsVerb::List { at } => {
            let (store, memory) = memory(at)?;
            let sessions = wait_for(all(memory.as_ref()))?;
            let document = json!({"store": store.place(), "sessions": sessions});
            call.printer.answer(|| list(&sessions), &document)?;
        }
        SessionsVerb::Show { session, at } => {
            let (_, memory) = memory(at)?;
            let (session, said) = wait_for(whole(session, memory.as_ref()))?;
            let agents = session.agents.iter().zip(&said);
            let agents: Vec<Value> = agents.map(|(part, turns)| document(part, turns)).collect();
            let document = json!({
                "session": session.session, "updated_ms": session.updated_ms, "agents": agents,
            });
            call.printer.answer(|| page(&session, &said), &document)?;
        }
        SessionsVerb::Forget(args) => forget(args, call)?,
    }
    Ok(Exit::Yes)
}

/// All sessions, the last used first.
async fn all(memory: Option<&StoredMemory>) -> Result<Vec<Session>, Failure> {
    let Some(memory) = memory else {
        return Ok(Vec::new());
    };
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    for it in memory.sessions().await? {
        let SessionSummary {
            session,
            agent,
            turns,
            bytes,
            updated_ms,
        } = it;
        let entry = sessions.entry(session.clone()).or_insert_with(|| Session {
            session,
            turns: 0,
            bytes: 0,
            updated_ms: None,
            agents: Vec::new(),
        });
        entry.turns += turns;
        entry.bytes += bytes;
        entry.updated_ms = entry.updated_ms.max(updated_ms);
        entry.agents.push(Part {
            agent,
            turns,
            bytes,
            updated_ms,
        });
    }
    let mut sessions: Vec<Session> = sessions.into_values().collect();
    newest_first(&mut sessions);
    Ok(sessions)
}

/// One session, with what each agent heard and said.
async fn whole(
    given: &str,
    memory: Option<&StoredMemory>,
) -> Result<(Session, Vec<Vec<SessionTurn>>), Failure> {
    let mut sessions = all(memory).await?;
    let at = one(&KIND, given, &sessions)?;
    let session = sessions.swap_remove(at);
    let mut said = Vec::new();
    for part in &session.agents {
        if let Some(memory) = memory {
            let turns = memory.recall(&session.session, &part.agent).await?;
            said.push(turns.into_iter().map(masked).collect());
        }
    }
    Ok((session, said))
}

/// The same without credentials: what an earlier version or another program wrote may hold some.
fn masked(turn: SessionTurn) -> SessionTurn {
    let masked = serde_json::to_value(&turn.said).unwrap_or_default();
    let masked = scrub_value(&masked).and_then(|it| serde_json::from_value(it).ok());
    SessionTurn {
        said: masked.unwrap_or(turn.said),
        key: turn.key,
    }
}

fn list(sessions: &[Session]) -> String {
    if sessions.is_empty() {
        return "no sessions; `orchestrate run TASK --session NAME` begins one\n".to_owned();
    }
    table(sessions)
}

fn table<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> String {
    let mut columns = Columns::new(["SESSION", "LAST USED", "TURNS", "SIZE", "AGENTS"]);
    for it in sessions {
        let agents: Vec<&str> = it.agents.iter().map(|part| part.agent.as_str()).collect();
        columns.row([
            safe(&it.session),
            it.updated_ms.map_or_else(|| "-".to_owned(), moment),
            it.turns.to_string(),
            size(it.bytes),
            safe(&agents.join(", ")),
        ]);
    }
    columns.render()
}

/// A part as `--json` gives it.
fn document(part: &Part, turns: &[SessionTurn]) -> Value {
    let turns = turns.iter().map(|turn| {
        let (run, step) = place(&turn.key);
        json!({"run": run, "step": step, "summary": turn.is_summary(), "said": turn.said})
    });
    json!({
        "agent": part.agent, "updated_ms": part.updated_ms, "turns": turns.collect::<Vec<_>>(),
    })
}

/// The run and the step in which something was said; none for a summary.
fn place(key: &str) -> (Option<&str>, Option<&str>) {
    key.split_once(':').unzip()
}

fn page(session: &Session, said: &[Vec<SessionTurn>]) -> String {
    let last = session.updated_ms.map(moment);
    let mut out = format!(
        "{}: {}, {}{}\n",
        paint(HEAD, safe(&session.session)),
        counted(session.turns, "turn"),
        size(session.bytes),
        last.map_or_else(String::new, |at| format!(", last used {at}")),
    );
    for (part, turns) in session.agents.iter().zip(said) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}", paint(HEAD, safe(&part.agent)));
        for turn in turns {
            let head = match place(&turn.key) {
                (Some(run), Some("")) => format!("{run}, its one step"),
                (Some(run), Some(step)) => format!("{run}, step {step}"),
                _ => "what was said before, in short".to_owned(),
            };
            let _ = writeln!(out, "  {}", paint(DIM, safe(&head)));
            for entry in turn.said.entries() {
                lines(&mut out, entry);
            }
        }
    }
    out
}

/// What was said, with who said it before the first line.
fn lines(out: &mut String, entry: &Entry) {
    let mut say = |who: &str, text: &str| {
        let mut who = who;
        for line in text.lines() {
            let line = format!("    {who:9}  {}", safe(line));
            let _ = writeln!(out, "{}", line.trim_end());
            who = "";
        }
    };
    match entry {
        Entry::User { text } => say("told", text),
        Entry::Assistant { text } => say("answered", text),
        Entry::Calls { text, exchanges } => {
            say("answered", text);
            for Exchange { request, answer } in exchanges {
                let arguments = canonical::to_string(&request.arguments);
                say("called", &format!("{} {arguments}", request.name));
                say(
                    if answer.failed { "failed" } else { "got" },
                    &answer.content,
                );
            }
        }
    }
}

fn forget(args: &ForgetArgs, call: &Call) -> Result<(), Failure> {
    let (_, memory) = memory(&args.at)?;
    let memory = memory.as_ref();
    wait_for(async {
        let sessions = all(memory).await?;
        let chosen = chosen(&KIND, args, &sessions)?;
        if let Some(memory) = memory.filter(|_| args.yes) {
            for it in &chosen {
                memory.forget(&it.session).await?;
            }
        }
        let list = || table(chosen.iter().copied());
        tell(&KIND, &chosen, sessions.len(), args, list, call)
    })
}
