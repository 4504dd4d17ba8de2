//! `GET /api/ai/templates/categories`: how many templates each scene has.
use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::preset::templates::CATEGORIES;
use workbot_schema::ai_message_templates::count_by_category;

use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// A scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCount {
    /// Its name.
    pub category: String,
    /// Its templates, of those one sees.
    pub count: i64,
}

/// Lists the scenes: those that came with the program in their order, then others by name.
#[utoipa::path(
    get,
    path = "/api/ai/templates/categories",
    operation_id = "list_template_categories",
    tag = "话术模板",
    summary = "话术模板类别",
    description = "24 个预置类别按固定顺序（没有模板的类别为 0），其后为自定义类别。",
    security(("user" = [])),
    responses(
        (status = 200, description = "类别", body = Envelope<Vec<CategoryCount>>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": [{"category": "欢迎语", "count": 5}, {"category": "问候语", "count": 3}]})),
        Failures
    )
)]
pub async fn categories(state: State, user: UserToken) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let counts = count_by_category(&state.db, user.audience()).await?;
    let mut counts: BTreeMap<String, i64> = counts.into_iter().collect();
    let mut list: Vec<CategoryCount> = CATEGORIES
        .iter()
        .map(|(name, _presets)| CategoryCount {
            category: (*name).to_owned(),
            count: counts.remove(*name).unwrap_or_default(),
        })
        .collect();
    list.extend(counts.into_iter().map(|(category, count)| CategoryCount { category, count }));
    Reply::ok(&list)
}
