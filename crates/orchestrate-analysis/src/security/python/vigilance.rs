//! Finds what the rules of `audit` name: calls, imports and single nodes that are worth a look.

use tree_sitter::Node;

use super::audit::{
    CALL, CALLS, IMPORT, MODULES, RANDOM, RANDOM_USE, REQUEST_TIMEOUT, SEARCH_PATH, SWALLOWED,
    UNMAINTAINED, UNPINNED, WILDCARD,
};
use super::{calls, passwords, rules};
use crate::finding::Severity;
use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::shape::{children, field, fields};
use crate::security::sink::suspected;
use crate::security::value::Constant;

/// Looks at one call, after the rules that follow data.
pub(super) fn on_call<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let path = call.path.strip_prefix("six.moves.").unwrap_or(&call.path);
    if CALLS.contains(&path)
        || rules::XML_PARSERS.contains(&path)
        || starts_program(path)
        || opens_any_address(call, path)
        || loads_model(call, path)
        || takes_text(flow, call, path)
        || unpacks_chosen_members(flow, call)
        || opens_to_group(call)
    {
        suspected(flow, &CALL, call.node, call.callee, Severity::Info);
    }
    if RANDOM.contains(&path) {
        suspected(flow, &RANDOM_USE, call.node, call.callee, Severity::Info);
    }
    if call.is(&[
        "__import__",
        "importlib.import_module",
        "importlib.__import__",
    ]) && let Some(module) = call.argument(0, "name").and_then(|name| name.value.text())
        && MODULES.contains(&module)
    {
        suspected(flow, &IMPORT, call.node, call.callee, Severity::Info);
    }
    let asks = path.rsplit_once('.').is_some_and(|(module, verb)| {
        matches!(module, "requests" | "httpx" | "requests.Session()")
            && matches!(
                verb,
                "get" | "post" | "put" | "delete" | "patch" | "head" | "options" | "request"
            )
    });
    let client = matches!(path, "httpx.Client" | "httpx.AsyncClient");
    let unlimited = call
        .keyword("timeout")
        .is_none_or(|timeout| timeout.value.constant == Some(Constant::Nothing));
    // The other client has a limit unless it is taken away.
    let has_none = path.starts_with("requests.") || call.keyword("timeout").is_some();
    if (asks || client) && unlimited && has_none && call.keyword("**").is_none() {
        suspected(
            flow,
            &REQUEST_TIMEOUT,
            call.node,
            call.callee,
            REQUEST_TIMEOUT.severity,
        );
    }
    shell(flow, call, path);
    unpinned(flow, call, path);
}

/// `os.execv`, `os.spawnlp` and their like.
fn starts_program(path: &str) -> bool {
    path.strip_prefix("os.").is_some_and(|name| {
        name.starts_with("exec") || name.starts_with("spawn") || name == "posix_spawn"
    })
}

/// Calls that also open files where an address was meant.
fn opens_any_address(call: &Call<'_>, path: &str) -> bool {
    let opens = matches!(
        path,
        "urllib.request.urlopen"
            | "urllib.request.urlretrieve"
            | "urllib.urlopen"
            | "urllib.urlretrieve"
            | "urllib2.urlopen"
    );
    opens
        && call
            .argument(0, "url")
            .and_then(|url| url.value.text())
            .is_none_or(|url| !url.starts_with("http"))
}

fn loads_model(call: &Call<'_>, path: &str) -> bool {
    let weights_only = call
        .keyword("weights_only")
        .is_some_and(|it| it.value.truth() == Some(true));
    path == "torch.load" && !weights_only
}

/// Calls that take text as a part of SQL or HTML, or as a command, which then is better a literal.
fn takes_text<'t>(flow: &Flow<'t>, call: &Call<'t>, path: &str) -> bool {
    let is_literal = |node| is_literal(flow, node);
    match call.name() {
        "extra" => {
            call.receiver.is_some()
                && call.arguments.iter().any(|it| {
                    matches!(it.name, None | Some("select" | "where" | "tables"))
                        && !is_literal(it.node)
                })
        }
        "RawSQL" => call
            .argument(0, "sql")
            .is_some_and(|it| !is_literal(it.node)),
        "exec_command" => call.receiver.is_some(),
        "Markup" => {
            let is_markup = ["markupsafe.Markup", "flask.Markup", "jinja2.Markup"].contains(&path);
            is_markup && call.at(0).is_some_and(|it| !is_literal(it.node))
        }
        "load" | "load_all" => {
            let loader = call.argument(1, "Loader").map(|it| flow.text(it.node));
            path.starts_with("yaml.")
                && !loader.is_some_and(|it| it.contains("Safe") || it.contains("BaseLoader"))
        }
        _ => false,
    }
}

/// Whether an expression is spelled out, with nothing computed in it.
fn is_literal<'t>(flow: &Flow<'t>, node: Node<'t>) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node.kind() {
            "string"
            | "list"
            | "tuple"
            | "set"
            | "dictionary"
            | "pair"
            | "concatenated_string"
            | "parenthesized_expression" => open.extend(children(node)),
            "string_start" | "string_content" | "string_end" | "escape_sequence" | "integer"
            | "float" | "true" | "false" | "none" => {}
            _ => return false,
        }
        if open.len() > 500 {
            return flow.text(node).is_empty();
        }
    }
    true
}

/// A choice of members is a check only if it looks at their paths.
fn unpacks_chosen_members<'t>(flow: &Flow<'t>, call: &Call<'t>) -> bool {
    let tar = call
        .receiver
        .as_ref()
        .is_some_and(|(node, _)| flow.text(*node).contains("tar"));
    call.name() == "extractall"
        && tar
        && call.keyword("members").is_some()
        && call.keyword("filter").is_none()
}

