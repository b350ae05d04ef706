use platform_core::catalog::record::{RecordId, Tier};
use tempfile::TempDir;
use units::Timestamp;

use super::feed::{Change, Seq};
use super::*;

fn title(id: &str, name: &str, windows: &[&str]) -> Incoming {
    let record =
        serde_json::from_value(serde_json::json!({ "id": id, "kind": "film", "title": name, "year": 1999 }));
    let windows = windows.iter().map(|territory| window(id, territory)).collect();
    Incoming { record: record.unwrap(), windows }
}

fn window(id: &str, territory: &str) -> Availability {
    Availability {
        title: RecordId(id.to_owned()),
        territory: territory.parse().unwrap(),
        start: Timestamp(5),
        end: Some(Timestamp(1 << 60)),
        tier: Tier::Premium,
    }
}

async fn open(dir: &TempDir) -> CatalogStore {
    CatalogStore::open(&dir.path().join("c.sqlite")).await.unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_the_file_is_opened_again() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    let titles = [title("a", "One", &["DE", "FR"]), title("b", "Two", &[]), title("c", "Three", &["DE"])];
    assert_eq!(store.put(&titles).await.unwrap(), Written { added: 3, ..Written::default() });
    let (name, before) = (store.name().to_owned(), store.all().await.unwrap());
    store.close().await;
    let again = open(&dir).await;
    assert_eq!((again.name(), again.all().await.unwrap()), (name.as_str(), before.clone()));
    assert_eq!(before.0.iter().map(|one| one.title.clone()).collect::<Vec<_>>(), titles);
    assert_ne!(open(&TempDir::new().unwrap()).await.name(), name);
}

#[tokio::test]
async fn every_change_is_in_the_feed_and_a_second_one_takes_the_place_of_the_first() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    store.put(&[title("a", "One", &["DE"]), title("b", "Two", &["DE"])]).await.unwrap();
    let start = store.last_seq().await.unwrap();
    for territory in ["FR", "ES", "JP"] {
        store.set_windows(&RecordId("a".to_owned()), &[window("a", territory)]).await.unwrap();
    }
    let changes = store.changes_since(start, 10).await.unwrap();
    let windows = vec![window("a", "JP")];
    assert_eq!(changes.list, [Change::Windows { number: 1, windows }]);
    assert_eq!(changes.upto, Seq(start.0 + 3));
    store.put(&[title("b", "Two again", &["DE"])]).await.unwrap();
    assert_eq!(store.remove(&[RecordId("a".to_owned()), RecordId("x".to_owned())]).await.unwrap(), 1);
    let changes = store.changes_since(changes.upto, 10).await.unwrap();
    assert!(matches!(&changes.list[..], [Change::Title(b), Change::Gone { number: 1 }] if b.number == 2));
    assert_eq!(store.changes_since(changes.upto, 10).await.unwrap().list, []);
    let (a, b) = (RecordId("a".to_owned()), RecordId("b".to_owned()));
    let before = store.all().await.unwrap();
    let half = store.set_windows_of(&[(b.clone(), Vec::new()), (a, Vec::new())]).await;
    assert!(matches!(half, Err(StoreError::NoTitle { id }) if id == "a"));
    assert_eq!(store.all().await.unwrap(), before, "all of the edits or none");
    store.set_windows_of(&[(b.clone(), Vec::new()), (b, vec![window("b", "JP")])]).await.unwrap();
    assert_eq!(store.all().await.unwrap().0[0].title.windows, [window("b", "JP")]);
    let changes = store.changes_since(before.1, 10).await.unwrap();
    assert!(matches!(&changes.list[..], [Change::Windows { number: 2, .. }]), "{changes:?}");
    let nothing = store.set_windows(&RecordId("a".to_owned()), &[]).await;
    assert!(matches!(nothing, Err(StoreError::NoTitle { .. })));
}

#[tokio::test]
async fn windows_come_with_the_text_that_they_belong_to_even_when_its_row_is_behind_the_limit() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    store.put(&[title("a", "Hidden name", &[])]).await.unwrap();
    let start = store.last_seq().await.unwrap();
    store.set_windows(&RecordId("a".to_owned()), &[]).await.unwrap();
    store.put(&[title("a", "Open name", &["DE"])]).await.unwrap();
    let changes = store.changes_since(start, 1).await.unwrap();
    let [Change::Title(title)] = &changes.list[..] else { panic!("{changes:?}") };
    assert_eq!(title.title.record.title, "Open name");
}

#[tokio::test]
async fn a_title_that_comes_back_has_another_number() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    store.put(&[title("a", "One", &[])]).await.unwrap();
    store.remove(&[RecordId("a".to_owned())]).await.unwrap();
    store.put(&[title("a", "One", &[])]).await.unwrap();
    assert_eq!(store.all().await.unwrap().0[0].number, 2);
}

#[tokio::test]
async fn a_later_schema_another_database_and_no_database_are_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9, 'x', 1, x'00', 0)")
        .execute(&store.writer)
        .await
        .unwrap();
    store.close().await;
    let path = dir.path().join("c.sqlite");
    let newer = CatalogStore::open(&path).await;
    assert!(matches!(newer, Err(StoreError::NewerSchema { found: 9, known: SCHEMA })), "{newer:?}");

    let path = dir.path().join("other.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let other = SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("CREATE TABLE mine (x)").execute(&other).await.unwrap();
    other.close().await;
    assert!(matches!(CatalogStore::open(&path).await, Err(StoreError::Foreign { .. })));

    let path = dir.path().join("letter.txt");
    std::fs::write(&path, "no database at all, but long enough to look like one".repeat(40)).unwrap();
    assert!(matches!(CatalogStore::open(&path).await, Err(StoreError::Foreign { .. })));
    let path = dir.path().join("nothing");
    assert!(matches!(CatalogStore::open_existing(&path).await, Err(StoreError::Missing { .. })));
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_make_the_same_catalogue_at_once() {
    for _ in 0..5 {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("c.sqlite");
        let open = |path: std::path::PathBuf| tokio::spawn(async move { CatalogStore::open(&path).await });
        let opening: Vec<_> = (0..4).map(|_| open(path.clone())).collect();
        let mut names = std::collections::BTreeSet::new();
        for opened in opening {
            names.insert(opened.await.unwrap().unwrap().name().to_owned());
        }
        assert_eq!(names.len(), 1);
    }
}
