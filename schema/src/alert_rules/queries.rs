//! Queries of alert rules.
use diesel::result::Error as DieselError;

use super::{AlertRule, RuleChanges};
use crate::fields::Ts;
use crate::ids::AlertRuleId;
use crate::store::prelude::*;
use crate::tables::alert_rules;

crate::configurable!(alert_rules: AlertRule, AlertRuleId, RuleChanges, group metric, versions crate::configuration::unversioned);
