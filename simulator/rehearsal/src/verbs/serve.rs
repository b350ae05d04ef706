//! `rehearsal serve`: the platform with demo data, on this machine alone.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actors::catalogue::Spec;
use platform_server::search_api::routes;
use tokio::net::TcpListener;
use units::Seed;

use crate::cli::ServeArgs;
use crate::failure::{Failure, Outcome, exit};
use crate::{demo_search, terminal};

pub(super) fn serve(args: &ServeArgs) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::cannot_judge(format!("no threads to serve with: {error}")))?;
    runtime.block_on(run(args))
}

async fn run(args: &ServeArgs) -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| {
        Failure::cannot_judge(format!("cannot listen on 127.0.0.1:{}: {error}", args.port))
            .hint("name another port with --port N, or --port 0 for a free one")
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::cannot_judge(format!("the address is not known: {error}")))?;
    let api = demo_search::routes();
    let spec = Spec { seed: Seed(args.seed), titles: args.titles, messy: false };
    let filled = Arc::clone(&api);
    // Requests are answered from now on; searches say 503 until the catalogue is made.
    let filling = tokio::task::spawn_blocking(move || demo_search::fill(&filled, spec));
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
    axum::serve(listener, routes::router(api))
        .with_graceful_shutdown(stop)
        .await
        .map_err(|error| Failure::cannot_judge(format!("serving ended: {error}")))?;
    let filled =
        filling.await.map_err(|error| Failure::bug(format!("the catalogue could not be made: {error}")))?;
    filled.map_err(|error| Failure::bug(format!("the catalogue could not be indexed: {error}")))?;
    Ok(exit::OK)
}
