//! Placeholder.
use orchestrate_core::strategy::{ExecutionStrategy, StrategyError};
use orchestrate_core::task::Context;
use std::sync::Arc;
/// Catalog.
#[derive(Debug, Clone, Default)]
pub struct Catalog;
impl Catalog {
    /// get.
    pub fn get(
        &self,
        name: &str,
        _params: &Context,
    ) -> Result<Arc<dyn ExecutionStrategy>, StrategyError> {
        Err(StrategyError::Unknown {
            name: name.into(),
            possible: String::new(),
            near: vec![],
        })
    }
}
