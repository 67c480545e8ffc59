//! What is known of Python's libraries: where data comes from, what cleans it, what passes it on;
//! and how imports and parameters bind names.

use tree_sitter::Node;

use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::shape::{children, field, fields, line_of};
use crate::security::value::{Taint, Uses, Value};

/// Parts of a request that the caller chooses, in Flask, Django, FastAPI, aiohttp and others.
const REQUEST_FIELDS: [&str; 35] = [
    "*.request.args",
    "*.request.form",
    "*.request.values",
    "*.request.json",
    "*.request.data",
    "*.request.files",
    "*.request.cookies",
    "*.request.headers",
    "*.request.query_string",
    "*.request.get_json",
    "*.request.get_data",
    "*.request.stream",
    "*.request.view_args",
    "*.request.GET",
    "*.request.POST",
    "*.request.COOKIES",
    "*.request.FILES",
    "*.request.META",
    "*.request.body",
    "*.request.query_params",
    "*.request.path_params",
    "*.request.match_info",
    "*.request.query",
    "*.request.rel_url",
    "*.request.post",
    "*.request.text",
    "*.request.read",
    "*.request.params",
    "*.request.matchdict",
    "*.request.json_body",
    "*.request.raw_post_data",
    "*.request.get_full_path",
    "*.request.url",
    "*.request.full_path",
    "*.request.referrer",
];

/// Where outside data enters.
pub(super) fn sources() -> Vec<(&'static str, Taint)> {
    let mut all: Vec<(&'static str, Taint)> = REQUEST_FIELDS
        .iter()
        .map(|path| (*path, Taint::Remote))
        .collect();
    for path in [
        "self.get_argument",
        "self.get_arguments",
        "self.get_query_argument",
        "self.get_body_argument",
        "self.get_cookie",
        "bottle.request.*",
        "web.input",
        "cherrypy.request.params",
        "cgi.FieldStorage",
        "streamlit.text_input",
        "websocket.receive_text",
        "websocket.receive_json",
    ] {
        all.push((path, Taint::Remote));
    }
    for path in [
        "sys.argv",
        "input",
        "raw_input",
        "os.environ",
        "os.getenv",
        "os.environ.get",
        "sys.stdin.read",
        "sys.stdin.readline",
        "sys.stdin.readlines",
        "sys.stdin",
        "*.parse_args",
        "fileinput.input",
    ] {
        all.push((path, Taint::Local));
    }
    all
}

/// Calls whose result is safe for some uses.
pub(super) fn cleaners() -> Vec<(&'static str, Uses)> {
    let mut all = Vec::new();
    for path in [
        "int",
        "float",
        "bool",
        "len",
        "hash",
        "id",
        "isinstance",
        "hasattr",
        "ord",
        "any",
        "all",
        "sum",
        "uuid.UUID",
        "decimal.Decimal",
        "datetime.datetime.strptime",
        "hashlib.md5",
        "hashlib.sha1",
        "hashlib.sha256",
        "hashlib.sha512",
        "*.hexdigest",
        "*.digest",
        "*.isdigit",
        "*.startswith",
        "*.endswith",
        "*.count",
        "*.find",
        "*.index",
        "*.exists",
        "*.is_file",
        "os.path.exists",
        "os.path.isfile",
        "os.path.isdir",
        "os.path.getsize",
        "base64.b32encode",
        "flask.url_for",
        "django.urls.reverse",
        "reverse",
        "url_for",
        "django.shortcuts.get_object_or_404",
        "django.shortcuts.render",
        "flask.render_template",
        "werkzeug.security.generate_password_hash",
        "uuid.uuid4",
        "ast.literal_eval",
    ] {
        all.push((path, Uses::ALL));
    }
    for path in ["shlex.quote", "pipes.quote", "subprocess.list2cmdline"] {
        all.push((path, Uses::SHELL));
    }
    for path in [
        "html.escape",
        "cgi.escape",
        "markupsafe.escape",
        "flask.escape",
        "bleach.clean",
        "bleach.linkify",
        "django.utils.html.escape",
        "django.utils.html.conditional_escape",
        "django.utils.html.format_html",
        "django.utils.html.strip_tags",
        "xml.sax.saxutils.escape",
        "nh3.clean",
        "json.dumps",
        "werkzeug.utils.escape",
        "conditional_escape",
        "format_html",
        "django.utils.html.escapejs",
        "django.http.JsonResponse",
        "flask.jsonify",
        "jsonify",
    ] {
        all.push((path, Uses::HTML));
    }
    for path in [
        "os.path.basename",
        "werkzeug.utils.secure_filename",
        "secure_filename",
        "werkzeug.security.safe_join",
        "flask.safe_join",
        "django.utils._os.safe_join",
        "django.utils.text.get_valid_filename",
    ] {
        all.push((path, Uses::PATH));
    }
    for path in [
        "urllib.parse.quote",
        "urllib.parse.quote_plus",
        "urllib.parse.urlencode",
        "urllib.quote",
    ] {
        all.push((
            path,
            Uses::HTML.and(Uses::URL).and(Uses::PATH).and(Uses::OTHER),
        ));
    }
    all.push(("re.escape", Uses::OTHER));
    all.push(("ldap.filter.escape_filter_chars", Uses::OTHER));
    all.push(("ldap3.utils.conv.escape_filter_chars", Uses::OTHER));
    all.push(("*.quote_name", Uses::SQL));
    all.push(("*.quote_identifier", Uses::SQL));
    all.push(("*.escape_string", Uses::SQL));
    all.push(("psycopg2.sql.*", Uses::SQL));
    all.push(("psycopg.sql.*", Uses::SQL));
    all
}

pub(super) const BUILDERS: [&str; 9] = [
    "*.format",
    "*.replace",
    "*.join",
    "os.path.join",
    "*.joinpath",
    "pathlib.Path",
    "*.format_map",
    "string.Template().substitute",
    "posixpath.join",
];

pub(super) const PASSES: [&str; 33] = [
    "str",
    "bytes",
    "repr",
    "list",
    "tuple",
    "set",
    "sorted",
    "reversed",
    "dict",
    "iter",
    "next",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "base64.b64decode",
    "base64.b64encode",
    "base64.urlsafe_b64decode",
    "json.loads",
    "copy.copy",
    "copy.deepcopy",
    "os.path.normpath",
    "os.path.abspath",
    "os.path.expanduser",
    "os.path.expandvars",
    "os.fsencode",
    "os.fsdecode",
    "io.StringIO",
    "io.BytesIO",
    "bytearray",
    "getattr",
    "typing.cast",
    "os.path.dirname",
    "urllib.parse.urljoin",
    "max",
];

/// Binds what an import statement brings in.
pub(super) fn import<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let module = field(node, "module_name").map(|module| flow.text(module));
    for name in fields(node, "name") {
        let (path, alias) = match field(name, "alias") {
            Some(alias) => (field(name, "name").unwrap_or(name), Some(flow.text(alias))),
            None => (name, None),
        };
        let path = flow.text(path);
        match (module, alias) {
            (Some(module), alias) => {
                let full = format!("{}.{path}", module.trim_start_matches('.'));
                let value = flow.at_path(full, node);
                flow.bind(alias.unwrap_or(path), value);
            }
            (None, Some(alias)) => flow.bind(alias, Value::named(path)),
            (None, None) => {
                let first = path.split('.').next().unwrap_or(path);
                flow.bind(first, Value::named(first));
            }
        }
    }
}

