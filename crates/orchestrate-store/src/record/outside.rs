//! What others told a run: decisions on steps, and the wish that it stops. Each is sealed.

use orchestrate_core::journal::{CancelRequest, Decided, Digest, JournalError, Outside};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::row::RunRow;

pub(crate) const DECISION: &str = "decision";
pub(crate) const CANCEL: &str = "cancel";

/// Something that a run was told, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) kind: String,
    /// The step that a decision is about; empty for the wish that the run stops.
    pub(crate) step: String,
    pub(crate) body: String,
    pub(crate) seal: Vec<u8>,
}

/// What a run is told, in the form in which it is kept.
pub(crate) fn say(row: &RunRow, kind: &str, step: &str, what: &impl Serialize) -> Said {
    // Texts and numbers can always be written.
    let body = serde_json::to_string(what).unwrap_or_default();
    Said {
        seal: seal(row, kind, step, &body),
        kind: kind.to_owned(),
        step: step.to_owned(),
        body,
    }
}

/// What a run was told, checked against its seal.
pub(crate) fn told<T: DeserializeOwned>(row: &RunRow, said: &Said) -> Result<T, JournalError> {
    let Said {
        kind, step, body, ..
    } = said;
    let damaged = || {
        let problem = format!("a {kind} from outside does not fit its seal");
        row.damaged(row.head, problem)
    };
    if seal(row, kind, step, body) != said.seal {
        return Err(damaged());
    }
    serde_json::from_str(body).map_err(|_| damaged())
}

/// Everything that a run was told; it is given in the order of kinds and steps.
pub(crate) fn collect(
    row: &RunRow,
    all: impl IntoIterator<Item = Said>,
) -> Result<Outside, JournalError> {
    let mut outside = Outside::default();
    for said in all {
        match &*said.kind {
            DECISION => outside.decisions.push(Decided {
                decision: told(row, &said)?,
                step: serde_json::from_value(said.step.into())
                    .map_err(|_| row.damaged(row.head, "a decision names no step"))?,
            }),
            CANCEL => outside.cancel = Some(told::<CancelRequest>(row, &said)?),
            _ => return Err(row.damaged(row.head, "something unknown from outside")),
        }
    }
    Ok(outside)
}

fn seal(row: &RunRow, kind: &str, step: &str, body: &str) -> Vec<u8> {
    let all = format!("{:?}", (row.number, kind, step, body));
    Digest::of(all.as_bytes()).0.to_vec()
}
