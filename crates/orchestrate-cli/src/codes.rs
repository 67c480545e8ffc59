//! What every error code means: cause and remedy. `orchestrate explain` and `docs errors` print it.

use orchestrate_strategies::definition;
use orchestrate_strategies::graph::CODES;

/// The page of one code.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Page {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
}

const fn page(
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Page {
    Page {
        code,
        title,
        cause,
        remedy,
    }
}

/// The pages that stand here, by code.
const PAGES: &[Page] = &[
    page(
        "ORC0101",
        "an agent template is not valid",
        "A field of the template is empty or out of range; the message names the field.",
        "Mend the field. `orchestrate agents show code_reviewer --json` shows a valid template.",
    ),
    page(
        "ORC0102",
        "an agent template exists already",
        "Two templates have the same id, and the second does not say that it replaces the first.",
        "Choose another id, or say that it takes the place of the other.",
    ),
    page(
        "ORC0103",
        "no agent has this id",
        "An id was given that no registered template has.",
        "`orchestrate agents list` shows all ids; near ones are named beside the error.",
    ),
    page(
        "ORC0201",
        "a strategy got the wrong number of agents",
        "Each strategy needs a certain number of agents: a debate needs two views, teaching a junior and an expert.",
        "Give it as many as `orchestrate strategies show NAME` says, or choose another strategy.",
    ),
    page(
        "ORC0202",
        "a parameter of a strategy is not usable",
        "A parameter is unknown, of the wrong kind, or out of its range.",
        "`orchestrate strategies show NAME` lists the parameters with their ranges.",
    ),
    page(
        "ORC0203",
        "no strategy has this name",
        "A strategy was named that is not in the catalogue.",
        "`orchestrate strategies list` shows all names.",
    ),
    page(
        "ORC0204",
        "a strategy exists already",
        "Two strategies have the same name, and the second does not say that it replaces the first.",
        "Choose another name, or say that it takes the place of the other.",
    ),
    page(
        "ORC0205",
        "strategies are nested too deeply",
        "A strategy or workflow stands inside others at more levels than `max_depth` allows.",
        "Give the outermost one a greater `max_depth`, or put inner ones beside each other.",
    ),
    page(
        "ORC0206",
        "a workflow contains itself",
        "Following the references between workflows leads back to where it began.",
        "Take one of the references out; the message shows the way round.",
    ),
    page(
        "ORC0207",
        "no workflow has this id",
        "A reference names a workflow that was not registered.",
        "Register the workflow first, correct the id, or write the workflow inline.",
    ),
    page(
        "ORC0208",
        "a workflow exists already",
        "Two workflows were to be registered under one id.",
        "Choose another id; nothing is replaced in silence.",
    ),
    page(
        "ORC0301",
        "the threshold of a gate is not usable",
        "A threshold must be a finite number, 0 or more: a gate over anything else could not be judged.",
        "Percentages run from 0 to 100, scores from 0 to 10, counts from 0.",
    ),
    page(
        "ORC0302",
        "the threshold of a gate lies above its scale",
        "Nothing could ever reach it: percentages end at 100, scores at 10.",
        "Give a threshold that lies on the scale.",
    ),
    page(
        "ORC0401",
        "the task is empty",
        "A task without words says nothing that could be planned.",
        "Describe what is to be done, in quotes: `orchestrate plan \"Prepare for release\"`.",
    ),
    page(
        "ORC0402",
        "a hint cannot be followed",
        "A hint names something that does not exist, or has a value of the wrong kind. All such hints are told at once.",
        "Use one of the values that the error lists.",
    ),
    page(
        "ORC0403",
        "there is nobody to work on the task",
        "The registry holds no agent that could take part.",
        "Register an agent, or use the built-in ones.",
    ),
    page(
        "ORC0501",
        "an executor has no backend",
        "Without a backend no agent could run.",
        "Add one with `LocalExecutor::builder().backend(..)`.",
    ),
    page(
        "ORC0502",
        "the limit of concurrency is 0",
        "Under this limit nothing could ever start.",
        "Leave the limit out, or give 1 or more.",
    ),
    page(
        "ORC0503",
        "there is no async runtime",
        "A run was started from a place without a tokio runtime that has its timer enabled.",
        "Start it inside one, for example from a function marked `#[tokio::main]`.",
    ),
    page(
        "ORC0504",
        "a run was torn down",
        "The runtime stopped before the run did, so there is no report of it.",
        "Keep the runtime until `report` has answered.",
    ),
    page(
        "ORC0600",
        "a plan cannot run",
        "A plan was refused without a problem being named.",
        "Make the plan again; if that does not help, please report it.",
    ),
    page(
        "ORC0701",
        "a file could not be written",
        "Writing a plan or report failed. What stood there before is untouched.",
        "Check the directory, its rights, and that the disk is not full.",
    ),
    page(
        "ORC0801",
        "no agent was selected",
        "A workflow was told to run without any agent, so it could measure nothing.",
        "Leave `--agents` out to run all of them, or name at least one.",
    ),
    page(
        "ORC0802",
        "an agent was selected twice",
        "Each agent of a workflow runs once.",
        "Name it once.",
    ),
    page(
        "ORC0803",
        "no workflow has this name",
        "A workflow was named that is not in the catalogue.",
        "`orchestrate workflows list` shows all names.",
    ),
    page(
        "ORC0804",
        "the path cannot be analysed",
        "The path does not exist, is a file, or may not be read by this user. It is looked at before any agent runs.",
        "Name the directory of a repository that this user may read.",
    ),
    page(
        "ORC0901",
        "the arguments are not usable",
        "A flag, a value or a verb on the command line, or a variable `ORCHESTRATE_…` that stands for a flag, is unknown or out of range. Nothing was run.",
        "`orchestrate VERB --help` shows what is possible, with examples.",
    ),
    page(
        "ORC0902",
        "a file cannot be read",
        "A file that was named does not exist or may not be read. It is looked at before any agent runs.",
        "Check its name and its rights.",
    ),
    page(
        "ORC0903",
        "a file cannot be written",
        "`--out` names a directory, or a file in a directory that does not exist. It is looked at before any agent runs.",
        "Name a file in a directory that exists and may be written to.",
    ),
    page(
        "ORC0904",
        "the output cannot be written",
        "Standard output refused the text, for a reason other than a reader that went away.",
        "Check that the disk behind it is not full.",
    ),
    page(
        "ORC0905",
        "the configuration is not usable",
        "`orchestrate.toml`, the user's `config.toml` or a variable holds an unknown key or a value out of range. All problems are listed at once, with file, line and column.",
        "Mend the lines that are named. `orchestrate config list --origin` shows every key.",
    ),
    page(
        "ORC0906",
        "a file is not a saved plan",
        "The file is no JSON, or has not the form that `orchestrate plan --out` writes.",
        "Save a plan with `orchestrate plan TASK --out plan.json`.",
    ),
    page(
        "ORC0907",
        "a saved plan was changed",
        "The digest in the file does not fit the plan in it. A saved plan runs exactly as it was saved and reviewed, or not at all.",
        "Save a new plan with `orchestrate plan TASK --out plan.json`.",
    ),
    page(
        "ORC0908",
        "a saved plan has another format",
        "The plan was written by a version of orchestrate with another plan format.",
        "Save it anew with this version.",
    ),
    page(
        "ORC0909",
        "a name is unknown",
        "A workflow, a code, a schema or a page was named that does not exist.",
        "The message lists what is possible.",
    ),
    page(
        "ORC0999",
        "a fault of this program",
        "Something happened that the program holds to be impossible.",
        "Please report it, with the command line that led to it.",
    ),
    page(
        "ORC1001",
        "a condition written as data is not usable",
        "An operator is unknown or is given something that it cannot take; the message gives the place of each mistake.",
        "Mend each place. `orchestrate help conditions` lists the operators.",
    ),
    page(
        "ORC1002",
        "an expression or a template is not usable",
        "The text has a mistake of form, names something that does not exist, or yields something other than true or false where that is needed.",
        "Mend what is marked. `orchestrate help conditions` describes the language.",
    ),
    page(
        "ORC1022",
        "a condition is a question that nobody can answer",
        "A condition in a workflow asks an agent, and nothing here can run that agent. Words are never matched instead.",
        "Write the condition as an expression, or set up what runs the agent.",
    ),
    page(
        "ORC1023",
        "a definition file cannot be read",
        "The file does not exist, may not be read, is too large, or holds no text.",
        "Check its name and its rights.",
    ),
    page(
        "ORC1101",
        "no recorded run has this name",
        "No run of this store has the name, or a name that begins or ends so.",
        "`orchestrate runs list` shows the runs of the project's store; `--store` names another store.",
    ),
    page(
        "ORC1102",
        "no run is recorded",
        "The store holds no run yet, or it is not the store that you mean.",
        "`orchestrate run` and `orchestrate release-prep` record by default under `.orchestrate/` of the project.",
    ),
    page(
        "ORC1103",
        "a name can mean several runs",
        "A short form of a name fits more than one run.",
        "Give more of the name, or `latest`.",
    ),
    page(
        "ORC1104",
        "a run of this name is recorded already",
        "Two runs were given the same name, which the program holds to be impossible.",
        "Please report it.",
    ),
    page(
        "ORC1105",
        "another process works on the run",
        "A run has one owner at a time, and its owner is at work.",
        "Wait, watch it with `orchestrate runs follow`, or, if its process hangs, replace it with `runs resume --take-over`.",
    ),
    page(
        "ORC1106",
        "the owner of a run was replaced",
        "Another process came to own the run while this one did not look, for example because it was paused. Whatever this one still wanted to write was refused.",
        "Nothing: the new owner goes on with the run.",
    ),
    page(
        "ORC1107",
        "the end of a step is recorded already",
        "A step ends once in a run. A second end was refused.",
        "Please report it.",
    ),
    page(
        "ORC1108",
        "an entry of a run is damaged",
        "The record of the run does not fit its digests from the entry named on: it was changed, or the disk lost it. Nothing is repaired by guessing.",
        "Other runs stay usable. Restore the store from a copy, or remove the run with `orchestrate runs prune`.",
    ),
    page(
        "ORC1109",
        "recorded entries of a run are lost",
        "The head of the run, which is kept a second time, is ahead of its record: entries that had been answered for are gone.",
        "Other runs stay usable. Restore the store from a copy, or remove the run with `orchestrate runs prune`.",
    ),
    page(
        "ORC1110",
        "a store is damaged as a whole",
        "The file of the store cannot be read as what it is.",
        "Restore it from a copy, or move it away; a new one is made at the next run.",
    ),
    page(
        "ORC1111",
        "a store has no room left",
        "The disk is full. Nothing was written, the run stopped before it did anything that is not recorded.",
        "Make room, then go on with `orchestrate runs resume`.",
    ),
    page(
        "ORC1112",
        "a store cannot be written to",
        "Its directory or file is read-only for this user.",
        "Name another place with `--store sqlite:FILE`, or run with `--no-store`.",
    ),
    page(
        "ORC1113",
        "it is not known whether entries were recorded",
        "The disk failed while a batch was being made safe. The run stopped at once.",
        "`orchestrate runs resume` reads back what is there and goes on from it.",
    ),
    page(
        "ORC1114",
        "a store does not answer",
        "The store is locked by another program, or its server cannot be reached.",
        "See that it runs and can be reached, then try again.",
    ),
    page(
        "ORC1115",
        "a record has another format",
        "The run or store was written by another version of orchestrate, with another format.",
        "Use that version for it.",
    ),
    page(
        "ORC1116",
        "a step was decided before",
        "Of several decisions on one step the first counts; the message says who made it.",
        "Nothing, or `orchestrate runs fork` to try the other way.",
    ),
    page(
        "ORC1117",
        "a place cannot hold a store",
        "The address of a store is not usable: an unknown kind, or a path that is no file of a store.",
        "Give `sqlite:FILE`, for example `--store sqlite:.orchestrate/store.db`.",
    ),
    page(
        "ORC1130",
        "an executor records nothing",
        "A recorded run was asked for, and the executor was built without a journal.",
        "Give it one with `LocalExecutor::builder().journal(..)`.",
    ),
    page(
        "ORC1131",
        "a run has ended",
        "A run that is over cannot be gone on with.",
        "`orchestrate runs fork` runs it again from any of its steps.",
    ),
    page(
        "ORC1132",
        "a record does not follow from its plan",
        "Going on with a run means to run its record through the plan again. This version of orchestrate comes to something else at the event that is named: the run was recorded by a version that decides otherwise.",
        "Use the version that recorded it (`runs export` names it in the first line), or fork the run before that event.",
    ),
    page(
        "ORC1133",
        "a step has not begun",
        "A run can be forked from a step that it has begun; the message names some.",
        "`orchestrate runs show` lists the steps of a run.",
    ),
    page(
        "ORC1134",
        "a run was recorded with another plan",
        "A run is never gone on with another plan than the one that is pinned in its first entry. The message says how many of the steps that ended would be the same.",
        "Go on without `--plan`, or run the new plan from its beginning with `orchestrate run --plan FILE`.",
    ),
    page(
        "ORC1201",
        "a name cannot be kept in a store",
        "Ids become names of files and keys, so that a name with a slash, a leading dot or an odd character is refused.",
        "Use 1 to 128 characters from letters, digits, `_`, `-` and `.`, starting with a letter, digit or `_`.",
    ),
    page(
        "ORC1202",
        "a value is outside of its range",
        "A question to a store asks for something that cannot be, such as a rate above 1.",
        "The message says which value it is and what is possible.",
    ),
    page(
        "ORC1203",
        "there is no such thing in the store",
        "An id was given that the store does not hold, or not any more.",
        "`orchestrate lessons list` shows what was learned; check the spelling of the id.",
    ),
    page(
        "ORC1204",
        "there is one of that id in the store already",
        "Something was to be added under an id that is taken.",
        "Choose another id, or change the one that is there.",
    ),
    page(
        "ORC1205",
        "somebody else was quicker",
        "What was to be changed is held by somebody else, or was decided before.",
        "Look at its present state, then decide again.",
    ),
    page(
        "ORC1206",
        "a stored document does not have its form",
        "A file or row was changed by hand or by another program, and does not say what it must. It was left as it is.",
        "Mend it, or move it away; the message says what is wrong with it.",
    ),
    page(
        "ORC1207",
        "an address names no store",
        "Stores are `file:DIRECTORY`, `sqlite:FILE` or `postgres://USER@HOST:PORT/DATABASE`.",
        "Mend the address in `--store`, in its variable, or in `orchestrate.toml`.",
    ),
    page(
        "ORC1208",
        "a store is of another version",
        "A newer version of orchestrate wrote it, or its tables were changed by hand. Nothing in it was changed.",
        "Use the version that wrote it, or another store.",
    ),
    page(
        "ORC1209",
        "a store failed",
        "The system or the database did not do what it was asked; the cause is below the message.",
        "Check that the place can be reached and written to, and that the disk is not full.",
    ),
    page(
        "ORC1220",
        "there is no conflict to resolve",
        "A conflict is between patterns that contradict each other, so there are at least two.",
        "Give every pattern that contradicts another.",
    ),
    page(
        "ORC1301",
        "a provider has no key",
        "A model of this provider is to be called, and the variable that holds its key is not set. Nothing was sent.",
        "Set the variable that the message names; `orchestrate doctor` shows which are set and never what they hold.",
    ),
    page(
        "ORC1302",
        "a provider refused the key",
        "The provider answered that the key is not valid or may not use this model. No further call is made with it.",
        "Check the key, and whether it may use the model.",
    ),
    page(
        "ORC1303",
        "the quota of a key is used up",
        "The provider answered that the account has no credit or quota left. No further call is made with it; what had ended is kept.",
        "Raise the quota or add credit at the provider, then run it again.",
    ),
    page(
        "ORC1304",
        "a provider was asked too often",
        "The provider answered that there are too many requests or tokens at this time, also after the waits that it asked for.",
        "Wait, or set `requests-per-minute` or `tokens-per-minute` of the provider in orchestrate.toml.",
    ),
    page(
        "ORC1305",
        "a provider is overloaded or has a fault",
        "The provider answered with a fault of its own, also when it was asked again.",
        "Try again later, or name a further model behind the first in `[models]`.",
    ),
    page(
        "ORC1306",
        "a provider cannot be reached",
        "The connection was not made, or was cut in the middle of an answer.",
        "Check the network and the provider's `base-url`.",
    ),
    page(
        "ORC1307",
        "a provider fell silent",
        "Nothing came from the provider for longer than is waited.",
        "Try again later, or raise `stall-seconds` of the provider.",
    ),
    page(
        "ORC1308",
        "a provider's answer cannot be read",
        "What came is not what the provider's protocol says: something else answers at that address, or the kind is wrong.",
        "Check that `kind` and `base-url` of the provider belong together.",
    ),
    page(
        "ORC1309",
        "a provider does not accept the request",
        "The provider does not know the model, or does not take an option or a tool of the request.",
        "Check the name of the model in orchestrate.toml.",
    ),
    page(
        "ORC1310",
        "a conversation is too long for the model",
        "What the agent is told, or what its tools gave, is more than the model can read.",
        "Give the agent less to read, or choose a model that can read more.",
    ),
    page(
        "ORC1311",
        "a provider's filter stopped the model",
        "The model refused, or the provider's filter stopped its answer.",
        "Word the task differently, or choose another model.",
    ),
    page(
        "ORC1312",
        "a provider is not called any more",
        "An earlier call of this run said that the key was refused or its quota is used up, so every further call would fail alike.",
        "Mend what the first failure names, then run it again.",
    ),
    page(
        "ORC1320",
        "a name is no model",
        "A model is written as `provider/model`; the part before the first slash is the provider.",
        "Write, for example, `anthropic/claude-haiku-4-5` in `[models]` of orchestrate.toml.",
    ),
    page(
        "ORC1321",
        "a provider is unknown",
        "A model names a provider that is neither built in nor in orchestrate.toml.",
        "Add a section `[providers.NAME]` with `kind` and `base-url`, or correct the name.",
    ),
    page(
        "ORC1322",
        "a provider has no address",
        "A provider of the kind `openai-compatible` can be anywhere, so its address has to be given.",
        "Set `base-url` in its section of orchestrate.toml.",
    ),
    page(
        "ORC1323",
        "a model has no known price",
        "A limit of cost is set, and what a model of this run costs is not known. An unknown price is never taken for nought, so nothing was run.",
        "Set its price in `[prices.\"PROVIDER/MODEL\"]`, in US dollars for a million tokens, or leave the limit of cost out.",
    ),
    page(
        "ORC1324",
        "a provider is set up wrong",
        "A value in `[providers.NAME]` is not usable; the message says which.",
        "Mend it in orchestrate.toml.",
    ),
    page(
        "ORC1325",
        "a tool, server or program is set up wrong",
        "A section of orchestrate.toml that names a server or a program lacks what is needed, or says it twice.",
        "Mend the section that the message names. `orchestrate init` writes an example of each.",
    ),
    page(
        "ORC1330",
        "a recording holds no such answer",
        "A recording is played back, and an agent asks something that nobody asked when it was made: the plan, the files that agents read, or this program has changed.",
        "Record the run anew with `--record-traffic`.",
    ),
    page(
        "ORC1331",
        "a file is no recording",
        "`--replay-traffic` names a file that is not a recording of this version.",
        "Make one with `orchestrate run TASK --record-traffic FILE`.",
    ),
    page(
        "ORC1332",
        "a file exists already",
        "`init` writes a new `orchestrate.toml` and never over one that is there.",
        "Look at what is there, or choose another directory with `--path`.",
    ),
    page(
        "ORC1340",
        "an MCP server cannot be reached",
        "Its program did not start, or nothing answers at its address.",
        "Check `command` or `url` in its section of orchestrate.toml.",
    ),
    page(
        "ORC1341",
        "an MCP server does not speak the protocol",
        "It did not greet in time, or what it says is not what the protocol says.",
        "Start it by hand and look at what it writes.",
    ),
    page(
        "ORC1401",
        "an advisory database cannot be read",
        "`--advisory-db` names no directory that can be listed.",
        "Give the directory of a local copy of RustSec's advisories, or one with advisories in the OSV format.",
    ),
    page(
        "ORC1501",
        "a file of the host cannot be appended to",
        "`--ci` writes to the files that the variables GITHUB_STEP_SUMMARY and GITHUB_OUTPUT name, and one of them refused the text.",
        "Check that the variable names a file that may be written to.",
    ),
    page(
        "ORC1502",
        "a baseline is not a report",
        "`--baseline` names a file that is not a release readiness report in its JSON form.",
        "Make one with `orchestrate release-prep --out baseline.json`.",
    ),
    page(
        "ORC1503",
        "a baseline has another schema",
        "The report was written by a version of orchestrate with another form of reports.",
        "Make it anew with this version.",
    ),
    page(
        "ORC1504",
        "a change cannot be told",
        "`--diff` needs `git`, a repository, and a revision that has a common ancestor with the present state.",
        "Name a commit, branch or tag of this repository; in a shallow clone fetch its history first.",
    ),
];

/// All pages, by code: ours, and those of the checks of a plan, which stand beside the checks.
pub(crate) fn all() -> Vec<Page> {
    let plans = CODES.iter().map(|&(code, title, remedy)| Page {
        code,
        title,
        cause: "A plan is checked before it runs, and all problems are told at once. This is one of them.",
        remedy,
    });
    let definitions = definition::CODES.iter().map(|&(code, title, remedy)| Page {
        code,
        title,
        cause: "A definition is read strictly, and everything that is wrong with it is told at once, with its place. This is one of them.",
        remedy,
    });
    let pages = PAGES.iter().copied().chain(plans).chain(definitions);
    let mut all: Vec<Page> = pages.collect();
    all.sort_by_key(|page| page.code);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Every code in the sources below a directory with the files it stands in, this table left out.
    fn collect(directory: &Path, codes: &mut BTreeMap<String, BTreeSet<PathBuf>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, codes);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && path.file_name().is_some_and(|name| name != "codes.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let quoted = text.split('"').filter(|part| {
                    part.strip_prefix("ORC").is_some_and(|digits| {
                        digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())
                    })
                });
                for code in quoted {
                    let files = codes.entry(code.to_owned()).or_default();
                    // Where an error says its code; elsewhere it may stand as often as it likes.
                    if text.contains(&format!("=> \"{code}\"")) {
                        files.insert(path.clone());
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_in_the_sources_has_a_page_and_every_page_a_code() {
        let mut used = BTreeMap::new();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for entry in fs::read_dir(crates).unwrap() {
            collect(&entry.unwrap().path().join("src"), &mut used);
        }
        let pages: BTreeSet<String> = all().iter().map(|page| page.code.to_owned()).collect();
        assert_eq!(used.keys().cloned().collect::<BTreeSet<_>>(), pages);
        let twice: Vec<_> = used.iter().filter(|(_, files)| files.len() > 1).collect();
        assert!(twice.is_empty(), "one code for two errors: {twice:?}");
    }

    #[test]
    fn pages_are_sorted_and_complete() {
        assert!(PAGES.is_sorted_by_key(|page| page.code));
        for page in all() {
            for text in [page.title, page.cause, page.remedy] {
                assert!(!text.trim().is_empty(), "{}", page.code);
            }
        }
    }
}
