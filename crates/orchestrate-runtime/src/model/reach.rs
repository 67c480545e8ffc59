//! Whether a provider can be reached: one request without a key, whose answer does not matter.

use std::time::Duration;

use super::provider::ProviderSetup;
use super::tls;

/// Longer is not waited.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a provider's address for anything.
///
/// # Errors
/// Why nothing answers there, in words for people.
pub async fn reach(setup: &ProviderSetup) -> Result<(), String> {
    let address = setup.address.as_deref().or(setup.kind.default_address());
    let address = address.ok_or("it has no address")?;
    tls::ensure();
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    let client = client.map_err(|_| "no connection can be made".to_owned())?;
    match client.get(address).send().await {
        Ok(_) => Ok(()),
        Err(error) if error.is_timeout() => {
            Err(format!("no answer within {} s", PATIENCE.as_secs()))
        }
        Err(error) if error.is_builder() => Err(format!("`{address}` is no address")),
        Err(_) => Err("no connection".to_owned()),
    }
}
