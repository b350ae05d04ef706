//! Names of rows: a few parts joined. Several are made in each decision, so they do not go through the formatting of `std`.

use smol_str::SmolStr;

/// Names up to this many bytes are joined without a buffer on the heap; that holds all but those with very long ids in them.
const BYTES: usize = 128;

/// The parts as one name.
pub(super) fn joined<const N: usize>(parts: [&str; N]) -> SmolStr {
    let mut bytes = [0; BYTES];
    let mut end = 0;
    for part in parts {
        let Some(place) = bytes.get_mut(end..end + part.len()) else { return parts.concat().into() };
        place.copy_from_slice(part.as_bytes());
        end += part.len();
    }
    str::from_utf8(&bytes[..end]).map_or_else(|_| parts.concat().into(), SmolStr::new)
}

/// The parts and a number behind them.
pub(super) fn numbered<const N: usize>(parts: [&str; N], number: impl itoa::Integer) -> SmolStr {
    let mut digits = itoa::Buffer::new();
    let stem = joined(parts);
    joined([&stem, digits.format(number)])
}

#[cfg(test)]
mod tests {
    use super::{BYTES, joined, numbered};

    #[test]
    fn parts_are_joined_whatever_their_length() {
        for length in [0, 1, 22, 23, 24, BYTES - 2, BYTES - 1, BYTES, BYTES + 1, 3 * BYTES] {
            let long = "ü".repeat(length);
            assert_eq!(joined([&long, ":", "x"]), format!("{long}:x"), "{length}");
            assert_eq!(numbered([&long, "-in-"], 42_u32), format!("{long}-in-42"), "{length}");
        }
        assert_eq!(numbered([], i64::MIN), i64::MIN.to_string());
    }
}
