use super::*;
use proptest::prelude::*;

const HOUR: Micros = Micros::from_secs(3_600);

fn sessions_of(median_s: u64, p90_s: u64) -> SessionSpec {
    SessionSpec {
        median: Micros::from_secs(median_s),
        p90: Micros::from_secs(p90_s),
        p99: None,
        longest: SessionSpec::LONGEST,
    }
}

fn catalogue() -> Catalogue {
    Catalogue {
        titles: 500,
        zipf: 0.8,
        segments: 900,
        segment: Micros::from_secs(6),
        from_start: Catalogue::FROM_START,
    }
}

fn cohort(share: u32) -> CohortSpec {
    CohortSpec {
        share: Ppm(share),
        regions: vec![(RegionId(0), Ppm(750_000)), (RegionId(1), Ppm(250_000))],
        device: 0,
        access: 0,
    }
}

fn audience(content: StreamContent, curve: &[(u64, f64)], session: SessionSpec) -> AudienceSpec {
    let curve = Curve(curve.iter().map(|&(s, viewers)| (Timestamp(s * 1_000_000), viewers)).collect());
    AudienceSpec {
        duration: HOUR,
        streams: vec![StreamSpec { content, curve, session }],
        cohorts: vec![cohort(600_000), cohort(400_000)],
        startup_patience: Some(Patience::MEASURED),
    }
}

fn live(curve: &[(u64, f64)], session: SessionSpec) -> AudienceSpec {
    audience(StreamContent::Live, curve, session)
}

fn vod(curve: &[(u64, f64)], session: SessionSpec) -> AudienceSpec {
    audience(StreamContent::Vod(catalogue()), curve, session)
}

fn planned(spec: &AudienceSpec, seed: u64) -> Vec<Session> {
    plan(spec, Seed(seed)).expect("a sound spec").sessions
}

fn present(sessions: &[Session], at_s: u64) -> usize {
    let at = Timestamp(at_s * 1_000_000);
    sessions.iter().filter(|session| session.arrives <= at && at < session.leaves).count()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count)
}

fn stay_s(session: &Session) -> f64 {
    session.leaves.since(session.arrives).as_secs_f64()
}

fn arrived(sessions: &[Session]) -> impl Iterator<Item = &Session> + Clone {
    sessions.iter().filter(|session| !session.present_at_start)
}

#[test]
fn a_session_fits_48_bytes() {
    assert!(size_of::<Session>() <= 48);
}

/// Sums over seeds; the number present is at most Poisson about its expectation.
#[track_caller]
fn check_follows(spec: &AudienceSpec, times_s: &[u64]) {
    const SEEDS: u64 = 12;
    assert_eq!(plan(spec, Seed(0)).expect("a sound spec").warnings, []);
    let plans: Vec<Vec<Session>> = (0..SEEDS).map(|seed| planned(spec, seed)).collect();
    for &at in times_s {
        let got: usize = plans.iter().map(|plan| present(plan, at)).sum();
        let want = spec.streams[0].curve.at(at as f64) * SEEDS as f64;
        assert!((got as f64 - want).abs() < 4.0 * want.sqrt(), "at {at} s: {got} present, {want} wanted");
    }
}

#[test]
fn concurrency_follows_the_curve() {
    let shape = [(0, 400.0), (900, 400.0), (1_500, 2_000.0), (2_700, 2_000.0), (3_600, 1_700.0)];
    let times = [1, 30, 300, 900, 1_200, 1_500, 2_000, 2_700, 3_300, 3_599];
    check_follows(&live(&shape, sessions_of(600, 2_400)), &times);
    check_follows(&vod(&shape, sessions_of(900, 5_400)), &times);
    let zapping = SessionSpec { p99: Some(Micros::from_secs(24_550)), ..sessions_of(122, 4_838) };
    check_follows(&vod(&shape, zapping), &times);
}

