//! Results of earlier scans, by the content of the files that gave them.
//!
//! One file holds them all. It is read whole and written whole, and carries a checksum: one that is
//! damaged, or was written by other rules, is as good as none. It holds what a report holds, and no
//! secret either.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::inventory::read_bytes;
use crate::source::Role;

/// Larger files of results are not read, in bytes.
const MAX_BYTES: u64 = 1 << 30;
const KEY_BYTES: usize = 16;
const SUM_BYTES: usize = 32;

/// What a result is found by: the content of a file, its path and its role.
pub(super) type Key = [u8; KEY_BYTES];

/// The results of earlier scans.
#[derive(Debug, Default)]
pub(super) struct Cache {
    path: Option<PathBuf>,
    /// What wrote it: the rules and the settings that change what they give.
    identity: String,
    bytes: Vec<u8>,
    entries: HashMap<Key, Range<usize>>,
}

/// What one thread took from the cache and what it has to add.
#[derive(Debug, Default)]
pub(super) struct CacheUse {
    used: Vec<Key>,
    added: Vec<(Key, Vec<u8>)>,
    /// Files whose result was taken from it.
    files: usize,
}

impl CacheUse {
    pub(super) fn merge(&mut self, mut other: Self) {
        self.used.append(&mut other.used);
        self.added.append(&mut other.added);
        self.files += other.files;
    }

    /// Of how many files the result was taken from the cache.
    pub(super) fn hits(&self) -> u32 {
        u32::try_from(self.files).unwrap_or(u32::MAX)
    }
}

impl Cache {
    /// Opens the cache at `path`, if there is one to be used. A cache that cannot be used is an empty one.
    pub(super) fn open(path: Option<&Path>, settings: &str) -> Self {
        let identity = format!(
            "orchestrate-scan 1 {} {settings}\n",
            env!("ORCHESTRATE_RULES")
        );
        let mut cache = Self {
            path: path.map(Path::to_path_buf),
            identity,
            ..Self::default()
        };
        if let Some(bytes) = path.and_then(|path| read_bytes(path, MAX_BYTES).ok())
            && let Some(entries) = index(&bytes, cache.identity.as_bytes())
        {
            cache.bytes = bytes;
            cache.entries = entries;
        }
        cache
    }

    /// The key of a file; `None` when no cache is used, which spares the hashing.
    pub(super) fn key(&self, path: &str, role: Role, text: &str) -> Option<Key> {
        self.path.as_ref()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(path.as_bytes());
        hasher.update(format!("{role:?}\0").as_bytes());
        hasher.update(text.as_bytes());
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        Some(key)
    }

    /// The result of a file, if there is one that can be read and is still good.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        key: Option<Key>,
        using: &mut CacheUse,
        is_good: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let value = self.get_of_many(key, using, is_good)?;
        using.files += 1;
        Some(value)
    }

    /// The same for a result over many files.
    pub(super) fn get_of_many<T: DeserializeOwned>(
        &self,
        key: Option<Key>,
        using: &mut CacheUse,
        is_good: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let key = key?;
        let bytes = self.bytes.get(self.entries.get(&key)?.clone())?;
        let value = serde_json::from_slice(bytes).ok().filter(is_good)?;
        using.used.push(key);
        Some(value)
    }

    /// Remembers a result.
    pub(super) fn put(&self, key: Option<Key>, value: &impl Serialize, using: &mut CacheUse) {
        if let Some(key) = key
            && let Ok(bytes) = serde_json::to_vec(value)
        {
            using.added.push((key, bytes));
        }
    }

    /// Writes what was used and what is new, unless that is what the file holds already.
    ///
    /// Gives the reason if it cannot be written: the scan is as good without.
    pub(super) fn save(&self, using: &CacheUse) -> Option<String> {
        let path = self.path.as_ref()?;
        let used: HashSet<&Key> = using.used.iter().collect();
        let few_are_stale =
            self.entries.len() - used.len().min(self.entries.len()) <= self.entries.len() / 4;
        if using.added.is_empty() && few_are_stale {
            return None;
        }
        let kept = used.into_iter().filter_map(|key| {
            let bytes = self.bytes.get(self.entries.get(key)?.clone())?;
            Some((key, bytes))
        });
        let added = using
            .added
            .iter()
            .map(|(key, bytes)| (key, bytes.as_slice()));
        write(path, self.identity.as_bytes(), kept.chain(added))
            .err()
            .map(|error| {
                format!(
                    "results of this scan could not be kept in `{}`: {error}",
                    path.display()
                )
            })
    }
}

