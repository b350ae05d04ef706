//! `rehearsal serve`: the platform with demo data or a catalogue of one's own, on this machine alone.

use std::future::IntoFuture;
use std::net::Ipv4Addr;
use std::sync::Arc;

use actors::catalogue::Spec;
use platform_server::catalog::live::Live;
use platform_server::search_api::routes::{self, SearchApi};
use tokio::net::TcpListener;
use units::Seed;

use crate::cli::ServeArgs;
use crate::failure::{Failure, Outcome, exit};
use crate::{demo_search, stored_catalog, terminal};

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
    terminal::note("stop with Ctrl-C");
    let stop = async {
        // Without signals, the server ends with its process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    // Requests are answered from now on; searches say 503 until the catalogue is read.
    let serving = axum::serve(listener, routes::router(Arc::clone(&api))).with_graceful_shutdown(stop);
    tokio::select! {
        served = serving.into_future() => {
            served.map_err(|error| Failure::cannot_judge(format!("serving ended: {error}")))?;
            Ok(exit::OK)
        }
        Err(failure) = fill(args, live, api) => Err(failure),
    }
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
