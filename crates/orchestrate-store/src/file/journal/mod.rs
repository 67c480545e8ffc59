//! Runs as files that a person can read.
//!
//! | file | holds |
//! |---|---|
//! | `runs/RUN.jsonl` | the entries of a run and the large values that they refer to, one JSON line each |
//! | `heads/RUN.json` | what a list shows of it, and its last entry a second time |
//! | `outside/RUN.json` | what others told it |
//! | `locks/` | who is at work |
//!
//! A batch is recorded once its lines are synced; then its head is written, and only then anybody
//! is told. So lines behind the head are at most one batch, which whoever comes to own the run next
//! takes in when it is whole and cuts off when it is not. Large values are kept once a run and not
//! once a store, so that a run can be copied, sent and removed by itself.

mod backend;
mod disk;
mod head;
mod lines;
mod read;
mod said;
mod write;

pub use backend::FileJournal;
