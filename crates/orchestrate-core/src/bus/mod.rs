//! Messages: between the agents of a team, and about a run to whoever listens.
//!
//! Everything here is data and folds over events: an executor delivers, a journal records, and a
//! replay meets the same messages in the same order.

mod mailbox;
mod message;
mod queue;
mod topic;

pub use mailbox::{MailCensus, Mailboxes};
pub use message::{OutgoingMessage, Recipient, TeamMessage};
pub use queue::{MessageBus, Polled, Subscription};
pub use topic::{BusMessage, topics};
