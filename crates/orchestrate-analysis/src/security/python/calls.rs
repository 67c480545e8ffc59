//! Python rules over calls and assignments that a table cannot say.

use tree_sitter::Node;

use super::model::ROUTE;
use super::{audit, crypto, rules, vigilance};
use crate::finding::Severity;
use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::names;
use crate::security::shape::{Shape, children, field};
use crate::security::sink::{self, found, suspected};
use crate::security::value::{Constant, Taint, Value};

/// Every rule for a call.
pub(super) fn on_call<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    command(flow, call);
    sql(flow, call);
    yaml(flow, call);
    response(flow, call);
    crypto::check(flow, call);
    transport(flow, call);
    settings(flow, call);
    files(flow, call);
    directory(flow, call);
    vigilance::on_call(flow, call);
}

fn is_true(value: &Value) -> bool {
    value.constant == Some(Constant::Truth(true))
        || matches!(value.constant, Some(Constant::Number(n)) if n != 0)
}

pub(super) fn is_false(value: &Value) -> bool {
    value.constant == Some(Constant::Truth(false))
}

fn command<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let runs = matches!(
        &*call.path,
        "subprocess.run"
            | "subprocess.call"
            | "subprocess.check_call"
            | "subprocess.check_output"
            | "subprocess.Popen"
    );
    // Whatever is not plainly false switches the shell on, or may.
    let in_shell = call
        .keyword("shell")
        .is_some_and(|shell| shell.value.truth() != Some(false));
    let outside = call
        .at(0)
        .is_some_and(|first| first.value.taint > Taint::Unknown);
    if in_shell && (runs || outside) {
        sink::check_one(flow, call, &rules::SHELL_SINK);
        return;
    }
    if !runs && !call.is(&["asyncio.create_subprocess_exec"]) {
        return;
    }
    let Some(first) = call.argument(0, "args") else {
        return;
    };
    let parts = match &first.value.parts {
        Some(parts) => parts
            .iter()
            .filter(|(key, _)| matches!(key, Constant::Number(_)))
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>(),
        None => vec![first.value.clone()],
    };
    if let Some(program) = parts.first() {
        sink::check_value(flow, call.node, call.callee, program, &rules::PROGRAM_SINK);
    }
    if let [program, flag, script, ..] = parts.as_slice()
        && program.text().is_some_and(names::is_shell)
        && flag
            .text()
            .is_some_and(|flag| flag.starts_with('-') && flag.contains('c'))
    {
        sink::check_value(flow, call.node, call.callee, script, &rules::SHELL_SINK);
    }
}

fn sql<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    if call.name() == "extra" && call.receiver.is_some() {
        let built = call.arguments.iter().any(|argument| {
            argument.name.is_some()
                && (argument.value.built || argument.value.taint > Taint::Unknown)
        });
        if built {
            found(flow, &rules::SQL, call.node, call.callee, Severity::Medium);
        }
        return;
    }
    let names = [
        "execute",
        "executemany",
        "executescript",
        "raw",
        "exec_driver_sql",
        "fetch",
        "fetchrow",
        "fetchval",
    ];
    sink::check_statement(flow, call, &names, &rules::SQL_SINK);
}

/// `connection.search(base, filter)`, wherever the connection comes from.
fn directory<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let connected = call.receiver.as_ref().is_some_and(|(node, _)| {
        let name = flow.text(*node).to_ascii_lowercase();
        name.contains("conn") || name.contains("ldap")
    });
    if call.name() != "search" || !connected {
        return;
    }
    let texts = [(0, "search_base"), (1, "search_filter")];
    let values: Vec<Value> = texts
        .iter()
        .filter_map(|(at, name)| Some(call.argument(*at, name)?.value.clone()))
        .collect();
    // A pattern and a text are searched with two arguments as well, but not by a connection.
    for value in values {
        sink::check_value(flow, call.node, call.callee, &value, &rules::LDAP_SINK);
    }
}

fn yaml<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    if !call.is(&["yaml.load", "yaml.load_all"]) {
        return;
    }
    let loader = call
        .argument(1, "Loader")
        .map(|argument| flow.text(argument.node));
    if loader.is_some_and(|loader| loader.contains("Safe") || loader.contains("BaseLoader")) {
        return;
    }
    sink::check_one(flow, call, &rules::YAML);
}

