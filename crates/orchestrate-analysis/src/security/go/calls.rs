//! Go rules over calls, assignments and single nodes that a table cannot say.

use tree_sitter::Node;

use super::rules;
use crate::finding::{Confidence, Severity};
use crate::security::call::{Call, Passed};
use crate::security::flow::Flow;
use crate::security::names;
use crate::security::quote::shown;
use crate::security::shape::{children, field};
use crate::security::sink::{self, found, suspected};
use crate::security::value::{Constant, Taint, Uses, Value};

/// Every rule for a call.
pub(super) fn on_call<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    command(flow, call);
    let names = [
        "Query",
        "QueryRow",
        "Exec",
        "Prepare",
        "QueryContext",
        "QueryRowContext",
        "ExecContext",
        "PrepareContext",
        "Raw",
        "Select",
        "Get",
        "Queryx",
        "NamedExec",
        "MustExec",
        "QueryRowx",
    ];
    sink::check_statement(flow, call, &names, &rules::SQL_SINK);
    page(flow, call);
    crypto(flow, call);
    files(flow, call);
    servers(flow, call);
}

fn command<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let skipped = match &*call.path {
        "os/exec.Command" | "golang.org/x/sys/execabs.Command" => 0,
        "os/exec.CommandContext" | "golang.org/x/sys/execabs.CommandContext" => 1,
        _ => return,
    };
    let arguments: Vec<&Passed<'t>> = call.arguments.iter().skip(skipped).collect();
    let Some((program, rest)) = arguments.split_first() else {
        return;
    };
    sink::check_value(
        flow,
        call.node,
        call.callee,
        &program.value,
        &rules::PROGRAM,
    );
    let shell = program.value.text().is_some_and(names::is_shell);
    if shell {
        for argument in rest {
            let spread = argument.node.kind() == "variadic_argument";
            if !spread || argument.value.taint > Taint::Unknown {
                sink::check_value(flow, call.node, call.callee, &argument.value, &rules::SHELL);
            }
        }
        return;
    }
    // Outside data as an argument of a fixed program can still be an option of it.
    for argument in rest {
        let value = &argument.value;
        let severity = match value.taint {
            Taint::Remote => Severity::Medium,
            Taint::Local => Severity::Low,
            Taint::Unknown | Taint::Clean => continue,
        };
        if value.dangerous_for(Uses::SHELL) {
            let name = value
                .origin
                .as_ref()
                .map_or("outside data", |origin| &origin.name);
            let message = format!(
                "argument of a command chosen from outside: `{name}` reaches `{}`",
                shown(flow, call.callee)
            );
            flow.report.add(
                &rules::COMMAND,
                call.node,
                severity,
                Confidence::Medium,
                message,
            );
        }
    }
}

/// Whether a value is the writer of a response.
fn is_response(value: &Value) -> bool {
    value.path.as_deref().is_some_and(|path| {
        path.ends_with("ResponseWriter")
            || path.ends_with(".Response")
            || path.ends_with("Context.Writer")
    })
}

fn page<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let to_first = call.is(&[
        "fmt.Fprintf",
        "fmt.Fprint",
        "fmt.Fprintln",
        "io.WriteString",
    ]);
    let data: Vec<Value> =
        if to_first && call.at(0).is_some_and(|writer| is_response(&writer.value)) {
            call.arguments
                .iter()
                .skip(1)
                .map(|argument| argument.value.clone())
                .collect()
        } else if matches!(call.name(), "Write" | "WriteString")
            && call
                .receiver
                .as_ref()
                .is_some_and(|(_, writer)| is_response(writer))
        {
            call.arguments
                .iter()
                .map(|argument| argument.value.clone())
                .collect()
        } else {
            return;
        };
    for value in data {
        sink::check_value(flow, call.node, call.callee, &value, &rules::PAGE);
    }
}

