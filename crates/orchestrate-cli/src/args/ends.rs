//! How each verb can end, in one place: the help of the verbs and the page of exit codes are made from it.

use crate::exit::Exit;
use Exit::{
    Cancelled, Credentials, Definition, Denied, Interrupted, Limit, No, NotMeasured, Paused,
};

/// How every verb can end: a word can be mistyped, a disk be full, and this program be wrong.
const ALWAYS: [Exit; 4] = [Exit::Yes, Exit::Usage, Exit::StepFailed, Exit::Internal];

/// How a verb can end that runs something or goes on with it.
const RUNS: &[Exit] = &[
    No,
    Definition,
    Credentials,
    Limit,
    Denied,
    Paused,
    Cancelled,
    NotMeasured,
    Interrupted,
];

/// How each verb can end besides.
pub(crate) const VERBS: &[(&str, &[Exit])] = &[
    (
        "release-prep",
        &[No, Definition, Limit, Cancelled, NotMeasured, Interrupted],
    ),
    (
        "health-check",
        &[No, Definition, Limit, Cancelled, NotMeasured, Interrupted],
    ),
    ("scenarios", RUNS),
    (
        "test-coverage",
        &[
            No,
            Definition,
            Credentials,
            Limit,
            Cancelled,
            NotMeasured,
            Interrupted,
        ],
    ),
    ("run", RUNS),
    ("plan", &[Definition, Credentials, Limit]),
    ("validate", &[Definition]),
    ("fmt", &[No, Definition]),
    ("runs list", &[Definition]),
    ("runs show", &[Definition]),
    ("runs follow", &[Definition, Interrupted]),
    ("runs resume", RUNS),
    ("runs fork", RUNS),
    ("runs replay", &[Definition]),
    ("runs diff", &[No, Definition]),
    ("runs cancel", &[Definition]),
    ("runs export", &[Definition]),
    ("runs prune", &[Definition, Denied]),
    ("runs verify", &[No, Definition]),
    ("approvals list", &[Definition]),
    ("approvals show", &[Definition]),
    ("approvals decide", &[Definition, Denied]),
    ("sessions list", &[Definition]),
    ("sessions show", &[Definition]),
    ("sessions forget", &[Definition]),
    ("notes list", &[Definition]),
    ("notes show", &[Definition]),
    ("notes forget", &[Definition]),
    ("agents list", &[Definition]),
    ("agents show", &[Definition]),
    ("agents remove", &[Definition]),
    ("agents add", &[Definition]),
    ("strategies list", &[Definition]),
    ("strategies show", &[Definition]),
    ("workflows list", &[Definition]),
    ("workflows show", &[Definition]),
    ("lessons list", &[Definition]),
    ("lessons show", &[Definition]),
    ("lessons best", &[No, Definition]),
    ("lessons find", &[Definition]),
    ("lessons disable", &[Definition]),
    ("lessons enable", &[Definition]),
    ("lessons forget", &[Definition]),
    ("lessons import", &[Definition]),
    ("config list", &[Definition]),
    ("doctor", &[No]),
    ("init", &[]),
    ("demo", &[Interrupted]),
    ("explain", &[]),
    ("completions", &[]),
    ("schema", &[]),
    ("docs", &[]),
];

/// How a verb can end, or the verbs of a group, by number. The words of the whole program are none.
pub(crate) fn ends(words: &str) -> Vec<Exit> {
    let is_meant = |verb: &str| {
        let rest = verb.strip_prefix(words);
        words.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let own = VERBS.iter().filter(|(verb, _)| is_meant(verb));
    let mut ends: Vec<Exit> = own.flat_map(|(_, ends)| *ends).copied().collect();
    ends.extend(ALWAYS);
    ends.sort_by_key(|exit| exit.code());
    ends.dedup();
    ends
}
