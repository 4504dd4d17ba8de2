//! Queries of flows.
use diesel::result::Error as DieselError;

use super::{FlowChanges, FlowConfig};
use crate::fields::Ts;
use crate::ids::FlowId;
use crate::store::prelude::*;
use crate::tables::flow_configs;

// Contents are kept by publishing, not by saving.
crate::configurable!(flow_configs: FlowConfig, FlowId, FlowChanges, group id, versions crate::configuration::unversioned);
