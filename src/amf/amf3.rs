//! Reads AMF3 (Adobe, amf-file-format-specification "AMF 3"), to which a peer switches by the marker 0x11, into the
//! values of AMF0. Nothing here writes it: every peer reads AMF0.
#![deny(clippy::indexing_slicing)]

use super::read::{AmfError, DEPTH_MAX, STRING_BYTES_MAX};
use super::{Object, Value};

/// Type markers (section 3.1).
mod marker {
    pub(super) const UNDEFINED: u8 = 0x00;
    pub(super) const NULL: u8 = 0x01;
    pub(super) const FALSE: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const INTEGER: u8 = 0x04;
    pub(super) const DOUBLE: u8 = 0x05;
    pub(super) const STRING: u8 = 0x06;
    pub(super) const XML_DOCUMENT: u8 = 0x07;
    pub(super) const DATE: u8 = 0x08;
    pub(super) const ARRAY: u8 = 0x09;
    pub(super) const OBJECT: u8 = 0x0A;
    pub(super) const XML: u8 = 0x0B;
    pub(super) const BYTE_ARRAY: u8 = 0x0C;
    pub(super) const VECTOR_INT: u8 = 0x0D;
    pub(super) const VECTOR_UINT: u8 = 0x0E;
    pub(super) const VECTOR_DOUBLE: u8 = 0x0F;
    pub(super) const VECTOR_OBJECT: u8 = 0x10;
    pub(super) const DICTIONARY: u8 = 0x11;
}

/// Bytes of text that references may bring in: each is a copy, and a reference has only two bytes.
const REFERENCED_BYTES_MAX: usize = 1 << 20;
/// Members that a class may name: Flash's own classes stay far below.
const MEMBERS_MAX: usize = 1024;

/// What a class is (section 3.12).
#[derive(Clone, Debug, Default)]
struct Traits {
    class: String,
    members: Vec<String>,
    dynamic: bool,
}

/// What later values of the same message may refer to. Values themselves are not kept: a reference to one is given as
/// such, as in AMF0, and no few bytes can grow without bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    strings: Vec<String>,
    traits: Vec<Traits>,
    referenced_bytes: usize,
}

/// Reads one value from the front of `rest`. `values_left` counts down with each value, within others too.
pub(super) fn read_value(
    rest: &mut &[u8],
    tables: &mut Tables,
    values_left: &mut usize,
    depth: usize,
) -> Result<Value, AmfError> {
    Amf3 { rest, tables, values_left }.value(depth)
}

struct Amf3<'r, 'a> {
    rest: &'r mut &'a [u8],
    tables: &'r mut Tables,
    values_left: &'r mut usize,
}

/// The number before a value that may be referred to (section 1.3.2).
enum Head {
    /// It is the n-th of its table.
    Reference(u32),
    /// It stands here; what the other bits say depends on its type.
    Inline(u32),
}

