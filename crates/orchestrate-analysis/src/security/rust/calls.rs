//! Rust rules over calls and single nodes that a table cannot say.

use tree_sitter::Node;

use super::{model, rules};
use crate::finding::Severity;
use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::shape::{children, field};
use crate::security::sink::{self, found, suspected};
use crate::security::value::{Constant, Taint};

/// Every rule for a call.
pub(super) fn on_call<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let in_shell = call
        .receiver
        .as_ref()
        .is_some_and(|(_, value)| value.path.as_deref() == Some(model::SHELL_COMMAND));
    if in_shell && matches!(call.name(), "arg" | "args") {
        sink::check_one(flow, call, &rules::SHELL);
    }
    let names = [
        "execute",
        "query",
        "query_row",
        "query_one",
        "query_opt",
        "prepare",
        "batch_execute",
        "simple_query",
        "execute_batch",
        "query_map",
        "raw_sql",
        "fetch_all",
    ];
    sink::check_statement(flow, call, &names, &rules::SQL_SINK);
    read_into(flow, call);
    memory(flow, call);
    settings(flow, call);
}

/// `stdin.read_line(&mut text)` puts outside data into `text`.
fn read_into<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let Some((_, receiver)) = &call.receiver else {
        return;
    };
    if !matches!(call.name(), "read_line" | "read_to_string" | "read_to_end")
        || receiver.taint <= Taint::Unknown
    {
        return;
    }
    let Some(target) = call
        .at(0)
        .and_then(|argument| field(argument.node, "value"))
    else {
        return;
    };
    let value = receiver.clone().derived();
    flow.assign(target, &value);
}

fn memory<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let path = &*call.path;
    let rule = match call.name() {
        "transmute" | "transmute_copy" if is_in(path, "mem") => (&rules::TRANSMUTE, Severity::Low),
        "from_utf8_unchecked" | "from_utf8_unchecked_mut" | "from_boxed_utf8_unchecked"
            if path.contains("str") || path.contains("String") =>
        {
            (&rules::UNCHECKED, Severity::Low)
        }
        "uninitialized" if is_in(path, "mem") => (&rules::UNINITIALIZED, Severity::Medium),
        _ => return,
    };
    found(flow, rule.0, call.node, call.callee, rule.1);
}

/// Whether a path names something of a module of the standard library.
fn is_in(path: &str, module: &str) -> bool {
    path.rsplit("::").nth(1) == Some(module)
}

fn settings<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let first = call.at(0).map(|argument| argument.value.clone());
    let on = first
        .as_ref()
        .is_some_and(|value| value.constant == Some(Constant::Truth(true)));
    match call.name() {
        "danger_accept_invalid_certs" | "danger_accept_invalid_hostnames" if on => {
            found(flow, &rules::TLS, call.node, call.callee, Severity::High);
        }
        "set_verify"
            if call
                .at(0)
                .is_some_and(|mode| flow.text(mode.node).ends_with("SslVerifyMode::NONE")) =>
        {
            found(flow, &rules::TLS, call.node, call.callee, Severity::High);
        }
        "insecure_disable_signature_validation" => {
            found(flow, &rules::JWT, call.node, call.callee, Severity::High);
        }
        "from_mode" | "set_mode" | "mode" => {
            if let Some(Constant::Number(mode)) = first.and_then(|value| value.constant)
                && mode & 0o2 != 0
                && mode <= 0o7777
            {
                found(
                    flow,
                    &rules::PERMISSIONS,
                    call.node,
                    call.callee,
                    Severity::Medium,
                );
            }
        }
        "bind" => {
            let everywhere = first
                .as_ref()
                .and_then(|value| value.text())
                .is_some_and(|address| {
                    address.starts_with("0.0.0.0") || address.starts_with("[::]")
                });
            if everywhere {
                suspected(flow, &rules::BIND, call.node, call.callee, Severity::Info);
            }
        }
        "create" | "write" if call.path.contains("fs::") || call.path.contains("File::") => {
            let shared = first
                .as_ref()
                .and_then(|value| value.text())
                .is_some_and(|path| path.starts_with("/tmp/") || path.starts_with("/var/tmp/"));
            if shared {
                suspected(flow, &rules::TEMP, call.node, call.callee, Severity::Low);
            }
        }
        "compute" if call.path.starts_with("md5::") => {
            found(
                flow,
                &rules::WEAK_HASH,
                call.node,
                call.callee,
                Severity::Low,
            );
        }
        "new" | "digest" | "default" => primitives(flow, call),
        _ => {}
    }
}

fn primitives<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let of = call.path.rsplit("::").nth(1).unwrap_or_default();
    if matches!(of, "Md5" | "Md4" | "Sha1") {
        found(
            flow,
            &rules::WEAK_HASH,
            call.node,
            call.callee,
            Severity::Low,
        );
    }
    if matches!(of, "Des" | "TdesEde3" | "Rc4" | "Rc2" | "Blowfish") && call.name() == "new" {
        found(
            flow,
            &rules::WEAK_CIPHER,
            call.node,
            call.callee,
            Severity::Medium,
        );
    }
}

/// Rules over single nodes.
pub(super) fn on_node<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    match node.kind() {
        "unsafe_block" if !has_reason(flow, node) => {
            found(flow, &rules::UNSAFE, node, first_line(node), Severity::Low);
        }
        "impl_item" => {
            let is_unsafe = flow.text(node).starts_with("unsafe ");
            // Any comment above an implementation can only be about why it holds.
            let explained = flow
                .report
                .comment_above(node.start_position().row, |_| true);
            if is_unsafe && !explained {
                found(
                    flow,
                    &rules::UNSAFE,
                    node,
                    field(node, "trait").unwrap_or(node),
                    Severity::Low,
                );
            }
        }
        "static_item" => {
            let mutable = children(node)
                .iter()
                .any(|child| child.kind() == "mutable_specifier");
            if mutable {
                found(
                    flow,
                    &rules::STATIC_MUT,
                    node,
                    field(node, "name").unwrap_or(node),
                    Severity::Low,
                );
            }
        }
        _ => {}
    }
}

fn first_line(node: Node<'_>) -> Node<'_> {
    let block = children(node).into_iter().next().unwrap_or(node);
    children(block).into_iter().next().unwrap_or(node)
}

fn says_safety(flow: &Flow<'_>, row: usize) -> bool {
    flow.report.comment_above(row, |comment| {
        let comment = comment.to_ascii_lowercase();
        comment.contains("safety") || comment.contains("# safe")
    })
}

/// Whether a comment gives the reason: before the block, before a statement around it in the same
/// function, or first inside it.
fn has_reason(flow: &Flow<'_>, node: Node<'_>) -> bool {
    let row = node.start_position().row;
    if says_safety(flow, row + 1) {
        return true;
    }
    let mut around = Some(node);
    while let Some(current) = around {
        if says_safety(flow, current.start_position().row) {
            return true;
        }
        if current.kind().ends_with("_item") {
            return false;
        }
        around = current.parent();
    }
    false
}
