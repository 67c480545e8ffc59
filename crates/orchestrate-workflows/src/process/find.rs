//! Finds programs without starting any.

use std::env;
use std::path::{Path, PathBuf};

/// A program on the search path of this process.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        // An empty or relative entry would mean the analysed repository itself.
        .filter(|directory| directory.is_absolute())
        .find_map(|directory| in_directory(&directory, name))
}

/// A program in a directory, under its own name or with the ending of this system.
pub(crate) fn in_directory(directory: &Path, name: &str) -> Option<PathBuf> {
    let names = [
        name.to_owned(),
        format!("{name}{}", env::consts::EXE_SUFFIX),
    ];
    names
        .iter()
        .map(|name| directory.join(name))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