impl<'a> Amf3<'_, 'a> {
    fn value(&mut self, depth: usize) -> Result<Value, AmfError> {
        *self.values_left = self.values_left.checked_sub(1).ok_or(AmfError::TooMany)?;
        if depth > DEPTH_MAX {
            return Err(AmfError::TooDeep);
        }
        let [kind] = self.array()?;
        Ok(match kind {
            marker::UNDEFINED => Value::Undefined,
            marker::NULL => Value::Null,
            marker::FALSE => Value::Boolean(false),
            marker::TRUE => Value::Boolean(true),
            // 29 bits with a sign.
            marker::INTEGER => Value::Number(f64::from(((self.number()? << 3).cast_signed()) >> 3)),
            marker::DOUBLE => Value::Number(self.double()?),
            marker::STRING => Value::String(self.string()?),
            marker::XML_DOCUMENT | marker::XML => match self.head()? {
                Head::Reference(index) => reference(index),
                Head::Inline(length) => Value::XmlDocument(self.text(length)?),
            },
            marker::DATE => match self.head()? {
                Head::Reference(index) => reference(index),
                Head::Inline(_) => Value::Date(self.double()?),
            },
            marker::ARRAY => self.list(depth)?,
            marker::OBJECT => self.object(depth)?,
            marker::BYTE_ARRAY => match self.head()? {
                Head::Reference(index) => reference(index),
                Head::Inline(length) => {
                    // AMF0 has no such value, and nobody sends one in what we read.
                    self.take(length)?;
                    Value::Undefined
                }
            },
            marker::VECTOR_INT => self.vector(|this| Ok(f64::from(u32::from_be_bytes(this.array()?).cast_signed())))?,
            marker::VECTOR_UINT => self.vector(|this| Ok(f64::from(u32::from_be_bytes(this.array()?))))?,
            marker::VECTOR_DOUBLE => self.vector(Self::double)?,
            marker::VECTOR_OBJECT => self.vector_of_objects(depth)?,
            marker::DICTIONARY => self.dictionary(depth)?,
            other => return Err(AmfError::UnknownType(other)),
        })
    }

    /// Dense values alone are a list; with named ones it is an associative array, the dense ones under their index.
    fn list(&mut self, depth: usize) -> Result<Value, AmfError> {
        let count = match self.head()? {
            Head::Reference(index) => return Ok(reference(index)),
            Head::Inline(count) => count,
        };
        let mut named = self.dynamic_members(depth)?;
        let mut dense = Vec::new();
        for _ in 0..count {
            dense.push(self.value(depth + 1)?);
        }
        if named.is_empty() {
            return Ok(Value::StrictArray(dense));
        }
        for (index, value) in dense.into_iter().enumerate() {
            named.push(index.to_string(), value);
        }
        Ok(Value::EcmaArray(named))
    }

    fn object(&mut self, depth: usize) -> Result<Value, AmfError> {
        let bits = match self.head()? {
            Head::Reference(index) => return Ok(reference(index)),
            Head::Inline(bits) => bits,
        };
        let traits = if bits & 1 == 0 {
            let index = usize::try_from(bits >> 1).unwrap_or(usize::MAX);
            let traits = self.tables.traits.get(index).cloned().ok_or(AmfError::BadReference)?;
            let bytes = traits.members.iter().map(String::len).sum::<usize>() + traits.class.len();
            self.count_referenced(bytes)?;
            traits
        } else if bits & 2 != 0 {
            // Its bytes are its class' own affair.
            return Err(AmfError::Externalizable);
        } else {
            let class = self.string()?;
            let count = usize::try_from(bits >> 3).unwrap_or(usize::MAX);
            if count > MEMBERS_MAX {
                return Err(AmfError::TooMany);
            }
            let members = (0..count).map(|_| self.string()).collect::<Result<_, _>>()?;
            let traits = Traits { class, members, dynamic: bits & 4 != 0 };
            self.tables.traits.push(traits.clone());
            traits
        };
        let mut object = Object::new();
        for name in traits.members {
            object.push(name, self.value(depth + 1)?);
        }
        if traits.dynamic {
            for (name, value) in self.dynamic_members(depth)?.iter() {
                object.push(name, value.clone());
            }
        }
        Ok(match traits.class.is_empty() {
            true => Value::Object(object),
            false => Value::TypedObject { class: traits.class, object },
        })
    }

    /// Names and values up to the empty name.
    fn dynamic_members(&mut self, depth: usize) -> Result<Object, AmfError> {
        let mut object = Object::new();
        loop {
            let name = self.string()?;
            if name.is_empty() {
                return Ok(object);
            }
            let value = self.value(depth + 1)?;
            object.push(name, value);
        }
    }

    fn vector(&mut self, element: fn(&mut Self) -> Result<f64, AmfError>) -> Result<Value, AmfError> {
        let count = match self.head()? {
            Head::Reference(index) => return Ok(reference(index)),
            Head::Inline(count) => count,
        };
        // Whether its length is fixed.
        self.array::<1>()?;
        let mut values = Vec::new();
        for _ in 0..count {
            *self.values_left = self.values_left.checked_sub(1).ok_or(AmfError::TooMany)?;
            values.push(Value::Number(element(self)?));
        }
        Ok(Value::StrictArray(values))
    }

    fn vector_of_objects(&mut self, depth: usize) -> Result<Value, AmfError> {
        let count = match self.head()? {
            Head::Reference(index) => return Ok(reference(index)),
            Head::Inline(count) => count,
        };
        self.array::<1>()?;
        self.string()?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.value(depth + 1)?);
        }
        Ok(Value::StrictArray(values))
    }

    /// Its keys may be of any type; those that are no text are named by their place.
    fn dictionary(&mut self, depth: usize) -> Result<Value, AmfError> {
        let count = match self.head()? {
            Head::Reference(index) => return Ok(reference(index)),
            Head::Inline(count) => count,
        };
        self.array::<1>()?;
        let mut object = Object::new();
        for index in 0..count {
            let name = match self.value(depth + 1)? {
                Value::String(name) => name,
                _ => index.to_string(),
            };
            let value = self.value(depth + 1)?;
            object.push(name, value);
        }
        Ok(Value::EcmaArray(object))
    }

    fn head(&mut self) -> Result<Head, AmfError> {
        let number = self.number()?;
        Ok(if number & 1 == 0 { Head::Reference(number >> 1) } else { Head::Inline(number >> 1) })
    }

    fn string(&mut self) -> Result<String, AmfError> {
        match self.head()? {
            Head::Reference(index) => {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let text = self.tables.strings.get(index).cloned().ok_or(AmfError::BadReference)?;
                self.count_referenced(text.len())?;
                Ok(text)
            }
            Head::Inline(length) => {
                let text = self.text(length)?;
                // The empty one is never referred to.
                if !text.is_empty() {
                    self.tables.strings.push(text.clone());
                }
                Ok(text)
            }
        }
    }

    fn count_referenced(&mut self, bytes: usize) -> Result<(), AmfError> {
        self.tables.referenced_bytes += bytes;
        if self.tables.referenced_bytes > REFERENCED_BYTES_MAX { Err(AmfError::TooLong) } else { Ok(()) }
    }

    /// A number of one to four bytes (section 1.3.1): 29 bits.
    fn number(&mut self) -> Result<u32, AmfError> {
        let mut number = 0;
        for _ in 0..3 {
            let [byte] = self.array()?;
            number = number << 7 | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        let [byte] = self.array()?;
        Ok(number << 8 | u32::from(byte))
    }

    fn double(&mut self) -> Result<f64, AmfError> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    fn text(&mut self, length: u32) -> Result<String, AmfError> {
        if usize::try_from(length).unwrap_or(usize::MAX) > STRING_BYTES_MAX {
            return Err(AmfError::TooLong);
        }
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn take(&mut self, length: u32) -> Result<&'a [u8], AmfError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (head, rest) = self.rest.split_at_checked(length).ok_or(AmfError::Truncated)?;
        *self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AmfError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(AmfError::Truncated)?;
        *self.rest = rest;
        Ok(*head)
    }
}

