//! Robots: the socket actor, what it decides, and the services it shares with the HTTP edge.
//!
//! - *Owns:* the socket of one phone and what is on its way through it ([`core`]).
//! - *Started by:* [`upgrade`], once the token was checked. *Supervised:* temporary, born again by the next connect.
//! - *Mailbox:* [`RobotOrder`], 8. Full: the order is dropped; `Wake` stays as a flag in the directory and is repeated by the
//!   sweep, a robot that does not take `Close` is detached and its generation is dead.
//! - *Lost on crash:* nothing that was answered; what was pushed and not confirmed is pushed again on the next connect.
//! - *Recovered from:* the rows of the commands.
//!
//! ```text
//! phone ⇄ frames ─▶ dialect ─▶ core ─▶ effects ─▶ journal (messages, confirmations, results, claims)
//!           ▲                   ▲  │                 │
//!           └──── pushes ───────┼──┘                 │
//!                               └──── answers ◀──────┘
//! ```
//! While the peer does not read, this actor runs neither timers nor mailbox: nothing that must happen depends on it.
//! This file alone names the frozen crate of the context.
pub mod command_service;
pub mod core;
pub mod dialect;
mod effects;
pub mod frames;
pub mod login;
pub mod message_plan;
pub mod message_service;
pub mod orders;
pub mod pacing;
pub mod picture;
pub mod socket;
pub mod submission;
#[cfg(test)]
mod tests;
pub mod worktool_chat;
pub mod worktool_socket;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Handler, SpawnHandle, StreamHandler, WrapFuture,
};
use actix_codec::Encoder;
use actix_http::ws::{CloseCode, CloseReason, Codec};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{self, WebsocketContext, WsResponseBuilder};
use bytes::BytesMut;
use futures_util::{StreamExt, stream};
use workbot_schema::fields::Ts;
use workbot_schema::ids::CommandId;
use workbot_schema::wire::actor_snapshot::ActorState;
use workbot_schema::wire::native::RobotConfig;
use workbot_schema::wire::worktool::downstream;

use self::core::{Core, Input, World};
use self::dialect::{BadFrame, Inbound, native, worktool};
use self::frames::{FrameEnd, FrameStream, InboundFrame};
use self::login::{Attach, RobotLogin, SocketDialect};
use self::orders::{CloseCause, RobotOrder};
use self::socket::{Lease, LeaseError, SocketParts, lease};
use self::worktool_socket::WorktoolSide;
use crate::kernel::{ActorRef, ActorStats, INLINE_BYTES, Postbox, Posted, Registration};

/// Orders that may wait for one socket.
pub const MAILBOX: u32 = 8;
/// The router waits up to 2 s for the login before; one for itself, one for the way.
const ATTACH: Duration = Duration::from_secs(4);
/// How long a large frame may take to be read.
const DECODE: Duration = Duration::from_secs(5);

type Context = WebsocketContext<RobotActor>;

/// The socket of one connected phone.
pub struct RobotActor {
    parts: Arc<SocketParts>,
    login: RobotLogin,
    core: Core,
    /// Read from when the robot is ours.
    frames: Option<Box<FrameStream<web::Payload>>>,
    lease: Option<Lease>,
    registration: Registration,
    timer: Option<(u64, SpawnHandle)>,
    sent_frames: u64,
    /// Only for phones with the WorkTool app.
    worktool: Option<Box<WorktoolSide>>,
}

/// Answers the upgrade and starts the socket of a login whose token was checked.
pub fn upgrade(
    request: &HttpRequest,
    payload: web::Payload,
    login: RobotLogin,
    parts: Arc<SocketParts>,
) -> Result<HttpResponse, actix_web::Error> {
    let frames = FrameStream::new(payload, parts.frame_limits, Arc::clone(&parts.budget));
    let robot_id = login.entry.profile().robot.robot_id.clone();
    let stats = ActorStats::new("robot", robot_id.as_str(), parts.parent.clone(), MAILBOX, parts.clock.now());
    let is_worktool = login.dialect == SocketDialect::Worktool;
    let actor = RobotActor {
        core: Core::new(if is_worktool { parts.settings.for_worktool() } else { parts.settings }),
        worktool: is_worktool.then(|| Box::new(WorktoolSide::new(&parts))),
        registration: parts.registry.register(stats),
        frames: Some(Box::new(frames)),
        lease: None,
        timer: None,
        sent_frames: 0,
        parts,
        login,
    };
    WsResponseBuilder::new(actor, request, stream::pending()).start()
}

/// Answers the upgrade with a close frame and nothing else: no actor starts, nothing is registered.
pub fn refuse_upgrade(
    request: &HttpRequest,
    payload: web::Payload,
    code: u16,
    reason: &str,
) -> Result<HttpResponse, actix_web::Error> {
    drop(payload);
    let reason = CloseReason { code: CloseCode::from(code), description: Some(reason.to_owned()) };
    let mut frame = BytesMut::new();
    Codec::new().encode(ws::Message::Close(Some(reason)), &mut frame)?;
    let body = stream::iter([Ok::<_, actix_web::Error>(frame.freeze())]);
    Ok(ws::handshake(request)?.streaming(body))
}

