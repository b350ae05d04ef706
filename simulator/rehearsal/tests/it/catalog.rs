//! Catalogues in a database, with the program as people use it.

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
    let missing = sandbox.run(&["catalog", "import", "none.jsonl", "--store", "c.sqlite"]);
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
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
