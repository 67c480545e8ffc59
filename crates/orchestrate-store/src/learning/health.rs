//! How agents fared of late, whichever runs they worked in: one document an agent.

use std::collections::BTreeMap;

use orchestrate_core::id::RunId;
use orchestrate_core::learning::{AgentOutcome, StoreError};
use orchestrate_core::template::HealthBoard;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::form::{milliseconds, moment};
use super::{LearningStore, SPACE};
use crate::documents::{Change, Document, Read, Select, transact};

const HEALTH: &str = "health";

/// How many outcomes of an agent are kept.
const KEPT: usize = 50;

/// For how long an outcome says something of how an agent is now, in milliseconds: a week. Who is
/// passed over does not work, so without an end to it nobody would ever come back.
const FRESH: u64 = 7 * 24 * 3_600_000;

#[derive(Debug, Serialize, Deserialize)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    success: bool,
    at: String,
}

/// The outcomes in a document, oldest first. What is malformed among them is left out.
fn read(agent: &str, body: &Value) -> Vec<AgentOutcome> {
    let list = body.get("outcomes").and_then(Value::as_array);
    let outcome = |it: &Value| {
        let form = Form::deserialize(it).ok()?;
        Some(AgentOutcome {
            agent: agent.to_owned(),
            success: form.success,
            at: milliseconds(&form.at).ok()?,
            run: form.run,
        })
    };
    list.into_iter().flatten().filter_map(outcome).collect()
}

fn write(outcomes: &[AgentOutcome]) -> Value {
    let newest = outcomes.iter().skip(outcomes.len().saturating_sub(KEPT));
    let form = |it: &AgentOutcome| Form {
        run: it.run.clone(),
        success: it.success,
        at: moment(it.at),
    };
    json!({ "outcomes": newest.map(form).collect::<Vec<_>>() })
}

impl LearningStore {
    /// Records how the agents of a run fared. What is known of an agent from that run already is not counted twice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_agents(&self, outcomes: &[AgentOutcome]) -> Result<(), StoreError> {
        let mut agents: BTreeMap<String, Vec<AgentOutcome>> = BTreeMap::new();
        for outcome in outcomes {
            let known = agents.entry(outcome.agent.clone()).or_default();
            known.push(outcome.clone());
        }
        if agents.is_empty() {
            return Ok(());
        }
        let select = Select::Keys(agents.keys().cloned().collect());
        let reads = [Read {
            kind: HEALTH,
            select,
        }];
        transact(&*self.documents, SPACE, &reads, move |found| {
            let mut changes = Vec::new();
            for (agent, new) in agents {
                let known = found.iter().find(|it| it.key == agent);
                let mut all = known.map_or_else(Vec::new, |it| read(&agent, &it.body));
                let run = new.first().and_then(|it| it.run.as_ref());
                if run.is_some() && all.iter().any(|it| it.run.as_ref() == run) {
                    continue;
                }
                all.extend(new);
                changes.push(Change::Put(Document {
                    kind: HEALTH,
                    body: write(&all),
                    key: agent,
                    group: String::new(),
                }));
            }
            Ok((changes, ()))
        })
        .await
    }

    /// How an agent fared of late, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn agent_outcomes(&self, agent: &str) -> Result<Vec<AgentOutcome>, StoreError> {
        let select = Select::Keys(vec![agent.to_owned()]);
        let found = self.read(HEALTH, select).await?;
        Ok(found
            .first()
            .map_or_else(Vec::new, |it| read(agent, &it.body)))
    }

    /// The health of all agents by their outcomes of the last week, as planners look at it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn health(&self) -> Result<HealthBoard, StoreError> {
        let mut board = HealthBoard::default();
        let since = self.now_ms().saturating_sub(FRESH);
        for document in self.read(HEALTH, Select::All).await? {
            let outcomes = read(&document.key, &document.body);
            let fresh = outcomes.iter().filter(|it| it.at >= since);
            board.recall(&document.key, fresh.map(|it| it.success));
        }
        Ok(board)
    }
}
