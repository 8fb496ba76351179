//! Reads AMF0, and AMF3 within it. Depth, number and size of values are capped: a peer's few bytes never cost us more than a few times as much.
#![deny(clippy::indexing_slicing)]

use super::{Object, Value, amf3, marker};

/// Objects within objects. Real peers nest three deep; recursion must not exhaust the stack.
pub(super) const DEPTH_MAX: usize = 16;

/// Values in one `Reader`. The largest real message (onMetaData with keyframe index) stays below; each value
/// costs about 50 bytes, so a message of nulls cannot cost fifty times its size without bound.
const VALUES_MAX: usize = 65_536;

/// Bytes of one string.
pub(super) const STRING_BYTES_MAX: usize = 1 << 20;

/// Why bytes are no AMF0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmfError {
    /// The bytes end within a value.
    #[error("AMF ends within a value")]
    Truncated,
    /// A type marker that AMF0 does not have.
    #[error("AMF has an unknown type {0:#04x}")]
    UnknownType(u8),
    /// An AMF3 reference to what was never there.
    #[error("AMF3 refers to what is not there")]
    BadReference,
    /// An AMF3 object whose bytes only its own class can read.
    #[error("AMF3 has an object that only its class can read")]
    Externalizable,
    /// More than `DEPTH_MAX` objects within each other.
    #[error("AMF is nested too deeply")]
    TooDeep,
    /// More than `VALUES_MAX` values.
    #[error("AMF has too many values")]
    TooMany,
    /// A string of more than `STRING_BYTES_MAX` bytes.
    #[error("AMF has a string that is too long")]
    TooLong,
}

impl AmfError {
    /// Whether a cap was exceeded, which happens to nobody by mistake.
    pub const fn is_excess(self) -> bool {
        matches!(self, Self::TooDeep | Self::TooMany | Self::TooLong)
    }
}

/// Reads one value after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    values_left: usize,
    /// Of the AMF3 values of this message; there once one was met.
    amf3: Option<Box<amf3::Tables>>,
}

/// Reads values to the end of `bytes`.
pub fn read_all(bytes: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut reader = Reader::new(bytes);
    let mut values = Vec::new();
    while !reader.is_empty() {
        values.push(reader.read_value()?);
    }
    Ok(values)
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, values_left: VALUES_MAX, amf3: None }
    }

    /// Whether everything was read.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What was not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether a value was met in AMF3, which not every peer can read.
    pub const fn met_amf3(&self) -> bool {
        self.amf3.is_some()
    }

    /// Reads one value.
    pub fn read_value(&mut self) -> Result<Value, AmfError> {
        self.value(0)
    }

    fn value(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.values_left = self.values_left.checked_sub(1).ok_or(AmfError::TooMany)?;
        if depth > DEPTH_MAX {
            return Err(AmfError::TooDeep);
        }
        let [kind] = self.array()?;
        Ok(match kind {
            marker::NUMBER => Value::Number(self.number()?),
            marker::BOOLEAN => Value::Boolean(self.array::<1>()? != [0]),
            marker::STRING => Value::String(self.string()?),
            marker::OBJECT => Value::Object(self.properties(depth)?),
            marker::NULL => Value::Null,
            marker::UNDEFINED | marker::UNSUPPORTED => Value::Undefined,
            marker::REFERENCE => Value::Reference(u16::from_be_bytes(self.array()?)),
            marker::ECMA_ARRAY => {
                // The count is a hint that peers get wrong: the end marker decides.
                self.array::<4>()?;
                Value::EcmaArray(self.properties(depth)?)
            }
            marker::STRICT_ARRAY => {
                let count = u32::from_be_bytes(self.array()?);
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(depth + 1)?);
                }
                Value::StrictArray(values)
            }
            marker::DATE => {
                let millis = self.number()?;
                self.array::<2>()?;
                Value::Date(millis)
            }
            marker::LONG_STRING => Value::String(self.long_string()?),
            marker::XML_DOCUMENT => Value::XmlDocument(self.long_string()?),
            marker::TYPED_OBJECT => {
                let class = self.string()?;
                Value::TypedObject { class, object: self.properties(depth)? }
            }
            marker::AMF3 => {
                let tables = self.amf3.get_or_insert_default();
                amf3::read_value(&mut self.rest, tables, &mut self.values_left, depth)?
            }
            other => return Err(AmfError::UnknownType(other)),
        })
    }

    /// Properties up to the end marker. An object cut off exactly between two properties, which some encoders
    /// write as the last thing of onMetaData, ends there.
    fn properties(&mut self, depth: usize) -> Result<Object, AmfError> {
        let mut object = Object::new();
        while !self.rest.is_empty() {
            let name = self.string()?;
            if name.is_empty() && self.rest.first() == Some(&marker::OBJECT_END) {
                self.take(1)?;
                break;
            }
            let value = self.value(depth + 1)?;
            object.push(name, value);
        }
        Ok(object)
    }

    fn number(&mut self) -> Result<f64, AmfError> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    fn string(&mut self) -> Result<String, AmfError> {
        let length = u16::from_be_bytes(self.array()?);
        self.text(usize::from(length))
    }

    fn long_string(&mut self) -> Result<String, AmfError> {
        let length = u32::from_be_bytes(self.array()?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > STRING_BYTES_MAX {
            return Err(AmfError::TooLong);
        }
        self.text(length)
    }

    fn text(&mut self, length: usize) -> Result<String, AmfError> {
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AmfError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(AmfError::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], AmfError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(AmfError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }
}
