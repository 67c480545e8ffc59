//! Installed packages of Node in a copy: linked to one by one, so that packages of the repository
//! itself, which are links there already, lead into the copy.

use std::fs;
use std::io;
use std::path::Path;

use super::copy::link;

/// Hidden directories that hold packages and programs; others are caches.
const HIDDEN: [&str; 2] = [".bin", ".pnpm"];

/// Fills a directory with links to the packages of another.
pub(super) fn link_to(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name_text = name.to_string_lossy();
        let at = to.join(&name);
        if kind.is_symlink() {
            link(&fs::read_link(entry.path())?, &at)?;
        } else if name_text.starts_with('@') && kind.is_dir() {
            fs::create_dir(&at)?;
            link_to(&entry.path(), &at)?;
        } else if !name_text.starts_with('.') || HIDDEN.contains(&&*name_text) {
            link(&entry.path(), &at)?;
        }
    }
    Ok(())
}
