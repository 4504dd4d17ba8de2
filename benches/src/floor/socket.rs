//! The socket of the floor: an actor of actix-web-actors that pushes frames and reads acks.
use std::sync::Arc;

use actix::{Actor, Handler, Message, StreamHandler};
use actix_web_actors::ws::{self, ProtocolError, WebsocketContext};
use serde::Deserialize;

use super::commit::Writer;

/// A frame to push.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Push(pub Arc<str>);

/// One connected phone.
pub struct Socket {
    writer: Option<Writer>,
}

impl Socket {
    /// A socket that confirms to `writer`, if there is one.
    pub fn new(writer: Option<Writer>) -> Self {
        Self { writer }
    }
}

#[derive(Deserialize)]
struct Inbound<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    data: Ack,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ack {
    command_id: String,
}

impl Actor for Socket {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(8);
        ctx.text(r#"{"type":"connected"}"#);
    }
}

impl Handler<Push> for Socket {
    type Result = ();

    fn handle(&mut self, Push(frame): Push, ctx: &mut Self::Context) {
        ctx.text(&*frame);
    }
}

impl StreamHandler<Result<ws::Message, ProtocolError>> for Socket {
    fn handle(&mut self, item: Result<ws::Message, ProtocolError>, ctx: &mut Self::Context) {
        match item {
            Ok(ws::Message::Text(text)) => {
                let Ok(inbound) = serde_json::from_str::<Inbound<'_>>(&text) else { return };
                if let ("ack", Some(writer)) = (inbound.kind, &self.writer) {
                    writer.confirm(inbound.data.command_id);
                }
            }
            Ok(ws::Message::Ping(bytes)) => ctx.pong(&bytes),
            _ => {}
        }
    }
}
