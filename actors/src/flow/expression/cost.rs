//! Pure: the worst case of an expression, in steps and bytes, before it ever runs.
//!
//! Two comprehensions over 100 items alone do not bound the time: what stands inside them runs 10,000 times.
//! A step took 20 to 60 ns where it was measured (release build, two shared cores), so [`STEPS_MAX`] is about 10 ms.
use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue};
use workbot_schema::wire::flow::ProblemCode;

use super::super::context::{FieldKind, field};
use super::values::{DATA_BYTES_MAX, TEXT_BYTES_MAX};
use super::{ExpressionFault, ITEMS_MAX};

/// Most steps of an expression.
pub const STEPS_MAX: u64 = 250_000;
/// Most bytes a value may grow to.
pub const BYTES_MAX: u64 = 1_048_576;
/// A call beside what it does.
const CALL: u64 = 4;
/// Bytes copied or compared in one step.
const BYTES_A_STEP: u64 = 256;
/// Bytes a pattern reads in one step, at its worst.
const PATTERN_BYTES_A_STEP: u64 = 2;
/// A number, a truth, or the frame of a value.
const SMALL: u64 = 16;

/// The worst case of a part.
#[derive(Debug, Clone, Copy)]
struct Weight {
    steps: u64,
    bytes: u64,
}

/// Refuses an expression whose worst case is too long or too large.
pub fn judge(tree: &IdedExpr) -> Result<(), ExpressionFault> {
    let mut scale = Scale::default();
    let weight = scale.weigh(tree);
    if weight.steps <= STEPS_MAX && scale.largest <= BYTES_MAX {
        return Ok(());
    }
    Err(ExpressionFault::new(
        ProblemCode::ExpressionTooCostly,
        "条件表达式在最坏情况下计算量过大，请减少嵌套的遍历或文本拼接",
    ))
}

/// Steps of the worst case.
#[cfg(test)]
pub fn steps(tree: &IdedExpr) -> u64 {
    Scale::default().weigh(tree).steps
}

#[derive(Default)]
struct Scale<'a> {
    own_names: Vec<(&'a str, u64)>,
    largest: u64,
}

impl<'a> Scale<'a> {
    /// The nesting is bounded by the guard, which comes first.
    fn weigh(&mut self, expression: &'a IdedExpr) -> Weight {
        let weight = match &expression.expr {
            Expr::Literal(LiteralValue::String(text)) => small(1, bytes_of(text.inner().len())),
            Expr::Literal(LiteralValue::Bytes(bytes)) => small(1, bytes_of(bytes.inner().len())),
            Expr::Literal(_) | Expr::Unspecified | Expr::Struct(_) => small(1, SMALL),
            Expr::Ident(name) => small(1, self.size_of(name)),
            Expr::Select(select) => {
                let operand = self.weigh(&select.operand);
                small(operand.steps + 2, operand.bytes)
            }
            Expr::List(list) => self.sum(list.elements.iter()),
            Expr::Map(map) => self.sum(map.entries.iter().flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => [Some(&entry.key), Some(&entry.value)].into_iter().flatten(),
                EntryExpr::StructField(field) => [Some(&field.value), None].into_iter().flatten(),
            })),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        };
        self.largest = self.largest.max(weight.bytes);
        weight
    }

    fn size_of(&self, name: &str) -> u64 {
        if let Some((_, bytes)) = self.own_names.iter().rev().find(|(own, _)| *own == name) {
            return *bytes;
        }
        match field(name).map(|(_, kind)| kind) {
            None | Some(FieldKind::Small) => SMALL,
            Some(FieldKind::Text) => bytes_of(TEXT_BYTES_MAX),
            Some(FieldKind::Data) => bytes_of(DATA_BYTES_MAX),
        }
    }

    fn sum(&mut self, parts: impl Iterator<Item = &'a IdedExpr>) -> Weight {
        parts.fold(small(2, SMALL), |sum, part| {
            let part = self.weigh(part);
            // Each item is copied into the new value.
            small(
                sum.steps.saturating_add(part.steps).saturating_add(1 + part.bytes / BYTES_A_STEP),
                sum.bytes.saturating_add(part.bytes),
            )
        })
    }

    fn call(&mut self, call: &'a CallExpr) -> Weight {
        let parts: Vec<Weight> =
            call.target.iter().map(AsRef::as_ref).chain(&call.args).map(|part| self.weigh(part)).collect();
        let steps = parts.iter().fold(CALL, |sum, part| sum.saturating_add(part.steps));
        let bytes = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.bytes));
        let largest = parts.iter().map(|part| part.bytes).max().unwrap_or_default();
        match call.func_name.as_str() {
            "_&&_" | "_||_" | "!_" | "@not_strictly_false" => small(steps - CALL + 1, SMALL),
            "_?_:_" => small(steps - CALL + 1, largest),
            "_[_]" => small(steps, largest),
            "_+_" => small(steps.saturating_add(bytes / BYTES_A_STEP), bytes),
            "string" => small(steps.saturating_add(bytes / BYTES_A_STEP), bytes.max(2 * SMALL)),
            "matches" => small(steps.saturating_add(bytes / PATTERN_BYTES_A_STEP), SMALL),
            _ => small(steps.saturating_add(bytes / BYTES_A_STEP), SMALL),
        }
    }

    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> Weight {
        let range = self.weigh(&comprehension.iter_range);
        let items = match &comprehension.iter_range.expr {
            Expr::List(list) => bytes_of(list.elements.len()),
            Expr::Map(map) => bytes_of(map.entries.len()),
            _ => bytes_of(ITEMS_MAX),
        };
        // What one pass costs grows at most with the size of the item, so the average stands for all.
        let item = range.bytes.checked_div(items).unwrap_or_default().max(SMALL);
        let first = self.weigh(&comprehension.accu_init);
        let outer = self.own_names.len();
        self.own_names.push((comprehension.iter_var.as_str(), item));
        self.own_names.extend(comprehension.iter_var2.as_deref().map(|name| (name, item)));
        // A list that grows is appended to in place, so a pass does not pay for what is in it.
        self.own_names.push((comprehension.accu_var.as_str(), first.bytes));
        let (condition, step) = (self.weigh(&comprehension.loop_cond), self.weigh(&comprehension.loop_step));
        let result = self.weigh(&comprehension.result);
        self.own_names.truncate(outer);
        let pass = condition.steps.saturating_add(step.steps).saturating_add(2 + item / BYTES_A_STEP);
        let grows = matches!(comprehension.accu_init.expr, Expr::List(_));
        let bytes = if grows { step.bytes.saturating_mul(items) } else { result.bytes.max(step.bytes) };
        let steps = items.saturating_mul(pass);
        let around = range.steps.saturating_add(first.steps).saturating_add(result.steps);
        small(steps.saturating_add(around), bytes)
    }
}

fn small(steps: u64, bytes: u64) -> Weight {
    Weight { steps, bytes }
}

fn bytes_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
