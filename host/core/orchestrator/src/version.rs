//! The version of a document, as its first field.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Says that a document has version `N`, and refuses to be read from one of another version. As the first field of a
/// type it refuses before anything that changed since can confuse the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Version<const N: u32>;

impl<const N: u32> Serialize for Version<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for Version<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let version = u32::deserialize(deserializer)?;
        if version == N {
            return Ok(Self);
        }
        Err(de::Error::custom(format_args!(
            "version `{version}` is not known here, only `{N}` is: use the stratbox that wrote it"
        )))
    }
}
