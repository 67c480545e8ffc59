//! The Go part of the catalogue, and the table of calls that must not get outside data.

use crate::finding::Severity::{High, Low, Medium};
use crate::security::rule::{self, Rule, catalogue};
use crate::security::sink::{At, Sink, Unknown};
use crate::security::value::Uses;

catalogue! {
    COMMAND = COMMAND, "go.command-injection",
        "run the program itself with fixed arguments, without a shell", ["G204", "G702"];
    SQL = SQL, "go.sql-injection",
        "use placeholders and hand the values over as parameters", ["G201", "G202", "G701"];
    PATH = PATH, "go.path-traversal",
        "use `os.Root`, or check `filepath.IsLocal`", ["G304", "G703"];
    XSS = XSS, "go.cross-site-scripting",
        "let `html/template` escape it", ["G203", "G705"];
    TEMPLATE = TEMPLATE, "go.template-injection",
        "keep the template constant and pass the data as values", ["G708"];
    SSRF = SSRF, "go.server-side-request-forgery",
        "take the host from a list of allowed ones", ["G107", "G704"];
    REDIRECT = REDIRECT, "go.open-redirect",
        "redirect to a fixed path, or check the host", ["G710"];
    WEAK_HASH = WEAK_HASH, "go.weak-hash",
        "use SHA-256 or better", ["G401", "G406", "G501", "G505"];
    WEAK_CIPHER = WEAK_CIPHER, "go.weak-cipher",
        "use AES in GCM mode or ChaCha20-Poly1305", ["G405", "G502", "G503"];
    KEY_SIZE = KEY_SIZE, "go.short-key", "use at least 2048 bits", ["G403"];
    RANDOM = RANDOM, "go.predictable-random", "use `crypto/rand`", ["G404"];
    TLS = TLS, "go.tls-verification-off",
        "leave verification on and add the certificate authority to `RootCAs`", ["G402"];
    TLS_VERSION = TLS_VERSION, "go.outdated-tls",
        "set `MinVersion` to `tls.VersionTLS12` or better", ["G402"];
    HOST_KEY = HOST_KEY, "go.host-key-unchecked",
        "use `knownhosts.New` or `ssh.FixedHostKey`", ["G106"];
    DEBUG_ENDPOINT = ENDPOINT, "go.profiling-endpoint",
        "register the profiler on a mux of its own that is not public", ["G108"];
    BIND = BIND, "go.bind-all-interfaces",
        "bind to the address that is meant", ["G102"];
    TIMEOUT = TIMEOUT, "go.server-without-timeouts",
        "set `ReadHeaderTimeout` on an `http.Server`", ["G112", "G114"];
    TEMP = TEMP, "go.insecure-temporary-file", "use `os.CreateTemp`", ["G303"];
    PERMISSIONS = PERMISSIONS, "go.world-writable",
        "give write permission to the owner only", ["G301", "G302", "G306", "G307"];
    ARCHIVE = ARCHIVE, "go.archive-path-traversal",
        "refuse entries for which `filepath.IsLocal` is false", ["G305"];
    BOMB = BOMB, "go.decompression-bomb",
        "copy with `io.CopyN` and a limit", ["G110"];
    JWT = JWT, "go.jwt-unverified",
        "verify the signature and name the allowed methods", [];
    COOKIE = COOKIE, "go.insecure-cookie", "set `Secure: true` and `HttpOnly: true`", ["G124"];
    UNSAFE = UNSAFE, "go.unsafe-pointer",
        "use `encoding/binary` or plain conversions where speed allows", ["G103"];
}

pub(super) static SHELL: Sink = Sink::new(&COMMAND, At::Every, Uses::SHELL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(High, Medium));
pub(super) static PROGRAM: Sink = Sink::new(&COMMAND, At::Every, Uses::SHELL).with_local(Medium);
pub(super) static SQL_SINK: Sink = Sink::new(&SQL, At::Index(0), Uses::SQL)
    .with_local(Medium)
    .with_unknown(Unknown::BuiltSql(Medium));
static FILE: Sink = Sink::new(&PATH, At::Index(0), Uses::PATH).with_local(Low);
static FILE_PAIR: Sink = Sink::new(&PATH, At::Every, Uses::PATH).with_local(Low);
static FILE_THIRD: Sink = Sink::new(&PATH, At::Index(2), Uses::PATH);
static MARKED: Sink =
    Sink::new(&XSS, At::Index(0), Uses::HTML).with_unknown(Unknown::Any(Medium, Low));
pub(super) static PAGE: Sink = Sink::new(&XSS, At::Every, Uses::HTML);
static TEMPLATE_SINK: Sink = Sink::new(&TEMPLATE, At::Index(0), Uses::CODE);
static URL: Sink = Sink::new(&SSRF, At::Index(0), Uses::URL)
    .with_local(Low)
    .with_anchor();
static URL_SECOND: Sink = Sink::new(&SSRF, At::Index(1), Uses::URL)
    .with_local(Low)
    .with_anchor();
static URL_THIRD: Sink = Sink::new(&SSRF, At::Index(2), Uses::URL)
    .with_local(Low)
    .with_anchor();
static MOVED: Sink = Sink::new(&REDIRECT, At::Index(2), Uses::URL).with_anchor();
static MOVED_SECOND: Sink = Sink::new(&REDIRECT, At::Index(1), Uses::URL).with_anchor();

/// The calls that must not get outside data.
pub(super) fn sinks() -> Vec<(&'static str, &'static Sink)> {
    let mut all: Vec<(&'static str, &'static Sink)> = Vec::new();
    let mut add = |sink: &'static Sink, paths: &[&'static str]| {
        all.extend(paths.iter().map(|path| (*path, sink)));
    };
    add(
        &PROGRAM,
        &[
            "syscall.Exec",
            "syscall.ForkExec",
            "syscall.StartProcess",
            "os.StartProcess",
        ],
    );
    add(
        &FILE,
        &[
            "os.Open",
            "os.OpenFile",
            "os.ReadFile",
            "os.Create",
            "os.WriteFile",
            "os.Remove",
            "os.RemoveAll",
            "os.ReadDir",
            "os.Mkdir",
            "os.MkdirAll",
            "io/ioutil.ReadFile",
            "io/ioutil.WriteFile",
            "io/ioutil.ReadDir",
            "os.Chmod",
            "os.Truncate",
        ],
    );
    add(&FILE_PAIR, &["os.Rename", "os.Symlink", "os.Link"]);
    add(&FILE_THIRD, &["net/http.ServeFile"]);
    add(
        &MARKED,
        &[
            "html/template.HTML",
            "html/template.JS",
            "html/template.URL",
            "html/template.HTMLAttr",
            "html/template.CSS",
            "html/template.JSStr",
            "html/template.Srcset",
        ],
    );
    add(&TEMPLATE_SINK, &["*.New().Parse", "*.New().Funcs().Parse"]);
    add(
        &URL,
        &[
            "net/http.Get",
            "net/http.Head",
            "net/http.Post",
            "net/http.PostForm",
            "*.Client.Get",
            "*.Client.Post",
            "*.Client.Head",
            "net/http.DefaultClient.Get",
        ],
    );
    add(&URL_SECOND, &["net/http.NewRequest", "net.Dial"]);
    add(
        &URL_THIRD,
        &["net/http.NewRequestWithContext", "net.DialTimeout"],
    );
    add(&MOVED, &["net/http.Redirect"]);
    add(&MOVED_SECOND, &["*.Context.Redirect"]);
    all
}
