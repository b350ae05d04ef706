//! Abbreviations written out, and British spelling as American.

/// Words with their comparable form. Both sides of a comparison go through it, so the direction does not matter.
const SAME: [(&str, &str); 31] = [
    ("dr", "doctor"),
    ("mr", "mister"),
    ("mt", "mount"),
    ("st", "saint"),
    ("vs", "versus"),
    ("pt", "part"),
    ("vol", "volume"),
    ("ep", "episode"),
    ("theatre", "theater"),
    ("centre", "center"),
    ("grey", "gray"),
    ("greyhound", "grayhound"),
    ("defence", "defense"),
    ("offence", "offense"),
    ("licence", "license"),
    ("catalogue", "catalog"),
    ("dialogue", "dialog"),
    ("programme", "program"),
    ("cheque", "check"),
    ("tyre", "tire"),
    ("pyjama", "pajama"),
    ("pyjamas", "pajamas"),
    ("aluminium", "aluminum"),
    ("aeroplane", "airplane"),
    ("jewellery", "jewelry"),
    ("judgement", "judgment"),
    ("traveller", "traveler"),
    ("travellers", "travelers"),
    ("storey", "story"),
    ("kerb", "curb"),
    ("mould", "mold"),
];

/// Words in `our` that are `or` on the other side of the Atlantic; `hour`, `four` and `tour` are not.
const OUR: [&str; 14] = [
    "colour",
    "honour",
    "neighbour",
    "armour",
    "flavour",
    "behaviour",
    "parlour",
    "rumour",
    "harbour",
    "labour",
    "saviour",
    "favour",
    "humour",
    "vapour",
];

/// The comparable form of one word.
pub(super) fn canonical(word: &str) -> String {
    if let Some((_, same)) = SAME.iter().find(|(from, _)| *from == word) {
        return (*same).to_owned();
    }
    match OUR.iter().find(|stem| word.starts_with(**stem)) {
        Some(stem) => format!("{}or{}", &stem[..stem.len() - 3], &word[stem.len()..]),
        None => word.to_owned(),
    }
}
