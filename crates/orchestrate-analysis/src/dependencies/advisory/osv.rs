//! Advisories in the OSV format, as JSON or YAML.

use serde::Deserialize;
use serde_json::Value;

use super::interval::{Bound, Interval};
use super::model::{Advisory, AdvisoryKind, Affected, Versions};
use super::rating;
use crate::dependencies::locked::Ecosystem;
use crate::dependencies::version::Version;

/// A document; fields that do not matter here are passed over.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    modified: Option<String>,
    published: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    severity: Vec<Rating>,
    #[serde(default)]
    affected: Vec<Subject>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct Rating {
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct Subject {
    package: Option<Package>,
    #[serde(default)]
    ranges: Vec<Range>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    severity: Vec<Rating>,
    #[serde(default)]
    database_specific: Value,
    #[serde(default)]
    ecosystem_specific: Value,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

impl Document {
    /// The advisory; `None` for one that was withdrawn or is about no ecosystem that is audited.
    ///
    /// # Errors
    /// Names a version that its ecosystem does not have: what is affected would be a guess.
    pub(super) fn advisory(self) -> Result<Option<Advisory>, String> {
        if self.withdrawn.is_some() {
            return Ok(None);
        }
        let mut affected = Vec::new();
        let mut kind = AdvisoryKind::Vulnerability;
        let mut ratings: Vec<&Rating> = self.severity.iter().collect();
        let mut words = vec![&self.database_specific];
        for subject in &self.affected {
            let Some(package) = &subject.package else {
                continue;
            };
            let Some(ecosystem) = Ecosystem::of_osv(&package.ecosystem) else {
                continue;
            };
            kind = informational(&subject.database_specific).unwrap_or(kind);
            ratings.extend(&subject.severity);
            words.extend([&subject.database_specific, &subject.ecosystem_specific]);
            affected.push(Affected {
                ecosystem,
                name: ecosystem.normal_name(&package.name),
                versions: versions(ecosystem, subject)?,
            });
        }
        if affected.is_empty() {
            return Ok(None);
        }
        let by_vector = ratings
            .iter()
            .filter_map(|rating| rating::of_vector(&rating.score))
            .min();
        let by_word = || {
            words
                .iter()
                .filter_map(|value| rating::of_word(value.get("severity")?.as_str()?))
                .min()
        };
        let date = self.modified.or(self.published).unwrap_or_default();
        let first_line = self
            .details
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty());
        Ok(Some(Advisory {
            severity: by_vector.or_else(by_word),
            summary: if self.summary.is_empty() {
                shortened(first_line.unwrap_or("no summary"))
            } else {
                self.summary
            },
            kind,
            date: date.get(..10).unwrap_or(&date).to_owned(),
            affected,
            id: self.id,
            aliases: self.aliases,
        }))
    }
}

/// The first words of a text.
fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

fn informational(specific: &Value) -> Option<AdvisoryKind> {
    Some(match specific.get("informational")?.as_str()? {
        "unsound" => AdvisoryKind::Unsound,
        "unmaintained" => AdvisoryKind::Unmaintained,
        _ => AdvisoryKind::Notice,
    })
}

fn versions(ecosystem: Ecosystem, subject: &Subject) -> Result<Versions, String> {
    let mut bad = Vec::new();
    let mut fixed = Vec::new();
    for range in &subject.ranges {
        // Commits are not versions.
        if range.kind == "GIT" {
            continue;
        }
        bad.append(&mut intervals(ecosystem, &range.events)?);
        fixed.extend(range.events.iter().filter_map(|event| event.fixed.clone()));
    }
    // Old releases may carry versions that are no versions today; nothing that is locked can equal them.
    let listed = subject
        .versions
        .iter()
        .filter_map(|text| Version::parse(ecosystem, text))
        .collect();
    Ok(Versions::Within { bad, listed, fixed })
}

/// What happens at a version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Up to and with this version.
    LastAffected,
    Fixed,
    Introduced,
}

fn intervals(ecosystem: Ecosystem, events: &[Event]) -> Result<Vec<Interval>, String> {
    let mut changes: Vec<(Option<Version>, Change)> = Vec::new();
    for event in events {
        let named = [
            (&event.introduced, Change::Introduced),
            (&event.fixed, Change::Fixed),
            (&event.last_affected, Change::LastAffected),
        ];
        for (text, change) in named {
            let Some(text) = text else { continue };
            // Nought stands for the beginning of all versions, pre-releases included.
            if text == "0" && change == Change::Introduced {
                changes.push((None, change));
                continue;
            }
            let version = Version::parse(ecosystem, text)
                .ok_or_else(|| format!("`{text}` is no version of its ecosystem"))?;
            changes.push((Some(version), change));
        }
    }
    // Events may stand in any order; at one version, what ends comes before what begins.
    changes.sort_by(|(a, first), (b, second)| {
        let order = match (a, b) {
            (Some(a), Some(b)) => a.compare(b).unwrap_or(std::cmp::Ordering::Equal),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        order.then(first.cmp(second))
    });
    let mut intervals = Vec::new();
    let mut open: Option<Bound> = None;
    for (version, change) in changes {
        match (change, version) {
            (Change::Introduced, version) => {
                let from = version.map_or(Bound::Open, Bound::Including);
                open.get_or_insert(from);
            }
            (Change::Fixed, Some(version)) => {
                if let Some(from) = open.take() {
                    let to = Bound::Excluding(version);
                    intervals.push(Interval { from, to });
                }
            }
            (Change::LastAffected, Some(version)) => {
                if let Some(from) = open.take() {
                    let to = Bound::Including(version);
                    intervals.push(Interval { from, to });
                }
            }
            (Change::Fixed | Change::LastAffected, None) => {}
        }
    }
    if let Some(from) = open {
        let to = Bound::Open;
        intervals.push(Interval { from, to });
    }
    Ok(intervals)
}
