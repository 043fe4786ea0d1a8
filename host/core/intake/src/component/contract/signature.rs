//! A type in a few words, for messages.

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentValType,
};
use wasmparser::types::TypesRef;

use crate::component::refusal::shown;

/// How many levels of a type are spelled out.
const LEVELS: u32 = 3;

/// What something in an interface is: a function with its parameters and result, or the kind of anything else.
pub(super) fn of(types: TypesRef<'_>, entity: ComponentEntityType) -> String {
    let id = match entity {
        ComponentEntityType::Func(id) => id,
        ComponentEntityType::Type { referenced: ComponentAnyTypeId::Defined(id), .. } => {
            return value(types, ComponentValType::Type(id), LEVELS);
        }
        ComponentEntityType::Type { referenced: ComponentAnyTypeId::Resource(_), .. } => {
            return "resource".into();
        }
        ComponentEntityType::Type { .. } => return "type".into(),
        ComponentEntityType::Module(_) => return "module".into(),
        ComponentEntityType::Value(_) => return "value".into(),
        ComponentEntityType::Instance(_) => return "instance".into(),
        ComponentEntityType::Component(_) => return "component".into(),
    };
    let function = &types[id];
    let parameters: Vec<_> =
        function.params.iter().map(|(name, ty)| format!("{name}: {}", value(types, *ty, LEVELS))).collect();
    let result = function.result.map(|ty| format!(" -> {}", value(types, ty, LEVELS))).unwrap_or_default();
    let prefix = if function.async_ { "async " } else { "" };
    shown(&format!("{prefix}func({}){result}", parameters.join(", ")))
}

/// Calls itself `LEVELS` times at most, and lists nothing that has many parts.
fn value(types: TypesRef<'_>, ty: ComponentValType, levels: u32) -> String {
    let id = match ty {
        ComponentValType::Primitive(primitive) => return primitive.to_string(),
        ComponentValType::Type(id) => id,
    };
    let Some(levels) = levels.checked_sub(1) else {
        return "…".into();
    };
    let part = |ty: &ComponentValType| value(types, *ty, levels);
    let optional = |ty: &Option<ComponentValType>| ty.as_ref().map_or_else(|| "_".into(), part);
    match &types[id] {
        ComponentDefinedType::Primitive(primitive) => primitive.to_string(),
        ComponentDefinedType::Record(..) => "record".into(),
        ComponentDefinedType::Variant(..) => "variant".into(),
        ComponentDefinedType::Tuple(..) => "tuple".into(),
        ComponentDefinedType::Flags(_) => "flags".into(),
        ComponentDefinedType::Enum(_) => "enum".into(),
        ComponentDefinedType::Own(_) => "own".into(),
        ComponentDefinedType::Borrow(_) => "borrow".into(),
        ComponentDefinedType::List { element, .. } => format!("list<{}>", part(element)),
        ComponentDefinedType::FixedLengthList { element, length, .. } => {
            format!("list<{}, {length}>", part(element))
        }
        ComponentDefinedType::Map { key, value, .. } => format!("map<{}, {}>", part(key), part(value)),
        ComponentDefinedType::Option { ty, .. } => format!("option<{}>", part(ty)),
        ComponentDefinedType::Result { ok, err, .. } => {
            format!("result<{}, {}>", optional(ok), optional(err))
        }
        ComponentDefinedType::Future { ty, .. } => format!("future<{}>", optional(ty)),
        ComponentDefinedType::Stream { ty, .. } => format!("stream<{}>", optional(ty)),
    }
}
