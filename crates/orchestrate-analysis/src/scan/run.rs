//! The pass over all files: threads take the next file until there is none.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::cache::{Cache, CacheUse, Key};
use super::compared::{Compared, Part};
use super::file::{ScannedFile, scan_text};
use super::inspect;
use super::options::ScanOptions;
use super::parse::Parsers;
use super::snapshot::{FileFacts, Snapshot};
use super::test_modules;
use crate::dependencies::is_lock_file;
use crate::documentation::{BrokenLink, broken_links, is_manifest, project_documents};
use crate::duplication::tokens;
use crate::finding::Finding;
use crate::inventory::{
    Candidate, Decoded, ScanError, SkipReason, Skipped, TextKind, read_text, walk,
};
use crate::language::Language;
use crate::secrets;
use crate::source::{Role, SourceFile};
use crate::test_quality::{ProductNames, TestFunction};

/// Reads and measures everything below `root`.
///
/// Memory holds the facts of all files and the text and tree of one file per thread.
///
/// # Errors
/// If the root does not exist, is not a directory, or cannot be listed. A file that cannot be
/// measured is no error: it is listed with its reason.
pub fn scan(root: &Path, options: &ScanOptions) -> Result<Snapshot, ScanError> {
    let started = Instant::now();
    let inventory = walk(root)?;
    let threads = options.threads.clamp(1, inventory.candidates.len().max(1));
    // Tests are looked at last: what they may reach is known only once the product has been read.
    let (tests, others): (Vec<_>, Vec<_>) = inventory
        .candidates
        .iter()
        .partition(|candidate| candidate.role == Role::Test && candidate.language.is_some());
    let product = others
        .iter()
        .filter(|candidate| candidate.role == Role::Product && candidate.language.is_some());
    let names = ProductNames::of_paths(product.map(|candidate| candidate.path.as_str()));
    let settings = format!("{} {}", options.max_file_bytes, options.rules.digest());
    let cache = Cache::open(options.cache.as_deref(), &settings);
    let mut gathered = run(&others, threads, options, &names, &cache);
    let names = std::mem::take(&mut gathered.names);
    gathered.merge(run(&tests, threads, options, &names, &cache));
    let cancelled = gathered.begun < inventory.candidates.len();
    gathered.sort();
    test_modules::apply(&mut gathered);
    let compared = std::mem::take(&mut gathered.compared);
    let duplication = compared.finish(&cache, &mut gathered.cache, threads);
    // A scan that was stopped has not seen what it did not use.
    let cache_problem = if cancelled {
        None
    } else {
        cache.save(&gathered.cache)
    };
    drop(cache);
    let mut documents = project_documents(root, &packages(&inventory.candidates));
    documents.broken_links = gathered.broken_links;
    documents.links_checked = gathered.links_checked;

    let mut skipped_other = inventory.skipped_other;
    skipped_other.append(&mut gathered.skipped_other);
    let mut skipped = inventory.skipped;
    let mut unsearched = gathered.unsearched;
    unsearched.extend(
        skipped
            .iter()
            .chain(&skipped_other)
            .filter(|it| may_be_text(it.why))
            .cloned(),
    );
    unsearched.sort();
    unsearched.dedup();
    skipped.append(&mut gathered.skipped);
    skipped.sort();
    Ok(Snapshot {
        root: root.display().to_string(),
        files: gathered.files,
        skipped,
        skipped_other: counted(&skipped_other),
        unsearched,
        other_languages: inventory.other_languages,
        vendored: inventory.vendored,
        pruned: inventory.pruned,
        links: inventory.links,
        text_files: gathered.text_files,
        decoded_lossily: gathered.decoded_lossily,
        engines: inspect::ENGINES.to_vec(),
        findings: gathered.findings,
        tests: gathered.tests,
        lock_files: lock_files(&inventory.candidates),
        documents,
        hints: gathered.hints,
        duplication,
        cancelled,
        from_cache: gathered.cache.hits(),
        cache_problem,
        threads,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// Whether a file that was not read for this reason may hold text, and so a credential.
fn may_be_text(why: SkipReason) -> bool {
    matches!(
        why,
        SkipReason::TooLarge
            | SkipReason::Unreadable
            | SkipReason::UnreadableDirectory
            | SkipReason::NameNotUtf8
    )
}

fn counted(skipped: &[Skipped]) -> BTreeMap<SkipReason, u32> {
    let mut counts = BTreeMap::new();
    for file in skipped {
        *counts.entry(file.why).or_default() += 1;
    }
    counts
}

/// Directories below the root that hold a manifest of something that ships, sorted.
fn packages(candidates: &[Candidate]) -> Vec<String> {
    let mut directories: Vec<_> = candidates
        .iter()
        .filter(|candidate| candidate.role == Role::Product && is_manifest(&candidate.path))
        .filter_map(|candidate| candidate.path.rsplit_once('/'))
        .map(|(directory, _)| directory.to_owned())
        .collect();
    directories.dedup();
    directories
}

fn lock_files(candidates: &[Candidate]) -> Vec<String> {
    candidates
        .iter()
        .filter(|candidate| candidate.role == Role::Product && is_lock_file(&candidate.path))
        .map(|candidate| candidate.path.clone())
        .collect()
}

/// What threads bring together.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) files: Vec<FileFacts>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) findings: Vec<Finding>,
    tests: Vec<TestFunction>,
    /// The names under which the product can be reached, as far as a thread knows them.
    names: ProductNames,
    /// Rust files with the names of the test modules that they declare.
    pub(super) test_modules: Vec<(String, String)>,
    skipped_other: Vec<Skipped>,
    /// Files that were not read, source or not.
    unsearched: Vec<Skipped>,
    hints: Vec<Finding>,
    /// Product code, to be searched for copies.
    compared: Compared,
    cache: CacheUse,
    broken_links: Vec<BrokenLink>,
    links_checked: u32,
    text_files: u32,
    decoded_lossily: Vec<String>,
    begun: usize,
}

fn run(
    candidates: &[&Candidate],
    threads: usize,
    options: &ScanOptions,
    names: &ProductNames,
    cache: &Cache,
) -> Gathered {
    let next = AtomicUsize::new(0);
    let known = names.digest();
    let work = || {
        let mut gathered = Gathered {
            names: names.clone(),
            ..Gathered::default()
        };
        let mut parsers = Parsers::default();
        while !options.cancelled() {
            let Some(candidate) = candidates.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            gathered.begun += 1;
            let mut worker = Worker {
                parsers: &mut parsers,
                options,
                cache,
                known: &known,
            };
            gathered.take(candidate, &mut worker);
        }
        gathered
    };
    let mut all = Gathered::default();
    thread::scope(|scope| {
        // The calling thread works too, so that one thread needs no second.
        let others: Vec<_> = (1..threads)
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        all.merge(work());
        for other in others {
            match other.join() {
                Ok(gathered) => all.merge(gathered),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    all
}

/// What a thread works with.
struct Worker<'w> {
    parsers: &'w mut Parsers,
    options: &'w ScanOptions,
    cache: &'w Cache,
    /// A hash of the names that were known when this pass began.
    known: &'w str,
}

/// The result of a source file as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The names that were known: what tests reach depends on them.
    known: String,
    scanned: ScannedFile,
}

impl Worker<'_> {
    /// What an earlier scan kept of a source file, if it is as it was.
    fn kept(
        &self,
        key: Option<Key>,
        source: &SourceFile,
        gathered: &mut Gathered,
    ) -> Option<ScannedFile> {
        let is_good = |kept: &Kept| kept.scanned.tests.is_empty() || kept.known == self.known;
        let kept = self.cache.get(key, &mut gathered.cache, is_good)?;
        gathered.names.learn(&source.path, &kept.scanned.declared);
        Some(kept.scanned)
    }

    /// What a source file gives.
    fn scan(
        &mut self,
        key: Option<Key>,
        source: SourceFile,
        gathered: &mut Gathered,
    ) -> ScannedFile {
        let scanned = scan_text(
            self.parsers,
            source,
            &mut gathered.names,
            &self.options.rules,
        );
        let kept = Kept {
            known: self.known.to_owned(),
            scanned,
        };
        self.cache.put(key, &kept, &mut gathered.cache);
        kept.scanned
    }

    /// What any other text gives, kept or new.
    fn inspect(&self, candidate: &Candidate, text: &str, using: &mut CacheUse) -> Vec<Finding> {
        let (path, role) = (&candidate.path, candidate.role);
        let key = self.cache.key(path, role, text);
        if let Some(found) = self.cache.get(key, using, |_| true) {
            return found;
        }
        let found = inspect::text(path, text, role, &self.options.rules);
        self.cache.put(key, &found, using);
        found
    }
}

impl Gathered {
    fn take(&mut self, candidate: &Candidate, worker: &mut Worker<'_>) {
        let options = worker.options;
        let path = &candidate.path;
        let in_test = candidate.role == Role::Test;
        let key_store = secrets::key_store(path, in_test, &options.rules);
        self.findings.extend(key_store);
        let kind = match candidate.language {
            Some(_) => TextKind::Source,
            None => TextKind::Other,
        };
        let read = read_text(&candidate.file, options.max_text_bytes, kind);
        let Decoded { text, lossy } = match read {
            Ok(decoded) => decoded,
            Err(why) => {
                if may_be_text(why) {
                    let path = path.clone();
                    self.unsearched.push(Skipped { path, why });
                }
                self.skip(candidate, why);
                return;
            }
        };
        self.text_files += 1;
        if lossy {
            self.decoded_lossily.push(path.clone());
        }
        let Some(language) = candidate.language else {
            let found = worker.inspect(candidate, &text, &mut self.cache);
            self.findings.extend(found);
            if candidate.role == Role::Product {
                self.names.learn_manifest(path, &text);
            }
            self.check_links(candidate, &text);
            return;
        };
        if text.len() as u64 > options.max_file_bytes {
            let found = worker.inspect(candidate, &text, &mut self.cache);
            self.findings.extend(found);
            self.skip(candidate, SkipReason::TooLarge);
            return;
        }
        let source = SourceFile {
            path: path.clone(),
            language,
            role: candidate.role,
            text,
            modified: candidate.modified,
        };
        let key = worker.cache.key(path, candidate.role, &source.text);
        let kept = worker.kept(key, &source, self);
        // Tokens cost less than keeping them would, and nothing where no file has changed.
        let tokens = (kept.is_none() && candidate.role == Role::Product)
            .then(|| tokens(&source.text, language));
        let scanned = match kept {
            Some(kept) => kept,
            None => worker.scan(key, source, self),
        };
        let ScannedFile {
            facts,
            findings,
            test_modules,
            tests,
            hints,
            test_ranges,
            declared: _,
        } = scanned;
        self.hints.extend(hints);
        if facts
            .as_ref()
            .is_ok_and(|facts| facts.role == Role::Product)
        {
            self.compared.add(Part {
                language,
                path: path.clone(),
                file: candidate.file.clone(),
                key,
                tests: test_ranges,
                tokens,
            });
        }
        self.findings.extend(findings);
        self.tests.extend(tests);
        let declared = test_modules.into_iter().map(|name| (path.clone(), name));
        self.test_modules.extend(declared);
        match facts {
            Ok(facts) => self.files.push(facts),
            Err(why) => self.skip(candidate, why),
        }
    }

    /// Takes back what was noted of Rust files that turned out to be tests.
    pub(super) fn drop_product_facts(&mut self, is_test: &dyn Fn(&str) -> bool) {
        self.compared.drop_files(is_test);
        self.hints.retain(|hint| {
            Language::of_path(&hint.path) != Some(Language::Rust) || !is_test(&hint.path)
        });
    }

    /// Links of documents that ship; those of fixtures are often broken on purpose.
    fn check_links(&mut self, candidate: &Candidate, text: &str) {
        let is_markdown = [".md", ".markdown"]
            .iter()
            .any(|ending| candidate.path.ends_with(ending));
        let ships = matches!(candidate.role, Role::Product | Role::Example);
        if !is_markdown || !ships {
            return;
        }
        let directory = candidate.file.parent().unwrap_or(&candidate.file);
        let (mut broken, checked) = broken_links(&candidate.path, text, directory);
        self.broken_links.append(&mut broken);
        self.links_checked += checked;
    }

    fn skip(&mut self, candidate: &Candidate, why: SkipReason) {
        let path = candidate.path.clone();
        let skipped = Skipped { path, why };
        if candidate.language.is_some() {
            self.skipped.push(skipped);
        } else {
            self.skipped_other.push(skipped);
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
        self.skipped.append(&mut other.skipped);
        self.findings.append(&mut other.findings);
        self.tests.append(&mut other.tests);
        self.names.merge(other.names);
        self.test_modules.append(&mut other.test_modules);
        self.skipped_other.append(&mut other.skipped_other);
        self.unsearched.append(&mut other.unsearched);
        self.hints.append(&mut other.hints);
        self.compared.merge(other.compared);
        self.cache.merge(other.cache);
        self.broken_links.append(&mut other.broken_links);
        self.links_checked += other.links_checked;
        self.text_files += other.text_files;
        self.decoded_lossily.append(&mut other.decoded_lossily);
        self.begun += other.begun;
    }

    fn sort(&mut self) {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.test_modules.sort();
        self.tests
            .sort_by(|a, b| (&a.path, a.line, &a.name).cmp(&(&b.path, b.line, &b.name)));
        self.broken_links.sort();
        self.decoded_lossily.sort();
        for findings in [&mut self.findings, &mut self.hints] {
            findings.sort_by(|a, b| {
                (&a.path, a.line, a.column, &a.rule_id)
                    .cmp(&(&b.path, b.line, b.column, &b.rule_id))
            });
        }
    }
}
