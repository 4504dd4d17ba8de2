//! Pure: what a rule asks, of whom, and whether a text, an intent, a level or a number fulfils it.
use serde_json::Value;
use workbot_schema::alert_rules::{AlertMetric, AlertRule};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertRuleId, ChannelId, RobotId, UserId};

/// Most words, intents or levels of one rule.
pub const WORDS_MAX: usize = 200;
/// Longest of them, in characters.
pub const WORD_CHARS: usize = 64;

/// How a rule compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Holds one of them.
    Contains,
    /// One of them.
    In,
    /// None of them.
    NotIn,
    /// =
    Eq,
    /// ≠
    Ne,
    /// >
    Gt,
    /// ≥
    Gte,
    /// <
    Lt,
    /// ≤
    Lte,
}

impl Operator {
    /// The operator of a word or a sign.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "contains" => Self::Contains,
            "in" => Self::In,
            "not_in" => Self::NotIn,
            "eq" | "=" | "==" | "equals" => Self::Eq,
            "ne" | "!=" | "≠" | "<>" => Self::Ne,
            "gt" | ">" => Self::Gt,
            "gte" | ">=" | "≥" => Self::Gte,
            "lt" | "<" => Self::Lt,
            "lte" | "<=" | "≤" => Self::Lte,
            _ => return None,
        })
    }

    /// The word that rows and answers have.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
        }
    }
}

/// What a rule asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A text holds one of these words (lower case), or is one of them.
    Keyword {
        /// The words.
        words: Vec<String>,
        /// The text is a word as a whole.
        is_whole: bool,
    },
    /// The recognised intent is one of these, or none of them.
    Intent {
        /// The intents.
        intents: Vec<String>,
        /// None of them.
        is_negated: bool,
    },
    /// The level of an alert is one of these.
    Level(Vec<AlertLevel>),
    /// A measured number stands so to a bound.
    Number {
        /// How.
        comparison: Comparison,
        /// The bound, in the unit of the metric.
        bound: f64,
    },
}

/// How a number stands to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// >
    Above,
    /// ≥
    AtLeast,
    /// <
    Below,
    /// ≤
    AtMost,
    /// =
    Equal,
    /// ≠
    Other,
}

impl Comparison {
    /// Whether `value` stands so to `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Equal => (value - bound).abs() < f64::EPSILON,
            Self::Other => (value - bound).abs() >= f64::EPSILON,
        }
    }

    /// The sign, for people.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => "≥",
            Self::Below => "<",
            Self::AtMost => "≤",
            Self::Equal => "=",
            Self::Other => "≠",
        }
    }
}

/// What is wrong with a rule: the field of the wire, and a sentence in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// `operator` or `value`.
    pub field: &'static str,
    /// What is wrong, and how it is put right.
    pub text: String,
}

fn problem(field: &'static str, text: impl Into<String>) -> RuleProblem {
    RuleProblem { field, text: text.into() }
}

/// What is said of a text that is no operator.
pub fn unknown_operator() -> RuleProblem {
    problem("operator", "只能是 contains、eq、ne、in、not_in、gt、gte、lt 或 lte")
}

impl Test {
    /// What metric, operator and value ask together.
    pub fn read(metric: AlertMetric, operator: Operator, value: &Value) -> Result<Self, RuleProblem> {
        match metric {
            AlertMetric::Keyword => {
                let is_whole = match operator {
                    Operator::Contains | Operator::In => false,
                    Operator::Eq => true,
                    _ => return Err(problem("operator", "关键词规则只能使用 contains 或 eq")),
                };
                let words = words(value)?.iter().map(|word| word.to_lowercase()).collect();
                Ok(Self::Keyword { words, is_whole })
            }
            AlertMetric::Intent => {
                let is_negated = match operator {
                    Operator::Eq | Operator::In => false,
                    Operator::Ne | Operator::NotIn => true,
                    _ => return Err(problem("operator", "意图规则只能使用 eq、in、ne 或 not_in")),
                };
                Ok(Self::Intent { intents: words(value)?, is_negated })
            }
            AlertMetric::Level => levels(operator, value),
            AlertMetric::RobotOffline
            | AlertMetric::AiFailureRate
            | AlertMetric::CallbackFailureRate
            | AlertMetric::ResponseMs
            | AlertMetric::ErrorRate
            | AlertMetric::Backlog => {
                let bound = value
                    .as_f64()
                    .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
                    .filter(|bound: &f64| bound.is_finite() && (0.0..=1e12).contains(bound))
                    .ok_or_else(|| problem("value", "应为不小于 0 的数字"))?;
                Ok(Self::Number { comparison: comparison(operator)?, bound })
            }
        }
    }
}

fn comparison(operator: Operator) -> Result<Comparison, RuleProblem> {
    Ok(match operator {
        Operator::Gt => Comparison::Above,
        Operator::Gte => Comparison::AtLeast,
        Operator::Lt => Comparison::Below,
        Operator::Lte => Comparison::AtMost,
        Operator::Eq => Comparison::Equal,
        Operator::Ne => Comparison::Other,
        Operator::Contains | Operator::In | Operator::NotIn => {
            return Err(problem("operator", "数值指标只能使用 gt、gte、lt、lte、eq 或 ne"));
        }
    })
}

