//! What a credential stands for, remembered for a moment so that not every request asks the store.
use std::hash::Hash;
use std::sync::Arc;

use dashmap::DashMap;
use workbot_schema::accounts::{UserSession, queries};
use workbot_schema::ids::{PlatformKeyId, UserId, UserSessionId};
use workbot_schema::platform_keys::{self, PlatformKey};
use workbot_schema::users::{self, User};

use crate::http::error::ApiResult;
use crate::http::state::AppState;

/// A change in the store is seen after this at the latest.
const FRESH_MS: u64 = 5_000;
/// The use of a key is written down this often at most.
const NOTE_MS: u64 = 60_000;
/// More entries are not remembered; then the store is asked each time.
const ENTRIES_MAX: usize = 20_000;

/// Answers of the store by key; also that there is none.
pub struct Cache<K: Eq + Hash + Clone, V> {
    entries: DashMap<K, (u64, Option<Arc<V>>)>,
}

impl<K: Eq + Hash + Clone, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { entries: DashMap::new() }
    }
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    /// What is remembered, when it is fresh.
    pub fn find(&self, key: &K, now_ms: u64) -> Option<Option<Arc<V>>> {
        let entry = self.entries.get(key)?;
        let (read_ms, value) = entry.value();
        (now_ms.saturating_sub(*read_ms) < FRESH_MS).then(|| value.clone())
    }

    /// Remembers an answer as of `read_ms`.
    pub fn put(&self, key: K, value: Option<Arc<V>>, read_ms: u64) {
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.retain(|_key, (read, _value)| read_ms.saturating_sub(*read) < FRESH_MS);
            if self.entries.len() >= ENTRIES_MAX {
                return;
            }
        }
        self.entries.insert(key, (read_ms, value));
    }

    /// Forgets an answer: this process has changed it.
    pub fn forget(&self, key: &K) {
        self.entries.remove(key);
    }
}

/// When the use of a credential was written down last: at most once a minute.
pub struct Uses<K: Eq + Hash + Clone> {
    noted: DashMap<K, u64>,
}

impl<K: Eq + Hash + Clone> Default for Uses<K> {
    fn default() -> Self {
        Self { noted: DashMap::new() }
    }
}

impl<K: Eq + Hash + Clone> Uses<K> {
    /// Whether a use at `now_ms` is to be written down.
    pub fn is_news(&self, id: &K, now_ms: u64) -> bool {
        if self.noted.len() >= ENTRIES_MAX {
            self.noted.retain(|_id, noted_ms| now_ms.saturating_sub(*noted_ms) < NOTE_MS);
        }
        let mut is_news = false;
        self.noted
            .entry(id.clone())
            .and_modify(|noted_ms| {
                is_news = now_ms.saturating_sub(*noted_ms) >= NOTE_MS;
                if is_news {
                    *noted_ms = now_ms;
                }
            })
            .or_insert_with(|| {
                is_news = true;
                now_ms
            });
        is_news
    }
}

/// Platform keys by the hash of the key.
pub type KeyCache = Cache<String, PlatformKey>;
/// Uses of platform keys.
pub type KeyUses = Uses<PlatformKeyId>;
/// Console sessions by the hash of their cookie.
pub type SessionCache = Cache<String, UserSession>;
/// Uses of console sessions.
pub type SessionUses = Uses<UserSessionId>;
/// Users by id.
pub type UserCache = Cache<UserId, User>;

impl AppState {
    /// A platform key by its hash, at most 5 s old.
    pub async fn platform_key(&self, hash: String) -> ApiResult<Option<Arc<PlatformKey>>> {
        let now_ms = self.clock.monotonic_ms();
        if let Some(known) = self.keys.find(&hash, now_ms) {
            return Ok(known);
        }
        let found = platform_keys::find_by_hash(&self.db, hash.clone()).await?.map(Arc::new);
        // Unknown keys are not remembered: anybody can invent them.
        if found.is_some() {
            self.keys.put(hash, found.clone(), now_ms);
        }
        Ok(found)
    }

    /// A console session by the hash of its cookie, at most 5 s old.
    pub async fn user_session(&self, hash: &str) -> ApiResult<Option<Arc<UserSession>>> {
        let now_ms = self.clock.monotonic_ms();
        let cache = &self.logins.sessions;
        if let Some(known) = cache.find(&hash.to_owned(), now_ms) {
            return Ok(known);
        }
        let found = queries::find_session(&self.db, hash.to_owned()).await?.map(Arc::new);
        // Unknown cookies are not remembered: anybody can invent them.
        if found.is_some() {
            cache.put(hash.to_owned(), found.clone(), now_ms);
        }
        Ok(found)
    }

    /// A user, at most 5 s old.
    pub async fn user(&self, id: &UserId) -> ApiResult<Option<Arc<User>>> {
        let now_ms = self.clock.monotonic_ms();
        if let Some(known) = self.users.find(id, now_ms) {
            return Ok(known);
        }
        let found = users::find(&self.db, id.clone()).await?.map(Arc::new);
        self.users.put(id.clone(), found.clone(), now_ms);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_age() {
        let cache: Cache<u8, u8> = Cache::default();
        assert_eq!(cache.find(&1, 0), None);
        cache.put(1, Some(Arc::new(7)), 100);
        cache.put(2, None, 100);
        assert_eq!(cache.find(&1, 5_099), Some(Some(Arc::new(7))));
        assert_eq!(cache.find(&2, 5_099), Some(None));
        assert_eq!(cache.find(&1, 5_100), None);
        cache.forget(&2);
        assert_eq!(cache.find(&2, 100), None);
    }

    #[test]
    fn a_use_is_noted_once_a_minute() {
        let (uses, id) = (KeyUses::default(), PlatformKeyId::generate());
        let noted = [0, 1, 59_999, 60_000, 119_999, 120_000].map(|now_ms| uses.is_news(&id, now_ms));
        assert_eq!(noted, [true, false, false, true, false, true]);
    }
}
