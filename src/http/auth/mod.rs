//! Who is asking, and what they may do.
pub mod audit;
pub mod bearer;
pub mod cache;
pub mod caller;
pub mod ownership;
pub mod permission;
pub mod platform_key;
pub mod robot;
pub mod session;
pub mod token;
pub mod user;

pub use audit::Audit;
pub use cache::{KeyCache, KeyUses, SessionCache, SessionUses, UserCache};
pub use caller::{Caller, find_robot};
pub use permission::{Action, Reach};
pub use platform_key::PlatformKeyAuth;
pub use robot::{RobotToken, serving, take_request};
pub use session::{LoginKeys, SESSION_COOKIE, SessionAuth};
pub use token::{Signed, Tokens, hash_of};
pub use user::UserToken;
