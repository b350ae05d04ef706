//! Ids are newtypes, so that a title can never be passed where a viewer is meant.
//!
//! All are dense ordinals into the tables of one resolved scenario; names live in those tables.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// The ordinal as an index into the table that defines it.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(/// A viewer's session, numbered in order of planned arrival: equal in all arms of one seed.
    ViewerId(u32));
id!(/// A title of the catalogue, numbered by falling popularity.
    TitleId(u32));
id!(/// A region that viewers live in.
    RegionId(u8));
id!(/// One CDN route that a steering manifest can rank (draft-pantos-content-steering).
    PathwayId(u8));
id!(/// A point of presence of one CDN.
    PopId(u8));
id!(/// A cohort of viewers that share device, region mix and access network.
    CohortId(u8));
id!(/// A fixed slice of the simulated world that one thread works on.
    CellId(u16));
