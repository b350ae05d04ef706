//! What an audience is made of, as plain values.

use units::{Micros, Ppm, RegionId, Timestamp};

/// The audience of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct AudienceSpec {
    /// How long the run lasts.
    pub duration: Micros,
    /// What is watched, and by how many: 1 to 256 streams of viewers.
    pub streams: Vec<StreamSpec>,
    /// Who watches: 1 to 256 cohorts.
    pub cohorts: Vec<CohortSpec>,
    /// How viewers give up on a slow start; `None` if they never do.
    pub startup_patience: Option<Patience>,
}

/// Leaving before the first frame: nobody within `grace`, then a share of `per_second` of all more each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Nobody leaves before.
    pub grace: Micros,
    /// Share of all viewers that leaves in each further second; above zero.
    pub per_second: Ppm,
}

impl Patience {
    /// From 2 s on, 5.8 % more for each further second: Krishnan and Sitaraman, IMC 2012.
    pub const MEASURED: Self = Self { grace: Micros::from_secs(2), per_second: Ppm(58_000) };
}

/// Viewers of one kind of content.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSpec {
    /// What they watch.
    pub content: StreamContent,
    /// How many watch at a time.
    pub curve: Curve,
    /// How long they mean to watch.
    pub session: SessionSpec,
}

/// What a stream of viewers watches.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamContent {
    /// One title each from a catalogue; a session ends with its title at the latest.
    Vod(Catalogue),
    /// One live stream.
    Live,
}

/// Titles on demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Catalogue {
    /// How many titles there are, at least 1.
    pub titles: u32,
    /// Exponent of Zipf's law over their popularity, at least 0 (0.6 to 1.0 in studies of video on demand).
    pub zipf: f64,
    /// How many segments each title has, at least 1.
    pub segments: u32,
    /// How long a segment plays.
    pub segment: Micros,
    /// Share of sessions that start at the beginning; the others start at a segment drawn uniformly.
    /// [`Catalogue::FROM_START`] unless the scenario says otherwise.
    pub from_start: Ppm,
}

impl Catalogue {
    /// Share of sessions that start at the beginning of their title: 70 %, chosen.
    pub const FROM_START: Ppm = Ppm(700_000);

    /// How long a title plays.
    #[must_use]
    pub const fn title_duration(&self) -> Micros {
        Micros(self.segment.0 * self.segments as u64)
    }
}

/// Concurrent viewers over time: linear between points, flat before the first and after the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve(pub Vec<(Timestamp, f64)>);

impl Curve {
    /// The value at a time in seconds since the start of the run; 0 without points.
    #[must_use]
    pub fn at(&self, seconds: f64) -> f64 {
        let after = self.0.partition_point(|point| point.0.as_secs_f64() <= seconds);
        match (after.checked_sub(1).map(|before| self.0[before]), self.0.get(after)) {
            (Some((t0, v0)), Some(&(t1, v1))) => {
                let (t0, t1) = (t0.as_secs_f64(), t1.as_secs_f64());
                v0 + (v1 - v0) * (seconds - t0) / (t1 - t0)
            }
            (Some((_, value)), None) | (None, Some(&(_, value))) => value,
            (None, None) => 0.0,
        }
    }

    /// The same shape with `factor` times the viewers.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|&(at, viewers)| (at, viewers * factor)).collect())
    }
}

/// How long viewers mean to watch: lognormal, with a heavier tail if asked for, cut at a longest session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSpec {
    /// Half of the sessions are shorter.
    pub median: Micros,
    /// Nine in ten are shorter. At least the median; equal to it for sessions of one length.
    pub p90: Micros,
    /// If given, sessions beyond `p90` follow a Pareto law through this quantile (longer than `p90`).
    pub p99: Option<Micros>,
    /// No session is longer. [`SessionSpec::LONGEST`] unless the scenario says otherwise.
    pub longest: Micros,
}

impl SessionSpec {
    /// Nobody watches for more than 12 h: chosen, so that the mean of a heavy tail is finite.
    pub const LONGEST: Micros = Micros::from_secs(12 * 3_600);
}

/// A share of the audience that has its device, network and mix of regions in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortSpec {
    /// Share of all viewers. Shares are weights: they need not sum to one.
    pub share: Ppm,
    /// Where its viewers live, as weights.
    pub regions: Vec<(RegionId, Ppm)>,
    /// Ordinal of the player profile.
    pub device: u8,
    /// Ordinal of the access model.
    pub access: u8,
}

/// Why an audience cannot be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AudienceError {
    /// A list that needs 1 to 256 entries has another number of them, or no weight at all.
    #[error("`{list}` needs 1 to 256 entries that do not all weigh nothing")]
    List {
        /// Which list.
        list: &'static str,
    },
    /// A curve that is empty, not in order of time, or negative somewhere.
    #[error(
        "curve of stream `{stream}` needs points in rising order of time with finite numbers of at least 0 viewers"
    )]
    Curve {
        /// Ordinal of the stream.
        stream: usize,
    },
    /// Session lengths that are not 0 < median ≤ p90 < p99 and median ≤ longest.
    #[error("sessions of stream `{stream}` need 0 < median <= p90 < p99, and median <= longest")]
    Session {
        /// Ordinal of the stream.
        stream: usize,
    },
    /// A catalogue without titles, segments or duration, or with an exponent below 0.
    #[error(
        "catalogue of stream `{stream}` needs titles, segments, a segment duration and an exponent of at least 0"
    )]
    Catalogue {
        /// Ordinal of the stream.
        stream: usize,
    },
    /// More sessions than a viewer id can number.
    #[error("the plan has more than 2^32 sessions")]
    TooMany,
}

impl AudienceSpec {
    /// Checks what [`super::plan`] relies on.
    ///
    /// # Errors
    /// The first [`AudienceError`] found, in the order of the fields.
    pub fn validate(&self) -> Result<(), AudienceError> {
        let sized = |list, len: usize, weight: u64| {
            if (1..=256).contains(&len) && weight > 0 { Ok(()) } else { Err(AudienceError::List { list }) }
        };
        let weight =
            |shares: &mut dyn Iterator<Item = Ppm>| shares.map(|share| u64::from(share.0)).sum::<u64>();
        sized("streams", self.streams.len(), 1)?;
        for (stream, spec) in self.streams.iter().enumerate() {
            spec.validate(stream)?;
        }
        sized("cohorts", self.cohorts.len(), weight(&mut self.cohorts.iter().map(|cohort| cohort.share)))?;
        for cohort in &self.cohorts {
            sized(
                "regions",
                cohort.regions.len(),
                weight(&mut cohort.regions.iter().map(|region| region.1)),
            )?;
        }
        Ok(())
    }
}

impl StreamSpec {
    fn validate(&self, stream: usize) -> Result<(), AudienceError> {
        let points = &self.curve.0;
        let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if points.is_empty() || !rising || points.iter().any(|point| !point.1.is_finite() || point.1 < 0.0) {
            return Err(AudienceError::Curve { stream });
        }
        let SessionSpec { median, p90, p99, longest } = self.session;
        if median == Micros::ZERO || median > p90 || p99.is_some_and(|p99| p99 <= p90) || median > longest {
            return Err(AudienceError::Session { stream });
        }
        if let StreamContent::Vod(catalogue) = &self.content {
            let exponent = catalogue.zipf.is_finite() && catalogue.zipf >= 0.0;
            if catalogue.titles == 0 || catalogue.title_duration() == Micros::ZERO || !exponent {
                return Err(AudienceError::Catalogue { stream });
            }
        }
        Ok(())
    }
}
