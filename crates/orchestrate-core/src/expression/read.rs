//! What a text reads.

use std::ops::Range;

use crate::condition::Reference;

/// A field that a text reads, and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The field.
    pub field: Reference,
    /// The bytes of the text that name it.
    pub at: Range<usize>,
}
