//! What is known of Rust's libraries: where data comes from, what cleans it, what passes it on;
//! and how `use` and parameters bind names.

use tree_sitter::Node;

use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::names;
use crate::security::shape::{children, field, line_of};
use crate::security::value::{Taint, Uses, Value};

/// Where outside data enters.
pub(super) fn sources() -> Vec<(&'static str, Taint)> {
    let mut all = Vec::new();
    for path in [
        "std::env::args",
        "std::env::args_os",
        "std::env::var",
        "std::env::var_os",
        "std::env::vars",
        "std::io::stdin",
        "env::args",
        "env::var",
        "std::io::read_to_string",
    ] {
        all.push((path, Taint::Local));
    }
    for path in [
        "HttpRequest.match_info",
        "HttpRequest.query_string",
        "HttpRequest.headers",
        "HttpRequest.uri",
        "HttpRequest.path",
        "HttpRequest.cookie",
        "HeaderMap.get",
    ] {
        all.push((path, Taint::Remote));
    }
    all
}

/// Calls whose result is safe for some uses.
pub(super) fn cleaners() -> Vec<(&'static str, Uses)> {
    let mut all = Vec::new();
    for path in [
        "*.len",
        "*.is_empty",
        "*.parse",
        "*.starts_with",
        "*.ends_with",
        "*.contains",
        "*.exists",
        "*.is_file",
        "*.count",
        "*.is_some",
        "*.is_none",
        "*.is_ok",
        "*.is_err",
        "Uuid::parse_str",
        "uuid::Uuid::parse_str",
        "*.next_multiple_of",
    ] {
        all.push((path, Uses::ALL));
    }
    for path in [
        "html_escape::encode_text",
        "html_escape::encode_safe",
        "askama_escape::escape",
        "ammonia::clean",
        "v_htmlescape::escape",
        "encode_text",
        "encode_safe",
        "serde_json::to_string",
        "escape_html",
        "*.escape_html",
    ] {
        all.push((path, Uses::HTML));
    }
    for path in [
        "shell_escape::escape",
        "shlex::try_quote",
        "shlex::quote",
        "shell_words::quote",
    ] {
        all.push((path, Uses::SHELL));
    }
    all.push(("*.file_name", Uses::PATH));
    all.push(("sanitize_filename::sanitize", Uses::PATH));
    all.push((
        "urlencoding::encode",
        Uses::URL.and(Uses::HTML).and(Uses::PATH),
    ));
    all
}

pub(super) const BUILDERS: [&str; 7] = [
    "format!",
    "concat!",
    "format_args!",
    "*.join",
    "*.concat",
    "*.replace",
    "std::fmt::format",
];

pub(super) const PASSES: [&str; 14] = [
    "String::from",
    "Some",
    "Ok",
    "Box::new",
    "PathBuf::from",
    "Path::new",
    "std::path::PathBuf::from",
    "std::path::Path::new",
    "OsString::from",
    "Arc::new",
    "Cow::from",
    "Cow::Owned",
    "Cow::Borrowed",
    "str::from_utf8",
];

/// Methods that hand on what they are called on.
pub(super) const TRANSPARENT: [&str; 32] = [
    "unwrap",
    "expect",
    "unwrap_or_default",
    "clone",
    "to_string",
    "to_owned",
    "as_str",
    "as_ref",
    "into",
    "into_inner",
    "as_bytes",
    "into_bytes",
    "as_path",
    "as_deref",
    "trim",
    "ok",
    "cloned",
    "iter",
    "into_iter",
    "map_err",
    "to_string_lossy",
    "into_owned",
    "borrow",
    "as_mut",
    "lock",
    "arg",
    "args",
    "env",
    "current_dir",
    "stdin",
    "stdout",
    "stderr",
];

