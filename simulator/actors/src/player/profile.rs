//! What all players of one kind share, so that a player's own state stays small.

use units::{Bits, Draws, Kbps, Micros, ViewerId};

use super::content::{Content, Ladder};
use super::policy::LoadPolicies;
use crate::bba::Bba;
use crate::hlsjs;
use crate::sabre::{SabreConfig, SabreRules};

/// How a player chooses variants.
#[derive(Debug, Clone)]
pub enum Abr {
    /// hls.js 1.7.
    HlsJs,
    /// BBA-0: a linear map from buffer to bitrate.
    Bba(Bba),
    /// A rule of Sabre, with its tables over the ladder. Goes with [`BufferGoal::Fixed`] and [`Recovery::Shaka`].
    Sabre(Box<SabreRules>),
}

impl Abr {
    pub(super) fn sabre(&self) -> Option<&SabreRules> {
        match self {
            Self::Sabre(rules) => Some(rules),
            Self::HlsJs | Self::Bba(_) => None,
        }
    }
}

/// How much a player buffers before it pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferGoal {
    /// hls.js: `min(cap, max(bits / peak rate, floor))`; asks for a segment while less than that is buffered.
    ByRate {
        /// At least this.
        floor: Micros,
        /// What the size limit holds, in bits.
        bits: Bits,
        /// At most this.
        cap: Micros,
    },
    /// Sabre: asks for a segment when it fits below the goal.
    Fixed(Micros),
}

/// What a player does when the repetitions of its load policy are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// hls.js: variants of the same pathway without an error, then another pathway (this one is penalised), then
    /// the end.
    HlsJs {
        /// How long a pathway is passed over (hls.js: 300 s).
        pathway_penalty: Micros,
    },
    /// Shaka: another pathway while this one is passed over, else other variants; the end when none is left.
    Shaka {
        /// How long a pathway is passed over (Shaka: 60 s).
        pathway_penalty: Micros,
        /// How long failed variants are passed over where there is no other pathway (Shaka `maxDisabledTime`: 30 s).
        variant_disabled: Micros,
    },
}

/// What all players of one kind share.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Chooses variants.
    pub abr: Abr,
    /// How much to buffer.
    pub goal: BufferGoal,
    /// How requests are watched and repeated.
    pub loading: LoadPolicies,
    /// What to do when that is used up.
    pub recovery: Recovery,
    /// Playback starts when more than this is buffered, or everything. Zero: with the first segment.
    pub start_threshold: Micros,
    /// Playback resumes after a stall when more than this is buffered, or everything. Zero: with the next segment.
    pub resume_threshold: Micros,
    /// How many target durations behind the newest segment's end a live session starts (hls.js: 3).
    pub live_hold_back: u8,
}

/// What a player is told on every call: constant for its session.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The kind of player.
    pub profile: &'a Profile,
    /// The variants.
    pub ladder: &'a Ladder,
    /// What is played.
    pub content: Content,
    /// Whose session it is.
    pub viewer: ViewerId,
    /// The stream for jitter of timers (`Purpose::ClientTimer`).
    pub timers: Draws,
}

/// How a session that is under way at the start of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// The next segment to ask for.
    pub next_segment: u32,
    /// The variant of the last segment.
    pub variant: u8,
    /// How much is buffered.
    pub buffer: Micros,
    /// Live: how long until the playlist is asked for again, at most a segment's duration.
    pub reload_in: Micros,
    /// What past downloads ran at.
    pub throughput: Kbps,
    /// What they waited for the first byte.
    pub first_byte: Micros,
}

/// What hls.js is willing to hold, in bits (`maxBufferSize`, 60 MB).
const HLSJS_BUFFER: Bits = Bits(8 * 60_000_000);

impl Profile {
    /// The age of a download before which players of this kind never give it up: looks at it before then lead nowhere.
    #[must_use]
    pub fn gives_up_after(&self, ladder: &Ladder) -> Micros {
        match &self.abr {
            Abr::HlsJs => hlsjs::gives_up_after(ladder.segment),
            Abr::Sabre(rules) => rules.abandons_after().unwrap_or(Micros::ZERO),
            Abr::Bba(_) => Micros::ZERO,
        }
    }

    /// A browser: hls.js 1.7, at least 30 s and at most 600 s buffered.
    #[must_use]
    pub fn web(loading: LoadPolicies) -> Self {
        Self {
            abr: Abr::HlsJs,
            goal: BufferGoal::ByRate {
                floor: Micros::from_secs(30),
                bits: HLSJS_BUFFER,
                cap: Micros::from_secs(600),
            },
            loading,
            recovery: Recovery::HlsJs { pathway_penalty: Micros::from_secs(300) },
            start_threshold: Micros::ZERO,
            resume_threshold: Micros::ZERO,
            live_hold_back: 3,
        }
    }

    /// A phone: as [`Profile::web`], with at most `cap` buffered.
    #[must_use]
    pub fn phone(loading: LoadPolicies, cap: Micros) -> Self {
        Self { goal: BufferGoal::ByRate { floor: cap, bits: HLSJS_BUFFER, cap }, ..Self::web(loading) }
    }

    /// A television: DYNAMIC that avoids oscillation (`dynamic-o`), recovering as Shaka does.
    ///
    /// # Panics
    /// If the ladder's bitrates do not rise, or `goal` is not longer than a segment: a scenario with that is refused.
    #[must_use]
    pub fn tv(loading: LoadPolicies, ladder: &Ladder, goal: Micros) -> Self {
        let rules =
            SabreRules::new(&SabreConfig::dynamic_o(goal), ladder).expect("a checked ladder and goal");
        Self {
            abr: Abr::Sabre(Box::new(rules)),
            goal: BufferGoal::Fixed(goal),
            recovery: Recovery::Shaka {
                pathway_penalty: Micros::from_secs(60),
                variant_disabled: Micros::from_secs(30),
            },
            ..Self::web(loading)
        }
    }

    /// A player of the calm comparison: `dynamic-o` as in the published runs of Sabre, whose goal is 25 s.
    ///
    /// # Panics
    /// As [`Profile::tv`].
    #[must_use]
    pub fn calm(loading: LoadPolicies, ladder: &Ladder, goal: Micros) -> Self {
        Self::tv(loading, ladder, goal)
    }

    /// A player that looks at its buffer only: BBA-0.
    #[must_use]
    pub fn buffer_based(loading: LoadPolicies, goal: Micros) -> Self {
        Self { abr: Abr::Bba(Bba::default()), goal: BufferGoal::Fixed(goal), ..Self::web(loading) }
    }
}
