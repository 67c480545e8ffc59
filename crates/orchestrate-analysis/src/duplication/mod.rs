//! Code that stands more than once: the same tokens in the same order, whatever lies between them.
//!
//! A block counts from 50 tokens and five lines on. The first place where it stands is the
//! original; only the lines of its copies count as duplicated, because only they could go away.

mod find;
mod lexer;
mod report;

pub use find::{CodeClone, MIN_LINES, MIN_TOKENS, Place, Stream, clones};
pub use lexer::{Token, tokens};
pub use report::Duplication;
