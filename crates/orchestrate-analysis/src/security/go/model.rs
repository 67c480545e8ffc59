//! What is known of Go's libraries: where data comes from, what cleans it, what passes it on;
//! and how imports and parameters bind names.

use tree_sitter::Node;

use crate::security::flow::Flow;
use crate::security::shape::{children, field, fields};
use crate::security::value::{Taint, Uses, Value};

/// Where outside data enters.
pub(super) fn sources() -> Vec<(&'static str, Taint)> {
    let mut all = Vec::new();
    for path in [
        "net/http.Request.URL",
        "net/http.Request.FormValue",
        "net/http.Request.PostFormValue",
        "net/http.Request.PathValue",
        "net/http.Request.Form",
        "net/http.Request.PostForm",
        "net/http.Request.Header",
        "net/http.Request.Body",
        "net/http.Request.Cookie",
        "net/http.Request.Cookies",
        "net/http.Request.RequestURI",
        "net/http.Request.Referer",
        "net/http.Request.UserAgent",
        "net/http.Request.MultipartForm",
        "net/http.Request.FormFile",
        "net/http.Request.Host",
        "net/http.Request.Trailer",
        "net/http.Request.BasicAuth",
        "github.com/gorilla/mux.Vars",
        "github.com/go-chi/chi.URLParam",
        "github.com/go-chi/chi/v5.URLParam",
        "*.Context.Query",
        "*.Context.Param",
        "*.Context.PostForm",
        "*.Context.DefaultQuery",
        "*.Context.GetHeader",
        "*.Context.GetQuery",
        "*.Context.QueryArray",
        "*.Context.DefaultPostForm",
        "*.Context.QueryParam",
        "*.Context.FormValue",
        "*.Context.QueryParams",
        "*.Context.FormParams",
        "*.Context.GetRawData",
        "*.Context.QueryString",
        "*.Context.FormFile",
        "*.Context.Request.URL",
        "*.Context.Request.FormValue",
        "*.Context.Request.Header",
        "*.Context.Request.Body",
        "*.Context.Request().FormValue",
        "*.Context.Request().URL",
        "*.fiber.Ctx.Query",
        "*.Ctx.Params",
        "*.Ctx.FormValue",
        "*.Ctx.Query",
        "*.Ctx.Body",
        "*.RequestCtx.QueryArgs",
        "*.RequestCtx.FormValue",
        "*.RequestCtx.PostBody",
    ] {
        all.push((path, Taint::Remote));
    }
    for path in [
        "os.Args",
        "os.Getenv",
        "os.LookupEnv",
        "os.Environ",
        "os.Stdin",
        "flag.Arg",
        "flag.Args",
    ] {
        all.push((path, Taint::Local));
    }
    all
}

/// Calls whose result is safe for some uses.
pub(super) fn cleaners() -> Vec<(&'static str, Uses)> {
    let mut all = Vec::new();
    for path in [
        "len",
        "cap",
        "strconv.Atoi",
        "strconv.ParseInt",
        "strconv.ParseUint",
        "strconv.ParseFloat",
        "strconv.ParseBool",
        "int",
        "int64",
        "int32",
        "uint",
        "uint64",
        "float64",
        "bool",
        "github.com/google/uuid.Parse",
        "strings.HasPrefix",
        "strings.HasSuffix",
        "strings.Contains",
        "strings.Index",
        "strings.Count",
        "strings.EqualFold",
        "time.Parse",
        "time.ParseDuration",
        "crypto/sha256.Sum256",
        "encoding/hex.EncodeToString",
        "net.ParseIP",
        "os.Stat",
        "errors.Is",
    ] {
        all.push((path, Uses::ALL));
    }
    for path in [
        "html.EscapeString",
        "html/template.HTMLEscapeString",
        "text/template.HTMLEscapeString",
        "html/template.JSEscapeString",
        "*.Sanitize",
        "*.SanitizeBytes",
        "encoding/json.Marshal",
        "html/template.HTMLEscaper",
        "strconv.Quote",
    ] {
        all.push((path, Uses::HTML));
    }
    for path in ["path/filepath.Base", "path.Base", "path/filepath.Localize"] {
        all.push((path, Uses::PATH));
    }
    for path in ["net/url.QueryEscape", "net/url.PathEscape"] {
        all.push((path, Uses::URL.and(Uses::PATH).and(Uses::HTML)));
    }
    for path in [
        "github.com/lib/pq.QuoteIdentifier",
        "github.com/lib/pq.QuoteLiteral",
        "*.Sanitize",
    ] {
        all.push((path, Uses::SQL));
    }
    all
}

pub(super) const BUILDERS: [&str; 10] = [
    "fmt.Sprintf",
    "fmt.Sprint",
    "fmt.Sprintln",
    "strings.Join",
    "path/filepath.Join",
    "path.Join",
    "fmt.Errorf",
    "strings.Replace",
    "fmt.Appendf",
    "bytes.Join",
];

pub(super) const PASSES: [&str; 25] = [
    "string",
    "strings.TrimSpace",
    "strings.ToLower",
    "strings.ToUpper",
    "strings.Trim",
    "strings.TrimPrefix",
    "strings.TrimSuffix",
    "strings.Split",
    "strings.Fields",
    "append",
    "path/filepath.Clean",
    "path.Clean",
    "path/filepath.Abs",
    "path/filepath.FromSlash",
    "net/url.Parse",
    "io.ReadAll",
    "io/ioutil.ReadAll",
    "bufio.NewReader",
    "bufio.NewScanner",
    "bytes.NewBufferString",
    "bytes.NewReader",
    "strings.NewReader",
    "net/url.QueryUnescape",
    "strings.ReplaceAll",
    "strings.Title",
];

/// Binds the package of an import.
pub(super) fn import<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let Some(path) = field(node, "path") else {
        return;
    };
    let path = flow.text(path).trim_matches(['"', '`']);
    let name = match field(node, "name") {
        Some(name) => flow.text(name),
        None => package_name(path),
    };
    flow.bind(name, Value::named(path));
}

/// The name that a package is usually known by: the last part that is no version.
fn package_name(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let is_version = last
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()));
    let name = if is_version {
        parts.next().unwrap_or(last)
    } else {
        last
    };
    name.split_once(".v").map_or(name, |(name, _)| name)
}

/// The parameters of a function, named by their types where a package declares them.
pub(super) fn parameters<'t>(flow: &Flow<'t>, function: Node<'t>) -> Vec<(&'t str, Value)> {
    let mut bound = Vec::new();
    for list in ["receiver", "parameters"] {
        let Some(list) = field(function, list) else {
            continue;
        };
        for parameter in children(list) {
            let kind = field(parameter, "type").map_or("", |kind| flow.text(kind));
            for name in fields(parameter, "name") {
                bound.push((flow.text(name), of_type(flow, kind)));
            }
        }
    }
    bound
}

/// What is known of a value of a type.
fn of_type(flow: &Flow<'_>, kind: &str) -> Value {
    let kind = kind.trim_start_matches(['*', '[', ']', '.']);
    if matches!(
        kind,
        "int" | "int64" | "int32" | "uint" | "uint64" | "uint32" | "bool" | "float64"
    ) {
        return Value::clean();
    }
    match kind.split_once('.') {
        Some((package, name)) => {
            match flow.variable(package).and_then(|value| value.path.clone()) {
                Some(package) => Value::named(&format!("{package}.{name}")),
                None => Value::unknown(),
            }
        }
        None => Value::unknown(),
    }
}