#[test]
fn a_flash_crowd_arrives_from_nothing() {
    check_follows(
        &live(&[(0, 0.0), (600, 0.0), (780, 4_000.0)], sessions_of(1_200, 3_600)),
        &[700, 760, 800, 3_000],
    );
}

#[test]
fn a_curve_that_falls_too_fast_stops_arrivals_and_warns() {
    let spec = live(&[(0, 2_000.0), (600, 2_000.0), (601, 200.0)], sessions_of(1_800, 3_600));
    let plan = plan(&spec, Seed(3)).expect("a sound spec");
    let [warning] = plan.warnings[..] else { panic!("{:?}", plan.warnings) };
    assert_eq!((warning.stream, warning.at), (0, Timestamp(601_000_000)));
    assert!(warning.expected > 1_900.0 && (warning.wanted - 200.0).abs() < 1e-6, "{warning:?}");
    let after = |session: &&Session| {
        session.arrives > Timestamp(602_000_000) && session.arrives < Timestamp(900_000_000)
    };
    assert_eq!(plan.sessions.iter().filter(after).count(), 0);
    let steady = live(&[(0, 2_000.0)], sessions_of(1_800, 3_600));
    assert_eq!(super::plan(&steady, Seed(3)).expect("a sound spec").warnings, []);
}

#[test]
fn steady_arrivals_obey_littles_law() {
    let spec = vod(&[(0, 3_000.0)], sessions_of(300, 1_500));
    let plans: Vec<Session> = (0..6).flat_map(|seed| planned(&spec, seed)).collect();
    let arrivals_per_s = arrived(&plans).count() as f64 / 6.0 / 3_600.0;
    let stay = mean(arrived(&plans).map(stay_s));
    let wanted = 3_000.0;
    assert!((arrivals_per_s * stay / wanted - 1.0).abs() < 0.02, "{arrivals_per_s}/s for {stay} s");
}

#[test]
fn residual_sessions_are_length_biased() {
    let spec = live(&[(0, 40_000.0)], sessions_of(600, 1_200));
    let sessions = planned(&spec, 4);
    let rest = mean(sessions.iter().filter(|session| session.present_at_start).map(stay_s));
    // E[rest] = E[L²] / 2 E[L] = exp(mu + 1.5 sigma²) / 2 of a lognormal.
    let sigma = libm::log(2.0) / 1.281_551_565_5;
    let expected = 600.0 * libm::exp(1.5 * sigma * sigma) / 2.0;
    assert!((rest / expected - 1.0).abs() < 0.03, "{rest} s, expected {expected} s");
}

#[test]
fn arrivals_are_poisson() {
    let spec = live(&[(0, 6_000.0)], sessions_of(300, 900));
    let mut counts = Vec::new();
    for seed in 0..8 {
        let mut per_second = vec![0.0; 3_600];
        for session in arrived(&planned(&spec, seed)) {
            per_second[session.arrives.as_secs_f64() as usize] += 1.0;
        }
        counts.extend(per_second);
    }
    let average = mean(counts.iter().copied());
    let variance = mean(counts.iter().map(|count| (count - average) * (count - average)));
    assert!((variance / average - 1.0).abs() < 0.05, "dispersion {}", variance / average);
}

#[test]
fn session_lengths_have_their_quantiles() {
    let tail = SessionSpec { p99: Some(Micros::from_secs(9_000)), ..sessions_of(100, 2_000) };
    let spec = live(&[(0, 30_000.0)], tail);
    let mut stays: Vec<f64> = arrived(&planned(&spec, 9)).map(stay_s).collect();
    stays.sort_by(f64::total_cmp);
    let at = |share: f64| stays[(stays.len() as f64 * share) as usize];
    assert!(stays.len() > 80_000);
    for (got, want, tolerance) in
        [(at(0.5), 100.0, 0.03), (at(0.9), 2_000.0, 0.04), (at(0.99), 9_000.0, 0.06)]
    {
        assert!((got / want - 1.0_f64).abs() < tolerance, "{got} s instead of {want} s");
    }
    assert!(stays.last().copied() <= Some(43_200.0));
}

