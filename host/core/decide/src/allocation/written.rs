//! Settings as they are written: a word or a number where that says it all, else a table.

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Adaptive, Resources, variants};

/// Numbers of variants as they are written.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Variants {
    Fixed(u64),
    Table { adaptive: Adaptive },
}

impl From<variants::Variants> for Variants {
    fn from(it: variants::Variants) -> Self {
        match it {
            variants::Variants::Fixed(count) => Self::Fixed(count),
            variants::Variants::Adaptive(adaptive) => Self::Table { adaptive },
        }
    }
}

impl<'de> Deserialize<'de> for variants::Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = variants::Variants;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of variants, or `{ adaptive = { ... } }`")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Self::Value, E> {
                Ok(variants::Variants::Fixed(count))
            }

            fn visit_i64<E: Error>(self, count: i64) -> Result<Self::Value, E> {
                let negative = |_| E::invalid_value(serde::de::Unexpected::Signed(count), &self);
                u64::try_from(count).map_err(negative).map(variants::Variants::Fixed)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                table(map, "adaptive").map(variants::Variants::Adaptive)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

/// How resources are reallocated, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reallocated {
    #[serde(default = "default_eta")]
    eta: u64,
}

fn default_eta() -> u64 {
    stratbox_search::HalvingSettings::default().eta
}

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Resources;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`equal`, `priority`, `reallocated` or `{ reallocated = { eta = 3 } }`")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
                match word {
                    "equal" => Ok(Resources::Equal),
                    "priority" => Ok(Resources::Priority),
                    "reallocated" => Ok(Resources::Reallocated { eta: default_eta() }),
                    other => Err(E::unknown_variant(other, &["equal", "priority", "reallocated"])),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let Reallocated { eta } = table(map, "reallocated")?;
                Ok(Resources::Reallocated { eta })
            }
        }

        deserializer.deserialize_any(Written)
    }
}

/// The value of a table with one key.
fn table<'de, T: Deserialize<'de>, A: MapAccess<'de>>(mut map: A, key: &'static str) -> Result<T, A::Error> {
    let mut value = None;
    while let Some(found) = map.next_key::<String>()? {
        if found != key {
            return Err(A::Error::custom(format_args!("unknown field `{found}`, expected `{key}`")));
        }
        if value.replace(map.next_value()?).is_some() {
            return Err(A::Error::duplicate_field(key));
        }
    }
    value.ok_or_else(|| A::Error::missing_field(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocation::IfNonePass;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        variants: variants::Variants,
        resources: Resources,
        if_none_pass: IfNonePass,
    }

    fn read(variants: &str, resources: &str) -> Result<File, String> {
        let text =
            format!("variants = {variants}\nresources = {resources}\nif_none_pass = \"refine_best\"\n");
        toml::from_str(&text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn a_number_and_a_word_say_it_all() {
        let file = read("32", "\"priority\"").unwrap();
        assert_eq!((file.variants, file.resources), (variants::Variants::Fixed(32), Resources::Priority));
        assert_eq!(read("1", "\"reallocated\"").unwrap().resources, Resources::Reallocated { eta: 3 });
    }

    #[test]
    fn a_table_says_what_is_other_than_by_default() {
        let file = read("{ adaptive = { batch = 8 } }", "{ reallocated = { eta = 2 } }").unwrap();
        let adaptive = Adaptive { batch: 8, ..Adaptive::default() };
        assert_eq!(file.variants, variants::Variants::Adaptive(adaptive));
        assert_eq!(file.resources, Resources::Reallocated { eta: 2 });
    }

    #[test]
    fn what_is_read_is_written_so_that_it_is_read_as_the_same() {
        for (variants, resources) in
            [("5", "\"equal\""), ("{ adaptive = { patience = 9 } }", "{ reallocated = { eta = 4 } }")]
        {
            let file = read(variants, resources).unwrap();
            assert_eq!(toml::from_str::<File>(&toml::to_string(&file).unwrap()), Ok(file.clone_of()));
            let json = serde_json::to_string(&file).unwrap();
            assert_eq!(serde_json::from_str::<File>(&json).unwrap(), file);
        }
    }

    impl File {
        fn clone_of(&self) -> Self {
            Self { variants: self.variants, resources: self.resources, if_none_pass: self.if_none_pass }
        }
    }

    #[test]
    fn other_words_and_keys_are_refused_with_those_that_there_are() {
        for (variants, resources, expected) in [
            ("-1", "\"equal\"", "expected a number of variants, or `{ adaptive = { ... } }`"),
            ("\"many\"", "\"equal\"", "expected a number of variants"),
            ("{ adaptive = {}, more = 1 }", "\"equal\"", "unknown field `more`, expected `adaptive`"),
            ("{ adaptive = { bach = 1 } }", "\"equal\"", "unknown field `bach`"),
            ("{}", "\"equal\"", "missing field `adaptive`"),
            ("1", "\"fair\"", "expected one of `equal`, `priority`, `reallocated`"),
            ("1", "{ reallocated = { beta = 1 } }", "unknown field `beta`"),
        ] {
            let refused = read(variants, resources).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
