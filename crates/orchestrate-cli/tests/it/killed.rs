//! A run that is ended without mercy in the middle of an agent's turn: the real program, the real journal,
//! and a provider that counts. What had finished is neither asked nor called again.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::{Place, Ran};

/// Calls of the tool in one turn; the model is asked once more than that.
const CALLS: usize = 3;

/// What a provider was asked and has answered, each by how many calls had been made before.
#[derive(Debug, Default)]
struct Counted {
    asked: Vec<usize>,
    answered: Vec<usize>,
    /// The request that is taken and never answered.
    held: Option<usize>,
}

/// A provider whose model calls a tool so often and then answers.
struct Provider {
    address: String,
    counted: Arc<Mutex<Counted>>,
    /// Told when the request came that is not answered.
    holds: Receiver<()>,
}

impl Provider {
    fn start(held: Option<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1/", listener.local_addr().unwrap());
        let counted = Arc::new(Mutex::new(Counted {
            held,
            ..Counted::default()
        }));
        let (tell, holds) = channel();
        let kept = counted.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, tell) = (kept.clone(), tell.clone());
                std::thread::spawn(move || serve(stream, &kept, &tell));
            }
        });
        Self {
            address,
            counted,
            holds,
        }
    }

    fn answered(&self) -> Vec<usize> {
        self.counted.lock().unwrap().answered.clone()
    }
}

fn serve(mut stream: TcpStream, counted: &Mutex<Counted>, tell: &Sender<()>) {
    while let Some(body) = request(&mut stream) {
        let messages = body.get("messages").and_then(Value::as_array).unwrap();
        let is_made = |it: &&Value| it.get("role").is_some_and(|role| role == "tool");
        let made = messages.iter().filter(is_made).count();
        let is_held = {
            let mut counted = counted.lock().unwrap();
            counted.asked.push(made);
            let is_held = counted.held == Some(made);
            if !is_held {
                counted.answered.push(made);
            }
            is_held
        };
        if is_held {
            let _ = tell.send(());
            // It ends with whoever asked.
            let _ = stream.read(&mut [0; 1]);
            return;
        }
        let argv = json!({"argv": ["sh", "count.sh", made.to_string()]}).to_string();
        let (delta, stop) = if made < CALLS {
            let function = json!({"name": "shell_run", "arguments": argv});
            let call = json!({"index": 0, "id": format!("call_{made}"), "type": "function", "function": function});
            (
                json!({"role": "assistant", "tool_calls": [call]}),
                "tool_calls",
            )
        } else {
            let answer = "{\"summary\": \"counted\", \"confidence\": 0.9}";
            (json!({"role": "assistant", "content": answer}), "stop")
        };
        let events = [
            json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}}),
        ];
        let events: String = events.map(|it| format!("data: {it}\n\n")).concat();
        let body = events + "data: [DONE]\n\n";
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream
            .write_all(format!("{head}{body}").as_bytes())
            .is_err()
        {
            return;
        }
    }
}

/// The body of the next request; none when there is no more.
fn request(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 8192];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(buffer.get(..count)?);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let line = line.to_lowercase();
            line.strip_prefix("content-length:")?.trim().parse().ok()
        });
        if body.len() >= length.unwrap_or(0usize) {
            return serde_json::from_str(body).ok();
        }
    }
}

/// A project whose only agent counts: the tool writes down each call. With a file `hold-N` the call `N` tells
/// who it is through the pipe `gate`, and goes on for ever.
fn project(provider: &Provider) -> Place {
    let place = Place::empty();
    place
        .with("count.sh", "echo \"$1\" >> calls.log\nif [ -e \"hold-$1\" ]; then echo $$ > gate; exec sleep 600; fi\n")
        .with("count.yaml", "schema: orchestrate.workflow/v1\nname: count\nagents:\n  worker: { prompt: Count., tier: cheap, max_tokens: 100000 }\nsteps:\n  work: { agent: worker }\n");
    place.with_user_settings(&settings(&provider.address));
    place
}

/// What the user allows: the project alone may not decide which programs run.
fn settings(address: &str) -> String {
    format!(
        "[providers.local]\nkind = \"openai-compatible\"\nbase-url = \"{address}\"\nkey-env = \"LOCAL_KEY\"\n\n[models]\ncheap = \"local/m\"\n\n[tools]\nshell = [\"sh count.sh\"]\n\n[tools.agents]\nworker = [\"shell.run\"]\n"
    )
}

