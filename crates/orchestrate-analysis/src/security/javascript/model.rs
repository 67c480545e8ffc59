//! What is known of the libraries of JavaScript: where data comes from, what cleans it, what passes
//! it on; and how imports and parameters bind names.

use tree_sitter::Node;

use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::shape::{Shape, children, field};
use crate::security::value::{Taint, Uses, Value};

/// Where outside data enters. `request` and `context` are what the parameters of handlers are bound to.
pub(super) fn sources() -> Vec<(&'static str, Taint)> {
    let mut all = Vec::new();
    for path in [
        "request.query",
        "request.params",
        "request.body",
        "request.headers",
        "request.cookies",
        "request.signedCookies",
        "request.url",
        "request.originalUrl",
        "request.param",
        "request.files",
        "request.file",
        "request.get",
        "request.header",
        "request.hostname",
        "request.rawBody",
        "request.json",
        "request.text",
        "request.formData",
        "request.nextUrl",
        "request.payload",
        "request.searchParams",
        "context.query",
        "context.params",
        "context.request.query",
        "context.request.body",
        "context.request.headers",
        "context.headers",
        "context.querystring",
        "context.cookies.get",
        "context.req.query",
        "context.req.param",
        "context.req.header",
        "context.req.json",
        "context.request.url",
        "location",
        "location.hash",
        "location.search",
        "location.href",
        "location.pathname",
        "window.location",
        "window.location.hash",
        "window.location.search",
        "window.location.href",
        "document.location",
        "document.location.hash",
        "document.location.search",
        "document.location.href",
        "document.URL",
        "document.documentURI",
        "document.referrer",
        "document.cookie",
        "window.name",
        "$route.query",
        "this.$route.query",
        "this.$route.params",
        "react-router-dom.useParams",
        "react-router-dom.useSearchParams",
        "next/router.useRouter().query",
    ] {
        all.push((path, Taint::Remote));
    }
    for path in ["process.argv", "process.env", "Deno.args", "Bun.argv"] {
        all.push((path, Taint::Local));
    }
    all
}

/// Calls whose result is safe for some uses.
pub(super) fn cleaners() -> Vec<(&'static str, Uses)> {
    let mut all = Vec::new();
    for path in [
        "parseInt",
        "parseFloat",
        "Number",
        "Boolean",
        "Number.parseInt",
        "Number.parseFloat",
        "BigInt",
        "*.length",
        "*.includes",
        "*.startsWith",
        "*.endsWith",
        "*.indexOf",
        "*.test",
        "*.has",
        "Array.isArray",
        "isNaN",
        "Math.floor",
        "Math.round",
        "Math.max",
        "Math.min",
        "*.digest",
        "crypto.randomUUID",
        "crypto.randomBytes",
        "fs.existsSync",
        "Date.parse",
        "new Date",
        "*.toFixed",
        "*.getTime",
        "Object.hasOwn",
    ] {
        all.push((path, Uses::ALL));
    }
    for path in [
        "DOMPurify.sanitize",
        "dompurify.sanitize",
        "dompurify.default.sanitize",
        "isomorphic-dompurify.sanitize",
        "escapeHtml",
        "escapeHTML",
        "escape-html",
        "he.encode",
        "he.escape",
        "lodash.escape",
        "_.escape",
        "sanitize-html",
        "sanitizeHtml",
        "validator.escape",
        "xss",
        "xss.filterXSS",
        "html-escaper.escape",
        "JSON.stringify",
        "*.sanitize",
        "*.escapeHtml",
        "encodeHTML",
        "entities.encode",
    ] {
        all.push((path, Uses::HTML));
    }
    all.push((
        "encodeURIComponent",
        Uses::HTML.and(Uses::URL).and(Uses::PATH),
    ));
    all.push(("encodeURI", Uses::HTML));
    for path in ["path.basename", "sanitize-filename", "sanitizeFilename"] {
        all.push((path, Uses::PATH));
    }
    for path in ["shell-quote.quote", "shellescape", "shell-escape"] {
        all.push((path, Uses::SHELL));
    }
    for path in [
        "mysql.escape",
        "mysql2.escape",
        "*.escape",
        "*.escapeId",
        "mysql.escapeId",
        "pg.escapeLiteral",
        "*.escapeLiteral",
        "*.escapeIdentifier",
        "sqlstring.escape",
        "mysql.format",
        "mysql2.format",
    ] {
        all.push((path, Uses::SQL));
    }
    all
}

pub(super) const BUILDERS: [&str; 7] = [
    "*.concat",
    "path.join",
    "path.resolve",
    "*.join",
    "util.format",
    "String.raw",
    "path.posix.join",
];

pub(super) const PASSES: [&str; 18] = [
    "String",
    "Object.assign",
    "Array.from",
    "decodeURIComponent",
    "decodeURI",
    "unescape",
    "atob",
    "btoa",
    "Buffer.from",
    "JSON.parse",
    "path.normalize",
    "URL",
    "URLSearchParams",
    "url.parse",
    "Promise.resolve",
    "querystring.parse",
    "util.promisify",
    "promisify",
];

