//! Requests in, answers out: payment intents, refunds, disputes, subscriptions; idempotency keys as Stripe keeps them.
//!
//! A key keeps the first answer, errors included, and gives it again without any other effect; the same key with other parameters
//! is an error of its own. <https://docs.stripe.com/api/idempotent_requests>.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use units::{Currency, Micros, Money, Timestamp};

use super::Provider;
use super::books::{ChargeSent, Payment, Refund, Sent};
use super::script::{Reply, ReplyKind};

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Path without host and query.
    pub path: &'a str,
    /// Form fields or query.
    pub params: &'a [(String, String)],
    /// Header `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Value,
}

/// What the caller sees.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// An answer, after some time.
    Answered {
        /// Which.
        response: Response,
        /// After how long.
        delay: Micros,
    },
    /// None.
    TimedOut,
}

/// An answer kept under a key.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    params: Vec<(String, String)>,
    response: Response,
    pub(super) at: Timestamp,
}

fn error(status: u16, kind: &str, message: &str) -> Response {
    Response { status, body: json!({"error": {"type": kind, "code": kind, "message": message}}) }
}

fn answered(response: Response) -> Outcome {
    Outcome::Answered { response, delay: Micros::ZERO }
}

impl Provider {
    /// Acts on a request.
    pub fn handle(&mut self, request: Request<'_>, now: Timestamp) -> Outcome {
        match (request.method, request.path) {
            ("POST", "/v1/payment_intents") => {
                self.note_charge(&request, now);
                self.under_key(&request, now, Self::charge)
            }
            ("POST", "/v1/refunds") => {
                self.books.sent.push(Sent::Refund(request.idempotency_key.unwrap_or_default().to_owned()));
                self.under_key(&request, now, Self::refund)
            }
            ("GET", path) => {
                self.books.sent.push(Sent::LookUp);
                answered(self.read(path, &request))
            }
            _ => answered(error(404, "invalid_request_error", "no such path")),
        }
    }

    fn note_charge(&mut self, request: &Request<'_>, now: Timestamp) {
        let param = |name: &str| param(request, name).unwrap_or_default().to_owned();
        self.books.sent.push(Sent::Charge(ChargeSent {
            at: now,
            key: request.idempotency_key.unwrap_or_default().to_owned(),
            card: param("payment_method"),
            invoice: param("metadata[invoice]"),
        }));
    }

