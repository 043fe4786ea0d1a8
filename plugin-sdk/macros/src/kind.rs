//! What values a parameter takes, checked: bounds in order, a step that leads somewhere, a default among the values.

use crate::attribute::{Settings, Value};
use proc_macro2::Span;
use std::fmt::Display;
use std::ops::RangeInclusive;
use syn::{Error, Ident, Lit};

/// The macro's side of `stratbox_domain::ParamKind`.
pub(crate) enum Kind {
    Integer(Range<i64>),
    Number(Range<f64>),
    Boolean { default: bool },
    Choice { choices: Vec<String>, default: String },
}

/// `min <= default <= max` and `step > 0`.
#[derive(Clone, Copy)]
pub(crate) struct Range<T> {
    pub(crate) min: T,
    pub(crate) max: T,
    pub(crate) step: T,
    pub(crate) default: T,
}

/// A value and where it is written.
#[derive(Clone, Copy)]
struct Spanned<T> {
    value: T,
    span: Span,
}

const NUMERIC_KEYS: [&str; 4] = ["default", "min", "max", "step"];

impl Kind {
    /// Reads the settings of a field of the supported type `ty`.
    pub(crate) fn of(ty: &Ident, settings: &mut Settings) -> syn::Result<Self> {
        match ty.to_string().as_str() {
            "bool" => boolean(ty, settings),
            "String" => choice(ty, settings),
            "f64" | "f32" => number(ty, settings),
            _ => integer(ty, settings),
        }
    }
}

fn integer(ty: &Ident, settings: &mut Settings) -> syn::Result<Kind> {
    settings.allow_only(&NUMERIC_KEYS, ty)?;
    let default = whole_literal(&settings.require("default", "default = 10")?, ty)?;
    let min = whole_literal(&settings.require("min", "min = 2")?, ty)?;
    let max = whole_literal(&settings.require("max", "max = 100")?, ty)?;
    let step = match settings.take("step") {
        Some(step) => whole_literal(&step, ty)?,
        None => Spanned { value: 1, span: max.span },
    };
    checked(Range { min, max, step, default }, 0).map(Kind::Integer)
}

fn number(ty: &Ident, settings: &mut Settings) -> syn::Result<Kind> {
    settings.allow_only(&NUMERIC_KEYS, ty)?;
    let default = number_literal(&settings.require("default", "default = 0.5")?, ty)?;
    let min = number_literal(&settings.require("min", "min = 0.0")?, ty)?;
    let max = number_literal(&settings.require("max", "max = 1.0")?, ty)?;
    let step = match settings.take("step") {
        Some(step) => number_literal(&step, ty)?,
        None => Spanned { value: default_step(min.value, max.value), span: max.span },
    };
    checked(Range { min, max, step, default }, 0.0).map(Kind::Number)
}

/// A twentieth of the range: few enough points for a first sweep. Any step will do when there is only one point.
fn default_step(min: f64, max: f64) -> f64 {
    // The difference itself may be beyond the largest number.
    let step = max / 20.0 - min / 20.0;
    if step > 0.0 { step } else { 1.0 }
}

fn boolean(ty: &Ident, settings: &mut Settings) -> syn::Result<Kind> {
    settings.allow_only(&["default"], ty)?;
    match settings.require("default", "default = true")? {
        Value::Literal { minus: None, literal: Lit::Bool(default) } => {
            Ok(Kind::Boolean { default: default.value })
        }
        other => Err(Error::new(other.span(), "the default of a `bool` is `true` or `false`")),
    }
}

fn choice(ty: &Ident, settings: &mut Settings) -> syn::Result<Kind> {
    settings.allow_only(&["default", "choices"], ty)?;
    let default = match settings.require("default", "default = \"close\"")? {
        Value::Literal { minus: None, literal: Lit::Str(default) } => default,
        other => {
            return Err(Error::new(other.span(), "the default of a `String` is a text in quotes"));
        }
    };
    let (texts, span) = match settings.require("choices", "choices = [\"close\", \"open\"]")? {
        Value::List { texts, span } => (texts, span),
        other @ Value::Literal { .. } => {
            return Err(Error::new(
                other.span(),
                "`choices` is a list: write `choices = [\"close\", \"open\"]`",
            ));
        }
    };
    let mut choices: Vec<String> = Vec::new();
    for text in texts {
        let choice = text.value();
        if choices.contains(&choice) {
            return Err(Error::new(text.span(), format!("`{choice}` is in the list already: leave one")));
        }
        choices.push(choice);
    }
    if choices.is_empty() {
        return Err(Error::new(
            span,
            "there is nothing to choose from: write `choices = [\"close\", \"open\"]`",
        ));
    }
    if !choices.contains(&default.value()) {
        let list: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        let message = format!("the default is not among the choices: write one of {}", list.join(", "));
        return Err(Error::new(default.span(), message));
    }
    Ok(Kind::Choice { choices, default: default.value() })
}

