//! Rust cases.

use super::{Case, check};

const CASES: &[Case] = &[
    (
        "rust.command-injection",
        "use std::process::Command;\nfn f(x: &str) {\n    Command::new(\"sh\").arg(\"-c\").arg(format!(\"ls {x}\")); // BAD\n}\n",
    ),
    (
        "rust.command-injection",
        "use std::process::Command;\nfn f() {\n    let name = std::env::args().nth(1).unwrap();\n    let mut c = Command::new(\"bash\");\n    c.arg(\"-c\").arg(&name); // BAD\n}\n",
    ),
    (
        "rust.command-injection",
        "use std::process::Command;\nfn f(x: &str) {\n    Command::new(\"ls\").arg(x);\n    Command::new(\"sh\").arg(\"-c\").arg(\"ls\");\n    Command::new(x);\n}\n",
    ),
    (
        "rust.sql-injection",
        "fn f(name: &str) {\n    sqlx::query(&format!(\"SELECT * FROM t WHERE a = '{name}'\")); // BAD\n    conn.execute(&format!(\"DELETE FROM t WHERE a = {}\", name), []); // BAD\n}\n",
    ),
    (
        "rust.sql-injection",
        "fn f(name: &str, n: u32) {\n    sqlx::query(\"SELECT * FROM t WHERE a = ?\").bind(name);\n    conn.execute(&format!(\"SELECT * FROM t LIMIT {n}\"), []);\n}\n",
    ),
    (
        "rust.path-traversal",
        "use axum::extract::Path;\nasync fn f(Path(name): Path<String>) {\n    std::fs::read(format!(\"files/{name}\")); // BAD\n}\n",
    ),
    (
        "rust.path-traversal",
        "fn f(name: &str, path: &Path) {\n    std::fs::read(format!(\"files/{name}\"));\n    std::fs::read(path);\n    std::fs::read(std::env::args().nth(1).unwrap());\n}\n",
    ),
    (
        "rust.cross-site-scripting",
        "use axum::response::Html;\nasync fn f(Query(q): Query<Params>) -> Html<String> {\n    Html(format!(\"<b>{}</b>\", q.name)) // BAD\n}\n",
    ),
    (
        "rust.cross-site-scripting",
        "use axum::response::Html;\nasync fn f(Query(q): Query<Params>) -> Html<String> {\n    Html(format!(\"<b>{}</b>\", html_escape::encode_text(&q.name)).len().to_string())\n}\n",
    ),
    (
        "rust.server-side-request-forgery",
        "async fn f(Query(q): Query<Params>) {\n    reqwest::get(&q.url).await; // BAD\n}\n",
    ),
    (
        "rust.server-side-request-forgery",
        "async fn f(Query(q): Query<Params>) {\n    reqwest::get(format!(\"https://api.site/{}\", q.id)).await;\n}\n",
    ),
    (
        "rust.open-redirect",
        "use axum::response::Redirect;\nasync fn f(Query(q): Query<Params>) {\n    Redirect::to(&q.next); // BAD\n}\n",
    ),
    (
        "rust.open-redirect",
        "use axum::response::Redirect;\nasync fn f() {\n    Redirect::to(\"/home\");\n}\n",
    ),
    (
        "rust.weak-hash",
        "use md5::Md5;\nfn f() { Md5::new(); } // BAD\n",
    ),
    (
        "rust.weak-hash",
        "use sha2::Sha256;\nfn f() { Sha256::new(); }\n",
    ),
    (
        "rust.weak-cipher",
        "use des::Des;\nfn f(k: &[u8]) { Des::new(k); } // BAD\n",
    ),
    (
        "rust.weak-cipher",
        "use aes_gcm::Aes256Gcm;\nfn f(k: &[u8]) { Aes256Gcm::new(k); }\n",
    ),
    (
        "rust.tls-verification-off",
        "fn f() { reqwest::Client::builder().danger_accept_invalid_certs(true); } // BAD\n",
    ),
    (
        "rust.tls-verification-off",
        "fn f() { reqwest::Client::builder().danger_accept_invalid_certs(false); }\n",
    ),
    (
        "rust.bind-all-interfaces",
        "fn f() { TcpListener::bind(\"0.0.0.0:80\"); } // BAD\n",
    ),
    (
        "rust.bind-all-interfaces",
        "fn f() { TcpListener::bind(\"127.0.0.1:80\"); }\n",
    ),
    (
        "rust.insecure-temporary-file",
        "use std::fs::File;\nfn f() { File::create(\"/tmp/x\"); } // BAD\n",
    ),
    (
        "rust.insecure-temporary-file",
        "use std::fs::File;\nfn f() { File::create(\"/var/lib/x\"); }\n",
    ),
    (
        "rust.world-writable",
        "fn f() { Permissions::from_mode(0o777); } // BAD\n",
    ),
    (
        "rust.world-writable",
        "fn f() { Permissions::from_mode(0o755); }\n",
    ),
    (
        "rust.jwt-unverified",
        "fn f(v: &mut Validation) { v.insecure_disable_signature_validation(); } // BAD\n",
    ),
    (
        "rust.jwt-unverified",
        "fn f(v: &mut Validation) { v.set_audience(&[\"a\"]); }\n",
    ),
    (
        "rust.unsafe-without-reason",
        "fn f(p: *const u8) -> u8 {\n    unsafe { *p } // BAD\n}\n",
    ),
    (
        "rust.unsafe-without-reason",
        "fn f(p: *const u8) -> u8 {\n    // SAFETY: the caller keeps `p` valid.\n    unsafe { *p }\n}\nfn g(p: *const u8) -> u8 {\n    // SAFETY: as above.\n    let x =\n        unsafe { *p };\n    unsafe {\n        // SAFETY: as above.\n        *p\n    };\n    x\n}\nconst T: &str = \"unsafe { }\";\n",
    ),
    (
        "rust.transmute",
        "fn f(x: u32) -> f32 {\n    // SAFETY: same size.\n    unsafe { std::mem::transmute(x) } // BAD\n}\n",
    ),
    (
        "rust.transmute",
        "fn f(x: u32) -> f32 { f32::from_bits(x) }\n",
    ),
    (
        "rust.unchecked-text",
        "fn f(x: &[u8]) -> &str {\n    unsafe { std::str::from_utf8_unchecked(x) } // BAD\n}\n",
    ),
    (
        "rust.unchecked-text",
        "fn f(x: &[u8]) -> &str { std::str::from_utf8(x).unwrap() }\n",
    ),
    (
        "rust.uninitialized-memory",
        "fn f() -> u32 { unsafe { std::mem::uninitialized() } } // BAD\n",
    ),
    (
        "rust.uninitialized-memory",
        "fn f() { MaybeUninit::<u32>::uninit(); }\n",
    ),
    ("rust.static-mut", "static mut COUNT: u32 = 0; // BAD\n"),
    (
        "rust.static-mut",
        "static COUNT: AtomicU32 = AtomicU32::new(0);\n",
    ),
];

#[test]
fn a_constant_in_a_pattern_is_not_bound() {
    let text = "use std::process::Command;\nfn f() {\n    match std::env::args().nth(1) {\n        None => {}\n        Some(x) => {}\n    }\n    Command::new(\"sh\").arg(None);\n}\n";
    let messages: Vec<String> = super::findings("a.rs", text)
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert!(
        messages
            .iter()
            .all(|message| !message.contains("env::args")),
        "{messages:?}"
    );
}

#[test]
fn every_rule_finds_and_leaves_alone() {
    check("src/main.rs", "rust.", CASES);
}
