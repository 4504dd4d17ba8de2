//! What every robot socket is made with, and the work it hands to futures.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::class::Class;
use workbot_schema::commands::operations::Moved;
use workbot_schema::commands::{ExecutionResult, RobotCommand};
use workbot_schema::ids::{CommandId, RobotUuid};
use workbot_schema::store::files::FileStore;
use workbot_schema::store::{Db, StoreError};

use super::command_service::{CommandError, CommandService};
use super::core::{CoreSettings, Taken};
use super::frames::{FrameLimits, InboundBudget};
use super::login::{Attach, AttachError, Attached, Detach};
use super::message_service::MessageService;
use super::worktool_socket::PhoneMemory;
use crate::journal::JournalHandle;
use crate::kernel::{AskError, Clock, Offload, Postbox, Registry, ask, post};
use crate::supervisor::directory::RobotEntry;

/// How long the file of a command may take to be read.
const FILE: Duration = Duration::from_secs(5);
/// A confirmation or result that cannot be stored is tried again so often, doubling up to the other.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// … and given up after this.
const RETRY_LONGEST: Duration = Duration::from_secs(600);

/// Counters of all sockets; all only grow.
#[derive(Debug, Default)]
pub struct SocketCounters {
    /// Sockets that got their robot.
    pub attached: AtomicU64,
    /// Sockets the router refused or did not answer.
    pub unattached: AtomicU64,
    /// Commands pushed.
    pub pushed: AtomicU64,
    /// Frames nobody understood.
    pub bad_frames: AtomicU64,
    /// Confirmations and results that were dropped or given up.
    pub lost_reports: AtomicU64,
    /// Screens of WorkTool phones over the limit: looked at later, with those that came meanwhile.
    pub merged_screens: AtomicU64,
    /// Sockets whose end the router could not be told.
    pub untold_ends: AtomicU64,
}

/// Parts of every socket; one for the process.
pub struct SocketParts {
    /// Claims and logs.
    pub journal: JournalHandle,
    /// Reads rows of overdue commands.
    pub db: Db,
    /// Files of commands.
    pub files: FileStore,
    /// Large frames and files.
    pub offload: Offload,
    /// Time.
    pub clock: Clock,
    /// Where the actor is shown.
    pub registry: Registry,
    /// Messages in.
    pub messages: MessageService,
    /// Confirmations and results in.
    pub commands: CommandService,
    /// The router.
    pub attach: Postbox<Attach>,
    /// The router.
    pub detach: Postbox<Detach>,
    /// Unfinished messages of all sockets.
    pub budget: Arc<InboundBudget>,
    /// Bounds of one socket's frames.
    pub frame_limits: FrameLimits,
    /// Window, heartbeat, time-outs.
    pub settings: CoreSettings,
    /// The parent shown in the tree.
    pub parent: Option<Arc<str>>,
    /// Counters.
    pub counters: SocketCounters,
    /// What the next socket of a WorkTool phone must know.
    pub phones: PhoneMemory,
}

/// A robot that belongs to a socket. The router is told of its end when this is dropped, whatever ended: the actor, its
/// panic, or the connection before the actor could begin.
pub struct Lease {
    parts: Arc<SocketParts>,
    uuid: RobotUuid,
    generation: u64,
    end: Option<(Option<u16>, String)>,
}

impl Lease {
    /// The login of a socket.
    pub fn new(parts: Arc<SocketParts>, uuid: RobotUuid, generation: u64) -> Self {
        Self { parts, uuid, generation, end: None }
    }