/// Refuses a range that is not in order, where its culprit is written.
fn checked<T: PartialOrd + Copy + Display>(range: Range<Spanned<T>>, zero: T) -> syn::Result<Range<T>> {
    let Range { min: Spanned { value: min, .. }, max: Spanned { value: max, .. }, step, default } = range;
    if max < min {
        let message = format!("`max` is less than `min`: write a number of at least {min}");
        return Err(Error::new(range.max.span, message));
    }
    if default.value < min || default.value > max {
        let message = format!("the default is out of bounds: write a number from {min} to {max}");
        return Err(Error::new(default.span, message));
    }
    if step.value <= zero {
        let message = "`step` is not greater than 0: write the distance of two neighbouring values";
        return Err(Error::new(step.span, message));
    }
    Ok(Range { min, max, step: step.value, default: default.value })
}

fn whole_literal(value: &Value, ty: &Ident) -> syn::Result<Spanned<i64>> {
    let span = value.span();
    let Value::Literal { minus, literal: Lit::Int(literal) } = value else {
        return Err(Error::new(span, format!("`{ty}` takes whole numbers: write one, such as `10`")));
    };
    refuse_suffix(literal.suffix(), span)?;
    let range = integer_range(ty).unwrap_or(i64::MIN..=i64::MAX);
    let sign = if minus.is_some() { "-" } else { "" };
    match format!("{sign}{}", literal.base10_digits()).parse() {
        Ok(value) if range.contains(&value) => Ok(Spanned { value, span }),
        _ => {
            let (start, end) = (range.start(), range.end());
            let message = format!("this does not fit `{ty}`: write a number from {start} to {end}");
            Err(Error::new(span, message))
        }
    }
}

fn number_literal(value: &Value, ty: &Ident) -> syn::Result<Spanned<f64>> {
    let span = value.span();
    let (minus, digits, suffix) = match value {
        Value::Literal { minus, literal: Lit::Int(literal) } => {
            (minus, literal.base10_digits(), literal.suffix())
        }
        Value::Literal { minus, literal: Lit::Float(literal) } => {
            (minus, literal.base10_digits(), literal.suffix())
        }
        _ => {
            return Err(Error::new(span, format!("`{ty}` takes numbers: write one, such as `0.5`")));
        }
    };
    refuse_suffix(suffix, span)?;
    let largest = if ty == "f32" { f64::from(f32::MAX) } else { f64::MAX };
    match digits.parse::<f64>() {
        Ok(size) if size <= largest => {
            Ok(Spanned { value: if minus.is_some() { -size } else { size }, span })
        }
        _ => Err(Error::new(span, format!("this does not fit `{ty}`: write a number closer to 0"))),
    }
}

fn refuse_suffix(suffix: &str, span: Span) -> syn::Result<()> {
    if suffix.is_empty() {
        return Ok(());
    }
    Err(Error::new(span, format!("the field's type says it already: write the number without `{suffix}`")))
}

/// The values that a parameter of an integer type can have: integers are 64-bit with a sign between host and strategy,
/// and a `usize` has 32 bits in the sandbox whatever it has here. `None` when it is another type.
pub(crate) fn integer_range(ty: &Ident) -> Option<RangeInclusive<i64>> {
    Some(match ty.to_string().as_str() {
        "i8" => i8::MIN.into()..=i8::MAX.into(),
        "i16" => i16::MIN.into()..=i16::MAX.into(),
        "i32" => i32::MIN.into()..=i32::MAX.into(),
        "i64" => i64::MIN..=i64::MAX,
        "u8" => 0..=u8::MAX.into(),
        "u16" => 0..=u16::MAX.into(),
        "u32" | "usize" => 0..=u32::MAX.into(),
        "u64" => 0..=i64::MAX,
        _ => return None,
    })
}
