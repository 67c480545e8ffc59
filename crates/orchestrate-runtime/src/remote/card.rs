//! What an agent says of itself: its card, and by which address and version of the protocol it is spoken to.

use reqwest::Url;
use serde::Deserialize;

use super::dialect::Dialect;

/// Where a card stands below the address of its agent; the second is that of older agents.
pub(super) const PLACES: [&str; 2] = [".well-known/agent-card.json", ".well-known/agent.json"];

/// The binding of the protocol that is spoken here.
const BINDING: &str = "JSONRPC";

/// What is read of a card, in either version.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: String,
    #[serde(default)]
    description: String,
    /// Version 1: all addresses, the preferred one first.
    #[serde(default)]
    supported_interfaces: Vec<Interface>,
    /// Version 0.3: the main address, and the binding that it is for.
    url: Option<String>,
    preferred_transport: Option<String>,
    /// Version 0.3: further addresses.
    #[serde(default)]
    additional_interfaces: Vec<Interface>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interface {
    url: String,
    #[serde(alias = "transport")]
    protocol_binding: String,
    #[serde(default)]
    protocol_version: String,
    #[serde(default)]
    tenant: String,
}

/// What an agent says of itself, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCard {
    /// Its name.
    pub name: String,
    /// What it can do.
    pub description: String,
    /// Where it takes messages.
    pub address: Url,
    /// For whom, where several agents share the address.
    pub(super) tenant: Option<String>,
    pub(super) dialect: Dialect,
}

impl AgentCard {
    /// The version of the protocol by which it is spoken to.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.dialect.version()
    }

    /// Reads a card that was found at an address.
    ///
    /// # Errors
    /// In words, when it is none, when nothing that it offers is spoken here, or when it points to another
    /// server: whoever named this one has not named that, and it would be sent the key.
    pub(super) fn read(bytes: &[u8], from: &Url) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(bytes)
            .map_err(|error| format!("its card cannot be read: {error}"))?;
        let (interface, dialect) = chosen(&written)?;
        let address = from
            .join(&interface.url)
            .map_err(|error| format!("its card names the address `{}`: {error}", interface.url))?;
        if !same_server(&address, from) {
            return Err(format!(
                "its card points to another server, `{address}`; if you trust that, name it as `url`"
            ));
        }
        Ok(Self {
            name: written.name,
            description: written.description,
            tenant: Some(interface.tenant).filter(|it| !it.is_empty()),
            address,
            dialect,
        })
    }
}

/// The address to use: one of version 1 before one of 0.3.
fn chosen(card: &Written) -> Result<(Interface, Dialect), String> {
    let main = card.url.as_ref().map(|url| Interface {
        url: url.clone(),
        protocol_binding: card.preferred_transport.clone().unwrap_or(BINDING.into()),
        protocol_version: String::new(),
        tenant: String::new(),
    });
    let all = card.supported_interfaces.iter().chain(&main);
    let all: Vec<&Interface> = all.chain(&card.additional_interfaces).collect();
    for dialect in [Dialect::V1, Dialect::V03] {
        let speaks = |it: &&&Interface| {
            it.protocol_binding == BINDING && Dialect::of(&it.protocol_version) == Some(dialect)
        };
        if let Some(found) = all.iter().find(speaks) {
            return Ok((
                Interface {
                    url: found.url.clone(),
                    protocol_binding: BINDING.to_owned(),
                    protocol_version: found.protocol_version.clone(),
                    tenant: found.tenant.clone(),
                },
                dialect,
            ));
        }
    }
    let offered: Vec<String> = all
        .iter()
        .map(|it| format!("{} {}", it.protocol_binding, it.protocol_version))
        .collect();
    Err(format!(
        "its card offers {} and not {BINDING} of version 1.0 or 0.3",
        match offered.is_empty() {
            true => "no address".to_owned(),
            false => offered.join(", "),
        }
    ))
}

/// Whether two addresses are of one server. This machine has several names.
fn same_server(one: &Url, other: &Url) -> bool {
    let local = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let same_host = one.host_str() == other.host_str() || (local(one) && local(other));
    same_host
        && one.scheme() == other.scheme()
        && one.port_or_known_default() == other.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    fn check(card: &Value, expected: Expect) {
        let from = Url::parse("https://agents.example/a/card.json").unwrap();
        let told = match AgentCard::read(card.to_string().as_bytes(), &from) {
            Ok(card) => format!(
                "{} at {} by {} for {:?}",
                card.name,
                card.address,
                card.version(),
                card.tenant
            ),
            Err(problem) => problem,
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn the_address_is_chosen_by_binding_and_version() {
        let at = |url: &str, binding: &str, version: &str| json!({"url": url, "protocolBinding": binding, "protocolVersion": version, "tenant": "t"});
        check(
            &json!({"name": "n", "supportedInterfaces": [
                at("https://agents.example/g", "GRPC", "1.0"),
                at("https://agents.example/old", "JSONRPC", "0.3"),
                at("https://agents.example/new", "JSONRPC", "1.0"),
            ]}),
            expect![[r#"n at https://agents.example/new by 1.0 for Some("t")"#]],
        );
        check(
            &json!({"name": "n", "url": "https://agents.example/g", "preferredTransport": "GRPC",
                "additionalInterfaces": [{"url": "/rpc", "transport": "JSONRPC"}], "protocolVersion": "0.3.0"}),
            expect!["n at https://agents.example/rpc by 0.3 for None"],
        );
        check(
            &json!({"name": "n", "supportedInterfaces": [at("https://agents.example/", "HTTP+JSON", "1.0")]}),
            expect!["its card offers HTTP+JSON 1.0 and not JSONRPC of version 1.0 or 0.3"],
        );
        check(
            &json!({"name": "n", "supportedInterfaces": [at("https://agents.example/", "JSONRPC", "2.0")]}),
            expect!["its card offers JSONRPC 2.0 and not JSONRPC of version 1.0 or 0.3"],
        );
        check(
            &json!({"name": "n"}),
            expect!["its card offers no address and not JSONRPC of version 1.0 or 0.3"],
        );
    }

    #[test]
    fn a_card_cannot_lead_to_another_server() {
        check(
            &json!({"name": "n", "url": "https://elsewhere.example/"}),
            expect![
                "its card points to another server, `https://elsewhere.example/`; if you trust that, name it as `url`"
            ],
        );
        check(
            &json!({"name": "n", "url": "http://agents.example/"}),
            expect![
                "its card points to another server, `http://agents.example/`; if you trust that, name it as `url`"
            ],
        );
        check(
            &json!({"url": "https://agents.example/"}),
            expect!["its card cannot be read: missing field `name` at line 1 column 33"],
        );
    }

    #[test]
    fn this_machine_has_several_names() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert!(same_server(
            &url("http://localhost:9/"),
            &url("http://127.0.0.1:9/x")
        ));
        assert!(!same_server(
            &url("http://localhost:9/"),
            &url("http://127.0.0.1:8/")
        ));
    }
}
