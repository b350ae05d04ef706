//! Language tags (BCP 47, RFC 5646), in canonical case and form.

use std::fmt;
use std::str::FromStr;

use isolang::Language;
use serde::{Deserialize, Serialize};

use super::UnknownCode;
use super::country::{Country, by_code};
use crate::catalog::normalise;

/// Bibliographic codes of ISO 639-2 that differ from the terminological ones, and withdrawn two-letter codes (RFC 5646,
/// section 4.5, replaces those by their preferred value).
pub(super) const REPLACED: [(&str, &str); 25] = [
    ("alb", "sq"),
    ("arm", "hy"),
    ("baq", "eu"),
    ("bur", "my"),
    ("chi", "zh"),
    ("cze", "cs"),
    ("dut", "nl"),
    ("fre", "fr"),
    ("geo", "ka"),
    ("ger", "de"),
    ("gre", "el"),
    ("ice", "is"),
    ("mac", "mk"),
    ("mao", "mi"),
    ("may", "ms"),
    ("per", "fa"),
    ("rum", "ro"),
    ("slo", "sk"),
    ("tib", "bo"),
    ("wel", "cy"),
    ("iw", "he"),
    ("in", "id"),
    ("ji", "yi"),
    ("jw", "jv"),
    ("mo", "ro"),
];

/// English names, folded, of the languages that film catalogues name.
pub(super) const NAMES: &str = "afrikaans af|albanian sq|american sign language ase|amharic am|arabic ar|armenian hy|\
    azerbaijani az|basque eu|belarusian be|bengali bn|bosnian bs|brazilian portuguese pt-BR|bulgarian bg|burmese my|\
    cantonese yue|castilian es-ES|catalan ca|chinese zh|chinese simplified zh-Hans|chinese traditional zh-Hant|\
    simplified chinese zh-Hans|traditional chinese zh-Hant|croatian hr|czech cs|danish da|dari prs|dutch nl|\
    dzongkha dz|english en|estonian et|european spanish es-ES|farsi fa|filipino fil|finnish fi|flemish nl-BE|french fr|\
    canadian french fr-CA|galician gl|georgian ka|german de|swiss german gsw|greek el|gujarati gu|hausa ha|hawaiian haw|\
    hebrew he|hindi hi|hungarian hu|icelandic is|igbo ig|indonesian id|inuktitut iu|irish ga|italian it|japanese ja|\
    kannada kn|kazakh kk|khmer km|korean ko|kurdish ku|latin la|latin american spanish es-419|latvian lv|lithuanian lt|\
    macedonian mk|malay ms|malayalam ml|maltese mt|mandarin cmn|mandarin chinese cmn|maori mi|marathi mr|mongolian mn|\
    nepali ne|norwegian no|norwegian bokmal nb|norwegian nynorsk nn|persian fa|polish pl|portuguese pt|\
    european portuguese pt-PT|punjabi pa|quechua qu|romanian ro|russian ru|serbian sr|sinhala si|slovak sk|slovene sl|\
    slovenian sl|somali so|spanish es|swahili sw|swedish sv|tagalog tl|tamil ta|telugu te|thai th|tibetan bo|turkish tr|\
    ukrainian uk|urdu ur|vietnamese vi|welsh cy|wolof wo|xhosa xh|yiddish yi|yoruba yo|zulu zu|silent zxx|\
    no dialogue zxx|multiple languages mul|undetermined und";

/// A language tag in canonical case, for example `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(String);

impl LanguageTag {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: two letters where ISO 639-1 has a code, else three.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LanguageTag {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        language(text)
    }
}

impl TryFrom<String> for LanguageTag {
    type Error = UnknownCode;

    fn try_from(text: String) -> Result<Self, UnknownCode> {
        language(&text)
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0
    }
}