/// Answers the upgrade of a WorkTool phone that is not served: the start frame, because its host test waits for a first frame,
/// a toast that says why, and the close 1000 after 10 s. No actor starts, nothing is registered, what it sends is thrown away.
pub fn turn_away(
    request: &HttpRequest,
    payload: web::Payload,
    toast: &str,
) -> Result<HttpResponse, actix_web::Error> {
    let mut hello = BytesMut::new();
    let mut bye = BytesMut::new();
    let mut codec = Codec::new();
    for text in [downstream::START, toast] {
        codec.encode(ws::Message::Text(text.to_owned().into()), &mut hello)?;
    }
    codec.encode(ws::Message::Close(Some(CloseCode::Normal.into())), &mut bye)?;
    let end = tokio::time::Instant::now() + Duration::from_millis(worktool::UNKNOWN_CLOSE_MS);
    let hello = stream::iter([Ok::<_, actix_web::Error>(hello.freeze())]);
    let wait = stream::once(async move {
        let mut payload = payload;
        while let Ok(Some(Ok(_thrown_away))) = tokio::time::timeout_at(end, payload.next()).await {}
        Ok(bye.freeze())
    });
    Ok(ws::handshake(request)?.streaming(hello.chain(wait)))
}

impl Actor for RobotActor {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.set_mailbox_capacity(0);
        let stats = Arc::clone(self.registration.stats());
        let now = self.parts.clock.now();
        stats.enter(ActorState::Running, now);
        let stop = async move { stats.stopping().await };
        ctx.spawn(
            stop.into_actor(self).map(|(), actor, ctx| actor.step(Input::Close(CloseCause::Kicked), ctx)),
        );
        if self.worktool.is_some() { self.greet(ctx) } else { self.attach(ctx) }
    }

    fn stopped(&mut self, _ctx: &mut Context) {
        self.worktool_ended();
    }
}

impl RobotActor {
    /// Asks for the robot.
    fn attach(&mut self, ctx: &mut Context) {
        let attach = Attach {
            uuid: self.login.entry.uuid,
            orders: Postbox::new(ActorRef::new(ctx.address(), Arc::clone(self.registration.stats()))),
            dialect: self.login.dialect,
            address: self.login.address.as_deref().map(Arc::from),
            connection_id: Arc::from(uuid::Uuid::now_v7().simple().to_string()),
            since: Ts::new(self.parts.clock.now()),
        };
        let asked = lease(&self.parts, attach, ATTACH);
        ctx.spawn(asked.into_actor(self).map(|answer, actor, ctx| actor.attached(answer, ctx)));
    }

    fn attached(&mut self, answer: Result<Lease, LeaseError>, ctx: &mut Context) {
        match answer {
            Ok(lease) => {
                self.lease = Some(lease);
                self.parts.counters.attached.fetch_add(1, Ordering::Relaxed);
                if let Some(frames) = self.frames.take() {
                    ctx.add_stream(frames);
                }
                let (config, version) = self.config();
                let robot_id = self.robot_id();
                let since = Ts::new(self.parts.clock.now());
                self.worktool_attached(ctx);
                self.step(Input::Attached { robot_id, config, version, since }, ctx);
            }
            Err(error) => {
                self.parts.counters.unattached.fetch_add(1, Ordering::Relaxed);
                log::warn!(robot = self.robot_id().as_str(), error:% = error; "a socket did not get its robot");
                self.close(error.code(), &error.to_string(), ctx);
            }
        }
    }

    fn robot_id(&self) -> String {
        self.login.entry.profile().robot.robot_id.to_string()
    }

    fn config(&self) -> (RobotConfig, i64) {
        let profile = self.login.entry.profile();
        let settings = &profile.robot.settings.0;
        let config = RobotConfig {
            name: profile.robot.name.clone(),
            reply_all: settings.reply_all,
            open_callback: settings.open_callback,
            heartbeat_interval_ms: self.parts.settings.heartbeat_interval_ms,
        };
        (config, profile.robot.version)
    }

    /// One step of the core, its effects, and the timer for the next.
    fn step(&mut self, input: Input, ctx: &mut Context) {
        self.step_with(input, &[], ctx);
    }

