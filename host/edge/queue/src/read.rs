//! Values of a tree as whatever type asks for them, with the line of what it refuses.

use std::fmt;
use std::ops::Range;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_spanned::de::{SpannedDeserializer, is_spanned};

use crate::error::{Problem, quoted};
use crate::node::{Node, Pair, Style, Value};
use crate::scalar::{Plain, plain};

/// What a type says of a value that it refuses; the line is that of the innermost value in which it was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    line: Option<usize>,
    message: String,
}

impl Refusal {
    fn at(mut self, line: usize) -> Self {
        self.line.get_or_insert(line);
        self
    }

    /// As a problem of a value whose line is `line` when nothing within it is to blame.
    pub(crate) fn problem(self, line: usize) -> Problem {
        Problem { line: self.line.unwrap_or(line), message: self.message }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { line: None, message: message.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Unit => Self::custom(format_args!("nothing is written here: write {expected}")),
            found => Self::custom(format_args!("expected {expected}, not {found}")),
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known: Vec<_> = expected.iter().map(|name| format!("`{name}`")).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Self::custom(format_args!("unknown key {}: there are {known}", quoted(field)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("`{field}` is missing"))
    }
}

/// One value. Some keys of a map can be left out.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    node: &'a Node,
    without: &'static [&'static str],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(node: &'a Node) -> Self {
        Self { node, without: &[] }
    }

    /// A map as if it did not have the keys `without`.
    pub(crate) fn without(node: &'a Node, without: &'static [&'static str]) -> Self {
        Self { node, without }
    }

    fn span(&self) -> Range<usize> {
        self.node.span.clone()
    }

    fn read<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::Scalar { text, style: Style::Plain } => match plain(text) {
                Plain::Null => visitor.visit_unit(),
                Plain::Bool(value) => visitor.visit_bool(value),
                Plain::Integer(value) => visitor.visit_i64(value),
                Plain::Large(value) => visitor.visit_u64(value),
                Plain::Float(value) => visitor.visit_f64(value),
                Plain::NoNumber => {
                    Err(Refusal::custom(format_args!("`{text}` is no number that can be used")))
                }
                Plain::Text(text) => visitor.visit_borrowed_str(text),
            },
            Value::Scalar { text, .. } => visitor.visit_borrowed_str(text),
            Value::Sequence(items) => visitor.visit_seq(Items(items.iter())),
            Value::Mapping { pairs, .. } => {
                visitor.visit_map(Pairs { pairs: pairs.iter(), without: self.without, value: None })
            }
        }
    }

    /// A text as it is written: `000001` is one where a text is asked for, and so is `1.10`.
    fn read_text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.node.text() {
            Some(text) if !self.node.is_null() => visitor.visit_borrowed_str(text),
            _ => self.read(visitor),
        }
    }

    fn located<T>(self, read: Result<T, Refusal>) -> Result<T, Refusal> {
        read.map_err(|refusal| refusal.at(self.node.line))
    }
}

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.located(self.read(visitor))
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.located(self.read_text(visitor))
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let read = if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) };
        self.located(read)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if is_spanned(name) {
            return self.located(visitor.visit_map(SpannedDeserializer::new(self, self.span())));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let read = match &self.node.value {
            Value::Scalar { .. } if !self.node.is_null() => {
                visitor.visit_enum(Variant { name: self.node, value: None })
            }
            Value::Mapping { pairs, .. } if pairs.len() == 1 => {
                visitor.visit_enum(Variant { name: &pairs[0].0, value: Some(&pairs[0].1) })
            }
            _ => Err(Refusal::custom(format_args!("expected a name, not {}", self.node.kind()))),
        };
        self.located(read)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 bytes byte_buf unit unit_struct seq tuple
        tuple_struct map
    }
}

impl<'a> IntoDeserializer<'a, Refusal> for Reader<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        self.0.next().map(|item| seed.deserialize(Reader::new(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Pairs<'a> {
    pairs: std::slice::Iter<'a, Pair>,
    without: &'static [&'static str],
    value: Option<&'a Node>,
}

impl<'a> MapAccess<'a> for Pairs<'a> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let left_out = |key: &Node| key.text().is_some_and(|name| self.without.contains(&name));
        let Some((key, value)) = self.pairs.find(|(key, _)| !left_out(key)) else { return Ok(None) };
        self.value = Some(value);
        // Whatever it looks like, a key is a name.
        let name = key.text().unwrap_or_default();
        let read = seed.deserialize(BorrowedStrDeserializer::new(name));
        read.map(Some).map_err(|refusal: Refusal| refusal.at(key.line))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        match self.value.take() {
            Some(value) => seed.deserialize(Reader::new(value)),
            None => Err(Refusal::custom("a value was asked for before its key")),
        }
    }
}

/// A name alone, or a map of the one name to what belongs to it.
struct Variant<'a> {
    name: &'a Node,
    value: Option<&'a Node>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let name = self.name.text().unwrap_or_default();
        let read = seed.deserialize(BorrowedStrDeserializer::new(name));
        Ok((read.map_err(|refusal: Refusal| refusal.at(self.name.line))?, self))
    }
}

impl<'a> Variant<'a> {
    fn content(self) -> Result<Reader<'a>, Refusal> {
        let name = self.name.text().unwrap_or_default();
        let missing = || Refusal::custom(format_args!("write what belongs to it: `{{{name}: ...}}`"));
        self.value.map(Reader::new).ok_or_else(missing)
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        match self.value {
            Some(value) if !value.is_null() => {
                Err(Refusal::custom("nothing belongs to this name: write it alone").at(value.line))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Refusal> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.content()?.deserialize_any(visitor)
    }
}
