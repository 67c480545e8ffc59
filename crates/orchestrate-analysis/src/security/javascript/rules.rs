//! The JavaScript part of the catalogue, and the table of calls that must not get outside data.

use crate::finding::Severity::{High, Low, Medium};
use crate::security::rule::{self, Rule, catalogue};
use crate::security::sink::{At, Sink, Unknown};
use crate::security::value::Uses;

catalogue! {
    COMMAND = COMMAND, "javascript.command-injection",
        "use `execFile` or `spawn` with a list of arguments and no shell", [];
    SQL = SQL, "javascript.sql-injection",
        "use placeholders and hand the values over as parameters", [];
    NOSQL = NOSQL, "javascript.nosql-injection",
        "convert the value to the expected type (`String(x)`) before it enters the query", [];
    CODE = CODE, "javascript.code-injection",
        "parse the data instead of running it (`JSON.parse`, a table of functions)", [];
    DESERIALIZE = DESERIALIZE, "javascript.unsafe-deserialization",
        "use JSON", [];
    PATH = PATH, "javascript.path-traversal",
        "resolve the path and check that it starts with the intended directory", [];
    XSS = XSS, "javascript.cross-site-scripting",
        "use `textContent` or a template that escapes, or sanitise with DOMPurify", [];
    TEMPLATE = TEMPLATE, "javascript.template-injection",
        "keep the template constant and pass the data as variables", [];
    SSRF = SSRF, "javascript.server-side-request-forgery",
        "take the host from a list of allowed ones", [];
    REDIRECT = REDIRECT, "javascript.open-redirect",
        "redirect to a fixed path, or check the host", [];
    WEAK_HASH = WEAK_HASH, "javascript.weak-hash",
        "use SHA-256 or better", [];
    WEAK_CIPHER = WEAK_CIPHER, "javascript.weak-cipher",
        "use `aes-256-gcm` with `createCipheriv`", [];
    RANDOM = RANDOM, "javascript.predictable-random",
        "use `crypto.randomBytes` or `crypto.randomUUID`", [];
    TLS = TLS, "javascript.tls-verification-off",
        "leave verification on and pass the certificate authority where it is private", [];
    TLS_VERSION = TLS_VERSION, "javascript.outdated-tls",
        "set `minVersion` to `TLSv1.2` or better", [];
    BIND = BIND, "javascript.bind-all-interfaces",
        "bind to the address that is meant", [];
    PERMISSIONS = PERMISSIONS, "javascript.world-writable",
        "give write permission to the owner only", [];
    XXE = XXE, "javascript.xml-external-entities",
        "leave entity expansion off", [];
    JWT = JWT, "javascript.jwt-unverified",
        "verify the signature and name the allowed algorithms", [];
    COOKIE = COOKIE, "javascript.insecure-cookie",
        "set `secure: true` and `httpOnly: true`", [];
    REGEX = REGEX, "javascript.regex-from-outside",
        "escape the data before it becomes a pattern", [];
    PROTOTYPE = PROTOTYPE, "javascript.prototype-pollution",
        "use a `Map`, or refuse the keys `__proto__`, `constructor` and `prototype`", [];
}

pub(super) static SHELL: Sink = Sink::new(&COMMAND, At::Index(0), Uses::SHELL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(High, Medium));
pub(super) static PROGRAM: Sink = Sink::new(&COMMAND, At::Index(0), Uses::SHELL).with_local(Low);
pub(super) static SQL_SINK: Sink = Sink::new(&SQL, At::Index(0), Uses::SQL)
    .with_local(Medium)
    .with_unknown(Unknown::BuiltSql(Medium));
static RAW_SQL: Sink = Sink::new(&SQL, At::Index(0), Uses::SQL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Low));
static EVAL: Sink = Sink::new(&CODE, At::Index(0), Uses::CODE)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
static FUNCTION: Sink = Sink::new(&CODE, At::Every, Uses::CODE)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
static TIMER: Sink =
    Sink::new(&CODE, At::Index(0), Uses::CODE).with_unknown(Unknown::Built(Medium));
static IMPORT: Sink = Sink::new(&CODE, At::Index(0), Uses::CODE);
static LOAD: Sink = Sink::new(&DESERIALIZE, At::Index(0), Uses::DATA)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
static FILE: Sink = Sink::new(&PATH, At::Index(0), Uses::PATH);
static FILE_PAIR: Sink = Sink::new(&PATH, At::Every, Uses::PATH);
pub(super) static PAGE: Sink = Sink::new(&XSS, At::Index(0), Uses::HTML);
pub(super) static DOM: Sink =
    Sink::new(&XSS, At::Index(0), Uses::HTML).with_unknown(Unknown::Any(Medium, Low));
static DOM_SECOND: Sink =
    Sink::new(&XSS, At::Index(1), Uses::HTML).with_unknown(Unknown::Any(Medium, Low));