    fn step_with(&mut self, input: Input, files: &[(CommandId, String)], ctx: &mut Context) {
        let entry = &self.login.entry;
        let mut world = World {
            now_ms: self.parts.clock.monotonic_ms(),
            now: Ts::new(self.parts.clock.now()),
            queued: entry.queued.load(Ordering::Relaxed),
            has_clear: entry.has_clear.load(Ordering::Acquire),
            tokens: &mut |wanted| entry.limits.pacing.take_up_to(wanted),
        };
        let (now_ms, now) = (world.now_ms, world.now);
        for effect in self.core.step(input, &mut world) {
            self.apply(effect, files, now, ctx);
        }
        let Some(at_ms) = self.core.next_tick_ms() else { return };
        if self.timer.as_ref().is_some_and(|(armed_ms, _handle)| *armed_ms <= at_ms) {
            return;
        }
        if let Some((_later, handle)) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        let handle = ctx.run_later(Duration::from_millis(at_ms.saturating_sub(now_ms)), |actor, ctx| {
            actor.timer = None;
            actor.step(Input::Tick, ctx);
        });
        self.timer = Some((at_ms, handle));
    }

    fn decoded(&mut self, frame: Result<Inbound, BadFrame>, ctx: &mut Context) {
        let over_limit =
            self.login.entry.limits.inbound.take().err().map(|wait| wait.as_secs().saturating_add(1));
        self.step(Input::Frame(frame, over_limit), ctx);
    }

    fn text(&mut self, text: String, ctx: &mut Context) {
        #[cfg(test)]
        assert!(text != tests::PANIC, "meant");
        if self.worktool.is_some() {
            return self.worktool_text(text, ctx);
        }
        if text.len() <= INLINE_BYTES {
            return self.decoded(native::decode(&text), ctx);
        }
        let offload = self.parts.offload.clone();
        // Nothing is read meanwhile: frames keep their order.
        let decode = async move { offload.run(DECODE, move || native::decode(&text)).await };
        ctx.wait(decode.into_actor(self).map(|decoded, actor, ctx| match decoded {
            Ok(frame) => actor.decoded(frame, ctx),
            Err(error) => {
                log::warn!(robot = actor.robot_id().as_str(), error:% = error; "a large frame is not read");
                actor.close(u16::from(CloseCode::Again), "busy, try again later", ctx);
            }
        }));
    }

    fn close(&mut self, code: u16, reason: &str, ctx: &mut Context) {
        // The app knows no codes of ours.
        let code = if self.worktool.is_some() && code >= 4_000 { 1_000 } else { code };
        let description = Some(reason.to_owned());
        ctx.close(Some(CloseReason { code: CloseCode::from(code), description }));
        self.finish(Some(code), reason.to_owned(), ctx);
    }

    fn finish(&mut self, code: Option<u16>, reason: String, ctx: &mut Context) {
        if let Some(lease) = &mut self.lease {
            lease.end(code, reason);
        }
        ctx.stop();
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for RobotActor {
    /// Never called: the context's own decoder is fed a stream that never yields.
    fn handle(&mut self, _: Result<ws::Message, ws::ProtocolError>, _: &mut Context) {}
}

impl StreamHandler<Result<InboundFrame, FrameEnd>> for RobotActor {
    fn handle(&mut self, item: Result<InboundFrame, FrameEnd>, ctx: &mut Context) {
        let clock = &self.parts.clock;
        let now_ms = clock.monotonic_ms();
        // Frames of a socket without its robot say nothing of the one that has it.
        if item.is_ok() && self.lease.is_some() {
            self.login.entry.touch(now_ms, Ts::new(clock.now()));
        }
        let _handling = self.registration.stats().handling("Frame", now_ms);
        match item {
            Ok(InboundFrame::Text(text)) => self.text(text, ctx),
            Ok(InboundFrame::Binary(_refused_by_the_stream)) => {}
            Ok(InboundFrame::Ping(bytes)) => ctx.pong(&bytes),
            Ok(InboundFrame::Pong(_)) => {}
            Ok(InboundFrame::Close(reason)) => {
                let code = reason.as_ref().map(|reason| u16::from(reason.code));
                ctx.close(reason);
                self.finish(code, "closed by the phone".to_owned(), ctx);
            }
            Err(end) => {
                let reason = end.close_reason();
                let code = reason.as_ref().map(|reason| u16::from(reason.code));
                if reason.is_some() {
                    ctx.close(reason);
                }
                self.finish(code, end.to_string(), ctx);
            }
        }
    }

    fn finished(&mut self, ctx: &mut Context) {
        self.finish(None, "connection ended".to_owned(), ctx);
    }
}

impl Handler<Posted<RobotOrder>> for RobotActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<RobotOrder>, ctx: &mut Context) {
        let (order, _handling) = posted.open(self.parts.clock.monotonic_ms());
        match order {
            RobotOrder::Wake => self.step(Input::Wake, ctx),
            RobotOrder::Configure => {
                let (config, version) = self.config();
                self.step(Input::Configure(config, version), ctx);
            }
            RobotOrder::Probe => ctx.ping(b""),
            RobotOrder::StopClaiming => self.step(Input::StopClaiming, ctx),
            RobotOrder::Close(cause) => self.step(Input::Close(cause), ctx),
        }
    }
}
