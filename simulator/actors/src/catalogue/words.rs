//! The vocabulary of made-up titles and plots: common English words, to be combined freely.

/// Qualities.
pub(super) const ADJECTIVES: [&str; 122] = [
    "Amber", "Ancient", "Angry", "Bitter", "Blind", "Bold", "Borrowed", "Brave", "Bright", "Brittle",
    "Broken", "Burning", "Careless", "Careful", "Cloudy", "Clumsy", "Cold", "Common", "Copper", "Crimson",
    "Crooked", "Crowded", "Curious", "Distant", "Double", "Drowsy", "Dusty", "Early", "Eastern", "Elegant",
    "Empty", "Endless", "Evening", "Faded", "Faithful", "False", "Fearless", "Feral", "Final", "Flying",
    "Foolish", "Fragile", "Frozen", "Gentle", "Gilded", "Golden", "Grateful", "Green", "Guilty", "Happy",
    "Hasty", "Hidden", "Hollow", "Honest", "Humble", "Hungry", "Idle", "Innocent", "Iron", "Jealous",
    "Joyful", "Last", "Late", "Lazy", "Little", "Lonely", "Long", "Lost", "Loud", "Lucky", "Marble",
    "Midnight", "Missing", "Modest", "Nameless", "Narrow", "Nervous", "Noble", "Northern", "Odd", "Old",
    "Open", "Painted", "Pale", "Paper", "Patient", "Perfect", "Polite", "Proud", "Quiet", "Quick", "Ragged",
    "Reckless", "Red", "Restless", "Rough", "Rusty", "Salted", "Scarlet", "Second", "Secret", "Seven",
    "Shallow", "Silent", "Silver", "Slow", "Small", "Soft", "Stolen", "Stubborn", "Sudden", "Tender",
    "Thirsty", "Tired", "Twisted", "Unlikely", "Velvet", "Warm", "Wicked", "Wild", "Wooden", "Young",
];

/// Things, people and places.
pub(super) const NOUNS: [&str; 183] = [
    "Accident", "Alibi", "Alley", "Almanac", "Anchor", "Answer", "Archive", "Arrow", "Attic", "Baker",
    "Ballroom", "Bandit", "Banquet", "Barber", "Basement", "Beacon", "Bell", "Border", "Bottle", "Bouquet",
    "Bridge", "Brother", "Butcher", "Cabin", "Camera", "Candle", "Canyon", "Captain", "Caravan", "Carnival",
    "Castle", "Ceremony", "Choir", "Cinema", "Circus", "Coast", "Color", "Comet", "Compass", "Concert",
    "Corridor", "Cousin", "Crossing", "Crown", "Curtain", "Dancer", "Daughter", "Debt", "Delivery", "Desert",
    "Diary", "Dinner", "Diplomat", "Doctor", "Doorway", "Dragon", "Dream", "Echo", "Election", "Elevator",
    "Embassy", "Engine", "Envelope", "Escape", "Exile", "Factory", "Falcon", "Farewell", "Feather", "Ferry",
    "Fiddler", "Field", "Flood", "Florist", "Forest", "Fortune", "Fountain", "Fugitive", "Funeral", "Garden",
    "Gardener", "Gate", "Ghost", "Giant", "Glacier", "Guest", "Guide", "Gypsum", "Harbor", "Harvest",
    "Heart", "Hedgehog", "Heir", "Holiday", "Horizon", "Hospital", "Hotel", "Hour", "Hunter", "Island",
    "Journey", "Judge", "Jury", "Keeper", "Kettle", "King", "Kingdom", "Kitchen", "Ladder", "Lake",
    "Lantern", "Lawyer", "Letter", "Library", "Lion", "Lodger", "Machine", "Magician", "Mailman", "Map",
    "Marriage", "Meadow", "Melody", "Memory", "Merchant", "Mirror", "Mistake", "Monsoon", "Moon", "Mother",
    "Mountain", "Museum", "Neighbor", "Nephew", "Night", "Notebook", "Nurse", "Ocean", "Orchard", "Orphan",
    "Pharmacy", "Pianist", "Pilot", "Planet", "Poet", "Portrait", "Postcard", "Prison", "Promise", "Puzzle",
    "Rain", "Recipe", "Riddle", "River", "Robbery", "Sailor", "School", "Season", "Shadow", "Shepherd",
    "Sister", "Snow", "Soldier", "Station", "Stranger", "Suitcase", "Summer", "Tailor", "Teacher",
    "Telegram", "Theater", "Thief", "Thunder", "Tower", "Train", "Umbrella", "Uncle", "Valley", "Verdict",
    "Village", "Violin", "Voyage", "Widow",
];

