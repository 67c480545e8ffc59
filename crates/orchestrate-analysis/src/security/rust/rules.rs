//! The Rust part of the catalogue, and the table of calls that must not get outside data.

use crate::finding::Severity::{High, Low, Medium};
use crate::security::rule::{self, Rule, catalogue};
use crate::security::sink::{At, Sink, Unknown};
use crate::security::value::Uses;

catalogue! {
    COMMAND = COMMAND, "rust.command-injection",
        "run the program itself with `Command::arg` for each argument, without a shell", [];
    SQL = SQL, "rust.sql-injection",
        "use placeholders and bind the values", [];
    PATH = PATH, "rust.path-traversal",
        "canonicalize the path and check that it starts with the intended directory", [];
    XSS = XSS, "rust.cross-site-scripting",
        "let a template escape it, or use `html_escape`", [];
    SSRF = SSRF, "rust.server-side-request-forgery",
        "take the host from a list of allowed ones", [];
    REDIRECT = REDIRECT, "rust.open-redirect",
        "redirect to a fixed path, or check the host", [];
    WEAK_HASH = WEAK_HASH, "rust.weak-hash", "use SHA-256 or better", [];
    WEAK_CIPHER = WEAK_CIPHER, "rust.weak-cipher", "use AES-GCM or ChaCha20-Poly1305", [];
    TLS = TLS, "rust.tls-verification-off",
        "leave verification on and add the certificate authority where it is private", [];
    BIND = BIND, "rust.bind-all-interfaces", "bind to the address that is meant", [];
    TEMP = TEMP, "rust.insecure-temporary-file", "use the `tempfile` crate", [];
    PERMISSIONS = PERMISSIONS, "rust.world-writable", "give write permission to the owner only", [];
    JWT = JWT, "rust.jwt-unverified", "leave `validate_signature` on", [];
    UNSAFE = UNSAFE_RUST, "rust.unsafe-without-reason",
        "say in a `// SAFETY:` comment why the conditions hold", [];
    TRANSMUTE = TRANSMUTE, "rust.transmute",
        "use `as`, `from_ne_bytes`, `bytemuck` or a pointer cast", [];
    UNCHECKED = UNCHECKED, "rust.unchecked-text",
        "use the checked form, `from_utf8`", [];
    UNINITIALIZED = UNINITIALIZED, "rust.uninitialized-memory", "use `MaybeUninit`", [];
    STATIC_MUT = STATIC_MUT, "rust.static-mut",
        "use an atomic, a `Mutex` or a `OnceLock`", [];
}

pub(super) static SHELL: Sink = Sink::new(&COMMAND, At::Every, Uses::SHELL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(High, Medium));
pub(super) static PROGRAM: Sink = Sink::new(&COMMAND, At::Index(0), Uses::SHELL).with_local(Low);
pub(super) static SQL_SINK: Sink = Sink::new(&SQL, At::Index(0), Uses::SQL)
    .with_local(Medium)
    .with_unknown(Unknown::BuiltSql(Medium));
static FILE: Sink = Sink::new(&PATH, At::Index(0), Uses::PATH);
static PAGE: Sink = Sink::new(&XSS, At::Index(0), Uses::HTML);
static URL: Sink = Sink::new(&SSRF, At::Index(0), Uses::URL).with_anchor();
static MOVED: Sink = Sink::new(&REDIRECT, At::Index(0), Uses::URL).with_anchor();

/// The calls that must not get outside data.
pub(super) fn sinks() -> Vec<(&'static str, &'static Sink)> {
    let mut all: Vec<(&'static str, &'static Sink)> = Vec::new();
    let mut add = |sink: &'static Sink, paths: &[&'static str]| {
        all.extend(paths.iter().map(|path| (*path, sink)));
    };
    add(
        &PROGRAM,
        &[
            "std::process::Command::new",
            "tokio::process::Command::new",
            "process::Command::new",
        ],
    );
    add(
        &SQL_SINK,
        &[
            "sqlx::query",
            "sqlx::query_as",
            "sqlx::query_scalar",
            "diesel::sql_query",
            "sqlx::raw_sql",
            "diesel::dsl::sql",
        ],
    );
    add(
        &FILE,
        &[
            "std::fs::read",
            "std::fs::read_to_string",
            "std::fs::write",
            "std::fs::remove_file",
            "std::fs::remove_dir_all",
            "std::fs::create_dir_all",
            "std::fs::File::open",
            "std::fs::File::create",
            "File::open",
            "File::create",
            "fs::read",
            "fs::read_to_string",
            "fs::write",
            "fs::remove_file",
            "tokio::fs::read",
            "tokio::fs::read_to_string",
            "tokio::fs::write",
            "tokio::fs::File::open",
            "tokio::fs::File::create",
            "tokio::fs::remove_file",
            "actix_files::NamedFile::open",
            "NamedFile::open",
            "NamedFile::open_async",
            "rocket::fs::NamedFile::open",
        ],
    );
    add(
        &PAGE,
        &[
            "axum::response::Html",
            "Html",
            "rocket::response::content::RawHtml",
            "RawHtml",
            "*.content_type().body",
            "maud::PreEscaped",
            "PreEscaped",
        ],
    );
    add(
        &URL,
        &[
            "reqwest::get",
            "reqwest::blocking::get",
            "reqwest::Client::new().get",
            "reqwest::Client::new().post",
            "ureq::get",
            "ureq::post",
            "surf::get",
        ],
    );
    add(
        &MOVED,
        &[
            "axum::response::Redirect::to",
            "Redirect::to",
            "Redirect::temporary",
            "Redirect::permanent",
            "axum::response::Redirect::temporary",
        ],
    );
    all
}
