//! `[audience]`: curves, cohorts, regions, traces.

use units::{Kbps, Micros, Ppm, RegionId, Timestamp};

use super::{Context, check};
use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::quantity;
use crate::schema;
use crate::world::{
    Access, Audience, Cohort, CurvePoint, Live, Patience, RegionShare, SessionLength, TracePeriod, Vod,
};

/// More viewers at once are refused: no cell layout or id space is laid out for them.
const VIEWERS_MAX: u32 = 20_000_000;
/// Krishnan and Sitaraman, IMC 2012.
const PATIENCE: Patience = Patience { grace: Micros::from_secs(2), per_second: Ppm(58_000) };
const DAY: Micros = Micros::from_mins(24 * 60);

/// The regions that any cohort lives in, alphabetical.
pub(super) fn regions(section: &schema::Audience) -> Vec<String> {
    let names = section.cohort.value.iter().flat_map(|cohort| cohort.value.region.value.keys());
    let mut names: Vec<String> = names.cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}

pub(super) fn audience(
    section: &At<schema::Audience>,
    regions: &[String],
    duration: Micros,
    context: &mut Context<'_>,
) -> Outcome<Audience> {
    let given = &section.value;
    if given.vod.is_none() && given.live.is_none() {
        return Err(
            Problem::new(section.at, "nobody watches").hint("add `[audience.vod]` or `[audience.live]`")
        );
    }
    Ok(Audience {
        vod: given.vod.as_ref().map(|vod| self::vod(vod, duration)).transpose()?,
        live: given.live.as_ref().map(|live| self::live(live, duration)).transpose()?,
        patience: match &given.patience {
            Some(schema::Patience::Endless(_)) => None,
            Some(schema::Patience::Limited(limit)) => Some(Patience {
                grace: limit.grace.map_or(PATIENCE.grace, |grace| grace.0),
                per_second: limit.per_second.map_or(PATIENCE.per_second, |share| share.0),
            }),
            None => Some(PATIENCE),
        },
        cohorts: cohorts(&given.cohort, regions, context)?,
    })
}

fn vod(given: &schema::Vod, duration: Micros) -> Outcome<Vod> {
    Ok(Vod { curve: curve(&given.curve, duration)?, session_length: session_length(&given.session_length)? })
}

fn live(given: &schema::Live, duration: Micros) -> Outcome<Live> {
    let secs = Micros::from_secs;
    let hold_back_segments = match &given.hold_back_segments {
        Some(given) if (1..=20).contains(&given.value) => given.value,
        Some(given) => {
            return Err(Problem::new(
                given.at,
                format!("hold_back_segments = `{}` is out of range", given.value),
            )
            .hint("valid: 1 to 20"));
        }
        None => 3,
    };
    Ok(Live {
        title: given.title.clone(),
        curve: curve(&given.curve, duration)?,
        session_length: session_length(&given.session_length)?,
        window: check::span_or(given.window.as_ref(), secs(60), "window", secs(10)..=secs(86_400))?,
        hold_back_segments,
        lead: check::span_or(given.lead.as_ref(), secs(600), "lead", secs(60)..=DAY)?,
    })
}

fn session_length(given: &At<schema::SessionLength>) -> Outcome<SessionLength> {
    let (median, p90) = (given.value.median.0, given.value.p90.0);
    if median == Micros::ZERO || p90 < median || p90 > DAY {
        return Err(Problem::new(given.at, "session lengths need 0 < median <= p90 <= 24h"));
    }
    Ok(SessionLength { median, p90 })
}

/// Corners in order of time, steps spelled out, cut at nothing: the run may end before its curve does.
fn curve(given: &At<Vec<At<schema::CurvePoint>>>, duration: Micros) -> Outcome<Vec<CurvePoint>> {
    check::length(given, "curve point", 1_000)?;
    let mut corners: Vec<CurvePoint> = Vec::new();
    for point in &given.value {
        let at = Timestamp(point.value.at.value.0.0);
        let (before, viewers) = (corners.last().copied(), point.value.viewers);
        if viewers > VIEWERS_MAX {
            return Err(Problem::new(point.at, format!("viewers = `{viewers}` is out of range"))
                .hint(format!("valid: 0 to {VIEWERS_MAX}")));
        }
        match before {
            None if at != Timestamp::ZERO => {
                return Err(Problem::new(
                    point.value.at.at,
                    "the curve does not begin at the start of the run",
                )
                .hint("give its first point `at = \"0s\"`"));
            }
            Some(before) if at <= before.at => return Err(backwards(point, before.at)),
            _ => {}
        }
        if at.0 > duration.0 {
            return Err(Problem::new(point.value.at.at, "a curve point lies after the end of the run")
                .hint(format!("the run lasts {}", check::in_words(duration))));
        }
        let over = step(point)?;
        if let (Some(before), Some(over)) = (before, over) {
            corners.push(CurvePoint { at, viewers: before.viewers });
            corners.push(CurvePoint { at: at + over, viewers });
        } else {
            corners.push(CurvePoint { at, viewers });
        }
    }
    Ok(corners)
}

fn backwards(point: &At<schema::CurvePoint>, before: Timestamp) -> Problem {
    let (at, before) = (check::in_words(point.value.at.value.0), check::in_words(Micros(before.0)));
    Problem::new(point.value.at.at, format!("the curve goes backwards in time: `{at}` after `{before}`"))
        .hint("curve points stand in order of time; a step lasts until its `step-over` has passed")
}