/// A level is compared by its weight: `gte warning` means warning and critical.
fn levels(operator: Operator, value: &Value) -> Result<Test, RuleProblem> {
    let unknown = || problem("value", "应为 critical、warning 或 info");
    let named = words(value)?
        .iter()
        .map(|word| AlertLevel::parse(word).ok_or_else(unknown))
        .collect::<Result<Vec<_>, _>>()?;
    if let Operator::In | Operator::NotIn = operator {
        let is_in = operator == Operator::In;
        return Ok(Test::Level(chosen(|level| named.contains(&level) == is_in)));
    }
    let [named] = named.as_slice() else { return Err(problem("value", "该操作符只接受一个级别")) };
    let comparison = comparison(operator)
        .map_err(|_other| problem("operator", "级别规则只能使用 eq、ne、gt、gte、lt、lte、in 或 not_in"))?;
    Ok(Test::Level(chosen(|level| comparison.holds(weight(level), weight(*named)))))
}

fn chosen(is_chosen: impl Fn(AlertLevel) -> bool) -> Vec<AlertLevel> {
    AlertLevel::ALL.iter().copied().filter(|level| is_chosen(*level)).collect()
}

fn weight(level: AlertLevel) -> f64 {
    match level {
        AlertLevel::Info => 0.0,
        AlertLevel::Warning => 1.0,
        AlertLevel::Critical => 2.0,
    }
}

/// One text, with several words between commas, or a list of texts.
fn words(value: &Value) -> Result<Vec<String>, RuleProblem> {
    let mut words: Vec<String> = match value {
        Value::String(text) => text
            .split([',', '，', '、', ';', '；', '|', '\n'])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        Value::Array(list) => list
            .iter()
            .map(|word| match word.as_str().map(str::trim) {
                Some(word) if !word.is_empty() => Ok(word.to_owned()),
                _ => Err(problem("value", "列表中只能是非空文本")),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(problem("value", "应为文本或文本列表")),
    };
    words.sort_unstable();
    words.dedup();
    if words.is_empty() {
        return Err(problem("value", "不能为空"));
    }
    if words.len() > WORDS_MAX {
        return Err(problem("value", format!("最多 {WORDS_MAX} 个")));
    }
    if words.iter().any(|word| word.chars().count() > WORD_CHARS) {
        return Err(problem("value", format!("每个最多 {WORD_CHARS} 个字符")));
    }
    Ok(words)
}

/// A rule ready to be judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its row.
    pub row: AlertRule,
    /// What it asks.
    pub test: Test,
}

/// What is known of a robot where rules are judged.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its public id.
    pub robot_id: &'a RobotId,
    /// Whose it is.
    pub owner: Option<&'a UserId>,
}

/// What happened to one message; what is unknown is judged by no rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// What was written.
    pub text: Option<&'a str>,
    /// What was meant.
    pub intent: Option<&'a str>,
    /// Level of the alert that was raised.
    pub level: Option<AlertLevel>,
}

/// A rule that is fulfilled.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleMatch {
    /// Which.
    pub rule_id: AlertRuleId,
    /// Its name.
    pub name: String,
    /// What it asks about.
    pub metric: AlertMetric,
    /// How bad that is.
    pub level: AlertLevel,
    /// The word, intent or level that was met.
    pub met: String,
    /// Where to tell of it.
    pub channel_ids: Vec<ChannelId>,
    /// The same conversation raises no other alert for so long, seconds.
    pub cooldown_secs: i32,
}

impl Rule {
    /// A row that can be judged by.
    pub fn read(row: AlertRule) -> Result<Self, RuleProblem> {
        let operator = Operator::parse(&row.operator).ok_or_else(unknown_operator)?;
        let test = Test::read(row.metric, operator, &row.value.0)?;
        Ok(Self { row, test })
    }

    /// Whether it says anything at `now`: switched on and not silenced.
    pub fn is_awake(&self, now: Ts) -> bool {
        self.row.is_active && self.row.silenced_until.is_none_or(|until| until <= now)
    }

    /// Whether it is about this robot: a shared rule is about every robot, another one about its owner's; a list narrows both.
    pub fn covers(&self, subject: Subject<'_>) -> bool {
        let is_owned = self.row.owner_id.as_ref().is_none_or(|owner| subject.owner == Some(owner));
        let named = &self.row.robot_ids.0;
        is_owned && (named.is_empty() || named.iter().any(|id| id == subject.robot_id.as_str()))
    }

    /// What of the facts fulfils it.
    pub fn meets(&self, facts: &Facts<'_>) -> Option<String> {
        match &self.test {
            Test::Keyword { words, is_whole } => {
                let text = facts.text?.to_lowercase();
                let is_met = |word: &&String| {
                    if *is_whole { text.trim() == word.as_str() } else { text.contains(word.as_str()) }
                };
                words.iter().find(is_met).cloned()
            }
            Test::Intent { intents, is_negated } => {
                let intent = facts.intent?;
                (intents.iter().any(|named| named == intent) != *is_negated).then(|| intent.to_owned())
            }
            Test::Level(levels) => {
                let level = facts.level?;
                levels.contains(&level).then(|| level.as_str().to_owned())
            }
            Test::Number { .. } => None,
        }
    }

    /// Whether a measured number fulfils it.
    pub fn exceeds(&self, value: f64) -> bool {
        match self.test {
            Test::Number { comparison, bound } => comparison.holds(value, bound),
            Test::Keyword { .. } | Test::Intent { .. } | Test::Level(_) => false,
        }
    }

    /// The match of something met.
    pub fn matched(&self, met: String) -> RuleMatch {
        RuleMatch {
            rule_id: self.row.id.clone(),
            name: self.row.name.clone(),
            metric: self.row.metric,
            level: self.row.level,
            met,
            channel_ids: self.row.channel_ids.0.clone(),
            cooldown_secs: self.row.cooldown_secs,
        }
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
