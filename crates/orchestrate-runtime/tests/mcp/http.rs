//! A real server over streamable HTTP: it lists, answers, fails, is given up, and dies.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::error::{ErrorKind, Explain as _};
use orchestrate_core::testing::tool_call;
use orchestrate_runtime::tools::mcp::{McpServer, McpSetup, McpTransport};
use serde_json::json;

use crate::{program, tool};

/// The server as a program of its own. It ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it at a port, and comes back once it listens.
fn start(program: &Path, port: u16) -> Running {
    let child = Command::new(program)
        .arg("streamableHttp")
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = Running(child.unwrap());
    let said = BufReader::new(running.0.stderr.take().unwrap());
    let listens = said
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("listening on port"));
    assert!(listens, "the server ended before it listened");
    running
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn at(port: u16, timeout: Duration) -> Arc<McpServer> {
    with_key(port, timeout, None)
}

fn with_key(port: u16, timeout: Duration, key_variable: Option<&str>) -> Arc<McpServer> {
    McpServer::new(McpSetup {
        name: "s".into(),
        transport: McpTransport::Http {
            url: format!("http://127.0.0.1:{port}/mcp"),
            key_variable: key_variable.map(str::to_owned),
        },
        reads: vec!["echo".into()],
        timeout,
    })
}

#[tokio::test]
async fn a_server_over_http_lists_answers_fails_and_its_death_is_told() {
    let Some(program) = program("mcp-server-everything") else {
        return;
    };
    let port = free_port();
    let running = start(&program, port);
    let server = at(port, Duration::from_secs(30));
    let tools = server.tools().await.unwrap();
    let echo = tool(&tools, "mcp.s.echo");
    let said = echo
        .call(tool_call(json!({"message": "hello"})))
        .await
        .unwrap();
    assert!(said.output.as_str().unwrap().contains("hello"), "{said:?}");
    assert!(echo.call(tool_call(json!({"message": 7}))).await.is_err());

    drop(running);
    let dead = echo.call(tool_call(json!({"message": "still?"}))).await;
    let dead = dead.unwrap_err().to_string();
    assert!(
        dead.starts_with("MCP server `s` cannot be reached"),
        "{dead}"
    );
}

#[tokio::test]
async fn a_call_over_http_that_takes_too_long_or_is_dropped_is_given_up_alone() {
    let Some(program) = program("mcp-server-everything") else {
        return;
    };
    let port = free_port();
    let _running = start(&program, port);
    let server = at(port, Duration::from_secs(1));
    let tools = server.tools().await.unwrap();
    let long = tools
        .iter()
        .find(|tool| tool.spec().name.contains("long"))
        .unwrap();
    let endless = || tool_call(json!({"duration": 60, "steps": 60}));
    let late = long.call(endless()).await.unwrap_err().to_string();
    assert!(late.contains("took longer"), "{late}");
    // Whoever cancels drops the call.
    let long = long.clone();
    let dropped = tokio::spawn(async move { long.call(endless()).await.map(|_| ()) });
    tokio::task::yield_now().await;
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    let said = tool(&tools, "mcp.s.echo")
        .call(tool_call(json!({"message": "still here"})))
        .await
        .unwrap();
    assert!(said.output.as_str().unwrap().contains("still here"));
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_told() {
    let server = at(free_port(), Duration::from_secs(5));
    let error = server.tools().await.unwrap_err().to_string();
    assert!(
        error.starts_with("MCP server `s` cannot be reached"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_was_started_anew_is_greeted_again() {
    let Some(program) = program("mcp-server-everything") else {
        return;
    };
    let port = free_port();
    let running = start(&program, port);
    let server = at(port, Duration::from_secs(30));
    let tools = server.tools().await.unwrap();
    let echo = tool(&tools, "mcp.s.echo");
    let say = |what: &'static str| {
        let echo = echo.clone();
        async move {
            let said = echo.call(tool_call(json!({"message": what}))).await;
            said.map(|it| it.output.to_string())
                .map_err(|it| it.to_string())
        }
    };
    assert!(say("first").await.unwrap().contains("first"));
    drop(running);
    let running = start(&program, port);
    assert!(say("second").await.unwrap().contains("second"));
    // While nobody listens a call is not made, and that is told apart from one that may have had its effect.
    drop(running);
    let dead = say("third").await.unwrap_err();
    assert!(
        dead.starts_with("MCP server `s` cannot be reached"),
        "{dead}"
    );
    let _running = start(&program, port);
    assert!(say("fourth").await.unwrap().contains("fourth"));
}

#[tokio::test]
async fn a_server_that_wants_a_key_is_given_it_and_its_refusal_is_one_of_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Lets nobody in, and says what it was shown.
    let (shown, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty());
            let key = head
                .filter_map(|line| Some(line.split_once(": ")?.1.to_owned()))
                .find(|value| value.starts_with("Bearer "));
            let refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = shown.send(key);
            let _ = stream.write_all(refusal.as_bytes());
        }
    });
    let refused = async |variable: Option<&str>| {
        let server = with_key(port, Duration::from_secs(5), variable);
        let error = server.tools().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        error.to_string()
    };
    assert_eq!(
        refused(Some("NO_SUCH_KEY_HERE")).await,
        "MCP server `s` lets nobody in: the variable `NO_SUCH_KEY_HERE` is not set"
    );
    assert!(seen.try_recv().is_err());
    let without = refused(None).await;
    assert!(without.ends_with("it wants a key, or another one"));
    assert_eq!(seen.try_recv().unwrap(), None);
    // Any variable that every process has will do for a key.
    let path = std::env::var("PATH").unwrap();
    let with = refused(Some("PATH")).await;
    assert!(!with.contains(&path));
    let shown = seen.try_iter().last().unwrap();
    assert_eq!(shown.unwrap(), format!("Bearer {path}"));
}
