//! Values that a sweep file may write in more than one form: those of a parameter (`3`, `[1, 2, 3]` or
//! `{ min = 1, max = 3 }`) and dates; and lists that are easily written in a wrong one.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use stratbox_domain::{ParamValue, Scale};
use toml::Spanned;
use toml::value::Datetime;

/// What is written for one parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    /// The same in every variant.
    Fixed(ParamValue),
    /// Each of these.
    List(Vec<Spanned<Scalar>>),
    /// All from one value to another; what is left out comes from the strategy.
    Range(Range),
}

/// A range as written.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub(super) min: Option<Spanned<Scalar>>,
    pub(super) max: Option<Spanned<Scalar>>,
    pub(super) step: Option<Spanned<Scalar>>,
    pub(super) scale: Option<Spanned<ScaleName>>,
}

/// What a random value is uniform in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ScaleName {
    Linear,
    Log,
}

impl From<ScaleName> for Scale {
    fn from(name: ScaleName) -> Self {
        match name {
            ScaleName::Linear => Self::Linear,
            ScaleName::Log => Self::Log,
        }
    }
}

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalar(pub(super) ParamValue);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, `true`, `false` or text")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(ParamValue::Boolean(value)))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(ParamValue::Integer(value)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(ParamValue::Number(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(ParamValue::Text(value.to_owned())))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// A day or a moment as written, with quotes or as TOML's own type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Date(pub(crate) String);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateVisitor;
        impl<'de> Visitor<'de> for DateVisitor {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as `\"2018-12-31\"`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Date, E> {
                Ok(Date(text.to_owned()))
            }

            // TOML's dates come as maps with a key of their own.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Date, A::Error> {
                let date = Datetime::deserialize(MapAccessDeserializer::new(map));
                let date = date.map_err(|_| Error::invalid_type(Unexpected::Map, &self))?;
                Ok(Date(date.to_string()))
            }
        }
        deserializer.deserialize_any(DateVisitor)
    }
}

/// The list of `[[strategy]]`, whose double brackets are easily forgotten.
pub(super) fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct EntriesVisitor<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list: write `[[strategy]]`, with two brackets, above each strategy")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }
    }
    deserializer.deserialize_any(EntriesVisitor(PhantomData))
}

// By hand rather than `untagged`, which forgets where values stand and why they were refused.
impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, a list of values, or a range such as `{ min = 1, max = 9, step = 2 }`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Values, E> {
                Ok(Values::Fixed(ParamValue::Boolean(value)))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Values, E> {
                Ok(Values::Fixed(ParamValue::Integer(value)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Values, E> {
                Ok(Values::Fixed(ParamValue::Number(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Values, E> {
                Ok(Values::Fixed(ParamValue::Text(value.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Values::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Values, A::Error> {
                Range::deserialize(MapAccessDeserializer::new(map)).map(Values::Range)
            }
        }
        deserializer.deserialize_any(ValuesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(text: &str) -> Result<Values, String> {
        let mut table: BTreeMap<String, Values> =
            toml::from_str(&format!("x = {text}")).map_err(|error| error.message().to_owned())?;
        Ok(table.remove("x").unwrap())
    }

    #[test]
    fn a_value_keeps_the_type_that_was_written() {
        for (text, value) in [
            ("3", ParamValue::Integer(3)),
            ("3.0", ParamValue::Number(3.0)),
            ("true", ParamValue::Boolean(true)),
            ("\"3\"", ParamValue::Text("3".to_owned())),
        ] {
            assert_eq!(read(text), Ok(Values::Fixed(value)), "{text}");
        }
    }

    #[test]
    fn a_date_is_the_same_with_quotes_and_without() {
        let read = |text: &str| {
            let table: Result<BTreeMap<String, Date>, _> = toml::from_str(&format!("x = {text}"));
            table.map(|mut table| table.remove("x").unwrap().0).map_err(|error| error.message().to_owned())
        };
        for date in ["2022-02-01", "2022-02-01T16:00:00Z", "2022-02-01T16:00:00+01:00"] {
            assert_eq!(read(date), Ok(date.to_owned()));
            assert_eq!(read(&format!("\"{date}\"")), Ok(date.to_owned()));
        }
        for wrong in ["2022", "{ year = 2022 }", "{}", "[2022-02-01]"] {
            let said = read(wrong).unwrap_err();
            assert!(said.contains("expected a date such as `\"2018-12-31\"`"), "{wrong}: {said}");
        }
    }

    #[test]
    fn a_list_may_mix_types_and_knows_where_each_value_stands() {
        let Ok(Values::List(values)) = read("[1, 2.5]") else { panic!("it is a list") };
        let written: Vec<_> = values.iter().map(|it| (it.get_ref().0.clone(), it.span().start)).collect();
        assert_eq!(written, [(ParamValue::Integer(1), 5), (ParamValue::Number(2.5), 8)]);
    }

    #[test]
    fn every_part_of_a_range_may_be_left_out() {
        assert_eq!(read("{}"), Ok(Values::Range(Range::default())));
        let Ok(Values::Range(range)) = read("{ min = 1, scale = \"log\" }") else { panic!("it is a range") };
        assert_eq!(range.min.map(|min| min.get_ref().0.clone()), Some(ParamValue::Integer(1)));
        assert_eq!(range.scale.map(|scale| *scale.get_ref()), Some(ScaleName::Log));
        assert_eq!((range.max, range.step), (None, None));
    }

    #[test]
    fn what_is_none_of_these_is_refused_with_what_would_be() {
        assert!(read("[[1]]").unwrap_err().contains("expected a number, `true`, `false` or text"));
        assert!(
            read("{ minimum = 1 }").unwrap_err().contains("expected one of `min`, `max`, `step`, `scale`")
        );
        assert!(read("1979-05-27").is_err());
    }
}
