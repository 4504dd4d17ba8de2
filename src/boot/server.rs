//! The server from its first to its last moment.
//!
//! ```text
//! start: bind, gate closed (503) ─▶ lock ─▶ store ─▶ migrations ─▶ tree ─▶ gate open
//! stop:  gate closed ─▶ robots stop claiming, ≤ 10 s for what is under way ─▶ sockets 1012 ─▶ journal empty ─▶ checkpoint
//! ```
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use workbot_actors::alert::RuleBook;
use workbot_actors::delivery::address_policy::AddressPolicy;
use workbot_actors::delivery::http_client::HttpClient;
use workbot_actors::kernel::{Arbiters, Clock, Kernel, Offload};
use workbot_actors::session::Library;
use workbot_actors::supervisor::lock::ProcessLock;
use workbot_actors::{Tree, TreeParts};
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::store::files::FileStore;
use workbot_schema::store::{Db, StoreError, migrate};

use super::{login_link, options, presets};
use crate::http::server::{self, Bound};
use crate::http::{AppState, Edge, Services};
use crate::settings::{DataFolder, Settings};

/// A database that is not there at the start is waited for so long.
const DATABASE_WAIT: Duration = Duration::from_secs(60);
/// … and tried this often.
const AGAIN: Duration = Duration::from_secs(1);
/// Blocking threads for large inputs, and how many may wait for one.
const OFFLOAD: (usize, usize) = (2, 256);

/// Why the server did not start or had to end.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {error}; free the port or choose another with --port")]
    Bind {
        /// Where.
        address: String,
        /// Why.
        error: std::io::Error,
    },
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] crate::settings::DataFolderError),
    /// The lock cannot be had.
    #[error(transparent)]
    Lock(#[from] workbot_actors::supervisor::lock::LockError),
    /// The store cannot be opened or migrated.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A part could not be made.
    #[error("{0}")]
    Part(String),
    /// Something the server cannot go on without ended.
    #[error("{0}; the server ends so that it can be started anew")]
    Fatal(String),
}

impl ServerError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Bind { .. } | Self::Data(_) | Self::Lock(_) | Self::Part(_) => Class::Permanent,
            Self::Store(error) => error.class(),
            Self::Fatal(_) => Class::Transient,
        }
    }
}

/// Runs the server until `stop` resolves (then it drains and ends well) or something fatal happens. `on_bound` is told the address
/// at once, `on_open` when requests are served.
pub async fn run(
    settings: Settings,
    on_bound: impl FnOnce(SocketAddr) -> Result<(), ServerError>,
    on_open: impl FnOnce(),
    stop: impl Future<Output = &'static str>,
) -> Result<(), ServerError> {
    let data = settings.data_folder();
    data.ensure()?;
    let clock = Clock::system();
    let edge = Edge::new(Arc::new(settings), clock.clone());
    let (address, handle) = listen(&edge)?;
    remember_address(&data, address)?;
    on_bound(address)?;
    tokio::pin!(stop);
    let outcome = tokio::select! {
        open = open(&edge, &data, clock) => match open {
            Ok(open) => {
                on_open();
                serve(&edge, open, stop).await
            }
            Err(error) => Err(error),
        },
        signal = &mut stop => {
            log::info!(signal = signal; "stopped before the start was over");
            Ok(())
        }
    };
    handle.stop(false).await;
    outcome
}

fn listen(edge: &Edge) -> Result<(SocketAddr, ServerHandle), ServerError> {
    let server = &edge.settings().server;
    let Bound { address, server } = server::bind(edge.clone())
        .map_err(|error| ServerError::Bind { address: format!("{}:{}", server.host, server.port), error })?;
    let handle = server.handle();
    actix_rt::spawn(async move {
        if let Err(error) = server.await {
            log::error!(error:% = error; "the listener failed");
        }
    });
    Ok((address, handle))
}

