//! Older contents of templates.
use diesel::result::Error as DieselError;

use crate::fields::{Json, Ts};
use crate::ids::TemplateId;
use crate::store::prelude::*;
use crate::tables::ai_template_versions;
use crate::versions::{Version, VersionColumns};

crate::versions_of!(ai_template_versions.template_id, TemplateId);
