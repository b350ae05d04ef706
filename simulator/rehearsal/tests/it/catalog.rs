//! Catalogues in a database, with the program as people use it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use platform_server::catalog::store::CatalogStore;
use tokio::runtime::Runtime;

use crate::program::Sandbox;
use crate::support::reference_data;

/// So many looks at the catalogue are made before a test gives up: each takes about a tenth of a millisecond.
const LOOKS_MAX: u32 = 1_000_000;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Records of the file that are in, as the catalogue itself says.
async fn read_so_far(store: &CatalogStore, source: &Path) -> u64 {
    let source = source.canonicalize().expect("a file");
    let position = store.position(&source.to_string_lossy()).await.expect("a catalogue");
    position.map_or(0, |position| position.records)
}

/// Starts an import and kills it once so many records are in; whether it was still at work then.
fn import_and_kill(sandbox: &Sandbox, at: u64) -> bool {
    let mut command =
        sandbox.command(&["catalog", "import", "c.jsonl", "--store", "c.sqlite", "--batch", "20"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let (runtime, source) = (runtime(), sandbox.path("c.jsonl"));
    runtime.block_on(async {
        let store = CatalogStore::open(&sandbox.path("c.sqlite")).await.expect("a catalogue");
        let mut looks = 0;
        while read_so_far(&store, &source).await < at && child.try_wait().expect("a child").is_none() {
            looks += 1;
            assert!(looks < LOOKS_MAX, "the import does not come to {at} records");
        }
    });
    let was_running = child.try_wait().expect("a child").is_none();
    // SIGKILL: the process can do nothing about it.
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    was_running
}

#[test]
fn an_import_that_is_killed_three_times_loses_and_doubles_nothing() {
    let sandbox = Sandbox::new();
    let made = sandbox.run(&["catalog", "generate", "--titles", "3000", "--seed", "5"]);
    sandbox.write("c.jsonl", &made.stdout);
    let whole = sandbox.run(&["catalog", "import", "c.jsonl", "--store", "whole.sqlite", "--json"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let killed = [100, 900, 1_700].map(|at| import_and_kill(&sandbox, at));
    assert!(killed.contains(&true), "every import had ended before it was to be killed");
    let rest = sandbox.run(&["catalog", "import", "c.jsonl", "--store", "c.sqlite", "--json"]);
    assert_eq!(rest.code, Some(0), "{}", rest.stderr);
    runtime().block_on(async {
        let open = async |name: &str| CatalogStore::open(&sandbox.path(name)).await.expect("a catalogue");
        let (whole, pieces) = (open("whole.sqlite").await, open("c.sqlite").await);
        assert_eq!(whole.all().await.expect("titles"), pieces.all().await.expect("titles"));
        assert_eq!(
            whole.quarantine(9_999).await.expect("rows"),
            pieces.quarantine(9_999).await.expect("rows")
        );
    });
    let said = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let (whole, rest) = (said(&whole.stdout), said(&rest.stdout));
    assert_eq!((&whole["records"], &whole["added"]), (&rest["records"], &rest["added"]));
    assert!(rest["resumed_at"].as_u64() > Some(0), "{rest}");
}

#[test]
fn what_is_set_aside_is_listed_and_a_wrong_store_says_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("c.jsonl", "{\"id\":\"a\",\"kind\":\"film\",\"title\":\"One\"}\n{\"id\":\"b\"}\n");
    let imported = sandbox.run(&["catalog", "import", "c.jsonl", "--store", "c.sqlite"]);
    assert_eq!(
        imported.stdout,
        "2 records: 1 added, 0 changed, 0 unchanged, 1 set aside; the catalogue has 1 titles\n"
    );
    let listed = sandbox.run(&["catalog", "quarantine", "--store", "c.sqlite"]);
    assert!(listed.stdout.contains("c.jsonl:2: the record has no `kind`\n  hint: "), "{}", listed.stdout);
    for (store, hint) in [("none.sqlite", "rehearsal catalog import"), ("c.jsonl", "--store")] {
        let refused = sandbox.run(&["catalog", "quarantine", "--store", store]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains("hint: ") && refused.stderr.contains(hint), "{}", refused.stderr);
    }
    let before = sandbox.contents();
    for file in ["none.jsonl", "."] {
        let missing = sandbox.run(&["catalog", "import", file, "--store", "new.sqlite"]);
        assert_eq!(missing.code, Some(2), "{}", missing.stderr);
        assert!(!missing.stderr.contains("in the catalogue"), "{}", missing.stderr);
    }
    assert_eq!(sandbox.contents(), before, "a file that is not there left a catalogue behind");
}

#[test]
fn the_reference_catalogue_is_imported_whole() {
    let Some(folder) = reference_data("catalog") else { return };
    let sandbox = Sandbox::new();
    let file = folder.join("catalog.jsonl.gz");
    let file = file.to_str().expect("a plain path");
    let args = ["catalog", "import", file, "--store", "c.sqlite", "--format", "reference", "--json"];
    let imported = sandbox.run(&args);
    let said: serde_json::Value = serde_json::from_str(&imported.stdout).expect("JSON");
    let count = |name: &str| said[name].as_u64().expect("a count");
    assert_eq!(count("records"), 43_978);
    assert_eq!(count("added") + count("quarantined"), count("records"), "{said}");
    assert!(count("quarantined") * 1_000 < count("records"), "{said}");
}

/// A server of this test's own, ended with it.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended already needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `serve` on a free port; gives its address.
fn serve(sandbox: &Sandbox) -> (Server, String) {
    let mut command = sandbox.command(&["serve", "--port", "0", "--store", "c.sqlite"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("text");
    let address = first.split("http://").nth(1).expect("an address").trim_end_matches('/').to_owned();
    (Server(child), address)
}

/// What a path answers: head and body.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// Asks until the answer holds a text; bounded by the number of questions.
fn until(address: &str, path: &str, wanted: &str) -> String {
    for _ in 0..LOOKS_MAX / 100 {
        let answer = get(address, path);
        if answer.contains(wanted) {
            return answer;
        }
    }
    panic!("{path} does not come to `{wanted}`");
}

#[test]
fn a_served_catalogue_follows_imports_and_is_there_again_after_a_kill() {
    let sandbox = Sandbox::new();
    let line =
        |id: &str, title: &str| format!("{{\"id\":\"{id}\",\"kind\":\"film\",\"title\":\"{title}\"}}\n");
    let import = |name: &str, text: &str| {
        sandbox.write(name, text);
        let args = ["catalog", "import", name, "--store", "c.sqlite", "--available-in", "DE"];
        assert_eq!(sandbox.run(&args).code, Some(0));
    };
    import("first.jsonl", &line("a", "Amber Harbor"));
    let search = |text: &str| format!("/v1/search?q={text}&region=DE&age=18");
    let (server, address) = serve(&sandbox);
    until(&address, "/readyz", "\"ready\":true");
    assert!(get(&address, &search("amber")).contains("Amber Harbor"));
    let second = sandbox.run(&["serve", "--port", "0", "--store", "c.sqlite"]);
    assert_eq!(second.code, Some(2), "{}", second.stderr);
    assert!(second.stderr.contains("is in use by another process"), "{}", second.stderr);
    assert!(second.stderr.contains("hint: stop the `rehearsal serve` that has it"), "{}", second.stderr);
    import("second.jsonl", &line("b", "Lantern Field"));
    until(&address, &search("lantern"), "Lantern Field");
    drop(server);
    assert!(sandbox.path("c.sqlite-index").is_dir());
    // The file of the lock is left, the lock is not.
    assert!(sandbox.path("c.sqlite-index.lock").is_file());
    let (_server, address) = serve(&sandbox);
    until(&address, "/readyz", "\"ready\":true");
    assert!(get(&address, &search("lantern")).contains("Lantern Field"));
    let refused = sandbox.run(&["serve", "--port", "0", "--store", "none.sqlite"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("rehearsal catalog import"), "{}", refused.stderr);
}
