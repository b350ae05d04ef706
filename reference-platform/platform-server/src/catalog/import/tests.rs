use std::fs;
use std::io::Write;
use std::ops::ControlFlow;

use flate2::Compression;
use flate2::write::GzEncoder;
use platform_core::catalog::record::Tier;
use tempfile::TempDir;
use units::Timestamp;

use super::*;
use crate::catalog::store::Quarantined;
use crate::catalog::store::feed::{Numbered, Seq};

/// Good records among bad ones: cut short, without an id, decoded wrongly, with a window the wrong way round.
fn messy() -> String {
    let mut lines = String::new();
    for number in 0..23 {
        let window = r#"[{"region":"DE","start":"2024-01-01","end":"2030-01-01","tier":1}]"#;
        let good = format!(
            r#"{{"id":"t{number}","kind":"movie","title":"Lantern  {number}","year":"1987","maturity":"PG-13","availability":{window}}}"#
        );
        let line = match number % 6 {
            1 => good[..good.len() / 2].to_owned(),
            3 => good.replace(&format!("\"id\":\"t{number}\","), ""),
            4 => good.replace("Lantern", "Caf\u{c3}\u{a9}"),
            5 => good.replace("2030", "2020"),
            _ => good,
        };
        lines += &line;
        lines += "\n\n";
    }
    lines
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

struct Bench {
    dir: TempDir,
    store: CatalogStore,
}

impl Bench {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = CatalogStore::open(&dir.path().join("catalogue.sqlite")).await.unwrap();
        Self { dir, store }
    }

    fn request(&self, name: &str, bytes: impl AsRef<[u8]>) -> Request {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let format = Format::of(&path);
        Request { path, format, batch_records: 4, regions: Vec::new(), this_year: 2026 }
    }

    async fn all(&self, request: &Request) -> Summary {
        import(&self.store, request, |_| ControlFlow::Continue(())).await.unwrap()
    }

    /// What is in the catalogue but for the names of files.
    async fn content(&self) -> (Vec<Numbered>, Seq, Vec<Quarantined>) {
        let (titles, seq) = self.store.all().await.unwrap();
        let mut quarantine = self.store.quarantine(1_000).await.unwrap();
        quarantine.iter_mut().for_each(|one| one.source.clear());
        (titles, seq, quarantine)
    }
}

