use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, Context, Handler, Message};
use chrono::DateTime;
use tokio::sync::{mpsc, oneshot};
use workbot_schema::wire::actor_snapshot::ActorState;

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SPEC: ChildSpec = ChildSpec {
    kind: "fragile",
    policy: Policy::Permanent,
    restarts: RestartLimit { max: 2, within: Duration::from_secs(10) },
    backoff: Backoff { min: Duration::from_millis(100), max: Duration::from_secs(1) },
    mailbox_capacity: 3,
    lane: Lane::Core,
};

/// Counts, and breaks when told to.
struct Fragile {
    total: u32,
}

impl Actor for Fragile {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "u32")]
struct Add(u32);

#[derive(Message)]
#[rtype(result = "()")]
struct Break;

#[derive(Message)]
#[rtype(result = "()")]
struct Quit;

impl Handler<Posted<Add>> for Fragile {
    type Result = u32;

    fn handle(&mut self, posted: Posted<Add>, _ctx: &mut Self::Context) -> u32 {
        let (Add(number), _handling) = posted.open(0);
        self.total += number;
        self.total
    }
}

impl Handler<Posted<Break>> for Fragile {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        self.total = 1_000;
        panic!("meant");
    }
}

impl Handler<Posted<Quit>> for Fragile {
    type Result = ();

    fn handle(&mut self, posted: Posted<Quit>, ctx: &mut Self::Context) {
        let (Quit, _handling) = posted.open(0);
        ctx.stop();
    }
}

/// One supervised actor, its births and its end.
struct Scene {
    kernel: Kernel,
    actor: ActorRef<Fragile>,
    births: mpsc::UnboundedReceiver<()>,
    ended: oneshot::Receiver<Ended>,
}

impl Scene {
    async fn start(spec: ChildSpec) -> Self {
        tokio::time::pause();
        let kernel = Kernel::new(Clock::simulated(DateTime::UNIX_EPOCH), Arbiters::current());
        let (born, births) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let factory = move |_ctx: &mut Context<Fragile>, _stats| {
            born.send(()).unwrap();
            Fragile { total: 0 }
        };
        let on_end = Box::new(move |last| end.send(last).unwrap());
        let parent = Some(Arc::from("root"));
        let actor = supervise(&kernel, &spec, "fragile-1", parent, factory, on_end);
        let mut scene = Self { kernel, actor, births, ended };
        scene.birth().await;
        scene
    }

    async fn birth(&mut self) {
        tokio::time::timeout(LONG, self.births.recv()).await.unwrap().unwrap();
    }

    async fn end(&mut self) -> Ended {
        tokio::time::timeout(LONG, &mut self.ended).await.unwrap().unwrap()
    }

    async fn shatter(&mut self) {
        assert_eq!(ask(&self.actor, Break, LONG).await, Err(AskError::Closed));
    }

    async fn empty(&self) {
        let gone = async {
            while !self.kernel.registry.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, gone).await.unwrap();
    }
}

#[actix::test]
async fn panics_and_comes_back_with_fresh_state() {
    let mut scene = Scene::start(SPEC).await;
    assert_eq!(ask(&scene.actor, Add(7), LONG).await, Ok(7));
    scene.shatter().await;
    assert_eq!(post(&scene.actor, Add(1)), Err(PostError::Closed));
    assert!(!scene.actor.is_up());
    scene.birth().await;
    assert_eq!(ask(&scene.actor, Add(1), LONG).await, Ok(1));
    let row = scene.kernel.registry.find("fragile-1").unwrap();
    assert_eq!(
        (row.state, row.restarts, row.last_exit),
        (ActorState::Running, 1, Some(ExitReason::Panicked))
    );
    assert_eq!((row.kind.as_str(), row.parent.as_deref()), ("fragile", Some("root")));
    assert_eq!((row.mailbox.depth, row.mailbox.capacity, row.handled, row.refused), (0, 3, 3, 1));
    assert_eq!(scene.kernel.registry.failures(), 1);
}

#[actix::test]
async fn waits_its_backoff_before_it_comes_back() {
    let mut scene = Scene::start(SPEC).await;
    let before_ms = scene.kernel.clock.monotonic_ms();
    scene.shatter().await;
    scene.birth().await;
    let first_ms = scene.kernel.clock.monotonic_ms() - before_ms;
    assert!((50..=102).contains(&first_ms), "{first_ms}");
    scene.shatter().await;
    scene.birth().await;
    let second_ms = scene.kernel.clock.monotonic_ms() - before_ms - first_ms;
    assert!((100..=202).contains(&second_ms), "{second_ms}");
}

#[actix::test]
async fn too_many_panics_escalate_once_and_close() {
    let mut scene = Scene::start(SPEC).await;
    scene.shatter().await;
    scene.birth().await;
    scene.shatter().await;
    scene.birth().await;
    scene.shatter().await;
    let expected =
        Ended { kind: "fragile", id: "fragile-1".into(), reason: ExitReason::Escalated, restarts: 2 };
    assert_eq!(scene.end().await, expected);
    assert_eq!(post(&scene.actor, Add(1)), Err(PostError::Closed));
    let rows = scene.kernel.registry.snapshot();
    assert_eq!(
        rows.iter().map(|row| (row.state, row.last_exit)).collect::<Vec<_>>(),
        [(ActorState::Failed, Some(ExitReason::Escalated))]
    );
    assert!(scene.births.recv().await.is_none(), "nothing is born any more");
}

