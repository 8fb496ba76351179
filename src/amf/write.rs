//! Writes AMF0.

use super::{Object, Value, marker};

/// Appends `value` to `out`. Names and classes longer than 65535 bytes are cut at a character.
pub fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Number(number) => {
            out.push(marker::NUMBER);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Boolean(value) => out.extend_from_slice(&[marker::BOOLEAN, u8::from(*value)]),
        Value::String(text) => match u16::try_from(text.len()) {
            Ok(_) => {
                out.push(marker::STRING);
                write_name(out, text);
            }
            Err(_) => {
                out.push(marker::LONG_STRING);
                write_long(out, text);
            }
        },
        Value::Object(object) => {
            out.push(marker::OBJECT);
            write_properties(out, object);
        }
        Value::Null => out.push(marker::NULL),
        Value::Undefined => out.push(marker::UNDEFINED),
        Value::Reference(index) => {
            out.push(marker::REFERENCE);
            out.extend_from_slice(&index.to_be_bytes());
        }
        Value::EcmaArray(object) => {
            out.push(marker::ECMA_ARRAY);
            out.extend_from_slice(&count(object.len()).to_be_bytes());
            write_properties(out, object);
        }
        Value::StrictArray(values) => {
            out.push(marker::STRICT_ARRAY);
            out.extend_from_slice(&count(values.len()).to_be_bytes());
            for value in values {
                write_value(out, value);
            }
        }
        Value::Date(millis) => {
            out.push(marker::DATE);
            out.extend_from_slice(&millis.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
        }
        Value::XmlDocument(text) => {
            out.push(marker::XML_DOCUMENT);
            write_long(out, text);
        }
        Value::TypedObject { class, object } => {
            out.push(marker::TYPED_OBJECT);
            write_name(out, class);
            write_properties(out, object);
        }
    }
}

fn write_properties(out: &mut Vec<u8>, object: &Object) {
    for (name, value) in object.iter() {
        write_name(out, name);
        write_value(out, value);
    }
    out.extend_from_slice(&[0, 0, marker::OBJECT_END]);
}

fn write_name(out: &mut Vec<u8>, text: &str) {
    let end = text.floor_char_boundary(usize::from(u16::MAX));
    let text = text.get(..end).unwrap_or_default();
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn write_long(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&count(text.len()).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