static TEMPLATE_SINK: Sink = Sink::new(&TEMPLATE, At::Index(0), Uses::CODE);
pub(super) static URL: Sink = Sink::new(&SSRF, At::Index(0), Uses::URL).with_anchor();
pub(super) static MOVED: Sink = Sink::new(&REDIRECT, At::Every, Uses::URL).with_anchor();
static PATTERN: Sink = Sink::new(&REGEX, At::Index(0), Uses::OTHER);
static XML: Sink = Sink::new(&XXE, At::Index(0), Uses::DATA);

/// The functions that fetch an address.
pub(super) const FETCHES: [&str; 22] = [
    "fetch",
    "axios",
    "axios.get",
    "axios.post",
    "axios.put",
    "axios.delete",
    "axios.request",
    "axios.head",
    "request",
    "request.get",
    "request.post",
    "request.request",
    "got",
    "got.get",
    "got.post",
    "needle.get",
    "needle",
    "http.get",
    "http.request",
    "https.get",
    "https.request",
    "superagent.get",
];

/// The calls that must not get outside data.
pub(super) fn sinks() -> Vec<(&'static str, &'static Sink)> {
    let mut all: Vec<(&'static str, &'static Sink)> = Vec::new();
    let mut add = |sink: &'static Sink, paths: &[&'static str]| {
        all.extend(paths.iter().map(|path| (*path, sink)));
    };
    add(
        &SHELL,
        &[
            "child_process.exec",
            "child_process.execSync",
            "shelljs.exec",
            "shell.exec",
        ],
    );
    add(
        &PROGRAM,
        &[
            "child_process.spawn",
            "child_process.spawnSync",
            "child_process.execFile",
            "child_process.execFileSync",
            "child_process.fork",
            "execa",
            "execa.execa",
            "cross-spawn",
        ],
    );
    add(&RAW_SQL, &["*.$queryRawUnsafe", "*.$executeRawUnsafe"]);
    add(
        &EVAL,
        &[
            "eval",
            "window.eval",
            "global.eval",
            "globalThis.eval",
            "vm.runInNewContext",
            "vm.runInThisContext",
            "vm.runInContext",
            "vm.Script",
            "vm.compileFunction",
            "vm2.VM().run",
            "vm2.NodeVM().run",
        ],
    );
    add(&FUNCTION, &["Function"]);
    add(
        &TIMER,
        &[
            "setTimeout",
            "setInterval",
            "window.setTimeout",
            "window.setInterval",
        ],
    );
    add(&IMPORT, &["require", "import"]);
    add(
        &LOAD,
        &[
            "node-serialize.unserialize",
            "serialize-to-js.deserialize",
            "funcster.deepDeserialize",
            "cryo.parse",
        ],
    );
    add(
        &FILE,
        &[
            "fs.readFile",
            "fs.readFileSync",
            "fs.writeFile",
            "fs.writeFileSync",
            "fs.appendFile",
            "fs.appendFileSync",
            "fs.createReadStream",
            "fs.createWriteStream",
            "fs.unlink",
            "fs.unlinkSync",
            "fs.readdir",
            "fs.readdirSync",
            "fs.rm",
            "fs.rmSync",
            "fs.rmdir",
            "fs.open",
            "fs.openSync",
            "fs.mkdir",
            "fs.mkdirSync",
            "fs.promises.readFile",
            "fs.promises.writeFile",
            "fs.promises.unlink",
            "fs.stat",
            "fs.statSync",
            "fs.readlink",
            "fs.access",
            "Deno.readTextFile",
            "Deno.readFile",
            "Bun.file",
        ],
    );
    add(
        &FILE_PAIR,
        &[
            "fs.rename",
            "fs.renameSync",
            "fs.copyFile",
            "fs.copyFileSync",
            "fs.symlink",
        ],
    );
    add(
        &DOM,
        &[
            "document.write",
            "document.writeln",
            "*.createContextualFragment",
            "*.bypassSecurityTrustHtml",
        ],
    );
    add(&DOM_SECOND, &["*.insertAdjacentHTML"]);
    add(
        &TEMPLATE_SINK,
        &[
            "ejs.render",
            "ejs.compile",
            "pug.render",
            "pug.compile",
            "handlebars.compile",
            "Handlebars.compile",
            "nunjucks.renderString",
            "lodash.template",
            "_.template",
            "mustache.render",
            "jade.compile",
            "jade.render",
            "dot.template",
        ],
    );
    add(
        &MOVED,
        &[
            "response.redirect",
            "context.redirect",
            "location.assign",
            "location.replace",
            "window.location.assign",
            "window.location.replace",
            "next/navigation.redirect",
            "NextResponse.redirect",
            "next/server.NextResponse.redirect",
            "window.open",
        ],
    );
    add(&PATTERN, &["RegExp"]);
    add(
        &XML,
        &[
            "libxmljs.parseXml",
            "libxmljs.parseXmlString",
            "libxmljs2.parseXml",
        ],
    );
    all
}
