//! The Python part of the catalogue, and the table of calls that must not get outside data.

use crate::finding::Severity::{High, Low, Medium};
use crate::security::rule::{self, Rule, catalogue};
use crate::security::sink::{At, Sink, Unknown};
use crate::security::value::Uses;

catalogue! {
    COMMAND = COMMAND, "python.command-injection",
        "pass a list of arguments without `shell=True`, or quote each part with `shlex.quote`",
        ["B602", "B604", "B605", "B609", "B601", "B603", "B606", "B607"];
    SQL = SQL, "python.sql-injection",
        "use placeholders and hand the values over as parameters", ["B608", "B610", "B611"];
    CODE = CODE, "python.code-injection",
        "parse the data instead of running it (`ast.literal_eval`, a table of functions)",
        ["B102", "B307"];
    DESERIALIZE = DESERIALIZE, "python.unsafe-deserialization",
        "use JSON, or `yaml.safe_load`; sign data that must be pickled",
        ["B301", "B302", "B506", "B403", "B614", "B615"];
    PATH = PATH, "python.path-traversal",
        "resolve the path and check that it stays inside the intended directory", ["B108"];
    XSS = XSS, "python.cross-site-scripting",
        "let the template escape it, or call `html.escape`", ["B308", "B703", "B704"];
    AUTOESCAPE = XSS, "python.template-without-escaping",
        "switch autoescape on", ["B701", "B702"];
    TEMPLATE = TEMPLATE, "python.template-injection",
        "keep the template constant and pass the data as variables", ["B704"];
    SSRF = SSRF, "python.server-side-request-forgery",
        "take the host from a list of allowed ones", ["B310"];
    REDIRECT = REDIRECT, "python.open-redirect",
        "redirect to a named route, or check the host", [];
    LDAP = LDAP, "python.ldap-injection",
        "escape the data with `escape_filter_chars`", [];
    XPATH = XPATH, "python.xpath-injection",
        "pass the data as XPath variables", [];
    WEAK_HASH = WEAK_HASH, "python.weak-hash",
        "use SHA-256 or better, or say `usedforsecurity=False`", ["B303", "B324"];
    WEAK_CIPHER = WEAK_CIPHER, "python.weak-cipher",
        "use AES in GCM mode or ChaCha20-Poly1305", ["B304", "B305"];
    KEY_SIZE = KEY_SIZE, "python.short-key",
        "use at least 2048 bits for RSA and DSA, 224 for elliptic curves", ["B505"];
    RANDOM = RANDOM, "python.predictable-random",
        "use the `secrets` module", ["B311"];
    TLS = TLS, "python.tls-verification-off",
        "leave verification on and name the certificate authority where it is private",
        ["B501", "B323"];
    TLS_VERSION = TLS_VERSION, "python.outdated-tls",
        "use `ssl.create_default_context()`", ["B502", "B503", "B504"];
    HOST_KEY = HOST_KEY, "python.host-key-unchecked",
        "load known host keys and reject unknown ones", ["B507"];
    DEBUG = DEBUG, "python.debug-mode",
        "take the setting from the environment, off by default", ["B201"];
    BIND = BIND, "python.bind-all-interfaces",
        "bind to the address that is meant", ["B104"];
    TEMP = TEMP, "python.insecure-temporary-file",
        "use `tempfile.mkstemp` or `NamedTemporaryFile`", ["B306", "B108"];
    PERMISSIONS = PERMISSIONS, "python.world-writable",
        "give write permission to the owner only", ["B103"];
    XXE = XXE, "python.xml-external-entities",
        "use `defusedxml`", ["B313", "B314", "B315", "B316", "B317", "B318", "B319", "B320"];
    ARCHIVE = ARCHIVE, "python.archive-path-traversal",
        "pass `filter=\"data\"` to `extractall`", ["B202"];
    JWT = JWT, "python.jwt-unverified",
        "verify the signature and name the allowed algorithms", [];
    COOKIE = COOKIE, "python.insecure-cookie",
        "set `secure=True` and `httponly=True`", [];
    CLEARTEXT = CLEARTEXT, "python.cleartext-protocol",
        "use SSH, SFTP or TLS", ["B312", "B321", "B401", "B402", "B415", "B508", "B509"];
    REGEX = REGEX, "python.regex-from-outside",
        "escape the data with `re.escape`", [];
}

