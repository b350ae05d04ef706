//! An order of pathways, packed small enough to live in every player.

use units::PathwayId;

/// Up to eight pathways in order of preference (`PATHWAY-PRIORITY` of a steering manifest, or the order of the
/// playlist).
///
/// Pathway ids are below 8; four bits each, terminated by `0xF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathwayOrder(u32);

const EMPTY: u32 = u32::MAX;

impl Default for PathwayOrder {
    fn default() -> Self {
        Self(EMPTY)
    }
}

impl PathwayOrder {
    /// How many pathways an order can hold; ids are below this.
    pub const CAPACITY: usize = 8;

    /// An order of one pathway.
    #[must_use]
    pub fn only(pathway: PathwayId) -> Self {
        Self::new(&[pathway])
    }

    /// The first eight distinct pathways of `preferred`.
    ///
    /// # Panics
    /// If a pathway's id is 8 or more: a scenario with that many pathways is refused when it is read.
    #[must_use]
    pub fn new(preferred: &[PathwayId]) -> Self {
        let mut order = Self::default();
        for &pathway in preferred {
            order = order.then(pathway);
        }
        order
    }

    /// This order with `pathway` appended, unless it is in it already.
    ///
    /// # Panics
    /// If the pathway's id is 8 or more.
    #[must_use]
    pub fn then(self, pathway: PathwayId) -> Self {
        assert!(pathway.index() < Self::CAPACITY, "pathway id {} is not below {}", pathway.0, Self::CAPACITY);
        let len = self.len();
        if len == Self::CAPACITY || self.iter().any(|held| held == pathway) {
            return self;
        }
        let shift = 4 * len;
        Self((self.0 & !(0xF << shift)) | (u32::from(pathway.0) << shift))
    }

    /// How many pathways the order names.
    #[must_use]
    pub fn len(self) -> usize {
        (0..Self::CAPACITY).position(|place| self.0 >> (4 * place) & 0xF == 0xF).unwrap_or(Self::CAPACITY)
    }

    /// Whether the order names no pathway.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 & 0xF == 0xF
    }

    /// The most preferred pathway.
    #[must_use]
    pub fn first(self) -> Option<PathwayId> {
        self.iter().next()
    }

    /// The pathways, most preferred first.
    pub fn iter(self) -> impl Iterator<Item = PathwayId> {
        (0..Self::CAPACITY).map_while(move |place| match self.0 >> (4 * place) & 0xF {
            0xF => None,
            #[expect(clippy::cast_possible_truncation, reason = "four bits")]
            id => Some(PathwayId(id as u8)),
        })
    }
}