#[tokio::test]
async fn an_import_stopped_after_any_batch_goes_on_and_ends_as_one_that_was_not() {
    let whole = Bench::new().await;
    let expected = whole.all(&whole.request("c.jsonl", messy())).await;
    assert!(expected.is_complete());
    assert_eq!((expected.written().added, expected.position.quarantined), (8, 15));
    for step in 1..=6 {
        let bench = Bench::new().await;
        let request = bench.request("c.jsonl.gz", gzip(&messy()));
        let mut starts = 0;
        let summary = loop {
            let mut batches = 0;
            let stop = |_: &Progress| {
                batches += 1;
                if batches == step { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let summary = import(&bench.store, &request, stop).await.unwrap();
            starts += 1;
            if summary.is_complete() {
                break summary;
            }
        };
        assert!(starts >= 6_u32.div_ceil(step), "{step}");
        assert_eq!(summary.written(), expected.written());
        assert_eq!(bench.content().await, whole.content().await, "stopped after {step}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_says_where_why_and_what_to_do() {
    let bench = Bench::new().await;
    bench.all(&bench.request("c.jsonl", messy())).await;
    let quarantine = bench.store.quarantine(5).await.unwrap();
    let said: Vec<(u64, &str)> = quarantine.iter().map(|one| (one.line, one.reason.as_str())).collect();
    assert_eq!(said[0].0, 3);
    assert!(said[0].1.starts_with("the line is no record: "), "{}", said[0].1);
    assert_eq!(said[1], (7, "the record has no `id`"));
    assert!(said[2].1.contains("was decoded wrongly"));
    assert_eq!(said[3], (11, "a window in DE ends before it starts"));
    assert!(quarantine.iter().all(|one| !one.suggestion.is_empty() && !one.raw.is_empty()));
}

#[tokio::test]
async fn the_same_records_as_a_table_are_the_same_titles() {
    let line = r#"{"id":"a","kind":"show","title":"The Lantern","cast":["Ida Park","Bo, Jr."],"year":1999,"added":"September 25, 2021","popularity":5,"availability":[{"region":"de","start":"2024-01-01","end":"2024-06-01T12:00:00Z","tier":"basic"},{"region":"FR","start":"2024-01-01"}]}"#;
    let table = "ID,Kind,Title,Cast,Year,Added,Popularity,Colour,Availability\n\
        a,show,\"Lantern, The\",\"Ida Park|Bo, Jr.\",1999,25-Sep-21,5,red,DE:2024-01-01..2024-06-01T12:00:00Z:basic|FR:2024-01-01..\n\
        b,show,short\n";
    let (lines, rows) = (Bench::new().await, Bench::new().await);
    lines.all(&lines.request("c.jsonl", line)).await;
    let request = rows.request("c.csv.gz", gzip(table));
    assert_eq!(request.format, Format::Csv);
    let summary = rows.all(&request).await;
    assert_eq!((summary.written().added, summary.position.quarantined), (1, 1));
    let titles = rows.content().await.0;
    assert_eq!(titles, lines.content().await.0);
    let windows = &titles[0].title.windows;
    assert_eq!((windows[0].tier, windows[1].tier, windows[1].end), (Tier::Basic, Tier::Free, None));
    assert_eq!(rows.store.quarantine(1).await.unwrap()[0].reason, "the row has 3 cells, the header 9");
}

#[tokio::test]
async fn an_id_that_stands_twice_with_another_content_is_set_aside_also_after_a_restart() {
    let bench = Bench::new().await;
    let line = |title: &str| format!("{{\"id\":\"a\",\"kind\":\"film\",\"title\":\"{title}\"}}\n");
    let text = [line("One"), line("One"), line("Two")].concat();
    let request = Request { batch_records: 1, ..bench.request("c.jsonl", text) };
    while !import(&bench.store, &request, |_| ControlFlow::Break(())).await.unwrap().is_complete() {}
    let (titles, _, quarantine) = bench.content().await;
    assert_eq!((titles.len(), titles[0].title.record.title.as_str()), (1, "One"));
    assert_eq!((quarantine.len(), quarantine[0].line), (1, 3));
    assert!(quarantine[0].reason.contains("line 1"), "{}", quarantine[0].reason);
}

#[tokio::test]
async fn a_file_that_was_changed_is_read_from_its_start_and_one_that_grew_is_read_on() {
    let bench = Bench::new().await;
    let line =
        |id: u32, title: &str| format!("{{\"id\":\"{id}\",\"kind\":\"film\",\"title\":\"{title}\"}}\n");
    let first: String = (0..9).map(|id| line(id, "Old")).collect();
    let summary = bench.all(&bench.request("c.jsonl", &first)).await;
    assert_eq!(summary.resumed_at, 0);
    let again = bench.all(&bench.request("c.jsonl", &first)).await;
    assert_eq!((again.resumed_at, again.written().added, again.changed_since), (9, 9, false));
    let grown = bench.all(&bench.request("c.jsonl", first.clone() + &line(9, "New"))).await;
    assert_eq!((grown.resumed_at, grown.written().added, grown.changed_since), (9, 10, false));
    let before = bench.store.last_seq().await.unwrap();
    let other = bench.all(&bench.request("c.jsonl", first.replacen("Old", "Other", 1))).await;
    assert!(other.changed_since);
    assert_eq!((other.written().changed, other.written().unchanged), (1, 8));
    let changes = bench.store.changes_since(before, 100).await.unwrap();
    assert_eq!(changes.list.len(), 1, "what is as it was moves no feed");
}

#[tokio::test]
async fn a_gzip_that_ends_early_stops_the_import_and_a_whole_one_goes_on() {
    let bench = Bench::new().await;
    let packed = gzip(&messy().repeat(200));
    let request = bench.request("c.jsonl.gz", &packed[..packed.len() * 2 / 3]);
    let cut = import(&bench.store, &request, |_| ControlFlow::Continue(())).await;
    assert!(matches!(cut, Err(ImportError::Read { .. })), "{cut:?}");
    let had = bench.store.titles().await.unwrap();
    assert_eq!(had, 8);
    let request = bench.request("c.jsonl.gz", gzip(&messy().repeat(200)));
    let summary = bench.all(&request).await;
    assert!(summary.is_complete() && summary.resumed_at > 0 && !summary.changed_since);
}

#[tokio::test]
async fn records_of_the_published_shape_keep_what_is_known_of_them() {
    let bench = Bench::new().await;
    let text = "{\"id\":\"x1\",\"kind\":\"movie\",\"title\":\"Fernrunner\",\"year\":1950,\"maturity\":null,\"wiki\":\"Fernrunner_(film)\",\"added\":null,\"source\":\"wiki\",\"notability\":0.25}\n{\"id\":\"x2\",\"kind\":\"movie\",\"title\":\"Other\"}\n";
    let request = Request {
        format: Format::Reference,
        regions: vec!["DE".parse().unwrap()],
        ..bench.request("c.jsonl", text)
    };
    let summary = bench.all(&request).await;
    assert_eq!((summary.written().added, summary.position.quarantined), (1, 1));
    let title = &bench.content().await.0[0].title;
    assert_eq!(title.record.popularity.0, 250_000);
    assert_eq!(title.record.external_ids["wikipedia"], "Fernrunner_(film)");
    assert!(title.windows[0].is_open(Timestamp(1)) && title.record.maturity.age_min == 18);
}

#[tokio::test]
async fn codes_are_the_same_from_every_format_and_what_was_changed_is_said() {
    let line = r#"{"id":"a","kind":"film","title":"Lantern","countries":["UK","Atlantis"],"languages":["German","ger"],"maturity":"FSK 12","source":"x","notability":0,"availability":[{"region":"Australia","start":"2024-01-01"},{"region":"LATAM","start":"2024-01-01"}]}"#;
    let gone = line.replace("\"a\"", "\"b\"").replace("LATAM", "USSR");
    let lines = [line, "\n", &gone].concat();
    let table = "id,kind,title,countries,languages,maturity,availability\n\
        a,film,Lantern,UK|Atlantis,German|ger,FSK 12,Australia:2024-01-01..|LATAM:2024-01-01..\n\
        b,film,Lantern,UK|Atlantis,German|ger,FSK 12,Australia:2024-01-01..|USSR:2024-01-01..\n";
    let mut all = Vec::new();
    for (name, format, text) in [
        ("c.jsonl", Format::JsonLines, lines.as_str()),
        ("c.csv", Format::Csv, table),
        ("d.jsonl", Format::Reference, &lines),
    ] {
        let bench = Bench::new().await;
        let summary = bench.all(&Request { format, ..bench.request(name, text) }).await;
        assert_eq!((summary.written().added, summary.position.quarantined), (1, 1), "{name}");
        let quarantined = &bench.store.quarantine(1).await.unwrap()[0];
        assert!(quarantined.reason.contains("`USSR` is a country that is gone"), "{}", quarantined.reason);
        let said: Vec<(&str, String, String, bool)> = summary
            .said
            .iter()
            .map(|(field, _, one)| {
                let First { before, after, why, .. } = one.first.clone();
                (field, before, after.chars().take(6).collect(), why.is_some())
            })
            .collect();
        all.push((bench.content().await.0, said));
    }
    let (titles, said) = &all[0];
    let (record, windows) = (&titles[0].title.record, &titles[0].title.windows);
    assert_eq!(
        (&record.countries[..], &record.languages[..]),
        (&["GB".to_owned()][..], &["de".to_owned()][..])
    );
    assert_eq!(record.maturity.age_min, 12);
    let sold: Vec<String> = windows.iter().map(|window| window.territory.to_string()).collect();
    assert!(["AU", "BR", "MX"].iter().all(|code| sold.iter().any(|one| one == code)), "{sold:?}");
    let said: Vec<(&str, &str, &str, bool)> =
        said.iter().map(|(field, before, after, why)| (*field, &**before, &**after, *why)).collect();
    assert_eq!(
        said,
        [
            ("availability", "Australia", "AU", false),
            ("countries", "UK", "GB", false),
            ("countries", "Atlantis", "", true),
            ("languages", "German", "de", false),
            ("maturity", "18", "12", false),
        ]
    );
    for (titles_of_other, said_of_other) in &all[1..] {
        assert_eq!((&titles_of_other[0].title.windows, said_of_other), (&titles[0].title.windows, &all[0].1));
        assert_eq!(titles_of_other[0].title.record, titles[0].title.record);
    }
}

#[tokio::test]
async fn no_line_however_broken_stops_an_import() {
    let bench = Bench::new().await;
    let mut bytes = vec![0xFF, 0xFE, b'\n', b'[', b']', b'\n', b'"', b'\n', b'n', b'u', b'l', b'l', b'\n'];
    bytes.extend(
        b"{\"id\":7,\"kind\":\"film\",\"title\":\"a\"}\n{\"id\":\"a\",\"kind\":\"song\",\"title\":\"a\"}\n",
    );
    bytes.extend(std::iter::repeat_n(b'x', 3 << 20));
    bytes.extend(b"\n{\"id\":\"b\",\"kind\":\"film\",\"title\":\"\"}\n{\"id\":\"c\",\"kind\":\"film\",\"title\":\"Whole\"}");
    let summary = bench.all(&bench.request("c.jsonl", bytes)).await;
    assert_eq!((summary.written().added, summary.position.quarantined), (1, 8));
    let lines: Vec<u64> = bench.content().await.2.iter().map(|one| one.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7, 8]);
}