    /// The number of the login.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Notes how it ended; the first cause counts.
    pub fn end(&mut self, code: Option<u16>, reason: String) {
        self.end.get_or_insert((code, reason));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (code, reason) = self.end.take().unwrap_or((None, "ended unexpectedly".to_owned()));
        let detach = Detach { uuid: self.uuid, generation: self.generation, code, reason };
        if post(&self.parts.detach, detach).is_err() {
            // The sweep notices the silence.
            self.parts.counters.untold_ends.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Asks for the robot in a task of its own, so that an answer that finds nobody gives the robot back.
pub fn lease(
    parts: &Arc<SocketParts>,
    attach: Attach,
    deadline: Duration,
) -> impl Future<Output = Result<Lease, LeaseError>> + use<> {
    let (uuid, parts) = (attach.uuid, Arc::clone(parts));
    let asked = ask(&parts.attach, attach, deadline);
    let task = actix_rt::spawn(async move {
        let Attached { generation } = asked.await??;
        Ok(Lease::new(parts, uuid, generation))
    });
    async move { task.await.unwrap_or(Err(LeaseError::Router(AskError::Closed))) }
}

/// Why a socket got no robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// The router refused.
    #[error(transparent)]
    Refused(#[from] AttachError),
    /// The router did not answer.
    #[error(transparent)]
    Router(#[from] AskError),
}

impl LeaseError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Refused(error) => error.class(),
            Self::Router(error) => error.class(),
        }
    }

    /// Close code on the native socket: 1013 = try again later.
    pub fn code(&self) -> u16 {
        match self {
            Self::Refused(error) => error.code(),
            Self::Router(_) => 1013,
        }
    }
}

/// What a claim brought, with the files of its commands as base64.
pub struct Fetched {
    /// The rows.
    pub taken: Taken,
    /// Files by command.
    pub files: Vec<(CommandId, String)>,
}

impl SocketParts {
    /// Makes a claim; its write stands in the journal's line when this returns.
    pub fn fetch(&self, record: Record) -> impl Future<Output = Fetched> + use<> {
        let written = self.journal.write(vec![record]);
        let (store, offload) = (self.files.clone(), self.offload.clone());
        async move {
            let nothing = |taken| Fetched { taken, files: Vec::new() };
            let rows = match written.await.map(|outcomes| outcomes.into_iter().next()) {
                Ok(Some(Outcome::Claimed(rows))) => rows,
                Ok(Some(Outcome::Stale)) => return nothing(Taken::Stale),
                Ok(_) => {
                    log::error!("unexpected outcome of a claim");
                    return nothing(Taken::Failed);
                }
                Err(error) => {
                    log::debug!(error:% = error; "a claim failed and is made again");
                    return nothing(Taken::Failed);
                }
            };
            let mut files = Vec::new();
            for row in &rows {
                match read_file(&store, &offload, row).await {
                    Ok(None) => {}
                    Ok(Some(content)) => files.push((row.id.clone(), content)),
                    Err(error) if error.class() == Class::Transient => {
                        log::warn!(message = row.id.as_str(), error:% = error;
                            "a command waits because its file cannot be read now");
                        return nothing(Taken::Failed);
                    }
                    Err(error) => {
                        log::error!(message = row.id.as_str(), error:% = error;
                            "a command is pushed without its file");
                    }
                }
            }
            Fetched { taken: Taken::Rows(rows), files }
        }
    }

    /// Counts something of a phone that was given up.
    pub fn lose_report(&self, entry: &RobotEntry, id: &str, why: &str) {
        self.counters.lost_reports.fetch_add(1, Ordering::Relaxed);
        log::warn!(robot = entry.profile().robot.robot_id.as_str(), message = id;
            "a confirmation or result is lost: {why}");
    }
}

async fn read_file(
    store: &FileStore,
    offload: &Offload,
    row: &RobotCommand,
) -> Result<Option<String>, StoreError> {
    let Some(name) = &row.file_name else { return Ok(None) };
    let bytes = match tokio::time::timeout(FILE, store.get(name)).await {
        Ok(read) => read?,
        Err(_elapsed) => return Err(StoreError::Unavailable("file store: no answer in time".to_owned())),
    };
    let encoded = offload.run_sized(bytes.len(), FILE, move || STANDARD.encode(bytes)).await;
    encoded.map(Some).map_err(StoreError::pool)
}

/// What a phone said of a command.
#[derive(Debug, Clone)]
pub enum Said {
    /// It has it.
    Confirm(Option<i32>),
    /// It carried it out, or failed to.
    Report(Box<ExecutionResult>),
}

/// Tries again and again until what a phone said is stored, so that it is not lost while the database is away; a task of its
/// own, because the phone may be gone before that.
pub async fn store_in_the_end(
    commands: CommandService,
    entry: Arc<RobotEntry>,
    id: CommandId,
    said: Said,
) -> Result<Moved, CommandError> {
    let until = tokio::time::Instant::now() + RETRY_LONGEST;
    let mut pause = RETRY.0;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY.1);
        let outcome = match &said {
            Said::Confirm(attempt) => commands.confirm(&entry, &id, *attempt).await,
            Said::Report(result) => commands.report(&entry, &id, result.as_ref().clone()).await,
        };
        match outcome {
            Err(error) if error.class() == Class::Transient && tokio::time::Instant::now() < until => {}
            outcome => return outcome,
        }
    }
}
