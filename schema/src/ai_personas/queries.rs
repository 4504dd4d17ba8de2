//! Queries of personas.
use diesel::result::Error as DieselError;

use super::{AiPersona, PersonaChanges};
use crate::fields::Ts;
use crate::ids::PersonaId;
use crate::store::prelude::*;
use crate::tables::ai_personas;

crate::configurable!(ai_personas: AiPersona, PersonaId, PersonaChanges, group role_type, versions crate::ai_personas::versions);
