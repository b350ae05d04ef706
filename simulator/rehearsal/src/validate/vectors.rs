//! The file of billing vectors: one JSON object with a list per kind, of which each validation reads its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::failure::Failure;

/// Most that is read of a file, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The whole file. A validation names types for the lists that it judges and leaves the others unread; a key that is not
/// here is an error, so that no vector is passed over in silence.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    bound = "W: DeserializeOwned, C: DeserializeOwned, D: DeserializeOwned, P: DeserializeOwned"
)]
pub(super) struct Document<W = IgnoredAny, C = IgnoredAny, D = IgnoredAny, P = IgnoredAny> {
    #[serde(default, rename = "meta")]
    _meta: IgnoredAny,
    #[serde(default, rename = "rules")]
    _rules: IgnoredAny,
    #[serde(default, rename = "sequence_format")]
    _sequence_format: IgnoredAny,
    #[serde(default, rename = "sequences")]
    _sequences: IgnoredAny,
    #[serde(default, rename = "idempotency_http")]
    _idempotency_http: IgnoredAny,
    #[serde(default = "Vec::new")]
    pub(super) standard_webhooks: Vec<W>,
    #[serde(default = "Vec::new")]
    pub(super) stripe: Vec<W>,
    #[serde(default)]
    pub(super) adyen: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) apple_jws: Vec<IgnoredAny>,
    #[serde(default = "Vec::new")]
    pub(super) calendar: Vec<C>,
    #[serde(default = "Vec::new")]
    pub(super) dst: Vec<D>,
    #[serde(default = "Vec::new")]
    pub(super) proration: Vec<P>,
    #[serde(default)]
    pub(super) currency_exponents: BTreeMap<String, u8>,
}

/// Reads a file; an error names its line and column.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("cannot read `{}`: {error}", path.display()))
            .hint("--data takes a file of billing vectors")
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::usage(format!("`{}` is larger than {FILE_BYTES_MAX} bytes", path.display()))
            .hint("--data takes a file of billing vectors, which are small"));
    }
    // A derived reader would also take a list for an object, key by key.
    if bytes.trim_ascii_start().first().is_some_and(|&byte| byte != b'{') {
        return Err(Failure::usage(format!("{}:1:1: expected one JSON object", path.display()))
            .hint("--data takes a file of billing vectors: one object with a list per kind"));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        // serde_json closes its text with the position, which belongs in front.
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        Failure::usage(format!("{}:{}:{}: {text}", path.display(), error.line(), error.column()))
            .hint("every key and kind must be one that this version knows: a vector is never passed over in silence")
    })
}

/// The failure of a file without any vector that is judged.
pub(super) fn nothing_to_judge(path: &Path, kinds: &str) -> Failure {
    Failure::usage(format!("`{}` has no vector to judge", path.display()))
        .hint(format!("expected lists named {kinds}"))
}
