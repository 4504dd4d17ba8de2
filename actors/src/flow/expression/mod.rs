//! Pure: conditions of edges. CEL behind guards, because CEL has no limit of steps of its own (docs/adr/010).
mod cost;
mod guard;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::types::CelBool;
use cel::extractors::This;
use cel::parser::PrattParser;
use cel::{Context, Env, ExecutionError, IdedExpr, Value};
use regex::Regex;
use workbot_schema::wire::flow::{ProblemCode, StandardContext};

use super::context::value_of;
use guard::Uses;

/// Longest source, bytes.
pub const SOURCE_BYTES_MAX: usize = 1_024;
/// Deepest nesting, of brackets and of the parsed tree.
pub const NESTING_MAX: u16 = 50;
/// Most comprehensions (`all`, `exists`, `exists_one`, `map`, `filter`).
pub const COMPREHENSIONS_MAX: usize = 2;
/// Most items of a list, written or given.
pub const ITEMS_MAX: usize = 100;
/// Longest error that is kept, characters.
const ERROR_CHARS_MAX: usize = 200;

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionFault {
    /// Stable name.
    pub code: ProblemCode,
    /// For people.
    pub message: String,
}

impl ExpressionFault {
    fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The functions that expressions may call; made once for a flow.
#[derive(Clone)]
pub struct Language {
    env: Arc<Env>,
}

impl Default for Language {
    fn default() -> Self {
        Self { env: Arc::new(Env::stdlib().with_optional_support(false)) }
    }
}

/// A condition that passed the guards.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    tree: Arc<IdedExpr>,
    uses: Arc<Uses>,
    patterns: Arc<BTreeMap<String, Regex>>,
    env: Arc<Env>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl Language {
    /// Parses a condition and holds it against the guards.
    pub fn compile(&self, source: &str) -> Result<Expression, ExpressionFault> {
        if source.trim().is_empty() {
            return Err(ExpressionFault::new(ProblemCode::ExpressionEmpty, "条件表达式不能为空"));
        }
        if source.len() > SOURCE_BYTES_MAX {
            return Err(ExpressionFault::new(
                ProblemCode::ExpressionTooLong,
                format!("条件表达式最长 {SOURCE_BYTES_MAX} 字节，当前 {} 字节", source.len()),
            ));
        }
        if guard::brackets(source) > usize::from(NESTING_MAX) {
            return Err(guard::too_deep());
        }
        let tree = Self::parse(source)?;
        let findings = guard::inspect(&tree)?;
        cost::judge(&tree)?;
        Ok(Expression {
            source: source.into(),
            tree: Arc::new(tree),
            uses: Arc::new(findings.uses),
            patterns: Arc::new(findings.patterns),
            env: Arc::clone(&self.env),
        })
    }

    /// The crate's usual parser takes a kilobyte of stack a rule and ends the process at 50 brackets in a debug build; this one
    /// does not, and is a hundred times faster. A parser that falls over must not take its caller with it.
    fn parse(source: &str) -> Result<IdedExpr, ExpressionFault> {
        let parser = PrattParser::new().max_recursion_depth(NESTING_MAX);
        let syntax = |reason: &str| {
            ExpressionFault::new(
                ProblemCode::ExpressionSyntax,
                format!("条件表达式不合语法：{}", cut(reason)),
            )
        };
        match catch_unwind(AssertUnwindSafe(|| parser.parse(source))) {
            Ok(Ok(tree)) => Ok(tree),
            Ok(Err(errors)) => Err(syntax(errors.to_string().lines().next().unwrap_or_default())),
            Err(_panic) => Err(syntax("无法解析")),
        }
    }
}

impl Expression {
    /// The text it was made from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds for a context; an error for whatever is neither true nor false. Never panics.
    pub fn is_true(&self, context: &StandardContext) -> Result<bool, String> {
        match catch_unwind(AssertUnwindSafe(|| self.evaluate(context))) {
            Ok(outcome) => outcome.map_err(|reason| cut(&reason)),
            Err(_panic) => Err("求值中断".to_owned()),
        }
    }

    fn evaluate(&self, context: &StandardContext) -> Result<bool, String> {
        let mut scope = Context::with_env(Arc::clone(&self.env));
        for (name, keys) in self.uses.iter() {
            let value = values::of_field(value_of(context, name), keys.as_ref());
            let value = value.map_err(|reason| format!("{name}：{reason}"))?;
            scope.add_variable_from_value(*name, value);
        }
        if !self.patterns.is_empty() {
            let patterns = Arc::clone(&self.patterns);
            let matches =
                move |text: This<Arc<String>>, pattern: Arc<String>| match patterns.get(pattern.as_str()) {
                    Some(regex) => Ok(regex.is_match(&text.0)),
                    None => Err(ExecutionError::function_error("matches", "unknown pattern")),
                };
            scope.add_function("matches", matches).map_err(|error| error.to_string())?;
        }
        let value = Value::resolve_val(&self.tree, &scope).map_err(|error| error.to_string())?;
        value.downcast_ref::<CelBool>().map(|flag| *flag.inner()).ok_or_else(|| "结果不是布尔值".to_owned())
    }
}

fn cut(text: &str) -> String {
    text.chars().take(ERROR_CHARS_MAX).collect()
}
