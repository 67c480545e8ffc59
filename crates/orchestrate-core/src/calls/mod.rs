//! The calls that an agent makes inside one step: how they are recorded, and what is known of them when the step
//! is gone on with, so that no finished one is repeated.

mod call;
mod known;

pub use call::{AGAIN, CallIntent, CallKind, CallLog, CallResult, CallStart, Calls, Decided};
pub use known::{HEARD, KnownCalls};
