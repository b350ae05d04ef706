//! Sabre's verbose log, line by line, as data.

/// One line of the log; times in milliseconds, before Sabre cuts them to whole numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Record {
    /// Where a variant stands on BOLA's curve (printed before the session).
    Level {
        /// Which variant.
        variant: u8,
        /// Buffer level above which BOLA had rather wait than load it.
        maximum_ms: f64,
        /// Buffer level at which it takes over from the variant below; `None` for the lowest.
        takeover_ms: Option<f64>,
    },
    /// The network entered another period.
    Network {
        /// Network time.
        at_ms: f64,
        /// Bandwidth from here on.
        bandwidth_kbps: f64,
        /// Latency from here on.
        latency_ms: f64,
        /// Highest variant that it carries.
        sustainable: u8,
    },
    /// The buffer had no room for another segment.
    FullBuffer {
        /// How long playback had to go on first.
        waited_ms: f64,
        /// Buffer level after that.
        buffer_ms: f64,
    },
    /// The rule chose to wait.
    Delay {
        /// How long.
        waited_ms: f64,
        /// Buffer level after that.
        buffer_ms: f64,
    },
    /// A download was dropped; its [`Record::Download`] follows.
    Abandoning {
        /// Which segment.
        segment: usize,
        /// Its variant.
        from: u8,
        /// What the rule advised instead; `None` for a replacement that would have come too late.
        to: Option<u8>,
    },
    /// A download ended.
    Download {
        /// Session time of the request.
        from_ms: f64,
        /// Which segment.
        segment: usize,
        /// Which variant.
        variant: u8,
        /// Received and whole size.
        bits: [f64; 2],
        /// Time to the first bit and to the last.
        times_ms: [f64; 2],
        /// Buffer level at the request, after playing meanwhile, and with the segment in it.
        buffer_ms: [f64; 3],
        /// What became of it.
        fate: Fate,
    },
}

/// What became of a download, in the words of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Appended.
    Appended,
    /// Dropped, with the rule's advice.
    Abandoned(u8),
    /// Downloaded in place of a buffered segment, whether or not in time.
    Replacement,
    /// Dropped as too late to replace.
    ReplacementAbandoned,
}

/// The log of a replay, kept or not.
#[derive(Debug, Default)]
pub(super) struct Log(Option<Vec<Record>>);

impl Log {
    pub(super) fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn push(&mut self, record: impl FnOnce() -> Record) {
        if let Some(records) = &mut self.0 {
            records.push(record());
        }
    }

    pub(super) fn into_records(self) -> Vec<Record> {
        self.0.unwrap_or_default()
    }
}
