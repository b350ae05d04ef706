//! The accept loop: every connection has a time limit for its head, a bound on its headers, and a place among so many.
//!
//! A library's default server waits for ever for a head that never comes, and its shutdown waits with it; this one closes such
//! connections, lets running requests finish, and gives up on them when the drain is over. HTTP/1.1 alone: the version of HTTP/2 on a
//! silent connection cannot be told before it speaks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::response::Response;
use http::StatusCode;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceBuilder;

use crate::problem_details::{Details, answer};

/// What a server puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time for the head of a request, and between two requests of one connection.
    pub head: Duration,
    /// Time for a request from its head to its answer.
    pub request: Duration,
    /// Time that running requests have when the server is told to stop.
    pub drain: Duration,
    /// Connections at a time; more are closed at once.
    pub connections: usize,
}

impl Default for Limits {
    /// 30 s, 30 s, 10 s, 4,096: a keep-alive longer than a player's segment, a request shorter than a sender's patience.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            request: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            connections: 4_096,
        }
    }
}

/// Most headers of a request.
const HEADERS_MAX: usize = 64;

/// Most bytes of a request's head.
///
/// Eight times what a webhook's signatures may take, so that the verifier decides about those and not the connection; and twice the
/// longest address that hyper reads (64 KiB, then it answers 414), so that the route cuts a long search text: an emoji is
/// twelve bytes of an address.
const HEAD_BYTES_MAX: usize = 128 * 1_024;

async fn too_slow(_: tower::BoxError) -> Response {
    let hint = Some("send the whole request at once");
    let details = Details { detail: "the request took too long", code: "request_timeout", hint };
    answer(StatusCode::REQUEST_TIMEOUT, details)
}

async fn wrong_method() -> Response {
    let details = Details { detail: "this path is for another method", code: "wrong_method", hint: None };
    answer(StatusCode::METHOD_NOT_ALLOWED, details)
}

/// Serves a router until `stop` is ready, then drains; whether all requests finished in time.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> bool {
    serve_until(listener, router, limits, Box::pin(stop)).await
}

/// [`serve`] without a parameter of type, so that connections, the larger part of the code, are compiled once, here.
fn serve_until(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
) -> Pin<Box<dyn Future<Output = bool> + Send>> {
    Box::pin(accept(listener, router, limits, stop))
}

async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut stop: Pin<Box<dyn Future<Output = ()> + Send>>,
) -> bool {
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let timed = ServiceBuilder::new().layer(HandleErrorLayer::new(too_slow)).timeout(limits.request);
    // Routes that say it themselves stay as they are.
    let router = router.method_not_allowed_fallback(wrong_method);
    let service = TowerToHyperService::new(router.layer(timed));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles, or a connection that was gone already: neither is a reason to stop.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        // Small answers are not to wait for more; a socket that refuses the option works without.
        drop(stream.set_nodelay(true));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service.clone());
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            let _held_until_closed = place;
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_ok()
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    /// A server with short limits, its address, and what stops it.
    async fn started() -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let slow = || async {
            tokio::time::sleep(SHORT / 2).await;
            "done"
        };
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/slow", get(slow))
            .route("/body", post(|body: String| async move { body }));
        let limits = Limits { head: SHORT, request: SHORT * 2, drain: SHORT * 5, connections: 4 };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, router, limits, async { drop(stopped.await) }));
        (address, stop, serving)
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes).await);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn silence_half_a_head_and_a_body_that_never_comes_are_closed() {
        let (address, _stop, _serving) = started().await;
        for (sent, said) in [
            ("", ""),
            ("GET / HTTP/1.1\r\nHost: x\r\nX-", ""),
            ("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc", "408"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            let answered = tokio::time::timeout(SHORT * 20, answer(&mut stream)).await.expect("closed");
            assert!(answered.contains(said), "{sent:?}: {answered}");
            assert!(said.is_empty() || answered.contains("\"code\":\"request_timeout\""), "{answered}");
        }
    }

    #[tokio::test]
    async fn another_method_is_answered_with_a_problem() {
        let (address, _stop, _serving) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "DELETE /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let answered = answer(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 405"), "{answered}");
        assert!(answered.contains("content-type: application/problem+json"), "{answered}");
        assert!(answered.contains("\"code\":\"wrong_method\""), "{answered}");
    }

    #[tokio::test]
    async fn too_many_headers_and_too_long_ones_are_refused() {
        let (address, _stop, _serving) = started().await;
        let many: String = (0..80).map(|n| format!("X-{n}: y\r\n")).collect();
        let long = format!("X-Long: {}\r\n", "y".repeat(2 * HEAD_BYTES_MAX));
        for headers in [many, long] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
            // The server may close before it has read all of it.
            drop(stream.write_all(request.as_bytes()).await);
            let answered = answer(&mut stream).await;
            assert!(answered.is_empty() || answered.starts_with("HTTP/1.1 431"), "{answered}");
        }
    }

    #[tokio::test]
    async fn an_address_of_two_thousand_emoji_is_read() {
        let (address, _stop, _serving) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let text = "%F0%9F%98%80".repeat(2_000);
        let request = format!("GET /?q={text} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answered = answer(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    }

    #[tokio::test]
    async fn a_running_request_finishes_and_a_half_sent_one_does_not_hold_the_shutdown() {
        let (address, stop, serving) = started().await;
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(SHORT / 4).await;
        stop.send(()).unwrap();
        assert!(answer(&mut slow).await.contains("done"));
        assert!(serving.await.unwrap(), "drained in time");
        assert!(TcpStream::connect(address).await.is_err(), "nobody is let in any more");
    }
}