#[test]
fn titles_follow_zipf_and_most_start_at_the_beginning() {
    let spec = vod(&[(0, 10_000.0)], sessions_of(200, 600));
    let sessions = planned(&spec, 5);
    let mut by_title = vec![0.0; 500];
    let mut from_start = 0.0;
    for session in arrived(&sessions) {
        let Watches::Vod { title, start_segment } = session.watches else { panic!("not on demand") };
        by_title[title.index()] += 1.0;
        from_start += f64::from(u8::from(start_segment == 0));
    }
    let total: f64 = by_title.iter().sum();
    let law = Zipf::new(500, 0.8);
    for rank in [0, 1, 5, 50] {
        let (got, want) = (by_title[rank as usize], law.share(rank) * total);
        assert!((got - want).abs() < 4.0 * want.sqrt(), "rank {rank}: {got} instead of {want}");
    }
    assert!((from_start / total - 0.7).abs() < 0.01);
}

#[test]
fn viewers_found_in_a_title_are_where_steady_state_puts_them() {
    let spec = vod(&[(0, 20_000.0)], sessions_of(40_000, 50_000));
    let position = |session: &Session| match session.watches {
        Watches::Vod { start_segment, .. } => f64::from(start_segment),
        Watches::Live => panic!("not on demand"),
    };
    let sessions = planned(&spec, 6);
    let found: Vec<&Session> = sessions.iter().filter(|session| session.present_at_start).collect();
    for session in &found {
        assert!(stay_s(session) <= (900.0 - position(session)) * 6.0 + 1e-3, "{session:?}");
    }
    // Nobody leaves before the end: 70 % of starts stay for 900 segments, 30 % for 450 on average, and the place of a
    // viewer found is uniform over its stay. Means: 450 with weight 630; (1/2) (1 + 1/3) 900 = 600 with weight 135.
    let expected = (630.0 * 450.0 + 135.0 * 600.0) / 765.0;
    let got = mean(found.iter().map(|session| position(session)));
    assert!((got / expected - 1.0).abs() < 0.02, "{got} instead of {expected}");
}

#[test]
fn patience_lasts_two_seconds_and_then_fails_5_8_percent_a_second() {
    let draws = Draws::new(Seed(1), Purpose::Test);
    let gone_by = |s: f64| {
        let gone = (0..100_000)
            .filter(|&viewer| startup_patience(Patience::MEASURED, draws.bits(viewer, 0)).as_secs_f64() < s)
            .count();
        gone as f64 / 100_000.0
    };
    assert!(gone_by(2.0) < 1e-9);
    assert!((gone_by(3.0) - 0.058).abs() < 0.003);
    assert!((gone_by(10.0) - 0.464).abs() < 0.006);
    let patient = AudienceSpec { startup_patience: None, ..vod(&[(0, 100.0)], sessions_of(200, 600)) };
    assert!(planned(&patient, 1).iter().all(|session| session.startup_patience == Micros::MAX));
}

#[test]
fn cohorts_move_nobody_elses_draws() {
    let spec = vod(&[(0, 1_000.0), (3_600, 2_000.0)], sessions_of(300, 900));
    let mut other = spec.clone();
    other.cohorts[0].share = Ppm(100_000);
    other.cohorts.push(CohortSpec { regions: vec![(RegionId(7), Ppm(1))], ..cohort(300_000) });
    let (before, after) = (planned(&spec, 11), planned(&other, 11));
    assert_eq!(before.len(), after.len());
    assert!(before.iter().zip(&after).any(|(a, b)| a.cohort != b.cohort));
    for (a, b) in before.iter().zip(&after) {
        let kept = Session { cohort: a.cohort, region: a.region, ..*b };
        assert_eq!(*a, kept);
    }
}

