//! Reads `#[param(key = value, ...)]`, knowing nothing about fields.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Lit, LitStr, Meta, Token, bracketed, token};

/// What a key was set to, with where that is written.
pub(crate) enum Value {
    /// `5`, `true`, `"close"`; or with a minus sign in front.
    Literal { minus: Option<Token![-]>, literal: Lit },
    /// `["close", "typical"]`.
    List { texts: Vec<LitStr>, span: Span },
}

impl Value {
    pub(crate) fn span(&self) -> Span {
        match self {
            // Without the sign: joining spans takes an unstable compiler.
            Self::Literal { literal, .. } => literal.span(),
            Self::List { span, .. } => *span,
        }
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(token::Bracket) {
            let content;
            let span = bracketed!(content in input).span.join();
            let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
            return Ok(Self::List { texts: texts.into_iter().collect(), span });
        }
        const WANTED: &str = "expected a literal, such as `10`, `-0.5`, `true` or `\"close\"`";
        let minus = input.parse()?;
        let literal = input.parse().map_err(|error| Error::new(error.span(), WANTED))?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error(WANTED));
        }
        Ok(Self::Literal { minus, literal })
    }
}

struct Setting {
    key: Ident,
    value: Value,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        Ok(Self { key, value: input.parse()? })
    }
}

/// The settings of one field, each key at most once.
pub(crate) struct Settings {
    settings: Vec<Setting>,
    /// Where to complain about a key that is missing.
    span: Span,
}

impl Settings {
    /// Reads the one `#[param(...)]` among a field's attributes; `None` when there is none.
    pub(crate) fn of(attributes: &[Attribute]) -> syn::Result<Option<Self>> {
        let mut params = attributes.iter().filter(|attribute| attribute.path().is_ident("param"));
        let Some(param) = params.next() else { return Ok(None) };
        if let Some(second) = params.next() {
            return Err(Error::new_spanned(
                second,
                "a second `#[param(...)]`: write all keys into the first one",
            ));
        }
        let parsed = match &param.meta {
            Meta::Path(_) => Punctuated::new(),
            _ => param.parse_args_with(Punctuated::<Setting, Token![,]>::parse_terminated)?,
        };
        let mut settings: Vec<Setting> = Vec::new();
        for setting in parsed {
            let key = &setting.key;
            if settings.iter().any(|earlier| earlier.key == *key) {
                return Err(Error::new(key.span(), format!("`{key}` is given twice: leave one")));
            }
            settings.push(setting);
        }
        Ok(Some(Self { settings, span: param.path().get_ident().map_or_else(Span::call_site, Ident::span) }))
    }

    /// Takes a key that may be left out.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        let index = self.settings.iter().position(|setting| setting.key == key)?;
        Some(self.settings.swap_remove(index).value)
    }

    /// Takes a key that must be there; the error shows one in use.
    pub(crate) fn require(&mut self, key: &str, example: &str) -> syn::Result<Value> {
        self.take(key).ok_or_else(|| Error::new(self.span, format!("`{key}` is missing: write `{example}`")))
    }

    /// Refuses the keys that a parameter of type `ty` does not have.
    pub(crate) fn allow_only(&self, keys: &[&str], ty: &Ident) -> syn::Result<()> {
        let Some(Setting { key, .. }) =
            self.settings.iter().find(|setting| keys.iter().all(|k| setting.key != k))
        else {
            return Ok(());
        };
        let allowed: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        let allowed = allowed.join(", ");
        Err(Error::new(
            key.span(),
            format!("unknown key `{key}`: a parameter of type `{ty}` takes {allowed}"),
        ))
    }
}
