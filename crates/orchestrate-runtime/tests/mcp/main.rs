//! Real servers of the Model Context Protocol, from the package registry of their makers.
//!
//! `.ci/run` installs them into `target/mcp`. Where they are missing the tests say so
//! and pass, except where `CI` is set: there they fail.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what helpers of tests cannot do fails the test"
)]

mod http;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::testing::tool_call;
use orchestrate_core::tool::{Effect, Tool, ToolFailure};
use orchestrate_runtime::tools::mcp::{McpServer, McpSetup, McpTransport};
use serde_json::json;

/// The program of a server, if it is installed.
fn program(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/mcp/node_modules/.bin");
    let path = target.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "`{}` is not installed",
        path.display()
    );
    skipped(&path);
    None
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped(path: &Path) {
    eprintln!("SKIPPED: `{}` is not installed", path.display());
}

fn server(
    argv: Vec<String>,
    directory: &Path,
    reads: &[&str],
    timeout: Duration,
) -> Arc<McpServer> {
    McpServer::new(McpSetup {
        name: "s".into(),
        transport: McpTransport::Program {
            argv,
            variables: Vec::new(),
            directory: directory.to_owned(),
        },
        reads: reads.iter().map(|it| (*it).to_owned()).collect(),
        timeout,
    })
}

fn tool(tools: &[Arc<dyn Tool>], name: &str) -> Arc<dyn Tool> {
    let names: Vec<_> = tools.iter().map(|tool| tool.spec().name.clone()).collect();
    tools
        .iter()
        .find(|tool| tool.spec().name == name)
        .unwrap_or_else(|| panic!("{names:?}"))
        .clone()
}

#[tokio::test]
async fn a_server_lists_calls_fails_and_comes_back_after_its_death() {
    let Some(program) = program("mcp-server-everything") else {
        return;
    };
    let argv = vec![program.display().to_string(), "stdio".into()];
    let server = server(
        argv,
        &std::env::temp_dir(),
        &["echo"],
        Duration::from_secs(60),
    );
    let tools = server.tools().await.unwrap();
    let echo = tool(&tools, "mcp.s.echo");
    assert_eq!(echo.spec().effect, Effect::Read);
    let said = echo
        .call(tool_call(json!({"message": "hello"})))
        .await
        .unwrap();
    assert!(said.output.as_str().unwrap().contains("hello"), "{said:?}");
    // What a server says of its own tools is not believed: whatever is not named may change something.
    assert!(
        tools
            .iter()
            .filter(|tool| tool.spec().effect == Effect::Read)
            .count()
            == 1
    );

    let wrong = echo
        .call(tool_call(json!({"message": 7})))
        .await
        .unwrap_err();
    assert!(
        matches!(
            wrong,
            ToolFailure::Retry { .. } | ToolFailure::Failed { .. }
        ),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up_and_the_server_stays() {
    let Some(program) = program("mcp-server-everything") else {
        return;
    };
    let argv = vec![program.display().to_string(), "stdio".into()];
    let server = server(argv, &std::env::temp_dir(), &[], Duration::from_secs(2));
    let tools = server.tools().await.unwrap();
    let names: Vec<String> = tools.iter().map(|tool| tool.spec().name.clone()).collect();
    let long = names
        .iter()
        .find(|name| name.to_lowercase().contains("long"))
        .unwrap_or_else(|| panic!("{names:?}"));
    let late = tool(&tools, long)
        .call(tool_call(json!({"duration": 60, "steps": 60})))
        .await
        .unwrap_err();
    assert!(late.to_string().contains("took longer"), "{late}");
    let said = tool(&tools, "mcp.s.echo")
        .call(tool_call(json!({"message": "still here"})))
        .await
        .unwrap();
    assert!(said.output.as_str().unwrap().contains("still here"));
}

#[tokio::test]
async fn a_server_of_files_keeps_to_its_directory() {
    let Some(program) = program("mcp-server-filesystem") else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    std::fs::write(root.join("a.txt"), "content of a").unwrap();
    let argv = vec![program.display().to_string(), root.display().to_string()];
    let server = server(argv, &root, &["read_text_file"], Duration::from_secs(60));
    let tools = server.tools().await.unwrap();
    let read = tool(&tools, "mcp.s.read_text_file");
    let given = read
        .call(tool_call(json!({"path": root.join("a.txt")})))
        .await
        .unwrap();
    assert!(given.output.as_str().unwrap().contains("content of a"));
    let refused = read
        .call(tool_call(json!({"path": "/etc/passwd"})))
        .await
        .unwrap_err();
    assert!(matches!(refused, ToolFailure::Failed { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_is_told_and_started_again() {
    // A server that greets, lists one tool, and dies at its first call.
    let script = r#"
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "d", "version": "1"}}
    elif message.get("method") == "tools/list":
        result = {"tools": [{"name": "die", "description": "Dies.", "inputSchema": {"type": "object"}}]}
    elif message.get("method") == "tools/call":
        sys.exit(1)
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"#;
    let argv = vec!["python3".into(), "-c".into(), script.into()];
    let server = server(argv, &std::env::temp_dir(), &[], Duration::from_secs(20));
    let tools = server.tools().await.unwrap();
    let dead = tool(&tools, "mcp.s.die")
        .call(tool_call(json!({})))
        .await
        .unwrap_err();
    assert!(dead.to_string().contains("ended in the middle"), "{dead}");
    assert_eq!(server.tools().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let server = server(
        vec!["no-such-server-here".into()],
        &std::env::temp_dir(),
        &[],
        Duration::from_secs(5),
    );
    let error = server.tools().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("MCP server `s` cannot be reached: `no-such-server-here`"),
        "{error}"
    );
}
