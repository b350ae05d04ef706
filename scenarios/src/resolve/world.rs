//! One arm's world: clock, catalogue, encoding, platform and players; the rest is in the neighbours.

use units::{Bytes, Kbps, Micros, Ppm};

use super::{Context, audience, check, delivery, faults, scale, seats};
use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::schema::{self, Popularity, ScenarioFile};
use crate::world::{Catalogue, Clock, Encoding, LoadPolicy, Platform, Players, Rung, SteeringPolicy, World};

const HOUR: Micros = Micros::from_mins(60);

/// Players keep the ends of penalties as seconds of the run in 16 bits, the last of which stands for "never".
const DURATION_MAX: Micros = Micros::from_mins(18 * 60);

/// The highest class of access rates.
const RUNG_MAX: Kbps = Kbps(1_000_000);

/// Builds and checks the world of a typed scenario.
pub(super) fn world(file: &ScenarioFile, context: &mut Context<'_>) -> Outcome<World> {
    let clock = clock(&file.run.value)?;
    let regions = audience::regions(&file.audience.value);
    let (cdns, pops) = delivery::cdns(&file.cdn, &regions)?;
    let encoding = encoding(&file.encoding)?;
    let players = players(file.player.as_ref(), encoding.segment)?;
    let mut world = World {
        audience: audience::audience(&file.audience, &regions, clock.duration, context)?,
        catalogue: catalogue(&file.catalogue)?,
        cold_cache: file.run.value.cold_cache.unwrap_or(false),
        encoding,
        dns_move: delivery::dns_move(file.delivery.as_ref())?,
        shield: file.shield.as_ref().map(delivery::shield).transpose()?,
        origin: delivery::origin(&file.origin)?,
        session_store: file.session_store.as_ref().map(delivery::session_store).transpose()?,
        tokens: delivery::tokens(file.tokens.as_ref())?,
        platform: platform(file.platform.as_ref())?,
        players,
        faults: Vec::new(),
        clock,
        regions,
        cdns,
        pops,
    };
    scale::apply(&mut world, file.scale.as_ref())?;
    seats::check(&world, file.audience.at)?;
    world.faults = faults::faults(file.fault.as_deref().unwrap_or_default(), &world)?;
    Ok(world)
}

fn clock(run: &schema::Run) -> Outcome<Clock> {
    let duration = check::span(&run.duration, "duration", Micros::from_secs(10)..=DURATION_MAX)?;
    let warmup = check::span_or(run.warmup.as_ref(), Micros::ZERO, "warm-up", Micros::ZERO..=DURATION_MAX)?;
    let cells = match &run.cells {
        Some(cells) if (1..=4_096).contains(&cells.value) => cells.value,
        Some(cells) => {
            return Err(Problem::new(cells.at, format!("cells = `{}` is out of range", cells.value))
                .hint("valid: 1 to 4096"));
        }
        None => 64,
    };
    let (ms, secs) = (Micros::from_millis, Micros::from_secs);
    let epoch = check::span_or(run.epoch.as_ref(), ms(250), "epoch", ms(10)..=secs(5))?;
    let bucket = check::span_or(run.bucket.as_ref(), secs(10), "bucket", ms(100)..=HOUR)?;
    if let Some(given) = run.warmup.as_ref().filter(|_| warmup >= duration) {
        return Err(Problem::new(given.at, "the warm-up leaves nothing to measure")
            .hint(format!("the run lasts {}", check::in_words(duration))));
    }
    let uneven = |span: Micros| !span.0.is_multiple_of(epoch.0);
    if let Some(given) = run.bucket.as_ref().or(run.epoch.as_ref()).filter(|_| uneven(bucket)) {
        let message = format!("bucket of {} is not a multiple of the epoch", check::in_words(bucket));
        return Err(Problem::new(given.at, message).hint(format!("the epoch is {}", check::in_words(epoch))));
    }
    whole_buckets(&run.duration, "duration", bucket)?;
    run.warmup.as_ref().map_or(Ok(()), |given| whole_buckets(given, "warm-up", bucket))?;
    Ok(Clock { duration, warmup, cells, epoch, bucket })
}

/// Measuring begins and ends between two buckets: part of one would be counted with what the warm-up must hide, or held
/// against windows of whole ones. A bucket is a multiple of the epoch, so these are, too.
fn whole_buckets(given: &At<crate::quantity::Duration>, what: &str, bucket: Micros) -> Outcome<()> {
    let span = given.value.0;
    if span.0.is_multiple_of(bucket.0) {
        return Ok(());
    }
    let below = Micros(span.0 / bucket.0 * bucket.0);
    let (below, above) = (check::in_words(below), check::in_words(Micros(below.0 + bucket.0)));
    let message = format!("{what} of `{}` is not a multiple of the bucket", check::in_words(span));
    Err(Problem::new(given.at, message)
        .hint(format!("the bucket is {}: write \"{below}\" or \"{above}\"", check::in_words(bucket))))
}

fn catalogue(section: &schema::Catalogue) -> Outcome<Catalogue> {
    let Popularity::Zipf { s } = &section.popularity;
    let length = Micros::from_secs(30)..=HOUR * 10;
    Ok(Catalogue {
        titles: check::whole(&section.titles, "titles", 1..=10_000_000)?,
        zipf_exponent: check::factor(s, "s", 0.0..=3.0)?,
        title_duration: check::span_or(
            section.title_duration.as_ref(),
            Micros::from_mins(45),
            "title_duration",
            length,
        )?,
    })
}

