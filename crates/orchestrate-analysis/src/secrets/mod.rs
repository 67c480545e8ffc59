//! Credentials in the text of any file: provider patterns, values by name, private keys, addresses.
//!
//! `check` scans one text; `redact` masks what is shown; `rules` is the catalogue. No secret is ever part of a finding: messages
//! show at most four characters. Nothing is verified against a provider; that would need the network.

mod allow;
mod assigned;
mod checksum;
mod context;
mod documents;
mod encoded;
mod files;
mod providers;
mod published;
mod redact;
mod rule;
mod scan;
mod special;

#[cfg(test)]
mod tests;

pub(crate) use allow::entropy;
pub(crate) use files::key_store;
pub use redact::redact;
pub use rule::Rule;
pub use scan::check;
pub(crate) use scan::{check_with, masked};

/// Every secret rule.
#[must_use]
pub fn rules() -> Vec<&'static Rule> {
    [providers::RULES, context::RULES, special::RULES]
        .into_iter()
        .flatten()
        .collect()
}
