//! What a disk may hold after a power cut: of everything that was not synced, any part in any order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::history::Change;
use super::random::Random;
use super::stage::Check;

/// What a disk writes wholly or not at all.
const SECTOR: usize = 512;

/// The files of a directory, by name.
pub(crate) type Image = BTreeMap<String, Vec<u8>>;

/// A change to a file that no sync has made safe yet.
#[derive(Debug, Clone)]
enum Loose {
    Write { at: usize, data: Vec<u8> },
    Cut(usize),
}

#[derive(Debug, Default)]
struct File {
    safe: Vec<u8>,
    loose: Vec<Loose>,
    /// Whether the directory holds its name for good.
    named: bool,
    /// Whether it was removed.
    gone: bool,
    /// What its name stood for before it was made again or removed, while that is not for good.
    before: Option<Vec<u8>>,
    /// Whether it took the name over without a moment in between.
    replaces: bool,
}

/// How much of what is loose reaches the disk.
#[derive(Debug, Clone, Copy)]
enum Luck {
    Nothing,
    Everything,
    /// Up to some moment, in order.
    Until(u64),
    /// So many of a hundred sectors, in order or not.
    Some {
        percent: u64,
        reordered: bool,
    },
}

/// The folder of a name, within the directory that is watched.
fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// One of the images that a cut after these changes may leave.
pub(crate) fn after(changes: &[Change], random: &mut Random) -> Image {
    let mut files: BTreeMap<&str, File> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Make(name) => {
                let file = files.entry(name).or_default();
                let before = file.before.take();
                *file = File {
                    before,
                    ..File::default()
                };
            }
            Change::Write { file, at, data } => {
                let (at, data) = (*at, data.clone());
                let file = files.entry(file).or_default();
                file.loose.push(Loose::Write { at, data });
            }
            Change::Cut { file, length } => {
                let file = files.entry(file).or_default();
                file.loose.push(Loose::Cut(*length));
            }
            Change::SyncFolder(folder) => {
                for (name, file) in &mut files {
                    if folder_of(name) == folder {
                        file.named = !file.gone;
                        file.before = None;
                    }
                }
            }
            Change::Sync(name) => {
                let file = files.entry(name).or_default();
                for loose in std::mem::take(&mut file.loose) {
                    loose.apply(&mut file.safe);
                }
            }
            Change::Remove(name) => {
                let file = files.entry(name).or_default();
                if file.named {
                    file.before = Some(file.content(random));
                }
                file.gone = true;
                file.named = false;
            }
            Change::Move { from, to } => {
                let moved = files.remove(from.as_str()).unwrap_or_default();
                let stood = files.remove(to.as_str()).unwrap_or_default();
                let before = if stood.named {
                    Some(stood.content(random))
                } else {
                    stood.before
                };
                let file = File {
                    named: false,
                    replaces: before.is_some(),
                    before,
                    ..moved
                };
                files.insert(to, file);
            }
            Change::Told(_) => {}
        }
    }
    let mut image = Image::new();
    for (name, file) in files {
        let there = file.named || (!file.gone && random.percent(50));
        let content = match (there, file.before.clone()) {
            (true, _) => Some(file.content(random)),
            // A name that is given to another file never stands for nothing.
            (false, Some(before)) if file.replaces || random.percent(50) => Some(before),
            (false, _) => None,
        };
        if let Some(content) = content {
            image.insert(name.to_owned(), content);
        }
    }
    image
}

/// What the system holds after these changes, and so what a killed process leaves.
pub(crate) fn as_left(changes: &[Change]) -> Image {
    let mut image = Image::new();
    for change in changes {
        match change {
            Change::Make(name) => {
                image.insert(name.clone(), Vec::new());
            }
            Change::Write { file, at, data } => {
                let (at, data) = (*at, data.clone());
                let content = image.entry(file.clone()).or_default();
                Loose::Write { at, data }.apply(content);
            }
            Change::Cut { file, length } => {
                Loose::Cut(*length).apply(image.entry(file.clone()).or_default());
            }
            Change::Remove(name) => {
                image.remove(name);
            }
            Change::Move { from, to } => {
                let moved = image.remove(from).unwrap_or_default();
                image.insert(to.clone(), moved);
            }
            Change::Sync(_) | Change::SyncFolder(_) | Change::Told(_) => {}
        }
    }
    image
}

