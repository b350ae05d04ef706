use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use platform_core::catalog::record::{Availability, RecordId, Tier};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use units::Timestamp;

use super::*;
use crate::catalog::store::Incoming;
use crate::search::disk::{ClaimError, Identity};
use crate::search_api::routes::router;
use crate::search_api::viewer::ViewerSource;

fn title(number: u32, name: &str) -> Incoming {
    let id = RecordId(format!("t{number}"));
    let record = serde_json::json!({ "id": id, "kind": "film", "title": name, "maturity": { "age_min": 0 } });
    let territory = "DE".parse().unwrap();
    let window = Availability { title: id, territory, start: Timestamp(0), end: None, tier: Tier::Free };
    Incoming { record: serde_json::from_value(record).unwrap(), windows: vec![window] }
}

/// A catalogue and its index on disk, outliving the processes that serve them.
struct Disk(TempDir);

/// One start of a server.
struct Process {
    store: CatalogStore,
    api: Arc<SearchApi>,
    live: Live,
}

impl Disk {
    /// With forty titles and a sound index of them.
    async fn new() -> Self {
        let disk = Self(TempDir::new().unwrap());
        let process = disk.start().await;
        let titles: Vec<Incoming> =
            (0..40).map(|number| title(number, &format!("Amber Harbor {number}"))).collect();
        process.store.put(&titles).await.unwrap();
        process.up().await;
        disk
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("index")
    }

    fn folder(&self) -> PathBuf {
        self.root().join("generation-1")
    }

    async fn start(&self) -> Process {
        self.start_as(|_| {}).await
    }

    /// By a program that is another in one respect.
    async fn start_as(&self, other: impl Fn(&mut Identity)) -> Process {
        let store = CatalogStore::open(&self.0.path().join("c.sqlite")).await.unwrap();
        let mut identity = Identity::of(store.name().to_owned());
        other(&mut identity);
        let api = SearchApi::new(ViewerSource::Query, Arc::new(|| Timestamp(1)));
        let folder = IndexFolder::claim(self.root(), identity).unwrap();
        let live = Live::new(store.clone(), Some(folder), Arc::clone(&api));
        Process { store, api, live }
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.')).collect()
    }
}

impl Process {
    async fn up(&self) -> Ready {
        let found = self.live.inspect().await.unwrap();
        let ready = self.live.open(found).await.unwrap();
        self.api.set_searcher(Arc::clone(&ready.0) as _);
        ready
    }

    async fn ask(&self, path: &str) -> (StatusCode, http::HeaderMap, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (head, body) = router(Arc::clone(&self.api)).oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, serde_json::from_slice(&bytes).unwrap())
    }

    async fn first(&self, text: &str) -> String {
        let (status, _, body) = self.ask(&format!("/v1/search?q={text}&region=DE&age=9")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["hits"][0]["title"].as_str().unwrap_or_default().to_owned()
    }

    /// That the index is refused for this reason, that the routes say so, and that it is built anew.
    async fn assert_rebuilds(&self, disk: &Disk, why: &str) {
        assert_eq!(self.live.inspect().await.unwrap(), None, "{why}");
        for path in ["/readyz", "/v1/search?q=a&region=DE", "/v1/search/suggest?q=a&region=DE"] {
            let (status, headers, body) = self.ask(path).await;
            assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::from("not_ready")));
            assert!(body["detail"].as_str().unwrap().contains(why), "{why}: {body}");
            assert!(headers[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() > 0);
        }
        let ready = self.live.open(None).await.unwrap();
        self.api.set_searcher(ready.0 as _);
        assert_eq!(self.first("amber+harbor+7").await, "Amber Harbor 7", "{why}");
        assert_eq!(self.ask("/readyz").await.0, StatusCode::OK);
        let left = fs::read_dir(disk.root()).unwrap().count();
        assert_eq!(left, 1, "{why}: earlier generations are gone");
    }
}

fn change(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_file_that_was_cut_changed_or_taken_away_is_noticed_and_the_index_built_anew() {
    let disk = Disk::new().await;
    let names: Vec<PathBuf> = disk.files().iter().map(|path| path.file_name().unwrap().into()).collect();
    assert!(names.len() >= 5, "{names:?}");
    for at in 0..names.len() {
        let flip = |bytes: &mut Vec<u8>| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
        };
        let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
        for damage in ["flip", "cut", "delete"] {
            let disk = Disk::new().await;
            // Names differ by build; the order of their endings does not.
            let mut files = disk.files();
            files.sort_by_key(|path| (path.extension().map(ToOwned::to_owned), path.clone()));
            let path = &files[at];
            match damage {
                "flip" => change(path, flip),
                "cut" => change(path, cut),
                _ => fs::remove_file(path).unwrap(),
            }
            let is_manifest = path.ends_with("manifest.json");
            let why = match damage {
                "delete" if is_manifest => "there is no index",
                _ if is_manifest => "manifest is damaged",
                "flip" => "was changed",
                "cut" => "bytes instead of",
                _ => "is missing",
            };
            disk.start().await.assert_rebuilds(&disk, why).await;
        }
    }
}

