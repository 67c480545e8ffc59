//! The names of a project as its paths and manifests tell them, before any file is parsed.

use std::collections::BTreeSet;

use super::names::{ProductNames, python_roots};

impl ProductNames {
    /// Learns the names that the paths of product files give.
    pub(crate) fn of_paths<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let files: BTreeSet<String> = paths.into_iter().map(str::to_owned).collect();
        Self {
            python: python_roots(&files),
            files,
            ..Self::default()
        }
    }

    /// Learns the names that a manifest gives. A file that is no manifest, or a broken one, gives none.
    pub(crate) fn read_manifest(&mut self, path: &str, text: &str) {
        match path.rsplit('/').next() {
            Some("Cargo.toml") => {
                for section in ["package", "lib"] {
                    if let Some(name) = toml_name(text, section) {
                        self.crates.insert(name.replace('-', "_"));
                    }
                }
            }
            Some("package.json") => {
                let manifest: Option<serde_json::Value> = serde_json::from_str(text).ok();
                let name = manifest
                    .as_ref()
                    .and_then(|found| found.get("name")?.as_str());
                self.packages.extend(name.map(str::to_owned));
            }
            Some("go.mod") => {
                let module = text
                    .lines()
                    .find_map(|line| line.trim().strip_prefix("module "));
                let path = module.map(|rest| {
                    let rest = rest.split("//").next().unwrap_or(rest);
                    rest.trim().trim_matches('"').to_owned()
                });
                self.modules.extend(path);
            }
            _ => {}
        }
    }

    /// Learns what a Go product file declares; tests in its package can name that without an import.
    pub(crate) fn add_go_file(&mut self, path: &str, declared: impl IntoIterator<Item = String>) {
        let (directory, _) = path.rsplit_once('/').unwrap_or(("", path));
        self.go
            .entry(directory.to_owned())
            .or_default()
            .extend(declared);
    }
}

/// The `name` of a section of a TOML file, where it is written on a line of its own.
fn toml_name<'t>(text: &'t str, section: &str) -> Option<&'t str> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            inside = head.trim_end().strip_suffix(']').map(str::trim) == Some(section);
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "name"
        {
            return value.trim().split(['"', '\'']).nth(1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_give_names() {
        let mut names = ProductNames::of_paths(["src/shop/basket.py", "src/shop/__init__.py"]);
        names.read_manifest(
            "a/Cargo.toml",
            "[workspace]\nname = \"no\"\n[package]\nversion = \"1\"\nname = \"my-crate\" # x\n[lib]\nname = 'lib_name'\n",
        );
        names.read_manifest("package.json", "{\"name\": \"@me/shop\"}");
        names.read_manifest("go.mod", "module example.com/shop // comment\n\ngo 1.22\n");
        names.read_manifest("b/Cargo.toml", "[package");
        names.read_manifest("web/package.json", "{");
        let set = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(set(&names.crates), "lib_name my_crate");
        assert_eq!(set(&names.packages), "@me/shop");
        assert_eq!(set(&names.modules), "example.com/shop");
        assert_eq!(set(&names.python), "shop");
    }
}
