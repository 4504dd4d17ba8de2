//! JSON kept as text on both databases: written often, read as a whole, never searched by the database. (`JSONB` would parse it
//! on every write, and refuse an escaped U+0000 that a model or a phone may produce.)
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A JSON document as compact text.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Document(String);

impl Document {
    /// The document of a value; an error when it has keys that are no strings.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Self> {
        serde_json::to_string(value).map(Self)
    }

    /// The value of the document; an error when it is of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Bytes of the text.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is not even a `null`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Document {
    /// `null`.
    fn default() -> Self {
        Self("null".to_owned())
    }
}

impl From<serde_json::Value> for Document {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl<DB: Backend> FromSql<Text, DB> for Document
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}

impl<DB: Backend> ToSql<Text, DB> for Document
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <str as ToSql<Text, DB>>::to_sql(self.0.as_str(), out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_was_made_of() {
        let document = Document::of(&["甲", "a\0b"]).unwrap();
        assert!(!document.as_str().contains('\0'), "an escape is no byte");
        assert_eq!(document.read::<Vec<String>>().unwrap(), ["甲", "a\0b"]);
        assert!(document.read::<u32>().is_err());
        assert_eq!(Document::default().read::<Option<u32>>().unwrap(), None);
    }
}
