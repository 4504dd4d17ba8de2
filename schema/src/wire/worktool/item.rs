//! Items the app sends by itself or because of a query, envelope type 2.
use serde_json::{Map, Value};

use super::field;
use super::log_line::LINE_CHARS;
use super::snapshot::Snapshot;

/// A group as the phone sees it (501, 214).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name.
    pub name: String,
    /// Its remark on this phone.
    pub remark: Option<String>,
    /// Its owner.
    pub owner: Option<String>,
    /// How many members.
    pub member_count: Option<i32>,
    /// Its announcement.
    pub announcement: Option<String>,
    /// The members, when the phone told them: up to 8, or all after 508.
    pub members: Vec<String>,
}

/// Who the phone is (503).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MyInfo {
    /// Its name: what mentions are written with.
    pub name: Option<String>,
    /// The name others see, where it differs.
    pub show_name: Option<String>,
    /// Its enterprise.
    pub corporation: Option<String>,
}

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub enum UpItem {
    /// 101: what is on the screen of a chat.
    Snapshot(Box<Snapshot>),
    /// 301: a line of the phone's log, see [`super::log_line`].
    Log(String),
    /// 302: something went wrong on the phone.
    ErrorLog(String),
    /// 501 and 214: a group.
    Group(Box<GroupInfo>),
    /// 502: somebody's friend request was accepted; the name.
    NewFriend(String),
    /// 503: the phone's own names.
    MyInfo(Box<MyInfo>),
    /// 504: the text of a group's QR code.
    GroupQrcode {
        /// The group.
        group: String,
        /// Its remark.
        remark: Option<String>,
        /// A link, valid for 7 days.
        qrcode: String,
    },
    /// 505: names at the top of the chat list.
    RecentChats(Vec<String>),
    /// 506: enterprises the phone could switch to.
    Corporations(Vec<String>),
    /// A type that means nothing here.
    Other(i32),
}

impl UpItem {
    /// Reads one item; never fails.
    pub fn read(fields: &Map<String, Value>) -> Self {
        let line = || -> String {
            field::text(fields, "log").unwrap_or_default().chars().take(LINE_CHARS).collect()
        };
        let number = field::small(fields, "type");
        match number {
            101 => Self::Snapshot(Box::new(Snapshot::read(fields))),
            301 => Self::Log(line()),
            302 => Self::ErrorLog(line()),
            501 | 214 => match group(fields) {
                Some(info) => Self::Group(Box::new(info)),
                None => Self::Other(number),
            },
            502 => match field::text(&field::object(fields, "friend"), "name") {
                Some(name) => Self::NewFriend(name),
                None => Self::Other(number),
            },
            503 => Self::MyInfo(Box::new(my_info(&field::object(fields, "myInfo")))),
            504 => match (field::text(fields, "groupName"), field::text(fields, "qrcode")) {
                (Some(group), Some(qrcode)) => {
                    Self::GroupQrcode { group, remark: field::text(fields, "groupRemark"), qrcode }
                }
                _ => Self::Other(number),
            },
            505 => Self::RecentChats(recent_chats(fields)),
            506 => Self::Corporations(field::texts(fields, "titleList")),
            other => Self::Other(other),
        }
    }
}

fn group(fields: &Map<String, Value>) -> Option<GroupInfo> {
    let name = field::text(fields, "groupName")
        .or_else(|| field::texts(fields, "titleList").into_iter().next())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())?;
    Some(GroupInfo {
        name,
        remark: field::text(fields, "groupRemark"),
        owner: field::text(fields, "groupOwner"),
        member_count: field::number(fields, "groupNumber")
            .and_then(|count| i32::try_from(count).ok())
            .filter(|count| *count > 0),
        announcement: field::text(fields, "groupAnnouncement"),
        members: field::texts(fields, "nameList"),
    })
}

fn my_info(fields: &Map<String, Value>) -> MyInfo {
    let name = |key: &str| {
        field::text(fields, key).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
    };
    MyInfo { name: name("name"), show_name: name("showName"), corporation: name("corporation") }
}

fn recent_chats(fields: &Map<String, Value>) -> Vec<String> {
    let first_text = |chat: &Map<String, Value>| {
        field::objects(chat, "itemMessageList").iter().find_map(|line| field::text(line, "text"))
    };
    field::objects(fields, "messageList").iter().filter_map(first_text).collect()
}
