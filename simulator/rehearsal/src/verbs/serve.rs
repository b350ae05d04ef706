//! `rehearsal serve`: the platform with demo data or a catalogue of one's own, on this machine alone.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use actors::catalogue::Spec;
use platform_server::catalog::live::Live;
use platform_server::http_server::{self, Limits};
use platform_server::search_api::routes::{self, SearchApi};
use tokio::net::TcpListener;
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
    let api = demo_search::routes();
    let live = match &args.store {
        Some(path) => Some(stored_catalog::live(path, Arc::clone(&api)).await?),
        None => None,
    };
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::cannot_judge(format!("no folder for the billing database: {error}")))?;
    let setup = setup(args, folder.path().join("billing.sqlite"))?;
    let internal_token = setup.internal_token.clone();
    let billing = Demo::start(setup).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| {
        Failure::cannot_judge(format!("cannot listen on 127.0.0.1:{}: {error}", args.port))
            .hint("name another port with --port N, or --port 0 for a free one")
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::cannot_judge(format!("the address is not known: {error}")))?;
    terminal::data(&format!("search page   http://{address}/"));
    terminal::data(&format!(
        "search        http://{address}/v1/search?q=harbor&region=DE&age=18&tier=premium"
    ));
    terminal::data(&format!("description   http://{address}/openapi.json"));
    let customer = &billing.customer_token;
    terminal::data(&format!(
        "subscription  curl -H 'Authorization: Bearer {customer}' http://{address}/v1/subscriptions/sub_1"
    ));
    terminal::data(&format!(
        "timeline      curl -H 'Authorization: Bearer {internal_token}' http://{address}/internal/v1/subscriptions/sub_1/timeline"
    ));
    terminal::data(&format!("webhooks      POST http://{address}/v1/webhooks/stripe"));
    terminal::note("stop with Ctrl-C");
    let stop = async {
        // Without signals, the server ends with its process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
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

/// Secrets come from the environment, never from the command line, where anybody on the machine could read them.
fn setup(args: &ServeArgs, temporary: PathBuf) -> Result<Setup, Failure> {
    let secret = |name: &str| match std::env::var(name) {
        Ok(secret) => Ok(secret),
        Err(_) => demo_billing::random_text()
            .map_err(|error| Failure::cannot_judge(format!("no random bytes for {name}: {error}"))),
    };
    Ok(Setup {
        path: args.billing.clone().unwrap_or(temporary),
        subscribers: args.subscribers,
        seed: args.seed,
        notices: args.notices.clone(),
        internal_token: secret("REHEARSAL_INTERNAL_TOKEN")?,
        webhook_secret: std::env::var("REHEARSAL_WEBHOOK_SECRET")
            .or_else(|_| secret("REHEARSAL_WEBHOOK_SECRET").map(|text| format!("whsec_{text}")))?,
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
