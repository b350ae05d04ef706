use super::super::verify::{Delivery, Limits, Verifier};
use super::*;

const T0: Timestamp = Timestamp(1_800_000_000_000_000);

fn skewed(skew_s: i64) -> Rejection {
    Rejection::OutsideWindow { skew_s, tolerance_s: 300 }
}

fn pattern(steps: &[(usize, Option<Rejection>)]) -> Pattern {
    let mut refusals = Refusals::default();
    for (times, rejection) in steps {
        for _ in 0..*times {
            match rejection {
                Some(rejection) => refusals.refused(T0, rejection.clone(), b"msg_1"),
                None => refusals.accepted(),
            }
        }
    }
    refusals.pattern()
}

#[test]
fn a_wrong_clock_is_not_called_an_attack() {
    assert_eq!(pattern(&[(20, None), (20, Some(skewed(-360)))]), Pattern::ClockSkew { skew_s: -360 });
    assert_eq!(pattern(&[(8, Some(skewed(361)))]), Pattern::ClockSkew { skew_s: 361 });
    assert_eq!(
        pattern(&[(12, Some(Rejection::BadSignature)), (20, Some(skewed(400)))]),
        Pattern::ClockSkew { skew_s: 400 }
    );
}

#[test]
fn signatures_of_no_secret_of_ours_are_an_attack_or_a_missed_rotation() {
    assert_eq!(pattern(&[(3, None), (12, Some(Rejection::BadSignature))]), Pattern::Forgery);
}

#[test]
fn a_few_refusals_among_genuine_requests_are_nothing() {
    assert_eq!(pattern(&[]), Pattern::Quiet);
    assert_eq!(pattern(&[(7, Some(Rejection::BadSignature))]), Pattern::Quiet);
    assert_eq!(pattern(&[(15, Some(skewed(-9_000))), (16, None)]), Pattern::Quiet);
    assert_eq!(pattern(&[(1_000, Some(Rejection::BadSignature)), (32, None)]), Pattern::Quiet);
}

#[test]
fn a_flood_of_forged_requests_leaves_counters_and_a_short_ring() {
    let verifier = Verifier::stripe(&["whsec_flood"], Limits::default()).expect("valid");
    let mut refusals = Refusals::default();
    let body = vec![b'x'; 10_000];
    for n in 0..20_000_u64 {
        let signature = format!("t=1800000000,v1={n:064x}");
        let headers: [(&str, &[u8]); 1] = [("stripe-signature", signature.as_bytes())];
        let body = if n % 100 == 0 { &body[..] } else { b"{}" };
        let rejection = verifier.verify(&Delivery { headers: &headers, body }, T0).expect_err("forged");
        refusals.refused(T0, rejection, &body[..body.len().min(2_000)]);
    }
    let counts: u64 = refusals.counts().map(|(_, count)| count).sum();
    assert_eq!(counts, 20_000);
    assert_eq!(refusals.samples().count(), SAMPLES_MAX);
    assert!(refusals.samples().all(|sample| sample.claimed_id.len() <= 4 * SAMPLE_BYTES_MAX));
    assert!(
        refusals.samples.capacity() <= 2 * SAMPLES_MAX && refusals.judged.capacity() <= 2 * PATTERN_LENGTH
    );
    assert_eq!(refusals.pattern(), Pattern::Forgery);
}

#[test]
fn a_sample_shows_bytes_that_are_no_text_as_escapes() {
    let mut refusals = Refusals::default();
    refusals.refused(T0, Rejection::MalformedId, b"\x1b[31m\xff\n");
    assert_eq!(refusals.samples().next().expect("one").claimed_id, "\\x1b[31m\\xff\\n");
}