/// The parameters of a function: requests by name or type, route parameters as remote data.
pub(super) fn parameters<'t>(flow: &Flow<'t>, function: Node<'t>) -> Vec<(&'t str, Value)> {
    let Some(list) = field(function, "parameters") else {
        return Vec::new();
    };
    let route = is_route(flow, function);
    let mut bound: Vec<(&'t str, Value)> = children(list)
        .into_iter()
        .filter_map(|parameter| {
            let name = match parameter.kind() {
                "identifier" => parameter,
                "typed_parameter" => *children(parameter).first()?,
                "default_parameter" | "typed_default_parameter" => field(parameter, "name")?,
                "list_splat_pattern" | "dictionary_splat_pattern" => {
                    *children(parameter).first()?
                }
                _ => return None,
            };
            let annotation = field(parameter, "type").map(|node| flow.text(node));
            let default = field(parameter, "value").map(|node| flow.text(node));
            let name = flow.text(name);
            Some((
                name,
                parameter_value(name, annotation, default, route, line_of(parameter)),
            ))
        })
        .collect();
    if route && !answers_json(flow) {
        bound.push((ROUTE, Value::clean()));
    }
    bound
}

/// A name that no source text can hold: stands in the frame of a function that answers requests.
pub(super) const ROUTE: &str = "<route>";

fn parameter_value(
    name: &str,
    annotation: Option<&str>,
    default: Option<&str>,
    route: bool,
    line: u32,
) -> Value {
    match name {
        "self" | "cls" => return Value::named("self"),
        "request" | "req" => return Value::named("param.request"),
        "websocket" => return Value::named("websocket"),
        _ => {}
    }
    if annotation.is_some_and(|kind| {
        kind == "Request" || kind.ends_with("HttpRequest") || kind.ends_with("web.Request")
    }) {
        return Value::named("param.request");
    }
    let plain = annotation.is_none_or(|kind| {
        matches!(kind, "str" | "bytes" | "dict" | "list") || kind.contains("str")
    });
    let injected =
        default.is_some_and(|value| value.contains("Depends") || value.contains("Security"));
    if route && plain && !injected {
        return Value::tainted(Taint::Remote, name, line);
    }
    let harmless = annotation
        .is_some_and(|kind| matches!(kind, "int" | "float" | "bool" | "uuid.UUID" | "UUID"));
    if harmless {
        return Value::clean();
    }
    Value::unknown()
}

/// Whether the file uses a framework that answers in JSON unless told otherwise.
fn answers_json(flow: &Flow<'_>) -> bool {
    ["FastAPI", "APIRouter", "fastapi"].iter().any(|name| {
        flow.variable(name)
            .and_then(|value| value.path.as_deref())
            .is_some_and(|path| path.starts_with("fastapi"))
    })
}

/// Whether a decorator makes the function answer requests.
fn is_route(flow: &Flow<'_>, function: Node<'_>) -> bool {
    let Some(parent) = function
        .parent()
        .filter(|parent| parent.kind() == "decorated_definition")
    else {
        return false;
    };
    let mut cursor = parent.walk();
    parent
        .named_children(&mut cursor)
        .filter(|child| child.kind() == "decorator")
        .any(|decorator| {
            let text = flow.text(decorator);
            let head = text.split('(').next().unwrap_or(text);
            text.contains('(')
                && [
                    ".route",
                    ".get",
                    ".post",
                    ".put",
                    ".delete",
                    ".patch",
                    ".websocket",
                    ".api_route",
                ]
                .iter()
                .any(|end| head.ends_with(end))
        })
}

/// `__import__("os")` is the module, where the name is constant.
pub(super) fn call_value(call: &Call<'_>) -> Option<Value> {
    if !call.is(&["__import__", "importlib.import_module"]) {
        return None;
    }
    Some(Value::named(call.at(0)?.value.text()?))
}
