//! No bytes make the parser panic.

use proptest::prelude::*;
use scenarios::library::SHIPPED;
use scenarios::{Document, NoFiles};

/// Everything that a user can reach with one file.
fn read(bytes: &[u8]) {
    if let Ok(document) = Document::from_bytes("any.toml", bytes, &NoFiles) {
        match document.resolve(&NoFiles) {
            Ok(resolved) => {
                let plans = resolved.arms.iter().map(|arm| scenarios::estimate::estimate(&arm.world));
                assert!(plans.count() > 0);
            }
            Err(error) => assert!(error.line >= 1 && error.column >= 1 && !error.message.contains('\n')),
        }
    }
}

/// One slip of an editor.
#[derive(Debug, Clone)]
enum Slip {
    Delete { from: usize, length: usize },
    Insert { at: usize, text: String },
    Swap { one: usize, other: usize },
}

fn slips() -> impl Strategy<Value = Vec<Slip>> {
    let token = prop_oneof![
        Just("\"".to_owned()),
        Just("-1".to_owned()),
        Just("[".to_owned()),
        Just("}".to_owned()),
        Just("é".to_owned()),
        Just("0".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("nan".to_owned()),
        Just("\n[x]\n".to_owned()),
        "[ -~\\n]{0,12}",
    ];
    let slip = prop_oneof![
        (any::<usize>(), 0_usize..40).prop_map(|(from, length)| Slip::Delete { from, length }),
        (any::<usize>(), token).prop_map(|(at, text)| Slip::Insert { at, text }),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Slip::Swap { one, other }),
    ];
    proptest::collection::vec(slip, 1..4)
}

fn apply(text: &str, slips: &[Slip]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for slip in slips {
        let length = bytes.len().max(1);
        match slip {
            Slip::Delete { from, length: count } => {
                let from = from % length;
                let to = (from + count).min(bytes.len());
                bytes.drain(from..to);
            }
            Slip::Insert { at, text } => {
                let at = at % length;
                bytes.splice(at..at, text.bytes());
            }
            Slip::Swap { one, other } => bytes.swap(one % length, other % length),
        }
    }
    bytes
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "[a-z0-9_.=\\[\\]{}\"', \\n-]{0,300}") {
        read(text.as_bytes());
    }

    #[test]
    fn shipped_scenarios_with_slips_are_read_or_refused(which in 0..SHIPPED.len(), slips in slips()) {
        read(&apply(SHIPPED[which].text, &slips));
    }

    #[test]
    fn arbitrary_overlays_are_taken_or_refused(key in "[a-z*_.-]{0,40}", value in "[ -~]{0,20}") {
        let mut document = Document::open("smoke", &NoFiles).unwrap();
        if document.set(&key, &value).is_ok() {
            drop(document.resolve(&NoFiles));
        }
    }

    #[test]
    fn overlays_of_real_keys_with_any_value_are_taken_or_refused(which in 0..scenarios::assumptions::ASSUMPTIONS.len(), value in "[-+0-9.a-zA-Z%]{0,12}") {
        let mut document = Document::open("before-after", &NoFiles).unwrap();
        if document.set(scenarios::assumptions::ASSUMPTIONS[which].key, &value).is_ok()
            && let Ok(resolved) = document.resolve(&NoFiles)
        {
            assert!(scenarios::estimate::estimate(&resolved.arms[0].world).peak_viewers <= 50_000);
        }
    }
}
