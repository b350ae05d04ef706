//! Verbs and flags: one definition for the parser and the help.

use std::path::PathBuf;

mod search;

pub use search::{CatalogArgs, CatalogKind, FormatName, QueriesArgs, ServeArgs, SplitName};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The largest seed: scenarios are TOML, whose numbers have 63 bits and a sign.
const SEED_MAX: u64 = i64::MAX.unsigned_abs();

/// Rehearses a streaming company's worst evening before its viewers live it.
#[derive(Debug, Parser)]
#[command(
    name = "rehearsal",
    version,
    after_help = "Without a verb: `rehearsal run before-after`.\n\n\
        Exit codes: 0 all blocking gates pass, 99 a gate failed or a reproduction or validation differs, 98 inconclusive,\n\
        97 could not judge, 2 bad scenario or usage, 101 a bug of ours, 130 interrupted.\n\
        The last line of a failure (on stderr) is the command that repeats it."
)]
pub struct Cli {
    /// What to do; `run before-after` if nothing is said.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Simulate a scenario, judge its gates, write reports.
    Run(RunArgs),
    /// Validate a scenario without running it: what it makes, how long it takes, whom its faults hit.
    Check(CheckArgs),
    /// List what there is: scenarios, metrics, faults, levers, assumptions.
    List(ListArgs),
    /// Say what a gate or a metric means: formula, source, limit.
    Explain(ExplainArgs),
    /// Run a report again from its own inputs and prove that the bytes are the same.
    Reproduce(ReproduceArgs),
    /// Render a report again.
    Report(ReportArgs),
    /// Print the JSON Schema of the scenario format.
    Schema,
    /// Replay outside reference data and say where we differ.
    Validate(ValidateArgs),
    /// Make searchers' queries over a catalogue, with every title that answers each, as JSON Lines.
    Queries(QueriesArgs),
    /// Work on catalogues of titles.
    Catalog(CatalogArgs),
    /// Serve the platform with demo data on loopback, and print its addresses.
    Serve(ServeArgs),
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Shipped name or path, one or more; `before-after` if none is named.
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    /// First seed; further ones count up from it. Example: --seed 7
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=SEED_MAX))]
    pub seed: Option<u64>,
    /// Run exactly so many seeds, at least 1. Example: --seeds 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub seeds: Option<u32>,
    /// Run only this arm; may be given again. Example: --arm after
    #[arg(long, value_name = "ID")]
    pub arm: Vec<String>,
    /// Set one value of the scenario by its dotted key. Example: --set fault.cdn-a-fra-dies.for=4m
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Threads to use; changes no byte of the report [default: all cores]. Example: --threads 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Stop before the seed that would take longer than this, judging what was done; no sensitivity table. Example: --budget 3m
    #[arg(long, value_name = "TIME")]
    pub budget: Option<String>,
    /// Earlier report for gates with vs = "baseline". Example: --baseline main/report.json
    #[arg(long, value_name = "REPORT.json")]
    pub baseline: Option<PathBuf>,
    /// Folder for the results [default: reports/out/ and the scenario's name]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Leave out the sensitivity table (which assumption moves the headline how far).
    #[arg(long)]
    pub no_sensitivity: bool,
    /// Print report.json on stdout instead of the summary; of several scenarios, a JSON array.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Shipped name or path.
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenarios: Vec<String>,
    /// Set one value of the scenario by its dotted key. Example: --set run.duration=10m
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print one JSON object; of several scenarios, an array.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list.
    pub what: Listed,
    /// Print a JSON array.
    #[arg(long)]
    pub json: bool,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// The scenarios that ship inside the binary.
    Scenarios,
    /// The metric catalogue.
    Metrics,
    /// The kinds of faults.
    Faults,
    /// The levers of the modernisation.
    Levers,
    /// What the shipped scenarios take for granted, with sources and ranges, and the policies of billing.
    Assumptions,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A metric (`playback.rebuffering_ratio`) or a gate of the scenario (`buffer-rate`).
    #[arg(value_name = "GATE|METRIC")]
    pub name: String,
    /// The scenario whose gates are meant.
    #[arg(long, value_name = "SCENARIO", default_value = scenarios::library::DEFAULT)]
    pub scenario: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `reproduce`.
#[derive(Debug, Args)]
pub struct ReproduceArgs {
    /// A report.json.
    #[arg(value_name = "REPORT.json")]
    pub report: PathBuf,
    /// Threads to use; changes no byte of the report [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// The baseline that the report was judged against, if it was.
    #[arg(long, value_name = "REPORT.json")]
    pub baseline: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A report.json.
    #[arg(value_name = "REPORT.json")]
    pub report: PathBuf,
    /// Folder for the pages [default: the report's own]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Which evidence.
    #[command(subcommand)]
    pub kind: ValidateKind,
}

/// Which evidence to replay.
#[derive(Debug, Subcommand)]
pub enum ValidateKind {
    /// Golden results and decision logs of Sabre, the ABR simulator.
    Sabre {
        /// Folder with Sabre's traces and manifests as JSON.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Golden tables (.csv, .csv.gz) and decision logs (.log).
        #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
        golden: Vec<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Signed webhooks: Standard Webhooks and Stripe, genuine, forged and malformed.
    Webhooks {
        /// A file of billing vectors (JSON).
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Queries of viewers who look for a title they know, over a catalogue.
    Search {
        /// Catalogue: one JSON object a line, plain or gzip.
        #[arg(long, value_name = "FILE")]
        catalog: PathBuf,
        /// Queries: one JSON object a line, plain or gzip; may be given again.
        #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
        queries: Vec<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Which records are about one work: labelled pairs, and a catalogue's own repeats.
    Entities {
        /// Catalogue with a `wiki` link where one is known: one JSON object a line, plain or gzip.
        #[arg(long, value_name = "FILE")]
        catalog: PathBuf,
        /// Labelled pairs: one JSON object a line, plain or gzip.
        #[arg(long, value_name = "FILE")]
        pairs: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Starts of billing periods, changes of clocks, proration, decimals of currencies.
    Calendar {
        /// A file of billing vectors (JSON).
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Whole stories of billing: crashes, lost answers, webhooks in any order, played against the platform.
    Sequences {
        /// A file of billing vectors (JSON).
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Golden miss ratios of libCacheSim.
    Cache {
        /// The file of golden miss ratios.
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}