/// Binds what a `use` brings in.
pub(super) fn import<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let Some(argument) = field(node, "argument") else {
        return;
    };
    let mut open = vec![(String::new(), argument)];
    while let Some((above, node)) = open.pop() {
        let under = |text: &str| {
            if above.is_empty() {
                text.to_owned()
            } else {
                format!("{above}::{text}")
            }
        };
        match node.kind() {
            "use_list" => open.extend(
                children(node)
                    .into_iter()
                    .map(|child| (above.clone(), child)),
            ),
            "scoped_use_list" => {
                let path = field(node, "path").map_or(String::new(), |path| under(flow.text(path)));
                if let Some(list) = field(node, "list") {
                    open.push((path, list));
                }
            }
            "use_as_clause" => {
                if let (Some(path), Some(alias)) = (field(node, "path"), field(node, "alias")) {
                    let value = Value::named(&under(flow.text(path)));
                    flow.bind(flow.text(alias), value);
                }
            }
            "identifier" | "scoped_identifier" => {
                let text = flow.text(node);
                let name = text.rsplit("::").next().unwrap_or(text);
                flow.bind(name, Value::named(&under(text)));
            }
            "self" => {
                // `use std::fmt::{self}` binds the last part of the path above.
                let path = node
                    .parent()
                    .and_then(|list| list.parent())
                    .and_then(|scoped| field(scoped, "path"))
                    .map(|path| flow.text(path));
                if let Some(path) = path {
                    let name = path.rsplit("::").next().unwrap_or(path);
                    flow.bind(name, Value::named(&above));
                }
            }
            _ => {}
        }
    }
}

/// The parameters of a function: extractors of web frameworks as remote data.
pub(super) fn parameters<'t>(flow: &Flow<'t>, function: Node<'t>) -> Vec<(&'t str, Value)> {
    let Some(list) = field(function, "parameters") else {
        return Vec::new();
    };
    let route = is_route(flow, function);
    let mut bound = Vec::new();
    for parameter in children(list) {
        if parameter.kind() == "self_parameter" {
            bound.push(("self", Value::named("self")));
            continue;
        }
        let kind = field(parameter, "type").map_or("", |kind| flow.text(kind));
        let pattern = field(parameter, "pattern").unwrap_or(parameter);
        let mut open = vec![pattern];
        while let Some(node) = open.pop() {
            match node.kind() {
                "identifier" => {
                    let name = flow.text(node);
                    bound.push((name, of_type(name, kind, route, line_of(node))));
                }
                "tuple_struct_pattern" => open.extend(children(node).into_iter().skip(1)),
                _ => open.extend(children(node)),
            }
        }
    }
    bound
}

fn of_type(name: &str, kind: &str, route: bool, line: u32) -> Value {
    let plain = kind.trim_start_matches(['&', '\'', ' ']);
    let plain = plain
        .strip_prefix("web::")
        .or_else(|| plain.strip_prefix("extract::"))
        .unwrap_or(plain);
    let head = plain.split(['<', ' ']).next().unwrap_or(plain);
    let extractor = matches!(
        head,
        "Query" | "Path" | "Form" | "Json" | "RawQuery" | "Multipart"
    ) && plain.contains('<');
    let numeric = ["<i32>", "<i64>", "<u32>", "<u64>", "<usize>", "<Uuid>"]
        .iter()
        .any(|kind| plain.contains(kind));
    let text = matches!(head, "str" | "String" | "PathBuf");
    if (extractor && !numeric) || (route && text) {
        return Value::tainted(Taint::Remote, name, line);
    }
    match head {
        "HttpRequest" => Value::named("HttpRequest"),
        "HeaderMap" => Value::named("HeaderMap"),
        "usize" | "u64" | "u32" | "u16" | "u8" | "i64" | "i32" | "bool" | "f64" => Value::clean(),
        _ => Value::unknown(),
    }
}

/// Whether an attribute makes the function answer requests.
fn is_route(flow: &Flow<'_>, function: Node<'_>) -> bool {
    let mut before = function.prev_named_sibling();
    while let Some(node) = before
        .filter(|node| node.kind().ends_with("attribute_item") || node.kind().ends_with("comment"))
    {
        let text = flow.text(node).trim_start_matches("#[");
        if ["get(", "post(", "put(", "delete(", "patch(", "route("]
            .iter()
            .any(|head| text.starts_with(head))
        {
            return true;
        }
        before = node.prev_named_sibling();
    }
    false
}

/// A command keeps the program that it runs in its path, so that a shell is seen later.
pub(super) fn call_value(call: &Call<'_>) -> Option<Value> {
    if !is_command(&call.path) {
        return None;
    }
    let program = call.at(0)?.value.text()?;
    Some(Value::named(if names::is_shell(program) {
        SHELL_COMMAND
    } else {
        "std::process::Command"
    }))
}

/// The path of a command that runs a shell.
pub(super) const SHELL_COMMAND: &str = "std::process::Command(sh)";

pub(super) fn is_command(path: &str) -> bool {
    matches!(
        path,
        "std::process::Command::new"
            | "tokio::process::Command::new"
            | "process::Command::new"
            | "async_process::Command::new"
            | "duct::cmd"
    )
}