fn encoding(section: &schema::Encoding) -> Outcome<Encoding> {
    let peak_factor = match &section.peak_over_average {
        Some(given) => check::factor(given, "peak_over_average", 1.0..=10.0)?,
        None => Ppm(1_100_000),
    };
    let size_cv = match &section.size_cv {
        Some(given) => check::factor(given, "size_cv", 0.0..=2.0)?,
        None => Ppm(250_000),
    };
    check::length(&section.ladder, "rung", 16)?;
    let ladder =
        section.ladder.value.iter().map(|given| rung(given, peak_factor)).collect::<Outcome<Vec<Rung>>>()?;
    if let Some(step) = ladder.windows(2).position(|pair| pair[0].average >= pair[1].average) {
        return Err(Problem::new(section.ladder.value[step + 1].at, "the ladder does not rise")
            .hint("rungs stand lowest bitrate first, each once"));
    }
    let segment = check::span(&section.segment, "segment", Micros::from_millis(500)..=Micros::from_secs(20))?;
    Ok(Encoding { segment, ladder, size_cv })
}

fn rung(given: &At<schema::Rung>, peak_factor: Ppm) -> Outcome<Rung> {
    let rung = match &given.value {
        schema::Rung::Average(average) => Rung { average: average.0, peak: average.0.scaled(peak_factor) },
        schema::Rung::Both(rates) => Rung { average: rates.average.0, peak: rates.peak.0 },
    };
    if rung.average.0 == 0 || rung.peak < rung.average {
        return Err(Problem::new(given.at, "a rung needs an average above zero and a peak not below it"));
    }
    if rung.peak > RUNG_MAX {
        return Err(Problem::new(given.at, "a rung is out of range")
            .hint("valid: a peak of up to 1Gbps, which is what the fastest access network carries"));
    }
    Ok(rung)
}

fn platform(section: Option<&schema::Platform>) -> Outcome<Platform> {
    let steering = section.and_then(|section| section.steering.as_ref());
    let load = section.and_then(|section| section.load_policy.as_ref());
    let span = |given: Option<&At<crate::quantity::Duration>>, default: Micros, what: &str| {
        check::span_or(given, default, what, Micros::from_millis(100)..=HOUR)
    };
    let secs = Micros::from_secs;
    let failures = steering.and_then(|section| section.probe_failures.as_ref());
    Ok(Platform {
        steering: SteeringPolicy {
            ttl: span(steering.and_then(|s| s.ttl.as_ref()), secs(10), "ttl")?,
            half_life: span(steering.and_then(|s| s.half_life.as_ref()), secs(10), "half_life")?,
            bad_first_byte: span(
                steering.and_then(|s| s.bad_first_byte.as_ref()),
                secs(4),
                "bad_first_byte",
            )?,
            eject_above: steering.and_then(|s| s.eject_above).map_or(Ppm(50_000), |share| share.0),
            eject_min_requests: steering.and_then(|s| s.eject_min_requests).unwrap_or(50),
            eject_window: span(steering.and_then(|s| s.eject_window.as_ref()), secs(10), "eject_window")?,
            restore_below: steering.and_then(|s| s.restore_below).map_or(Ppm(10_000), |share| share.0),
            restore_after: steering.and_then(|s| s.restore_after).map_or(secs(60), |span| span.0),
            move_per_ttl: steering.and_then(|s| s.move_per_ttl).map_or(Ppm(100_000), |share| share.0),
            probe_every: span(steering.and_then(|s| s.probe_every.as_ref()), secs(1), "probe_every")?,
            probe_size: steering.and_then(|s| s.probe_size).map_or(Bytes(65_536), |size| size.0),
            probe_deadline: span(
                steering.and_then(|s| s.probe_deadline.as_ref()),
                secs(1),
                "probe_deadline",
            )?,
            probe_failures: failures.map_or(Ok(3), |given| check::whole(given, "probe_failures", 1..=100))?,
        },
        load_policy: LoadPolicy {
            first_byte_timeout: span(
                load.and_then(|l| l.first_byte_timeout.as_ref()),
                secs(4),
                "first_byte_timeout",
            )?,
            timeout_retries: load.and_then(|l| l.timeout_retries).unwrap_or(0),
            error_retries: load.and_then(|l| l.error_retries).unwrap_or(1),
            error_penalty: span(load.and_then(|l| l.error_penalty.as_ref()), secs(60), "error_penalty")?,
        },
    })
}

fn players(section: Option<&schema::Player>, segment: Micros) -> Outcome<Players> {
    let goal = |given: Option<&At<crate::quantity::Duration>>, default: u64, what: &str| {
        check::span_or(given, Micros::from_secs(default), what, Micros::from_secs(2)..=Micros::from_secs(600))
    };
    // The rules of televisions place their thresholds between one segment and the goal.
    let beyond_a_segment = |given: Option<&At<crate::quantity::Duration>>, default: u64, what: &str| {
        let value = goal(given, default, what)?;
        match given.filter(|_| value <= segment) {
            None => Ok(value),
            Some(given) => Err(Problem::new(given.at, format!("{what} holds no more than one segment"))
                .hint(format!("write more than {}, the duration of a segment", check::in_words(segment)))),
        }
    };
    Ok(Players {
        phone_buffer: goal(section.and_then(|s| s.phone_buffer.as_ref()), 30, "phone_buffer")?,
        tv_buffer: beyond_a_segment(section.and_then(|s| s.tv_buffer.as_ref()), 30, "tv_buffer")?,
        calm_buffer: beyond_a_segment(section.and_then(|s| s.calm_buffer.as_ref()), 25, "calm_buffer")?,
    })
}