fn crypto<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let path = &*call.path;
    let weak_hash = [
        "crypto/md5.",
        "crypto/sha1.",
        "golang.org/x/crypto/md4.",
        "golang.org/x/crypto/ripemd160.",
    ]
    .iter()
    .any(|package| {
        path.strip_prefix(package)
            .is_some_and(|name| name.starts_with("New") || name.starts_with("Sum"))
    });
    if weak_hash {
        found(
            flow,
            &rules::WEAK_HASH,
            call.node,
            call.callee,
            Severity::Low,
        );
    }
    if call.is(&[
        "crypto/des.NewCipher",
        "crypto/des.NewTripleDESCipher",
        "crypto/rc4.NewCipher",
    ]) {
        found(
            flow,
            &rules::WEAK_CIPHER,
            call.node,
            call.callee,
            Severity::Medium,
        );
    }
    if call.is(&["crypto/rsa.GenerateKey"])
        && let Some(Constant::Number(bits)) =
            call.at(1).and_then(|bits| bits.value.constant.clone())
        && bits < 2048
    {
        found(
            flow,
            &rules::KEY_SIZE,
            call.node,
            call.callee,
            Severity::Medium,
        );
    }
    if call.is(&["golang.org/x/crypto/ssh.InsecureIgnoreHostKey"]) {
        found(
            flow,
            &rules::HOST_KEY,
            call.node,
            call.callee,
            Severity::High,
        );
    }
    if call.name() == "ParseUnverified" && call.path.contains("jwt") {
        found(flow, &rules::JWT, call.node, call.callee, Severity::Medium);
    }
}

fn files<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let path = &*call.path;
    let mode_at = match path {
        "os.Chmod" | "os.Mkdir" | "os.MkdirAll" => Some(1),
        "os.OpenFile" | "os.WriteFile" | "io/ioutil.WriteFile" => Some(2),
        _ => None,
    };
    let mode = mode_at
        .and_then(|at| call.at(at))
        .and_then(|mode| mode.value.constant.clone());
    if let Some(Constant::Number(mode)) = mode
        && mode & 0o2 != 0
    {
        // The process mask usually takes the bit away again, except for chmod.
        let severity = if path == "os.Chmod" {
            Severity::Medium
        } else {
            Severity::Low
        };
        found(flow, &rules::PERMISSIONS, call.node, call.callee, severity);
    }
    let writes = call.is(&["os.Create", "os.WriteFile", "io/ioutil.WriteFile"]);
    let shared = call.at(0).is_some_and(|name| {
        name.value
            .text()
            .is_some_and(|name| name.starts_with("/tmp/") || name.starts_with("/var/tmp/"))
    });
    if writes && shared {
        suspected(flow, &rules::TEMP, call.node, call.callee, Severity::Low);
    }
    if call.is(&["path/filepath.Join", "path.Join"]) {
        let entry = call.arguments.iter().any(|part| {
            let name = part.value.path.as_deref().unwrap_or_default();
            let object = name
                .strip_suffix(".Name")
                .or_else(|| name.strip_suffix(".Linkname"));
            part.value.safe != Uses::ALL
                && object.is_some_and(|object| object.starts_with("archive/"))
        });
        if entry && !checks_paths(flow, call.node) {
            suspected(
                flow,
                &rules::ARCHIVE,
                call.node,
                call.callee,
                Severity::Medium,
            );
        }
    }
    if call.is(&["io.Copy", "io.CopyBuffer"]) {
        let unpacked = call.at(1).is_some_and(|reader| {
            reader.value.path.as_deref().is_some_and(|path| {
                path.starts_with("compress/") || path.starts_with("archive/zip.")
            })
        });
        if unpacked {
            suspected(flow, &rules::BOMB, call.node, call.callee, Severity::Medium);
        }
    }
    if call.path.starts_with("unsafe.")
        && matches!(
            call.name(),
            "Pointer" | "String" | "StringData" | "Slice" | "SliceData"
        )
    {
        found(flow, &rules::UNSAFE, call.node, call.callee, Severity::Low);
    }
}

