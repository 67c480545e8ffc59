//! The share of public items that are documented, over all files that ship.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::items::{ItemKind, PublicItem};
use super::project::ProjectDocuments;
use crate::language::Language;
use crate::measured::Measured;
use crate::scan::{FileFacts, Snapshot, module_directory};

/// What counts as public, for the reader of a percentage.
#[must_use]
pub fn definition(language: Language) -> &'static str {
    match language {
        Language::Rust => {
            "items that are bare `pub`, public methods and the members of public traits; not `pub(crate)`, fields, variants, implementations of traits, re-exports, nor what macros expand to"
        }
        Language::Python => {
            "modules, classes, functions and methods without a leading underscore, within `__all__` where there is one, magic methods included; not nested functions, overloads or overrides (as ruff's D100 to D107)"
        }
        Language::JavaScript | Language::TypeScript => {
            "exported declarations, documented by a `/** .. */` before them; not re-exports nor members of classes"
        }
        Language::Go => {
            "capitalised top-level declarations, and methods of exported types, outside package `main`"
        }
    }
}

/// The share of one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageShare {
    /// The language.
    pub language: Language,
    /// Public items.
    pub public: u32,
    /// Those with documentation.
    pub documented: u32,
    /// Share in percent.
    pub percent: f64,
    /// What counts as public.
    pub definition: String,
}

/// A public item without documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Undocumented {
    /// Path of its file.
    pub path: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it is.
    pub kind: ItemKind,
    /// Its name.
    pub name: String,
}

/// What is documented of what is public.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentationReport {
    /// Share of public items with documentation, in percent of all languages together.
    pub percent: f64,
    /// Public items.
    pub public: u32,
    /// Those with documentation.
    pub documented: u32,
    /// Per language, with what counts as public in it.
    pub languages: Vec<LanguageShare>,
    /// Public items without documentation, sorted by path and line.
    pub undocumented: Vec<Undocumented>,
    /// Product files with syntax errors; items inside the errors are not seen.
    pub partial_files: u32,
    /// README, changelog, licence and links.
    pub project: ProjectDocuments,
}

/// Measures documentation. Without a single public item there is no share, and so no measurement.
#[must_use]
pub fn documentation(snapshot: &Snapshot) -> Measured<DocumentationReport> {
    if snapshot.cancelled {
        return snapshot.cancelled_measure();
    }
    let documented_modules: BTreeSet<&str> = snapshot
        .files
        .iter()
        .filter(|file| file.language == Language::Rust && file.opens_with_documentation)
        .map(|file| file.path.as_str())
        .collect();
    let mut counts: BTreeMap<Language, (u32, u32)> = BTreeMap::new();
    let mut undocumented = Vec::new();
    for file in snapshot.product() {
        for item in &file.public_items {
            let (public, documented) = counts.entry(file.language).or_default();
            *public += 1;
            if item.documented || is_documented_in_its_file(file, item, &documented_modules) {
                *documented += 1;
            } else {
                undocumented.push(Undocumented {
                    path: file.path.clone(),
                    line: item.line,
                    kind: item.kind,
                    name: item.name.clone(),
                });
            }
        }
    }
    let public: u32 = counts.values().map(|(public, _)| public).sum();
    let documented: u32 = counts.values().map(|(_, documented)| documented).sum();
    if public == 0 {
        return Measured::NotMeasured {
            why: snapshot.nothing_measured("public item"),
            how:
                "run it on a project with public code in Rust, Python, JavaScript, TypeScript or Go"
                    .to_owned(),
        };
    }
    Measured::Measured {
        value: DocumentationReport {
            percent: percent(documented, public),
            public,
            documented,
            languages: counts
                .into_iter()
                .map(|(language, (public, documented))| LanguageShare {
                    language,
                    public,
                    documented,
                    percent: percent(documented, public),
                    definition: definition(language).to_owned(),
                })
                .collect(),
            undocumented,
            partial_files: snapshot.partial_product_files(),
            project: snapshot.documents.clone(),
        },
    }
}

/// `pub mod a;` is documented where its file opens with `//!`.
fn is_documented_in_its_file(
    file: &FileFacts,
    item: &PublicItem,
    documented_modules: &BTreeSet<&str>,
) -> bool {
    if file.language != Language::Rust || item.kind != ItemKind::Module {
        return false;
    }
    let base = module_directory(&file.path);
    let name = &item.name;
    documented_modules.contains(format!("{base}{name}.rs").as_str())
        || documented_modules.contains(format!("{base}{name}/mod.rs").as_str())
}

fn percent(part: u32, whole: u32) -> f64 {
    f64::from(part) * 100.0 / f64::from(whole)
}