pub(super) static SHELL_SINK: Sink = Sink::new(&COMMAND, At::Named(0, "args"), Uses::SHELL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(High, Medium));
static SHELL_FIRST: Sink = Sink::new(&COMMAND, At::Index(0), Uses::SHELL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(High, Medium));
pub(super) static PROGRAM_SINK: Sink =
    Sink::new(&COMMAND, At::Every, Uses::SHELL).with_local(Medium);
static REMOTE_SHELL: Sink = Sink::new(&COMMAND, At::Index(0), Uses::SHELL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
pub(super) static SQL_SINK: Sink = Sink::new(&SQL, At::Index(0), Uses::SQL)
    .with_local(Medium)
    .with_unknown(Unknown::BuiltSql(Medium));
static RAW_SQL: Sink = Sink::new(&SQL, At::Named(0, "sql"), Uses::SQL)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Low));
static CODE_SINK: Sink = Sink::new(&CODE, At::Index(0), Uses::CODE)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
static IMPORT_SINK: Sink = Sink::new(&CODE, At::Index(0), Uses::CODE);
static LOAD: Sink = Sink::new(&DESERIALIZE, At::Index(0), Uses::DATA)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
pub(super) static YAML: Sink = Sink::new(&DESERIALIZE, At::Index(0), Uses::DATA)
    .with_local(Medium)
    .with_unknown(Unknown::Any(Medium, Medium));
static LOAD_MODEL: Sink = Sink::new(&DESERIALIZE, At::Index(0), Uses::DATA)
    .with_local(Low)
    .with_unknown(Unknown::Any(Medium, Medium));
static FILE: Sink = Sink::new(&PATH, At::Index(0), Uses::PATH);
static FILE_PAIR: Sink = Sink::new(&PATH, At::Every, Uses::PATH);
static FILE_OBJECT: Sink = Sink::new(&PATH, At::Receiver, Uses::PATH);
pub(super) static HTML_SINK: Sink = Sink::new(&XSS, At::Index(0), Uses::HTML);
static MARKED: Sink =
    Sink::new(&XSS, At::Index(0), Uses::HTML).with_unknown(Unknown::Any(Medium, Low));
static TEMPLATE_SINK: Sink =
    Sink::new(&TEMPLATE, At::Index(0), Uses::CODE).with_unknown(Unknown::Built(Medium));
static URL: Sink = Sink::new(&SSRF, At::Named(0, "url"), Uses::URL).with_anchor();
static URL_SECOND: Sink = Sink::new(&SSRF, At::Named(1, "url"), Uses::URL).with_anchor();
static MOVED: Sink = Sink::new(&REDIRECT, At::Index(0), Uses::URL).with_anchor();
pub(super) static LDAP_SINK: Sink = Sink::new(&LDAP, At::Every, Uses::OTHER);
static XPATH_SINK: Sink = Sink::new(&XPATH, At::Index(0), Uses::OTHER);
static XML: Sink = Sink::new(&XXE, At::Index(0), Uses::DATA)
    .with_local(Low)
    .with_unknown(Unknown::Any(Low, Low));
static PATTERN: Sink = Sink::new(&REGEX, At::Index(0), Uses::OTHER);

