//! Requests in a sequence: how they are sent through the router, and what customers and support ask for.

use std::cell::RefCell;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, header};
use platform_core::subscription::store::Store;
use serde_json::{Value, json};
use tower::ServiceExt;
use units::Timestamp;

use super::format::{CustomerAction, CustomerStep, RequestFault, SupportName, SupportStep};
use super::stage::{INTERNAL, Stage};
use super::turns::Task;

/// Most that is read of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// An answer, as far as a sequence speaks of it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) replayed: bool,
    pub(super) body: Value,
}

/// A request that can be sent again and again.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Stage<'_> {
    pub(super) async fn send(&self, prepared: &Prepared) -> Result<Option<Answer>, String> {
        let Some(router) = self.router() else { return Ok(None) };
        let mut request = Request::builder().method(prepared.method).uri(&prepared.path);
        for (name, value) in &prepared.headers {
            // A value that HTTP itself forbids, as one with a control character, cannot be put before the router: the server's parser
            // refuses it with 400 (RFC 9110, section 5.5), and no route is asked.
            let Ok(value) = HeaderValue::from_bytes(value) else {
                return Ok(Some(Answer { status: 400, replayed: false, body: Value::Null }));
            };
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

    pub(super) fn note(&self, label: Option<&String>, answer: Option<&Answer>) {
        let Some(label) = label else { return };
        let mut seen = self.seen.borrow_mut();
        seen.answers.entry(label.clone()).or_default().push(answer.map(|answer| answer.status));
        let replayed = u64::from(answer.is_some_and(|answer| answer.replayed));
        *seen.replayed.entry(label.clone()).or_default() += replayed;
    }

    /// Sends requests one after the other, or all at once, under a fault.
    pub(super) async fn send_all(
        &self,
        all: &[Prepared],
        (concurrent, fault): (bool, Option<RequestFault>),
        with: &dyn Fn(Option<&Answer>),
    ) -> Result<(), String> {
        if !concurrent {
            for (n, prepared) in all.iter().enumerate() {
                if n > 0 {
                    // Between two requests others may have their turn.
                    self.turns.pass().await;
                }
                with(self.send_under(fault, prepared).await?.as_ref());
            }
            return Ok(());
        }
        let wrong = RefCell::new(None);
        let failed = &wrong;
        let tasks: Vec<Task<'_>> = all
            .iter()
            .map(|prepared| -> Task<'_> {
                Box::pin(async move {
                    match self.send_under(fault, prepared).await {
                        Ok(answer) => with(answer.as_ref()),
                        Err(text) => *failed.borrow_mut() = Some(text),
                    }
                })
            })
            .collect();
        self.turns.among(tasks).await;
        wrong.into_inner().map_or(Ok(()), Err)
    }

    /// Sends one request while something breaks; each of several identical ones has the fault.
    async fn send_under(
        &self,
        fault: Option<RequestFault>,
        prepared: &Prepared,
    ) -> Result<Option<Answer>, String> {
        let store = self.store();
        if let (Some(RequestFault::BeforeCommit), Some(store)) = (fault, &store) {
            store.fail_next();
        }
        let answer = self.send(prepared).await?;
        let status = answer.as_ref().map(|answer| answer.status);
        match (fault, store, status) {
            (Some(RequestFault::BeforeCommit), Some(store), Some(..500)) => {
                // It was refused before it had a transaction, which must not leave the failure to somebody else's. A write of nothing
                // takes it, and fails by it: that is what it is for.
                drop(store.posted(&[], self.now()).await);
            }
            // What was refused has committed nothing, so its answer arrives.
            (Some(RequestFault::AfterCommit), Some(_), Some(..300)) => {
                self.kill();
                return Ok(None);
            }
            _ => {}
        }
        Ok(answer)
    }

    pub(super) async fn customer(&self, step: &CustomerStep) -> Result<(), String> {
        of_action(step)?;
        let all = (0..step.times).map(|_| self.customer_request(step)).collect::<Result<Vec<_>, _>>()?;
        let noted = |answer: Option<&Answer>| self.note(step.label.as_ref(), answer);
        self.send_all(&all, (step.concurrent, step.fault), &noted).await
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
        // No step takes a card away, so whoever has none has not been given theirs yet.
        if known.customers.get(customer).is_some_and(|known| known.card.is_some()) {
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

    pub(super) async fn support(&self, step: &SupportStep) -> Result<(), String> {
        of_support(step)?;
        let all = (0..step.times).map(|_| self.support_request(step)).collect::<Result<Vec<_>, _>>()?;
        let noted = |answer: Option<&Answer>| self.note(step.label.as_ref(), answer);
        self.send_all(&all, (step.concurrent, None), &noted).await
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

/// Refuses arguments that a customer's request does not have.
fn of_action(step: &CustomerStep) -> Result<(), String> {
    let may: &[&str] = match step.action {
        CustomerAction::Subscribe => &["who", "plan"],
        CustomerAction::ChangePlan => &["sub", "plan"],
        CustomerAction::SetCard => &["sub", "card"],
        CustomerAction::PayInvoice => &["sub", "period_start"],
        CustomerAction::CancelNow
        | CustomerAction::CancelAtPeriodEnd
        | CustomerAction::Pause
        | CustomerAction::Resume => &["sub"],
    };
    let has = [
        ("who", step.who.is_some()),
        ("sub", step.sub.is_some()),
        ("plan", step.plan.is_some()),
        ("card", step.card.is_some()),
        ("period_start", step.period_start.is_some()),
    ];
    only(&has, may)
}

/// Refuses arguments that a request of support's does not have.
fn of_support(step: &SupportStep) -> Result<(), String> {
    let may: &[&str] = match step.action {
        SupportName::Timeline | SupportName::RetryCharge => &["sub"],
        SupportName::Reprocess => &["event", "dry_run"],
        SupportName::Refund => &["sub", "amount"],
        SupportName::OverrideAccess => &["sub", "for"],
        SupportName::ExtendTrial => &["sub", "until"],
    };
    let has = [
        ("sub", step.sub.is_some()),
        ("event", step.event.is_some()),
        ("dry_run", step.dry_run),
        ("amount", step.amount.is_some()),
        ("for", step.lasting.is_some()),
        ("until", step.until.is_some()),
    ];
    only(&has, may)
}

fn only(has: &[(&str, bool)], may: &[&str]) -> Result<(), String> {
    let foreign = has.iter().find(|(name, is_there)| *is_there && !may.contains(name));
    foreign.map_or(Ok(()), |(name, _)| Err(format!("`{name}` is no argument of this request")))
}

fn of(sub: &str, what: &str) -> String {
    format!("/v1/subscriptions/{sub}/{what}")
}

/// An instant as RFC 3339 in UTC.
pub(super) fn instant(at: Timestamp) -> String {
    let micros = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