/// What comes within a minute; whoever waits longer waits for something that does not come.
fn soon<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(Duration::from_secs(60)).unwrap()
}

fn begin(place: &Place, args: &[&str]) -> Child {
    let mut command = place.command(args);
    let command = command.env("LOCAL_KEY", "sk-planted-0123456789abcdef");
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Starts the program and kills it while the tool is at work in that call. A call that is made later is not
/// held.
fn kill_in_tool(place: &Place, call: usize, args: &[&str]) {
    let (gate, hold) = (place.path().join("gate"), format!("hold-{call}"));
    if !gate.exists() {
        let made = Command::new("mkfifo").arg(&gate).status();
        assert!(made.unwrap().success());
    }
    place.with(&hold, "");
    let mut child = begin(place, args);
    let (tell, told) = channel();
    std::thread::spawn(move || tell.send(fs::read_to_string(&gate).unwrap()));
    let tool = soon(&told);
    child.kill().unwrap();
    child.wait().unwrap();
    // Elsewhere than on Linux nobody is left to end the tool with the run; there it is gone or about to be.
    let _ = Command::new("kill").args(["-9", tool.trim()]).output();
    fs::remove_file(place.path().join(hold)).unwrap();
}

fn run(place: &Place, args: &[&str]) -> Ran {
    place.run_with(args, &[("LOCAL_KEY", "sk-planted-0123456789abcdef")])
}

/// The step of the only question that is open; it is about the tool.
fn open_question(place: &Place) -> String {
    let list = run(place, &["approvals", "list", "--json"]).json();
    let open = list.get("approvals").and_then(Value::as_array).unwrap();
    assert_eq!(open.len(), 1, "{list}");
    let text = |name| {
        list.pointer(&format!("/approvals/0/{name}"))
            .and_then(Value::as_str)
    };
    let question = text("question").unwrap();
    assert!(question.contains("`shell.run`"), "{question}");
    text("step").unwrap().to_owned()
}

fn decide(place: &Place, step: &str, decision: &str) {
    let decided = run(place, &["approvals", "decide", "latest", step, decision]);
    assert_eq!(decided.code, Some(0), "{}", decided.shown());
}

/// The calls that the tool has seen.
fn calls(place: &Place) -> Vec<usize> {
    let log = fs::read_to_string(place.path().join("calls.log")).unwrap_or_default();
    log.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn whatever_call_of_a_model_a_run_is_killed_in_no_finished_call_is_repeated() {
    for cut in 0..=CALLS {
        let provider = Provider::start(Some(cut));
        let place = project(&provider);
        // The step may use all that the run may: what it had used by then counts, and not all of that.
        let args = ["run", "count.yaml", "--max-tokens", "20000", "--json"];
        let mut child = begin(&place, &args);
        soon(&provider.holds);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(calls(&place), (0..cut).collect::<Vec<_>>());
        assert!(place.path().join(".orchestrate/store.db").exists());

        provider.counted.lock().unwrap().held = None;
        let ran = run(&place, &["runs", "resume", "latest", "--json"]);
        assert_eq!(ran.code, Some(0), "cut in {cut}: {}", ran.shown());
        // Only the call in which it was killed was made once more; its answer had never come.
        assert_eq!(
            provider.answered(),
            (0..=CALLS).collect::<Vec<_>>(),
            "{cut}"
        );
        let asked = provider.counted.lock().unwrap().asked.len();
        assert_eq!(asked, CALLS + 2, "cut in {cut}");
        assert_eq!(calls(&place), (0..CALLS).collect::<Vec<_>>(), "{cut}");
    }
}

#[test]
fn a_call_of_a_tool_that_a_run_was_killed_in_waits_for_a_person_and_is_not_repeated() {
    for cut in 0..CALLS {
        let provider = Provider::start(None);
        let place = project(&provider);
        kill_in_tool(&place, cut, &["run", "count.yaml", "--json"]);
        let done: Vec<usize> = (0..=cut).collect();
        assert_eq!(
            (calls(&place), provider.answered()),
            (done.clone(), done.clone())
        );

        let ran = run(&place, &["runs", "resume", "latest", "--json"]);
        assert_eq!(ran.code, Some(7), "cut in {cut}: {}", ran.shown());
        let step = open_question(&place);
        assert_eq!(
            (calls(&place), provider.answered()),
            (done.clone(), done),
            "{cut}"
        );
        // What was used before it was killed counts, however often it has paused since.
        let used = json!(35 * (cut + 1));
        assert_eq!(ran.json()["usage"]["tokens"], used, "{cut}");
        let again = run(&place, &["runs", "resume", "latest", "--json"]);
        assert_eq!(again.code, Some(7), "cut in {cut}: {}", again.shown());
        assert_eq!(again.json()["usage"]["tokens"], used, "{cut}");
        let before = format!("{used} tokens, unpriced had been used before");
        assert!(again.stderr.contains(&before), "{}", again.shown());

        let decision = if cut == 1 { "failed" } else { "succeeded" };
        decide(&place, &step, decision);
        let ran = run(&place, &["runs", "resume", "latest", "--json"]);
        assert_eq!(ran.code, Some(0), "cut in {cut}: {}", ran.shown());
        assert_eq!(
            provider.answered(),
            (0..=CALLS).collect::<Vec<_>>(),
            "{cut}"
        );
        assert_eq!(calls(&place), (0..CALLS).collect::<Vec<_>>(), "{cut}");
    }
}

/// Whoever says that a call may be made again allows it once: when the run is killed in it, it asks anew.
#[test]
fn a_decision_to_make_a_call_again_allows_one_more_call_and_not_another() {
    let provider = Provider::start(None);
    let place = project(&provider);
    let resume = ["runs", "resume", "latest", "--json"];
    let waits = |seen: &[usize]| {
        let ran = run(&place, &resume);
        assert_eq!(
            (ran.code, &*calls(&place)),
            (Some(7), seen),
            "{}",
            ran.shown()
        );
        decide(&place, &open_question(&place), "again");
    };
    kill_in_tool(&place, 1, &["run", "count.yaml", "--json"]);
    waits(&[0, 1]);
    kill_in_tool(&place, 1, &resume);
    waits(&[0, 1, 1]);
    let ran = run(&place, &resume);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert_eq!(calls(&place), [0, 1, 1, 1, 2]);
    assert_eq!(provider.answered(), [0, 1, 2, 3]);
}

/// A provider whose quota is used up stops the run; once that is mended, `runs resume` does the rest.
#[test]
fn a_run_that_the_account_stopped_goes_on_once_that_is_mended() {
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/", refusing.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in refusing.incoming().flatten() {
            let body = r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#;
            while request(&mut stream).is_some() {
                let head = format!("HTTP/1.1 429 X\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        }
    });
    let provider = Provider::start(None);
    let place = project(&provider);
    place.with_user_settings(&settings(&address));
    let ran = run(&place, &["run", "count.yaml"]);
    assert_ne!(ran.code, Some(0));
    assert!(
        ran.stdout.contains("`orchestrate runs resume latest`"),
        "{}",
        ran.shown()
    );
    place.with_user_settings(&settings(&provider.address));
    let ran = run(&place, &["runs", "resume", "latest"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(
        ran.stderr.contains("what its account stopped is done in"),
        "{}",
        ran.shown()
    );
    assert_eq!(calls(&place), [0, 1, 2]);
}

/// The first program has been started when the second begins. Who is never gone makes the test run into its
/// time limit.
#[cfg(target_os = "linux")]
#[test]
fn a_program_ends_with_a_run_that_is_killed() {
    let place = Place::empty();
    place.with("two.yaml", "schema: orchestrate.workflow/v1\nname: two\nsteps:\n  first: { run: [sh, -c, 'echo $$ > first; exec sleep 600'], effects: read }\n  second: { run: [sh, -c, 'until [ -s first ]; do :; done; cat first > gate'], effects: read }\n");
    let gate = place.path().join("gate");
    let made = Command::new("mkfifo").arg(&gate).status();
    assert!(made.unwrap().success());
    let mut child = begin(&place, &["run", "two.yaml"]);
    let (tell, told) = channel();
    std::thread::spawn(move || tell.send(fs::read_to_string(&gate).unwrap()));
    let program = soon(&told);
    child.kill().unwrap();
    child.wait().unwrap();
    // One that has ended and that nobody has waited for yet is gone all the same.
    let stat = || fs::read_to_string(format!("/proc/{}/stat", program.trim()));
    while stat().is_ok_and(|stat| !stat.contains(") Z ")) {
        std::thread::yield_now();
    }
}
