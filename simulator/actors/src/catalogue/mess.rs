//! What goes wrong with records on their way from a supplier.
//!
//! Each fault is one that published catalogues show: a title in capitals, its article behind a comma, an entity left
//! in, spaces that are none, text read in the wrong encoding, a rating that is a running time, a year that is off, fields left
//! out, the same work delivered twice.

use super::{DateForm, Kind, Title};
use crate::chance::Chance;

/// How many groups of a hundred deliver a film twice.
const REPEATED_PERCENT: usize = 4;
/// How many names of films of a hundred are spoiled.
const SPOILED_PERCENT: usize = 7;

/// Adds a second record of the first film: another edition, or the same with other details.
pub(super) fn repeat(made: &mut Vec<Title>, chance: &mut Chance) {
    let Some(first) = made.first().filter(|first| first.kind == Kind::Film) else { return };
    if !chance.hits(REPEATED_PERCENT) {
        return;
    }
    let mut again = first.clone();
    match chance.below(4) {
        0 => again.title.push_str(chance.pick(&[
            " (Director's Cut)",
            " (Extended)",
            " [HD]",
            ": Special Edition",
        ])),
        1 => again.year = again.year.map(|year| year + 1),
        2 => again.title = again.title.to_uppercase(),
        _ => again.countries.reverse(),
    }
    again.cast.truncate(chance.between(1, 3));
    if chance.hits(50) {
        again.directors.clear();
    }
    again.popularity = again.popularity / 3 * 2;
    made.push(again);
}

/// Spoils some fields of a record; most stay as they are.
pub(super) fn spoil(title: &mut Title, chance: &mut Chance) {
    if chance.hits(SPOILED_PERCENT) {
        title.title = spoiled_name(&title.title, chance);
    }
    if title.title.contains('\'') && chance.hits(25) {
        title.title = title.title.replace('\'', "’");
    }
    if chance.hits(3) {
        title.description = title.description.replace(' ', "\u{a0}");
    }
    match chance.below(200) {
        0..8 => title.description.clear(),
        8..16 => title.cast.clear(),
        16..26 => title.countries.clear(),
        26..28 => title.year = None,
        28 => title.year = Some(0),
        29 => title.year = Some(2_999),
        30 => title.maturity = format!("{} min", title.runtime_min.take().unwrap_or(74)),
        31..36 => title.genres.clear(),
        36..50 => title.runtime_min = None,
        50..54 => title.added = None,
        54..58 => title.cast = vec![title.cast.join(", ")],
        _ => {}
    }
    let form = [DateForm::Iso, DateForm::Iso, DateForm::Long, DateForm::Short][chance.below(4)];
    title.added = title.added.map(|(day, _)| (day, form));
}

fn spoiled_name(name: &str, chance: &mut Chance) -> String {
    match chance.below(12) {
        0 | 1 => name.to_uppercase(),
        2 => name.to_lowercase(),
        3..6 => article_behind(name),
        6 => name.replace('&', "&amp;").replace('\'', "&#39;"),
        7 => name.replace(' ', "\u{a0}"),
        8 => format!("  {} ", name.replace(' ', "  ")),
        9 => format!("\u{feff}{name}"),
        10 => misread(name),
        _ => decomposed(name),
    }
}

fn article_behind(name: &str) -> String {
    match name.split_once(' ') {
        Some((article @ ("The" | "A" | "An" | "La" | "El" | "Le"), rest)) => format!("{rest}, {article}"),
        _ => name.to_owned(),
    }
}

/// UTF-8 read as Latin-1: `é` becomes `Ã©`.
fn misread(name: &str) -> String {
    name.bytes().map(char::from).collect()
}

/// Accents as marks of their own.
fn decomposed(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.nfd().collect()
}
