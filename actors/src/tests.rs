use std::sync::Arc;

use std::time::Duration;

use actix::{Actor, Context, Handler, Message};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::wire::actor_snapshot::ExitReason;

use super::*;
use crate::kernel::{Arbiters, Clock, Posted, ask, post};
use crate::robot::login::{Detach, SocketDialect};
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::supervisor::scene::{LONG, database, http, settings};

#[derive(Message)]
#[rtype(result = "()")]
struct Shatter;

macro_rules! shatters {
    ($($actor:ty),+) => {$(
        impl Handler<Posted<Shatter>> for $actor {
            type Result = ();

            fn handle(&mut self, posted: Posted<Shatter>, _ctx: &mut Self::Context) {
                let (Shatter, _handling) = posted.open(0);
                panic!("meant");
            }
        }
    )+};
}

shatters!(JournalActor, RouterActor, SweepActor, JanitorActor);

struct Grown {
    tree: Tree,
    folder: PathBuf,
}

async fn grow() -> Grown {
    let (db, folder) = database().await;
    let tree = Tree::start(TreeParts {
        kernel: Kernel::new(Clock::system(), Arbiters::start(1).unwrap()),
        db,
        files: FileStore::new(folder.join("files")),
        files_folder: Some(folder.join("files")),
        sealer: Arc::new(Sealer::new(&[7; 32]).unwrap()),
        http: http(),
        rules: RuleBook::default(),
        library: Library::new().unwrap(),
        listeners: Vec::new(),
        settings: TreeSettings {
            journal: JournalLimits::default(),
            rates: LimitRates::default(),
            sweep: settings(),
            delivery: DeliverySettings::default(),
            providers: ProviderSettings::default(),
            cloud: crate::cloud::CloudSettings::default(),
            sessions: SessionSettings::default(),
            retention: RetentionPolicy::default(),
        },
    });
    Grown { tree, folder }
}

async fn robot(tree: &Tree) -> Arc<directory::RobotEntry> {
    let now = Ts::new(tree.kernel.clock.now());
    let robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now);
    let id = robot.id;
    let outcomes = tree.journal.write(vec![Record::Robot(Box::new(robot))]).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Outcome::Done(_)]));
    tree.directory.get(RobotKey::Uuid(id)).await.unwrap().unwrap()
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.unwrap();
}

#[actix::test]
async fn it_stops_in_order_and_leaves_an_empty_log() {
    let Grown { tree, folder } = grow().await;
    let entry = robot(&tree).await;
    let (orders, mut phone) = Postbox::inbox("robot", "phone", 64, tree.kernel.clock.now());
    let attach = Attach {
        uuid: entry.uuid,
        orders,
        dialect: SocketDialect::Native,
        address: None,
        connection_id: Arc::from("connection"),
        since: Ts::new(tree.kernel.clock.now()),
    };
    let generation = ask(&tree.attach(), attach, LONG).await.unwrap().unwrap().generation;
    let detach = tree.detach();
    let phone = actix_rt::spawn(async move {
        let mut told = Vec::new();
        while let Some(delivery) = phone.next().await {
            let order = delivery.open(0).0;
            told.push(order);
            if matches!(order, RobotOrder::Close(_)) {
                let gone = Detach { uuid: entry.uuid, generation, code: Some(1012), reason: String::new() };
                post(&detach, gone).unwrap();
                return told;
            }
        }
        told
    });
    assert!(tree.drain(Duration::from_secs(10)).await);
    assert!(tree.is_stopping());
    assert!(tree.stop().await);
    let told = tokio::time::timeout(LONG, phone).await.unwrap().unwrap();
    assert_eq!(told, [RobotOrder::StopClaiming, RobotOrder::Close(CloseCause::Restarting)]);
    assert_eq!(std::fs::metadata(folder.join("workbot.db-wal")).map_or(0, |wal| wal.len()), 0);
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix::test]
async fn writes_go_on_after_the_journal_or_the_router_panicked() {
    let Grown { tree, folder } = grow().await;
    robot(&tree).await;
    assert!(ask(&tree.writer, Shatter, LONG).await.is_err());
    assert!(ask(&tree.router, Shatter, LONG).await.is_err());
    until(|| tree.writer.is_up() && tree.router.is_up()).await;
    robot(&tree).await;
    assert_eq!((tree.writer.stats().restarts(), tree.router.stats().restarts()), (1, 1));
    assert!(tree.stop().await);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Breaks an actor of a tree again and again until the tree says that it is over.
async fn ends_too_often<A>(kind: &str, choose: impl FnOnce(&Tree) -> ActorRef<A>)
where
    A: Actor<Context = Context<A>> + Handler<Posted<Shatter>, Result = ()>,
{
    let Grown { tree, folder } = grow().await;
    let (fatal, actor) = (tree.fatal(), choose(&tree));
    let breaking = async {
        loop {
            // Down for a moment is what is meant.
            assert!(ask(&actor, Shatter, LONG).await.is_err());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let ended = tokio::time::timeout(LONG, async {
        tokio::select! {
            ended = fatal => ended,
            () = breaking => unreachable!(),
        }
    });
    let ended = ended.await.unwrap();
    assert_eq!((ended.kind, ended.reason, ended.restarts), (kind, ExitReason::Escalated, 5));
    drop(tree);
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix::test]
async fn an_actor_that_ends_too_often_is_fatal() {
    ends_too_often("journal", |tree| tree.writer.clone()).await;
    ends_too_often("router", |tree| tree.router.clone()).await;
    ends_too_often("sweep", |tree| tree.sweep.clone()).await;
    ends_too_often("janitor", |tree| tree.janitor.clone()).await;
}

#[actix::test]
async fn the_tree_is_what_the_table_says() {
    let Grown { tree, folder } = grow().await;
    let permanent = ["journal", "router", "sweep", "janitor", "alert"];
    until(|| tree.kernel.registry.len() >= permanent.len()).await;
    for kind in permanent {
        let row = tree.kernel.registry.find(kind).unwrap();
        assert_eq!((row.kind.as_str(), row.parent.as_deref()), (kind, Some(tree::ROOT)));
    }
    assert!(tree.stop().await);
    std::fs::remove_dir_all(folder).unwrap();
}
