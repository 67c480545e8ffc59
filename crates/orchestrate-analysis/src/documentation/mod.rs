//! What is documented: public items of the code, and the documents that a project owes its users.

mod items;
mod links;
mod project;
mod report;
#[cfg(test)]
mod tests;

pub use items::{ItemKind, PublicItem, opens_with_documentation, public_items};
pub use links::{BrokenLink, broken_links};
pub use project::{Changelog, ProjectDocuments, Readme, Version, is_manifest, project_documents};
pub use report::{DocumentationReport, LanguageShare, Undocumented, definition, documentation};
