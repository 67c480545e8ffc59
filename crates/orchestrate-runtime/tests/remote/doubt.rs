//! Servers that are no good: not there, busy, speaking something else, gone in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::{Expect, expect};
use orchestrate_core::testing::journal::MemoryJournal;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{builder, plan, plan_in, told};

/// A server that shows a card and answers each message with some bytes; none is a cut connection.
struct Bad {
    address: String,
    messages: Arc<AtomicUsize>,
}

impl Bad {
    async fn start(card: Option<&'static str>, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let messages = Arc::new(AtomicUsize::new(0));
        let counted = messages.clone();
        let good = json!({"name": "n", "supportedInterfaces": [
            {"url": "/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]});
        let card = card.map_or_else(|| ok(&good.to_string()), str::to_owned);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let is_message = read(&mut stream).await;
                if is_message {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                let bytes = if is_message { answer } else { card.as_str() };
                let _ = stream.write_all(bytes.as_bytes()).await;
            }
        });
        Self { address, messages }
    }
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Reads a request, and tells whether it is a message.
async fn read(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).await.unwrap_or_default();
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1);
            let length = length.and_then(|it| it.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return head.starts_with("POST");
            }
        }
        if count == 0 {
            return false;
        }
    }
}

async fn check(card: Option<&'static str>, answer: &'static str, expected: Expect) {
    let bad = Bad::start(card, answer).await;
    let executor = builder(&bad.address).build().unwrap();
    let report = executor.run(&plan("count")).await.unwrap();
    let port = bad.address.rsplit(':').next().unwrap();
    expected.assert_eq(&format!(
        "{} messages: {}",
        bad.messages.load(Ordering::SeqCst),
        told(&report).trim().replace(port, "PORT")
    ));
}

const BUSY: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<p>hi";
const MOVED: &str = "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const MISSING: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const UNKNOWN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 89\r\nConnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"there is no such method here\"}}";

#[tokio::test]
async fn each_fault_has_its_class_and_its_words() {
    check(None, BUSY, expect!["1 messages: transient null remote agent `painter` is busy: it answers 429 Too Many Requests"]).await;
    check(None, PAGE, expect!["1 messages: output null remote agent `painter` does not answer as the protocol says: its answer is no JSON: <p>hi"]).await;
    check(None, MOVED, expect!["1 messages: output null remote agent `painter` does not answer as the protocol says: it answers 302 Found and points to `http://elsewhere.example/`, which is not followed"]).await;
    check(None, UNKNOWN, expect!["1 messages: reported null remote agent `painter` refuses (-32601): there is no such method here"]).await;
    check(Some(MISSING), "", expect!["0 messages: not_executed null remote agent `painter` does not answer as the protocol says: there is no card at `http://127.0.0.1:PORT/.well-known/agent.json`"]).await;
    check(Some(PAGE), "", expect!["0 messages: not_executed null remote agent `painter` does not answer as the protocol says: its card cannot be read: expected value at line 1 column 1"]).await;
    check(Some(MOVED), "", expect!["0 messages: not_executed null remote agent `painter` does not answer as the protocol says: it answers 302 Found and points to `http://elsewhere.example/`, which is not followed"]).await;
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let executor = builder(&address).build().unwrap();
    let report = executor.run(&plan("count")).await.unwrap();
    assert_eq!(
        told(&report),
        "transient null remote agent `painter` cannot be reached: no connection\n"
    );
}

/// The message was sent and the connection cut: nobody knows whether it arrived, so a person is asked before it
/// is sent again.
#[tokio::test]
async fn a_message_that_may_have_arrived_is_not_sent_again() {
    for recorded in [true, false] {
        let bad = Bad::start(None, "").await;
        let builder = builder(&bad.address);
        let builder = match recorded {
            true => builder.journal(Arc::new(MemoryJournal::default())),
            false => builder,
        };
        let executor = builder.build().unwrap();
        let report = executor.run(&plan_in("count", 2)).await.unwrap();
        assert_eq!(bad.messages.load(Ordering::SeqCst), 1);
        let outcome = report.outcome.as_ref().unwrap().word();
        assert_eq!(outcome, "paused", "recorded: {recorded}, {}", told(&report));
        let request = &report.pending[0];
        assert_eq!(request.decisions, ["again", "succeeded", "failed"]);
    }
}
