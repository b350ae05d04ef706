//! The search page: one file, no network but this server.
//!
//! Its policy allows exactly the one script and the one style that are in it, by their hashes (CSP Level 3, section 2.3.1), so that no
//! title, however it is spelled, can run or fetch anything.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("page.html");

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash_of("script"),
        hash_of("style")
    );
    HeaderValue::from_str(&policy).expect("base64 and words are header text")
});

/// The hash of the one element of that name.
fn hash_of(tag: &str) -> String {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let inner = PAGE.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
    let inner = inner.map_or("", |(inner, _)| inner);
    format!("sha256-{}", STANDARD.encode(Sha256::digest(inner.as_bytes())))
}

/// Serves the page.
pub(super) async fn page() -> Response {
    let mut response = Html(PAGE).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_refers_to_nothing_outside_and_holds_one_script_and_one_style() {
        assert!(!PAGE.contains("http:") && !PAGE.contains("https:") && !PAGE.contains("url("));
        for tag in ["<script>", "</script>", "<style>", "</style>"] {
            assert_eq!(PAGE.matches(tag).count(), 1, "{tag}");
        }
        assert!(!PAGE.contains("innerHTML") && !PAGE.contains(" onclick") && !PAGE.contains(" style="));
    }

    #[test]
    fn its_policy_names_the_hashes_of_what_is_in_it() {
        let policy = POLICY.to_str().unwrap();
        assert!(policy.contains(&hash_of("script")) && policy.contains(&hash_of("style")));
        assert_ne!(hash_of("script"), hash_of("style"));
    }
}
