//! The verifier's rules by name.
//!
//! In production every rule holds, and the compiler sees that. Tests and the property-test kit can switch a single one off:
//! each such mutant must be caught by a case, or the rule is not tested.

/// One rule of verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Timestamps are canonical: no sign, no leading zero, no space.
    CanonicalTime,
    /// What was signed longer ago than the window is refused.
    WindowPast,
    /// What was signed further in the future than the window is refused.
    WindowFuture,
    /// Message ids have no character that moves the border of the signed text.
    IdAlphabet,
    /// Message ids have 1 to 128 characters.
    IdLength,
    /// More than 16 signatures are refused.
    SignatureLimit,
    /// A signature of an unknown version is no signature.
    KnownVersions,
    /// A malformed signature is passed over; the others still count.
    SkipMalformed,
    /// A token's version ends at its first comma, and the rest is its value.
    FirstComma,
    /// Base64 is canonical and padded.
    CanonicalBase64,
    /// A signature has its full length.
    WholeSignature,
    /// No header of the scheme comes twice.
    HeadersOnce,
    /// A shared secret has at least 24 bytes.
    SecretMin,
    /// A shared secret has at most 64 bytes.
    SecretMax,
    /// All active secrets are tried.
    AllSecrets,
    /// A public key verifies only ed25519, a shared secret only HMAC.
    KeyKinds,
    /// The signature is over the bytes, not over text made of them.
    RawBody,
    /// Large bodies are refused unread.
    BodyLimit,
    /// The signature is compared at all.
    Compare,
    /// Stripe: the key is the whole secret, prefix included.
    WholeSecret,
    /// Stripe: one timestamp.
    OneTime,
    /// Stripe: signatures are lower-case hex.
    LowerHex,
    /// Stripe: version 0 is never accepted.
    NoVersionZero,
    /// Stripe: a secret with white space is a slip of the configuration.
    NoWhitespace,
}

impl Rule {
    /// Every rule.
    #[cfg(any(test, feature = "kit"))]
    pub const ALL: [Self; 24] = [
        Self::CanonicalTime,
        Self::WindowPast,
        Self::WindowFuture,
        Self::IdAlphabet,
        Self::IdLength,
        Self::SignatureLimit,
        Self::KnownVersions,
        Self::SkipMalformed,
        Self::FirstComma,
        Self::CanonicalBase64,
        Self::WholeSignature,
        Self::HeadersOnce,
        Self::SecretMin,
        Self::SecretMax,
        Self::AllSecrets,
        Self::KeyKinds,
        Self::RawBody,
        Self::BodyLimit,
        Self::Compare,
        Self::WholeSecret,
        Self::OneTime,
        Self::LowerHex,
        Self::NoVersionZero,
        Self::NoWhitespace,
    ];
}

/// Which rules hold: all of them, but for one in a mutant.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    #[cfg(any(test, feature = "kit"))]
    off: Option<Rule>,
}

impl Rules {
    /// Whether a rule holds.
    #[cfg(not(any(test, feature = "kit")))]
    pub(crate) const fn holds(self, _rule: Rule) -> bool {
        true
    }

    /// Whether a rule holds.
    #[cfg(any(test, feature = "kit"))]
    pub(crate) fn holds(self, rule: Rule) -> bool {
        self.off != Some(rule)
    }

    /// The mutant without one rule.
    #[cfg(any(test, feature = "kit"))]
    pub(crate) const fn without(rule: Rule) -> Self {
        Self { off: Some(rule) }
    }
}
