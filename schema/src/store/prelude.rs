//! What query bodies import: diesel's prelude without `RunQueryDsl` and `Connection`, which `db!` brings per database.
pub use diesel::{
    BoolExpressionMethods, ExpressionMethods, Identifiable, Insertable, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper, TextExpressionMethods,
};

pub use super::cached::Cacheable;
pub use super::{Db, StoreError, StoreResult};
pub use crate::db;
pub use crate::fields::{Json, Ts};
