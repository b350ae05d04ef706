//! The scenarios that ship inside the binary, by name.

/// A shipped scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// What `rehearsal run` calls it.
    pub name: &'static str,
    /// Where it stands in the repository.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The scenario that `rehearsal` runs when none is named.
pub const DEFAULT: &str = "before-after";

macro_rules! shipped {
    ($name:literal) => {
        Shipped {
            name: $name,
            file: concat!("scenarios/library/", $name, ".toml"),
            text: include_str!(concat!("../library/", $name, ".toml")),
        }
    };
}

/// All of them, the default one first.
pub const SHIPPED: [Shipped; 4] =
    [shipped!("before-after"), shipped!("calm"), shipped!("peak-hour"), shipped!("smoke")];

/// The shipped scenario of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}

/// Whether `name` can only mean a shipped scenario: a path has a slash, a backslash or a dot.
#[must_use]
pub fn is_shipped_name(name: &str) -> bool {
    !name.contains(['/', '\\', '.'])
}
