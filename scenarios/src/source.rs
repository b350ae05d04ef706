//! The texts that a scenario came from, as one address space.
//!
//! A [`Place`] is an offset into all texts laid end to end, so that a value remembers its file, line and column through
//! inheritance and overlays at the cost of four bytes.

/// Where a value or a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Place(pub(crate) u32);

/// One text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The name that errors show.
    pub(crate) display: String,
    pub(crate) text: String,
    base: u32,
}

/// All texts read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Adds a text; its first character is at the place returned.
    pub(crate) fn add(&mut self, display: &str, text: &str) -> Place {
        let base = self.list.last().map_or(0, |last| last.base + length(&last.text) + 1);
        self.list.push(Source { display: display.to_owned(), text: text.to_owned(), base });
        Place(base)
    }

    /// File, line and column (in characters, from 1).
    pub(crate) fn locate(&self, at: Place) -> (String, u32, u32) {
        let after = self.list.partition_point(|source| source.base <= at.0);
        let Some(source) = after.checked_sub(1).map(|index| &self.list[index]) else {
            return (String::new(), 1, 1);
        };
        let offset = ((at.0 - source.base) as usize).min(source.text.len());
        let before = &source.text.as_bytes()[..offset];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|&&byte| byte == b'\n').count();
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count();
        (source.display.clone(), count(line) + 1, count(column) + 1)
    }
}

impl Place {
    /// A place further on in the same text.
    pub(crate) fn plus(self, offset: usize) -> Self {
        Self(self.0 + count(offset))
    }
}

fn length(text: &str) -> u32 {
    count(text.len())
}

/// Texts are at most 1 MiB and at most 64 of them, so every count fits.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
