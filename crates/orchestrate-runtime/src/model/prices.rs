//! What models cost: a small built-in table, and what users add to it. An unknown price stays unknown.

use std::collections::BTreeMap;

use orchestrate_core::limits::Cost;
use orchestrate_core::model::Price;
use serde::Deserialize;

use super::provider::ProviderKind;

/// The built-in prices, with the month in which they were looked up.
const BUILT_IN: &str = include_str!("prices.json");

#[derive(Deserialize)]
struct Table {
    as_of: String,
    models: BTreeMap<String, [f64; 4]>,
}

/// Prices by `provider/model`.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_name: BTreeMap<String, Price>,
    as_of: String,
}

impl Prices {
    /// The built-in table. Providers change their prices; what users set wins.
    #[must_use]
    pub fn built_in() -> Self {
        let Ok(table) = serde_json::from_str::<Table>(BUILT_IN) else {
            return Self::default();
        };
        let price = |[input, output, cache_read, cache_write]: [f64; 4]| Price {
            input: Cost::from(input),
            output: Cost::from(output),
            cache_read: Cost::from(cache_read),
            cache_write: Cost::from(cache_write),
        };
        let models = table.models.into_iter();
        Self {
            by_name: models
                .map(|(name, numbers)| (name, price(numbers)))
                .collect(),
            as_of: table.as_of,
        }
    }

    /// The month in which the built-in prices were looked up.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// Sets the price of `provider/model`.
    pub fn set(&mut self, name: impl Into<String>, price: Price) {
        self.by_name.insert(name.into(), price);
    }

    /// The price of a model: under its own name, under its name without the date of its edition, or
    /// nothing for models on one's own machine.
    #[must_use]
    pub fn of(&self, provider: &str, kind: ProviderKind, model: &str) -> Option<Price> {
        let own = self.by_name.get(&format!("{provider}/{model}"));
        let edition = || {
            let (family, date) = model.rsplit_once('-')?;
            let is_date =
                date == "latest" || (date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()));
            let name = format!("{}/{family}", kind.as_str());
            self.by_name.get(&name).filter(|_| is_date)
        };
        // The built-in table knows providers by their kind, whatever users call them.
        let of_kind = || self.by_name.get(&format!("{}/{model}", kind.as_str()));
        let known = own.or_else(of_kind).or_else(edition).copied();
        known.or((kind == ProviderKind::Ollama).then_some(Price::FREE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_known_by_name_and_edition_and_never_guessed() {
        let mut prices = Prices::built_in();
        let anthropic = ProviderKind::Anthropic;
        let haiku = prices.of("anthropic", anthropic, "claude-haiku-4-5");
        assert_eq!(haiku.map(|price| price.output), Some(Cost::units(5)));
        assert_eq!(
            prices.of("work", anthropic, "claude-haiku-4-5-20251001"),
            haiku
        );
        assert_eq!(prices.of("anthropic", anthropic, "claude-haiku-9"), None);
        // The price of a model says nothing about a larger one whose name begins alike.
        assert_eq!(prices.of("openai", ProviderKind::OpenAi, "gpt-5-pro"), None);
        assert_eq!(
            prices.of("o", ProviderKind::Ollama, "llama3"),
            Some(Price::FREE)
        );
        let other = ProviderKind::OpenAiCompatible;
        assert_eq!(prices.of("groq", other, "x"), None);
        prices.set("groq/x", Price::FREE);
        assert_eq!(prices.of("groq", other, "x"), Some(Price::FREE));
        assert!(prices.as_of().starts_with("20"));
    }
}
