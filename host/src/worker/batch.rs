//! Runs on their way to a worker: what they have in common is said once.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use stratbox_domain::{ParamValue, Params, RunKey};

use crate::trace::Keeps;

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunOrder {
    /// Of its code.
    pub(crate) number: u32,
    pub(crate) params: Params,
    pub(crate) key: RunKey,
}

/// Runs that are asked for together.
#[derive(Serialize, Deserialize)]
pub(crate) struct Batch {
    /// Each answer is sent before the next run begins, so that a process that dies leaves no doubt which run it was.
    pub(crate) promptly: bool,
    pub(crate) keeps: Keeps,
    alike: Vec<Alike>,
}

/// Runs of the same code, one after another.
#[derive(Serialize, Deserialize)]
struct Alike {
    number: u32,
    /// Of the parameters, in order.
    names: Vec<String>,
    runs: Vec<(ByteArray<32>, Vec<Value>)>,
}

/// The value of a parameter, with its type: to find that out takes longer than to say it.
#[derive(Serialize, Deserialize)]
enum Value {
    B(bool),
    I(i64),
    N(f64),
    T(String),
}

impl Batch {
    pub(crate) fn new<'a>(
        promptly: bool,
        keeps: Keeps,
        runs: impl Iterator<Item = (u32, &'a Params, RunKey)>,
    ) -> Self {
        let mut alike: Vec<Alike> = Vec::new();
        for (number, params, key) in runs {
            let run = (ByteArray::new(*key.as_bytes()), params.values().map(Value::from).collect());
            match alike.last_mut() {
                Some(last) if last.number == number && params.keys().eq(&last.names) => last.runs.push(run),
                _ => alike.push(Alike { number, names: params.keys().cloned().collect(), runs: vec![run] }),
            }
        }
        Self { promptly, keeps, alike }
    }

    /// The runs, in order.
    pub(crate) fn into_runs(self) -> impl Iterator<Item = RunOrder> {
        self.alike.into_iter().flat_map(|Alike { number, names, runs }| {
            runs.into_iter().map(move |(key, values)| RunOrder {
                number,
                params: names.iter().cloned().zip(values.into_iter().map(ParamValue::from)).collect(),
                key: RunKey::from_bytes(key.into_array()),
            })
        })
    }
}

impl From<&ParamValue> for Value {
    fn from(value: &ParamValue) -> Self {
        match value {
            ParamValue::Boolean(value) => Self::B(*value),
            ParamValue::Integer(value) => Self::I(*value),
            ParamValue::Number(value) => Self::N(*value),
            ParamValue::Text(value) => Self::T(value.clone()),
        }
    }
}

impl From<Value> for ParamValue {
    fn from(value: Value) -> Self {
        match value {
            Value::B(value) => Self::Boolean(value),
            Value::I(value) => Self::Integer(value),
            Value::N(value) => Self::Number(value),
            Value::T(value) => Self::Text(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u32, params: &[(&str, ParamValue)], key: &str) -> RunOrder {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        RunOrder { number, params, key: RunKey::of(key.as_bytes()) }
    }

    fn batch(orders: &[RunOrder]) -> Batch {
        Batch::new(
            true,
            Keeps::default(),
            orders.iter().map(|order| (order.number, &order.params, order.key)),
        )
    }

    #[test]
    fn runs_arrive_as_they_were_sent() {
        use ParamValue::{Boolean, Integer, Number, Text};
        let orders = [
            order(1, &[("n", Integer(5)), ("x", Number(5.0))], "a"),
            order(1, &[("n", Integer(-7)), ("x", Number(f64::MIN_POSITIVE))], "b"),
            order(2, &[("n", Integer(i64::MIN)), ("x", Number(0.1))], "c"),
            order(2, &[("m", Boolean(true)), ("x", Text("5".to_owned()))], "d"),
            order(2, &[], "e"),
            order(1, &[], "f"),
            order(1, &[("n", Integer(0)), ("x", Number(-0.0))], "g"),
        ];
        let bytes = rmp_serde::to_vec_named(&batch(&orders)).unwrap();
        let batch: Batch = rmp_serde::from_slice(&bytes).unwrap();
        assert!(batch.promptly && batch.keeps == Keeps::default());
        assert_eq!(batch.into_runs().collect::<Vec<_>>(), orders);
    }

    #[test]
    fn names_are_said_once() {
        let name = "a_name_that_is_long";
        let orders = [1, 2, 3].map(|value| order(7, &[(name, ParamValue::Integer(value))], "key"));
        let bytes = rmp_serde::to_vec_named(&batch(&orders)).unwrap();
        assert_eq!(bytes.windows(name.len()).filter(|window| *window == name.as_bytes()).count(), 1);
    }
}
