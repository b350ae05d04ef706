//! Keystrokes: queries typed letter by letter, each letter at its moment.

use std::time::Duration;

use actors::catalogue::{self, Spec};
use actors::queries::{self, Order, Split, TitleFacts};
use tokio::time::{Instant, sleep_until};

use super::client::Client;

/// Typists at work at the same time: their letters alternate.
const TYPISTS: usize = 20;

/// One keystroke, answered.
pub(crate) struct Timed {
    pub(crate) status: u16,
    pub(crate) handler_ms: Option<f64>,
    pub(crate) since_due_ms: f64,
}

/// So many texts, as they stand after each letter of the queries of twenty typists.
pub(crate) fn keystrokes(spec: Spec, count: u32) -> Vec<String> {
    let facts: Vec<TitleFacts> = catalogue::titles(spec).map(TitleFacts::from).collect();
    let rows = queries::generate(&facts, &Order { seed: spec.seed, split: Split::Judging, per_kind: 50 });
    let texts: Vec<&str> = rows.iter().map(|row| row.query.as_str()).collect();
    let typed_by = |typist: usize| {
        // Kinds lie one after the other: a step that shares no divisor mixes them.
        let own = texts.iter().skip(typist).step_by(TYPISTS + 1).cycle();
        own.flat_map(|text| text.char_indices().map(|(at, c)| text[..at + c.len_utf8()].to_owned()))
    };
    let mut typists: Vec<_> = (0..TYPISTS).map(typed_by).collect();
    (0..count as usize).filter_map(|at| typists[at % TYPISTS].next()).collect()
}

/// Sends each text when it is due, however long the answers take.
pub(crate) async fn type_all(client: &Client, texts: Vec<String>, per_s: u32) -> Vec<Timed> {
    let began = Instant::now();
    let mut flying = Vec::with_capacity(texts.len());
    for (number, text) in (0..).zip(texts) {
        let due = began + Duration::from_secs(1) * number / per_s;
        sleep_until(due).await;
        let client = client.clone();
        flying.push(tokio::spawn(async move {
            let answer = client.search(&text, "").await;
            let since_due_ms = due.elapsed().as_secs_f64() * 1e3;
            Timed { status: answer.status, handler_ms: answer.handler_ms, since_due_ms }
        }));
    }
    let mut answers = Vec::with_capacity(flying.len());
    for flight in flying {
        answers.push(flight.await.expect("an answer comes"));
    }
    answers
}