/// First halves of compounds (`saltkeeper`).
pub(super) const HEADS: [&str; 56] = [
    "ash", "bell", "birch", "black", "bone", "brass", "candle", "chalk", "clay", "cloud", "coal", "crow",
    "dawn", "dusk", "ember", "fern", "fire", "flint", "fog", "frost", "glass", "grain", "hawk", "hearth",
    "honey", "ink", "iron", "ivy", "lamp", "light", "linen", "moon", "moss", "moth", "night", "oak", "pearl",
    "pine", "rain", "reed", "river", "rope", "salt", "sand", "sea", "shadow", "silk", "snow", "star",
    "stone", "storm", "thorn", "tide", "wave", "wax", "wind",
];

/// Second halves of compounds.
pub(super) const TAILS: [&str; 48] = [
    "bearer", "binder", "borne", "breaker", "bridge", "caller", "catcher", "cutter", "fall", "field",
    "finder", "founder", "gate", "gazer", "grove", "guard", "hall", "haven", "hunter", "keeper", "land",
    "light", "maker", "mark", "master", "mender", "mill", "path", "reader", "rider", "rise", "runner",
    "seeker", "shaper", "shore", "side", "singer", "smith", "song", "speaker", "tamer", "teller", "trader",
    "walker", "ward", "watcher", "weaver", "wood",
];

/// What is done in titles and plots: (base form, past).
pub(super) const VERBS: [(&str, &str); 40] = [
    ("abandon", "abandoned"),
    ("accept", "accepted"),
    ("borrow", "borrowed"),
    ("bury", "buried"),
    ("chase", "chased"),
    ("confess", "confessed"),
    ("defend", "defended"),
    ("deny", "denied"),
    ("discover", "discovered"),
    ("divide", "divided"),
    ("escape", "escaped"),
    ("fear", "feared"),
    ("follow", "followed"),
    ("forgive", "forgave"),
    ("guard", "guarded"),
    ("hide", "hid"),
    ("inherit", "inherited"),
    ("invent", "invented"),
    ("kidnap", "kidnapped"),
    ("lose", "lost"),
    ("marry", "married"),
    ("mistake", "mistook"),
    ("owe", "owed"),
    ("paint", "painted"),
    ("promise", "promised"),
    ("protect", "protected"),
    ("recognise", "recognised"),
    ("refuse", "refused"),
    ("remember", "remembered"),
    ("rescue", "rescued"),
    ("return", "returned"),
    ("reveal", "revealed"),
    ("sell", "sold"),
    ("smuggle", "smuggled"),
    ("steal", "stole"),
    ("suspect", "suspected"),
    ("teach", "taught"),
    ("trade", "traded"),
    ("trust", "trusted"),
    ("unmask", "unmasked"),
];

/// Genres as different suppliers name them; each row is one genre, its usual name first.
pub(super) const GENRES: [&[&str]; 18] = [
    &["Drama", "Dramas", "drama"],
    &["Comedy", "Comedies", "comedy"],
    &["Thriller", "Thrillers"],
    &["Romance", "Romantic Movies", "romance"],
    &["Crime", "Crime TV Shows"],
    &["Action & Adventure", "Action", "Adventure", "action/adventure"],
    &["Documentary", "Documentaries", "Docuseries", "documentry"],
    &["Horror", "Horror Movies"],
    &["Science Fiction", "Sci-Fi", "sci-fi", "Science-Fiction"],
    &["Fantasy"],
    &["Animation", "Animated", "animated"],
    &["Family", "Children & Family Movies", "Kids' TV"],
    &["Mystery", "Mysteries"],
    &["War", "War Movies"],
    &["Western", "Westerns"],
    &["Musical", "Music & Musicals"],
    &["History", "Historical"],
    &["Sport", "Sports"],
];

/// Age ratings as they come, from several countries; the empty one is missing.
pub(super) const RATINGS: [&str; 22] = [
    "", "", "", "TV-MA", "TV-14", "TV-PG", "TV-G", "TV-Y7", "TV-Y", "R", "PG-13", "PG", "G", "NC-17", "NR",
    "12", "15", "18", "U", "FSK 12", "FSK 16", "16+",
];
