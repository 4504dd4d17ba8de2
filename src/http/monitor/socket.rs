//! `GET /ws/monitor`: live events, as the person who watches may see them.
use std::sync::Arc;
use std::time::Duration;

use actix_codec::Encoder;
use actix_http::ws::{self, CloseCode, CloseReason, Codec, Message};
use actix_web::body::BoxBody;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use utoipa::IntoParams;
use workbot_actors::monitor::event::Channel;
use workbot_actors::monitor::filter::Filter;
use workbot_actors::monitor::frame;
use workbot_actors::monitor::viewer::{Told, Viewer};
use workbot_actors::robot::frames::{FrameLimits, FrameStream, InboundFrame};
use workbot_schema::wire::actor_snapshot::ActorSnapshot;

use super::client_frame::{ClientFrame, FilterFrame, channels};
use super::viewing::{DirectoryNames, Sight};
use crate::http::auth::session::is_own_origin;
use crate::http::auth::{UserToken, find_robot};
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited};
use crate::http::extract::{ClientAddress, Query};
use crate::http::openapi::Failures;
use crate::http::robots::connect::hold;
use crate::http::state::{Edge, State};

/// Viewers at a time; more are refused.
const VIEWERS_MAX: usize = 256;
/// Frames on their way to one viewer; then it is waited for.
const FRAMES_MAX: usize = 16;
/// A viewer that takes nothing for so long is gone.
const TAKE: Duration = Duration::from_secs(30);
/// Events of a batch are gathered for so long.
const GATHER: Duration = Duration::from_millis(100);
const STAT: Duration = Duration::from_secs(1);
const PING: Duration = Duration::from_secs(20);
/// Without any frame of the viewer (a pong is one) it is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Whether the person may still watch is looked at this often.
const RECHECK: Duration = Duration::from_secs(5);
/// Longest frame of a viewer.
const FRAME_BYTES: usize = 16 * 1024;
/// Frames that cannot be read, until the socket is closed.
const BAD_FRAMES: u32 = 20;
/// Rows of actors in one frame, the fullest mailboxes first.
const ACTORS_MAX: usize = 200;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What is watched from the beginning.
pub struct MonitorQuery {
    /// panel1, panel2, alerts, actors, with commas between them.
    pub channels: Option<String>,
    /// Events after this number; from now on when absent.
    #[serde(alias = "after")]
    pub since: Option<i64>,
    /// 1 = events come in batches.
    pub batch: Option<u8>,
}

/// Opens the live feed.
#[utoipa::path(
    get,
    path = "/ws/monitor",
    operation_id = "watch",
    tag = "监控",
    summary = "实时事件（WebSocket）",
    description = "频道 panel1、panel2、alerts、actors。默认逐条推送事件；batch=1 或发送 sub 帧后改为每 100 毫秒一批（最多 200 行，其余计入 skipped），需以 ack 确认，未确认满 4 批时只推送 stat。以会话 Cookie 连接时 Origin 必须与本站一致，否则 403；会话结束或账号停用后收到 bye 并以 4001 关闭。since 之后的事件若已不在内存中，先收到 gap。",
    security(("user" = [])),
    params(MonitorQuery),
    responses(
        (status = 101, description = "已升级；随后为事件帧", content_type = "application/json",
            example = json!({"type": "message_received", "channel": "panel1", "seq": 1024, "timestamp": 1703123456789_i64,
                "data": {"sessionId": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f", "messageId": "msg_1703123456789_abc123def",
                "robotId": "robot_1703123456789_abc123", "userName": "张三", "groupName": "客服群", "content": "如何退款？",
                "timestamp": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn watch(
    edge: Edge,
    state: State,
    user: UserToken,
    client: ClientAddress,
    Query(query): Query<MonitorQuery>,
    request: HttpRequest,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    let public_url = &state.settings.server.public_url;
    // A browser sends the cookie for pages of any site; only ours may watch.
    if user.session.is_some() && !is_own_origin(request.headers(), public_url) {
        return Err(ApiError::Forbidden(Forbidden::Origin));
    }
    let wanted = channels(query.channels.as_deref().unwrap_or_default())
        .map_err(|sentence| ApiError::field("channels", sentence))?;
    let sight = Sight::new(user, state.directory.clone());
    for channel in &wanted {
        sight.may(*channel)?;
    }
    if state.monitor.viewers() >= VIEWERS_MAX {
        return Err(ApiError::Limited(Limited::Requests, Duration::from_secs(10)));
    }
    let mut response = ws::handshake(request.head())
        .map_err(|_no_upgrade| ApiError::field("Upgrade", "该地址只接受 WebSocket 连接"))?;
    let ticket = edge.sockets().admit(client.address)?;
    ticket.register();
    let after = query.since.unwrap_or_else(|| state.monitor.as_of());
    let viewer = Viewer::new(&wanted, after, query.batch == Some(1));
    let (sender, receiver) = mpsc::channel(FRAMES_MAX);
    let limits = FrameLimits { max_message_bytes: FRAME_BYTES, ..FrameLimits::default() };
    let frames = FrameStream::new(payload, limits, Arc::clone(&state.robot_sockets.budget));
    let line = Line { sender, codec: Codec::new() };
    let watcher = Watcher { state, sight, viewer, line, bad_frames: 0, skipped: 0 };
    actix_rt::spawn(watcher.run(frames));
    let body = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|frame| (Ok::<Bytes, actix_web::Error>(frame), receiver))
    });
    let response = response.message_body(BoxBody::new(actix_web::body::BodyStream::new(Box::pin(body))));
    let response = response.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(hold(HttpResponse::from(response), ticket))
}

/// The viewer has gone, or takes nothing any more.
#[derive(Debug, Clone, Copy)]
struct Gone;

/// The way to one viewer.
struct Line {
    sender: mpsc::Sender<Bytes>,
    codec: Codec,
}

impl Line {
    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        let mut bytes = BytesMut::new();
        self.codec.encode(message, &mut bytes).map_err(|_too_long| Gone)?;
        match timeout(TAKE, self.sender.send(bytes.freeze())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_closed)) => Err(Gone),
            Err(_elapsed) => Err(Gone),
        }
    }

    async fn text(&mut self, text: String) -> Result<(), Gone> {
        self.send(Message::Text(text.into())).await
    }
}