#[tokio::test]
async fn an_index_of_another_version_or_catalogue_and_none_at_all_are_built_anew() {
    let disk = Disk::new().await;
    disk.start_as(|identity| identity.normaliser += 1)
        .await
        .assert_rebuilds(&disk, "made by normaliser 1")
        .await;
    disk.start_as(|identity| identity.schema += 1).await.assert_rebuilds(&disk, "made by normaliser 2").await;
    disk.start().await.assert_rebuilds(&disk, "fields of version 2").await;
    fs::remove_dir_all(disk.root()).unwrap();
    disk.start().await.assert_rebuilds(&disk, "there is no index").await;
    let name = |identity: &mut Identity| identity.catalogue = "another".to_owned();
    disk.start_as(name).await.assert_rebuilds(&disk, "of another catalogue").await;
}

#[tokio::test]
async fn an_index_ahead_of_a_catalogue_from_a_backup_is_built_anew() {
    let disk = Disk::new().await;
    let process = disk.start().await;
    let sound = process.live.inspect().await.unwrap().expect("a sound index");
    let ahead = Sound { position: sound.position + 1, ..sound };
    let (search, _) = process.live.open(Some(ahead)).await.unwrap();
    assert_eq!(crate::search_api::searcher::Searcher::generation(&*search), 2);
}

#[tokio::test]
async fn a_sound_index_is_opened_and_brought_to_the_feeds_end() {
    let disk = Disk::new().await;
    let process = disk.start().await;
    process.store.put(&[title(3, "Wellspring"), title(50, "Lantern")]).await.unwrap();
    process.store.remove(&[RecordId("t4".to_owned())]).await.unwrap();
    let (search, _) = process.up().await;
    assert_eq!(crate::search_api::searcher::Searcher::generation(&*search), 1);
    for (text, expected) in
        [("wellspring", "Wellspring"), ("lantern", "Lantern"), ("amber+harbor+5", "Amber Harbor 5")]
    {
        assert_eq!(process.first(text).await, expected);
    }
    assert_ne!(process.first("amber+harbor+4").await, "Amber Harbor 4");
    drop((search, process));
    let sound = disk.start().await.live.inspect().await.unwrap().expect("sealed again");
    assert_eq!(sound.generation, 1);
}

#[tokio::test]
async fn a_folder_is_had_by_one_and_free_again_when_the_last_part_of_it_is_gone() {
    let disk = Disk::new().await;
    let process = disk.start().await;
    let claim = || IndexFolder::claim(disk.root(), Identity::of("another".to_owned()));
    let part = process.live.folder.clone();
    assert!(matches!(claim(), Err(ClaimError::InUse { .. })));
    drop(process);
    assert!(matches!(claim(), Err(ClaimError::InUse { .. })));
    drop(part);
    assert!(claim().is_ok());
    let nowhere = IndexFolder::claim(disk.root().join("none/index"), Identity::of(String::new()));
    assert!(matches!(nowhere, Err(ClaimError::Lock { .. })));
}

#[tokio::test]
async fn every_commit_is_sealed_with_its_place_in_the_feed() {
    let disk = Disk::new().await;
    let process = disk.start().await;
    let (search, position) = process.up().await;
    let mut follower = Follower::new(process.store.clone(), Arc::clone(&search), position);
    for number in 0..30 {
        process.store.put(&[title(number % 12, &format!("Lantern {number}"))]).await.unwrap();
        follower.catch_up().await.unwrap();
        search.commit(follower.position()).unwrap();
        let sound = process.live.inspect().await.unwrap().expect("sealed");
        assert_eq!(Seq(sound.position), process.store.last_seq().await.unwrap());
    }
    drop((follower, search, process));
    let again = disk.start().await;
    again.up().await;
    assert_eq!(again.first("lantern+29").await, "Lantern 29");
}

#[tokio::test]
async fn a_process_killed_between_a_commit_and_its_seal_leaves_an_index_that_is_built_anew() {
    let disk = Disk::new().await;
    let process = disk.start().await;
    let (search, position) = process.up().await;
    let seal = disk.folder().join("manifest.json");
    let before = fs::read(&seal).unwrap();
    let mut follower = Follower::new(process.store.clone(), Arc::clone(&search), position);
    process.store.put(&[title(7, "Lantern")]).await.unwrap();
    follower.catch_up().await.unwrap();
    search.commit(follower.position()).unwrap();
    drop((follower, search, process));
    fs::write(&seal, before).unwrap();
    let again = disk.start().await;
    assert_eq!(again.live.inspect().await.unwrap(), None);
    again.up().await;
    assert_eq!(again.first("lantern").await, "Lantern");
}

#[tokio::test]
async fn an_index_whose_folder_is_deleted_serves_on_and_is_replaced_when_a_text_comes() {
    let disk = Disk::new().await;
    let process = disk.start().await;
    let (api, store) = (Arc::clone(&process.api), process.store.clone());
    let live = Live::new(store, process.live.folder.clone(), api);
    let running = tokio::spawn(async move { live.run().await });
    // Bounded by the number of looks; no look depends on how long it takes.
    let until = async |text: &str, expected: &str| {
        for _ in 0..20_000 {
            if process.ask("/readyz").await.0 == StatusCode::OK && process.first(text).await == expected {
                return;
            }
            sleep(Duration::from_millis(1)).await;
        }
        panic!("`{expected}` is not found");
    };
    until("amber+harbor+7", "Amber Harbor 7").await;
    fs::remove_dir_all(disk.root()).unwrap();
    assert_eq!(process.first("amber+harbor+9").await, "Amber Harbor 9");
    process.store.put(&[title(60, "Lantern")]).await.unwrap();
    until("lantern", "Lantern").await;
    assert_eq!(process.first("amber+harbor+9").await, "Amber Harbor 9");
    assert!(process.live.inspect().await.unwrap().is_some(), "there is a sealed index again");
    running.abort();
}
