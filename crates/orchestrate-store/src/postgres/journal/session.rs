//! A connection as the journal needs it, made again when it was lost.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use orchestrate_core::journal::{Durability, JournalError};
use tokio::time::sleep;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Statement};

use super::fault::Fault;
use crate::migrations::Migrations;
use crate::postgres::connect::{connect, migrate};

const MIGRATIONS: Migrations = Migrations {
    part: "journal",
    steps: &[include_str!(
        "../../../migrations/postgres/0001_journal.sql"
    )],
};

/// How long a server that is restarting is waited for, and how long between two tries.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

/// What every session is told. An owner that is paused in the middle of a transaction must not
/// hold its run for ever, and one whose machine is gone not for hours. The tables grow while
/// statements stay prepared, so the planner is kept from plans that fit small tables only.
const SETTINGS: &str = "SET client_min_messages = warning; SET jit = off; SET lock_timeout = '20s'; \
    SET idle_in_transaction_session_timeout = '10s'; SET tcp_keepalives_idle = 30; \
    SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; SET enable_seqscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off";

/// Where the database is, and how it is spoken to.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) config: Config,
    /// As it may be shown.
    pub(super) place: String,
    pub(super) durability: Durability,
}

impl Server {
    async fn connect(&self) -> Result<Client, Fault> {
        let client = connect(&self.config, &self.place).await?;
        let commit = match self.durability {
            // A stronger setting of the server is left as it is.
            Durability::Full => {
                "SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off'"
            }
            Durability::Fast => "SET synchronous_commit = off",
        };
        client
            .batch_execute(&format!("{SETTINGS}; {commit}"))
            .await?;
        Ok(client)
    }
}

/// Brings the tables up to date; with `create` they are made if there are none. Tells what an answer is worth.
pub(super) async fn prepare(session: &mut Session, create: bool) -> Result<Durability, Fault> {
    let (place, durability) = (session.server.place.clone(), session.server.durability);
    let client = session.client().await?;
    let there = client
        .query_typed(
            "SELECT to_regclass('orchestrate_runs') IS NOT NULL, current_setting('fsync') = 'on'",
            &[],
        )
        .await?;
    let (there, safe) = there
        .first()
        .map_or((false, false), |row| (row.get(0), row.get(1)));
    if !there && !create {
        return Err(JournalError::Empty.into());
    }
    migrate(client, &place, MIGRATIONS).await?;
    // A server that does not wait for its disk cannot promise what it does not know.
    Ok(if safe { durability } else { Durability::Fast })
}

fn closed() -> Fault {
    Fault::Broken("the connection was closed".to_owned())
}

/// A connection, or none after it was lost.
#[derive(Debug)]
pub(super) struct Session {
    server: Server,
    open: Option<Open>,
    /// The locks of the owners of this process, taken again on every new connection.
    held: HashSet<i64>,
}

#[derive(Debug)]
struct Open {
    client: Client,
    statements: Option<Statements>,
}

