//! Models that behave as told, around a real store, journal, desk and actors.
mod budget;
mod chain;
mod desk;
mod gate;
mod rules;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use serde_json::json;
use workbot_robot_sim::model::{Mode, ModelWire, Models, ModelsConfig};
use workbot_schema::ai_calls::queries::{self, AiCallFilter};
use workbot_schema::ai_calls::{AiCallLog, AiPurpose};
use workbot_schema::ai_models::{AiModel, Provider};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Edit};
use workbot_schema::fields::{Json, Ts};
use workbot_schema::ids::{ModelId, RobotUuid};
use workbot_schema::presets::{self, Presets};

use super::*;
use crate::delivery::address_policy::AddressPolicy;
use crate::journal::{JournalActor, JournalLimits, JournalParts, Published};
use crate::kernel::{ActorRef, Arbiters, Clock, Postbox, supervise};
use crate::supervisor::scene::{TIMEOUTS, database};
use crate::supervisor::tree;

const LONG: Duration = Duration::from_secs(30);
const LEFT: Duration = Duration::from_secs(20);

struct Rig {
    kernel: Kernel,
    db: Db,
    journal: JournalHandle,
    models: Models,
    providers: Providers,
    sealer: Arc<Sealer>,
    folder: PathBuf,
    _desk: ActorRef<DeskActor>,
    _journal: ActorRef<JournalActor>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn settings() -> ProviderSettings {
    ProviderSettings { health_every: Duration::ZERO, ..ProviderSettings::default() }
}

impl Rig {
    /// Over a clock that stands still; `rows` are there from the beginning.
    async fn open(settings: ProviderSettings, rows: impl FnOnce(&Models) -> Vec<AiModel>) -> Self {
        let models = Models::start(ModelsConfig::default()).await.unwrap();
        let (db, folder) = database().await;
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let kernel = Kernel::new(clock.clone(), Arbiters::current());
        let journal = JournalHandle::new(JournalLimits::default(), clock.clone());
        let rows = rows(&models);
        let (count, now) = (rows.len(), Ts::new(clock.now()));
        presets::seed(&db, &Presets { models: rows, ..Presets::default() }, now).await.unwrap();
        let sealer = Arc::new(Sealer::new(&[7; 32]).unwrap());
        let (providers, parts) = open(ProvidersParts {
            kernel: kernel.clone(),
            db: db.clone(),
            journal: journal.clone(),
            http: HttpClient::new(AddressPolicy { allow_private: true }).unwrap(),
            offload: Offload::new(1, 8),
            sealer: Arc::clone(&sealer),
            rules: Rules::default(),
            settings,
        });
        let new = move |_ctx: &mut _, stats| DeskActor::new(parts.clone(), stats);
        let desk = supervise(&kernel, &tree::PROVIDERS, super::desk::DESK_ID, None, new, Box::new(drop));
        let (router, _inbox) = Postbox::<Published>::inbox("router", "router", 1_000, clock.now());
        let parts = JournalParts {
            db: db.clone(),
            handle: journal.clone(),
            timeouts: TIMEOUTS,
            router,
            listeners: Arc::from([Postbox::new(desk.clone())]),
        };
        // The inbox must live as long as the journal publishes.
        std::mem::forget(_inbox);
        let new = move |_ctx: &mut _, stats| JournalActor::new(parts.clone(), stats);
        let actor = supervise(&kernel, &tree::JOURNAL, "journal", None, new, Box::new(drop));
        let rig =
            Self { kernel, db, journal, models, providers, sealer, folder, _desk: desk, _journal: actor };
        rig.until("models are known", async || rig.providers.snapshot().len() == count).await;
        rig
    }

    async fn until(&self, wanted: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let wait = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(tokio::time::timeout(LONG, wait).await.is_ok(), "in vain: {wanted}");
    }

    fn advance(&self, by: Duration) {
        self.kernel.clock.advance(by);
    }

    async fn configure(&self, edit: Edit<ModelId, AiModel, workbot_schema::ai_models::ModelChanges>) {
        let edit = ConfigurationEdit::Model(edit);
        let record = Configuration { edit, author: "system".into(), note: None };
        let written = self.journal.write(vec![Record::Configure(Box::new(record))]).await.unwrap();
        assert!(matches!(written.as_slice(), [Outcome::Configured(_)]), "{written:?}");
    }

    async fn calls(&self, count: usize) -> Vec<AiCallLog> {
        let list = || queries::list(&self.db, AiCallFilter::default(), 0, 200);
        self.until("calls are logged", async || list().await.unwrap().1.len() >= count).await;
        let mut calls = list().await.unwrap().1;
        calls.reverse();
        calls
    }

    fn breaker(&self, id: &str) -> workbot_schema::wire::actor_snapshot::BreakerState {
        self.providers.find(&ModelId::from(id)).unwrap().breaker
    }
}

/// A model of the default chain whose name at its service is its id.
fn row(models: &Models, id: &str, priority: i32) -> AiModel {
    AiModel {
        id: id.into(),
        api_endpoint: Some(models.base(ModelWire::OpenaiChat)),
        config: Json(json!({"priceInMicros": 1_000, "priceOutMicros": 2_000})),
        priority,
        in_default_chain: true,
        ..AiModel::new(Provider::Custom, id, id, Ts::new(DateTime::UNIX_EPOCH))
    }
}

fn request(text: &str) -> TurnRequest {
    TurnRequest::new(AiPurpose::Reply, text, LEFT)
}

/// Tokens of today as an earlier process left them.
fn spend_in_store(rig: &Rig, robot: RobotUuid, tokens: i64) {
    let day = workbot_schema::token_usage::day_of(Ts::new(rig.kernel.clock.now()));
    let file = rig.folder.join("workbot.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let insert = format!("INSERT INTO token_usage VALUES ('{robot}', '{day}', {tokens}, 0)");
    connection.batch_execute(&format!("PRAGMA busy_timeout=5000; {insert}")).unwrap();
}