fn response<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let html = match &*call.path {
        "django.http.HttpResponse"
        | "HttpResponse"
        | "flask.Response"
        | "aiohttp.web.Response"
        | "fastapi.responses.HTMLResponse"
        | "starlette.responses.HTMLResponse"
        | "flask.make_response"
        | "self.response.write"
        | "self.write"
        | "bottle.HTTPResponse" => true,
        _ => {
            call.name() == "write"
                && call
                    .receiver
                    .as_ref()
                    .is_some_and(|(node, _)| flow.text(*node).ends_with("response"))
        }
    };
    let other_type = ["content_type", "mimetype"].iter().any(|name| {
        call.keyword(name)
            .and_then(|argument| argument.value.text())
            .is_some_and(|kind| !kind.contains("html"))
    });
    if html && !other_type {
        for name in ["content", "body", "text", "response"] {
            if let Some(argument) = call.keyword(name) {
                let value = argument.value.clone();
                sink::check_value(flow, call.node, call.callee, &value, &rules::HTML_SINK);
            }
        }
        sink::check_one(flow, call, &rules::HTML_SINK);
    }
    if call.name() == "set_cookie" && call.receiver.is_some() {
        let insecure = call
            .keyword("secure")
            .is_none_or(|argument| is_false(&argument.value));
        let splat = call.keyword("**").is_some();
        let written_off = call
            .keyword("secure")
            .is_some_and(|argument| is_false(&argument.value));
        if insecure && !splat && written_off {
            suspected(
                flow,
                &rules::COOKIE,
                call.node,
                call.callee,
                rules::COOKIE.severity,
            );
        }
    }
}

/// Whether an expression names a version of TLS that must not be used any more.
pub(super) fn is_old_version(text: &str) -> bool {
    [
        "PROTOCOL_SSLv2",
        "PROTOCOL_SSLv3",
        "PROTOCOL_TLSv1",
        "PROTOCOL_TLSv1_1",
        "SSLv2_METHOD",
        "SSLv3_METHOD",
        "TLSv1_METHOD",
        "SSLv23_METHOD",
        "PROTOCOL_SSLv23",
        "TLSv1_1_METHOD",
    ]
    .iter()
    .any(|name| text.ends_with(name))
}

fn transport<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let path = &*call.path;
    let client =
        path.starts_with("requests.") || path.starts_with("httpx.") || path.starts_with("aiohttp.");
    let off = ["verify", "ssl", "verify_ssl"].iter().any(|name| {
        call.keyword(name)
            .is_some_and(|argument| is_false(&argument.value))
    });
    let unverified = call.is(&[
        "ssl._create_unverified_context",
        "ssl._create_stdlib_context",
    ]);
    let no_certificate = call.keyword("cert_reqs").is_some_and(|argument| {
        flow.text(argument.node).ends_with("CERT_NONE")
            || argument.value.text() == Some("CERT_NONE")
    });
    if (client && off) || unverified || no_certificate {
        found(
            flow,
            &rules::TLS,
            call.node,
            call.callee,
            rules::TLS.severity,
        );
    }
    let old_version = call
        .arguments
        .iter()
        .any(|argument| is_old_version(flow.text(argument.node)));
    // Without a version it takes every one that the library still speaks.
    let any_version = call.is(&["ssl.wrap_socket"]) && call.keyword("ssl_version").is_none();
    if old_version || any_version {
        found(
            flow,
            &rules::TLS_VERSION,
            call.node,
            call.callee,
            rules::TLS_VERSION.severity,
        );
    }
    if call.name() == "set_missing_host_key_policy" {
        let lax = call.at(0).is_some_and(|argument| {
            let text = flow.text(argument.node);
            text.contains("AutoAddPolicy") || text.contains("WarningPolicy")
        });
        if lax {
            found(
                flow,
                &rules::HOST_KEY,
                call.node,
                call.callee,
                rules::HOST_KEY.severity,
            );
        }
    }
    let unencrypted_snmp = match call.name() {
        "CommunityData" => call
            .keyword("mpModel")
            .is_some_and(|model| matches!(model.value.constant, Some(Constant::Number(0 | 1)))),
        "UsmUserData" => call.arguments.len() < 3 && call.keyword("**").is_none(),
        _ => false,
    };
    if path == "telnetlib.Telnet"
        || path == "ftplib.FTP"
        || (unencrypted_snmp && path.contains("snmp"))
    {
        found(
            flow,
            &rules::CLEARTEXT,
            call.node,
            call.callee,
            rules::CLEARTEXT.severity,
        );
    }
    if call.is(&["jwt.decode", "jose.jwt.decode"]) {
        let options_off = call.keyword("options").is_some_and(|argument| {
            argument.value.parts.as_ref().is_some_and(|parts| {
                parts
                    .get(&Constant::Text("verify_signature".into()))
                    .is_some_and(is_false)
            })
        });
        if options_off
            || call
                .keyword("verify")
                .is_some_and(|argument| is_false(&argument.value))
        {
            found(
                flow,
                &rules::JWT,
                call.node,
                call.callee,
                rules::JWT.severity,
            );
        }
    }
}