impl Session {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            open: None,
            held: HashSet::new(),
        }
    }

    /// The connection; a new one when the last was lost.
    pub(super) async fn client(&mut self) -> Result<&mut Client, Fault> {
        if self
            .open
            .as_ref()
            .is_none_or(|open| open.client.is_closed())
        {
            self.open = None;
            let client = self.server.connect().await?;
            for key in &self.held {
                // Whoever took it meanwhile has replaced the owner, which shows at the next write.
                client
                    .query_typed("SELECT pg_try_advisory_lock($1)", &[(key, Type::INT8)])
                    .await?;
            }
            self.open = Some(Open {
                client,
                statements: None,
            });
        }
        let open = self.open.as_mut();
        Ok(&mut open.ok_or_else(closed)?.client)
    }

    /// The connection with the statements by which batches are written.
    pub(super) async fn prepared(&mut self) -> Result<(&Client, &Statements), Fault> {
        self.client().await?;
        let open = self.open.as_mut().ok_or_else(closed)?;
        if open.statements.is_none() {
            open.statements = Some(Statements::prepare(&open.client).await?);
        }
        self.current()
    }

    /// The same connection as it is, for what has begun on it.
    pub(super) fn current(&self) -> Result<(&Client, &Statements), Fault> {
        let open = self.open.as_ref().ok_or_else(closed)?;
        let statements = open.statements.as_ref().ok_or_else(closed)?;
        Ok((&open.client, statements))
    }

    /// Throws the connection away: nothing that it says can be relied upon.
    pub(super) fn give_up(&mut self) {
        self.open = None;
    }

    /// Connects again, with patience for a server that is restarting.
    pub(super) async fn reconnect(&mut self) -> Result<(), Fault> {
        self.give_up();
        let until = Instant::now() + PATIENCE;
        loop {
            match self.client().await {
                Ok(_) => return Ok(()),
                Err(fault) if fault.is_of_connection() && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Rolls back what was begun. A connection on which that fails is thrown away.
    pub(super) async fn roll_back(&mut self) {
        let done = match &self.open {
            Some(open) => open.client.batch_execute("ROLLBACK").await.is_ok(),
            None => true,
        };
        if !done {
            self.give_up();
        }
    }

    /// Takes note of a lock that the connection holds.
    pub(super) fn holds(&mut self, key: i64) {
        self.held.insert(key);
    }

    /// Lets go of a lock.
    pub(super) async fn let_go(&mut self, key: i64) {
        self.held.remove(&key);
        let Some(open) = &self.open else { return };
        let unlocked = open
            .client
            .query_typed("SELECT pg_advisory_unlock($1)", &[(&key, Type::INT8)])
            .await;
        if unlocked.is_err() {
            // Its end lets go of everything.
            self.give_up();
        }
    }
}

/// The statements by which batches are written, each for a whole group.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) hold: Statement,
    pub(super) contents: Statement,
    pub(super) uses: Statement,
    pub(super) entries: Statement,
    pub(super) ends: Statement,
    pub(super) rows: Statement,
    pub(super) heads: Statement,
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, Fault> {
        let hold = format!(
            "SELECT {} FROM orchestrate_runs WHERE id = ANY($1::text[]) ORDER BY run FOR UPDATE",
            super::row::COLUMNS
        );
        // In the order of digests, so that two writers of the same ones do not wait for each other in a circle.
        let contents = "INSERT INTO orchestrate_contents (digest, body) \
            SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING";
        let uses = "INSERT INTO orchestrate_uses (run, digest) \
            SELECT * FROM unnest($1::bigint[], $2::bytea[]) ON CONFLICT DO NOTHING";
        let entries = "INSERT INTO orchestrate_entries (run, entry, digest, body) \
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])";
        // That a step has ended already is an error, by which everything is rolled back.
        let ends = "INSERT INTO orchestrate_step_ends (run, step) \
            SELECT * FROM unnest($1::bigint[], $2::bytea[])";
        let rows = "UPDATE orchestrate_runs SET updated_ms = new.updated_ms, head = new.head, \
            digest = new.digest, steps = new.steps, ended = new.ended, paused = new.paused, \
            outcome = new.outcome, seal = new.seal \
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], \
            $6::boolean[], $7::boolean[], $8::text[], $9::bytea[]) \
            AS new (run, updated_ms, head, digest, steps, ended, paused, outcome, seal) \
            WHERE orchestrate_runs.run = new.run";
        let heads = "UPDATE orchestrate_heads SET entry = new.entry, digest = new.digest \
            FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS new (run, entry, digest) \
            WHERE orchestrate_heads.run = new.run";
        let (hold, contents, uses, entries, ends, rows, heads) = tokio::try_join!(
            client.prepare(&hold),
            client.prepare(contents),
            client.prepare(uses),
            client.prepare(entries),
            client.prepare(ends),
            client.prepare(rows),
            client.prepare(heads),
        )?;
        Ok(Self {
            hold,
            contents,
            uses,
            entries,
            ends,
            rows,
            heads,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_migrations_are_never_changed() {
        let pending = MIGRATIONS.pending(&[], "here").unwrap();
        let checksums: Vec<&str> = pending.iter().map(|step| &*step.checksum).collect();
        assert_eq!(checksums, ["1a761f811c9b742e89d8f6700e9d7c35"]);
    }
}
