//! The `Idempotency-Key` header of our own routes (draft-ietf-httpapi-idempotency-key-header): needed on every change, 1 to 255
//! printable bytes, and good for one request of one caller at one route.

use axum::response::{IntoResponse, Response as HttpResponse};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::super::store::{Asked, Request, Response};
use super::BillingApi;
use super::problem::Problem;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Marks an answer that was given before, as Stripe does.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// The key of a request.
///
/// # Errors
/// [`Problem::KeyMissing`], [`Problem::KeyMalformed`].
pub fn of(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Err(Problem::KeyMissing) };
    if values.next().is_some() {
        return Err(Problem::KeyMalformed);
    }
    let text = value.to_str().map_err(|_| Problem::KeyMalformed)?;
    // The draft writes the key as a string in quotes; most clients leave them out. Both mean the same key.
    let key = match text.strip_prefix('"') {
        Some(rest) => unquoted(rest).ok_or(Problem::KeyMalformed)?,
        None => text.to_owned(),
    };
    let printable = key.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if (1..=KEY_BYTES_MAX).contains(&key.len()) && printable { Ok(key) } else { Err(Problem::KeyMalformed) }
}

/// The text of a string of RFC 8941, section 4.2.5, behind its opening quote; nothing may follow the closing one.
fn unquoted(rest: &str) -> Option<String> {
    let mut text = String::with_capacity(rest.len());
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(text),
            '\\' => text.push(letters.next().filter(|letter| matches!(letter, '"' | '\\'))?),
            letter @ ' '..='~' => text.push(letter),
            _ => return None,
        }
    }
}

/// Hash of what makes two requests the same.
#[must_use]
pub fn hash(route: &str, body: &serde_json::Value) -> String {
    let mut hasher = Sha256::new();
    hasher.update(route.as_bytes());
    hasher.update([0]);
    hasher.update(body.to_string().as_bytes());
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whose key it is, and where: the same key of somebody else, or at another route, is another key.
///
/// The route is its name, without the variable parts of the path: those are part of the request, and its hash tells them apart. It
/// stands first because it has no spaces, so that no caller's id can make one scope look like another.
#[must_use]
pub fn scope(route: &str, caller: &str) -> String {
    format!("{route} {caller}")
}

/// Answers a request under its key.
///
/// # Errors
/// [`Problem`].
pub async fn answer(
    api: &BillingApi,
    (scope, key): (String, String),
    hash: String,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let response = api.store.request(Request { scope, key, hash, asked }, api.now()).await?;
    to_http(response)
}

fn to_http(Response { status, body, replayed }: Response) -> Result<HttpResponse, Problem> {
    if body.is_empty() {
        return Err(Problem::KeyReused);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&[u8]]) -> Result<String, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY, HeaderValue::from_bytes(value).unwrap());
        }
        of(&headers)
    }

    #[test]
    fn a_key_is_1_to_255_printable_bytes_and_stands_once() {
        let longest = [b'k'; KEY_BYTES_MAX];
        assert_eq!(key(&[&longest]).unwrap().len(), KEY_BYTES_MAX);
        assert_eq!(
            key(&[b"k\"1"]).unwrap(),
            "k\"1",
            "without quotes around it, a quote is a letter like others"
        );
        assert!(matches!(key(&[]), Err(Problem::KeyMissing)));
        let too_long = [b'k'; KEY_BYTES_MAX + 1];
        for bad in [
            &[&b""[..]][..],
            &[&b"\"\""[..]],
            &[&b"a b"[..]],
            &[&too_long[..]],
            &[&b"k"[..], &b"k"[..]],
            &[&b"k\xff"[..]],
        ] {
            assert!(matches!(key(bad), Err(Problem::KeyMalformed)), "{bad:?}");
        }
    }

    #[test]
    fn a_quoted_key_is_read_as_a_string_of_rfc_8941() {
        let quoted = |text: &str| key(&[format!("\"{text}\"").as_bytes()]);
        for (written, meant) in
            [("k-1", "k-1"), (r#"a\"b"#, r#"a"b"#), (r"a\\b", r"a\b"), (r#"\\\""#, r#"\""#)]
        {
            assert_eq!(quoted(written).unwrap(), meant, "{written}");
        }
        let longest = r"\\".repeat(KEY_BYTES_MAX);
        assert_eq!(
            quoted(&longest).unwrap().len(),
            KEY_BYTES_MAX,
            "what counts is the text, not how it is written"
        );
        let too_long = r"\\".repeat(KEY_BYTES_MAX + 1);
        for written in ["", "a b", r"a\b", r"a\", "a\"b", "a\";p=1", "a\" ", "a\tb", "\u{e9}", &too_long] {
            assert!(matches!(quoted(written), Err(Problem::KeyMalformed)), "{written}");
        }
        for bad in [&b"\""[..], b"\"k", b"\"k\\\""] {
            assert!(matches!(key(&[bad]), Err(Problem::KeyMalformed)), "{bad:?}");
        }
    }

    #[test]
    fn a_key_belongs_to_one_caller_at_one_route() {
        let here = scope("cancel", "customer:c_1");
        assert_ne!(here, scope("pause", "customer:c_1"));
        assert_ne!(here, scope("cancel", "customer:c_2"));
        assert_ne!(here, scope("cancel", "staff:c_1"));
    }

    #[test]
    fn another_route_or_body_is_another_request() {
        let body = serde_json::json!({"plan": "basic"});
        assert_eq!(hash("POST /a", &body), hash("POST /a", &body));
        assert_ne!(hash("POST /a", &body), hash("POST /b", &body));
        assert_ne!(hash("POST /a", &body), hash("POST /a", &serde_json::json!({"plan": "plus"})));
    }
}
