//! `GET /api/robots/{robotId}/statistics`: what a robot did on some days.
use std::collections::BTreeMap;

use actix_web::web::Path;
use chrono::{FixedOffset, NaiveDate, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_schema::commands::CommandState;
use workbot_schema::deliveries::DeliveryState;
use workbot_schema::fields::Ts;
use workbot_schema::messages::{Direction, MessageReason};
use workbot_schema::robots::statistics::{self, RobotStatistics};

use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Fields};
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Most days of one question.
const DAYS: i64 = 92;
/// Days when none are named.
const DEFAULT_DAYS: i64 = 7;
/// Days are those of Asia/Shanghai, which has no summer time.
const OFFSET_SECS: i32 = 8 * 3_600;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// Days of Asia/Shanghai, both included.
pub struct StatisticsQuery {
    /// First day, `YYYY-MM-DD`; six days before the last when absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub start_date: Option<String>,
    /// Last day, `YYYY-MM-DD`; today when absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-07")]
    pub end_date: Option<String>,
}

/// Counts of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageCounts {
    /// From people.
    pub received: i64,
    /// To people, written on the phone or by a flow.
    pub sent: i64,
    /// Of those received: answered.
    pub answered: i64,
    /// Of those received: by reason; `undecided` has none yet.
    pub by_reason: BTreeMap<String, i64>,
}

/// Counts of commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandCounts {
    /// All.
    pub total: i64,
    /// By state.
    pub by_state: BTreeMap<String, i64>,
    /// By WorkTool type.
    pub by_type: BTreeMap<String, i64>,
}

/// Counts of callbacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallbackCounts {
    /// All.
    pub total: i64,
    /// By state.
    pub by_state: BTreeMap<String, i64>,
}

/// What a robot did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatisticsView {
    /// Robot.
    pub robot_id: String,
    /// First day.
    pub start_date: String,
    /// Last day.
    pub end_date: String,
    /// Messages.
    pub messages: MessageCounts,
    /// Commands.
    pub commands: CommandCounts,
    /// Share of finished commands that succeeded, 0..1; none when none finished.
    pub success_rate: Option<f64>,
    /// Callbacks.
    pub callbacks: CallbackCounts,
}

/// Shows what a robot did.
#[utoipa::path(
    get,
    path = "/api/robots/{robotId}/statistics",
    operation_id = "get_robot_statistics",
    tag = "机器人",
    summary = "机器人统计",
    description = "按北京时间的自然日统计，最多 92 天；不传日期时为最近 7 天。",
    security(("user" = []), ("platform" = []), ("robot" = [])),
    params(("robotId" = String, Path, description = "机器人编号"), StatisticsQuery),
    responses(
        (status = 200, description = "统计", body = Envelope<StatisticsView>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123", "startDate": "2026-01-01",
                "endDate": "2026-01-07", "messages": {"received": 120, "sent": 3, "answered": 110,
                "byReason": {"answered": 110, "not_mentioned": 10}}, "commands": {"total": 115,
                "byState": {"succeeded": 114, "failed": 1}, "byType": {"203": 115}}, "successRate": 0.99,
                "callbacks": {"total": 120, "byState": {"delivered": 120}}}})),
        Failures
    )
)]
pub async fn statistics(
    state: State,
    caller: Caller,
    robot_id: Path<String>,
    Query(query): Query<StatisticsQuery>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::ReadRobot).await?;
    let days = days(&query, state.now())?;
    let (from, to) = moments(days)?;
    let counted = statistics::count(&state.db, entry.uuid, from, to).await?;
    let robot_id = entry.profile().robot.robot_id.to_string();
    Reply::ok(&view(robot_id, days, &counted))
}

/// First and last day, checked.
fn days(query: &StatisticsQuery, now: Ts) -> ApiResult<(NaiveDate, NaiveDate)> {
    let mut wrong = Fields::new();
    let mut read = |path: &str, given: &Option<String>| {
        let day = given.as_deref().map(|text| text.parse::<NaiveDate>().ok());
        wrong.expect(day != Some(None), path, "格式应为 YYYY-MM-DD");
        day.flatten()
    };
    let (start, end) = (read("startDate", &query.start_date), read("endDate", &query.end_date));
    wrong.into_invalid()?;
    let today = (now.utc() + TimeDelta::seconds(i64::from(OFFSET_SECS))).date_naive();
    let end = end.unwrap_or(today);
    let start = start.or_else(|| end.checked_sub_signed(TimeDelta::days(DEFAULT_DAYS - 1))).unwrap_or(end);
    let length = end.signed_duration_since(start).num_days();
    let mut wrong = Fields::new();
    wrong.expect(length >= 0, "startDate", "不能晚于 endDate");
    wrong.expect(length < DAYS, "startDate", "最多查询 92 天");
    wrong.into_invalid()?;
    Ok((start, end))
}