struct Watcher {
    state: State,
    sight: Sight,
    viewer: Viewer,
    line: Line,
    bad_frames: u32,
    skipped: u64,
}

impl Watcher {
    async fn run(mut self, frames: FrameStream<Payload>) {
        let _watching = self.state.monitor.watch();
        // Whoever goes is not waited for: the body ends with the sender.
        match self.follow(frames).await {
            Ok(()) | Err(Gone) => {}
        }
    }

    async fn follow(&mut self, mut frames: FrameStream<Payload>) -> Result<(), Gone> {
        let mut changes = self.state.monitor.changes();
        changes.mark_changed();
        let mut every_second = interval(STAT);
        let mut pings = interval(PING);
        let mut rechecks = interval(RECHECK);
        for timer in [&mut every_second, &mut pings, &mut rechecks] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer.reset();
        }
        let mut not_before = Instant::now();
        let mut silent_since = Instant::now();
        loop {
            let gathered = async {
                // Whoever waits for an acknowledgement is woken by it.
                if changes.changed().await.is_ok() {
                    sleep_until(not_before).await;
                }
            };
            tokio::select! {
                biased;
                frame = frames.next() => {
                    silent_since = Instant::now();
                    let Some(Ok(frame)) = frame else { return Err(Gone) };
                    self.hear(frame).await?;
                }
                () = self.line.sender.closed() => return Err(Gone),
                _tick = rechecks.tick() => self.recheck().await?,
                _tick = every_second.tick() => self.tell_stats().await?,
                _tick = pings.tick() => {
                    if silent_since.elapsed() > SILENCE {
                        return Err(Gone);
                    }
                    self.line.send(Message::Ping(Bytes::new())).await?;
                }
                () = gathered => {
                    let has_more = self.tell().await?;
                    let gathers = self.viewer.is_batched() && !has_more;
                    not_before = if gathers { Instant::now() + GATHER } else { Instant::now() };
                    if !has_more {
                        continue;
                    }
                }
            }
            // What was seen of the feed while something else came first is not forgotten.
            changes.mark_changed();
        }
    }

    /// Tells what is new; true when there is more to tell at once.
    async fn tell(&mut self) -> Result<bool, Gone> {
        let after = self.viewer.reads_after();
        if after == i64::MAX {
            return Ok(false);
        }
        let read = self.state.monitor.read(after);
        let (told, has_more) = self.viewer.advance(&read, &|event| self.sight.sees(event));
        let now = self.state.now();
        for told in told {
            let names = DirectoryNames(self.state.directory.clone());
            let text = match told {
                Told::Event(channel, event) => frame::event(channel, &event, &names),
                Told::Batch { channel, range, skipped, events } => {
                    frame::batch(channel, range, skipped, &events, &names, now)
                }
                Told::Gap { channel, range: (from, to) } => {
                    let data = json!({"channel": channel.name(), "from": from, "to": to});
                    frame::notice("gap", Some(channel), &data, to, now)
                }
            };
            self.line.text(text).await?;
        }
        let skipped = self.viewer.skipped();
        self.state.monitor.count_skipped(skipped.saturating_sub(self.skipped));
        self.skipped = skipped;
        Ok(has_more)
    }

    async fn tell_stats(&mut self) -> Result<(), Gone> {
        // Counts what came since, also while no rows are taken.
        self.tell().await?;
        let now = self.state.now();
        let as_of = self.state.monitor.as_of();
        for (channel, data) in self.viewer.stats() {
            self.line.text(frame::notice("stat", Some(channel), &data, as_of, now)).await?;
        }
        if self.viewer.watches(Channel::Actors) && self.viewer.takes_rows() {
            let mut rows = self.state.registry.snapshot();
            let total = rows.len();
            rows.sort_by(|a, b| (b.mailbox.depth, &a.kind, &a.id).cmp(&(a.mailbox.depth, &b.kind, &b.id)));
            rows.truncate(ACTORS_MAX);
            let data = json!({"total": total, "list": rows_of(&rows)});
            self.line.text(frame::notice("actors", Some(Channel::Actors), &data, as_of, now)).await?;
        }
        Ok(())
    }

    async fn recheck(&mut self) -> Result<(), Gone> {
        if self.sight.is_valid(&self.state).await {
            return Ok(());
        }
        let data = json!({"reason": "登录已失效，请重新登录"});
        let bye = frame::notice("bye", None, &data, self.state.monitor.as_of(), self.state.now());
        self.line.text(bye).await?;
        self.close(CloseCode::from(4001), "token is over").await
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Gone> {
        self.line
            .send(Message::Close(Some(CloseReason { code, description: Some(reason.to_owned()) })))
            .await?;
        Err(Gone)
    }

    async fn hear(&mut self, frame: InboundFrame) -> Result<(), Gone> {
        match frame {
            InboundFrame::Text(text) => {
                let done = match ClientFrame::parse(&text) {
                    Ok(frame) => self.obey(frame).await,
                    Err(sentence) => Err(sentence),
                };
                let Err(sentence) = done else { return Ok(()) };
                self.bad_frames = self.bad_frames.saturating_add(1);
                if self.bad_frames > BAD_FRAMES {
                    return self.close(CloseCode::from(4029), "too many frames that cannot be read").await;
                }
                let data = json!({"message": sentence});
                let now = self.state.now();
                self.line.text(frame::notice("error", None, &data, self.state.monitor.as_of(), now)).await
            }
            InboundFrame::Ping(bytes) => self.line.send(Message::Pong(bytes)).await,
            InboundFrame::Pong(_) | InboundFrame::Binary(_) => Ok(()),
            InboundFrame::Close(reason) => {
                self.line.send(Message::Close(reason)).await?;
                Err(Gone)
            }
        }
    }

    async fn obey(&mut self, frame: ClientFrame) -> Result<(), String> {
        match frame {
            ClientFrame::Sub { channel, filter, after } => {
                let channel = channel_of(&channel)?;
                self.sight.may(channel).map_err(|_forbidden| format!("无权查看频道 {}", channel.name()))?;
                let filter = self.filter(filter).await?;
                let after = after.unwrap_or_else(|| self.state.monitor.as_of());
                self.viewer.subscribe(channel, filter, after);
            }
            ClientFrame::Unsub { channel } => self.viewer.unsubscribe(channel_of(&channel)?),
            ClientFrame::Ack { seq } => self.viewer.acknowledge(seq),
            ClientFrame::Idle => self.viewer.set_idle(true),
            ClientFrame::Active => self.viewer.set_idle(false),
        }
        Ok(())
    }

    async fn filter(&self, frame: FilterFrame) -> Result<Filter, String> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let robot = match given(frame.robot_id) {
            None => None,
            // Events of robots out of reach are not seen in any case.
            Some(name) => match find_robot(&self.state, &name).await {
                Ok(entry) => Some(entry.uuid),
                Err(_unknown) => return Err(format!("没有机器人 {name}")),
            },
        };
        Ok(Filter { robot, group: given(frame.group), user: given(frame.user), status: given(frame.status) })
    }
}

fn channel_of(name: &str) -> Result<Channel, String> {
    Channel::parse(name).ok_or_else(|| format!("没有频道 {name}，可选 panel1、panel2、alerts、actors"))
}

fn rows_of(rows: &[ActorSnapshot]) -> Value {
    serde_json::to_value(rows).unwrap_or_default()
}
