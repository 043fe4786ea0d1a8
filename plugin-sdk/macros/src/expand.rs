//! The `impl` that comes out, for a struct that is fit for it.

use crate::field::{Param, description};
use crate::kind::{Kind, Range};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, Fields};

/// Expands `#[derive(Params)]`, or says everything that is wrong at once.
pub(crate) fn params(input: &DeriveInput) -> syn::Result<TokenStream> {
    let params = read(named_fields(input)?)?;
    let ident = &input.ident;
    let description = description(&input.attrs);
    let specs = params.iter().map(spec);
    let defaults = params.iter().map(default);
    // Underscored, since it goes unused when there are no fields.
    let reads = params.iter().map(|Param { field, name, .. }| quote!(#field: _accepted.take(#name)?));
    Ok(quote! {
        #[automatically_derived]
        impl ::stratbox_sdk::Params for #ident {
            const DESCRIPTION: &'static str = #description;

            fn specs() -> ::stratbox_sdk::__private::Vec<::stratbox_sdk::ParamSpec> {
                ::stratbox_sdk::__private::Vec::from([#(#specs),*])
            }

            fn defaults() -> Self {
                Self { #(#defaults),* }
            }

            fn from_values(
                values: &::stratbox_sdk::__private::Values,
            ) -> ::stratbox_sdk::__private::Result<Self, ::stratbox_sdk::ParamError> {
                let _accepted = ::stratbox_sdk::__private::Accepted::new(&Self::specs(), values)?;
                ::stratbox_sdk::__private::Result::Ok(Self { #(#reads),* })
            }
        }
    })
}

fn named_fields(input: &DeriveInput) -> syn::Result<impl Iterator<Item = &Field>> {
    const WANTED: &str = "`Params` is for structs with named fields, one for each parameter";
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            return Err(Error::new(data.enum_token.span, format!("{WANTED}; this is an enum")));
        }
        Data::Union(data) => {
            return Err(Error::new(data.union_token.span, format!("{WANTED}; this is a union")));
        }
    };
    if !input.generics.params.is_empty() {
        let message = "a struct of parameters cannot be generic: give its fields concrete types";
        return Err(Error::new_spanned(&input.generics, message));
    }
    match fields {
        Fields::Named(fields) => Ok(fields.named.iter()),
        Fields::Unnamed(fields) => {
            Err(Error::new_spanned(fields, format!("{WANTED}: write `{{ name: type }}` instead")))
        }
        Fields::Unit => {
            let message = format!("{WANTED}; when there are none, `()` will do");
            Err(Error::new(input.ident.span(), message))
        }
    }
}

fn read<'a>(fields: impl Iterator<Item = &'a Field>) -> syn::Result<Vec<Param>> {
    let mut params = Vec::new();
    let mut errors: Option<Error> = None;
    for (field, ident) in fields.filter_map(|field| Some((field, field.ident.as_ref()?))) {
        match Param::of(field, ident) {
            Ok(param) => params.push(param),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    errors.map_or(Ok(params), Err)
}

/// The field's `ParamSpec`.
fn spec(Param { name, description, kind, .. }: &Param) -> TokenStream {
    let kind = match kind {
        Kind::Integer(Range { min, max, step, default }) => {
            quote!(Integer { min: #min, max: #max, step: #step, default: #default })
        }
        Kind::Number(Range { min, max, step, default }) => {
            quote!(Number { min: #min, max: #max, step: #step, default: #default })
        }
        Kind::Boolean { default } => quote!(Boolean { default: #default }),
        Kind::Choice { choices, default } => quote!(Choice {
            choices: ::stratbox_sdk::__private::Vec::from([#(::stratbox_sdk::__private::String::from(#choices)),*]),
            default: ::stratbox_sdk::__private::String::from(#default),
        }),
    };
    quote! {
        ::stratbox_sdk::ParamSpec {
            name: ::stratbox_sdk::__private::String::from(#name),
            description: ::stratbox_sdk::__private::String::from(#description),
            kind: ::stratbox_sdk::ParamKind::#kind,
        }
    }
}

/// The field with its default, which takes the field's own type.
fn default(Param { field, kind, .. }: &Param) -> TokenStream {
    match kind {
        Kind::Integer(Range { default, .. }) => {
            let default = Literal::i64_unsuffixed(*default);
            quote!(#field: #default)
        }
        Kind::Number(Range { default, .. }) => {
            let default = Literal::f64_unsuffixed(*default);
            quote!(#field: #default)
        }
        Kind::Boolean { default } => quote!(#field: #default),
        Kind::Choice { default, .. } => quote!(#field: ::stratbox_sdk::__private::String::from(#default)),
    }
}
