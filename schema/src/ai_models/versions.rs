//! Older contents of models.
use diesel::result::Error as DieselError;

use crate::fields::{Json, Ts};
use crate::ids::ModelId;
use crate::store::prelude::*;
use crate::tables::ai_model_versions;
use crate::versions::{Version, VersionColumns};

crate::versions_of!(ai_model_versions.model_id, ModelId);
