//! What a viewer says over its socket.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_actors::monitor::event::Channel;

/// What a channel is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default)]
pub struct FilterFrame {
    /// One robot, `robotId` or `robotUuid`.
    #[serde(alias = "robotId")]
    pub robot_id: Option<String>,
    /// A part of the name of the group.
    pub group: Option<String>,
    /// A part of the name of the user.
    pub user: Option<String>,
    /// A state of the row.
    pub status: Option<String>,
}

/// A frame of a viewer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Watch a channel, in batches from now on.
    Sub {
        /// panel1, panel2, alerts or actors.
        channel: String,
        /// What it is narrowed to.
        #[serde(default)]
        filter: FilterFrame,
        /// Events after this number; from now on when absent.
        #[serde(default, alias = "since")]
        after: Option<i64>,
    },
    /// Watch a channel no longer.
    Unsub {
        /// Which.
        channel: String,
    },
    /// Everything up to this number has been shown.
    Ack {
        /// The `seq` of a batch.
        seq: i64,
    },
    /// The page is hidden: no rows.
    Idle,
    /// The page is shown again.
    Active,
}

impl ClientFrame {
    /// Reads a frame; the sentence says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("无法识别的消息：{error}"))
    }
}

/// A list of channel names, `,` between them.
pub fn channels(text: &str) -> Result<Vec<Channel>, String> {
    let mut channels = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let channel = Channel::parse(name)
            .ok_or_else(|| format!("没有频道 {name}，可选 panel1、panel2、alerts、actors"))?;
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read() {
        let sub =
            |filter: FilterFrame, after| ClientFrame::Sub { channel: "panel1".to_owned(), filter, after };
        for (text, expected) in [
            (r#"{"op":"sub","channel":"panel1"}"#, sub(FilterFrame::default(), None)),
            (
                r#"{"op":"sub","channel":"panel1","filter":{"robot_id":"robot_1","status":"failed"},"after":7}"#,
                sub(
                    FilterFrame {
                        robot_id: Some("robot_1".to_owned()),
                        status: Some("failed".to_owned()),
                        ..FilterFrame::default()
                    },
                    Some(7),
                ),
            ),
            (r#"{"op":"unsub","channel":"alerts"}"#, ClientFrame::Unsub { channel: "alerts".to_owned() }),
            (r#"{"op":"ack","seq":9}"#, ClientFrame::Ack { seq: 9 }),
            (r#"{"op":"idle","more":1}"#, ClientFrame::Idle),
            (r#"{"op":"active"}"#, ClientFrame::Active),
        ] {
            assert_eq!(ClientFrame::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "[]", "{}", r#"{"op":"dance"}"#, r#"{"op":"ack"}"#, r#"{"op":"sub"}"#] {
            assert!(ClientFrame::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn channel_lists_are_read() {
        use Channel::{Alerts, Panel1};
        assert_eq!(channels("panel1, alerts,panel1,").unwrap(), [Panel1, Alerts]);
        assert_eq!(channels("").unwrap(), []);
        assert!(channels("panel1,panel9").unwrap_err().contains("panel9"));
    }
}
