//! What the provider's answers mean.

use serde_json::json;

use super::*;

fn answer(status: u16, body: Value) -> ApiResponse {
    ApiResponse { status, body }
}

#[test]
fn only_an_error_of_the_provider_is_taken_as_kept_under_the_key() {
    let none = || json!({"error": {"type": "invalid_request_error"}});
    for status in [400, 401, 403, 404, 409, 410, 429] {
        assert_eq!(charge_answer(&answer(status, none())), Answer::KeyInUse, "{status}");
    }
    for status in [500, 502, 503, 504] {
        assert_eq!(charge_answer(&answer(status, none())), Answer::ServerError, "{status}");
    }
}

#[test]
fn what_should_never_have_been_sent_is_our_fault() {
    for (method, status, ours) in [
        ("POST", 400, true),
        ("POST", 401, true),
        ("GET", 401, true),
        ("POST", 403, true),
        ("POST", 404, true),
        ("GET", 404, false),
        ("POST", 402, false),
        ("POST", 409, false),
        ("POST", 429, false),
        ("POST", 500, false),
        ("GET", 200, false),
    ] {
        assert_eq!(is_our_fault(method, &answer(status, json!({}))), ours, "{method} {status}");
    }
}

#[test]
fn an_error_is_named_without_its_message() {
    let body = json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key: sk_live_1"}});
    assert_eq!(error_code(&answer(401, body)), "invalid_request_error");
    assert_eq!(
        error_code(&answer(400, json!({"error": {"code": "parameter_missing"}}))),
        "parameter_missing"
    );
    assert_eq!(error_code(&answer(400, json!("no object"))), "none");
    assert_eq!(error_code(&answer(400, json!({"error": {"code": "a b\n".repeat(99)}}))).len(), 64);
}

#[test]
fn an_inquiry_withdraws_nothing_until_it_becomes_a_dispute() {
    let seen = |status: &str| {
        let body = json!({
            "id": "dp_1", "payment_intent": "pi_1", "amount": 999, "currency": "eur", "status": status,
        });
        fetched(Handling::FetchDispute, &answer(200, body))
    };
    for status in ["warning_needs_response", "warning_under_review", "warning_closed"] {
        assert_eq!(seen(status), Fetched::Foreign, "{status}");
    }
    for (status, state) in [
        ("needs_response", DisputeState::Open),
        ("under_review", DisputeState::Open),
        ("won", DisputeState::Won),
        ("lost", DisputeState::Lost),
    ] {
        let Fetched::Dispute(dispute) = seen(status) else { panic!("{status}") };
        assert_eq!(dispute.state, state, "{status}");
    }
}