fn opens_to_group(call: &Call<'_>) -> bool {
    matches!(call.name(), "chmod" | "fchmod" | "lchmod")
        && call.arguments.iter().any(|argument| {
            matches!(argument.value.constant, Some(Constant::Number(mode)) if mode & 0o20 != 0)
        })
}

/// What a command that is written out leaves to the shell or to the search path.
fn shell<'t>(flow: &mut Flow<'t>, call: &Call<'t>, path: &str) {
    let subprocess = path.starts_with("subprocess.")
        && matches!(
            call.name(),
            "run" | "call" | "check_call" | "check_output" | "Popen"
        );
    let shell = call
        .keyword("shell")
        .map(|shell| shell.value.truth() != Some(false));
    if !subprocess && shell == Some(true) {
        suspected(flow, &CALL, call.node, call.callee, Severity::Info);
    }
    let through_shell = shell == Some(true)
        || path.starts_with("os.popen")
        || matches!(
            path,
            "os.system" | "subprocess.getoutput" | "subprocess.getstatusoutput"
        );
    if !subprocess && !through_shell && !starts_program(path) {
        return;
    }
    let Some(first) = call.argument(0, "args") else {
        return;
    };
    let program = match &first.value.parts {
        Some(parts) => parts.get(&Constant::Number(0)),
        None => Some(&first.value),
    };
    let Some(command) = program.and_then(|value| value.text()) else {
        return;
    };
    let is_partial = !command.is_empty()
        && !command.starts_with(['/', '\\', '.'])
        && command.chars().nth(1) != Some(':');
    let expands = ["chown", "chmod", "tar", "rsync"]
        .iter()
        .any(|program| command.contains(program))
        && command.contains('*');
    if is_partial && subprocess && is_literal(flow, first.node) {
        suspected(flow, &SEARCH_PATH, call.node, call.callee, Severity::Info);
    }
    if expands && through_shell {
        suspected(flow, &WILDCARD, call.node, call.callee, WILDCARD.severity);
    }
}

/// Models and data sets whose revision is not the hash of a commit.
fn unpinned<'t>(flow: &mut Flow<'t>, call: &Call<'t>, path: &str) {
    let module = path.split('.').next().unwrap_or(path);
    let downloads = match call.name() {
        "from_pretrained" => true,
        "load_dataset" => module == "datasets",
        "hf_hub_download" | "snapshot_download" => module == "huggingface_hub",
        _ => false,
    };
    if !downloads {
        return;
    }
    let is_local = call
        .at(0)
        .and_then(|it| it.value.text())
        .is_some_and(|name| name.starts_with(['.', '/']));
    let is_hash = |text: &str| text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pinned = ["revision", "**"]
        .iter()
        .filter_map(|name| call.keyword(name))
        .any(|it| it.value.text().is_none_or(is_hash));
    if !is_local && !pinned {
        suspected(flow, &UNPINNED, call.node, call.callee, UNPINNED.severity);
    }
}

/// Looks at one node, without what is known of values.
pub(super) fn on_node<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    match node.kind() {
        "import_statement" => {
            let names: Vec<Node<'t>> = fields(node, "name")
                .into_iter()
                .map(|name| field(name, "name").unwrap_or(name))
                .collect();
            let modules: Vec<&str> = names.into_iter().map(|name| flow.text(name)).collect();
            import(flow, node, &modules);
        }
        "import_from_statement" => {
            let Some(module) = field(node, "module_name").map(|module| flow.text(module)) else {
                return;
            };
            let members: Vec<String> = fields(node, "name")
                .into_iter()
                .map(|name| field(name, "name").unwrap_or(name))
                .map(|name| format!("{module}.{}", flow.text(name)))
                .collect();
            let mut modules: Vec<&str> = members.iter().map(String::as_str).collect();
            modules.insert(0, module);
            import(flow, node, &modules);
        }
        "except_clause" => swallowed(flow, node),
        "default_parameter" | "typed_default_parameter" => {
            passwords::check(flow, node);
            if let Some(value) = field(node, "value")
                && calls::is_old_version(flow.text(value))
            {
                let rule = &rules::TLS_VERSION;
                suspected(flow, rule, node, value, rule.severity);
            }
        }
        _ => passwords::check(flow, node),
    }
}

fn import<'t>(flow: &mut Flow<'t>, node: Node<'t>, modules: &[&str]) {
    let is_below = |module: &str, known: &str| {
        module
            .strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let any = |known: &[&str]| {
        modules
            .iter()
            .any(|module| known.iter().any(|known| is_below(module, known)))
    };
    if any(MODULES) {
        suspected(flow, &IMPORT, node, node, Severity::Info);
    }
    if any(&["Crypto"]) {
        suspected(flow, &UNMAINTAINED, node, node, UNMAINTAINED.severity);
    }
    if any(&["pyghmi"]) {
        suspected(
            flow,
            &rules::CLEARTEXT,
            node,
            node,
            rules::CLEARTEXT.severity,
        );
    }
}

/// `except: pass` and `except Exception: continue`.
fn swallowed<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let parts = children(node);
    let (Some(block), kinds) = (parts.last(), parts.get(..parts.len().saturating_sub(1))) else {
        return;
    };
    let catches_all = kinds
        .unwrap_or_default()
        .iter()
        .all(|kind| matches!(flow.text(*kind), "Exception" | "BaseException"));
    let body = children(*block);
    let does_nothing = match body.as_slice() {
        [only] => matches!(only.kind(), "pass_statement" | "continue_statement"),
        _ => false,
    };
    if catches_all && does_nothing && block.kind() == "block" {
        suspected(flow, &SWALLOWED, node, node, Severity::Info);
    }
}