#[actix::test]
async fn panics_spread_over_time_do_not_escalate() {
    let mut scene = Scene::start(SPEC).await;
    for _crash in 0..6 {
        scene.shatter().await;
        scene.birth().await;
        tokio::time::advance(Duration::from_secs(6)).await;
    }
    assert_eq!(ask(&scene.actor, Add(1), LONG).await, Ok(1));
    assert_eq!(scene.actor.stats().restarts(), 6);
}

#[actix::test]
async fn full_mailbox_is_refused_and_dropped_mail_leaves_no_depth() {
    let mut scene = Scene::start(SPEC).await;
    assert_eq!(post(&scene.actor, Add(1)), Ok(()));
    assert_eq!(post(&scene.actor, Break), Ok(()));
    assert_eq!(post(&scene.actor, Add(1)), Ok(()));
    assert_eq!(post(&scene.actor, Add(1)), Err(PostError::Full));
    scene.birth().await;
    let stats = scene.actor.stats();
    assert_eq!((stats.depth(), stats.posted(), stats.handled()), (0, 3, 2));
    assert_eq!((stats.dropped(), stats.refused()), (1, 1));
}

#[actix::test]
async fn permanent_actor_that_stops_by_itself_is_started_again() {
    let mut scene = Scene::start(SPEC).await;
    assert_eq!(ask(&scene.actor, Quit, LONG).await, Ok(()));
    scene.birth().await;
    assert!(scene.kernel.registry.request_stop("fragile-1"));
    scene.birth().await;
    assert_eq!(ask(&scene.actor, Add(1), LONG).await, Ok(1));
    assert_eq!(scene.actor.stats().last_exit(), Some(ExitReason::Stopped));
    assert!(!scene.kernel.registry.request_stop("nobody"));
}

#[actix::test]
async fn ends_that_somebody_asked_for_never_escalate() {
    let mut scene = Scene::start(SPEC).await;
    for _order in 0..10 {
        assert!(scene.kernel.registry.request_stop("fragile-1"));
        scene.birth().await;
    }
    assert_eq!(ask(&scene.actor, Add(1), LONG).await, Ok(1));
}

#[actix::test]
async fn temporary_actor_is_observed_and_stays_away() {
    let mut scene = Scene::start(ChildSpec { policy: Policy::Temporary, ..SPEC }).await;
    scene.shatter().await;
    let ended = scene.end().await;
    assert_eq!((ended.reason, ended.restarts), (ExitReason::Panicked, 0));
    assert_eq!(post(&scene.actor, Add(1)), Err(PostError::Closed));
}

#[actix::test]
async fn temporary_actor_that_stops_leaves_no_trace() {
    let mut scene = Scene::start(ChildSpec { policy: Policy::Temporary, ..SPEC }).await;
    assert_eq!(ask(&scene.actor, Quit, LONG).await, Ok(()));
    assert_eq!(scene.end().await.reason, ExitReason::Stopped);
    assert!(scene.kernel.registry.snapshot().is_empty());
}

#[actix::test]
async fn retired_actor_stops_for_good_without_a_word() {
    let mut scene = Scene::start(SPEC).await;
    scene.actor.retire();
    scene.empty().await;
    assert_eq!(scene.actor.stats().state(), ActorState::Stopped);
    assert!((&mut scene.ended).await.is_err(), "the callback is dropped unused");
}

#[actix::test]
async fn retired_while_down_it_does_not_come_back() {
    let mut scene = Scene::start(SPEC).await;
    scene.shatter().await;
    scene.actor.retire();
    scene.empty().await;
    assert!(scene.births.recv().await.is_none());
}

#[actix::test]
async fn without_references_the_actor_goes() {
    let scene = Scene::start(SPEC).await;
    let (weak, Scene { kernel, actor, births: _births, ended, .. }) = (scene.actor.downgrade(), scene);
    assert!(weak.upgrade().is_some());
    drop(actor);
    assert!(ended.await.is_err());
    assert!(weak.upgrade().is_none() && kernel.registry.is_empty());
}

#[actix::test]
async fn factory_that_panics_is_counted_like_the_actor() {
    tokio::time::pause();
    let kernel = Kernel::new(Clock::simulated(DateTime::UNIX_EPOCH), Arbiters::current());
    let (end, ended) = oneshot::channel();
    let factory = |_ctx: &mut Context<Fragile>, _stats: Arc<ActorStats>| -> Fragile { panic!("meant") };
    let on_end = Box::new(move |last| end.send(last).unwrap());
    let actor = supervise(&kernel, &SPEC, "stillborn", None, factory, on_end);
    let ended = tokio::time::timeout(LONG, ended).await.unwrap().unwrap();
    assert_eq!((ended.reason, ended.restarts), (ExitReason::Escalated, 2));
    assert!(!actor.is_up());
}

#[actix::test]
async fn reference_takes_mail_before_the_actor_is_born_on_another_thread() {
    let kernel = Kernel::new(Clock::system(), Arbiters::start(2).unwrap());
    let spec = ChildSpec { lane: Lane::Work, ..SPEC };
    let factory = |_ctx: &mut Context<Fragile>, _stats: Arc<ActorStats>| Fragile { total: 0 };
    let actor = supervise(&kernel, &spec, "early", None, factory, Box::new(drop));
    assert_eq!(post(&actor, Add(1)), Ok(()));
    assert_eq!(ask(&actor, Add(1), LONG).await, Ok(2));
    assert!(kernel.arbiters.stop(LONG).await);
    assert!(kernel.registry.is_empty());
    assert_eq!(post(&actor, Add(1)), Err(PostError::Closed));
}
