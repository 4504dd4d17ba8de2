//! Tables of alerts, their rules, channels and notifications.
use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    alert_history (seq) {
        seq -> BigInt,
        id -> Text,
        level -> Text,
        code -> Text,
        status -> Text,
        rule_id -> Nullable<Text>,
        robot_uuid -> Nullable<Text>,
        session_id -> Nullable<Text>,
        message_id -> Nullable<Text>,
        run_id -> Nullable<Text>,
        dedupe_key -> Text,
        data -> Text,
        count -> Integer,
        first_at -> UtcTime,
        last_at -> UtcTime,
        ack_by -> Nullable<Text>,
        acked_at -> Nullable<UtcTime>,
        resolved_by -> Nullable<Text>,
        resolved_at -> Nullable<UtcTime>,
        note -> Nullable<Text>,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    alert_rules (id) {
        id -> Text,
        owner_id -> Nullable<Text>,
        name -> Text,
        is_active -> Bool,
        metric -> Text,
        operator -> Text,
        value -> JsonDoc,
        window_secs -> Integer,
        for_secs -> Integer,
        level -> Text,
        cooldown_secs -> Integer,
        silenced_until -> Nullable<UtcTime>,
        channel_ids -> JsonDoc,
        robot_ids -> JsonDoc,
        is_preset -> Bool,
        version -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
        deleted_at -> Nullable<UtcTime>,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    notification_channels (id) {
        id -> Text,
        owner_id -> Nullable<Text>,
        name -> Text,
        channel_type -> Text,
        config -> JsonDoc,
        secrets -> JsonDoc,
        is_active -> Bool,
        is_preset -> Bool,
        version -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
        deleted_at -> Nullable<UtcTime>,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    alert_notifications (id) {
        id -> Text,
        seq -> BigInt,
        alert_id -> Text,
        channel_id -> Text,
        channel_type -> Text,
        state -> Text,
        attempts -> Integer,
        error -> Nullable<Text>,
        due_at -> Nullable<UtcTime>,
        body -> Text,
        created_at -> UtcTime,
        finished_at -> Nullable<UtcTime>,
    }
}

allow_tables_to_appear_in_same_query!(alert_history, alert_rules, notification_channels, alert_notifications,);
