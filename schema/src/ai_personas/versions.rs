//! Older contents of personas.
use diesel::result::Error as DieselError;

use crate::fields::{Json, Ts};
use crate::ids::PersonaId;
use crate::store::prelude::*;
use crate::tables::ai_persona_versions;
use crate::versions::{Version, VersionColumns};

crate::versions_of!(ai_persona_versions.persona_id, PersonaId);
