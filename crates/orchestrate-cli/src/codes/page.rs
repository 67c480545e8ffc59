//! What every error code means: cause and remedy. `orchestrate explain` and `docs errors` print it.

use orchestrate_strategies::definition;
use orchestrate_strategies::graph::CODES;

use super::{planning, services};

/// The page of one code.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Page {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
}

pub(super) const fn page(
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Page {
    Page {
        code,
        title,
        cause,
        remedy,
    }
}

/// All pages, by code: ours, and those of the checks of a plan, which stand beside the checks.
pub(crate) fn all() -> Vec<Page> {
    let plans = CODES.iter().map(|&(code, title, remedy)| Page {
        code,
        title,
        cause: "A plan is checked before it runs, and all problems are told at once. This is one of them.",
        remedy,
    });
    let definitions = definition::CODES.iter().map(|&(code, title, remedy)| Page {
        code,
        title,
        cause: "A definition is read strictly, and everything that is wrong with it is told at once, with its place. This is one of them.",
        remedy,
    });
    let pages = own().chain(plans).chain(definitions);
    let mut all: Vec<Page> = pages.collect();
    all.sort_by_key(|page| page.code);
    all
}

/// The pages that stand here, by code.
fn own() -> impl Iterator<Item = Page> {
    planning::PAGES.iter().chain(services::PAGES).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Every code in the sources below a directory with the files it stands in, this table left out.
    fn collect(directory: &Path, codes: &mut BTreeMap<String, BTreeSet<PathBuf>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, codes);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path
                    .parent()
                    .is_some_and(|folder| folder.ends_with("codes"))
            {
                let text = fs::read_to_string(&path).unwrap();
                let quoted = text.split('"').filter(|part| {
                    part.strip_prefix("ORC").is_some_and(|digits| {
                        digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())
                    })
                });
                for code in quoted {
                    let files = codes.entry(code.to_owned()).or_default();
                    // Where an error says its code; elsewhere it may stand as often as it likes.
                    if text.contains(&format!("=> \"{code}\"")) {
                        files.insert(path.clone());
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_in_the_sources_has_a_page_and_every_page_a_code() {
        let mut used = BTreeMap::new();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for entry in fs::read_dir(crates).unwrap() {
            collect(&entry.unwrap().path().join("src"), &mut used);
        }
        let pages: BTreeSet<String> = all().iter().map(|page| page.code.to_owned()).collect();
        assert_eq!(used.keys().cloned().collect::<BTreeSet<_>>(), pages);
        let twice: Vec<_> = used.iter().filter(|(_, files)| files.len() > 1).collect();
        assert!(twice.is_empty(), "one code for two errors: {twice:?}");
    }

    #[test]
    fn pages_are_sorted_and_complete() {
        assert!(own().is_sorted_by_key(|page| page.code));
        for page in all() {
            for text in [page.title, page.cause, page.remedy] {
                assert!(!text.trim().is_empty(), "{}", page.code);
            }
        }
    }
}
