//! The agents elsewhere that the settings name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_runtime::remote::{RemoteAgent, RemoteBackend, RemoteSetup};

use crate::error::CliError;
use crate::settings::{RemoteTable, Services, is_local};

/// How long one attempt may take unless the settings say otherwise.
const ATTEMPT: Duration = Duration::from_secs(1800);

/// Who does the work of which agent, by the agent. Nothing is connected to.
///
/// # Errors
/// When one is set up wrong.
pub(super) fn remotes(services: &Services) -> Result<BTreeMap<String, Arc<RemoteAgent>>, CliError> {
    let mut remotes = BTreeMap::new();
    for (name, table) in &services.remotes {
        let remote = Arc::new(remote(name, table)?);
        for agent in &table.agents {
            remotes.insert(agent.clone(), remote.clone());
        }
    }
    Ok(remotes)
}

/// The backend of agents whose work is done elsewhere.
pub(super) fn backend(remotes: &BTreeMap<String, Arc<RemoteAgent>>) -> Option<RemoteBackend> {
    if remotes.is_empty() {
        return None;
    }
    let mut backend = RemoteBackend::default();
    for (agent, remote) in remotes {
        backend.set(agent, remote.clone());
    }
    Some(backend)
}

/// What an agent elsewhere calls itself, and by which version of the protocol it is spoken to.
///
/// # Errors
/// Why it is of no use, in words.
pub(crate) async fn introduced(name: &str, table: &RemoteTable) -> Result<String, String> {
    let remote = remote(name, table).map_err(|error| error.to_string())?;
    let card = remote.card().await.map_err(|error| error.to_string())?;
    Ok(format!("`{}`, A2A {}", card.name, card.version()))
}

fn remote(name: &str, table: &RemoteTable) -> Result<RemoteAgent, CliError> {
    let problem = |problem: String| CliError::Service {
        section: format!("remotes.{name}"),
        problem,
    };
    let url = table.url.as_ref();
    let url = url.ok_or_else(|| problem("give its address as `url`".to_owned()))?;
    if table.key_env.is_some() && url.starts_with("http:") && !is_local(url) {
        return Err(problem(format!(
            "its key would be sent to `{url}` without encryption; give an address that begins with `https:`"
        )));
    }
    Ok(RemoteAgent::new(RemoteSetup {
        name: name.to_owned(),
        url: url.clone(),
        key_variable: table.key_env.clone(),
        timeout: table
            .timeout_seconds
            .map_or(ATTEMPT, |seconds| Duration::from_secs(seconds.max(1))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_up_wrong_is_told() {
        let told = |text: &str| {
            let services: Services = toml::from_str(text).unwrap();
            remotes(&services).err().map(|error| error.to_string())
        };
        assert_eq!(
            told("[remotes.far]\n").unwrap(),
            "`[remotes.far]`: give its address as `url`"
        );
        assert_eq!(
            told("[remotes.far]\nurl = \"http://far.example\"\nkey-env = \"K\"\n").unwrap(),
            "`[remotes.far]`: its key would be sent to `http://far.example` without encryption; give an address that begins with `https:`"
        );
        assert_eq!(
            told("[remotes.near]\nurl = \"http://127.0.0.1:9\"\nkey-env = \"K\"\n"),
            None
        );
    }
}