fn reference(index: u32) -> Value {
    Value::Reference(u16::try_from(index).unwrap_or(u16::MAX))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "the tests know what they read")]
mod tests {
    use super::super::read_all;
    use super::*;

    fn one(bytes: &[u8]) -> Value {
        let values = read_all(&[&[0x11], bytes].concat()).unwrap();
        assert_eq!(values.len(), 1, "{values:?}");
        values[0].clone()
    }

    #[test]
    fn simple_values_read() {
        for (bytes, value) in [
            (&b"\x00"[..], Value::Undefined),
            (b"\x01", Value::Null),
            (b"\x02", false.into()),
            (b"\x03", true.into()),
            (b"\x04\x7F", 127.0.into()),
            (b"\x04\x81\x00", 128.0.into()),
            (b"\x04\xBF\xFF\xFF\xFF", (f64::from((1 << 28) - 1)).into()),
            (b"\x04\xC0\x80\x80\x00", (-f64::from(1 << 28)).into()),
            (b"\x04\xFF\xFF\xFF\xFF", (-1.0).into()),
            (b"\x05\x3F\xF8\0\0\0\0\0\0", 1.5.into()),
            (b"\x06\x01", "".into()),
            (b"\x06\x05hi", "hi".into()),
            (b"\x07\x05<a", Value::XmlDocument("<a".into())),
            (b"\x0B\x05<b", Value::XmlDocument("<b".into())),
            (b"\x08\x01\x40\x8F\x40\0\0\0\0\0", Value::Date(1000.0)),
            (b"\x0C\x07\x01\x02\x03", Value::Undefined),
            (b"\x0D\x05\0\xFF\xFF\xFF\xFF\0\0\0\x02", Value::StrictArray(vec![(-1.0).into(), 2.0.into()])),
            (b"\x0E\x03\0\xFF\xFF\xFF\xFF", Value::StrictArray(vec![f64::from(u32::MAX).into()])),
            (b"\x0F\x03\0\x3F\xF8\0\0\0\0\0\0", Value::StrictArray(vec![1.5.into()])),
            (b"\x10\x03\0\x01\x03", Value::StrictArray(vec![true.into()])),
            (b"\x0A\x04", Value::Reference(2)),
            (b"\x09\x06", Value::Reference(3)),
        ] {
            assert_eq!(one(bytes), value, "{bytes:?}");
        }
    }

