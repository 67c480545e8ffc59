//! What every error code means: `orchestrate explain` and `docs errors` print it.

mod page;
mod planning;
mod services;

pub(crate) use page::{Page, all};
