//! Runs in PostgreSQL, shared by several machines.
//!
//! One thread holds the connections: it commits what has come in by now together, so that many runs
//! share the wait for the disk, and reads on a connection of its own. Who works on a run is told by
//! locks of the database session, which go when the process does; that an owner was replaced is
//! told by the epoch in the run's row, which every write compares while it holds the row.

mod backend;
mod fault;
mod group;
mod link;
mod lock;
mod read;
mod row;
mod session;
mod write;

pub use backend::PostgresJournal;
