//! `[scale]`: factors over a built world.
//!
//! `audience` keeps the shape of the world: a twentieth of the viewers has a twentieth of titles, caches and capacities,
//! and servers by the square-root rule, so that utilisation, hit ratios and waiting stay comparable. The others turn one
//! screw alone.

use units::{Bytes, Kbps, Micros, Ppm};

use super::check;
use super::delivery::scaled;
use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::quantity::Factor;
use crate::schema;
use crate::world::{Access, CurvePoint, World};

/// The widest factor either way: a thousandth to a thousandfold.
const WIDEST: std::ops::RangeInclusive<f64> = 0.001..=1_000.0;

pub(super) fn apply(world: &mut World, section: Option<&schema::Scale>) -> Outcome<()> {
    let Some(section) = section else { return Ok(()) };
    let factor = |given: &Option<At<Factor>>, what: &str| {
        given.as_ref().map_or(Ok(Ppm::ONE), |given| check::factor(given, what, WIDEST))
    };
    let audience = factor(&section.audience, "audience")?;
    viewers(world, audience);
    supply(world, audience);
    viewers(world, factor(&section.viewers, "viewers")?);
    let (capacity, cache) =
        (factor(&section.pop_capacity, "pop_capacity")?, factor(&section.pop_cache, "pop_cache")?);
    for pop in &mut world.pops {
        pop.capacity = rate(pop.capacity, capacity);
        pop.cache = size(pop.cache, cache);
    }
    let upstream = world.shield.iter().map(|shield| shield.capacity).chain([world.origin.capacity]);
    if let Some(given) = section.pop_capacity.as_ref().or(section.audience.as_ref())
        && world
            .pops
            .iter()
            .map(|pop| pop.capacity)
            .chain(upstream)
            .any(|capacity| capacity > check::CAPACITY_MAX)
    {
        return Err(
            Problem::new(given.at, "a capacity is out of range once scaled").hint("valid: up to 1000Tbps")
        );
    }
    round_trips(world, factor(&section.rtt, "rtt")?);
    if let Some(given) = &section.mobile_share {
        mobile_share(world, given)?;
    }
    Ok(())
}

fn viewers(world: &mut World, factor: Ppm) {
    let vod = world.audience.vod.iter_mut().map(|vod| &mut vod.curve);
    let live = world.audience.live.iter_mut().map(|live| &mut live.curve);
    for CurvePoint { viewers, .. } in vod.chain(live).flatten() {
        *viewers = whole(*viewers, factor);
    }
}

fn supply(world: &mut World, factor: Ppm) {
    world.catalogue.titles = whole(world.catalogue.titles, factor).max(1);
    for pop in &mut world.pops {
        pop.capacity = rate(pop.capacity, factor);
        pop.cache = size(pop.cache, factor);
    }
    if let Some(shield) = &mut world.shield {
        shield.capacity = rate(shield.capacity, factor);
        shield.cache = size(shield.cache, factor);
    }
    world.origin.capacity = rate(world.origin.capacity, factor);
    world.origin.servers = servers(world.origin.servers, factor);
    if let Some(store) = &mut world.session_store {
        store.servers = servers(store.servers, factor);
    }
}

/// The share of its servers that a queue is planned to keep busy, as the shipped scenarios reckon.
const PLANNED_USE: f64 = 0.7;

/// As many servers as keep the probability of waiting when the load changes by `factor`: the load itself scales, the
/// reserve with its square root.
///
/// A tenth of the servers at the same utilisation would wait far longer, and an origin that waits draws more misses for
/// objects on their way: a small world would collapse where the large one holds.
/// Source: square-root staffing, Halfin and Whitt, Operations Research 29 (1981).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating by definition of `as`"
)]
fn servers(number: u32, factor: Ppm) -> u32 {
    let (number, factor) = (f64::from(number), factor.as_f64());
    let busy = PLANNED_USE * number * factor;
    let reserve = (1.0 - PLANNED_USE) * number * libm::sqrt(factor);
    ((busy + reserve + 0.5) as u32).max(1)
}

fn round_trips(world: &mut World, factor: Ppm) {
    let longer = |rtt: &mut Micros| *rtt = Micros(scaled(rtt.0, factor).max(1));
    for pop in &mut world.pops {
        longer(&mut pop.rtt_to_shield);
        longer(&mut pop.rtt_to_origin);
        pop.serves.iter_mut().for_each(|serve| longer(&mut serve.rtt));
    }
    if let Some(shield) = &mut world.shield {
        longer(&mut shield.rtt_to_origin);
    }
}

/// Cohorts on 4G and 3G grow or shrink by the factor; the others make room in proportion.
fn mobile_share(world: &mut World, given: &At<Factor>) -> Outcome<()> {
    let factor = check::factor(given, "mobile_share", 0.0..=1_000.0)?;
    let mobile = |access: &Access| matches!(access, Access::FourG | Access::ThreeG);
    let cohorts = &mut world.audience.cohorts;
    let before: u64 = cohorts.iter().filter(|c| mobile(&c.access)).map(|c| u64::from(c.share.0)).sum();
    let after = scaled(before, factor);
    if after > 1_000_000 || (before == 1_000_000 && after != before) {
        return Err(Problem::new(
            given.at,
            "mobile cohorts would be more than everyone, or leave nobody else to change",
        )
        .hint(format!("they are {} now", check::percent(i64::try_from(before).unwrap_or(i64::MAX)))));
    }
    for cohort in cohorts.iter_mut() {
        let (part, whole) =
            if mobile(&cohort.access) { (after, before) } else { (1_000_000 - after, 1_000_000 - before) };
        let share = u64::from(cohort.share.0) * part / whole.max(1);
        cohort.share = Ppm(u32::try_from(share).unwrap_or(1_000_000));
    }
    let lost = 1_000_000 - cohorts.iter().map(|cohort| cohort.share.0).sum::<u32>();
    if let Some(largest) = cohorts.iter_mut().max_by_key(|cohort| cohort.share) {
        largest.share.0 += lost;
    }
    Ok(())
}

/// A number of things, to the nearest.
fn whole(number: u32, factor: Ppm) -> u32 {
    let product = u64::from(number) * u64::from(factor.0);
    u32::try_from((product + 500_000) / 1_000_000).unwrap_or(u32::MAX)
}

fn rate(rate: Kbps, factor: Ppm) -> Kbps {
    Kbps(scaled(rate.0, factor).max(1))
}

fn size(size: Bytes, factor: Ppm) -> Bytes {
    Bytes(scaled(size.0, factor).max(1_000_000))
}
