//! The tools that reach outside of the process: pages by HTTP, git, programs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use orchestrate_core::outcome::FailureClass;
use orchestrate_core::testing::tool_call;
use orchestrate_core::tool::{Effect, Tool, ToolFailure};
use orchestrate_runtime::tools::{Git, HttpFetch, Shell};
use serde_json::{Value, json};

use crate::double::{Double, Reply};

/// What a tool gave, or the class and words of its failure.
async fn given(tool: &dyn Tool, arguments: Value) -> Result<Value, (FailureClass, String)> {
    match tool.call(tool_call(arguments)).await {
        Ok(output) => Ok((*output.output).clone()),
        Err(ToolFailure::Failed { class, message }) => Err((class, message)),
        Err(other) => Err((FailureClass::Input, other.to_string())),
    }
}

fn class<T: std::fmt::Debug>(given: Result<T, (FailureClass, String)>) -> FailureClass {
    given.unwrap_err().0
}

#[tokio::test]
async fn pages_of_allowed_hosts_are_read_and_nothing_else() {
    let double = Double::start(|_, asked| match asked.head.split(' ').nth(1) {
        Some("/page") => Reply::status(200, "words"),
        Some("/moved") => Reply::status_with(302, "location: http://elsewhere.example/", ""),
        Some("/cut") => Reply::Cut {
            kind: "text/plain",
            pieces: vec!["half".into()],
        },
        Some("/large") => Reply::status(200, &"x".repeat(300 * 1024)),
        Some("/hangup") => Reply::Hangup,
        _ => Reply::status(404, "not here"),
    })
    .await;
    let address = double.address.trim_end_matches('/').to_owned();
    let host = address.trim_start_matches("http://").to_owned();
    let fetch = HttpFetch::new(&[host]);
    assert_eq!(fetch.spec().effect, Effect::Read);
    let get = async |path: &str| given(&fetch, json!({"url": format!("{address}{path}")})).await;

    let page = get("/page").await.unwrap();
    assert_eq!(
        (&page["status"], &page["body"]),
        (&json!(200), &json!("words"))
    );
    assert_eq!(page["whole"], true);
    // A page that is not there is an answer, and one that points elsewhere is not followed.
    assert_eq!(get("/nowhere").await.unwrap()["status"], 404);
    let moved = get("/moved").await.unwrap();
    assert_eq!(moved["location"], "http://elsewhere.example/");
    let large = get("/large").await.unwrap();
    assert_eq!(
        (
            large["whole"].as_bool(),
            large["body"].as_str().unwrap().len()
        ),
        (Some(false), 256 * 1024)
    );
    assert_eq!(class(get("/cut").await), FailureClass::Transient);
    assert_eq!(class(get("/hangup").await), FailureClass::Transient);

    let asked = double.asked().len();
    for url in [
        "http://elsewhere.example/".to_owned(),
        format!("{address}.elsewhere.example/page"),
        address.replace("http://", "ftp://"),
        address.replace("http://", "http://user@"),
        "http://127.0.0.1:1/".to_owned(),
    ] {
        let refused = given(&fetch, json!({"url": url})).await;
        let (class, words) = refused.unwrap_err();
        // Some of them are no address at all.
        assert!(
            class == FailureClass::Denied || words.contains("is no address"),
            "{words}"
        );
    }
    assert_eq!(double.asked().len(), asked);
    assert_eq!(
        class(given(&fetch, json!({"url": "no address"})).await),
        FailureClass::Input
    );
}

#[tokio::test]
async fn a_page_of_a_server_that_is_gone_is_told() {
    let double = Double::in_order(vec![Reply::status(200, "x")]).await;
    let host = double
        .address
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let url = double.address.clone();
    drop(double);
    let fetch = HttpFetch::new(&[host]);
    let gone = given(&fetch, json!({"url": url})).await;
    assert_eq!(class(gone), FailureClass::Transient);
}

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=n",
            "-c",
            "user.email=e@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[tokio::test]
async fn git_tells_of_the_repository_and_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    git(root, &["init", "-q", "-b", "main"]);
    std::fs::write(root.join("a.txt"), "one\n").unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "the first"]);
    std::fs::write(root.join("a.txt"), "two\n").unwrap();
    // A setting of the repository that would start a program.
    git(root, &["config", "core.fsmonitor", "touch started"]);
    git(root, &["config", "diff.external", "touch started"]);
    let tools = Git::all(root);
    let tool = |name: &str| tools.iter().find(|it| it.spec().name == name).unwrap();
    let told = async |name: &str, arguments: Value| {
        let given = given(tool(name), arguments).await.unwrap();
        assert_eq!(given["exit_code"], 0, "{given}");
        given["stdout"].as_str().unwrap().to_owned()
    };
    assert!(told("git.status", json!({})).await.contains(" M a.txt"));
    let diff = told("git.diff", json!({"path": "a.txt"})).await;
    assert!(diff.contains("-one") && diff.contains("+two"), "{diff}");
    assert!(told("git.log", json!({})).await.contains("the first"));
    assert!(
        told("git.show", json!({"revision": "HEAD"}))
            .await
            .contains("+one")
    );
    assert!(!root.join("started").exists());
    // An option is no revision, and a revision that is not there is told with git's own words.
    let option = given(tool("git.diff"), json!({"revision": "--output=x"})).await;
    assert_eq!(class(option), FailureClass::Input);
    let unknown = given(tool("git.show"), json!({"revision": "nowhere"}))
        .await
        .unwrap();
    assert_ne!(unknown["exit_code"], 0);
    assert!(unknown["stderr"].as_str().unwrap().contains("nowhere"));
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = Git::all(outside.path());
    let status = given(&elsewhere[0], json!({})).await.unwrap();
    assert_ne!(status["exit_code"], 0, "{status}");
}

#[cfg(unix)]
#[tokio::test]
async fn programs_of_the_list_run_and_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let allowed = ["sh ok.sh".to_owned(), "no-such-program-here".to_owned()];
    let shell = Shell::new(directory.path(), &allowed, Duration::from_secs(20));
    std::fs::write(
        directory.path().join("ok.sh"),
        "echo out \"$1\"; echo err >&2; exit 3\n",
    )
    .unwrap();
    assert_eq!(shell.spec().effect, Effect::External);
    let ran = given(
        &shell,
        json!({"argv": ["sh", "ok.sh", "a b; touch started"]}),
    )
    .await;
    let ran = ran.unwrap();
    // How it ended is part of the answer, and no shell has read the arguments.
    assert_eq!(
        ran,
        json!({"exit_code": 3, "stdout": "out a b; touch started\n", "stderr": "err\n"})
    );
    assert!(!directory.path().join("started").exists());
    for argv in [
        json!(["sh"]),
        json!(["sh", "other.sh"]),
        json!(["rm", "-rf", "x"]),
        json!([]),
    ] {
        assert_eq!(
            class(given(&shell, json!({"argv": argv})).await),
            FailureClass::Denied
        );
    }
    let missing = given(&shell, json!({"argv": ["no-such-program-here"]})).await;
    assert_eq!(class(missing), FailureClass::NotExecuted);
    assert_eq!(
        class(given(&shell, json!({"argv": "sh ok.sh"})).await),
        FailureClass::Input
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_takes_too_long_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let allowed = ["sleep".to_owned()];
    let shell = Shell::new(directory.path(), &allowed, Duration::from_millis(50));
    let late = given(&shell, json!({"argv": ["sleep", "600"]})).await;
    assert_eq!(class(late), FailureClass::Timeout);
}
