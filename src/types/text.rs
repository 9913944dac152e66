//! One way from a type's text to JSON and back.

/// Implements serde for a type through its `Display` and `FromStr`, as a JSON string.
macro_rules! json_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(super) use json_as_text;

/// Why text is not the hexadecimal form of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits")]
pub struct HexError {
    /// How many digits the type has.
    pub digits: usize,
}

/// Reads exactly `N` bytes of hexadecimal digits.
pub(super) fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| HexError { digits: 2 * N })?;
    Ok(bytes)
}
