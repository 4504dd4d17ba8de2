//! What happens to people and their logins inside a transaction.
use diesel::result::Error as DieselError;

use super::{AccountAct, AccountDone};
use crate::fields::Ts;
use crate::for_both;

for_both! {
    use {
        crate::accounts::codes => codes,
        crate::accounts::people => people,
        crate::accounts::sessions => sessions,
        crate::accounts::tickets => tickets,
    }

    /// Carries out one act.
    pub async fn act(connection: &mut Conn, act: &AccountAct, now: Ts) -> Result<AccountDone, DieselError> {
        match act {
            AccountAct::MakeCode { code, limits } => codes::make(connection, code, *limits, now).await,
            AccountAct::EnterCode { phone, code_hash, newcomer, session } => {
                codes::enter(connection, (phone, code_hash), newcomer.as_ref(), session, now).await
            }
            AccountAct::EnterTicket { ticket_hash, first_admin, session } => {
                tickets::enter(connection, ticket_hash, first_admin.as_ref(), session, now).await
            }
            AccountAct::TouchSession(id) => sessions::touch(connection, id, now).await,
            AccountAct::EndSession { id, user } => sessions::end(connection, id, user).await,
            AccountAct::CreateUser(user) => people::create(connection, user).await,
            AccountAct::ChangeUser { id, changes } => people::change(connection, id, changes, now).await,
        }
    }
}
