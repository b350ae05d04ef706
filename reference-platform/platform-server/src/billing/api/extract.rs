//! What handlers take out of a request, with a problem of ours where the request does not have it.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http_body_util::LengthLimitError;
use platform_core::webhook::verify::BODY_BYTES_MAX;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The variable parts of a path.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(parts)| Self(parts)).map_err(|_| Problem::BadPath)
    }
}

/// A body, byte for byte, up to the size that is read.
pub(super) struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await;
        bytes.map(Self).map_err(|error| problem_of(&error))
    }
}

/// Too much is one thing; a connection that breaks off, or chunks that are none, another.
fn problem_of(error: &axum::Error) -> Problem {
    let is_too_large = std::error::Error::source(error).is_some_and(|cause| cause.is::<LengthLimitError>());
    if is_too_large { Problem::TooLarge(BODY_BYTES_MAX) } else { Problem::BodyUnreadable }
}

impl std::ops::Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: axum::body::Body) -> Result<Body, Problem> {
        Body::from_request(Request::new(body), &()).await
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_one_that_is_too_large() {
        let largest = vec![b'x'; BODY_BYTES_MAX];
        assert!(read(largest.clone().into()).await.is_ok());
        let larger = [largest, vec![b'x']].concat();
        assert!(matches!(read(larger.into()).await, Err(Problem::TooLarge(BODY_BYTES_MAX))));
        let broken = axum::body::Body::new(Broken);
        assert!(matches!(read(broken).await, Err(Problem::BodyUnreadable)));
    }

    /// A body that fails where its first bytes should come.
    struct Broken;

    impl hyper::body::Body for Broken {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
            std::task::Poll::Ready(Some(Err(std::io::ErrorKind::InvalidData.into())))
        }
    }
}
