//! Tables of what WorkTool phones let us know.
use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    worktool_chats (robot_uuid, room) {
        robot_uuid -> Text,
        room -> Text,
        memory -> Text,
        seen_at -> UtcTime,
    }
}

table! {
    use crate::fields::json::JsonDoc;
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    worktool_phones (robot_uuid) {
        robot_uuid -> Text,
        my_name -> Nullable<Text>,
        show_name -> Nullable<Text>,
        corporation -> Nullable<Text>,
        corporations -> Nullable<JsonDoc>,
        device -> Nullable<JsonDoc>,
        first_login_at -> Nullable<UtcTime>,
        last_login_at -> Nullable<UtcTime>,
        updated_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    worktool_contacts (robot_uuid, name) {
        robot_uuid -> Text,
        name -> Text,
        source -> Text,
        first_seen_at -> UtcTime,
        last_seen_at -> UtcTime,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    worktool_groups (id) {
        id -> Integer,
        robot_uuid -> Text,
        name -> Text,
        remark -> Nullable<Text>,
        room_type -> Integer,
        owner -> Nullable<Text>,
        member_count -> Nullable<Integer>,
        announcement -> Nullable<Text>,
        qrcode -> Nullable<Text>,
        message_count -> BigInt,
        last_message_at -> Nullable<UtcTime>,
        created_at -> UtcTime,
        updated_at -> UtcTime,
    }
}

table! {
    use diesel::sql_types::*;

    worktool_group_members (group_id, place) {
        group_id -> Integer,
        place -> Integer,
        name -> Text,
    }
}

table! {
    use crate::fields::time::UtcTime;
    use diesel::sql_types::*;

    worktool_cloud_sends (robot_uuid, platform_id, command_id) {
        robot_uuid -> Text,
        platform_id -> Text,
        command_id -> Text,
        attempt -> Integer,
        created_at -> UtcTime,
    }
}

joinable!(worktool_group_members -> worktool_groups (group_id));
allow_tables_to_appear_in_same_query!(worktool_groups, worktool_group_members);
