use super::audience::viewers_at;
use super::*;

fn curve(points: &[(u64, u32)]) -> Vec<CurvePoint> {
    points
        .iter()
        .map(|&(second, viewers)| CurvePoint { at: Timestamp(second * 1_000_000), viewers })
        .collect()
}

#[test]
fn a_curve_is_linear_between_corners_and_flat_after_the_last() {
    let curve = curve(&[(0, 100), (10, 200), (20, 0)]);
    let at = |tenths: u64| viewers_at(&curve, Timestamp(tenths * 100_000));
    assert_eq!([at(0), at(50), at(100), at(150), at(200), at(999)], [100, 150, 200, 100, 0, 0]);
}

#[test]
fn an_empty_curve_wants_nobody() {
    assert_eq!(viewers_at(&[], Timestamp(5)), 0);
}
