//! What goes wrong at the search routes, as a client sees it: one place turns errors into responses.
//!
//! Bodies are problem details (RFC 9457) with two members of our own: `code`, which clients may rely on, and `hint`, the
//! next step. A 5xx is ours, a 4xx is theirs; a 503 says when to come back.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::problem_details::{Details, answer};

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A parameter that no route knows.
    #[error("unknown parameter `{name}`")]
    UnknownParameter {
        /// As sent.
        name: String,
        /// What the route takes.
        known: &'static [&'static str],
    },
    /// A parameter given twice that may stand once.
    #[error("parameter `{name}` stands more than once")]
    RepeatedParameter {
        /// Which.
        name: &'static str,
    },
    /// A value outside its bounds.
    #[error("parameter `{name}` is `{value}`, and takes {takes}")]
    BadParameter {
        /// Which.
        name: &'static str,
        /// As sent, cut short.
        value: String,
        /// What it takes.
        takes: String,
    },
    /// Nobody said where the viewer is: without a region, nothing may be shown.
    #[error("the viewer's region is not known")]
    ViewerMissing,
    /// The token is not ours, is changed, or has run out.
    #[error("the viewer's token is not valid")]
    ViewerRefused,
    /// A cursor of an index that is gone, or of another query.
    #[error("the cursor has expired")]
    CursorExpired,
    /// The index is being built or read.
    #[error("the search index is not ready: {why}")]
    NotReady {
        /// What is being done.
        why: String,
    },
    /// More requests are in flight than are answered in time.
    #[error("too many searches are in flight")]
    Overloaded,
    /// No such route.
    #[error("there is nothing at this path")]
    NotFound,
    /// The index failed; the log has the reason.
    #[error("the search failed")]
    Internal,
}

/// After how many seconds a client may come back: an index of the default catalogue is built in fewer.
const RETRY_READY_S: u32 = 5;
/// The same when overloaded.
const RETRY_LOAD_S: u32 = 1;

impl Problem {
    /// The code that clients may rely on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownParameter { .. } => "unknown_parameter",
            Self::RepeatedParameter { .. } => "repeated_parameter",
            Self::BadParameter { .. } => "bad_parameter",
            Self::ViewerMissing => "viewer_missing",
            Self::ViewerRefused => "viewer_refused",
            Self::CursorExpired => "cursor_expired",
            Self::NotReady { .. } => "not_ready",
            Self::Overloaded => "overloaded",
            Self::NotFound => "not_found",
            Self::Internal => "internal",
        }
    }

    /// All codes, in the order of the document.
    pub const CODES: [&'static str; 10] = [
        "unknown_parameter",
        "repeated_parameter",
        "bad_parameter",
        "viewer_missing",
        "viewer_refused",
        "cursor_expired",
        "not_ready",
        "overloaded",
        "not_found",
        "internal",
    ];

    const fn status(&self) -> StatusCode {
        match self {
            Self::UnknownParameter { .. }
            | Self::RepeatedParameter { .. }
            | Self::BadParameter { .. }
            | Self::ViewerMissing => StatusCode::BAD_REQUEST,
            Self::ViewerRefused => StatusCode::UNAUTHORIZED,
            Self::CursorExpired => StatusCode::GONE,
            Self::NotReady { .. } | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownParameter { known, .. } => Some(format!("it takes {}", known.join(", "))),
            Self::ViewerMissing => {
                Some("add region=DE, or a signed token where the service asks for one".to_owned())
            }
            Self::CursorExpired => Some("search again without a cursor".to_owned()),
            Self::NotReady { .. } => Some("/readyz says when it is".to_owned()),
            Self::NotFound => Some("/openapi.json lists all paths".to_owned()),
            _ => None,
        }
    }

    const fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::NotReady { .. } => Some(RETRY_READY_S),
            Self::Overloaded => Some(RETRY_LOAD_S),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, hint) = (self.status(), self.hint());
        let details = Details { detail: &self.to_string(), code: self.code(), hint: hint.as_deref() };
        let mut response = answer(status, details);
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
