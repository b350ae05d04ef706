//! Flags of the verbs around search.

use std::path::PathBuf;

use actors::catalogue::TITLES_DEFAULT;
use clap::{Args, Subcommand, ValueEnum};
use platform_core::catalog::record::Territory;
use platform_server::catalog::import::BATCH_RECORDS;

/// Arguments of `queries`.
#[derive(Debug, Args)]
pub struct QueriesArgs {
    /// The catalogue: JSON Lines, plain or gzip.
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// Which half of the franchises the targets come from; the two halves never share one. Example: --split judging
    #[arg(long, value_name = "HALF", default_value = "tuning")]
    pub split: SplitName,
    /// Rows of each of the 24 kinds; fewer where the catalogue has too few titles that fit. Example: --per-kind 200
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub per_kind: u32,
    /// Seed: the same one gives the same rows. Example: --seed 7
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Arguments of `catalog`.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    /// What to do.
    #[command(subcommand)]
    pub kind: CatalogKind,
}

/// What to do with a catalogue.
#[derive(Debug, Subcommand)]
pub enum CatalogKind {
    /// Make a synthetic catalogue, as untidy as suppliers' files, as JSON Lines.
    Generate {
        /// How many records. Example: --titles 1000000
        #[arg(long, value_name = "N", default_value_t = TITLES_DEFAULT)]
        titles: u64,
        /// Seed: the same one gives the same records. Example: --seed 7
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Leave out everything that suppliers get wrong.
        #[arg(long)]
        clean: bool,
    },
    /// Read a supplier's file into a catalogue; what cannot be read is set aside, and a killed import goes on where it was.
    Import {
        /// The file, plain or gzip.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The catalogue: an SQLite file, made if there is none.
        #[arg(long, value_name = "DB.sqlite")]
        store: PathBuf,
        /// How the file is written [default: csv if its name says so, else jsonl]
        #[arg(long, value_name = "FORMAT")]
        format: Option<FormatName>,
        /// Regions where records without `availability` may be watched by everyone. Example: --available-in DE,FR
        #[arg(long, value_name = "REGION", value_delimiter = ',')]
        available_in: Vec<Territory>,
        /// Records written in one transaction. Example: --batch 500
        #[arg(long, value_name = "N", default_value_t = BATCH_RECORDS, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        batch: u32,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print what imports have set aside: where, why, and what to do.
    Quarantine {
        /// The catalogue.
        #[arg(long, value_name = "DB.sqlite")]
        store: PathBuf,
        /// At most so many records. Example: --limit 1000
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// One JSON object a line.
    Jsonl,
    /// A header and rows; lists are split at `|`.
    Csv,
    /// JSON Lines as published catalogues are, with `source` and `notability`.
    Reference,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port on 127.0.0.1; 0 takes a free one. Example: --port 9000
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub port: u16,
    /// Records of the synthetic catalogue. Example: --titles 5000
    #[arg(long, value_name = "N", default_value_t = TITLES_DEFAULT)]
    pub titles: u64,
    /// Seed of the synthetic catalogue. Example: --seed 7
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// A catalogue that `rehearsal catalog import` made, in place of the synthetic one in memory; its index is kept beside
    /// it, and changes to it are searched at once.
    #[arg(long, value_name = "DB.sqlite", conflicts_with_all = ["titles", "seed"])]
    pub store: Option<PathBuf>,
    /// Database of the subscriptions, made and filled with demo subscribers if it is not there; one for this run alone if not
    /// said. Example: --billing billing.sqlite
    #[arg(long, value_name = "DB.sqlite")]
    pub billing: Option<PathBuf>,
    /// Demo subscribers of a new database. Example: --subscribers 1000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub subscribers: u32,
    /// Post notices there as signed webhooks. Example: --notices http://127.0.0.1:9000/hook
    #[arg(long, value_name = "URL")]
    pub notices: Option<String>,
}

/// A half of the franchises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// For choosing weights and thresholds.
    Tuning,
    /// For saying how good the result is.
    Judging,
}