/// Reads a language: a tag in any case, with `-` or `_`; a code of ISO 639-1, 639-2 (both sets) or 639-3; an English name.
///
/// A three-letter code becomes the two-letter one where there is one, an extended language subtag the language by itself
/// (`zh-yue` is `yue`), a withdrawn code its successor. Scripts and variants are checked for their form, languages and
/// regions against the registers.
///
/// # Errors
/// [`UnknownCode::Language`] and [`UnknownCode::Subtag`].
///
/// Source: RFC 5646, sections 2.1 (form), 2.1.1 (case) and 4.5 (canonical form).
pub fn language(text: &str) -> Result<LanguageTag, UnknownCode> {
    let folded = normalise::fold(text);
    let named = NAMES.split('|').filter_map(|entry| entry.trim().rsplit_once(' '));
    if let Some((_, tag)) = named.into_iter().find(|(name, _)| *name == folded) {
        return Ok(LanguageTag(tag.to_owned()));
    }
    let lower = text.trim().replace('_', "-").to_ascii_lowercase();
    let mut subtags: Vec<&str> = lower.split('-').collect();
    let first = subtags.remove(0);
    let mut primary = primary(first).ok_or_else(|| UnknownCode::Language(text.to_owned()))?;
    if let Some(extended) = subtags.first().filter(|subtag| is_letters(subtag, 3)) {
        let unknown = || UnknownCode::Subtag { tag: text.to_owned(), subtag: (*extended).to_owned() };
        primary = self::primary(extended).ok_or_else(unknown)?;
        subtags.remove(0);
    }
    let rest = rest(&subtags)
        .map_err(|subtag| UnknownCode::Subtag { tag: text.to_owned(), subtag: subtag.to_owned() })?;
    Ok(LanguageTag([vec![primary], rest].concat().join("-")))
}

/// The shortest code of a language by a code of any part of ISO 639.
fn primary(code: &str) -> Option<String> {
    let code = REPLACED.iter().find(|(old, _)| *old == code).map_or(code, |(_, new)| *new);
    let known = Language::from_639_1(code).or_else(|| Language::from_639_3(code))?;
    Some(known.to_639_1().unwrap_or_else(|| known.to_639_3()).to_owned())
}

/// What follows the language, in canonical case and order; or the first subtag that is out of place.
fn rest<'a>(subtags: &[&'a str]) -> Result<Vec<String>, &'a str> {
    let mut done: Vec<String> = Vec::new();
    let mut at = 0;
    let next = |at: usize| subtags.get(at).copied();
    if let Some(script) = next(at).filter(|subtag| is_letters(subtag, 4)) {
        done.push(format!("{}{}", script[..1].to_ascii_uppercase(), &script[1..]));
        at += 1;
    }
    if let Some(subtag) = next(at).filter(|subtag| is_letters(subtag, 2) || is_digits(subtag, 3)) {
        done.push(region(subtag).ok_or(subtag)?);
        at += 1;
    }
    while let Some(variant) = next(at).filter(|subtag| is_variant(subtag)) {
        if done.iter().any(|known| known == variant) {
            return Err(variant);
        }
        done.push(variant.to_owned());
        at += 1;
    }
    done.extend(extensions(&subtags[at..])?);
    Ok(done)
}

/// Extensions by their letter, private use last (RFC 5646, section 4.5, rule 1).
fn extensions<'a>(subtags: &[&'a str]) -> Result<Vec<String>, &'a str> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for &subtag in subtags {
        let is_private = groups.last().is_some_and(|group| group[0] == "x");
        let fits = (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_repeated = groups.iter().any(|group| group[0] == subtag);
        match groups.last_mut() {
            _ if !fits => return Err(subtag),
            Some(group) if is_private || subtag.len() > 1 => group.push(subtag),
            None if subtag.len() > 1 => return Err(subtag),
            _ if is_repeated => return Err(subtag),
            _ => groups.push(vec![subtag]),
        }
    }
    if let Some(bare) = groups.iter().find(|group| group.len() == 1) {
        return Err(subtags.iter().find(|subtag| **subtag == bare[0]).copied().unwrap_or_default());
    }
    groups.sort_by_key(|group| (group[0] == "x", group[0].to_owned()));
    Ok(groups.concat().into_iter().map(str::to_owned).collect())
}

/// A region of a tag: a country of today, one that is gone without a single heir, or three digits of UN M.49.
fn region(subtag: &str) -> Option<String> {
    if is_digits(subtag, 3) {
        return super::region(subtag).ok().map(|region| region.to_string());
    }
    let upper = subtag.to_ascii_uppercase();
    match by_code(&upper) {
        Ok(Country::Current(territory)) => Some(territory.to_string()),
        Ok(Country::Former(former)) => Some(former.heir().map_or(upper, |heir| heir.to_string())),
        Err(UnknownCode::TwoCountries { .. }) => Some(upper),
        Err(_) => None,
    }
}

fn is_letters(subtag: &str, count: usize) -> bool {
    subtag.len() == count && subtag.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_digits(subtag: &str, count: usize) -> bool {
    subtag.len() == count && subtag.bytes().all(|b| b.is_ascii_digit())
}

fn is_variant(subtag: &str) -> bool {
    let is_plain = subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    let fits = (5..=8).contains(&subtag.len())
        || subtag.len() == 4 && subtag.bytes().next().is_some_and(|b| b.is_ascii_digit());
    is_plain && fits
}
