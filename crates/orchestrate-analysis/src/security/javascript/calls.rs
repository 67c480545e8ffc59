//! JavaScript rules over calls, assignments and single nodes that a table cannot say.

use tree_sitter::Node;

use super::rules;
use crate::finding::{Confidence, Severity};
use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::names;
use crate::security::quote::shown;
use crate::security::shape::{Shape, children, field};
use crate::security::sink::{self, Sink, found, suspected};
use crate::security::value::{Constant, Taint, Uses, Value};

/// Every rule for a call.
pub(super) fn on_call<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    command(flow, call);
    statement(flow, call);
    nosql(flow, call);
    page(flow, call);
    addresses(flow, call);
    crypto(flow, call);
    settings(flow, call);
}

/// `get`, `all`, `run` and the like run SQL only where the text says so.
fn statement<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    const SURE: [&str; 6] = [
        "query",
        "execute",
        "raw",
        "unsafe",
        "whereRaw",
        "orderByRaw",
    ];
    const MAYBE: [&str; 5] = ["run", "all", "get", "exec", "prepare"];
    let looks = call.at(0).is_some_and(|first| first.value.sql);
    let names: &[&str] = if looks && MAYBE.contains(&call.name()) {
        &MAYBE
    } else {
        &SURE
    };
    sink::check_statement(flow, call, names, &rules::SQL_SINK);
}

/// The entry of an options object.
fn option<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.parts.as_ref()?.get(&Constant::Text(name.into()))
}

fn truth(value: Option<&Value>) -> Option<bool> {
    match value?.constant {
        Some(Constant::Truth(truth)) => Some(truth),
        _ => None,
    }
}

fn command<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let spawns = call.is(&[
        "child_process.spawn",
        "child_process.spawnSync",
        "child_process.execFile",
        "child_process.execFileSync",
    ]);
    if !spawns {
        return;
    }
    let in_shell = call
        .arguments
        .last()
        .and_then(|options| option(&options.value, "shell"))
        .is_some_and(|shell| truth(Some(shell)) == Some(true) || shell.text().is_some());
    let program = call.at(0).and_then(|program| program.value.text());
    let runs_shell = program.is_some_and(names::is_shell);
    let parts: Vec<Value> = call
        .at(1)
        .and_then(|list| list.value.parts.as_ref())
        .map(|parts| parts.values().cloned().collect())
        .unwrap_or_default();
    if runs_shell {
        for part in parts.iter().skip(1) {
            sink::check_value(flow, call.node, call.callee, part, &rules::SHELL);
        }
    } else if in_shell {
        let first = call.at(0).map(|first| first.value.clone());
        for part in parts
            .iter()
            .chain(first.as_ref())
            .filter(|part| part.taint > Taint::Unknown || part.built)
        {
            sink::check_value(flow, call.node, call.callee, part, &rules::SHELL);
        }
    }
}

fn nosql<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    const READS: [&str; 13] = [
        "find",
        "findOne",
        "findOneAndUpdate",
        "updateOne",
        "updateMany",
        "deleteOne",
        "deleteMany",
        "update",
        "remove",
        "findOneAndDelete",
        "count",
        "countDocuments",
        "aggregate",
    ];
    if !READS.contains(&call.name()) || call.receiver.is_none() {
        return;
    }
    let Some(filter) = call.at(0) else { return };
    let Some(parts) = &filter.value.parts else {
        return;
    };
    let dangerous = parts.iter().find(|(key, value)| {
        let runs = **key == Constant::Text("$where".into()) && value.constant.is_none();
        runs && (value.taint > Taint::Unknown || value.built)
            || value.taint == Taint::Remote
                && !value.built
                && !value.through
                && value.constant.is_none()
                && value.dangerous_for(Uses::OTHER)
                && value.parts.is_none()
    });
    if let Some((key, value)) = dangerous {
        let severity = if *key == Constant::Text("$where".into()) {
            Severity::High
        } else {
            Severity::Medium
        };
        let data = value
            .origin
            .as_ref()
            .map_or("outside data", |origin| &origin.name);
        let message = format!(
            "{}: `{data}` reaches `{}`",
            rules::NOSQL.title,
            shown(flow, call.callee)
        );
        flow.report.add(
            &rules::NOSQL,
            call.node,
            severity,
            Confidence::Medium,
            message,
        );
    }
}

