//! Pure: `alert_rule`, which rules match the context.
use serde_json::{Value, json};
use workbot_schema::wire::flow::{AlertRuleConfig, StandardContext};

use super::super::effects::{Effect, RulesAsk};
use super::super::event::RuleMatch;
use super::super::state::{Asking, RunState};

/// Most matches that are kept.
const MATCHES_MAX: usize = 100;

pub fn input(config: &AlertRuleConfig, context: &StandardContext) -> Value {
    json!({"ruleIds": config.rule_ids, "alertId": context.alert_id, "alertCode": context.alert_code})
}

pub fn ask(config: &AlertRuleConfig, asking: &Asking) -> Effect {
    Effect::EvaluateRules(RulesAsk { at: asking.at.clone(), rule_ids: config.rule_ids.clone() })
}

/// Keeps the rules that matched; the output of the visit.
pub fn matched(config: &AlertRuleConfig, found: Vec<RuleMatch>, state: &mut RunState) -> Value {
    let is_meant = |found: &RuleMatch| config.rule_ids.is_empty() || config.rule_ids.contains(&found.rule_id);
    let matched: Vec<RuleMatch> = found.into_iter().filter(is_meant).take(MATCHES_MAX).collect();
    for rule in &matched {
        if !state.rules.iter().any(|known| known.rule_id == rule.rule_id) {
            state.rules.push(rule.clone());
        }
    }
    json!({"matched": matched})
}
