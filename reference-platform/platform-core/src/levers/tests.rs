use super::*;

#[test]
fn every_lever_is_found_by_its_name_in_both_spellings() {
    for &lever in Lever::all() {
        assert_eq!(lever.to_string().parse(), Ok(lever));
        assert_eq!(lever.name().replace('_', "-").parse(), Ok(lever));
    }
    let error = "steering-wheel".parse::<Lever>().expect_err("no such lever").to_string();
    assert_eq!(
        error,
        "unknown lever `steering-wheel`: expected one of steering, load_policy, cache_key, coalescing, shield"
    );
    assert!("cache key".parse::<Lever>().is_err());
}

#[test]
fn the_order_of_levers_is_their_order_in_choices() {
    for (at, &lever) in Lever::all().iter().enumerate() {
        assert_eq!(lever as usize, at);
        let only = Choices::NAIVE.with(lever, Choice::Modern);
        let modern: Vec<Lever> =
            only.iter().filter(|&(_, choice)| choice == Choice::Modern).map(|(lever, _)| lever).collect();
        assert_eq!(modern, [lever]);
        assert_eq!(only.get(lever), Choice::Modern);
        assert_ne!(lever.setting(Choice::Naive), lever.setting(Choice::Modern));
    }
    assert_eq!("modern".parse(), Ok(Choice::Modern));
    assert!("new".parse::<Choice>().is_err());
}
