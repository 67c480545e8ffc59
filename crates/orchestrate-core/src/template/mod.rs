//! Agent templates: reusable descriptions of what an agent is. What runs it is a backend's matter.

mod agent;
mod health;
mod manifest;
mod registry;
mod select;

pub use agent::{AgentCapability, AgentTemplate, InvalidTemplate, ResourceRequirements, Tier};
pub use health::{
    AgentHealth, AgentStatus, HealthBoard, HealthRules, StatusChange, speaks_for_health,
};
pub use manifest::{AgentManifest, OrchestrationRole};
pub use registry::{AgentRegistry, RegistryError};
pub use select::{Selecting, Selection};
