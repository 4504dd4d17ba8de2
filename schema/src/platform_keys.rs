//! Platform keys: credentials of AI platforms, of which only the hash is stored.
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::{Json, Ts};
use crate::for_both;
use crate::ids::{PlatformKeyId, UserId};
use crate::store::prelude::*;
use crate::tables::platform_keys;

crate::text_enum! {
    /// What a platform key may do.
    pub enum Scope {
        /// `send-message`.
        Send = "send",
        /// Commands: make, look up, cancel.
        Commands = "commands",
        /// Read messages.
        Messages = "messages",
        /// Read robots.
        Robots = "robots",
        /// robotInfo routes.
        Config = "config",
        /// Deliveries and replay.
        Callbacks = "callbacks",
    }
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = platform_keys, treat_none_as_default_value = false)]
pub struct PlatformKey {
    /// Id.
    pub id: PlatformKeyId,
    /// SHA-256 of the key, hex.
    pub key_hash: String,
    /// First characters, for lists.
    pub key_hint: String,
    /// Name.
    pub name: String,
    /// Who made it.
    pub owner_id: UserId,
    /// What it may do.
    pub scopes: Json<Vec<Scope>>,
    /// `robotId`s it may use; empty = all of its maker's.
    pub robot_ids: Json<Vec<String>>,
    /// Addresses it may come from (IP or CIDR); empty = any.
    pub ip_allow: Json<Vec<String>>,
    /// Until.
    pub expires_at: Option<Ts>,
    /// Revoked at.
    pub revoked_at: Option<Ts>,
    /// Last seen.
    pub last_used_at: Option<Ts>,
    /// Made at.
    pub created_at: Ts,
}

for_both! {
    /// Stores a new key.
    pub async fn insert(connection: &mut Conn, key: &PlatformKey) -> Result<(), DieselError> {
        diesel::insert_into(platform_keys::table).values(key).execute(connection).await?;
        Ok(())
    }

    /// Notes that a key was used.
    pub async fn note_use(connection: &mut Conn, id: &PlatformKeyId, now: Ts) -> Result<(), DieselError> {
        diesel::update(platform_keys::table.find(id))
            .set(platform_keys::last_used_at.eq(Some(now)))
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// A key by its hash, or `None`; revoked and expired ones are found too.
pub async fn find_by_hash(db: &Db, hash: String) -> StoreResult<Option<PlatformKey>> {
    db!(db, read, |connection| {
        Ok(platform_keys::table
            .filter(platform_keys::key_hash.eq(&hash))
            .select(PlatformKey::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// The keys of a user (`None` = everybody's), newest first.
pub async fn list(db: &Db, owner: Option<UserId>) -> StoreResult<Vec<PlatformKey>> {
    db!(db, read, |connection| {
        let mut query = platform_keys::table.into_boxed::<DB>();
        if let Some(owner) = owner {
            query = query.filter(platform_keys::owner_id.eq(owner));
        }
        Ok(query
            .order(platform_keys::created_at.desc())
            .select(PlatformKey::as_select())
            .load(connection)
            .await?)
    })
}

/// Revokes a key; its hash, or `NotFound` when it is not there or not the owner's.
pub async fn revoke(db: &Db, id: PlatformKeyId, owner: Option<UserId>, now: Ts) -> StoreResult<String> {
    db!(db, write, |connection| {
        let found: Option<(UserId, String)> = platform_keys::table
            .find(&id)
            .select((platform_keys::owner_id, platform_keys::key_hash))
            .first(connection)
            .await
            .optional()?;
        let Some((_owner, hash)) = found.filter(|(of, _hash)| owner.as_ref().is_none_or(|owner| owner == of))
        else {
            return Err(StoreError::NotFound("platform key"));
        };
        diesel::update(platform_keys::table.find(&id))
            .set(platform_keys::revoked_at.eq(Some(now)))
            .execute(connection)
            .await?;
        Ok(hash)
    })
}
