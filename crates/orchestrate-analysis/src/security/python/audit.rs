//! The part of the Python catalogue that asks for a look: what is harmless as it stands and would not be with data
//! from outside, and habits that make faults worse. Nothing here is worse than low.

use crate::security::rule::{self, Rule, catalogue};

catalogue! {
    CALL = CARE, "python.audit-call",
        "keep what it gets constant, or see that it is checked",
        ["B102", "B301", "B302", "B307", "B308", "B310", "B313", "B314", "B315", "B316", "B317",
         "B318", "B319", "B412", "B601", "B602", "B603", "B604", "B605", "B606", "B610", "B611",
         "B614", "B704"];
    IMPORT = CARE_MODULE, "python.audit-import",
        "see that what it is given comes from the program itself",
        ["B401", "B402", "B403", "B404", "B405", "B406", "B407", "B408", "B409", "B411", "B412"];
    RANDOM_USE = RANDOM_USE, "python.audit-random",
        "use the `secrets` module where somebody must not guess them", ["B311"];
    UNMAINTAINED = UNMAINTAINED, "python.unmaintained-library",
        "use `cryptography` or `pycryptodome`", ["B413"];
    SEARCH_PATH = SEARCH_PATH, "python.partial-program-path",
        "give the whole path where others may change the search path", ["B607"];
    PASSWORD = PASSWORD, "python.hard-coded-password",
        "read it from the environment or a secret store", ["B105", "B106", "B107"];
    REQUEST_TIMEOUT = REQUEST_TIMEOUT, "python.request-without-timeout",
        "pass `timeout=` with a number of seconds", ["B113"];
    UNPINNED = UNPINNED, "python.unpinned-download",
        "pass `revision=` with the hash of a commit", ["B615"];
    SWALLOWED = SWALLOWED, "python.exception-swallowed",
        "log it, or catch only what is expected", ["B110", "B112"];
    TRUST = TRUST, "python.trust-boundary",
        "check it first, or keep it apart from what is trusted", [];
    WILDCARD = WILDCARD, "python.shell-wildcard",
        "write `./*`, or put `--` before it", ["B609"];
}

/// Calls that are worth a look whatever they get, beside those of parsers of XML.
pub(super) const CALLS: &[&str] = &[
    "eval",
    "exec",
    "builtins.eval",
    "builtins.exec",
    "os.system",
    "os.popen",
    "os.popen2",
    "os.popen3",
    "os.popen4",
    "os.startfile",
    "popen2.popen2",
    "popen2.popen3",
    "popen2.popen4",
    "popen2.Popen3",
    "popen2.Popen4",
    "commands.getoutput",
    "commands.getstatusoutput",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "cPickle.load",
    "cPickle.loads",
    "dill.load",
    "dill.loads",
    "marshal.load",
    "marshal.loads",
    "jsonpickle.decode",
    "jsonpickle.unpickler.Unpickler().restore",
    "shelve.open",
    "pandas.read_pickle",
    "urllib.request.URLopener",
    "urllib.request.FancyURLopener",
    "wsgiref.handlers.CGIHandler",
    "twisted.web.twcgi.CGIDirectory",
    "twisted.web.twcgi.CGIScript",
];

/// Modules whose use is worth a look.
pub(super) const MODULES: &[&str] = &[
    "cPickle",
    "dill",
    "ftplib",
    "pickle",
    "shelve",
    "subprocess",
    "telnetlib",
    "xml.dom.expatbuilder",
    "xml.dom.minidom",
    "xml.dom.pulldom",
    "xml.etree.ElementTree",
    "xml.etree.cElementTree",
    "xml.sax",
    "xmlrpc",
    "xmlrpclib",
];

/// Functions of the `random` module that give numbers.
pub(super) const RANDOM: &[&str] = &[
    "random.Random",
    "random.betavariate",
    "random.choice",
    "random.choices",
    "random.expovariate",
    "random.gammavariate",
    "random.gauss",
    "random.getrandbits",
    "random.lognormvariate",
    "random.normalvariate",
    "random.paretovariate",
    "random.randbytes",
    "random.randint",
    "random.random",
    "random.randrange",
    "random.sample",
    "random.shuffle",
    "random.triangular",
    "random.uniform",
    "random.vonmisesvariate",
    "random.weibullvariate",
];
