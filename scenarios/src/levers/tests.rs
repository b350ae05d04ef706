use super::*;

#[test]
fn the_waterfall_ends_at_the_modern_platform_and_turns_one_lever_at_a_time() {
    let steps = Levers::MODERN.waterfall();
    assert_eq!(steps.first().map(|step| step.1), Some(Levers::NAIVE));
    assert_eq!(steps.last().map(|step| step.1), Some(Levers::MODERN));
    for pair in steps.windows(2) {
        let changed = LEVERS.iter().filter(|lever| setting(pair[0].1, lever) != setting(pair[1].1, lever));
        assert_eq!(changed.map(|lever| lever.name).collect::<Vec<_>>(), [pair[1].0]);
    }
}

#[test]
fn lever_names_and_settings_are_those_that_serde_reads() {
    for (levers, modern) in [(Levers::NAIVE, false), (Levers::MODERN, true)] {
        for lever in LEVERS {
            assert_eq!(setting(levers, &lever), if modern { lever.modern } else { lever.naive });
        }
    }
}

fn setting(levers: Levers, lever: &LeverDoc) -> String {
    let json = serde_json::to_value(levers).unwrap();
    json[lever.name].as_str().unwrap().to_owned()
}