/// The entries of a file, if it is whole and was written under this identity.
fn index(bytes: &[u8], identity: &[u8]) -> Option<HashMap<Key, Range<usize>>> {
    let end = bytes.len().checked_sub(SUM_BYTES)?;
    let (body, sum) = bytes.split_at_checked(end)?;
    if !body.starts_with(identity) || blake3::hash(body).as_bytes() != sum {
        return None;
    }
    let mut entries = HashMap::new();
    let mut at = identity.len();
    while at < end {
        let key: Key = body.get(at..at + KEY_BYTES)?.try_into().ok()?;
        at += KEY_BYTES;
        let length = u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?);
        at += 4;
        let next = at.checked_add(usize::try_from(length).ok()?)?;
        if next > end {
            return None;
        }
        entries.insert(key, at..next);
        at = next;
    }
    Some(entries)
}

/// Writes a file beside the old one and puts it in its place, so that nobody reads half of it.
fn write<'e>(
    path: &Path,
    identity: &[u8],
    entries: impl Iterator<Item = (&'e Key, &'e [u8])>,
) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let beside = path.with_extension(format!("tmp-{}", std::process::id()));
    let mut out = Summed {
        file: std::io::BufWriter::new(fs::File::create(&beside)?),
        sum: blake3::Hasher::new(),
    };
    let written = (|| {
        out.put(identity)?;
        for (key, bytes) in entries {
            let Ok(length) = u32::try_from(bytes.len()) else {
                continue;
            };
            out.put(key)?;
            out.put(&length.to_le_bytes())?;
            out.put(bytes)?;
        }
        let sum = out.sum.finalize();
        out.file.write_all(sum.as_bytes())?;
        out.file.flush()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        // It is of no use to anybody; that it may stay behind is no second fault.
        let _ = fs::remove_file(&beside);
    }
    written
}

struct Summed {
    file: std::io::BufWriter<fs::File>,
    sum: blake3::Hasher,
}

impl Summed {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.update(bytes);
        self.file.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(path: &Path, settings: &str) -> Option<String> {
        let cache = Cache::open(Some(path), settings);
        let key = cache.key("a.py", Role::Product, "text");
        cache.get(key, &mut CacheUse::default(), |_: &String| true)
    }

    #[test]
    fn a_result_is_found_by_content_and_lost_to_damage_and_to_other_rules() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("deep/scan.cache");
        let cache = Cache::open(Some(&path), "");
        let mut using = CacheUse::default();
        let key = cache.key("a.py", Role::Product, "text");
        assert!(cache.get::<String>(key, &mut using, |_| true).is_none());
        cache.put(key, &"result", &mut using);
        assert_eq!(cache.save(&using), None);
        assert_eq!(stored(&path, ""), Some("result".to_owned()));
        assert_eq!(stored(&path, "other rules"), None);
        for other in [
            ("b.py", Role::Product, "text"),
            ("a.py", Role::Test, "text"),
            ("a.py", Role::Product, "texT"),
        ] {
            assert_ne!(cache.key(other.0, other.1, other.2), key);
        }
        let whole = fs::read(&path).expect("it was written");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).expect("it is writable");
            assert_eq!(stored(&path, ""), None, "a bit flipped at {at}");
            fs::write(&path, &whole[..at]).expect("it is writable");
            assert_eq!(stored(&path, ""), None, "cut off at {at}");
        }
    }

    #[test]
    fn what_is_not_used_any_more_goes_once_it_is_much() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("scan.cache");
        let cache = Cache::open(Some(&path), "");
        let mut using = CacheUse::default();
        for name in ["a", "b", "c"] {
            cache.put(cache.key(name, Role::Product, ""), &name, &mut using);
        }
        assert_eq!(cache.save(&using), None);
        let cache = Cache::open(Some(&path), "");
        let mut using = CacheUse::default();
        let key = cache.key("a", Role::Product, "");
        assert!(cache.get::<String>(key, &mut using, |_| true).is_some());
        assert_eq!(using.hits(), 1);
        assert_eq!(cache.save(&using), None);
        assert_eq!(Cache::open(Some(&path), "").entries.len(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        fs::write(&file, "").expect("it is writable");
        let cache = Cache::open(Some(&file.join("scan.cache")), "");
        let mut using = CacheUse::default();
        cache.put(cache.key("a", Role::Product, ""), &1, &mut using);
        assert!(
            cache
                .save(&using)
                .is_some_and(|why| why.contains("could not be kept"))
        );
    }
}
