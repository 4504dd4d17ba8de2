//! Tables of people and their logins.
use diesel::{joinable, table};

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    users (id) {
        id -> Text,
        phone -> Text,
        name -> Nullable<Text>,
        role -> Text,
        is_active -> Bool,
        token_epoch -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
        last_login_at -> Nullable<UtcTime>,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    login_codes (id) {
        id -> Text,
        phone -> Text,
        code_hash -> Text,
        address -> Text,
        wrong_tries -> Integer,
        expires_at -> UtcTime,
        used_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    login_tickets (ticket_hash) {
        ticket_hash -> Text,
        user_id -> Nullable<Text>,
        expires_at -> UtcTime,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    user_sessions (id) {
        id -> Text,
        token_hash -> Text,
        user_id -> Text,
        address -> Text,
        user_agent -> Text,
        expires_at -> UtcTime,
        last_used_at -> UtcTime,
        created_at -> UtcTime,
    }
}

joinable!(login_tickets -> users (user_id));
joinable!(user_sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(user_sessions, users);
