//! The guard itself is tried: a bad line given as text is caught, a good one is not.

use super::judge::{broken_ban, broken_edge, broken_purity};
use super::source::Source;

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned() }
}

#[test]
fn an_edge_outside_the_table_is_caught_however_it_is_written() {
    let bad = [
        ("robot/core.rs", "use crate::session::Start;"),
        ("robot/core.rs", "use crate::{kernel, session::{Start, Stop}};"),
        ("robot/mod.rs", "fn f() { crate::delivery::now(); }"),
        ("robot/mod.rs", "fn f() -> Option<crate::provider::Ask> { None }"),
        ("robot/mod.rs", "fn f() { send!(to, [crate::alert::Raise { level: 1 }]); }"),
        ("robot/dialect/native.rs", "use super::super::super::hub::Task;"),
        ("robot/mod.rs", "mod inner { use super::super::janitor::Sweep; }"),
        ("kernel/post.rs", "use crate::robot::RobotHandle;"),
        ("flow/step.rs", "use crate::kernel::clock;"),
        ("robot/mod.rs", "use crate::journal::JournalActor;"),
        ("robot/mod.rs", "use crate::journal::*;"),
        ("robot/mod.rs", "use crate::supervisor::router::RouterHandle;"),
        ("robot/mod.rs", "use crate::supervisor::directory::DirectoryWriter;"),
        ("robot/mod.rs", "use crate::SomethingOfTheParent;"),
        ("novelty/mod.rs", "use crate::kernel::post;"),
    ];
    for (file, text) in bad {
        let found = broken_edge(&source(&format!("actors/src/{file}"), text));
        assert!(!found.is_empty(), "{file}: {text}");
    }
}

#[test]
fn granted_edges_and_test_code_pass() {
    let good = [
        (
            "robot/mod.rs",
            "use crate::kernel::{post, ask}; use crate::journal::JournalHandle; use super::robot;",
        ),
        ("robot/core.rs", "use super::pacing::Pacing; use crate::supervisor::directory::DirectoryEntry;"),
        ("robot/mod.rs", "#[cfg(test)] mod tests { use crate::session::SessionActor; }"),
        ("robot/tests.rs", "use crate::session::SessionActor;"),
        ("session/mod.rs", "use crate::flow::step; use crate::provider::Ask; pub(crate) struct A;"),
        ("supervisor/router.rs", "use crate::robot::RobotActor;"),
        ("lib.rs", "pub use crate::supervisor::tree;"),
    ];
    for (file, text) in good {
        let found = broken_edge(&source(&format!("actors/src/{file}"), text));
        assert!(found.is_empty(), "{file}: {found:?}");
    }
}

#[test]
fn a_finding_names_file_line_path_and_reason() {
    let found = broken_edge(&source("actors/src/robot/core.rs", "//! Doc.\n\nuse crate::session::Start;\n"));
    assert_eq!(
        found,
        ["actors/src/robot/core.rs:3: `crate::session::Start`: `robot` may not import this from `session`"]
    );
}

#[test]
fn a_pure_file_with_a_clock_a_log_or_a_runtime_is_caught() {
    let bad = [
        "use actix::Message;",
        "fn f() { log::info!(\"x\"); }",
        "fn f() { let now = chrono::Utc::now(); }",
        "use std::time::Instant;",
        "async fn f() { tokio::time::sleep(d).await; }",
        "use crate::kernel::clock;",
        "use super::RobotActor;",
    ];
    for text in bad {
        assert!(!broken_purity(&source("actors/src/robot/core.rs", text)).is_empty(), "{text}");
        let marked = format!("//! Pure: decides.\n{text}");
        assert!(!broken_purity(&source("actors/src/robot/other.rs", &marked)).is_empty(), "{text}");
        assert!(broken_purity(&source("actors/src/robot/mod.rs", text)).is_empty(), "{text}");
    }
    let good = "use std::time::Duration; use super::pacing::Pacing; use crate::kernel::backoff::Backoff;";
    assert_eq!(broken_purity(&source("actors/src/robot/core.rs", good)), Vec::<String>::new());
}

#[test]
fn a_layer_that_reaches_too_far_is_caught() {
    let bad = [
        ("actors/src/robot/core.rs", "use actix_web_actors::ws;"),
        ("src/http/robots/send_message.rs", "use actix_web_actors::ws;"),
        ("actors/src/delivery/mod.rs", "use actix_web::HttpResponse;"),
        ("src/http/robots/send_message.rs", "use workbot_actors::robot::RobotActor;"),
        ("src/http/robots/send_message.rs", "fn f(a: actix::Addr<A>) {}"),
        ("src/http/robots/send_message.rs", "use workbot_schema::tables::robots;"),
        ("src/settings/mod.rs", "use crate::http::AppState;"),
        ("schema/src/robots.rs", "use actix::Message;"),
        ("clients/robot-sim/src/lib.rs", "use workbot_schema::store::Store;"),
    ];
    for (file, text) in bad {
        assert!(!broken_ban(&source(file, text)).is_empty(), "{file}: {text}");
    }
    let good = [
        ("actors/src/robot/mod.rs", "use actix_web_actors::ws; use actix_web::Error;"),
        ("actors/src/robot/frames.rs", "use actix_http::ws::Codec;"),
        ("src/http/robots/send_message.rs", "use workbot_actors::journal::JournalHandle;"),
        ("schema/src/robots.rs", "use diesel::prelude::*;"),
    ];
    for (file, text) in good {
        assert_eq!(broken_ban(&source(file, text)), Vec::<String>::new(), "{file}");
    }
}
