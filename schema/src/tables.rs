//! Every table, once for both databases. The catalogue comparison test keeps the migrations equal to it.
mod ai;
mod alert;
mod flow;
mod login;
mod worktool;

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

pub use ai::*;
pub use alert::*;
pub use flow::*;
pub use login::*;
pub use worktool::*;

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    robots (id) {
        id -> Text,
        robot_id -> Text,
        kind -> Text,
        name -> Text,
        owner_id -> Nullable<Text>,
        link_id -> Nullable<Text>,
        robot_group -> Nullable<Text>,
        robot_type -> Nullable<Text>,
        ai_model_id -> Nullable<Text>,
        persona_id -> Nullable<Text>,
        flow_id -> Nullable<Text>,
        settings -> JsonDoc,
        secrets -> JsonDoc,
        is_enabled -> Bool,
        device_id -> Nullable<Text>,
        device_info -> Nullable<JsonDoc>,
        token_family -> Nullable<Text>,
        service_expires_at -> Nullable<UtcTime>,
        last_event_state -> Nullable<Text>,
        last_seen_at -> Nullable<UtcTime>,
        version -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
        deleted_at -> Nullable<UtcTime>,
        is_owner_active -> Bool,
    }
}

table! {
    use diesel::sql_types::*;

    robot_members (robot_uuid, user_id) {
        robot_uuid -> Text,
        user_id -> Text,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    activation_codes (code) {
        code -> Text,
        batch -> Text,
        validity_days -> Integer,
        bound_user_id -> Nullable<Text>,
        created_by -> Nullable<Text>,
        robot_uuid -> Nullable<Text>,
        is_disabled -> Bool,
        note -> Nullable<Text>,
        expires_at -> UtcTime,
        activated_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    device_activations (id) {
        id -> Integer,
        code -> Text,
        robot_uuid -> Text,
        device_id -> Text,
        device_info -> JsonDoc,
        is_first -> Bool,
        unbound_at -> Nullable<UtcTime>,
        unbind_reason -> Nullable<Text>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    refresh_tokens (token_hash) {
        token_hash -> Text,
        robot_uuid -> Text,
        family -> Text,
        expires_at -> UtcTime,
        used_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    platform_keys (id) {
        id -> Text,
        key_hash -> Text,
        key_hint -> Text,
        name -> Text,
        owner_id -> Text,
        scopes -> JsonDoc,
        robot_ids -> JsonDoc,
        ip_allow -> JsonDoc,
        expires_at -> Nullable<UtcTime>,
        revoked_at -> Nullable<UtcTime>,
        last_used_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    idempotency_keys (token, idempotency_key) {
        token -> Text,
        idempotency_key -> Text,
        body_hash -> Text,
        status -> Integer,
        response -> Text,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    robot_connections (id) {
        id -> Text,
        robot_uuid -> Text,
        generation -> BigInt,
        dialect -> Text,
        address -> Nullable<Text>,
        opened_at -> UtcTime,
        closed_at -> Nullable<UtcTime>,
        close_code -> Nullable<Integer>,
        close_reason -> Nullable<Text>,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    robot_logs (seq) {
        seq -> BigInt,
        robot_uuid -> Text,
        kind -> Text,
        code -> Nullable<Integer>,
        text -> Text,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    audit_logs (seq) {
        seq -> BigInt,
        actor -> Text,
        action -> Text,
        object -> Text,
        detail -> JsonDoc,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        created_at -> UtcTime,
    }
}

table! {
    use diesel::sql_types::*;

    sequences (name) {
        name -> Text,
        reserved -> BigInt,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    session_messages (id) {
        id -> Text,
        seq -> BigInt,
        robot_uuid -> Text,
        session_id -> Text,
        app_message_id -> Nullable<Text>,
        dedup_id -> Nullable<Text>,
        content_hash -> Text,
        direction -> Text,
        room_type -> Integer,
        sender_id -> Nullable<Text>,
        received_name -> Text,
        group_name -> Text,
        group_remark -> Text,
        spoken -> Text,
        raw_spoken -> Text,
        text_type -> Integer,
        at_me -> Bool,
        file_name -> Nullable<Text>,
        entrance -> Text,
        reason -> Nullable<Text>,
        reason_detail -> Nullable<Text>,
        run_id -> Nullable<Text>,
        starts -> Integer,
        command_id -> Nullable<Text>,
        sent_at -> Nullable<UtcTime>,
        settled_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    robot_commands (id) {
        id -> Text,
        seq -> BigInt,
        robot_uuid -> Text,
        batch_id -> Nullable<Text>,
        command_type -> Integer,
        item -> Text,
        file_name -> Nullable<Text>,
        size_bytes -> Integer,
        priority -> Integer,
        state -> Text,
        attempt -> Integer,
        can_retry -> Bool,
        is_offline -> Bool,
        error_code -> Nullable<Integer>,
        error_reason -> Nullable<Text>,
        success_list -> Nullable<Text>,
        fail_list -> Nullable<Text>,
        result -> Nullable<Text>,
        source -> Text,
        request_id -> Nullable<Text>,
        message_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        resend_of -> Nullable<Text>,
        history -> Text,
        not_before -> Nullable<UtcTime>,
        due_at -> Nullable<UtcTime>,
        expires_at -> UtcTime,
        sent_at -> Nullable<UtcTime>,
        confirmed_at -> Nullable<UtcTime>,
        finished_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    offline_commands (id) {
        id -> Integer,
        robot_id -> Text,
        command_id -> Text,
        command -> JsonDoc,
        priority -> Integer,
        processed -> Bool,
        created_at -> UtcTime,
        processed_at -> Nullable<UtcTime>,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    callback_bindings (robot_uuid, binding_type) {
        robot_uuid -> Text,
        binding_type -> Integer,
        url -> Text,
        created_at -> UtcTime,
        updated_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    callback_deliveries (id) {
        id -> Text,
        seq -> BigInt,
        robot_uuid -> Text,
        kind -> Text,
        endpoint -> Text,
        url -> Text,
        chat -> Text,
        message_id -> Nullable<Text>,
        command_id -> Nullable<Text>,
        body -> Text,
        file_name -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        can_retry -> Bool,
        last_status -> Nullable<Integer>,
        last_error -> Nullable<Text>,
        replay_of -> Nullable<Text>,
        due_at -> Nullable<UtcTime>,
        finished_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    callback_attempts (seq) {
        seq -> BigInt,
        delivery_id -> Text,
        attempt -> Integer,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        response -> Nullable<Text>,
        duration_ms -> Integer,
        created_at -> UtcTime,
    }
}

joinable!(robots -> users (owner_id));
joinable!(robot_members -> robots (robot_uuid));
joinable!(robot_members -> users (user_id));
joinable!(activation_codes -> robots (robot_uuid));
joinable!(device_activations -> activation_codes (code));
joinable!(device_activations -> robots (robot_uuid));
joinable!(refresh_tokens -> robots (robot_uuid));
joinable!(platform_keys -> users (owner_id));
joinable!(robot_connections -> robots (robot_uuid));
joinable!(robot_logs -> robots (robot_uuid));
joinable!(session_messages -> robots (robot_uuid));
joinable!(robot_commands -> robots (robot_uuid));
joinable!(offline_commands -> robots (robot_id));
joinable!(offline_commands -> robot_commands (command_id));
joinable!(callback_bindings -> robots (robot_uuid));
joinable!(callback_deliveries -> robots (robot_uuid));
allow_tables_to_appear_in_same_query!(
    users,
    robots,
    robot_members,
    activation_codes,
    device_activations,
    refresh_tokens,
    platform_keys,
    idempotency_keys,
    robot_connections,
    robot_logs,
    audit_logs,
    sequences,
    session_messages,
    robot_commands,
    offline_commands,
    callback_bindings,
    callback_deliveries,
    callback_attempts,
);
