//! Where reference data lies.

use std::path::{Path, PathBuf};

/// The folder of reference data below `part` (for example `abr/sabre-golden`), or `None`, said aloud, where there is none.
///
/// Looks in `REHEARSAL_REFERENCE_DATA`, else for `shared/data` in a parent of the checkout.
/// With `REHEARSAL_REQUIRE_REFERENCE=1` a missing folder is a failure.
pub(crate) fn reference_data(part: &str) -> Option<PathBuf> {
    let found = std::env::var_os("REHEARSAL_REFERENCE_DATA").map(PathBuf::from).or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|dir| dir.join("shared/data"))
            .find(|dir| dir.is_dir())
    });
    if let Some(dir) = found.map(|dir| dir.join(part)).filter(|dir| dir.exists()) {
        return Some(dir);
    }
    let required = std::env::var_os("REHEARSAL_REQUIRE_REFERENCE").is_some_and(|value| value == "1");
    assert!(!required, "reference data `{part}` is required and missing: set REHEARSAL_REFERENCE_DATA");
    #[expect(
        clippy::print_stderr,
        reason = "a test that was skipped says so where `cargo test -- --nocapture` shows it"
    )]
    {
        eprintln!("skipped: no reference data `{part}` (set REHEARSAL_REFERENCE_DATA to run this test)");
    }
    None
}
