//! Pure: what an expression may be made of.
use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue};
use regex::{Regex, RegexBuilder};
use workbot_schema::wire::flow::ProblemCode;

use super::super::context::field;
use super::{COMPREHENSIONS_MAX, ExpressionFault, ITEMS_MAX, NESTING_MAX};

/// Largest compiled pattern, bytes.
const PATTERN_BYTES_MAX: usize = 65_536;
/// Largest table a pattern builds while it matches, bytes.
const PATTERN_TABLE_MAX: usize = 262_144;

/// Operators as the parser names them.
const OPERATORS: &[&str] = &[
    "_?_:_",
    "_&&_",
    "_||_",
    "!_",
    "_-_",
    "_+_",
    "_*_",
    "_/_",
    "_%_",
    "_==_",
    "_!=_",
    "_>=_",
    "_<=_",
    "_>_",
    "_<_",
    "-_",
    "_[_]",
    "@in",
    "@not_strictly_false",
];
/// Functions people may call.
const FUNCTIONS: &[&str] =
    &["size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "bool"];

/// Fields of the context, and of each the keys that are spoken of; none = the field as a whole.
pub type Uses = BTreeMap<&'static str, Option<BTreeSet<String>>>;

/// What an expression needs when it is evaluated.
#[derive(Debug, Default)]
pub struct Findings {
    /// What it needs of the context.
    pub uses: Uses,
    /// Its patterns, compiled.
    pub patterns: BTreeMap<String, Regex>,
}

/// How deep brackets are nested, texts left out; asked before the parser sees them.
pub fn brackets(source: &str) -> usize {
    let (mut depth, mut deepest, mut quote, mut is_escaped) = (0_usize, 0, None, false);
    for letter in source.chars() {
        match (quote, letter) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '(' | '[' | '{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    deepest
}

/// The fault of nesting too deep.
pub fn too_deep() -> ExpressionFault {
    ExpressionFault::new(ProblemCode::ExpressionTooDeep, format!("条件表达式嵌套不能超过 {NESTING_MAX} 层"))
}

/// Walks the tree once and refuses what is not allowed in it.
pub fn inspect(tree: &IdedExpr) -> Result<Findings, ExpressionFault> {
    let mut guard = Guard::default();
    guard.look(tree, 1)?;
    Ok(guard.findings)
}

#[derive(Default)]
struct Guard<'a> {
    findings: Findings,
    comprehensions: usize,
    own_names: Vec<&'a str>,
}

impl<'a> Guard<'a> {
    fn look(&mut self, expression: &'a IdedExpr, depth: u16) -> Result<(), ExpressionFault> {
        if depth > NESTING_MAX {
            return Err(too_deep());
        }
        let below = depth + 1;
        match &expression.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name, None),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(name) => self.name(name, Some(&select.field)),
                _ => self.look(&select.operand, below),
            },
            Expr::Call(call) => self.call(call, below),
            Expr::List(list) => {
                is_short(list.elements.len())?;
                list.elements.iter().try_for_each(|item| self.look(item, below))
            }
            Expr::Map(map) => {
                is_short(map.entries.len())?;
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => {
                            self.look(&entry.key, below)?;
                            self.look(&entry.value, below)?;
                        }
                        EntryExpr::StructField(field) => return Err(unknown_name(&field.field)),
                    }
                }
                Ok(())
            }
            Expr::Comprehension(comprehension) => {
                self.comprehensions += 1;
                if self.comprehensions > COMPREHENSIONS_MAX {
                    return Err(ExpressionFault::new(
                        ProblemCode::ExpressionTooManyComprehensions,
                        format!(
                            "条件表达式最多使用 {COMPREHENSIONS_MAX} 个 all/exists/exists_one/map/filter"
                        ),
                    ));
                }
                self.look(&comprehension.iter_range, below)?;
                let outer = self.own_names.len();
                self.own_names.extend([comprehension.iter_var.as_str(), comprehension.accu_var.as_str()]);
                self.own_names.extend(comprehension.iter_var2.as_deref());
                let parts = [
                    &comprehension.accu_init,
                    &comprehension.loop_cond,
                    &comprehension.loop_step,
                    &comprehension.result,
                ];
                let outcome = parts.into_iter().try_for_each(|part| self.look(part, below));
                self.own_names.truncate(outer);
                outcome
            }
            Expr::Struct(record) => Err(unknown_name(&record.type_name)),
            Expr::Unspecified => {
                Err(ExpressionFault::new(ProblemCode::ExpressionSyntax, "条件表达式不合语法"))
            }
        }
    }

    fn name(&mut self, name: &str, key: Option<&str>) -> Result<(), ExpressionFault> {
        if self.own_names.contains(&name) {
            return Ok(());
        }
        let (known, _) = field(name).ok_or_else(|| unknown_name(name))?;
        let keys = self.findings.uses.entry(known).or_insert_with(|| Some(BTreeSet::new()));
        match (key, keys.as_mut()) {
            (Some(key), Some(keys)) => {
                keys.insert(key.to_owned());
            }
            (None, _) => *keys = None,
            (Some(_), None) => {}
        }
        Ok(())
    }

    fn call(&mut self, call: &'a CallExpr, depth: u16) -> Result<(), ExpressionFault> {
        let name = call.func_name.as_str();
        if !OPERATORS.contains(&name) && !FUNCTIONS.contains(&name) {
            return Err(ExpressionFault::new(
                ProblemCode::ExpressionUnknownFunction,
                format!("条件表达式中没有函数 {}", short(name)),
            ));
        }
        if name == "matches" {
            self.pattern(call)?;
        }
        call.target.iter().try_for_each(|target| self.look(target, depth))?;
        call.args.iter().try_for_each(|argument| self.look(argument, depth))
    }

    /// A pattern is written out, so that it can be compiled and measured before anything runs.
    fn pattern(&mut self, call: &CallExpr) -> Result<(), ExpressionFault> {
        let refuse = |reason: String| ExpressionFault::new(ProblemCode::ExpressionBadPattern, reason);
        let Some(Expr::Literal(LiteralValue::String(pattern))) = call.args.last().map(|last| &last.expr)
        else {
            return Err(refuse("matches 的正则必须是文本常量".to_owned()));
        };
        let pattern = pattern.inner();
        let regex = RegexBuilder::new(pattern)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_TABLE_MAX)
            .nest_limit(u32::from(NESTING_MAX))
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => refuse("正则过大".to_owned()),
                error => refuse(format!("正则不正确：{}", last_line(&error.to_string()))),
            })?;
        self.findings.patterns.insert(pattern.to_owned(), regex);
        Ok(())
    }
}

fn is_short(items: usize) -> Result<(), ExpressionFault> {
    if items <= ITEMS_MAX {
        return Ok(());
    }
    Err(ExpressionFault::new(
        ProblemCode::ExpressionListTooLong,
        format!("条件表达式中的列表最多 {ITEMS_MAX} 项"),
    ))
}

fn unknown_name(name: &str) -> ExpressionFault {
    ExpressionFault::new(
        ProblemCode::ExpressionUnknownName,
        format!("条件表达式中没有名为 {} 的变量", short(name)),
    )
}

fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().chars().take(100).collect()
}
