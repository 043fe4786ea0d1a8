//! One field, as the parameter that its type and attributes declare.

use crate::attribute::Settings;
use crate::kind::{Kind, integer_range};
use syn::ext::IdentExt;
use syn::{Attribute, Error, Expr, ExprLit, Field, Ident, Lit, Meta, Type};

/// A sound parameter.
pub(crate) struct Param {
    pub(crate) field: Ident,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: Kind,
}

impl Param {
    /// Reads a field, whose name `ident` is.
    pub(crate) fn of(field: &Field, ident: &Ident) -> syn::Result<Self> {
        let ty = supported_type(&field.ty)?;
        let Some(mut settings) = Settings::of(&field.attrs)? else {
            let example = example(&ty);
            let message = format!("`{ident}` does not say what values it takes: write `{example}` above it");
            return Err(Error::new(ident.span(), message));
        };
        Ok(Self {
            field: ident.clone(),
            name: ident.unraw().to_string(),
            description: description(&field.attrs),
            kind: Kind::of(&ty, &mut settings)?,
        })
    }
}

/// The words of the doc comments, on one line.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let texts = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn supported_type(ty: &Type) -> syn::Result<Ident> {
    const OTHERS: [&str; 4] = ["f64", "f32", "bool", "String"];
    if let Type::Path(path) = ty
        && let Some(ident) = path.path.get_ident()
        && (integer_range(ident).is_some() || OTHERS.iter().any(|other| ident == other))
    {
        return Ok(ident.clone());
    }
    let message = "a parameter cannot have this type: use `i8`, `i16`, `i32`, `i64`, `u8`, `u16`, `u32`, `u64`, \
                   `usize`, `f32`, `f64`, `bool` or `String`";
    Err(Error::new_spanned(ty, message))
}

fn example(ty: &Ident) -> &'static str {
    match ty.to_string().as_str() {
        "bool" => "#[param(default = true)]",
        "String" => "#[param(default = \"close\", choices = [\"close\", \"open\"])]",
        "f64" | "f32" => "#[param(default = 0.5, min = 0.0, max = 1.0)]",
        _ => "#[param(default = 10, min = 2, max = 100)]",
    }
}
