//! The codes of everything that can be wrong with a plan.

/// What each code means and how to mend it; `orchestrate explain` shows it.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        "ORC0601",
        "the plan has a format that this version does not read",
        "make the plan again with this version",
    ),
    (
        "ORC0602",
        "a step names an agent that the plan does not hold",
        "add the agent to the plan's `agents`, or correct the name",
    ),
    (
        "ORC0603",
        "an agent of the plan is not valid",
        "mend the field that is named",
    ),
    (
        "ORC0604",
        "a group has nothing inside",
        "give it a step, or remove it",
    ),
    (
        "ORC0605",
        "two steps of a group have one name, or a name has a meaning of its own",
        "rename one of them",
    ),
    (
        "ORC0606",
        "a reference names no step that has ended by then",
        "refer to an earlier step of this group or of a group around it",
    ),
    (
        "ORC0607",
        "a reference begins with something that is not known",
        "begin with `context.`, `steps.<name>`, `results.<key>`, `item` or `index`",
    ),
    (
        "ORC0608",
        "a step of a graph has no name, or needs one that is not there",
        "name it, or correct `needs`",
    ),
    (
        "ORC0609",
        "steps of a graph need each other in a circle",
        "remove one of the needs",
    ),
    (
        "ORC0610",
        "a bound is zero or cannot be met",
        "give it a value of 1 or more, and a quorum that is not above the number of steps",
    ),
    (
        "ORC0611",
        "no strategy of that name makes the output of a group, or its parameters are wrong",
        "use a name that `orchestrate strategies list` shows",
    ),
    (
        "ORC0612",
        "groups are nested too deeply",
        "put inner groups beside each other",
    ),
    (
        "ORC0613",
        "a step names a tool that the plan does not admit",
        "add the tool and the effect it may have to the plan's `tools`, or correct the name",
    ),
    (
        "ORC0614",
        "no tool of that name is there to be called",
        "give the executor the tool, or correct the name",
    ),
    (
        "ORC0615",
        "a tool can change more than the plan admits",
        "admit the effect in the plan's `tools`, if that is meant",
    ),
    (
        "ORC0616",
        "what can be decided, or what counts when the time is over, is not usable",
        "give at least one decision, each once; `on_timeout` is one of them, never `approve`, and needs a `timeout_ms`",
    ),
    (
        "ORC0617",
        "a call names nothing that can be run",
        "give exactly one of `definition`, which is one of the plan's, and `inline`",
    ),
    (
        "ORC0618",
        "definitions call each other in a circle",
        "remove one of the calls",
    ),
    (
        "ORC0619",
        "calls are nested deeper than they may be",
        "raise the call's `max_depth`, or call the inner definition directly",
    ),
    (
        "ORC0620",
        "two steps may write one key at the same time",
        "give them different keys, or the plan a rule for the key in `merge`: first, last, list or merge",
    ),
    (
        "ORC0621",
        "a reference names a key that no step has written by then",
        "refer to the key of an earlier step, or give an earlier step that `result_key`",
    ),
    (
        "ORC0622",
        "a step waits for one of nothing",
        "name at least one step in `any` and in `all`",
    ),
    (
        "ORC0623",
        "the calls of the plan come to too many steps",
        "call a definition for the items of a `map` instead of once for each",
    ),
    (
        "ORC0624",
        "something that is to be a step does not have the form of one",
        "compare it with `docs/schema/plan.json`; the message names the field",
    ),
    (
        "ORC0625",
        "what is to be expanded uses what it may not use",
        "admit the agent or tool in the expanding step, or give the key a rule in the plan's `merge`",
    ),
    (
        "ORC0626",
        "what is to be expanded takes more than the plan allotted to it",
        "raise `max_steps` of the expanding step, or ask for less",
    ),
    (
        "ORC0627",
        "the name under which something is seen inside a call is not usable",
        "use a name without dots, and each name once",
    ),
];