fn page<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let writes = call.is(&["response.send", "response.write", "response.end"])
        || call.path.starts_with("response.") && matches!(call.name(), "send" | "write" | "end");
    if writes && let Some(first) = call.at(0) {
        let value = first.value.clone();
        if value.html {
            sink::check_value(flow, call.node, call.callee, &value, &rules::PAGE);
        } else if value.taint == Taint::Remote
            && !value.through
            && value.dangerous_for(rules::PAGE.uses)
        {
            let sink = Sink::new(&rules::XSS, rules::PAGE.at, rules::PAGE.uses);
            demoted(flow, call, &value, &sink);
        }
    }
    // jQuery writes HTML with these; with text they are harmless, so only outside data counts.
    if matches!(
        call.name(),
        "html" | "append" | "prepend" | "after" | "before" | "replaceWith"
    ) && let Some((receiver, _)) = &call.receiver
        && flow.text(*receiver).starts_with('$')
    {
        sink::check_one(flow, call, &rules::PAGE);
    }
    if matches!(call.name(), "sendFile" | "download" | "sendfile")
        && call.path.starts_with("response.")
    {
        let rooted = call
            .at(1)
            .is_some_and(|options| option(&options.value, "root").is_some());
        if !rooted && let Some(first) = call.at(0) {
            let value = first.value.clone();
            let sink = Sink::new(&rules::PATH, rules::PAGE.at, Uses::PATH);
            sink::check_value(flow, call.node, call.callee, &value, &sink);
        }
    }
}

/// Data sent as it is may be JSON: worth less than a page put together around it.
fn demoted<'t>(flow: &mut Flow<'t>, call: &Call<'t>, value: &Value, sink: &Sink) {
    let through = Value {
        through: true,
        ..value.clone()
    };
    sink::check_value(flow, call.node, call.callee, &through, sink);
}

fn addresses<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    if !rules::FETCHES.contains(&&*call.path) {
        return;
    }
    let Some(first) = call.at(0) else { return };
    let value = ["url", "uri", "host", "hostname"]
        .iter()
        .find_map(|name| option(&first.value, name))
        .unwrap_or(&first.value)
        .clone();
    // In a browser the page fetches for itself: that is no forgery in a server's place.
    let in_browser = value.origin.as_ref().is_some_and(|origin| {
        ["location", "document", "window"]
            .iter()
            .any(|head| origin.name.starts_with(head))
    });
    if !in_browser && value.parts.is_none() {
        sink::check_value(flow, call.node, call.callee, &value, &rules::URL);
    }
}

fn crypto<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let algorithm = call
        .at(0)
        .and_then(|first| first.value.text())
        .map(str::to_ascii_lowercase);
    let name = algorithm.as_deref().unwrap_or_default();
    let path = &*call.path;
    if path == "crypto.createHash" && matches!(name, "md5" | "md4" | "sha1" | "sha-1" | "rsa-sha1")
        || matches!(
            path,
            "crypto-js.MD5"
                | "CryptoJS.MD5"
                | "crypto-js.SHA1"
                | "CryptoJS.SHA1"
                | "md5"
                | "sha1"
                | "js-md5"
        )
    {
        found(
            flow,
            &rules::WEAK_HASH,
            call.node,
            call.callee,
            Severity::Low,
        );
    }
    let cipher = matches!(path, "crypto.createCipheriv" | "crypto.createDecipheriv");
    let weak = ["des", "rc4", "rc2", "bf", "blowfish"]
        .iter()
        .any(|old| name.starts_with(old))
        || name.ends_with("-ecb");
    if cipher && weak || matches!(path, "crypto.createCipher" | "crypto.createDecipher") {
        found(
            flow,
            &rules::WEAK_CIPHER,
            call.node,
            call.callee,
            Severity::Medium,
        );
    }
    if call.is(&["jsonwebtoken.verify", "jwt.verify"]) {
        let key_missing = call.at(1).is_some_and(|key| {
            matches!(
                key.value.constant,
                Some(Constant::Nothing | Constant::Truth(false))
            ) || key.value.text() == Some("")
        });
        let none = call
            .at(2)
            .and_then(|options| option(&options.value, "algorithms"))
            .and_then(|list| list.parts.as_ref())
            .is_some_and(|parts| parts.values().any(|value| value.text() == Some("none")));
        if key_missing || none {
            found(flow, &rules::JWT, call.node, call.callee, Severity::High);
        }
    }
}

