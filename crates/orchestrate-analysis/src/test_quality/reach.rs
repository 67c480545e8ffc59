//! Whether anything in a test file leads to the code of the project.

use super::model::Reach;
use super::names::ProductNames;
use super::walk::walk;
use crate::language::Language;
use crate::source::{ParsedFile, Role};

/// The furthest that any import or name of a file leads.
pub(super) fn reach_of_file(file: &ParsedFile<'_>, names: &ProductNames) -> Reach {
    match file.source.language {
        Language::Rust => rust(file, names),
        Language::Python => python(file, names),
        Language::JavaScript | Language::TypeScript => javascript(file, names),
        Language::Go => go(file, names),
    }
}

/// The better of what is known, best first.
fn best(reaches: impl IntoIterator<Item = Reach>) -> Reach {
    reaches.into_iter().min().unwrap_or(Reach::DoesNot)
}

fn rust(file: &ParsedFile<'_>, names: &ProductNames) -> Reach {
    let in_product = file.source.role == Role::Product;
    best(walk(file.tree.root_node()).filter_map(|visit| {
        let node = visit.node;
        match node.kind() {
            // A test module in a product file sees the product through its parent.
            "super" | "crate" if in_product && file.is_test(node.start_byte()) => {
                Some(Reach::Reaches)
            }
            // In a test crate these lead to test helpers, which may lead on.
            "super" | "crate" => Some(Reach::Unknown),
            "mod_item" if node.child_by_field_name("body").is_none() => Some(Reach::Unknown),
            "identifier" => {
                let name = file.text(node);
                let from_product =
                    names.crates.contains(name) || matches!(name, "cargo_bin" | "cargo_bin_cmd");
                let process = matches!(name, "Command" | "trybuild");
                from_product
                    .then_some(Reach::Reaches)
                    .or(process.then_some(Reach::Unknown))
            }
            "string_content" if file.text(node).starts_with("CARGO_BIN_EXE_") => {
                Some(Reach::Reaches)
            }
            _ => None,
        }
    }))
}

fn python(file: &ParsedFile<'_>, names: &ProductNames) -> Reach {
    let is_product = |dotted: &str| {
        dotted
            .split('.')
            .next()
            .is_some_and(|first| names.python.contains(first.trim()))
    };
    best(walk(file.tree.root_node()).filter_map(|visit| {
        let node = visit.node;
        match node.kind() {
            "import_statement" => {
                let mut cursor = node.walk();
                let reaches = node.named_children(&mut cursor).map(|import| {
                    let name = import.child_by_field_name("name").unwrap_or(import);
                    match file.text(name) {
                        text if is_product(text) => Reach::Reaches,
                        "subprocess" | "importlib" | "runpy" | "requests" | "httpx" => {
                            Reach::Unknown
                        }
                        _ => Reach::DoesNot,
                    }
                });
                Some(best(reaches))
            }
            "import_from_statement" => {
                let module = node.child_by_field_name("module_name")?;
                let text = file.text(module);
                if text.starts_with('.') {
                    return Some(relative_python(file, node, text, names));
                }
                if is_product(text) {
                    // Helpers beside the tests may carry the name of the project's package.
                    let helper = text
                        .split('.')
                        .any(|part| part == "tests" || part == "test" || part == "conftest");
                    return Some(if helper {
                        Reach::Unknown
                    } else {
                        Reach::Reaches
                    });
                }
                let first = text.split('.').next().unwrap_or_default();
                let leads_on = matches!(
                    first,
                    "tests"
                        | "test"
                        | "testing"
                        | "conftest"
                        | "helpers"
                        | "subprocess"
                        | "importlib"
                );
                Some(if leads_on {
                    Reach::Unknown
                } else {
                    Reach::DoesNot
                })
            }
            // `mock.patch("package.module.name")` imports what it names.
            "string_content" => {
                let text = file.text(node);
                (text.contains('.') && is_product(text)).then_some(Reach::Reaches)
            }
            _ => None,
        }
    }))
}

