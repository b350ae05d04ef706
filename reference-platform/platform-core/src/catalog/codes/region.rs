//! Regions of the United Nations' statistics division (M.49), and the territories in them.

use std::collections::BTreeSet;
use std::fmt;

use super::UnknownCode;
use crate::catalog::normalise;
use crate::catalog::record::Territory;

/// Regions that hold territories: code, name, territories. Antarctica lies in none; Taiwan, which the list does not name, is
/// put where it lies, because rights are sold for it, and so is Kosovo.
const HOLDING: [(u16, &str, &str); 22] = [
    (15, "Northern Africa", "DZ EG EH LY MA SD TN"),
    (14, "Eastern Africa", "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW"),
    (17, "Middle Africa", "AO CD CF CG CM GA GQ ST TD"),
    (18, "Southern Africa", "BW LS NA SZ ZA"),
    (11, "Western Africa", "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG"),
    (29, "Caribbean", "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI"),
    (13, "Central America", "BZ CR GT HN MX NI PA SV"),
    (5, "South America", "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE"),
    (21, "Northern America", "BM CA GL PM US"),
    (143, "Central Asia", "KG KZ TJ TM UZ"),
    (30, "Eastern Asia", "CN HK JP KP KR MN MO TW"),
    (35, "South-eastern Asia", "BN ID KH LA MM MY PH SG TH TL VN"),
    (34, "Southern Asia", "AF BD BT IN IR LK MV NP PK"),
    (145, "Western Asia", "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE"),
    (151, "Eastern Europe", "BG BY CZ HU MD PL RO RU SK UA"),
    (154, "Northern Europe", "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ"),
    (39, "Southern Europe", "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK"),
    (155, "Western Europe", "AT BE CH DE FR LI LU MC NL"),
    (53, "Australia and New Zealand", "AU CC CX HM NF NZ"),
    (54, "Melanesia", "FJ NC PG SB VU"),
    (57, "Micronesia", "FM GU KI MH MP NR PW UM"),
    (61, "Polynesia", "AS CK NU PF PN TK TO TV WF WS"),
];

/// Regions that hold regions: code, name, codes.
const ABOVE: [(u16, &str, &[u16]); 9] = [
    (1, "World", &[2, 19, 142, 150, 9]),
    (2, "Africa", &[15, 202]),
    (202, "Sub-Saharan Africa", &[14, 17, 18, 11]),
    (19, "Americas", &[419, 21]),
    (3, "North America", &[21, 13, 29]),
    (419, "Latin America and the Caribbean", &[29, 13, 5]),
    (142, "Asia", &[143, 30, 35, 34, 145]),
    (150, "Europe", &[151, 154, 39, 155]),
    (9, "Oceania", &[53, 54, 57, 61]),
];

/// Names that suppliers use instead.
const NAMES: [(&str, u16); 6] = [
    ("latam", 419),
    ("latin america", 419),
    ("worldwide", 1),
    ("ww", 1),
    ("southeast asia", 35),
    ("anz", 53),
];

/// A region: a number below 1000, written in three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(u16);

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl Region {
    /// Its name in the list.
    #[must_use]
    pub fn name(self) -> &'static str {
        let all = entries().find(|(code, _)| *code == self.0);
        all.map_or("", |(_, name)| name)
    }

    /// All territories that lie in it, those of regions within it too.
    #[must_use]
    pub fn territories(self) -> BTreeSet<Territory> {
        if let Some((_, _, parts)) = ABOVE.iter().find(|(code, ..)| *code == self.0) {
            return parts.iter().flat_map(|part| Self(*part).territories()).collect();
        }
        let own = HOLDING.iter().filter(|(code, ..)| *code == self.0);
        own.flat_map(|(_, _, codes)| codes.split(' ')).filter_map(|code| code.parse().ok()).collect()
    }
}

fn entries() -> impl Iterator<Item = (u16, &'static str)> {
    let holding = HOLDING.iter().map(|(code, name, _)| (*code, *name));
    holding.chain(ABOVE.iter().map(|(code, name, _)| (*code, *name)))
}

/// Reads a region: three digits, or its English name in any writing.
///
/// # Errors
/// [`UnknownCode::Region`], also for the digits of a single country.
pub fn region(text: &str) -> Result<Region, UnknownCode> {
    let trimmed = text.trim();
    let is_number = trimmed.len() == 3 && trimmed.bytes().all(|b| b.is_ascii_digit());
    let folded = normalise::fold(text);
    let by_name = || {
        let ours = NAMES.iter().find(|(name, _)| *name == folded).map(|(_, code)| *code);
        ours.or_else(|| entries().find(|(_, name)| normalise::fold(name) == folded).map(|(code, _)| code))
    };
    let code = match trimmed.parse::<u16>() {
        Ok(number) if is_number => entries().find(|(code, _)| *code == number).map(|(code, _)| code),
        _ => by_name(),
    };
    code.map(Region).ok_or_else(|| UnknownCode::Region(text.to_owned()))
}
