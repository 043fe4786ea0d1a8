//! Messages as bytes: a length (32 bits, little-endian), then MessagePack.

use std::io::Cursor;
use std::path::PathBuf;

use rmp_serde::config::BytesMode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::proof::{Proof, Wall};
use crate::{Confinement, Policy, Tool};

/// The length in front of every message.
pub(crate) const HEADER: usize = 4;
/// What is read at once: memory is taken as bytes arrive, not as a length promises.
pub(crate) const PIECE: usize = 1 << 16;
/// More than any answer of a child about itself.
pub(crate) const ANSWER_MAX: usize = 1 << 20;

/// The parent's first message.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hello {
    /// A child whose parent is another process has been orphaned.
    pub(crate) parent: i32,
    pub(crate) confinement: Confinement,
    pub(crate) policy: Policy,
    pub(crate) work: Work,
}

/// What the child becomes.
#[derive(Serialize, Deserialize)]
pub(crate) enum Work {
    Tool(Tool),
    Role(String),
}

impl Work {
    /// The directory that a tool runs in.
    pub(crate) fn directory(&self) -> Option<&PathBuf> {
        match self {
            Self::Tool(tool) => Some(&tool.directory),
            Self::Role(_) => None,
        }
    }
}

/// The child's first message, before it runs anything.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Ready(Proof),
    Breached(Wall),
    Unsupported { missing: String, detail: String },
    Failed { problem: String, os_error: Option<i32> },
}

/// A message with its length in front.
pub(crate) fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, Failure> {
    let mut frame = Vec::new();
    append(&mut frame, message)?;
    Ok(frame)
}

/// Puts a message with its length in front behind what is in `frames`, which stays as it is when that fails.
pub(crate) fn append<M: Serialize>(frames: &mut Vec<u8>, message: &M) -> Result<(), Failure> {
    let start = frames.len();
    let body = start + HEADER;
    frames.resize(body, 0);
    let mut serializer = rmp_serde::Serializer::new(&mut *frames).with_bytes(BytesMode::ForceAll);
    let written = message.serialize(&mut serializer).map_err(|error| error.to_string());
    let length = written
        .and_then(|()| u32::try_from(frames.len() - body).map_err(|_| "it is 4 GiB or more".to_owned()))
        .inspect_err(|_| frames.truncate(start))
        .map_err(|why| Failure::protocol(format!("a message cannot be written: {why}")))?;
    frames[start..body].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// The message that is exactly `bytes`.
pub(crate) fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, Failure> {
    let mut deserializer = rmp_serde::Deserializer::new(Cursor::new(bytes));
    let message = M::deserialize(&mut deserializer)
        .map_err(|error| Failure::protocol(format!("a message cannot be read: {error}")))?;
    match bytes.len() as u64 - deserializer.position() {
        0 => Ok(message),
        rest => {
            Err(Failure::protocol(format!("a message is followed by {rest} bytes that belong to nothing")))
        }
    }
}

/// The length that `header` announces.
pub(crate) fn length(header: &[u8], max_bytes: usize) -> Result<usize, Failure> {
    let header: [u8; HEADER] =
        header.try_into().map_err(|_| Failure::protocol("a message has no whole length"))?;
    let length = u32::from_le_bytes(header) as usize;
    if length > max_bytes {
        return Err(Failure::protocol(format!("a message of {length} bytes, where {max_bytes} are allowed")));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_trip() {
        let message = (vec![0_u8, 255, 7], String::from("é"), Some(-1.5_f64), vec![1_u64, u64::MAX]);
        let frame = encode(&message).unwrap();
        assert_eq!(length(&frame[..HEADER], 1000).unwrap(), frame.len() - HEADER);
        assert_eq!(decode::<(Vec<u8>, String, Option<f64>, Vec<u64>)>(&frame[HEADER..]).unwrap(), message);
    }

    #[test]
    fn messages_follow_one_another_and_one_that_cannot_be_written_leaves_no_trace() {
        struct Unwritable;
        impl Serialize for Unwritable {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (1_u64, 2_u64).serialize(serializer)?;
                Err(serde::ser::Error::custom("not this one"))
            }
        }
        let mut frames = Vec::new();
        append(&mut frames, &"one").unwrap();
        assert!(append(&mut frames, &Unwritable).unwrap_err().to_string().contains("not this one"));
        append(&mut frames, &2_u8).unwrap();
        assert_eq!(frames, [encode(&"one").unwrap(), encode(&2_u8).unwrap()].concat());
    }

    #[test]
    fn bytes_are_written_as_bytes() {
        assert!(encode(&vec![200_u8; 1000]).unwrap().len() < 1010);
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut frame = encode(&1_u32).unwrap();
        assert!(decode::<u32>(&frame[HEADER..]).is_ok());
        frame.push(0);
        assert!(matches!(decode::<u32>(&frame[HEADER..]), Err(Failure::Protocol { .. })));
    }

    #[test]
    fn a_truncated_message_is_refused() {
        let frame = encode(&"four").unwrap();
        assert!(decode::<String>(&frame[HEADER..frame.len()]).is_ok());
        assert!(matches!(decode::<String>(&frame[HEADER..frame.len() - 1]), Err(Failure::Protocol { .. })));
    }

    #[test]
    fn a_list_that_promises_more_than_it_has_costs_no_memory() {
        let promise = [0xdd, 0xff, 0xff, 0xff, 0xff];
        assert!(matches!(decode::<Vec<u64>>(&promise), Err(Failure::Protocol { .. })));
        let promise = [0xc6, 0xff, 0xff, 0xff, 0xff];
        assert!(matches!(decode::<Vec<u8>>(&promise), Err(Failure::Protocol { .. })));
    }

    #[test]
    fn a_length_over_the_limit_is_refused() {
        assert_eq!(length(&10_u32.to_le_bytes(), 10).unwrap(), 10);
        assert!(matches!(length(&11_u32.to_le_bytes(), 10), Err(Failure::Protocol { .. })));
    }
}