/// The standard library's parsers of XML, all of which follow what a document tells them to fetch.
pub(super) const XML_PARSERS: &[&str] = &[
    "xml.sax.parse",
    "xml.sax.parseString",
    "xml.sax.make_parser",
    "xml.sax.expatreader.create_parser",
    "xml.dom.minidom.parse",
    "xml.dom.minidom.parseString",
    "xml.dom.pulldom.parse",
    "xml.dom.pulldom.parseString",
    "xml.dom.expatbuilder.parse",
    "xml.dom.expatbuilder.parseString",
    "xml.etree.ElementTree.parse",
    "xml.etree.ElementTree.fromstring",
    "xml.etree.ElementTree.iterparse",
    "xml.etree.ElementTree.XMLParser",
    "xml.etree.cElementTree.parse",
    "xml.etree.cElementTree.fromstring",
    "xml.etree.cElementTree.iterparse",
    "xml.etree.cElementTree.XMLParser",
];

/// The calls that must not get outside data.
pub(super) fn sinks() -> Vec<(&'static str, &'static Sink)> {
    let mut all: Vec<(&'static str, &'static Sink)> = Vec::new();
    let mut add = |sink: &'static Sink, paths: &[&'static str]| {
        all.extend(paths.iter().map(|path| (*path, sink)));
    };
    add(
        &SHELL_FIRST,
        &[
            "os.system",
            "os.popen",
            "os.popen2",
            "os.popen3",
            "os.popen4",
            "popen2.popen2",
            "popen2.popen3",
            "popen2.popen4",
            "popen2.Popen3",
            "popen2.Popen4",
            "commands.getoutput",
            "commands.getstatusoutput",
            "subprocess.getoutput",
            "subprocess.getstatusoutput",
            "asyncio.create_subprocess_shell",
            "pty.spawn",
            "os.startfile",
        ],
    );
    add(
        &PROGRAM_SINK,
        &[
            "os.execl",
            "os.execle",
            "os.execlp",
            "os.execlpe",
            "os.execv",
            "os.execve",
            "os.execvp",
            "os.execvpe",
            "os.spawnl",
            "os.spawnle",
            "os.spawnlp",
            "os.spawnlpe",
            "os.spawnv",
            "os.spawnve",
            "os.spawnvp",
            "os.spawnvpe",
            "os.posix_spawn",
            "pexpect.spawn",
            "asyncio.create_subprocess_exec",
        ],
    );
    add(&REMOTE_SHELL, &["*.exec_command", "*.invoke_shell"]);
    add(
        &RAW_SQL,
        &[
            "django.db.models.expressions.RawSQL",
            "RawSQL",
            "*.objects.raw",
            "*.RawSQL",
        ],
    );
    add(
        &SQL_SINK,
        &[
            "sqlalchemy.text",
            "*.read_sql",
            "*.read_sql_query",
            "sqlalchemy.sql.text",
        ],
    );
    add(
        &CODE_SINK,
        &[
            "eval",
            "exec",
            "builtins.eval",
            "builtins.exec",
            "*.runcode",
            "code.interact",
        ],
    );
    add(
        &IMPORT_SINK,
        &[
            "__import__",
            "importlib.import_module",
            "compile",
            "timeit.timeit",
        ],
    );
    add(
        &LOAD,
        &[
            "pickle.load",
            "pickle.loads",
            "pickle.Unpickler",
            "cPickle.load",
            "cPickle.loads",
            "cPickle.Unpickler",
            "_pickle.load",
            "_pickle.loads",
            "dill.load",
            "dill.loads",
            "dill.Unpickler",
            "cloudpickle.load",
            "cloudpickle.loads",
            "marshal.load",
            "marshal.loads",
            "jsonpickle.decode",
            "jsonpickle.unpickler.decode",
            "jsonpickle.unpickler.Unpickler",
            "yaml.unsafe_load",
            "yaml.unsafe_load_all",
            "yaml.full_load",
        ],
    );
    add(
        &LOAD_MODEL,
        &[
            "shelve.open",
            "shelve.DbfilenameShelf",
            "dill.loads",
            "pandas.read_pickle",
            "torch.load",
            "joblib.load",
            "pandas.DataFrame.from_pickle",
        ],
    );
    add(
        &FILE,
        &[
            "open",
            "io.open",
            "codecs.open",
            "os.open",
            "os.remove",
            "os.unlink",
            "os.rmdir",
            "os.removedirs",
            "os.listdir",
            "os.scandir",
            "os.makedirs",
            "os.mkdir",
            "shutil.rmtree",
            "flask.send_file",
            "send_file",
            "django.http.FileResponse",
            "aiofiles.open",
            "fastapi.responses.FileResponse",
            "starlette.responses.FileResponse",
            "aiohttp.web.FileResponse",
            "zipfile.ZipFile",
            "tarfile.open",
            "os.chmod",
            "os.stat",
            "numpy.load",
            "linecache.getlines",
        ],
    );
    add(
        &FILE_PAIR,
        &[
            "os.rename",
            "os.replace",
            "shutil.copy",
            "shutil.copyfile",
            "shutil.copy2",
            "shutil.move",
            "os.symlink",
        ],
    );
    add(
        &FILE_OBJECT,
        &[
            "*.read_text",
            "*.read_bytes",
            "*.write_text",
            "*.write_bytes",
            "*.unlink",
            "pathlib.Path().open",
        ],
    );
    add(
        &MARKED,
        &[
            "django.utils.safestring.mark_safe",
            "mark_safe",
            "django.utils.safestring.SafeText",
            "django.utils.safestring.SafeString",
            "markupsafe.Markup",
            "flask.Markup",
            "jinja2.Markup",
            "django.utils.safestring.SafeUnicode",
            "django.utils.safestring.SafeBytes",
        ],
    );
    add(
        &TEMPLATE_SINK,
        &[
            "flask.render_template_string",
            "jinja2.Template",
            "*.from_string",
            "mako.template.Template",
            "django.template.Template",
            "jinja2.Environment().from_string",
        ],
    );
    add(
        &URL,
        &[
            "requests.get",
            "requests.post",
            "requests.put",
            "requests.delete",
            "requests.head",
            "requests.patch",
            "requests.options",
            "requests.Session().get",
            "requests.Session().post",
            "urllib.request.urlopen",
            "urllib.request.Request",
            "urllib.request.urlretrieve",
            "urllib2.urlopen",
            "urllib.urlopen",
            "httpx.get",
            "httpx.post",
            "httpx.put",
            "httpx.AsyncClient().get",
            "httpx.AsyncClient().post",
            "httpx.Client().get",
            "aiohttp.ClientSession().get",
            "aiohttp.ClientSession().post",
            "httpx.stream",
            "http.client.HTTPConnection",
            "http.client.HTTPSConnection",
        ],
    );
    add(
        &URL_SECOND,
        &[
            "requests.request",
            "requests.Session().request",
            "httpx.request",
            "*.PoolManager().request",
            "aiohttp.ClientSession().request",
        ],
    );
    add(
        &MOVED,
        &[
            "flask.redirect",
            "django.shortcuts.redirect",
            "django.http.HttpResponseRedirect",
            "django.http.HttpResponsePermanentRedirect",
            "werkzeug.utils.redirect",
            "self.redirect",
            "fastapi.responses.RedirectResponse",
            "starlette.responses.RedirectResponse",
            "aiohttp.web.HTTPFound",
            "bottle.redirect",
        ],
    );
    add(
        &LDAP_SINK,
        &[
            "*.search_s",
            "*.search_ext_s",
            "*.search_st",
            "ldap3.Connection().search",
        ],
    );
    add(
        &XPATH_SINK,
        &["*.xpath", "lxml.etree.XPath", "elementpath.select"],
    );
    add(&XML, XML_PARSERS);
    add(&XML, &["lxml.etree.parse", "lxml.etree.fromstring"]);
    add(
        &PATTERN,
        &[
            "re.compile",
            "re.match",
            "re.search",
            "re.findall",
            "re.sub",
            "re.fullmatch",
        ],
    );
    all
}