fn settings<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let debug = call
        .keyword("debug")
        .is_some_and(|argument| is_true(&argument.value));
    let server = call.receiver.as_ref().is_some_and(|(node, value)| {
        value
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with("Flask()"))
            || matches!(
                flow.text(*node),
                "app" | "application" | "self.app" | "server"
            )
    });
    if call.name() == "run" && debug && server {
        found(
            flow,
            &rules::DEBUG,
            call.node,
            call.callee,
            rules::DEBUG.severity,
        );
    }
    let binds = matches!(
        call.name(),
        "bind"
            | "run"
            | "run_app"
            | "serve"
            | "create_server"
            | "start_server"
            | "listen"
            | "HTTPServer"
            | "run_simple"
    );
    let everywhere = |value: &Value| matches!(value.text(), Some("0.0.0.0" | "::"));
    let address = binds
        && call.arguments.iter().any(|argument| {
            everywhere(&argument.value)
                || argument
                    .value
                    .parts
                    .as_ref()
                    .is_some_and(|parts| parts.values().any(everywhere))
        });
    if address {
        suspected(
            flow,
            &rules::BIND,
            call.node,
            call.callee,
            rules::BIND.severity,
        );
    }
    let jinja = call.is(&[
        "jinja2.Environment",
        "jinja2.environment.Environment",
        "jinja2.sandbox.SandboxedEnvironment",
    ]);
    if jinja {
        let escaping = call.keyword("autoescape");
        let off = escaping.is_none_or(|argument| argument.value.truth() == Some(false));
        let chosen = escaping.is_some_and(|argument| {
            !is_true(&argument.value) && !flow.text(argument.node).contains("select_autoescape")
        });
        if off && call.keyword("**").is_none() {
            suspected(
                flow,
                &rules::AUTOESCAPE,
                call.node,
                call.callee,
                Severity::Medium,
            );
        } else if chosen {
            suspected(
                flow,
                &rules::AUTOESCAPE,
                call.node,
                call.callee,
                Severity::Low,
            );
        }
    }
    if call.is(&["mako.template.Template"]) && call.keyword("default_filters").is_none() {
        suspected(
            flow,
            &rules::AUTOESCAPE,
            call.node,
            call.callee,
            Severity::Medium,
        );
    }
}

