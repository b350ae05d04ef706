//! Requests in a sequence: webhooks, customers, support; all through the router.

use actors::provider::webhooks::{Event, sign};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use units::Timestamp;

use super::format::{
    BodyName, CustomerAction, CustomerStep, Deliver, ObjectName, RequestFault, SignatureName, SupportName,
    SupportStep,
};
use super::stage::{FOREIGN_SECRET, INTERNAL, SECRET, Stage};
use super::turns::Task;

/// Most that is read of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// An answer, as far as a sequence speaks of it.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    replayed: bool,
    body: Value,
}

/// A request that can be sent again and again.
#[derive(Debug, Clone)]
struct Prepared {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
}

impl Stage<'_> {
    async fn send(&self, prepared: &Prepared) -> Result<Option<Answer>, String> {
        let Some(router) = self.router() else { return Ok(None) };
        let mut request = Request::builder().method(prepared.method).uri(&prepared.path);
        for (name, value) in &prepared.headers {
            let value = HeaderValue::from_bytes(value).map_err(|error| error.to_string())?;
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(prepared.body.clone())).map_err(|error| error.to_string())?;
        let Ok(response) = router.oneshot(request).await;
        let status = response.status().as_u16();
        let replayed = response.headers().get("idempotent-replayed").is_some_and(|value| value == "true");
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let body =
            to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.map_err(|error| error.to_string())?;
        if status >= 400 && kind.is_none_or(|kind| kind != "application/problem+json") {
            let offence = format!("an answer {status} of {} has no problem details", prepared.path);
            self.seen.borrow_mut().offences.push(offence);
        }
        Ok(Some(Answer { status, replayed, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }))
    }

    fn note(&self, label: Option<&String>, answer: Option<&Answer>) {
        let Some(label) = label else { return };
        let mut seen = self.seen.borrow_mut();
        seen.answers.entry(label.clone()).or_default().push(answer.map(|answer| answer.status));
        let replayed = u64::from(answer.is_some_and(|answer| answer.replayed));
        *seen.replayed.entry(label.clone()).or_default() += replayed;
    }

    /// Sends requests one after the other, or all at once.
    fn send_all(
        &self,
        all: &[Prepared],
        concurrent: bool,
        with: &dyn Fn(Option<&Answer>),
    ) -> Result<(), String> {
        if !concurrent {
            for prepared in all {
                let answer = self.turns.alone(self.send(prepared))?;
                with(answer.as_ref());
            }
            return Ok(());
        }
        let wrong = std::cell::RefCell::new(None);
        let tasks: Vec<Task<'_>> = all
            .iter()
            .map(|prepared| -> Task<'_> {
                Box::pin(async {
                    match self.send(prepared).await {
                        Ok(answer) => with(answer.as_ref()),
                        Err(text) => *wrong.borrow_mut() = Some(text),
                    }
                })
            })
            .collect();
        self.turns.together(tasks);
        wrong.into_inner().map_or(Ok(()), Err)
    }

    pub(super) fn deliver(&self, step: &Deliver) -> Result<(), String> {
        let prepared = self.webhook(step);
        let all = vec![prepared; usize::try_from(step.times).unwrap_or(1)];
        self.send_all(&all, step.concurrent, &|answer| self.delivered(step.label.as_ref(), answer))
    }

    /// A delivery as one task among others.
    pub(super) async fn deliver_among_others(&self, step: &Deliver) -> Result<(), String> {
        let prepared = self.webhook(step);
        for _ in 0..step.times {
            let answer = self.send(&prepared).await?;
            self.delivered(step.label.as_ref(), answer.as_ref());
        }
        Ok(())
    }

    fn delivered(&self, label: Option<&String>, answer: Option<&Answer>) {
        self.note(label, answer);
        let Some(answer) = answer else { return };
        let mut seen = self.seen.borrow_mut();
        match answer.body["received"].as_str() {
            Some("duplicate") => seen.duplicate += 1,
            Some("conflict") => seen.conflict += 1,
            Some(_) => {}
            None if (400..500).contains(&answer.status) => seen.rejected += 1,
            None => {}
        }
    }

    /// The webhook of a step, with the object as it stands in the provider's books.
    fn webhook(&self, step: &Deliver) -> Prepared {
        let now = self.now();
        let ago = Timestamp(now.0.saturating_sub(step.delay.0.0));
        let mut object = self.object(step.object);
        if step.body == BodyName::Changed {
            object["amount"] = json!(object["amount"].as_i64().unwrap_or(0) + 1);
        }
        let event = Event {
            id: step.event.clone(),
            event_type: step.event_type.clone(),
            created: ago,
            livemode: step.livemode,
            object,
        };
        let body = match step.body {
            BodyName::NotJson => "this is not JSON".to_owned(),
            BodyName::VolatileChanged => event.body(2),
            BodyName::Original | BodyName::Changed => event.body(1),
        };
        let (secret, at) = match step.signature {
            SignatureName::Good => (SECRET, now),
            SignatureName::Forged => (FOREIGN_SECRET, now),
            SignatureName::Replayed => (SECRET, ago),
        };
        signed(body, secret, at)
    }

    fn object(&self, what: ObjectName) -> Value {
        let provider = self.provider();
        let books = &provider.books;
        match what {
            ObjectName::Payment => books.latest_of("sub_1", false).map_or_else(
                || json!({"id": "pi_none", "object": "payment_intent", "amount": 1}),
                actors::provider::books::Payment::shown,
            ),
            ObjectName::Subscription => books.mirrors.get("sub_1").map_or_else(
                || json!({"id": "sub_none", "object": "subscription"}),
                actors::provider::books::Mirror::shown,
            ),
            ObjectName::Dispute => books.disputes.last().map_or_else(
                || json!({"id": "dp_none", "object": "dispute"}),
                actors::provider::books::Dispute::shown,
            ),
            ObjectName::Other => json!({"id": "po_1", "object": "payout", "amount": 1}),
        }
    }

    /// A webhook that the provider sends by itself.
    pub(super) fn provider_sends(&self, event: &Event, secret: &str) -> Result<(), String> {
        let prepared = signed(event.body(1), secret, self.now());
        let answer = self.turns.alone(self.send(&prepared))?;
        self.delivered(None, answer.as_ref());
        Ok(())
    }

    pub(super) fn customer(&self, step: &CustomerStep) -> Result<(), String> {
        let prepared = self.customer_request(step)?;
        if step.fault == Some(RequestFault::BeforeCommit)
            && let Some(store) = self.store()
        {
            store.fail_next();
        }
        let all = vec![prepared; usize::try_from(step.times).unwrap_or(1)];
        if step.fault == Some(RequestFault::AfterCommit) {
            let answer = self.turns.alone(self.send(&all[0]))?;
            // The answer is on its way out of a process that is killed.
            drop(answer);
            self.stop();
            self.note(step.label.as_ref(), None);
            return Ok(());
        }
        self.send_all(&all, step.concurrent, &|answer| self.note(step.label.as_ref(), answer))
    }

    /// A customer's request as one task among others.
    pub(super) async fn customer_among_others(&self, step: &CustomerStep) -> Result<(), String> {
        let prepared = self.customer_request(step)?;
        for _ in 0..step.times {
            let answer = self.send(&prepared).await?;
            self.note(step.label.as_ref(), answer.as_ref());
        }
        Ok(())
    }

    fn customer_request(&self, step: &CustomerStep) -> Result<Prepared, String> {
        let sub = step.sub.as_deref().unwrap_or("sub_1");
        let need = |what: &Option<String>, name: &str| what.clone().ok_or(format!("`{name}` is needed"));
        let (customer, method, path, body) = match step.action {
            CustomerAction::Subscribe => {
                let customer = step.who.as_deref().unwrap_or("c_1").to_owned();
                let body = json!({"plan": need(&step.plan, "plan")?, "zone": self.given.zone});
                (customer, "POST", "/v1/subscriptions".to_owned(), body)
            }
            CustomerAction::SetCard => {
                let body = json!({"card": need(&step.card, "card")?});
                (self.owner(sub), "PUT", "/v1/card".to_owned(), body)
            }
            CustomerAction::CancelNow => (self.owner(sub), "POST", of(sub, "cancel"), json!({"at": "now"})),
            CustomerAction::CancelAtPeriodEnd => {
                (self.owner(sub), "POST", of(sub, "cancel"), json!({"at": "period_end"}))
            }
            CustomerAction::ChangePlan => {
                (self.owner(sub), "POST", of(sub, "plan"), json!({"plan": need(&step.plan, "plan")?}))
            }
            CustomerAction::Pause => (self.owner(sub), "POST", of(sub, "pause"), json!({})),
            CustomerAction::Resume => (self.owner(sub), "POST", of(sub, "resume"), json!({})),
            CustomerAction::PayInvoice => {
                let start = step.period_start.ok_or("`period_start` is needed")?.0;
                (self.owner(sub), "POST", of(sub, "pay"), json!({"period_start": instant(start)}))
            }
        };
        if step.action == CustomerAction::Subscribe {
            self.put_card_on_file(&customer)?;
        }
        let mut headers = self.of_customer(&customer);
        match &step.key {
            None => headers.push(("idempotency-key", self.fresh_key().into_bytes())),
            Some(Some(key)) => headers.push(("idempotency-key", key.clone().into_bytes())),
            Some(None) => {}
        }
        Ok(Prepared { method, path, headers, body: body.to_string().into_bytes() })
    }

    fn of_customer(&self, customer: &str) -> Vec<(&'static str, Vec<u8>)> {
        let token = self.key.sign(customer, Timestamp::NEVER);
        vec![("authorization", format!("Bearer {token}").into_bytes())]
    }

    /// Whoever subscribes later has the given card on file already.
    fn put_card_on_file(&self, customer: &str) -> Result<(), String> {
        let (Some(card), Some(store)) = (&self.given.card, self.store()) else { return Ok(()) };
        let known = self.turns.alone(store.books()).map_err(|error| error.to_string())?;
        if known.customers.contains_key(customer) {
            return Ok(());
        }
        let mut headers = self.of_customer(customer);
        headers.push(("idempotency-key", self.fresh_key().into_bytes()));
        let body = json!({"card": card}).to_string().into_bytes();
        self.turns.alone(self.send(&Prepared {
            method: "PUT",
            path: "/v1/card".to_owned(),
            headers,
            body,
        }))?;
        Ok(())
    }

    /// The owner of a subscription, whom we know by its name where the platform does not.
    fn owner(&self, sub: &str) -> String {
        let known = self.store().and_then(|store| self.turns.alone(store.books()).ok());
        let account =
            known.and_then(|books| books.accounts.get(sub).map(|account| account.customer.id.to_string()));
        account.unwrap_or_else(|| sub.replacen("sub_", "c_", 1))
    }

    fn fresh_key(&self) -> String {
        let n = self.keys.get() + 1;
        self.keys.set(n);
        format!("fresh-{n}")
    }

    pub(super) fn support(&self, step: &SupportStep) -> Result<(), String> {
        let all: Vec<Prepared> =
            (0..step.times).map(|_| self.support_request(step)).collect::<Result<_, _>>()?;
        self.send_all(&all, step.concurrent, &|answer| self.note(step.label.as_ref(), answer))
    }

    /// A request of support's as one task among others.
    pub(super) async fn support_among_others(&self, step: &SupportStep) -> Result<(), String> {
        for _ in 0..step.times {
            let answer = self.send(&self.support_request(step)?).await?;
            self.note(step.label.as_ref(), answer.as_ref());
        }
        Ok(())
    }

    fn support_request(&self, step: &SupportStep) -> Result<Prepared, String> {
        let sub = step.sub.as_deref().unwrap_or("sub_1");
        let path = |what: &str| format!("/internal/v1/subscriptions/{sub}/{what}");
        let mut body = json!({"actor": step.actor.as_deref().unwrap_or("staff_1"), "reason": step.reason});
        let (method, path) = match step.action {
            SupportName::Timeline => ("GET", path("timeline")),
            SupportName::RetryCharge => ("POST", path("retry-charge")),
            SupportName::Refund => {
                body["amount"] = json!(step.amount.ok_or("`amount` is needed")?);
                ("POST", path("refund"))
            }
            SupportName::OverrideAccess => {
                let lasting = step.lasting.ok_or("`for` is needed")?.0;
                body["for_s"] = json!(lasting.0 / 1_000_000);
                ("POST", path("override-access"))
            }
            SupportName::ExtendTrial => {
                body["until"] = json!(instant(step.until.ok_or("`until` is needed")?.0));
                ("POST", path("extend-trial"))
            }
            SupportName::Reprocess => {
                body["dry_run"] = json!(step.dry_run);
                let event = step.event.as_ref().ok_or("`event` is needed")?;
                ("POST", format!("/internal/v1/events/stripe/{event}/reprocess"))
            }
        };
        let headers = vec![
            ("authorization", format!("Bearer {INTERNAL}").into_bytes()),
            ("idempotency-key", self.fresh_key().into_bytes()),
        ];
        let body = if method == "GET" { Vec::new() } else { body.to_string().into_bytes() };
        Ok(Prepared { method, path, headers, body })
    }
}

fn signed(body: String, secret: &str, at: Timestamp) -> Prepared {
    let signature = sign(secret, at, body.as_bytes());
    Prepared {
        method: "POST",
        path: "/v1/webhooks/stripe".to_owned(),
        headers: vec![("stripe-signature", signature.into_bytes())],
        body: body.into_bytes(),
    }
}

fn of(sub: &str, what: &str) -> String {
    format!("/v1/subscriptions/{sub}/{what}")
}

/// An instant as RFC 3339 in UTC.
pub(super) fn instant(at: Timestamp) -> String {
    let micros = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