/// How long a step takes; `None` for a straight line from the point before.
fn step(point: &At<schema::CurvePoint>) -> Outcome<Option<Micros>> {
    let Some(shape) = &point.value.shape else { return Ok(None) };
    if shape.value == "linear" {
        return Ok(None);
    }
    let Some(text) = shape.value.strip_prefix("step-over ") else {
        return Err(Problem::new(shape.at, format!("unknown shape `{}`", shape.value))
            .hint("write \"linear\" or \"step-over 90s\""));
    };
    let over = quantity::duration(text.trim()).map_err(|complaint| {
        let (message, hint) = complaint.split_once(quantity::HINT).unwrap_or((&complaint, ""));
        Problem::new(shape.at, message).hint(hint)
    })?;
    if over == Micros::ZERO {
        return Err(
            Problem::new(shape.at, "a step takes no time at all").hint("write at least \"step-over 1s\"")
        );
    }
    Ok(Some(over))
}

fn cohorts(
    given: &At<Vec<At<schema::Cohort>>>,
    regions: &[String],
    context: &mut Context<'_>,
) -> Outcome<Vec<Cohort>> {
    check::length(given, "cohort", 64)?;
    check::unique(given.value.iter().map(|cohort| &cohort.value.id), "cohort")?;
    let shares = check::shares(given.value.iter().map(|cohort| &cohort.value.share), "cohorts", given.at)?;
    let build = |(cohort, share): (&At<schema::Cohort>, Ppm)| {
        let cohort = &cohort.value;
        Ok(Cohort {
            id: cohort.id.value.clone(),
            share,
            device: cohort.device,
            access: access(&cohort.access, context)?,
            regions: region_shares(cohort, regions)?,
        })
    };
    given.value.iter().zip(shares).map(build).collect()
}

fn region_shares(cohort: &schema::Cohort, regions: &[String]) -> Outcome<Vec<RegionShare>> {
    let given = &cohort.region;
    if regions.len() > 64 {
        return Err(
            Problem::new(given.at, format!("{} regions are too many", regions.len())).hint("valid: 1 to 64")
        );
    }
    let what = format!("regions of cohort `{}`", cohort.id.value);
    let shares = check::shares(given.value.values(), &what, given.at)?;
    Ok(given
        .value
        .keys()
        .zip(shares)
        .filter_map(|(name, share)| Some(RegionShare { region: region_id(regions, name)?, share }))
        .collect())
}

/// The ordinal of a region.
pub(super) fn region_id(regions: &[String], name: &str) -> Option<RegionId> {
    let index = regions.binary_search_by(|region| region.as_str().cmp(name)).ok()?;
    u8::try_from(index).ok().map(RegionId)
}

fn access(given: &At<schema::Access>, context: &mut Context<'_>) -> Outcome<Access> {
    Ok(match &given.value {
        schema::Access::FccSd => Access::FccSd,
        schema::Access::FccHd => Access::FccHd,
        schema::Access::FourG => Access::FourG,
        schema::Access::ThreeG => Access::ThreeG,
        schema::Access::Fixed(rate) if rate.0 == Kbps::ZERO => {
            return Err(Problem::new(given.at, "an access rate of zero"));
        }
        schema::Access::Fixed(rate) => Access::Fixed(rate.0),
        schema::Access::Trace(file) => {
            Access::Trace { file: file.clone(), periods: trace(file, given, context)? }
        }
    })
}

/// One period as the file has it: the format of the Sabre trace sets.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodText {
    duration_ms: f64,
    bandwidth_kbps: f64,
    latency_ms: f64,
}

fn trace(file: &str, given: &At<schema::Access>, context: &mut Context<'_>) -> Outcome<Vec<TracePeriod>> {
    let refuse = |what: String| Problem::new(given.at, format!("trace `{file}`: {what}"));
    context.files.fetch(file, given.at, context.loader)?;
    let text = context.files.text_of(file);
    let periods: Vec<PeriodText> = serde_json::from_str(text).map_err(|error| {
        refuse(error.to_string()).hint(
            "a trace is a list of {\"duration_ms\": 1000, \"bandwidth_kbps\": 5000, \"latency_ms\": 20}",
        )
    })?;
    let fine = |number: f64, max: f64| (0.0..=max).contains(&number);
    let sane = |p: &PeriodText| {
        fine(p.duration_ms, 1e9)
            && p.duration_ms > 0.0
            && fine(p.bandwidth_kbps, 1e9)
            && fine(p.latency_ms, 1e6)
    };
    if let Some(index) = periods.iter().position(|period| !sane(period)) {
        return Err(refuse(format!("period {index} has a number out of range")));
    }
    if !periods.iter().any(|period| period.bandwidth_kbps >= 1.0) {
        return Err(refuse("no period has any bandwidth".to_owned()));
    }
    Ok(periods.iter().map(period).collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be at least zero and small"
)]
fn period(given: &PeriodText) -> TracePeriod {
    TracePeriod {
        duration: Micros((given.duration_ms * 1e3) as u64).max(Micros(1)),
        rate: Kbps(given.bandwidth_kbps as u64),
        latency: Micros((given.latency_ms * 1e3) as u64),
    }
}
