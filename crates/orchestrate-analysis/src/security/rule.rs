//! A rule as data: what `explain` prints and what reports carry. What a rule looks for lives with its language.

use crate::finding::Severity;

/// One rule of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable id, for example `python.command-injection`.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// The worst severity that the rule gives; a finding may be less severe when less is proven.
    pub severity: Severity,
    /// Number in the Common Weakness Enumeration.
    pub cwe: u16,
    /// Why it matters, in one sentence.
    pub why: &'static str,
    /// How to mend it, in one sentence.
    pub fix: &'static str,
    /// Codes of other tools for the same thing, so that their suppression comments are understood.
    pub known_as: &'static [&'static str],
}

/// What rules of several languages have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    pub(super) title: &'static str,
    pub(super) severity: Severity,
    pub(super) cwe: u16,
    pub(super) why: &'static str,
}

impl Family {
    /// The rule of one language in this family.
    pub(super) const fn rule(
        self,
        id: &'static str,
        fix: &'static str,
        known_as: &'static [&'static str],
    ) -> Rule {
        Rule {
            id,
            title: self.title,
            severity: self.severity,
            cwe: self.cwe,
            why: self.why,
            fix,
            known_as,
        }
    }
}

/// Writes one language's part of the catalogue: a static per rule, and `RULES` over all of them.
macro_rules! catalogue {
    ($($name:ident = $family:ident, $id:literal, $fix:literal, [$($code:literal),*];)*) => {
        $(pub(super) static $name: Rule = rule::$family.rule($id, $fix, &[$($code),*]);)*
        /// Every rule of this language.
        pub(in crate::security) static RULES: &[&Rule] = &[$(&$name),*];
    };
}
pub(super) use catalogue;

macro_rules! families {
    ($($name:ident: $severity:ident, $cwe:literal, $title:literal, $why:literal;)*) => {
        $(pub(super) const $name: Family = Family {
            title: $title, severity: Severity::$severity, cwe: $cwe, why: $why,
        };)*
    };
}

families! {
    COMMAND: Critical, 78, "operating-system command built from data",
        "whoever chooses the data can run any command with the rights of the program";
    SQL: Critical, 89, "SQL statement built from data",
        "whoever chooses the data can read and change the whole database";
    CODE: Critical, 94, "data run as code",
        "whoever chooses the data runs code inside the program";
    DESERIALIZE: Critical, 502, "unsafe deserialisation",
        "reading this format can construct any object and so run code";
    PATH: High, 22, "file path built from outside data",
        "`..` or an absolute path leads out of the directory that was meant";
    XSS: High, 79, "outside data written as HTML",
        "scripts in the data run in the browser of whoever sees the page";
    SSRF: High, 918, "request to an address chosen from outside",
        "the program can be made to reach internal services in the caller's place";
    REDIRECT: Medium, 601, "redirect to an address chosen from outside",
        "a link to this site can lead to a forged one";
    TEMPLATE: Critical, 1336, "template text built from data",
        "template syntax in the data is evaluated and can run code";
    WEAK_HASH: Low, 327, "weak hash function",
        "collisions can be computed, so it must not protect anything";
    WEAK_CIPHER: Medium, 327, "weak cipher or mode",
        "the protection can be broken with known attacks";
    RANDOM: Low, 338, "predictable random numbers for a secret",
        "the generator's next outputs can be computed from earlier ones";
    TLS: High, 295, "certificate check switched off",
        "anybody on the way can read and change the traffic";
    TLS_VERSION: Medium, 327, "outdated TLS version",
        "the protocol version has known attacks";
    DEBUG: High, 489, "debug mode switched on",
        "the debugger of a reachable server runs code for whoever asks";
    BIND: Info, 605, "service bound to all interfaces",
        "it can be reached from every network the machine is in";
    TEMP: Low, 377, "predictable temporary file",
        "another user of the machine can put a link or file there first";
    PERMISSIONS: Medium, 732, "file that everybody may write",
        "every user of the machine can change it";
    XXE: Medium, 611, "XML read with external entities",
        "a document can make the parser read files or exhaust memory";
    ARCHIVE: Medium, 22, "archive unpacked without checking its paths",
        "an entry named `../x` is written outside the target directory";
    JWT: High, 347, "token accepted without checking its signature",
        "anybody can write a token of their own";
    LDAP: High, 90, "LDAP filter built from outside data",
        "filter syntax in the data changes what is searched";
    XPATH: High, 643, "XPath expression built from outside data",
        "expression syntax in the data changes what is read";
    COOKIE: Low, 614, "cookie without the secure flag",
        "it is sent over unencrypted connections";
    KEY_SIZE: Medium, 326, "key too short",
        "keys of this size can be computed with enough money";
    HOST_KEY: High, 322, "host key accepted without a check",
        "anybody on the way can pose as the server";
    CLEARTEXT: Low, 319, "protocol without encryption",
        "passwords and data can be read on the way";
    NOSQL: High, 943, "database query built from outside data",
        "an object in place of a text changes what the query means";
    PROTOTYPE: Medium, 1321, "object key chosen from outside",
        "the key `__proto__` changes every object of the program";
    ENDPOINT: Low, 200, "profiling endpoint registered by import",
        "whoever reaches the default server can read memory and stop the program";
    TIMEOUT: Low, 400, "server without timeouts",
        "slow clients can hold connections open until none is left";
    BOMB: Medium, 409, "unbounded decompression",
        "a small archive can unpack to more than the disk or memory holds";
    UNSAFE: Low, 242, "pointer without the checks of the language",
        "a mistake here corrupts memory";
    UNSAFE_RUST: Low, 242, "unsafe code without a stated reason",
        "nobody can check later that its conditions still hold";
    TRANSMUTE: Low, 704, "value reinterpreted as another type",
        "sizes, alignment and valid values are not checked";
    UNCHECKED: Low, 20, "text made from bytes without a check",
        "bytes that are not UTF-8 make every use of it undefined";
    UNINITIALIZED: Medium, 908, "uninitialised memory",
        "reading it is undefined even where every value is valid";
    STATIC_MUT: Low, 362, "mutable global without synchronisation",
        "two threads that touch it race";
    CARE: Info, 1357, "call that needs care",
        "it is harmless only as long as nobody outside chooses what it gets";
    CARE_MODULE: Info, 1357, "module that needs care",
        "what it is given is trusted, so it must not come from outside";
    UNMAINTAINED: Low, 1104, "library that nobody maintains",
        "faults in it are published and not mended";
    SEARCH_PATH: Info, 426, "program found through the search path",
        "a directory earlier in the path can hold another program of that name";
    PASSWORD: Low, 259, "password written in the source",
        "whoever can read the source can use it, and it cannot be changed without a release";
    REQUEST_TIMEOUT: Low, 400, "request without a timeout",
        "a server that does not answer holds the program for ever";
    UNPINNED: Low, 494, "download that is not pinned",
        "what the name stands for can be replaced at any time";
    RANDOM_USE: Info, 330, "predictable random numbers",
        "they are fine for games and samples, and protect nothing";
    SWALLOWED: Info, 703, "exception swallowed",
        "a fault, or an attack, leaves no trace";
    TRUST: Low, 501, "outside data kept in the session",
        "code that reads it later takes it for checked";
    WILDCARD: Low, 155, "wildcard in a shell command",
        "a file that is named like an option changes what the command does";
    BIDIRECTIONAL: High, 1007, "control character that turns the direction of text",
        "the source reads differently from how it is compiled";
    REGEX: Medium, 1333, "regular expression chosen from outside",
        "a pattern can be written that takes exponential time";
}