/// What a relative import of Python leads to, by the paths of the product files.
fn relative_python(
    file: &ParsedFile<'_>,
    node: tree_sitter::Node<'_>,
    module: &str,
    names: &ProductNames,
) -> Reach {
    let dots = module.chars().take_while(|c| *c == '.').count();
    let mut directory = file
        .source
        .path
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    for _ in 1..dots {
        directory = directory.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    let below = module.trim_start_matches('.').replace('.', "/");
    let base = join(directory, &below);
    let exists = |path: &str| {
        let path = path.trim_start_matches('/');
        names.files.contains(&format!("{path}.py"))
            || names.files.contains(&join(path, "__init__.py"))
    };
    let mut cursor = node.walk();
    let imported = node
        .children_by_field_name("name", &mut cursor)
        .any(|name| exists(&join(&base, file.text(name))));
    if imported || exists(&base) {
        Reach::Reaches
    } else {
        Reach::Unknown
    }
}

fn javascript(file: &ParsedFile<'_>, names: &ProductNames) -> Reach {
    best(walk(file.tree.root_node()).filter_map(|visit| {
        let node = visit.node;
        let source = match node.kind() {
            "import_statement" | "export_statement" => node.child_by_field_name("source")?,
            "call_expression" => {
                let function = node.child_by_field_name("function")?;
                let text = file.text(function);
                let imports = matches!(
                    text,
                    "require"
                        | "import"
                        | "jest.mock"
                        | "vi.mock"
                        | "jest.requireActual"
                        | "vi.importActual"
                        | "require.resolve"
                        | "proxyquire"
                );
                imports
                    .then(|| node.child_by_field_name("arguments")?.named_child(0))
                    .flatten()?
            }
            _ => return None,
        };
        let path = file.text(source).trim_matches(['"', '\'', '`']);
        Some(javascript_import(file, path, names))
    }))
}

fn javascript_import(file: &ParsedFile<'_>, path: &str, names: &ProductNames) -> Reach {
    if path.starts_with('.') {
        let directory = file
            .source
            .path
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let target = join(directory, path);
        let stem = target
            .rsplit_once('.')
            .filter(|(_, ending)| ENDINGS.contains(ending))
            .map_or(target.as_str(), |(stem, _)| stem);
        let candidates = ENDINGS.iter().flat_map(|ending| {
            [
                format!("{stem}.{ending}"),
                format!("{target}.{ending}"),
                join(&target, &format!("index.{ending}")),
            ]
        });
        let known = names.files.contains(&target)
            || candidates
                .into_iter()
                .any(|candidate| names.files.contains(&candidate));
        // Something else of the repository: a helper, a fixture, a built file.
        return if known {
            Reach::Reaches
        } else {
            Reach::Unknown
        };
    }
    // Conventional aliases of the source directory.
    if ["@/", "~/", "#", "src/", "$lib"]
        .iter()
        .any(|alias| path.starts_with(alias))
    {
        return Reach::Reaches;
    }
    let own = names.packages.iter().any(|package| {
        path.strip_prefix(package.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if own {
        return Reach::Reaches;
    }
    // An alias of something else, as a build tool is told.
    if path.starts_with('~') {
        return Reach::Unknown;
    }
    let process = [
        "child_process",
        "node:child_process",
        "execa",
        "playwright",
        "@playwright/test",
        "puppeteer",
        "supertest",
    ]
    .contains(&path);
    if process {
        Reach::Unknown
    } else {
        Reach::DoesNot
    }
}

const ENDINGS: [&str; 8] = ["js", "ts", "jsx", "tsx", "mjs", "cjs", "mts", "cts"];

fn go(file: &ParsedFile<'_>, names: &ProductNames) -> Reach {
    let directory = file
        .source
        .path
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let declared = names.go.get(directory);
    best(walk(file.tree.root_node()).filter_map(|visit| {
        let node = visit.node;
        match node.kind() {
            "import_spec" => {
                let path = file
                    .text(node.child_by_field_name("path")?)
                    .trim_matches(['"', '`']);
                let own = names.modules.iter().any(|module| {
                    path.strip_prefix(module.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                });
                let process = path == "os/exec";
                own.then_some(Reach::Reaches)
                    .or(process.then_some(Reach::Unknown))
            }
            // The package of the product, seen from inside.
            "identifier" | "type_identifier" | "field_identifier" => {
                let inside = declared.is_some_and(|declared| declared.contains(file.text(node)));
                inside.then_some(Reach::Reaches)
            }
            _ => None,
        }
    }))
}

/// Joins and resolves `.` and `..`.
fn join(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
