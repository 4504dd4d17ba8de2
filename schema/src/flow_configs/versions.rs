//! Older contents of flows.
use diesel::result::Error as DieselError;

use crate::fields::{Json, Ts};
use crate::ids::FlowId;
use crate::store::prelude::*;
use crate::tables::flow_versions;
use crate::versions::{Version, VersionColumns};

crate::versions_of!(flow_versions.flow_id, FlowId);
