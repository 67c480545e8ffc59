//! The trait that every model stands behind.

use std::fmt;

use async_trait::async_trait;

use super::{ModelError, ModelRequest, ModelResponse, Price};

/// A piece of an answer that is still being written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delta {
    /// More of the text.
    Text(String),
    /// More of the reasoning that the model shows.
    Reasoning(String),
}

/// Who is told of each piece as it arrives. Pieces are for people only: the answer holds everything.
pub type Deltas<'a> = dyn Fn(Delta) + Send + Sync + 'a;

/// Something that answers a conversation.
#[async_trait]
pub trait Model: Send + Sync + fmt::Debug {
    /// Its name, as users write it: `provider/model`.
    fn name(&self) -> &str;

    /// What its tokens cost; none when that is not known, which is not the same as nothing.
    fn price(&self) -> Option<Price>;

    /// Why a call would be refused now without being made, until a person acts. Asking is free of effects.
    fn unavailable(&self) -> Option<ModelError> {
        None
    }

    /// One answer. Dropping the future cancels the call.
    ///
    /// # Errors
    /// [`ModelError`] in classes that say whether another try makes sense.
    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        deltas: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError>;
}