fn files<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    if call.is(&["tempfile.mktemp", "os.tempnam", "os.tmpnam"]) {
        suspected(flow, &rules::TEMP, call.node, call.callee, Severity::Medium);
    }
    if call.is(&["open"]) {
        let writes = call
            .argument(1, "mode")
            .and_then(|mode| mode.value.text())
            .is_some_and(|mode| mode.contains(['w', 'a', 'x', '+']));
        let shared = call
            .at(0)
            .and_then(|path| path.value.text())
            .is_some_and(|path| {
                ["/tmp/", "/var/tmp/", "/dev/shm/"]
                    .iter()
                    .any(|root| path.starts_with(root))
            });
        if writes && shared {
            suspected(
                flow,
                &rules::TEMP,
                call.node,
                call.callee,
                rules::TEMP.severity,
            );
        }
    }
    if matches!(call.name(), "chmod" | "fchmod" | "lchmod") {
        let mode = call
            .arguments
            .iter()
            .rev()
            .find_map(|argument| match argument.value.constant {
                Some(Constant::Number(mode)) => Some(mode),
                _ => None,
            });
        if mode.is_some_and(|mode| mode & 0o2 != 0) {
            found(
                flow,
                &rules::PERMISSIONS,
                call.node,
                call.callee,
                rules::PERMISSIONS.severity,
            );
        }
    }
    let tar = call.receiver.as_ref().is_some_and(|(node, value)| {
        value
            .path
            .as_deref()
            .is_some_and(|path| path.contains("tarfile."))
            || matches!(flow.text(*node), "tar" | "tar_file" | "tarball")
    });
    let unfiltered = call
        .keyword("filter")
        .is_none_or(|filter| filter.value.text() == Some("fully_trusted"));
    if call.name() == "extractall" && tar && unfiltered && call.keyword("members").is_none() {
        suspected(
            flow,
            &rules::ARCHIVE,
            call.node,
            call.callee,
            rules::ARCHIVE.severity,
        );
    }
    if call.is(&["lxml.etree.XMLParser"])
        && call
            .keyword("resolve_entities")
            .is_some_and(|argument| is_true(&argument.value))
    {
        found(
            flow,
            &rules::XXE,
            call.node,
            call.callee,
            rules::XXE.severity,
        );
    }
}

/// Settings written by assignment, and predictable numbers that become secrets.
pub(super) fn on_assign<'t>(flow: &mut Flow<'t>, target: Node<'t>, node: Node<'t>, value: &Value) {
    let name = flow.text(target);
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    if let Shape::Member { .. } = flow.shape(target) {
        let off = (last == "verify"
            && name.contains('.')
            && value.constant == Some(Constant::Truth(false)))
            || (last == "check_hostname" && value.constant == Some(Constant::Truth(false)))
            || (last == "verify_mode" && flow.text(node).ends_with("CERT_NONE"))
            || (last == "_create_default_https_context"
                && flow.text(node).ends_with("_create_unverified_context"));
        if off {
            found(flow, &rules::TLS, target, target, Severity::Medium);
        }
    }
    if let Shape::Index { object, index } = flow.shape(target)
        && flow.text(object).ends_with("session")
        && (value.taint == Taint::Remote || flow.visit(index).taint == Taint::Remote)
    {
        suspected(flow, &audit::TRUST, node, target, audit::TRUST.severity);
    }
    if value.built && value.sql && value.taint > Taint::Clean {
        suspected(flow, &audit::CALL, node, node, Severity::Info);
    }
    let secret = names::is_secret(&last);
    if secret && flow.text(node).contains("random.") && uses_random(flow, node) {
        suspected(flow, &rules::RANDOM, target, target, Severity::Low);
    }
}

/// Whether a call of the `random` module stands in an expression.
fn uses_random<'t>(flow: &Flow<'t>, node: Node<'t>) -> bool {
    let is_module = flow
        .variable("random")
        .is_some_and(|value| value.path.as_deref() == Some("random"));
    let mut open = vec![node];
    let mut steps = 0;
    while let Some(node) = open.pop() {
        steps += 1;
        if steps > 200 {
            return false;
        }
        if node.kind() == "attribute"
            && field(node, "object").is_some_and(|object| flow.text(object) == "random")
            && field(node, "attribute").is_some_and(|name| flow.text(name) != "SystemRandom")
        {
            return is_module;
        }
        open.extend(children(node));
    }
    false
}

/// What a function that answers requests returns is the page, unless its framework makes JSON of it.
pub(super) fn on_return<'t>(flow: &mut Flow<'t>, node: Node<'t>, value: &Value) {
    let routes = flow
        .frames
        .last()
        .is_some_and(|frame| frame.contains_key(ROUTE));
    if !routes || value.parts.is_some() {
        return;
    }
    if value.html {
        sink::check_value(flow, node, node, value, &rules::HTML_SINK);
    } else if value.built && value.taint == Taint::Remote {
        // Without a tag in sight the text may as well be plain.
        let likely = Value {
            through: true,
            ..value.clone()
        };
        sink::check_value(flow, node, node, &likely, &rules::HTML_SINK);
    }
}
