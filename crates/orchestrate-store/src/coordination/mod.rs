//! Teams that work together through a store: no server besides, every rule in one transaction.
//!
//! ```
//! use orchestrate_core::coordination::TeamTask;
//! use orchestrate_store::Store;
//! use serde_json::json;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let address = format!("sqlite:{}", directory.path().join("store.db").display());
//! let team = Store::open(&address)?.team("release")?;
//! team.add_task(TeamTask::new("scan", "security", "Scan the sources").priority(9)).await?;
//! team.add_task(TeamTask::new("report", "writing", "Write it up").blocked_by(["scan"])).await?;
//!
//! // Whoever asks first gets it, for a minute unless they say that they are still there.
//! let (claim, task) = team.claim("scanner", 60_000).await?.ok_or("nothing to do")?;
//! assert_eq!(task.id, "scan");
//! assert!(team.claim("writer", 60_000).await?.is_none());
//! team.complete(&claim, json!({"findings": 0})).await?;
//! assert_eq!(team.claim("writer", 60_000).await?.map(|(_, task)| task.id), Some("report".into()));
//!
//! // Everybody else is told once.
//! team.send("scanner", None, "scanned", json!({}), 60_000).await?;
//! assert_eq!(team.receive("writer").await?.len(), 1);
//! assert!(team.receive("writer").await?.is_empty());
//! # Ok(())
//! # }
//! ```

mod agents;
mod approvals;
mod feedback;
mod signals;
mod streams;
mod tasks;
mod team;

pub use agents::AgentStatus;
pub use team::Team;
