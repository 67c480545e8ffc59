//! Language models over HTTP: providers, prices, limits of a key, what is tried again.
//!
//! One client library speaks to all providers. Its types stand in `http`, `project` and `fault` and
//! nowhere else, so that another one could take its place.

mod book;
mod breaker;
mod bucket;
#[cfg(test)]
mod doubles;
mod fault;
mod gate;
mod http;
mod learned;
mod pace;
mod prices;
mod project;
mod provider;
mod reach;
mod span;
mod steady;
#[cfg(test)]
mod table;
mod tls;
mod told;

pub(crate) use tls::ensure as ensure_crypto;

pub use book::{BookError, ModelBook};
pub use http::HttpModel;
pub use prices::Prices;
pub use provider::{Provider, ProviderKind, ProviderSetup};
pub use reach::reach;
pub use steady::SteadyModel;
