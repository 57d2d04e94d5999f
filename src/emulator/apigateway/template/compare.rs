//! How values compare.

use super::{error::TemplateError, value::Value, work::Work};
use std::cmp::Ordering;

/// Compares two numbers; nothing when one is none.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        _ => float(left)?.partial_cmp(&float(right)?),
    }
}

/// A number, as one of double precision.
#[expect(clippy::cast_precision_loss, reason = "as Java does when a number is no whole one")]
pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Tells whether two values are equal; those of two kinds are when they are written alike.
pub(super) fn are_equal(left: &Value, right: &Value, work: &mut Work) -> Result<bool, TemplateError> {
    Ok(match (left, right) {
        (Value::Null, Value::Null) => true,
        // To API Gateway nothing is a text that is empty.
        (Value::Null, Value::Text(text)) | (Value::Text(text), Value::Null) => text.is_empty(),
        (Value::Null, _) | (_, Value::Null) => false,
        (left, right) => match order(left, right) {
            Some(order) => order.is_eq(),
            None => left.text_within(work)? == right.text_within(work)?,
        },
    })
}
