//! JavaScript and TypeScript: relative paths, paths of `tsconfig.json`, and packages of a workspace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::edges::{Project, directory, join};
use crate::architecture::import::Import;
use crate::language::Language;
use crate::scan::FileFacts;

const SCRIPTS: [Language; 2] = [Language::JavaScript, Language::TypeScript];
const ENDINGS: [&str; 9] = ["ts", "tsx", "d.ts", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// A pattern with one `*`, and the paths that it stands for.
type Pattern = (String, Vec<String>);

/// What names of imports stand for.
pub(super) struct Packages {
    /// Directories of packages by name.
    packages: BTreeMap<String, String>,
    /// Per directory of a `tsconfig.json`: patterns and what they stand for.
    patterns: Vec<(String, Vec<Pattern>)>,
}

impl Packages {
    pub(super) fn of(project: &Project<'_>) -> Self {
        let mut all = Self {
            packages: BTreeMap::new(),
            patterns: Vec::new(),
        };
        for directory in project.directories(&SCRIPTS) {
            if let Some(text) = project.manifest(&join(&directory, "package.json"))
                && let Ok(manifest) = serde_json::from_str::<Value>(&text)
                && let Some(name) = manifest.get("name").and_then(Value::as_str)
            {
                all.packages.insert(name.to_owned(), directory.clone());
            }
            if let Some(text) = project.manifest(&join(&directory, "tsconfig.json")) {
                let patterns = patterns(&directory, &text);
                if !patterns.is_empty() {
                    all.patterns.push((directory, patterns));
                }
            }
        }
        // The nearest configuration is asked first.
        all.patterns
            .sort_by_key(|(directory, _)| std::cmp::Reverse(directory.len()));
        all
    }

    pub(super) fn resolve(
        &self,
        project: &Project<'_>,
        file: &FileFacts,
        import: &Import,
    ) -> Option<String> {
        let target = import.target.split('?').next()?;
        if target.starts_with('.') {
            return find(project, &join(directory(&file.path), target));
        }
        let by_pattern = self
            .patterns
            .iter()
            .filter(|(at, _)| at.is_empty() || file.path.starts_with(&format!("{at}/")))
            .flat_map(|(_, patterns)| patterns)
            .filter_map(|(pattern, stands_for)| Some((matched(pattern, target)?, stands_for)))
            .flat_map(|(rest, stands_for)| {
                stands_for
                    .iter()
                    .map(move |path| path.replacen('*', rest, 1))
            })
            .find_map(|path| find(project, &path));
        by_pattern.or_else(|| {
            let (name, directory) = self.packages.iter().rev().find(|(name, _)| {
                target == name.as_str() || target.starts_with(&format!("{name}/"))
            })?;
            let rest = target.get(name.len()..)?;
            ["src", "", "lib"]
                .iter()
                .find_map(|source| find(project, &join(&join(directory, source), rest)))
        })
    }
}

/// The file that a path without its ending means.
fn find(project: &Project<'_>, path: &str) -> Option<String> {
    if project.has(path) {
        return Some(path.to_owned());
    }
    // TypeScript imports `./a.ts` under the name that it will have: `./a.js`.
    let bare = [".js", ".jsx", ".mjs", ".cjs"]
        .iter()
        .find_map(|ending| path.strip_suffix(ending));
    let bases = [
        Some(path.to_owned()),
        bare.map(str::to_owned),
        Some(join(path, "index")),
    ];
    bases.into_iter().flatten().find_map(|base| {
        ENDINGS
            .iter()
            .map(|ending| format!("{base}.{ending}"))
            .find(|candidate| project.has(candidate))
    })
}

/// What the `*` of a pattern stands for in a target that it matches.
fn matched<'t>(pattern: &str, target: &'t str) -> Option<&'t str> {
    match pattern.split_once('*') {
        Some((before, after)) => target.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == target).then_some(""),
    }
}

fn patterns(directory: &str, text: &str) -> Vec<Pattern> {
    let Ok(config) = serde_json::from_str::<Value>(&without_comments(text)) else {
        return Vec::new();
    };
    let options = config.get("compilerOptions");
    let base = options
        .and_then(|options| options.get("baseUrl"))
        .and_then(Value::as_str)
        .unwrap_or(".");
    let base = join(directory, base);
    let paths = options
        .and_then(|options| options.get("paths"))
        .and_then(Value::as_object);
    paths
        .into_iter()
        .flatten()
        .map(|(pattern, stands_for)| {
            let stands_for = stands_for.as_array().into_iter().flatten();
            let paths = stands_for
                .filter_map(Value::as_str)
                .map(|path| join(&base, path))
                .collect();
            (pattern.clone(), paths)
        })
        .collect()
}

/// JSON without the comments and the commas before an end that `tsconfig.json` may have.
fn without_comments(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_string => {
                json.push(c);
                json.extend(chars.next());
            }
            '"' => {
                in_string = !in_string;
                json.push(c);
            }
            '/' if !in_string && chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        json.push(c);
                        break;
                    }
                }
            }
            '/' if !in_string && chars.peek() == Some(&'*') => {
                let mut last = ' ';
                chars.next();
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            ']' | '}' if !in_string => {
                let end = json.trim_end().len();
                if json.get(..end).is_some_and(|text| text.ends_with(',')) {
                    json.truncate(end - 1);
                }
                json.push(c);
            }
            _ => json.push(c),
        }
    }
    json
}
