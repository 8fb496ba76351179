//! Golden bytes, round trips, caps.

use proptest::prelude::*;

use super::*;

fn bytes_of(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        write_value(&mut out, value);
    }
    out
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<f64>().prop_filter("NaN is not itself", |n| !n.is_nan()).prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        ".{0,20}".prop_map(Value::String),
        Just(Value::Null),
        Just(Value::Undefined),
        any::<u16>().prop_map(Value::Reference),
        (-1e15..1e15).prop_map(Value::Date),
        ".{0,20}".prop_map(Value::XmlDocument),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let object = prop::collection::vec((".{1,8}", inner.clone()), 0..6).prop_map(|p| p.into_iter().collect());
        let object = object.boxed() as BoxedStrategy<Object>;
        prop_oneof![
            object.clone().prop_map(Value::Object),
            object.clone().prop_map(Value::EcmaArray),
            prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
            (".{0,8}", object).prop_map(|(class, object)| Value::TypedObject { class, object }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(values in prop::collection::vec(any_value(), 0..5)) {
        prop_assert_eq!(read_all(&bytes_of(&values)).unwrap(), values);
    }

    #[test]
    fn nothing_that_is_cut_or_changed_panics(value in any_value(), cut in any::<prop::sample::Index>(), bit in 0..8u32) {
        let mut bytes = bytes_of(&[value]);
        let at = cut.index(bytes.len());
        let _cut_is_fine_or_an_error = read_all(&bytes[..at]);
        bytes[at] ^= 1 << bit;
        let _changed_is_fine_or_an_error = read_all(&bytes);
    }
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let object = Object::new().with("a", 1.0).with("b", true);
    let expected = b"\x03\0\x01a\0\x3f\xf0\0\0\0\0\0\0\0\x01b\x01\x01\0\0\x09".to_vec();
    assert_eq!(bytes_of(&[Value::Object(object.clone())]), expected);
    let mut ecma = b"\x08\0\0\0\x02".to_vec();
    ecma.extend_from_slice(&expected[1..]);
    assert_eq!(bytes_of(&[Value::EcmaArray(object)]), ecma);
    assert_eq!(bytes_of(&["hi".into(), Value::Null]), b"\x02\0\x02hi\x05");
    assert_eq!(bytes_of(&[Value::Date(0.0)]), b"\x0b\0\0\0\0\0\0\0\0\0\0");
}

#[test]
fn long_strings_turn_into_the_long_form() {
    let text = "x".repeat(65_536);
    let bytes = bytes_of(&[Value::String(text.clone())]);
    assert_eq!(bytes[..5], [marker::LONG_STRING, 0, 1, 0, 0]);
    assert_eq!(read_all(&bytes).unwrap(), [Value::String(text)]);
}

#[test]
fn the_count_of_an_ecma_array_is_only_a_hint() {
    for count in [0u8, 1, 200] {
        let mut bytes = vec![marker::ECMA_ARRAY, 0, 0, 0, count];
        bytes.extend_from_slice(b"\0\x01a\x05\0\0\x09\x02\0\x01z");
        let values = read_all(&bytes).unwrap();
        assert_eq!(values.len(), 2);
        assert_eq!(values[0].get("a"), Some(&Value::Null));
        assert_eq!(values[1].as_str(), Some("z"));
    }
}

#[test]
fn a_missing_end_marker_at_the_very_end_is_tolerated() {
    let values = read_all(b"\x08\0\0\0\x01\0\x01a\x05").unwrap();
    assert_eq!(values[0].get("a"), Some(&Value::Null));
}

#[test]
fn caps_hold() {
    let mut deep = Vec::new();
    for _ in 0..100_000 {
        deep.extend_from_slice(b"\x03\0\x01a");
    }
    assert_eq!(read_all(&deep), Err(AmfError::TooDeep));
    let lists = b"\x0a\0\0\0\x01".repeat(100_000);
    assert_eq!(read_all(&lists), Err(AmfError::TooDeep));
    assert_eq!(read_all(&vec![marker::NULL; 70_000]), Err(AmfError::TooMany));
    assert_eq!(read_all(b"\x0a\xff\xff\xff\xff\x05"), Err(AmfError::Truncated));
    assert_eq!(read_all(b"\x0c\xff\xff\xff\xff"), Err(AmfError::TooLong));
    assert_eq!(read_all(b"\x42"), Err(AmfError::UnknownType(0x42)));
}

#[test]
fn text_that_is_no_utf8_is_read_with_replacements() {
    assert_eq!(read_all(b"\x02\0\x02a\xff").unwrap(), [Value::String("a\u{fffd}".into())]);
}