    #[test]
    fn lists_objects_and_dictionaries_read() {
        assert_eq!(one(b"\x09\x05\x01\x04\x01\x03"), Value::StrictArray(vec![1.0.into(), true.into()]));
        let mixed = Object::new().with("a", 1.0).with("0", true);
        assert_eq!(one(b"\x09\x03\x03a\x04\x01\x01\x03"), Value::EcmaArray(mixed));
        // Dynamic and without a class: app = "live".
        let dynamic = one(b"\x0A\x0B\x01\x07app\x06\x09live\x01");
        assert_eq!(dynamic.get("app").and_then(Value::as_str), Some("live"));
        // A class of two members, and another of the same class, whose texts are references.
        let both = one(b"\x09\x05\x01\x0A\x23\x05Pt\x03x\x03y\x04\x01\x06\x02\x0A\x01\x04\x03\x06\x00");
        let point = |x: f64, y: &str| Value::TypedObject {
            class: "Pt".into(),
            object: Object::new().with("x", x).with("y", y),
        };
        assert_eq!(both, Value::StrictArray(vec![point(1.0, "x"), point(3.0, "Pt")]));
        let dictionary = Object::new().with("k", 1.0).with("1", true);
        assert_eq!(one(b"\x11\x05\0\x06\x03k\x04\x01\x04\x09\x03"), Value::EcmaArray(dictionary));
    }

    #[test]
    fn tables_hold_for_a_message() {
        // Text "app", then AMF0's null, then a reference to the text.
        let values = read_all(b"\x11\x06\x07app\x05\x11\x06\x00").unwrap();
        assert_eq!(values, ["app".into(), Value::Null, "app".into()]);
        assert_eq!(read_all(b"\x11\x06\x00"), Err(AmfError::BadReference));
        assert_eq!(read_all(b"\x11\x0A\x01"), Err(AmfError::BadReference));
    }

    #[test]
    fn caps_hold() {
        assert_eq!(read_all(b"\x11\x0A\x07\x09Some"), Err(AmfError::Externalizable));
        assert_eq!(read_all(b"\x11\x12"), Err(AmfError::UnknownType(0x12)));
        let deep = [&[0x11][..], &b"\x09\x03\x01".repeat(10_000)].concat();
        assert_eq!(read_all(&deep), Err(AmfError::TooDeep));
        let many = [&[0x11][..], b"\x0F\xFF\xFF\xFF\xFF\0", &vec![0; 8 * 70_000]].concat();
        assert_eq!(read_all(&many), Err(AmfError::TooMany));
        let many = [&[0x11][..], b"\x09\xFF\xFF\xFF\xFF\x01", &vec![1; 70_000]].concat();
        assert_eq!(read_all(&many), Err(AmfError::TooMany));
        let members = [&[0x11][..], b"\x0A\xBF\xFF\xFF\xF3\x01"].concat();
        assert_eq!(read_all(&members), Err(AmfError::TooMany));
        // A long text once, then references to it without end.
        let mut text = b"\x11\x09\xFF\xFF\xFF\xFF\x01\x06\x84\x81\x01".to_vec();
        text.extend_from_slice(&vec![b'x'; 32_832]);
        text.extend_from_slice(&b"\x06\x00".repeat(1000));
        assert_eq!(read_all(&text), Err(AmfError::TooLong));
        for cut in
            [&b"\x11"[..], b"\x11\x04", b"\x11\x04\xFF\xFF\xFF", b"\x11\x06\x09ab", b"\x11\x05\0", b"\x11\x0A\x13\x01"]
        {
            assert_eq!(read_all(cut), Err(AmfError::Truncated), "{cut:?}");
        }
    }
}