#[test]
fn a_second_stream_leaves_the_first_as_it_was() {
    let one = vod(&[(0, 500.0)], sessions_of(300, 900));
    let mut two = one.clone();
    two.streams.extend(live(&[(0, 300.0)], sessions_of(600, 900)).streams);
    let first = |sessions: Vec<Session>| -> Vec<Session> {
        sessions.into_iter().filter(|s| s.stream == 0).map(|s| Session { viewer: ViewerId(0), ..s }).collect()
    };
    assert_eq!(first(planned(&one, 2)), first(planned(&two, 2)));
}

#[test]
fn a_plan_is_in_order_and_numbered() {
    let mut spec = vod(&[(0, 500.0)], sessions_of(300, 900));
    spec.streams.extend(live(&[(0, 300.0)], sessions_of(600, 900)).streams);
    let sessions = planned(&spec, 8);
    assert!(
        sessions.windows(2).all(|pair| (pair[0].arrives, pair[0].viewer) < (pair[1].arrives, pair[1].viewer))
    );
    assert!(sessions.iter().zip(0..).all(|(session, ordinal)| session.viewer == ViewerId(ordinal)));
    assert!(sessions.iter().all(|session| session.leaves > session.arrives && session.arrives.0 < HOUR.0));
    assert_eq!(sessions.iter().filter(|session| session.present_at_start).count(), 800);
}

#[test]
fn shares_of_cohorts_and_regions_are_kept() {
    let sessions = planned(&live(&[(0, 50_000.0)], sessions_of(600, 900)), 12);
    let share = |holds: fn(&Session) -> bool| {
        sessions.iter().filter(|s| holds(s)).count() as f64 / sessions.len() as f64
    };
    assert!((share(|s| s.cohort == CohortId(0)) - 0.6).abs() < 0.005);
    assert!((share(|s| s.region == RegionId(1)) - 0.25).abs() < 0.005);
}

#[test]
fn a_scaled_curve_scales_the_audience() {
    let spec = live(&[(0, 1_000.0), (1_800, 3_000.0)], sessions_of(600, 900));
    let mut scaled = spec.clone();
    scaled.streams[0].curve = spec.streams[0].curve.scaled(0.05);
    check_follows(&scaled, &[0, 900, 2_000]);
    let ratio = planned(&scaled, 1).len() as f64 / planned(&spec, 1).len() as f64;
    assert!((ratio - 0.05).abs() < 0.006, "{ratio}");
}

#[test]
fn unsound_specs_are_refused() {
    let spec = vod(&[(0, 10.0)], sessions_of(300, 900));
    let refused = |change: fn(&mut AudienceSpec)| {
        let mut changed = spec.clone();
        change(&mut changed);
        plan(&changed, Seed(1)).expect_err("unsound")
    };
    assert_eq!(refused(|s| s.cohorts.clear()), AudienceError::List { list: "cohorts" });
    assert_eq!(refused(|s| s.streams[0].curve.0.clear()), AudienceError::Curve { stream: 0 });
    assert_eq!(refused(|s| s.streams[0].curve.0[0].1 = f64::NAN), AudienceError::Curve { stream: 0 });
    assert_eq!(refused(|s| s.streams[0].session.p90 = Micros(1)), AudienceError::Session { stream: 0 });
    assert_eq!(
        refused(|s| s.streams[0].content = StreamContent::Vod(Catalogue { titles: 0, ..catalogue() })),
        AudienceError::Catalogue { stream: 0 }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_plan_depends_on_spec_and_seed_alone(seed: u64, from in 0.0..300.0_f64, to in 0.0..300.0_f64, median in 5_u64..2_000) {
        let spec = vod(&[(0, from), (3_000, to)], sessions_of(median, median * 4));
        prop_assert_eq!(plan(&spec, Seed(seed)), plan(&spec, Seed(seed)));
    }
}
