//! What is particular to instruments.

use std::fmt;

use crate::{Instrument, VenuePolicy};

/// What is particular to one instrument.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(
    feature = "host",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, default)
)]
pub struct InstrumentPolicy {
    /// Prices of orders are multiples of this; 0 for any price.
    pub tick: f64,
    /// Quantities of orders are multiples of this; 0 for any quantity.
    pub lot: f64,
    /// The least quantity of an order.
    pub min_quantity: f64,
    /// The currency of its prices, which must be the account's.
    #[cfg_attr(feature = "host", serde(deserialize_with = "one_currency"))]
    pub currency: Option<String>,
}

/// The steps of one instrument's prices and quantities; 0 where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Increments {
    /// Of prices.
    pub tick: f64,
    /// Of quantities.
    pub lot: f64,
    /// The least quantity.
    pub min_quantity: f64,
}

/// A policy that does not fit the instruments of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// The symbol that the policy names.
    pub symbol: String,
    /// Those that there are.
    pub known: Vec<String>,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<String> = self.known.iter().map(|symbol| format!("`{symbol}`")).collect();
        write!(
            f,
            "`instruments` names `{}`, which is no instrument of this run that can be traded: there is {}",
            self.symbol,
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )
    }
}

impl std::error::Error for PolicyProblem {}

impl VenuePolicy {
    /// The increments of each of these instruments, in their order: of all that can be traded.
    ///
    /// # Errors
    /// The policy names an instrument that is not among them.
    pub fn increments(&self, tradable: &[Instrument]) -> Result<Vec<Increments>, PolicyProblem> {
        let is_unknown = |symbol: &&String| !tradable.iter().any(|instrument| instrument.symbol == **symbol);
        if let Some(symbol) = self.instruments.keys().find(is_unknown) {
            let known = tradable.iter().map(|instrument| instrument.symbol.clone()).collect();
            return Err(PolicyProblem { symbol: symbol.clone(), known });
        }
        let of =
            |instrument: &Instrument| {
                self.instruments.get(&instrument.symbol).map_or_else(Increments::default, |policy| {
                    Increments { tick: policy.tick, lot: policy.lot, min_quantity: policy.min_quantity }
                })
            };
        Ok(tradable.iter().map(of).collect())
    }
}

/// One currency, and words for who writes several.
#[cfg(feature = "host")]
pub(super) fn one_currency<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    struct One;

    impl<'de> serde::de::Visitor<'de> for One {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of one currency")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_none<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(serde::de::Error::custom(
                "several currencies are not supported: name the one that the account and all prices are in",
            ))
        }
    }

    deserializer.deserialize_option(One)
}
