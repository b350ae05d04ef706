//! `rehearsal serve` killed while webhooks come in: nothing that was acknowledged is lost.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use actors::provider::webhooks::{Event, sign};
use platform_server::billing::store::{SqliteStore, StoreOptions};
use rehearsal::host::unix_time;
use serde_json::json;

pub(crate) const SECRET: &str = "whsec_of_the_killed_server";

/// Kills of an ordinary test run; `REHEARSAL_KILLS` asks for another number.
fn kills() -> u32 {
    std::env::var("REHEARSAL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// A running server. It ends with its value.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts `rehearsal serve` with a billing database by a command that ends with the program's path.
    pub(crate) fn started(mut command: Command, database: &Path) -> Self {
        let mut child = command
            .args(["serve", "--port", "0", "--titles", "10", "--subscribers", "50", "--billing"])
            .arg(database)
            .env("REHEARSAL_WEBHOOK_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let page = lines.next().expect("a first line").expect("text");
        let port =
            page.rsplit_once(':').expect("an address").1.trim_end_matches('/').parse().expect("a port");
        // The server writes a few more lines, which somebody has to read.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// Kills it, as a power cut would end it.
    fn kill(&mut self) {
        self.child.kill().expect("it runs");
    }

    /// Asks the server to stop, also one that another program runs, and waits.
    pub(crate) fn end(&mut self) {
        let own = self.child.id();
        let below = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let server = below.split_whitespace().next().map_or_else(|| own.to_string(), str::to_owned);
        Command::new("kill").args(["-TERM", &server]).status().expect("kill runs");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

/// Sends an event; whether it was acknowledged with 2xx.
pub(crate) fn send(port: u16, id: &str) -> bool {
    let event = Event {
        id: id.to_owned(),
        event_type: "payout.paid".to_owned(),
        created: unix_time(),
        livemode: true,
        object: json!({"id": "po_1"}),
    };
    let body = event.body(1);
    let signature = sign(SECRET, unix_time(), body.as_bytes());
    let request = format!(
        "POST /v1/webhooks/stripe HTTP/1.1\r\nHost: x\r\nStripe-Signature: {signature}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 12];
    let told = stream.set_read_timeout(Some(Duration::from_secs(10))).is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok();
    told && answer.starts_with(b"HTTP/1.1 2")
}

#[test]
fn a_server_that_is_asked_to_stop_ends_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("billing.sqlite");
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::started(Command::new(env!("CARGO_BIN_EXE_rehearsal")), &database);
        Command::new("kill").args([signal, &server.child.id().to_string()]).status().expect("kill runs");
        let ended = server.child.wait().expect("it ended");
        assert!(ended.success(), "{signal}: {ended}");
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("billing.sqlite");
    let mut acknowledged = BTreeSet::new();
    for round in 0..kills() {
        let mut server = Server::started(Command::new(env!("CARGO_BIN_EXE_rehearsal")), &database);
        let port = server.port;
        let over = AtomicBool::new(false);
        let (told, heard) = mpsc::channel();
        std::thread::scope(|scope| {
            for sender in 0..4 {
                let (over, told) = (&over, told.clone());
                scope.spawn(move || {
                    for n in 0.. {
                        let id = format!("evt_{round}_{sender}_{n}");
                        if over.load(Ordering::SeqCst) {
                            break;
                        }
                        if send(port, &id) && told.send(id).is_err() {
                            break;
                        }
                    }
                });
            }
            // In the middle of it, after another number of answers each time.
            let so_many = 40 + usize::try_from(round % 7).expect("small") * 13;
            acknowledged.extend(heard.iter().take(so_many));
            server.kill();
            over.store(true, Ordering::SeqCst);
        });
        drop(told);
        acknowledged.extend(heard.iter());
        server.child.wait().expect("it ended");
        let stored = stored(&database);
        let lost: Vec<&String> = acknowledged.iter().filter(|id| !stored.contains(*id)).collect();
        assert!(lost.is_empty(), "kill {round}: {} of {} lost: {lost:?}", lost.len(), acknowledged.len());
    }
    println!("{} kills, {} acknowledged, none lost", kills(), acknowledged.len());
}

fn stored(database: &Path) -> BTreeSet<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = StoreOptions { path: database.to_path_buf(), durable: true };
        let store = SqliteStore::open(&options, std::collections::BTreeMap::new()).await.expect("it opens");
        let books = store.books().await.expect("rows");
        books.inbox.rows.into_keys().map(|key| key.event_id).collect()
    })
}