/// Where the server listens, for programs that did not choose the port.
fn remember_address(data: &DataFolder, address: SocketAddr) -> Result<(), ServerError> {
    std::fs::write(data.address(), format!("http://{address}\n"))
        .map_err(|error| ServerError::Part(format!("cannot write {}: {error}", data.address().display())))
}

/// What runs once the gate is open.
struct Open {
    tree: Tree,
    lock: ProcessLock,
}

async fn open(edge: &Edge, data: &DataFolder, clock: Clock) -> Result<Open, ServerError> {
    let settings = edge.settings();
    let mut lock = ProcessLock::folder(data.path(), || {}).await?;
    let db = store(settings).await?;
    lock.database(&db, || {}).await?;
    let applied = migrate::up(&db).await?;
    if !applied.is_empty() {
        log::info!(migrations = applied.len(); "the database was brought up to date");
    }
    presets::seed(&db, Ts::new(clock.now())).await?;
    login_link::offer_setup(&db, settings, Ts::new(clock.now())).await?;
    let rules = RuleBook::load(&db).await?;
    let part = |error: &dyn std::fmt::Display| ServerError::Part(error.to_string());
    let library = Library::new().map_err(|error| part(&error))?;
    library.reload(&db, false).await?;
    let jwt_secret = data.ensure_jwt_secret(&settings.tokens)?;
    let sealing_key = data.ensure_sealing_key(&settings.tokens)?;
    let sealer = Arc::new(Sealer::new(&sealing_key).map_err(|error| part(&error))?);
    let http = HttpClient::new(AddressPolicy { allow_private: settings.callbacks.allow_private })
        .map_err(|error| part(&error))?
        .with_answer_bytes(settings.callbacks.answer_bytes);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let arbiters = Arbiters::start(cores).map_err(|error| part(&error))?;
    let files = FileStore::new(data.files());
    let tree = Tree::start(TreeParts {
        kernel: Kernel::new(clock, arbiters),
        db: db.clone(),
        files: files.clone(),
        files_folder: Some(data.files()),
        sealer: Arc::clone(&sealer),
        http,
        rules,
        library,
        listeners: Vec::new(),
        settings: options::tree(settings),
    });
    let offload = Offload::new(OFFLOAD.0, OFFLOAD.1);
    let services = Services::of_tree(&tree, settings, db, files, sealer, offload);
    let state = AppState::new(edge, services, &jwt_secret);
    let unfinished = state.robot_sockets.phones.restore(&state.db).await?;
    if unfinished > 0 {
        log::info!(commands = unfinished; "commands without a result are still on WorkTool phones");
    }
    edge.open(state);
    Ok(Open { tree, lock })
}

/// Opens the store; a database that is away is waited for, one that cannot be used is not.
async fn store(settings: &Settings) -> Result<Db, StoreError> {
    let options = options::store(settings);
    let deadline = tokio::time::Instant::now() + DATABASE_WAIT;
    let mut is_said = false;
    loop {
        match Db::open(&options).await {
            Ok(db) => return Ok(db),
            Err(error) if error.class() == Class::Transient && tokio::time::Instant::now() < deadline => {
                if !is_said {
                    is_said = true;
                    log::warn!(error:% = error; "the database does not answer; waiting for it");
                }
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn serve(edge: &Edge, open: Open, stop: impl Future<Output = &'static str>) -> Result<(), ServerError> {
    let Open { tree, lock } = open;
    let end = tokio::select! {
        signal = stop => {
            log::info!(signal = signal; "stopping");
            Ok(())
        }
        ended = tree.fatal() => Err(ServerError::Fatal(format!("the actor {} ended too often", ended.id))),
        reason = lock.lost() => Err(ServerError::Fatal(reason)),
    };
    edge.gate().drain();
    let drain = Duration::from_secs(edge.settings().server.drain_secs);
    if end.is_ok() && !tree.drain(drain).await {
        log::warn!("not everything under way was over in time; what is left goes on at the next start");
    }
    if tree.stop().await {
        log::info!("stopped");
    }
    drop(lock);
    end
}