/// The first moment of the first day, and the first after the last.
fn moments((start, end): (NaiveDate, NaiveDate)) -> ApiResult<(Ts, Ts)> {
    let moment = |day: Option<NaiveDate>| {
        let midnight = day?.and_hms_opt(0, 0, 0)?;
        let zone = FixedOffset::east_opt(OFFSET_SECS)?;
        Some(Ts::new(zone.from_local_datetime(&midnight).single()?.with_timezone(&Utc)))
    };
    match (moment(Some(start)), moment(end.succ_opt())) {
        (Some(from), Some(to)) => Ok((from, to)),
        _ => Err(ApiError::field("endDate", "日期超出范围")),
    }
}

fn view(robot_id: String, (start, end): (NaiveDate, NaiveDate), counted: &RobotStatistics) -> StatisticsView {
    let mut messages = MessageCounts::default();
    for (direction, reason, count) in &counted.messages {
        match direction {
            Direction::Out => messages.sent += count,
            Direction::In => {
                messages.received += count;
                if matches!(reason, Some(MessageReason::Answered | MessageReason::RuleReply)) {
                    messages.answered += count;
                }
                let reason = reason.map_or("undecided", MessageReason::as_str).to_owned();
                *messages.by_reason.entry(reason).or_default() += count;
            }
        }
    }
    let mut commands = CommandCounts::default();
    let (mut finished, mut succeeded) = (0_u32, 0_u32);
    for (command_type, command_state, count) in &counted.commands {
        commands.total += count;
        *commands.by_type.entry(command_type.to_string()).or_default() += count;
        *commands.by_state.entry(command_state.to_string()).or_default() += count;
        let count = u32::try_from(*count).unwrap_or(u32::MAX);
        match command_state {
            CommandState::Succeeded => {
                succeeded = succeeded.saturating_add(count);
                finished = finished.saturating_add(count);
            }
            CommandState::Partial | CommandState::Failed => finished = finished.saturating_add(count),
            _ => {}
        }
    }
    let mut callbacks = CallbackCounts::default();
    for (delivery_state, count) in &counted.deliveries {
        callbacks.total += count;
        *callbacks.by_state.entry(DeliveryState::as_str(*delivery_state).to_owned()).or_default() += count;
    }
    StatisticsView {
        robot_id,
        start_date: start.to_string(),
        end_date: end.to_string(),
        messages,
        commands,
        success_rate: (finished > 0).then(|| f64::from(succeeded) / f64::from(finished)),
        callbacks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Ts {
        // 2026-01-07 23:30 in UTC is the 8th in Shanghai.
        Ts::new(Utc.with_ymd_and_hms(2026, 1, 7, 23, 30, 0).unwrap())
    }

    #[test]
    fn days_are_checked() {
        let ask = |start: Option<&str>, end: Option<&str>| {
            let query =
                StatisticsQuery { start_date: start.map(str::to_owned), end_date: end.map(str::to_owned) };
            days(&query, now()).map(|(start, end)| format!("{start}..{end}")).ok()
        };
        assert_eq!(ask(None, None).as_deref(), Some("2026-01-02..2026-01-08"));
        assert_eq!(ask(Some("2026-01-01"), None).as_deref(), Some("2026-01-01..2026-01-08"));
        assert_eq!(ask(Some("2026-01-01"), Some("2026-01-01")).as_deref(), Some("2026-01-01..2026-01-01"));
        for (start, end) in [
            ("2026-01-02", "2026-01-01"),
            ("2025-01-01", "2026-01-01"),
            ("x", "2026-01-01"),
            ("2026-13-01", "2026-12-01"),
        ] {
            assert_eq!(ask(Some(start), Some(end)), None, "{start} {end}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 8).unwrap();
        let (from, to) = moments((day, day)).unwrap();
        assert_eq!(from.iso(), "2026-01-07T16:00:00.000Z");
        assert_eq!(to.iso(), "2026-01-08T16:00:00.000Z");
    }

    #[test]
    fn counts_are_summed() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 8).unwrap();
        let counted = RobotStatistics {
            messages: vec![
                (Direction::In, Some(MessageReason::Answered), 3),
                (Direction::In, None, 1),
                (Direction::Out, None, 2),
            ],
            commands: vec![
                (203, CommandState::Succeeded, 3),
                (203, CommandState::Failed, 1),
                (218, CommandState::Queued, 5),
            ],
            deliveries: vec![(DeliveryState::Delivered, 4)],
        };
        let view = view("r".to_owned(), (day, day), &counted);
        assert_eq!((view.messages.received, view.messages.sent, view.messages.answered), (4, 2, 3));
        assert_eq!(view.messages.by_reason.get("undecided"), Some(&1));
        assert_eq!((view.commands.total, view.success_rate), (9, Some(0.75)));
        assert_eq!(view.callbacks.by_state.get("delivered"), Some(&4));
    }
}
