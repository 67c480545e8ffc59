//! The table itself, as data: for each strategy a team, what becomes of a run without one of its members, and cases.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use orchestrate_core::task::Context;
use serde::Deserialize;
use serde_json::Value;

/// One strategy and what it is held to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name in the catalogue.
    pub strategy: String,
    /// The ids of the team, in order.
    pub team: Vec<String>,
    /// Its parameters.
    #[serde(default)]
    pub params: Context,
    /// The context.
    #[serde(default)]
    pub context: Context,
    /// How a run ends in which this member always fails, or hangs until its time is over.
    pub without: BTreeMap<String, String>,
    /// Whose place a workflow takes in runs with every other strategy inside.
    pub seat: usize,
    /// What agents answer, in turn, in runs in which all goes well; who is not named answers in the form that is asked for.
    #[serde(default)]
    pub answers: BTreeMap<String, Vec<Value>>,
    /// Runs with scripted answers of their own.
    #[serde(default)]
    pub cases: Vec<Case>,
}

/// One run with scripted answers and how it must end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, as a sentence without spaces.
    pub name: String,
    /// The mistake of the system in the seeds that this case is the opposite of.
    pub corrects: Option<String>,
    /// The team, if it is not the row's.
    pub team: Option<Vec<String>>,
    /// Parameters, laid over the row's.
    #[serde(default)]
    pub params: Context,
    /// Context, laid over the row's.
    #[serde(default)]
    pub context: Context,
    /// What each agent answers in turn, the last answer repeated. `{"fail": "why"}` fails, with `output` gives
    /// what there was, `{"hang": true}` never ends, and `confidence` is how sure it is.
    #[serde(default)]
    pub answers: BTreeMap<String, Vec<Value>>,
    /// What a person decides in turn.
    #[serde(default)]
    pub decisions: Vec<String>,
    /// How the run must end.
    pub outcome: String,
    /// What must stand at places of the output, each a JSON pointer.
    #[serde(default)]
    pub output: BTreeMap<String, Value>,
    /// What agents must have been given.
    #[serde(default)]
    pub given: Vec<Given>,
    /// How often each agent must have been asked; who is not named is not counted.
    #[serde(default)]
    pub asked: BTreeMap<String, usize>,
}

/// Something that an agent must have been given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The agent.
    pub agent: String,
    /// At its how-manieth attempt, from 0.
    pub call: usize,
    /// The name of the input.
    pub input: String,
    /// A text that stands in it; null when the input must not be there.
    pub holds: Option<String>,
}

/// All rows, in the order of the catalogue.
#[must_use]
pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    // The table is part of the program; a test reads it, so that it is never found wrong here.
    ROWS.get_or_init(|| serde_json::from_str(include_str!("table.json")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_has_a_row_for_every_strategy() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("table.json")).unwrap();
        let held: Vec<&str> = rows.iter().map(|row| row.strategy.as_str()).collect();
        let listed: Vec<String> = crate::catalog::all()
            .iter()
            .map(|info| info.name.clone())
            .collect();
        assert_eq!(held, listed);
        for row in rows {
            let members: Vec<&String> = row.without.keys().collect();
            let mut team: Vec<&String> = row.team.iter().collect();
            team.sort();
            assert_eq!(members, team, "{}", row.strategy);
        }
    }
}