/// Whether the function around a node looks at the head of a path.
fn checks_paths(flow: &Flow<'_>, node: Node<'_>) -> bool {
    let mut around = node.parent();
    while let Some(node) = around {
        if matches!(node.kind(), "function_declaration" | "method_declaration") {
            let text = flow.text(node);
            return text.contains("HasPrefix(")
                || text.contains("IsLocal(")
                || text.contains("\"..\"");
        }
        around = node.parent();
    }
    false
}

fn servers<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    if call.is(&["net.Listen", "crypto/tls.Listen"])
        && call.at(1).is_some_and(|address| {
            address
                .value
                .text()
                .is_some_and(|address| address.starts_with("0.0.0.0") || address.starts_with(':'))
        })
    {
        suspected(flow, &rules::BIND, call.node, call.callee, Severity::Info);
    }
    if call.is(&[
        "net/http.ListenAndServe",
        "net/http.ListenAndServeTLS",
        "net/http.Serve",
        "net/http.ServeTLS",
    ]) {
        suspected(flow, &rules::TIMEOUT, call.node, call.callee, Severity::Low);
    }
}

/// Rules for an assignment.
pub(super) fn on_assign<'t>(flow: &mut Flow<'t>, target: Node<'t>, node: Node<'t>, value: &Value) {
    let name = flow.text(target);
    let last = name.rsplit('.').next().unwrap_or(name);
    if last == "InsecureSkipVerify" && value.constant == Some(Constant::Truth(true)) {
        found(flow, &rules::TLS, target, target, Severity::High);
    }
    let secret = names::is_secret(last);
    let random = value
        .path
        .as_deref()
        .is_some_and(|path| path.starts_with("math/rand"));
    if secret && random && node.kind() == "call_expression" {
        suspected(flow, &rules::RANDOM, target, target, Severity::Low);
    }
}

/// Literals of structures that switch protection off, and imports that act by themselves.
pub(super) fn on_node<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    match node.kind() {
        "import_spec" => {
            let is_profiler =
                field(node, "path").is_some_and(|path| flow.text(path) == "\"net/http/pprof\"");
            let for_effect = field(node, "name").is_some_and(|name| flow.text(name) == "_");
            if is_profiler && for_effect {
                found(flow, &rules::DEBUG_ENDPOINT, node, node, Severity::Low);
            }
        }
        "composite_literal" => structure(flow, node),
        _ => {}
    }
}

fn structure<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let kind = field(node, "type").map_or("", |kind| flow.text(kind));
    let Some(body) = field(node, "body") else {
        return;
    };
    let entries: Vec<(&'t str, &'t str, Node<'t>)> = children(body)
        .into_iter()
        .filter_map(|element| match children(element).as_slice() {
            [key, value] if element.kind() == "keyed_element" => {
                Some((flow.text(*key), flow.text(*value), element))
            }
            _ => None,
        })
        .collect();
    match kind {
        "tls.Config" => {
            for (key, value, element) in entries {
                match (key, value) {
                    ("InsecureSkipVerify", "true") => {
                        found(flow, &rules::TLS, element, element, Severity::High);
                    }
                    (
                        "MinVersion" | "MaxVersion",
                        "tls.VersionSSL30" | "tls.VersionTLS10" | "tls.VersionTLS11",
                    ) => {
                        found(
                            flow,
                            &rules::TLS_VERSION,
                            element,
                            element,
                            Severity::Medium,
                        );
                    }
                    _ => {}
                }
            }
        }
        "http.Server" => {
            let timed = entries
                .iter()
                .any(|(key, _, _)| matches!(*key, "ReadHeaderTimeout" | "ReadTimeout"));
            if !timed && !entries.is_empty() {
                suspected(
                    flow,
                    &rules::TIMEOUT,
                    node,
                    field(node, "type").unwrap_or(node),
                    Severity::Low,
                );
            }
        }
        "http.Cookie" => {
            let off = entries
                .iter()
                .any(|(key, value, _)| matches!((*key, *value), ("Secure" | "HttpOnly", "false")));
            if off {
                suspected(
                    flow,
                    &rules::COOKIE,
                    node,
                    field(node, "type").unwrap_or(node),
                    Severity::Low,
                );
            }
        }
        _ => {}
    }
}
