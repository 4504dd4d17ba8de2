use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use chrono::DateTime;
use tokio::sync::Notify;

use super::*;

const LONG: Duration = Duration::from_secs(10);

/// Adds up what it is sent.
struct Counter {
    total: u32,
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(0);
    }
}

#[derive(Message)]
#[rtype(result = "u32")]
struct Add(u32);

impl Handler<Posted<Add>> for Counter {
    type Result = u32;

    fn handle(&mut self, posted: Posted<Add>, _ctx: &mut Self::Context) -> u32 {
        let (Add(number), _handling) = posted.open(0);
        self.total += number;
        self.total
    }
}

/// Answers when the notification comes; its place stays taken until then.
#[derive(Message)]
#[rtype(result = "()")]
struct Hold(Arc<Notify>);

impl Handler<Posted<Hold>> for Counter {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, posted: Posted<Hold>, _ctx: &mut Self::Context) -> Self::Result {
        let (Hold(release), handling) = posted.open(0);
        Box::pin(async move {
            release.notified().await;
            drop(handling);
        })
    }
}

fn stats(capacity: u32) -> Arc<ActorStats> {
    ActorStats::new("counter", "counter", None, capacity, DateTime::UNIX_EPOCH)
}

fn counter(capacity: u32) -> ActorRef<Counter> {
    ActorRef::new(Counter { total: 0 }.start(), stats(capacity))
}

#[actix::test]
async fn full_mailbox_refuses_and_counts_whatever_the_number_of_senders() {
    let counter = counter(100);
    assert_eq!(ask(&counter, Add(1), LONG).await, Ok(1));
    let results: Vec<_> = (0..150).map(|_number| post(&counter.clone(), Add(1))).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 100);
    assert_eq!(results.last(), Some(&Err(PostError::Full)));
    assert_eq!(ask(&counter, Add(1), LONG).await, Err(AskError::Full));
    let stats = Arc::clone(counter.stats());
    assert_eq!((stats.depth(), stats.posted(), stats.refused()), (100, 101, 51));
    while stats.depth() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&counter, Add(1), LONG).await, Ok(102));
    assert_eq!((stats.depth(), stats.handled(), stats.dropped()), (0, 102, 0));
}

#[actix::test]
async fn work_under_way_counts_while_its_guard_lives() {
    let counter = counter(1);
    let release = Arc::new(Notify::new());
    let held = ask(&counter, Hold(Arc::clone(&release)), LONG);
    tokio::task::yield_now().await;
    assert_eq!(counter.stats().snapshot(0).current.unwrap().message, "Hold");
    assert_eq!(post(&counter, Add(1)), Err(PostError::Full));
    release.notify_one();
    assert_eq!(held.await, Ok(()));
    assert_eq!(post(&counter, Add(1)), Ok(()));
}

#[actix::test]
async fn ask_gives_up_at_its_deadline() {
    tokio::time::pause();
    let counter = counter(4);
    let release = Arc::new(Notify::new());
    assert_eq!(ask(&counter, Hold(release), LONG).await, Err(AskError::Timeout));
    assert_eq!(counter.stats().depth(), 1, "the handler is still at it");
}

#[actix::test]
async fn message_of_an_asker_who_left_is_dropped_and_counted() {
    let counter = counter(4);
    drop(ask(&counter, Add(40), LONG));
    assert_eq!(ask(&counter, Add(2), LONG).await, Ok(2));
    let stats = counter.stats();
    assert_eq!((stats.depth(), stats.posted(), stats.handled(), stats.dropped()), (0, 2, 1, 1));
}

#[actix::test]
async fn ended_actor_is_closed_and_leaves_no_depth() {
    let arbiters = Arbiters::start(1).unwrap();
    let addr = Counter::start_in_arbiter(arbiters.pick(Lane::Core, ""), |_ctx| Counter { total: 0 });
    let counter = ActorRef::new(addr, stats(8));
    assert_eq!(ask(&counter, Add(1), LONG).await, Ok(1));
    assert!(arbiters.stop(LONG).await);
    assert_eq!(post(&counter, Add(1)), Err(PostError::Closed));
    assert_eq!(ask(&counter, Add(1), LONG).await, Err(AskError::Closed));
    assert!(!counter.is_up());
    assert_eq!((counter.stats().depth(), counter.stats().refused()), (0, 2));
}

#[actix::test]
async fn many_threads_never_pass_the_bound_and_every_message_is_accounted_for() {
    const CAPACITY: u32 = 16;
    let arbiters = Arbiters::start(1).unwrap();
    let addr = Counter::start_in_arbiter(arbiters.pick(Lane::Core, ""), |ctx| {
        ctx.set_mailbox_capacity(0);
        Counter { total: 0 }
    });
    let counter = ActorRef::new(addr, stats(CAPACITY));
    let threads: Vec<_> = (0..4)
        .map(|_number| {
            let counter = counter.clone();
            std::thread::spawn(move || {
                let mut refused = 0;
                for _message in 0..5_000 {
                    refused += u64::from(post(&counter, Add(1)).is_err());
                    assert!(counter.stats().depth() <= CAPACITY);
                }
                refused
            })
        })
        .collect();
    let refused: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    let total = loop {
        match ask(&counter, Add(0), LONG).await {
            Ok(total) => break total,
            Err(error) => assert_eq!(error, AskError::Full),
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(u64::from(total) + refused, 20_000);
    assert!(arbiters.stop(LONG).await);
    let stats = counter.stats();
    assert_eq!((stats.depth(), stats.dropped()), (0, 0));
    assert_eq!(stats.posted(), stats.handled());
}

#[actix::test]
async fn postbox_hides_an_actor_or_a_task() {
    let postbox: Postbox<Add> = Postbox::new(counter(4));
    assert_eq!(post(&postbox, Add(1)), Ok(()));
    assert_eq!(ask(&postbox, Add(1), LONG).await, Ok(2));

    let (postbox, mut inbox) = Postbox::<Add>::inbox("task", "task", 1, DateTime::UNIX_EPOCH);
    let answer = ask(&postbox, Add(5), LONG);
    assert_eq!(post(&postbox, Add(6)), Err(PostError::Full));
    let (Add(number), handling, reply) = inbox.next().await.unwrap().open(0);
    reply.unwrap().send(number * 2).unwrap();
    drop(handling);
    assert_eq!(answer.await, Ok(10));
    assert_eq!(post(&postbox, Add(7)), Ok(()));
    assert!(inbox.try_next().is_some_and(|delivery| delivery.open(0).2.is_none()));
    drop(inbox);
    assert_eq!(post(&postbox, Add(8)), Err(PostError::Closed));
    assert_eq!((postbox.stats().depth(), postbox.stats().handled()), (0, 2));
}
