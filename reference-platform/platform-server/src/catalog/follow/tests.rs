use platform_core::catalog::record::{Availability, RecordId, Tier};
use tempfile::TempDir;
use units::Timestamp;

use super::*;
use crate::catalog::store::Incoming;
use crate::search_api::parameters::SuggestRequest;
use crate::search_api::searcher::Searcher;
use crate::search_api::viewer::Viewer;

fn title(id: &str, name: &str, territories: &[&str]) -> Incoming {
    let record = serde_json::json!({ "id": id, "kind": "film", "title": name, "year": 1999, "maturity": { "age_min": 0 } });
    let windows = territories.iter().map(|territory| window(id, territory)).collect();
    Incoming { record: serde_json::from_value(record).unwrap(), windows }
}

fn window(id: &str, territory: &str) -> Availability {
    let (title, territory) = (RecordId(id.to_owned()), territory.parse().unwrap());
    Availability { title, territory, start: Timestamp(0), end: None, tier: Tier::Free }
}

struct Platform {
    _dir: TempDir,
    store: CatalogStore,
    search: Arc<IndexedCatalogue>,
    follower: Follower,
}

impl Platform {
    /// An empty catalogue, followed from its start.
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = CatalogStore::open(&dir.path().join("c.sqlite")).await.unwrap();
        let search = Arc::new(IndexedCatalogue::new(Vec::new(), 1).unwrap());
        let follower = Follower::new(store.clone(), Arc::clone(&search), Seq(0));
        Self { _dir: dir, store, search, follower }
    }

    /// Titles that a viewer in a region is offered for what they typed.
    fn found(&self, text: &str, region: &str) -> Vec<String> {
        let viewer = Viewer { region: region.parse().unwrap(), tier: Tier::Free, age: 30 };
        let request = SuggestRequest { text: text.to_owned(), viewer, limit: 50 };
        let found = self.search.suggest(&request, Timestamp(1)).unwrap();
        found.into_iter().map(|suggestion| suggestion.title).collect()
    }

    async fn catch_up(&mut self) {
        self.follower.catch_up().await.unwrap();
    }

    fn commit(&self) {
        self.search.commit(self.follower.position()).unwrap();
    }
}

#[tokio::test]
async fn an_edit_of_windows_is_obeyed_without_a_commit_and_a_text_with_one() {
    let mut platform = Platform::new().await;
    platform.store.put(&[title("a", "Lantern Harbor", &["DE"])]).await.unwrap();
    platform.catch_up().await;
    assert!(platform.found("lantern", "DE").is_empty());
    platform.commit();
    assert_eq!(platform.found("lantern", "DE"), ["Lantern Harbor"]);
    let id = RecordId("a".to_owned());
    platform.store.set_windows(&id, &[window("a", "FR")]).await.unwrap();
    platform.catch_up().await;
    assert_eq!(platform.search.staged(), 0);
    assert!(platform.found("lantern", "DE").is_empty());
    assert_eq!(platform.found("lantern", "FR"), ["Lantern Harbor"]);
}

#[tokio::test]
async fn a_new_name_opens_its_windows_only_with_the_commit_and_closes_old_ones_before() {
    let mut platform = Platform::new().await;
    platform.store.put(&[title("a", "Secret Lantern", &["FR"])]).await.unwrap();
    platform.catch_up().await;
    platform.commit();
    platform.store.put(&[title("a", "Open Lantern", &["DE"])]).await.unwrap();
    platform.catch_up().await;
    assert!(platform.found("lantern", "DE").is_empty(), "the old name through the new window");
    assert!(platform.found("lantern", "FR").is_empty(), "the old window is over");
    platform.commit();
    assert_eq!(platform.found("lantern", "DE"), ["Open Lantern"]);
    assert!(platform.found("secret", "FR").is_empty());
    platform.store.remove(&[RecordId("a".to_owned())]).await.unwrap();
    platform.catch_up().await;
    assert!(platform.found("lantern", "DE").is_empty(), "a removed title is gone before the commit");
    platform.commit();
    assert_eq!(platform.search.places(), (0, 2));
}

#[tokio::test]
async fn many_commits_find_what_one_index_over_all_finds() {
    let mut platform = Platform::new().await;
    let name = |number: u32| {
        ["Lantern", "Harbor", "Lanterns of Harbor", "Wellspring"][number as usize % 4].to_owned()
    };
    for number in 0..60_u32 {
        let id = (number % 25).to_string();
        platform
            .store
            .put(&[title(&id, &format!("{} {}", name(number * 7), number), &["DE"])])
            .await
            .unwrap();
        platform.catch_up().await;
        platform.commit();
    }
    let all = platform.store.all().await.unwrap().0;
    let offered = all.into_iter().map(|one| crate::search_api::filters::Offered {
        title: one.title.record,
        windows: one.title.windows,
    });
    let whole = IndexedCatalogue::new(offered.collect(), 1).unwrap();
    let pieces = std::mem::replace(&mut platform.search, Arc::new(whole));
    let texts = ["lantern", "harbor 5", "lanturn", "wellspr", "lanterns of harbor", "l", ""];
    let expected = texts.map(|text| platform.found(text, "DE"));
    platform.search = pieces;
    assert_eq!(texts.map(|text| platform.found(text, "DE")), expected);
    assert_eq!(platform.search.places(), (25, 35));
}

#[tokio::test]
async fn what_was_changed_before_the_following_began_and_what_another_process_changes_is_found() {
    let mut platform = Platform::new().await;
    platform.store.put(&[title("a", "Lantern Harbor", &["DE"])]).await.unwrap();
    let (store, search) = (platform.store.clone(), Arc::clone(&platform.search));
    let following = tokio::spawn(async move { Follower::new(store, search, Seq(0)).follow().await });
    let path = platform._dir.path().join("c.sqlite");
    let other = CatalogStore::open(&path).await.unwrap();
    other.put(&[title("b", "Lantern Again", &["DE"])]).await.unwrap();
    // Bounded by the number of looks; no look depends on how long it takes.
    for _ in 0..10_000 {
        if platform.found("lantern", "DE").len() == 2 {
            break;
        }
        sleep(Duration::from_millis(1)).await;
    }
    following.abort();
    platform.catch_up().await;
    assert_eq!(platform.found("lantern", "DE").len(), 2);
}