/// Binds what an import statement brings in.
pub(super) fn import<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let Some(source) = field(node, "source") else {
        return;
    };
    let module = module_name(flow.text(source));
    let mut open = children(node);
    while let Some(node) = open.pop() {
        match node.kind() {
            "import_clause" | "named_imports" => open.extend(children(node)),
            // A default import is usually the module itself.
            "identifier" => {
                let value = Value::named(&module);
                flow.bind(flow.text(node), value);
            }
            "namespace_import" => {
                if let Some(name) = children(node).first() {
                    flow.bind(flow.text(*name), Value::named(&module));
                }
            }
            "import_specifier" => {
                if let Some(name) = field(node, "name") {
                    let bound = field(node, "alias").unwrap_or(name);
                    let path = format!("{module}.{}", flow.text(name));
                    let value = flow.at_path(path, node);
                    flow.bind(flow.text(bound), value);
                }
            }
            _ => {}
        }
    }
}

/// `'node:fs/promises'` is `fs`.
pub(super) fn module_name(quoted: &str) -> String {
    let name = quoted.trim_matches(['"', '\'', '`']);
    let name = name.strip_prefix("node:").unwrap_or(name);
    match name {
        "fs/promises" | "fs-extra" | "graceful-fs" => "fs".to_owned(),
        "path/posix" | "path/win32" => "path".to_owned(),
        other => other.to_owned(),
    }
}

/// The parameters of a function: requests of handlers by name or type.
pub(super) fn parameters<'t>(flow: &Flow<'t>, function: Node<'t>) -> Vec<(&'t str, Value)> {
    let nodes = match (field(function, "parameters"), field(function, "parameter")) {
        (Some(list), _) => children(list),
        (None, Some(one)) => vec![one],
        (None, None) => Vec::new(),
    };
    let mut bound = Vec::new();
    for node in nodes {
        let annotation = field(node, "type").map(|kind| flow.text(kind));
        let pattern = match node.kind() {
            "required_parameter" | "optional_parameter" => field(node, "pattern"),
            "assignment_pattern" => field(node, "left"),
            _ => Some(node),
        };
        let Some(pattern) = pattern else { continue };
        let pattern = match pattern.kind() {
            "assignment_pattern" => field(pattern, "left").unwrap_or(pattern),
            "rest_pattern" => children(pattern).first().copied().unwrap_or(pattern),
            _ => pattern,
        };
        match flow.shape(pattern) {
            Shape::Name => {
                let name = flow.text(pattern);
                bound.push((name, parameter_value(name, annotation)));
            }
            Shape::Collect(entries) => destructured(flow, entries, annotation, &mut bound),
            _ => {}
        }
    }
    bound
}

/// `({ query, body })` of a request type, or `{ req }` of a context.
fn destructured<'t>(
    flow: &Flow<'t>,
    entries: Vec<(Option<Node<'t>>, Node<'t>)>,
    annotation: Option<&str>,
    bound: &mut Vec<(&'t str, Value)>,
) {
    let whole = parameter_value("", annotation);
    for (key, target) in entries {
        let Some(key) = key else { continue };
        let target = match flow.shape(target) {
            Shape::Any(inner) => inner.first().copied().unwrap_or(target),
            _ => target,
        };
        if !matches!(flow.shape(target), Shape::Name) {
            continue;
        }
        let value = if whole.path.is_some() {
            flow.member(&whole, flow.text(key), target)
        } else {
            parameter_value(flow.text(key), None)
        };
        bound.push((flow.text(target), value));
    }
}

fn parameter_value(name: &str, annotation: Option<&str>) -> Value {
    if let Some(annotation) = annotation {
        let kind = annotation.trim_start_matches(':').trim();
        let kind = kind.split('<').next().unwrap_or(kind);
        return match kind {
            "Request"
            | "NextRequest"
            | "NextApiRequest"
            | "IncomingMessage"
            | "express.Request"
            | "http.IncomingMessage"
            | "FastifyRequest" => Value::named("request"),
            "Context" | "Koa.Context" => Value::named("context"),
            "Response" | "express.Response" | "NextApiResponse" | "ServerResponse" => {
                Value::named("response")
            }
            "number" | "boolean" => Value::clean(),
            "any" => parameter_value(name, None),
            _ => Value::unknown(),
        };
    }
    match name {
        "req" | "request" => Value::named("request"),
        "res" | "response" | "reply" => Value::named("response"),
        "ctx" => Value::named("context"),
        _ => Value::unknown(),
    }
}

/// `require('x')` is the module, where the name is constant.
pub(super) fn call_value(call: &Call<'_>) -> Option<Value> {
    if !call.is(&["require", "import"]) {
        return None;
    }
    let name = call.at(0)?.value.text()?;
    Some(Value::named(&module_name(name)))
}
