//! Tables of models, personas, templates, and what calls to models cost.
use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    ai_models (id) {
        id -> Text,
        owner_id -> Nullable<Text>,
        name -> Text,
        provider -> Text,
        model_id -> Text,
        model_type -> Text,
        capabilities -> JsonDoc,
        is_active -> Bool,
        api_endpoint -> Nullable<Text>,
        api_key_encrypted -> Nullable<Text>,
        config -> JsonDoc,
        priority -> Integer,
        in_default_chain -> Bool,
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

    ai_model_versions (model_id, version) {
        model_id -> Text,
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

    ai_model_health_checks (id) {
        id -> Integer,
        model_id -> Text,
        status -> Text,
        response_time -> Nullable<Integer>,
        error_message -> Nullable<Text>,
        checked_at -> UtcTime,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    ai_personas (id) {
        id -> Text,
        owner_id -> Nullable<Text>,
        name -> Text,
        role_type -> Text,
        description -> Text,
        system_prompt -> Text,
        temperature -> Double,
        max_tokens -> Nullable<Integer>,
        model_id -> Nullable<Text>,
        preferred_model -> Nullable<Text>,
        capabilities -> JsonDoc,
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

    ai_persona_versions (persona_id, version) {
        persona_id -> Text,
        version -> BigInt,
        content -> JsonDoc,
        author_id -> Text,
        note -> Nullable<Text>,
        created_at -> UtcTime,
    }
}

table! {
    use diesel::sql_types::*;

    ai_model_persona_bindings (persona_id, model_id) {
        model_id -> Text,
        persona_id -> Text,
        priority -> Integer,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    ai_message_templates (id) {
        id -> Text,
        owner_id -> Nullable<Text>,
        category -> Text,
        name -> Text,
        description -> Text,
        template -> Text,
        variables -> JsonDoc,
        persona_type -> Nullable<Text>,
        use_count -> BigInt,
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

    ai_template_versions (template_id, version) {
        template_id -> Text,
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

    ai_call_logs (seq) {
        seq -> BigInt,
        id -> Text,
        run_id -> Nullable<Text>,
        robot_uuid -> Nullable<Text>,
        session_id -> Nullable<Text>,
        message_id -> Nullable<Text>,
        model_id -> Nullable<Text>,
        provider -> Text,
        model_name -> Text,
        purpose -> Text,
        status -> Text,
        error_class -> Nullable<Text>,
        error -> Nullable<Text>,
        tries -> Integer,
        duration_ms -> BigInt,
        tokens_in -> BigInt,
        tokens_out -> BigInt,
        cost_micros -> BigInt,
        created_at -> UtcTime,
        persona_id -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;

    ai_io_logs (seq) {
        seq -> BigInt,
        call_id -> Text,
        input -> Text,
        output -> Text,
    }
}

table! {
    use diesel::sql_types::*;

    token_usage (robot_uuid, day) {
        robot_uuid -> Text,
        day -> Text,
        tokens -> BigInt,
        cost_micros -> BigInt,
    }
}

allow_tables_to_appear_in_same_query!(
    ai_models,
    ai_model_versions,
    ai_model_health_checks,
    ai_personas,
    ai_persona_versions,
    ai_model_persona_bindings,
    ai_message_templates,
    ai_template_versions,
    ai_call_logs,
    ai_io_logs,
    token_usage,
);
