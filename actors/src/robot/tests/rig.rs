//! A server with the robot's socket on a port of its own, and a phone that speaks raw WebSocket.
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpServer, web};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use workbot_schema::commands::{CommandSource, CommandState, NewCommand, RobotCommand};
use workbot_schema::ids::RobotUuid;
use workbot_schema::store::files::FileStore;

use crate::kernel::{Offload, Postbox};
use crate::robot::command_service::{CommandLimits, CommandService, Submitted};
use crate::robot::frames::{FrameLimits, InboundBudget};
use crate::robot::login::{RobotLogin, SocketDialect};
use crate::robot::message_service::MessageService;
use crate::robot::pacing::WindowLimit;
use crate::robot::socket::SocketParts;
use crate::robot::{refuse_upgrade, upgrade};
use crate::supervisor::directory::RobotEntry;
use crate::supervisor::scene::{LONG, Scene};

pub struct Rig {
    pub scene: Scene,
    pub parts: Arc<SocketParts>,
    address: Option<SocketAddr>,
}

impl Rig {
    /// The services alone.
    pub async fn services() -> Self {
        let scene = Scene::open().await;
        let (journal, clock, db) = (scene.journal.clone(), scene.kernel.clock.clone(), scene.db.clone());
        let files = FileStore::new(scene.folder.join("files"));
        let offload = Offload::new(2, 16);
        let limits = CommandLimits { queue_max: 50, window: WindowLimit::default() };
        let parts = SocketParts {
            messages: MessageService::new(journal.clone(), clock.clone(), files.clone(), offload.clone()),
            commands: CommandService::new(journal.clone(), clock.clone(), db.clone(), limits),
            attach: Postbox::new(scene.router.clone()),
            detach: Postbox::new(scene.router.clone()),
            budget: Arc::new(InboundBudget::default()),
            frame_limits: FrameLimits::default(),
            settings: Default::default(),
            parent: None,
            counters: Default::default(),
            phones: Default::default(),
            registry: scene.kernel.registry.clone(),
            journal,
            db,
            files,
            offload,
            clock,
        };
        Self { scene, parts: Arc::new(parts), address: None }
    }

    /// With a server in front.
    pub async fn serve() -> Self {
        let rig = Self::services().await;
        let (parts, directory) = (Arc::clone(&rig.parts), rig.scene.directory.clone());
        let connect = move |request: HttpRequest, payload: web::Payload| {
            let (parts, directory) = (Arc::clone(&parts), directory.clone());
            async move {
                let robot = request.match_info().query("robot").parse().map(RobotUuid);
                match robot.ok().and_then(|robot| directory.find(robot)) {
                    Some(entry) => {
                        let login = RobotLogin { entry, dialect: SocketDialect::Native, address: None };
                        upgrade(&request, payload, login, parts)
                    }
                    None => refuse_upgrade(&request, payload, 4002, "robot unknown"),
                }
            }
        };
        let server = HttpServer::new(move || App::new().route("/{robot}", web::get().to(connect.clone())))
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let address = server.addrs()[0];
        actix_rt::spawn(server.run());
        Self { address: Some(address), ..rig }
    }

    /// A phone that was taken in.
    pub async fn phone(&self, entry: &RobotEntry) -> Phone {
        let mut phone = self.connect(&entry.uuid.to_string()).await;
        assert_eq!(phone.next().await["type"], "connected");
        assert_eq!(phone.next().await["type"], "config");
        phone
    }

    pub async fn connect(&self, robot: &str) -> Phone {
        let url = format!("ws://{}/{robot}", self.address.unwrap());
        let (stream, _response) = tokio::time::timeout(LONG, connect_async(url)).await.unwrap().unwrap();
        Phone { stream }
    }

    pub async fn robot(&self) -> Arc<RobotEntry> {
        self.scene.robot(|_robot| {}).await
    }

    pub fn new_command(&self, entry: &RobotEntry, id: &str, item: Value) -> NewCommand {
        let now = self.scene.now();
        let text = item.to_string();
        NewCommand {
            id: id.into(),
            robot_uuid: entry.uuid,
            batch_id: None,
            command_type: i32::try_from(item["type"].as_i64().unwrap()).unwrap(),
            size_bytes: i32::try_from(text.len()).unwrap(),
            item: text,
            file_name: None,
            priority: 0,
            can_retry: true,
            source: CommandSource::Commands,
            request_id: None,
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: now.plus(chrono::TimeDelta::hours(24)),
            created_at: now,
            is_offline: false,
        }
    }

    pub async fn submit(&self, entry: &Arc<RobotEntry>, id: &str, item: Value) -> Vec<RobotCommand> {
        let command = self.new_command(entry, id, item);
        match self.parts.commands.submit(entry, vec![command], None).await.unwrap() {
            Submitted::Stored(rows) => rows,
            Submitted::Replayed(_) => panic!("replayed"),
        }
    }

    pub async fn text(&self, entry: &Arc<RobotEntry>, id: &str) {
        self.submit(entry, id, json!({"type": 203, "titleList": ["张三"], "receivedContent": id})).await;
    }

    /// Waits until the row is there.
    pub async fn reaches(&self, id: &str, state: CommandState) -> RobotCommand {
        let wait = async {
            loop {
                let row = self.scene.command(id).await;
                if row.state == state {
                    return row;
                }
            }
        };
        tokio::time::timeout(LONG, wait).await.unwrap_or_else(|_elapsed| panic!("{id} never {state}"))
    }
}

pub struct Phone {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Phone {
    pub async fn send(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        tokio::time::timeout(LONG, self.stream.send(Message::text(text))).await.unwrap().unwrap();
    }

    pub async fn message(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(LONG, self.stream.next()).await.expect("no frame in time");
        next.and_then(Result::ok)
    }

    /// The next text frame.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.message().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Close(reason)) => panic!("closed: {reason:?}"),
                Some(_) => {}
                None => panic!("connection gone"),
            }
        }
    }

    /// The next command, which must be this one.
    pub async fn command(&mut self, id: &str) -> Value {
        let frame = self.next().await;
        assert_eq!((&frame["type"], &frame["data"]["commandId"]), (&json!("command"), &json!(id)), "{frame}");
        frame["data"].clone()
    }

    pub async fn ack(&mut self, id: &str) {
        self.send(json!({"type": "ack", "data": {"commandId": id}})).await;
    }

    /// The close code, after whatever comes before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.message().await {
                Some(Message::Close(Some(reason))) => return reason.code.into(),
                Some(_) => {}
                None => panic!("no close frame"),
            }
        }
    }
}
