//! Tables of flows, their runs, and conversations.
use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    flow_configs (id) {
        id -> Text,
        owner_id -> Nullable<Text>,
        name -> Text,
        description -> Text,
        draft -> JsonDoc,
        published_version -> Nullable<BigInt>,
        latest_version -> BigInt,
        is_active -> Bool,
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

    flow_versions (flow_id, version) {
        flow_id -> Text,
        version -> BigInt,
        content -> JsonDoc,
        author_id -> Text,
        note -> Nullable<Text>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    flow_executions (seq) {
        seq -> BigInt,
        id -> Text,
        flow_id -> Text,
        flow_version -> BigInt,
        robot_uuid -> Text,
        session_id -> Text,
        message_id -> Text,
        message_ids -> Text,
        status -> Text,
        step -> Integer,
        starts -> Integer,
        context -> Text,
        state -> Text,
        nodes -> Text,
        error_code -> Nullable<Text>,
        error -> Nullable<Text>,
        tokens -> BigInt,
        cost_micros -> BigInt,
        duration_ms -> Nullable<BigInt>,
        retry_of -> Nullable<Text>,
        retry_from -> Nullable<Text>,
        started_at -> UtcTime,
        due_at -> Nullable<UtcTime>,
        finished_at -> Nullable<UtcTime>,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    sessions (id) {
        id -> Text,
        robot_uuid -> Text,
        room_type -> Integer,
        group_name -> Text,
        user_name -> Text,
        user_id -> Text,
        taken_over_by -> Nullable<Text>,
        taken_over_at -> Nullable<UtcTime>,
        last_human_at -> Nullable<UtcTime>,
        reset_seq -> BigInt,
        persona_id -> Nullable<Text>,
        last_message_at -> UtcTime,
        created_at -> UtcTime,
    }
}

allow_tables_to_appear_in_same_query!(flow_configs, flow_versions, flow_executions, sessions,);
