//! A client of the search: connections kept alive, answers read to their end.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::REGION;

/// What came back.
pub(crate) struct Answer {
    /// 0 where no answer came.
    pub(crate) status: u16,
    /// Milliseconds that the server says it took.
    pub(crate) handler_ms: Option<f64>,
    pub(crate) ids: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Client {
    connections: Connections<HttpConnector, Empty<Bytes>>,
    address: SocketAddr,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { connections: Connections::builder(TokioExecutor::new()).build(connector), address }
    }

    /// Searches as an adult in the region would.
    pub(crate) async fn search(&self, text: &str, more: &str) -> Answer {
        let typed: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("http://{}/v1/search?q={typed}&region={REGION}&age=18{more}", self.address);
        // A refused or broken connection is what a viewer on a busy evening sees too.
        let asked = self.connections.get(path.parse().expect("an address")).await;
        let Ok(response) = asked else { return Answer { status: 0, handler_ms: None, ids: Vec::new() } };
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the answer ends").to_bytes();
        let timing = head.headers.get("server-timing").and_then(|value| value.to_str().ok());
        let handler_ms = timing.and_then(|value| value.strip_prefix("search;dur=")?.parse().ok());
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let hits = answer["hits"].as_array().map_or(&[][..], Vec::as_slice);
        let ids = hits.iter().filter_map(|hit| hit["id"].as_str().map(str::to_owned)).collect();
        Answer { status: head.status.as_u16(), handler_ms, ids }
    }
}
