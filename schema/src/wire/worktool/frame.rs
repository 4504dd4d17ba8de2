//! One text frame of the app.
use serde_json::{Map, Value};

use super::cipher::{self, CipherError};
use super::item::UpItem;
use super::result::Report;
use super::{CONFIRM, HEARTBEAT, ITEMS, RESULTS, field};

/// Longest id that is kept, characters: what is longer is none of ours.
const ID_CHARS: usize = 200;

/// What a frame is.
#[derive(Debug, Clone, PartialEq)]
pub enum UpBody {
    /// `{"type":11}`: the app is alive.
    Heartbeat,
    /// `{"td":…}`: the app is alive, with its clock.
    Clock,
    /// It has the frame whose id the envelope names.
    Confirm,
    /// Reports of its own.
    Items(Vec<UpItem>),
    /// What became of the command whose id the envelope names.
    Results(Vec<Report>),
    /// A JSON object that says nothing here.
    Unknown,
}

/// A frame.
#[derive(Debug, Clone, PartialEq)]
pub struct UpFrame {
    /// The envelope's id: the app's own, or the one of our frame.
    pub message_id: Option<String>,
    /// What it is.
    pub body: UpBody,
    /// How many U+0000 were replaced by U+FFFD.
    pub replaced_nulls: u32,
}

impl UpFrame {
    /// Whether only a running app sends such a frame; the connection that tests a host never does.
    pub fn is_proof(&self) -> bool {
        matches!(self.body, UpBody::Heartbeat | UpBody::Clock)
    }
}

/// Why a text is no frame. It is counted and logged; the socket stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameProblem {
    /// Not JSON at all.
    #[error("no JSON")]
    NotJson,
    /// JSON, but no object.
    #[error("no JSON object")]
    NotObject,
    /// The encrypted list cannot be read.
    #[error("encrypted list: {0}")]
    Cipher(#[from] CipherError),
    /// The encrypted list is no JSON list.
    #[error("the decrypted list is no JSON list")]
    NotList,
}

/// Reads a frame.
pub fn read(text: &str) -> Result<UpFrame, FrameProblem> {
    let frame: Value = serde_json::from_str(text).map_err(|_no_json| FrameProblem::NotJson)?;
    let Value::Object(fields) = frame else { return Err(FrameProblem::NotObject) };
    let message_id = field::text(&fields, "messageId").filter(|id| id.chars().count() <= ID_CHARS);
    let nulls = text.matches("\\u0000").count().saturating_add(text.matches('\0').count());
    Ok(UpFrame { message_id, body: body(&fields)?, replaced_nulls: u32::try_from(nulls).unwrap_or(u32::MAX) })
}

fn body(fields: &Map<String, Value>) -> Result<UpBody, FrameProblem> {
    let Some(socket_type) = field::number(fields, "socketType") else {
        return Ok(if field::number(fields, "type") == Some(HEARTBEAT) {
            UpBody::Heartbeat
        } else if fields.contains_key("td") {
            UpBody::Clock
        } else {
            by_content(list(fields)?)
        });
    };
    Ok(match socket_type {
        0 => UpBody::Heartbeat,
        CONFIRM => UpBody::Confirm,
        ITEMS => UpBody::Items(list(fields)?.iter().map(UpItem::read).collect()),
        RESULTS => UpBody::Results(list(fields)?.iter().map(Report::read).collect()),
        _ => UpBody::Unknown,
    })
}

/// An envelope whose kind is missing tells it by what is in it.
fn by_content(list: Vec<Map<String, Value>>) -> UpBody {
    if list.is_empty() {
        UpBody::Unknown
    } else if list.iter().all(|item| item.contains_key("rawMsg")) {
        UpBody::Results(list.iter().map(Report::read).collect())
    } else {
        UpBody::Items(list.iter().map(UpItem::read).collect())
    }
}

fn list(fields: &Map<String, Value>) -> Result<Vec<Map<String, Value>>, FrameProblem> {
    let sealed = field::text(fields, "encryptedList")
        .filter(|_sealed| field::number(fields, "encryptType") == Some(1));
    let Some(sealed) = sealed else { return Ok(field::objects(fields, "list")) };
    match serde_json::from_str(&cipher::decrypt(&sealed)?) {
        Ok(list @ (Value::Array(_) | Value::Object(_))) => {
            Ok(field::objects(&Map::from_iter([("list".to_owned(), list)]), "list"))
        }
        Ok(_) | Err(_) => Err(FrameProblem::NotList),
    }
}
