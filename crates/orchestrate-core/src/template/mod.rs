//! Agent templates: reusable descriptions of what an agent is. What runs it is a backend's matter.

mod agent;
mod registry;

pub use agent::{AgentCapability, AgentTemplate, InvalidTemplate, ResourceRequirements, Tier};
pub use registry::{AgentRegistry, RegistryError};
