//! Who is at work, told by locks of the session: the server lets go of them when the connection ends.
//!
//! Each owner of a run has a lock of its own, named by the run and the epoch. So an owner that was
//! replaced while it was paused keeps a lock that means nothing any more.

use std::collections::HashSet;

use orchestrate_core::journal::Digest;
use tokio::sync::mpsc::WeakUnboundedSender;
use tokio_postgres::Client;

use super::fault::Fault;
use super::link::Work;

/// The lock of the owner of a run at an epoch.
pub(super) fn key(run: i64, epoch: u64) -> i64 {
    let name = format!("orchestrate run {run} {epoch}");
    let Digest(bytes) = Digest::of(name.as_bytes());
    bytes
        .first_chunk()
        .map_or(0, |first| i64::from_le_bytes(*first))
}

/// Lets go of a lock when it is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) key: i64,
    pub(super) work: WeakUnboundedSender<Work>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(work) = self.work.upgrade() {
            // Without its thread the session is over, and with it the lock.
            let _ = work.send(Work::LetGo(self.key));
        }
    }
}

/// All locks that somebody holds in this database, whoever it is.
pub(super) async fn held(client: &Client) -> Result<HashSet<i64>, Fault> {
    let rows = client
        .query_typed(
            "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks \
             WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = \
             (SELECT oid FROM pg_database WHERE datname = current_database())",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