fn settings<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    if call.name() == "listen"
        && call
            .arguments
            .iter()
            .any(|argument| argument.value.text() == Some("0.0.0.0"))
    {
        suspected(flow, &rules::BIND, call.node, call.callee, Severity::Info);
    }
    if matches!(call.name(), "chmod" | "chmodSync") && call.path.starts_with("fs.") {
        let mode = call.at(1).and_then(|mode| match &mode.value.constant {
            Some(Constant::Number(mode)) => Some(*mode),
            Some(Constant::Text(text)) => i64::from_str_radix(text, 8).ok(),
            _ => None,
        });
        if mode.is_some_and(|mode| mode & 0o2 != 0) {
            found(
                flow,
                &rules::PERMISSIONS,
                call.node,
                call.callee,
                Severity::Medium,
            );
        }
    }
    if call.name() == "cookie" && call.path.starts_with("response.") {
        let off = call
            .at(2)
            .is_some_and(|options| truth(option(&options.value, "secure")) == Some(false));
        if off {
            suspected(flow, &rules::COOKIE, call.node, call.callee, Severity::Low);
        }
    }
    if call.is(&[
        "libxmljs.parseXml",
        "libxmljs.parseXmlString",
        "libxmljs2.parseXml",
    ]) {
        let expands = call
            .at(1)
            .is_some_and(|options| truth(option(&options.value, "noent")) == Some(true));
        if expands {
            found(flow, &rules::XXE, call.node, call.callee, Severity::Medium);
        }
    }
    if call.is(&[
        "lodash.merge",
        "_.merge",
        "lodash.defaultsDeep",
        "_.defaultsDeep",
        "lodash.set",
        "_.set",
        "merge-deep",
        "deepmerge",
    ]) {
        let outside = call
            .arguments
            .iter()
            .skip(1)
            .any(|argument| argument.value.taint == Taint::Remote);
        if outside {
            suspected(
                flow,
                &rules::PROTOTYPE,
                call.node,
                call.callee,
                Severity::Medium,
            );
        }
    }
}

/// Rules for an assignment.
pub(super) fn on_assign<'t>(flow: &mut Flow<'t>, target: Node<'t>, node: Node<'t>, value: &Value) {
    let name = flow.text(target);
    if name == "dangerouslySetInnerHTML" {
        if let Some(html) = option(value, "__html") {
            let html = html.clone();
            sink::check_value(flow, target, target, &html, &rules::DOM);
        }
        return;
    }
    match flow.shape(target) {
        Shape::Member { field, .. } => {
            let last = flow.text(field);
            if matches!(last, "innerHTML" | "outerHTML" | "srcdoc") {
                sink::check_value(flow, target, target, value, &rules::DOM);
            }
            let moves = last == "href" && name.contains("location")
                || matches!(name, "window.location" | "document.location" | "location");
            if moves {
                sink::check_value(flow, target, target, value, &rules::MOVED);
            }
            let off = value.constant == Some(Constant::Number(0)) || value.text() == Some("0");
            if last == "NODE_TLS_REJECT_UNAUTHORIZED" && off {
                found(flow, &rules::TLS, target, target, Severity::High);
            }
        }
        Shape::Index { index, .. } => {
            let key = flow.visit(index);
            if key.taint == Taint::Remote && !key.built && key.dangerous_for(Uses::OTHER) {
                suspected(flow, &rules::PROTOTYPE, target, target, Severity::Medium);
            }
        }
        Shape::Name if name == "location" => {
            sink::check_value(flow, target, target, value, &rules::MOVED);
        }
        _ => {}
    }
    let secret = names::is_secret(name);
    if secret && calls_math_random(flow, node) {
        suspected(flow, &rules::RANDOM, target, target, Severity::Low);
    }
}

fn calls_math_random<'t>(flow: &Flow<'t>, node: Node<'t>) -> bool {
    let mut open = vec![node];
    let mut steps = 0;
    while let Some(node) = open.pop() {
        steps += 1;
        if steps > 200 {
            return false;
        }
        if node.kind() == "member_expression" && flow.text(node) == "Math.random" {
            return true;
        }
        if !node.kind().contains("function") {
            open.extend(children(node));
        }
    }
    false
}

/// Options that switch protection off, wherever they are written.
pub(super) fn on_node<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    if node.kind() != "pair" {
        return;
    }
    let (Some(key), Some(value)) = (field(node, "key"), field(node, "value")) else {
        return;
    };
    let key = flow.text(key).trim_matches(['"', '\'']);
    let value = flow.text(value).trim_matches(['"', '\'']);
    match (key, value) {
        ("rejectUnauthorized" | "strictSSL", "false") => {
            found(flow, &rules::TLS, node, node, Severity::High);
        }
        ("minVersion" | "maxVersion", "TLSv1" | "TLSv1.1")
        | ("secureProtocol", "SSLv2_method" | "SSLv3_method" | "TLSv1_method" | "TLSv1_1_method") =>
        {
            found(flow, &rules::TLS_VERSION, node, node, Severity::Medium);
        }
        _ => {}
    }
}
