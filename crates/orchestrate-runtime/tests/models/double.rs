//! A server that answers as it is told and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A whole answer.
    Full {
        status: u16,
        headers: String,
        body: String,
    },
    /// A stream that comes in pieces and ends as it should.
    Stream {
        kind: &'static str,
        pieces: Vec<String>,
    },
    /// A stream whose connection is cut after the pieces.
    Cut {
        kind: &'static str,
        pieces: Vec<String>,
    },
    /// A stream that says nothing more after the pieces and stays open.
    Stall {
        kind: &'static str,
        pieces: Vec<String>,
    },
    /// A connection that is closed without a word.
    Hangup,
}

impl Reply {
    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Full {
            status,
            headers: String::new(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn status_with(status: u16, headers: &str, body: &str) -> Self {
        Self::Full {
            status,
            headers: format!("{headers}\r\n"),
            body: body.to_owned(),
        }
    }
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Double {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: JoinHandle<()>,
}

impl Drop for Double {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Double {
    /// Answers each request by its number, from 0.
    pub(crate) async fn start(
        reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (kept, reply) = (asked.clone(), Arc::new(reply));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, reply) = (kept.clone(), reply.clone());
                tokio::spawn(async move { serve(stream, &kept, &*reply).await });
            }
        });
        Self {
            address,
            asked,
            server,
        }
    }

    /// Answers with the replies in order; the last one is repeated.
    pub(crate) async fn in_order(replies: Vec<Reply>) -> Self {
        Self::start(move |number, _| replies[number.min(replies.len() - 1)].clone()).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Vec<Asked>>,
    reply: &(dyn Fn(usize, &Asked) -> Reply + Send + Sync),
) {
    // One connection may carry many requests.
    while let Some(asked) = read(&mut stream).await {
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(asked.clone());
            kept.len() - 1
        };
        let (kind, pieces, end) = match reply(number, &asked) {
            Reply::Full {
                status,
                headers,
                body,
            } => {
                let text = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
                continue;
            }
            Reply::Hangup => return,
            Reply::Stream { kind, pieces } => (kind, pieces, "end"),
            Reply::Cut { kind, pieces } => (kind, pieces, "cut"),
            Reply::Stall { kind, pieces } => (kind, pieces, "stall"),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        let _ = stream.write_all(head.as_bytes()).await;
        for piece in pieces {
            let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
            let _ = stream.write_all(chunk.as_bytes()).await;
            let _ = stream.flush().await;
        }
        match end {
            "end" => {
                let _ = stream.write_all(b"0\r\n\r\n").await;
            }
            "cut" => return,
            _ => tokio::time::sleep(Duration::from_secs(600)).await,
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0usize);
    while bytes.len() < head_end + length {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    let body = serde_json::from_slice(&bytes[head_end..head_end + length]).unwrap_or_default();
    Some(Asked { head, body })
}