    fn under_key(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
        act: fn(&mut Self, &Request<'_>, Timestamp) -> (Reply, Response),
    ) -> Outcome {
        self.forget(now);
        let Some(key) = request.idempotency_key else {
            return answered(error(400, "invalid_request_error", "no idempotency key"));
        };
        if let Some(kept) = self.kept.get(key) {
            if kept.params == request.params {
                return answered(kept.response.clone());
            }
            self.books.offences.push(format!("key `{key}` was used for two different requests"));
            return answered(error(400, "idempotency_error", "the key was used with other parameters"));
        }
        let (reply, response) = act(self, request, now);
        if reply.kind == ReplyKind::TimeoutNotCharged {
            return Outcome::TimedOut;
        }
        if reply.kind != ReplyKind::KeyInUse {
            let kept = Kept { params: request.params.to_vec(), response: response.clone(), at: now };
            self.kept.insert(key.to_owned(), kept);
        }
        if reply.lose_response || reply.kind == ReplyKind::TimeoutCharged {
            return Outcome::TimedOut;
        }
        Outcome::Answered { response, delay: reply.delay }
    }

    fn charge(&mut self, request: &Request<'_>, now: Timestamp) -> (Reply, Response) {
        let reply = self.charges.next_reply();
        let response = match &reply.kind {
            ReplyKind::TimeoutNotCharged => error(500, "api_error", "never arrived"),
            ReplyKind::KeyInUse => error(409, "idempotency_key_in_use", "the key is in use"),
            ReplyKind::Error { charged: false } => error(500, "api_error", "something went wrong"),
            ReplyKind::Error { charged: true } => match self.book(request, now, None) {
                Some(_) => error(500, "api_error", "something went wrong"),
                None => error(400, "invalid_request_error", "amount, currency or customer is missing"),
            },
            ReplyKind::Decline { code } => match self.book(request, now, Some(code.clone())) {
                Some(payment) => {
                    let body = json!({"error": {
                        "type": "card_error", "code": "card_declined", "decline_code": code, "payment_intent": payment,
                    }});
                    Response { status: 402, body }
                }
                None => error(400, "invalid_request_error", "amount, currency or customer is missing"),
            },
            ReplyKind::Ok | ReplyKind::TimeoutCharged => match self.book(request, now, None) {
                Some(payment) => Response { status: 200, body: payment },
                None => error(400, "invalid_request_error", "amount, currency or customer is missing"),
            },
        };
        (reply, response)
    }

    fn book(&mut self, request: &Request<'_>, now: Timestamp, decline_code: Option<String>) -> Option<Value> {
        let amount = money(request)?;
        let payment = Payment {
            id: format!("pi_{}{}", self.names, self.books.payments.len() + 1),
            customer: param(request, "customer")?.to_owned(),
            card: param(request, "payment_method")?.to_owned(),
            amount,
            metadata: metadata(request),
            created: now,
            decline_code,
        };
        let shown = payment.shown();
        self.books.payments.push(payment);
        Some(shown)
    }

    fn refund(&mut self, request: &Request<'_>, now: Timestamp) -> (Reply, Response) {
        let reply = self.refunds.next_reply();
        let response = match &reply.kind {
            ReplyKind::TimeoutNotCharged | ReplyKind::Error { charged: false } => {
                error(500, "api_error", "something went wrong")
            }
            ReplyKind::KeyInUse => error(409, "idempotency_key_in_use", "the key is in use"),
            ReplyKind::Decline { code } => error(402, "card_error", code),
            ReplyKind::Ok | ReplyKind::TimeoutCharged => self.give_back(request, now),
            ReplyKind::Error { charged: true } => {
                self.give_back(request, now);
                error(500, "api_error", "something went wrong")
            }
        };
        (reply, response)
    }

    fn give_back(&mut self, request: &Request<'_>, _now: Timestamp) -> Response {
        let found = param(request, "payment_intent").and_then(|id| self.payment(id)).cloned();
        let Some(payment) = found.filter(Payment::is_captured) else {
            return error(404, "resource_missing", "no such payment");
        };
        let left = payment.amount.minor_units - self.books.refunded(&payment.id);
        let asked = param(request, "amount").and_then(|text| text.parse().ok()).unwrap_or(left);
        if asked <= 0 || asked > left {
            self.books.offences.push(format!("{asked} was asked back of `{}`, {left} was left", payment.id));
            return error(400, "charge_already_refunded", "more than is left of the payment");
        }
        let refund = Refund {
            id: format!("re_{}{}", self.names, self.books.refunds.len() + 1),
            payment: payment.id,
            amount: Money::new(asked, payment.amount.currency),
            metadata: metadata(request),
        };
        let body = refund.shown();
        self.books.refunds.push(refund);
        Response { status: 200, body }
    }

    fn read(&self, path: &str, request: &Request<'_>) -> Response {
        let missing = || error(404, "resource_missing", "no such object");
        let found = |body: Option<Value>| body.map_or_else(missing, |body| Response { status: 200, body });
        let list = |data: Vec<Value>| Response {
            status: 200,
            body: json!({"object": "list", "data": data, "has_more": false}),
        };
        match path {
            "/v1/payment_intents" => {
                let customer = param(request, "customer").unwrap_or_default();
                let theirs = self.books.payments.iter().rev().filter(|payment| payment.customer == customer);
                list(theirs.map(Payment::shown).collect())
            }
            "/v1/refunds" => {
                let payment = param(request, "payment_intent").unwrap_or_default();
                let of = self.books.refunds.iter().rev().filter(|refund| refund.payment == payment);
                list(of.map(Refund::shown).collect())
            }
            _ => {
                let mut parts = path.trim_start_matches("/v1/").splitn(2, '/');
                let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                match kind {
                    "payment_intents" => found(self.payment(id).map(Payment::shown)),
                    "disputes" => {
                        let dispute = self.books.disputes.iter().find(|dispute| dispute.id == id);
                        found(dispute.map(super::books::Dispute::shown))
                    }
                    "subscriptions" => found(self.books.mirrors.get(id).map(super::books::Mirror::shown)),
                    _ => missing(),
                }
            }
        }
    }
}

fn param<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    request.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn money(request: &Request<'_>) -> Option<Money> {
    let currency = Currency::from_code(&param(request, "currency")?.to_ascii_uppercase()).ok()?;
    let amount: i64 = param(request, "amount")?.parse().ok()?;
    (amount > 0).then(|| Money::new(amount, currency))
}

fn metadata(request: &Request<'_>) -> BTreeMap<String, String> {
    let inside = |name: &str| Some(name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned());
    request.params.iter().filter_map(|(name, value)| Some((inside(name)?, value.clone()))).collect()
}
