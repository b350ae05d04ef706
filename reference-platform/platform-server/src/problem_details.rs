//! Problem details (RFC 9457): the body of every answer that says what went wrong, with two members of our own, `code`, which clients may
//! rely on, and `hint`, the next step.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// What went wrong, besides its status.
#[derive(Serialize)]
pub(crate) struct Details<'a> {
    pub(crate) detail: &'a str,
    pub(crate) code: &'a str,
    pub(crate) hint: Option<&'a str>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    #[serde(flatten)]
    details: Details<'a>,
}

/// The answer.
pub(crate) fn answer(status: StatusCode, details: Details<'_>) -> Response {
    let title = status.canonical_reason().unwrap_or("error");
    let body = Body { r#type: "about:blank", title, status: status.as_u16(), details };
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
