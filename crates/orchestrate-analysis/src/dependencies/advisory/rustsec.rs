//! Advisories of RustSec: TOML at the head of a Markdown file.

use serde::Deserialize;

use super::interval::Interval;
use super::model::{Advisory, AdvisoryKind, Affected, Versions};
use super::rating;
use crate::dependencies::lock::LockError;
use crate::dependencies::locked::Ecosystem;

#[derive(Deserialize)]
struct Head {
    advisory: Meta,
    #[serde(default)]
    versions: Reqs,
}

#[derive(Deserialize)]
struct Meta {
    id: String,
    package: String,
    #[serde(default)]
    aliases: Vec<String>,
    cvss: Option<String>,
    date: String,
    informational: Option<String>,
    withdrawn: Option<String>,
}

#[derive(Default, Deserialize)]
struct Reqs {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

const OPEN: &str = "```toml";

/// Whether a Markdown file is an advisory.
pub(super) fn is_advisory(text: &str) -> bool {
    text.trim_start().starts_with(OPEN)
}

/// Reads an advisory; `None` for one that was withdrawn.
pub(super) fn read(text: &str, collection_is_crates: bool) -> Result<Option<Advisory>, LockError> {
    let start = text.find(OPEN).map_or(0, |at| at + OPEN.len());
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find("\n```").ok_or_else(|| LockError {
        line: 1,
        what: "its head has no end".to_owned(),
    })?;
    let (head, body) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // Blank lines stand for what comes before, so that positions hold for the file.
    let above = text.get(..start).unwrap_or_default().matches('\n').count();
    let head = format!("{}{head}", "\n".repeat(above));
    let Head { advisory, versions } = toml::from_str(&head).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            let before = head.get(..span.start).unwrap_or_default();
            u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX - 1) + 1
        });
        LockError {
            line,
            what: error.message().to_owned(),
        }
    })?;
    // The other collection is about the toolchain, which no lock file pins.
    if advisory.withdrawn.is_some() || !collection_is_crates {
        return Ok(None);
    }
    let mut good = Vec::new();
    for text in versions.patched.iter().chain(&versions.unaffected) {
        good.push(Interval::of_requirement(text).ok_or_else(|| LockError {
            line: 1,
            what: format!("`{text}` is no requirement on a version"),
        })?);
    }
    let title = body.lines().find_map(|line| line.strip_prefix("# "));
    Ok(Some(Advisory {
        summary: title.unwrap_or("no title").trim().to_owned(),
        kind: match advisory.informational.as_deref() {
            None => AdvisoryKind::Vulnerability,
            Some("unsound") => AdvisoryKind::Unsound,
            Some("unmaintained") => AdvisoryKind::Unmaintained,
            Some(_) => AdvisoryKind::Notice,
        },
        severity: advisory.cvss.as_deref().and_then(rating::of_vector),
        date: advisory.date,
        affected: vec![Affected {
            ecosystem: Ecosystem::Cargo,
            name: advisory.package,
            versions: Versions::AllBut {
                good,
                patched: versions.patched,
            },
        }],
        id: advisory.id,
        aliases: advisory.aliases,
    }))
}
