//! Gives the sources of this crate an identity, under which results of scans are kept: what other rules
//! found is not what these would find.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    add(Path::new("src"), &mut hasher)?;
    // It names the versions of the grammars.
    fs::read("Cargo.toml")?.hash(&mut hasher);
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=src");
    println!(
        "cargo::rustc-env=ORCHESTRATE_RULES={:016x}",
        hasher.finish()
    );
    Ok(())
}

fn add(directory: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            add(&path, hasher)?;
        } else {
            path.to_string_lossy().hash(hasher);
            fs::read(&path)?.hash(hasher);
        }
    }
    Ok(())
}
