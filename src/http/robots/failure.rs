//! A rejected command or message as the edge tells it.
use workbot_schema::wire::command_item::Rejection;

use crate::http::error::{ApiError, Fields, Rule};

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let mut fields = Fields::new();
        for (path, text) in rejection.fields() {
            fields.add(path, text);
        }
        match rejection {
            Rejection::Wrong(_) => Self::Invalid(fields),
            Rejection::Refused(_) => Self::Rule(Rule::Fields(fields)),
        }
    }
}
