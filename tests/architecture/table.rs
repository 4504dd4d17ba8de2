//! The rules as data. A change here is a change of the architecture: it belongs with an ADR.

/// A file may grow to this many lines.
pub const LINES_MAX: usize = 400;

/// What one folder of `actors/src` may take from another.
#[derive(Debug, Clone, Copy)]
pub enum Grant {
    /// Everything in it.
    All(&'static str),
    /// Its handle and its messages, by name; never its actor and never by a glob.
    Handle(&'static str),
    /// One module of it, without its write side.
    Reader(&'static str, &'static str),
}

/// A folder and what it may import beside `schema` and itself.
pub struct Row {
    pub folder: &'static str,
    pub grants: &'static [Grant],
}

use Grant::{All, Handle, Reader};

const NOTHING: &[Grant] = &[];
const WORKER: &[Grant] =
    &[All("kernel"), Handle("journal"), Handle("monitor"), Reader("supervisor", "directory")];

pub const TABLE: &[Row] = &[
    Row { folder: "kernel", grants: NOTHING },
    Row { folder: "flow", grants: NOTHING },
    Row { folder: "debugger", grants: &[All("template")] },
    Row { folder: "persona", grants: NOTHING },
    Row { folder: "preset", grants: NOTHING },
    Row { folder: "template", grants: NOTHING },
    Row { folder: "robot", grants: WORKER },
    Row {
        folder: "provider",
        grants: &[
            All("kernel"),
            All("template"),
            Handle("journal"),
            Handle("monitor"),
            Reader("supervisor", "directory"),
            Reader("delivery", "address_policy"),
            Reader("delivery", "http_client"),
        ],
    },
    Row { folder: "delivery", grants: WORKER },
    Row {
        folder: "alert",
        grants: &[
            All("kernel"),
            Handle("journal"),
            Handle("monitor"),
            Reader("supervisor", "directory"),
            Reader("delivery", "address_policy"),
            Reader("delivery", "http_client"),
            Reader("delivery", "signature"),
        ],
    },
    Row {
        folder: "sms",
        grants: &[All("kernel"), Reader("delivery", "address_policy"), Reader("delivery", "http_client")],
    },
    Row {
        folder: "cloud",
        grants: &[
            All("kernel"),
            Handle("journal"),
            Handle("delivery"),
            Handle("robot"),
            Handle("monitor"),
            Reader("supervisor", "directory"),
        ],
    },
    Row { folder: "journal", grants: WORKER },
    Row { folder: "monitor", grants: WORKER },
    Row { folder: "hub", grants: WORKER },
    Row { folder: "janitor", grants: WORKER },
    Row {
        folder: "session",
        grants: &[
            All("kernel"),
            All("flow"),
            All("persona"),
            All("template"),
            Handle("provider"),
            Handle("delivery"),
            Handle("alert"),
            Handle("journal"),
            Handle("monitor"),
            Reader("supervisor", "directory"),
        ],
    },
    Row {
        folder: "supervisor",
        grants: &[
            All("kernel"),
            All("flow"),
            All("persona"),
            All("template"),
            All("robot"),
            All("provider"),
            All("delivery"),
            All("cloud"),
            All("alert"),
            All("journal"),
            All("monitor"),
            All("hub"),
            All("janitor"),
            All("session"),
        ],
    },
];

/// The row of a folder.
pub fn row(folder: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.folder == folder)
}

/// Files, and folders ending in `/`, under `actors/src` that decide without runtime, log, clock or chance.
/// A file whose module doc begins with "Pure" is one of them too.
pub const PURE: &[&str] = &[
    "flow/",
    "debugger/",
    "persona/",
    "preset/",
    "template/",
    "kernel/backoff.rs",
    "kernel/restart.rs",
    "robot/core.rs",
    "robot/command_state.rs",
    "robot/pacing.rs",
    "robot/presence.rs",
    "robot/worktool_chat.rs",
    "robot/dialect/",
    "session/burst.rs",
    "session/core.rs",
    "session/history.rs",
    "session/reasons.rs",
    "session/takeover.rs",
    "provider/breaker.rs",
    "provider/budget.rs",
    "delivery/schedule.rs",
    "delivery/signature.rs",
    "delivery/address_policy.rs",
    "alert/rules.rs",
];

/// Crates and paths that a pure file must not name; a name stands for everything below it.
pub const IMPURE: &[&str] = &[
    "actix",
    "actix_codec",
    "actix_http",
    "actix_rt",
    "actix_web",
    "actix_web_actors",
    "log",
    "rand",
    "reqwest",
    "tokio",
    "tokio_util",
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

/// Calls that read a clock, whatever the path before them.
pub const CLOCKS: &[&str] =
    &["Utc::now", "Local::now", "Instant::now", "SystemTime::now", "Uuid::now_v7", "Uuid::new_v4"];

/// What a layer must not name.
pub struct Ban {
    /// The rule holds for files whose name begins so.
    pub under: &'static str,
    /// … but not for files whose name begins with one of these.
    pub except: &'static [&'static str],
    /// A path stands for everything below it; a last `*Actor` for every type so called.
    pub names: &'static [&'static str],
    pub reason: &'static str,
}

const SOCKET: &[&str] = &["actors/src/robot/mod.rs", "actors/src/robot/frames"];

pub const BANS: &[Ban] = &[
    Ban {
        under: "",
        except: SOCKET,
        names: &["actix_web_actors"],
        reason: "that crate is frozen upstream: one place must change when it goes",
    },
    Ban {
        under: "",
        except: &["actors/src/flow/expression/"],
        names: &["cel"],
        reason: "expressions run behind guards only (docs/adr/010)",
    },
    Ban {
        under: "actors/src/",
        except: SOCKET,
        names: &["actix_web", "actix_http"],
        reason: "the actors know no HTTP server beyond the robot's socket",
    },
    Ban {
        under: "actors/",
        except: &[],
        names: &["diesel", "diesel_async", "workbot_schema::tables"],
        reason: "queries live in the schema",
    },
    Ban {
        under: "schema/",
        except: &[],
        names: &["actix", "actix_rt", "actix_web", "workbot_actors"],
        reason: "the schema says what things are and knows nobody",
    },
    Ban {
        under: "src/http/",
        except: &["src/http/robots/connect"],
        names: &["workbot_actors::*Actor", "actix::Addr", "actix::Actor"],
        reason: "the edge speaks to handles; an actor's address stays inside",
    },
    Ban {
        under: "src/",
        except: &[],
        names: &["diesel", "diesel_async", "workbot_schema::tables"],
        reason: "queries live in the schema",
    },
    Ban {
        under: "src/http/",
        except: &[],
        names: &["crate::cli"],
        reason: "the command line calls the server, not the other way round",
    },
    Ban {
        under: "src/settings/",
        except: &[],
        names: &["crate::boot", "crate::cli", "crate::http", "workbot_actors", "actix", "actix_web"],
        reason: "settings are values and know nobody",
    },
    Ban {
        under: "clients/",
        except: &[],
        names: &["workbot_actors", "workbot_schema::store", "workbot_schema::tables"],
        reason: "the simulated phone knows the wire only, else it would share the server's mistakes",
    },
];
