//! Rows of a CSV file as records. Columns are named as the fields of JSON Lines; lists are split at `|`.
//!
//! A window is `DE:2024-01-01..2025-01-01:basic`, without an end `DE:2024-01-01..:basic`, and the tier may be left out. Columns with
//! other names are left alone.

use std::path::Path;

use super::ImportError;
use super::fields::{Fields, Rating, Refusal, TierField, Whole, WindowFields};
use platform_core::catalog::record::Tier;

/// Columns that every file has.
const NEEDED: [&str; 3] = ["id", "kind", "title"];
/// What stands between the items of a list: commas and semicolons stand in names.
const BETWEEN: char = '|';

/// The names of the columns, folded.
pub(super) fn header(header: &csv::StringRecord, path: &Path) -> Result<csv::StringRecord, ImportError> {
    let fold = |name: &str| name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().replace(' ', "_");
    let folded: csv::StringRecord = header.iter().map(fold).collect();
    let missing = NEEDED.iter().find(|needed| !folded.iter().any(|name| name == **needed));
    match missing {
        Some(column) => Err(ImportError::Header { path: path.to_owned(), column }),
        None => Ok(folded),
    }
}

/// A row as a record.
pub(super) fn fields(header: &csv::StringRecord, row: &csv::ByteRecord) -> Result<Fields, Refusal> {
    if row.len() != header.len() {
        let reason = format!("the row has {} cells, the header {}", row.len(), header.len());
        return Err(Refusal::new(reason, "put cells with commas in quotation marks"));
    }
    let mut fields = Fields::default();
    for (name, cell) in header.iter().zip(row) {
        let cell = std::str::from_utf8(cell).map_err(|_| {
            Refusal::new(format!("`{name}` is not UTF-8"), "ask the supplier for the file in UTF-8")
        })?;
        if !cell.trim().is_empty() {
            set(&mut fields, name, cell.trim())?;
        }
    }
    Ok(fields)
}

fn set(fields: &mut Fields, name: &str, cell: &str) -> Result<(), Refusal> {
    let text = || Some(cell.to_owned());
    let list = || {
        let items = cell.split(BETWEEN).map(str::trim).filter(|item| !item.is_empty());
        Some(items.map(str::to_owned).collect())
    };
    let wrong = |takes: &str| Refusal::new(format!("`{name}` is `{cell}`"), takes);
    match name {
        "id" => fields.id = text(),
        "kind" => fields.kind = text(),
        "title" => fields.title = text(),
        "alternative_titles" => fields.alternative_titles = list(),
        "year" => fields.year = Some(Whole::Text(cell.to_owned())),
        "cast" => fields.cast = list(),
        "directors" => fields.directors = list(),
        "genres" => fields.genres = list(),
        "countries" => fields.countries = list(),
        "languages" => fields.languages = list(),
        "maturity" => fields.maturity = Some(Rating::Text(cell.to_owned())),
        "description" => fields.description = text(),
        "runtime_min" => fields.runtime_min = Some(Whole::Text(cell.to_owned())),
        "added" => fields.added = text(),
        "popularity" => {
            let number = cell.parse().map_err(|_| wrong("write millionths in digits: 0 to 1000000"))?;
            fields.popularity = Some(number);
        }
        "notability" => {
            fields.notability = Some(cell.parse().map_err(|_| wrong("write a number from 0 to 1"))?);
        }
        "availability" => {
            let windows = cell.split(BETWEEN).map(str::trim).filter(|item| !item.is_empty());
            let unreadable = || wrong("write windows as DE:2024-01-01..2025-01-01:basic, with | between");
            let windows = windows.map(|item| window(item).ok_or_else(unreadable));
            fields.availability = Some(windows.collect::<Result<_, _>>()?);
        }
        _ => {}
    }
    Ok(())
}

/// `DE:2024-01-01..2025-01-01:basic`
fn window(item: &str) -> Option<WindowFields> {
    let (region, rest) = item.split_once(':')?;
    let (start, rest) = rest.split_once("..")?;
    let (end, tier) = match rest.rsplit_once(':') {
        Some((end, tier)) => match tier_of(tier) {
            Some(tier) => (end, Some(tier)),
            // The colon is one of a time.
            None if tier.starts_with(|c: char| c.is_ascii_digit()) => (rest, None),
            None => return None,
        },
        None => (rest, None),
    };
    let end = Some(end.trim()).filter(|end| !end.is_empty()).map(str::to_owned);
    Some(WindowFields { region: region.to_owned(), start: start.to_owned(), end, tier })
}

fn tier_of(name: &str) -> Option<TierField> {
    match name.trim() {
        "free" => Some(TierField::Name(Tier::Free)),
        "basic" => Some(TierField::Name(Tier::Basic)),
        "premium" => Some(TierField::Name(Tier::Premium)),
        _ => None,
    }
}
