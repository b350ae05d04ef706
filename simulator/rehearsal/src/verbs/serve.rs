//! `rehearsal serve`: the platform with demo data or a catalogue of one's own, on this machine alone.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use actors::catalogue::Spec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use platform_server::catalog::live::Live;
use platform_server::http_server::{self, Limits};
use platform_server::log;
use platform_server::search_api::routes::{self, SearchApi};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use units::Seed;

use crate::cli::ServeArgs;
use crate::demo_billing::{Demo, Setup};
use crate::failure::{Failure, Outcome, exit};
use crate::{demo_billing, demo_search, stored_catalog, terminal};

pub(super) fn serve(args: &ServeArgs) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::cannot_judge(format!("no threads to serve with: {error}")))?;
    runtime.block_on(run(args))
}

async fn run(args: &ServeArgs) -> Outcome {
    // A process has one log; whoever set up another one before us wants that.
    log::to(terminal::note);
    let api = demo_search::routes();
    let live = match &args.store {
        Some(path) => Some(stored_catalog::live(path, Arc::clone(&api)).await?),
        None => None,
    };
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::cannot_judge(format!("no folder for the billing database: {error}")))?;
    let secrets = Secrets::of_this_run(args)?;
    let billing = Demo::start(secrets.setup(args, folder.path().join("billing.sqlite"))).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| {
        Failure::cannot_judge(format!("cannot listen on 127.0.0.1:{}: {error}", args.port))
            .hint("name another port with --port N, or --port 0 for a free one")
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::cannot_judge(format!("the address is not known: {error}")))?;
    // From here on, being asked to stop is no longer the end at once.
    let stop = asked_to_stop();
    introduce(address, &billing.customer_token, &secrets);
    // Requests are answered from now on; searches say 503 until the catalogue is read.
    let router = routes::router(Arc::clone(&api)).merge(billing.routes.clone());
    let serving = http_server::serve(listener, router, Limits::default(), stop);
    let ended = tokio::select! {
        drained = serving => {
            if !drained {
                terminal::note("some requests were cut off: they ran longer than the drain");
            }
            Ok(exit::OK)
        }
        Err(failure) = fill(args, live, api) => Err(failure),
    };
    // What the jobs have begun is finished before the database closes.
    let stopped = tokio::task::spawn_blocking(move || billing.stop()).await;
    stopped.map_err(|error| Failure::bug(error.to_string()))??;
    ended
}

/// Ready when the process is asked to stop: by Ctrl-C, or by SIGTERM as service managers do. Listens from the call on.
fn asked_to_stop() -> impl Future<Output = ()> + Send + 'static {
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = arrival(interrupt) => {}
            () = arrival(terminate) => {}
        }
    }
}

