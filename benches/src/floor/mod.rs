//! The floors: what the frameworks cost with nothing else in between. Same request, same frames, same ack as the server.
//!
//! `memory` keeps nothing; `sqlite` writes each command before its answer and its confirmation after the ack, in one
//! transaction for everything that gathered meanwhile.
mod commit;
mod socket;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::Addr;
use actix_web::error::{ErrorInternalServerError, ErrorNotFound};
use actix_web::web::{Data, Json, Payload, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use self::commit::Writer;
use self::socket::{Push, Socket};
use crate::Outcome;

/// Which floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FloorKind {
    /// Sockets and requests only.
    Memory,
    /// The same, durable in SQLite.
    Sqlite,
}

impl FloorKind {
    /// As it stands on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
        }
    }
}

struct Floor {
    sockets: RwLock<HashMap<String, Addr<Socket>>>,
    next: AtomicU64,
    writer: Option<Writer>,
}

#[derive(Deserialize)]
struct Connect {
    robot: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendMessage {
    robot_id: String,
    title_list: Vec<String>,
    content: String,
}

#[derive(Serialize)]
struct Command<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: CommandData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CommandData<'a> {
    command_id: &'a str,
    command_type: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    title_list: &'a [String],
    content: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    success: bool,
    code: i32,
    command_id: &'a str,
}

/// Serves in the current folder until the process is killed.
pub fn run(kind: FloorKind) -> Outcome<()> {
    actix_web::rt::System::new().block_on(async {
        let writer = match kind {
            FloorKind::Memory => None,
            FloorKind::Sqlite => Some(Writer::open("floor.db")?),
        };
        let floor =
            Data::new(Floor { sockets: RwLock::new(HashMap::new()), next: AtomicU64::new(0), writer });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::clone(&floor))
                .route("/readyz", web::get().to(HttpResponse::Ok))
                .route("/ws/connect", web::get().to(connect))
                .route("/api/robot/send-message", web::post().to(send_message))
        })
        .bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            std::fs::write(Path::new("address"), format!("http://{address}\n"))?;
        }
        server.run().await?;
        Ok(())
    })
}

async fn connect(
    floor: Data<Floor>,
    query: Query<Connect>,
    request: HttpRequest,
    payload: Payload,
) -> actix_web::Result<HttpResponse> {
    let socket = Socket::new(floor.writer.clone());
    let (address, response) =
        actix_web_actors::ws::WsResponseBuilder::new(socket, &request, payload).start_with_addr()?;
    floor.sockets.write().insert(query.into_inner().robot, address);
    Ok(response)
}

async fn send_message(floor: Data<Floor>, body: Json<SendMessage>) -> actix_web::Result<HttpResponse> {
    let id = format!("msg_{:026}", floor.next.fetch_add(1, Ordering::Relaxed));
    let params = Params { title_list: &body.title_list, content: &body.content };
    let data = CommandData { command_id: &id, command_type: "send_message", params };
    let frame: Arc<str> = serde_json::to_string(&Command { kind: "command", data })?.into();
    if let Some(writer) = &floor.writer {
        let stored = writer.insert(id.clone(), body.robot_id.clone(), Arc::clone(&frame));
        stored.await.map_err(ErrorInternalServerError)?;
    }
    let socket = floor.sockets.read().get(&body.robot_id).cloned();
    push(&socket.ok_or_else(|| ErrorNotFound("the robot is not connected"))?, frame);
    Ok(HttpResponse::Ok().json(Answer { success: true, code: 0, command_id: &id }))
}

#[expect(clippy::disallowed_methods, reason = "the floor is what actix alone does")]
fn push(socket: &Addr<Socket>, frame: Arc<str>) {
    socket.do_send(Push(frame));
}
