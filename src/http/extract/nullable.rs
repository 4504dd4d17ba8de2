//! Fields of a change that can be cleared.
use serde::{Deserialize, Deserializer};

/// Present and null means "none"; absent means "as it is" (with `default`).
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