impl File {
    fn content(&self, random: &mut Random) -> Vec<u8> {
        let mut content = self.safe.clone();
        let luck = match random.below(6) {
            0 => Luck::Nothing,
            1 => Luck::Everything,
            2 | 3 => Luck::Until(random.below(self.loose.len() as u64 + 1)),
            _ => Luck::Some {
                percent: 10 + random.below(85),
                reordered: random.percent(60),
            },
        };
        let mut kept: Vec<Loose> = Vec::new();
        match luck {
            Luck::Nothing => {}
            Luck::Everything => kept.clone_from(&self.loose),
            Luck::Until(count) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                kept.extend(self.loose.iter().take(count).cloned());
                // The one that was under way is torn.
                let torn = self
                    .loose
                    .get(count)
                    .map(Loose::sectors)
                    .unwrap_or_default();
                let whole = random.index(torn.len() + 1);
                kept.extend(torn.into_iter().take(whole));
            }
            Luck::Some { percent, reordered } => {
                let all = self.loose.iter().flat_map(Loose::sectors);
                kept.extend(all.filter(|_| random.percent(percent)));
                if reordered {
                    random.shuffle(&mut kept);
                }
            }
        }
        for loose in kept {
            loose.apply(&mut content);
        }
        content
    }
}

impl Loose {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, data } => {
                let end = at + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                if let Some(place) = content.get_mut(*at..end) {
                    place.copy_from_slice(data);
                }
            }
            Self::Cut(length) => content.resize(*length, 0),
        }
    }

    /// The same, by what a disk writes at once.
    fn sectors(&self) -> Vec<Self> {
        let Self::Write { at, data } = self else {
            return vec![self.clone()];
        };
        let mut sectors = Vec::new();
        let (mut at, mut rest) = (*at, data.as_slice());
        while !rest.is_empty() {
            let room = SECTOR - at % SECTOR;
            let (part, after) = rest.split_at(room.min(rest.len()));
            let data = part.to_vec();
            sectors.push(Self::Write { at, data });
            at += part.len();
            rest = after;
        }
        sectors
    }
}

/// Makes a directory hold an image and nothing else.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn lay_out(image: &Image, folder: &Path) -> Check {
    let told = |error: std::io::Error| format!("no image: {error}");
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(told)?;
    for (name, content) in image {
        let path = folder.join(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(told)?;
        fs::write(path, content).map_err(told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: usize, text: &str) -> Change {
        Change::Write {
            file: "a".to_owned(),
            at,
            data: text.as_bytes().to_vec(),
        }
    }

    fn images(changes: &[Change]) -> Vec<Option<String>> {
        let mut random = Random::of(1, "image", 0);
        let text = |image: Image| {
            let content = image.get("a")?;
            Some(String::from_utf8_lossy(content).into_owned())
        };
        let all = (0..300).map(|_| text(after(changes, &mut random)));
        let mut all: Vec<_> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    #[test]
    fn what_was_synced_is_there_and_the_rest_may_be() {
        let name = || "a".to_owned();
        let mut changes = vec![Change::Make(name()), write(0, "one")];
        let seen = images(&changes);
        assert!(seen.contains(&None) && seen.contains(&Some(String::new())));
        changes.extend([Change::Sync(name()), Change::SyncFolder(String::new())]);
        assert_eq!(images(&changes), [Some("one".to_owned())]);
        changes.extend([write(0, "two"), write(3, "more")]);
        let seen = images(&changes);
        for text in ["one", "two", "onemore", "twomore"] {
            assert!(seen.contains(&Some(text.to_owned())), "{text}: {seen:?}");
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        changes.push(Change::Remove(name()));
        assert!(images(&changes).contains(&None));
    }

    #[test]
    fn a_name_that_is_taken_over_stands_for_the_old_or_the_new() {
        let put = |file: &str, text: &str| Change::Write {
            file: file.to_owned(),
            at: 0,
            data: text.as_bytes().to_vec(),
        };
        let sync = |file: &str| Change::Sync(file.to_owned());
        let changes = [
            Change::Make("a".to_owned()),
            put("a", "old"),
            sync("a"),
            Change::SyncFolder(String::new()),
            Change::Make("b".to_owned()),
            put("b", "new"),
            sync("b"),
            Change::Move {
                from: "b".to_owned(),
                to: "a".to_owned(),
            },
        ];
        let texts = [Some("new".to_owned()), Some("old".to_owned())];
        assert_eq!(images(&changes), texts);
    }
}
