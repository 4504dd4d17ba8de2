//! Queries of models.
use diesel::result::Error as DieselError;

use super::{AiModel, ModelChanges};
use crate::fields::Ts;
use crate::ids::ModelId;
use crate::store::prelude::*;
use crate::tables::ai_models;

crate::configurable!(ai_models: AiModel, ModelId, ModelChanges, group provider, versions crate::ai_models::versions);