/// Without signals, the server ends with its process.
async fn arrival(listening: std::io::Result<Signal>) {
    let arrived = match listening {
        Ok(mut signal) => signal.recv().await,
        Err(_) => None,
    };
    if arrived.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Says what is served where, and how to be let in.
fn introduce(address: SocketAddr, customer_token: &str, secrets: &Secrets) {
    terminal::data(&format!("search page   http://{address}/"));
    terminal::data(&format!(
        "search        http://{address}/v1/search?q=harbor&region=DE&age=18&tier=premium"
    ));
    terminal::data(&format!("description   http://{address}/openapi.json"));
    terminal::data(&format!(
        "subscription  curl -H 'Authorization: Bearer {customer_token}' http://{address}/v1/subscriptions/sub_1"
    ));
    // A token of somebody's own stays where it is: what we print may end in a log.
    let bearer = match &secrets.internal_token {
        Secret::OfThisRun(token) => format!("'Authorization: Bearer {token}'"),
        Secret::OfTheEnvironment(_) => format!("\"Authorization: Bearer ${INTERNAL_TOKEN}\""),
    };
    terminal::data(&format!(
        "timeline      curl -H {bearer} http://{address}/internal/v1/subscriptions/sub_1/timeline"
    ));
    terminal::data(&format!("webhooks      POST http://{address}/v1/webhooks/stripe"));
    match &secrets.notices {
        None => {}
        Some(Secret::OfThisRun(secret)) => {
            terminal::data(&format!("notices       signed as Standard Webhooks with {secret}"));
        }
        Some(Secret::OfTheEnvironment(_)) => {
            terminal::data(&format!("notices       signed as Standard Webhooks with ${NOTICES_SECRET}"));
        }
    }
    if matches!(secrets.internal_token, Secret::OfTheEnvironment(_)) {
        terminal::note(&format!("support shows the token in {INTERNAL_TOKEN}, from the environment"));
    }
    terminal::note("stop with Ctrl-C");
}

/// Where support's token comes from.
const INTERNAL_TOKEN: &str = "REHEARSAL_INTERNAL_TOKEN";

/// Where the secret of the webhook endpoint comes from.
const WEBHOOK_SECRET: &str = "REHEARSAL_WEBHOOK_SECRET";

/// Where the secret comes from that notices are signed with: `whsec_` and base64, as Standard Webhooks writes it.
const NOTICES_SECRET: &str = "REHEARSAL_NOTICES_SECRET";

/// A secret, and whether it may be shown.
enum Secret {
    /// Made for this run, which nobody else could know.
    OfThisRun(String),
    /// Somebody's own, which they know.
    OfTheEnvironment(String),
}

impl Secret {
    /// That of the environment, or else one that is made now.
    fn named(name: &str, made: fn([u8; 32]) -> String) -> Result<Self, Failure> {
        if let Ok(text) = std::env::var(name) {
            return Ok(Self::OfTheEnvironment(text));
        }
        let key = demo_billing::random_key()
            .map_err(|error| Failure::cannot_judge(format!("no random bytes for {name}: {error}")))?;
        Ok(Self::OfThisRun(made(key)))
    }

    fn text(&self) -> &str {
        let (Self::OfThisRun(text) | Self::OfTheEnvironment(text)) = self;
        text
    }
}

/// Secrets come from the environment, never from the command line, where anybody on the machine could read them.
struct Secrets {
    internal_token: Secret,
    webhook: Secret,
    notices: Option<Secret>,
    notices_key: Vec<u8>,
}

impl Secrets {
    fn of_this_run(args: &ServeArgs) -> Result<Self, Failure> {
        let notices = match args.notices {
            Some(_) => Some(Secret::named(NOTICES_SECRET, |key| format!("whsec_{}", STANDARD.encode(key)))?),
            None => None,
        };
        let notices_key = notices.as_ref().map_or_else(|| Ok(Vec::new()), |secret| key_of(secret.text()))?;
        Ok(Self {
            internal_token: Secret::named(INTERNAL_TOKEN, |key| demo_billing::hex(&key))?,
            webhook: Secret::named(WEBHOOK_SECRET, |key| format!("whsec_{}", demo_billing::hex(&key)))?,
            notices,
            notices_key,
        })
    }

    fn setup(&self, args: &ServeArgs, temporary: PathBuf) -> Setup {
        Setup {
            path: args.billing.clone().unwrap_or(temporary),
            subscribers: args.subscribers,
            seed: args.seed,
            notices: args.notices.clone().map(|address| (address, self.notices_key.clone())),
            internal_token: self.internal_token.text().to_owned(),
            webhook_secret: self.webhook.text().to_owned(),
        }
    }
}

/// The key of a secret of Standard Webhooks; its length is judged where it is used.
fn key_of(secret: &str) -> Result<Vec<u8>, Failure> {
    let decoded = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret));
    decoded.map_err(|_| {
        Failure::usage(format!("{NOTICES_SECRET} is no base64 text behind `whsec_`"))
            .hint("set `whsec_` and 24 to 64 bytes in base64, or nothing for one made for this run")
    })
}

/// Answers from a catalogue: that of a store, which is followed for good, or the synthetic one.
async fn fill(args: &ServeArgs, live: Option<Live>, api: Arc<SearchApi>) -> Result<(), Failure> {
    if let Some(live) = live {
        return live.run().await.map_err(|error| stored_catalog::live_failure(&error));
    }
    let spec = Spec { seed: Seed(args.seed), titles: args.titles, messy: false };
    let filling = tokio::task::spawn_blocking(move || demo_search::fill(&api, spec));
    let filled =
        filling.await.map_err(|error| Failure::bug(format!("the catalogue could not be made: {error}")))?;
    filled.map_err(|error| Failure::bug(format!("the catalogue could not be indexed: {error}")))
}
