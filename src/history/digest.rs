//! The digest of an official message, whatever the order of its hash maps.
//!
//! Two equal messages encode to the same bytes but for the order in which the entries of a map come.
//! So the encoded bytes are what is hashed, and only where the descriptors say that a map is are its
//! entries put into an order first.
//!
//! ```
//! use deadbeat::history::digest::digest;
//! use deadbeat::official::common::{Memo, Payload};
//!
//! let memo = |keys: [&str; 3]| Memo {
//!     fields: keys.map(|key| (key.to_owned(), Payload::default())).into(),
//! };
//! assert_eq!(digest(&memo(["a", "b", "c"])), digest(&memo(["c", "a", "b"])));
//! assert_ne!(digest(&memo(["a", "b", "c"])), digest(&memo(["a", "b", "d"])));
//! ```

use std::hash::{Hash, Hasher};

use prost::encoding::{WireType, decode_key, decode_varint};
use prost::{Message, Name};

use super::ids::Digest;

/// 128 bits over a message's type and content: the same on every machine, in every process, and
/// whatever the order of its hash maps.
pub fn digest<T: Message + Name>(message: &T) -> u128 {
    let name = T::full_name();
    let bytes = message.encode_to_vec();
    let mut digest = Digest::new();
    name.hash(&mut digest);
    match LAYOUTS.binary_search_by_key(&name.as_str(), |(of, _)| of) {
        Ok(layout) => hash(layout, &bytes, 0, &mut digest),
        Err(_) => digest.write(&bytes),
    }
    digest.finish128()
}

/// How deep messages are looked into. Protobuf decoders refuse more than 100 levels; what is below
/// is hashed as it is.
const MAX_DEPTH: usize = 100;

/// Where the maps are: of the types that have a map somewhere, by name, the fields in question. The
/// build script finds them in the official descriptors.
static LAYOUTS: &[(&str, &[Interesting])] = include!(concat!(env!("OUT_DIR"), "/layouts.rs"));

/// A field that is a map, or a message with a map somewhere.
struct Interesting {
    tag: u32,
    what: What,
    /// The place in the table of the type behind it, if that has a map.
    layout: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Map,
    Message,
}

fn hash(layout: usize, bytes: &[u8], depth: usize, digest: &mut Digest) {
    if depth == MAX_DEPTH || walk(layout, bytes, depth, digest).is_none() {
        digest.write(bytes);
    }
}

/// Hashes an encoded message; `None` if the bytes are not one.
fn walk(layout: usize, bytes: &[u8], depth: usize, digest: &mut Digest) -> Option<()> {
    let (_, fields) = LAYOUTS[layout];
    // Entries of one map follow each other. These are of the map that is being read.
    let mut map: Option<u32> = None;
    let mut entries: Vec<u128> = Vec::new();
    let mut rest = bytes;
    let mut plain = bytes;
    while !rest.is_empty() {
        let start = rest;
        let (tag, wire_type) = decode_key(&mut rest).ok()?;
        let payload = take_field(wire_type, &mut rest)?;
        if map.is_some_and(|of| of != tag) {
            flush(&mut map, &mut entries, digest);
        }
        let Some(field) = fields.iter().find(|field| field.tag == tag) else { continue };
        digest.write(&plain[..plain.len() - start.len()]);
        plain = rest;
        let mut inner = Digest::new();
        match field.layout {
            Some(layout) => hash(layout, payload, depth + 1, &mut inner),
            None => inner.write(payload),
        }
        match field.what {
            What::Map => {
                map = Some(tag);
                entries.push(inner.finish128());
            }
            What::Message => {
                digest.write_u32(tag);
                digest.write_u128(inner.finish128());
            }
        }
    }
    flush(&mut map, &mut entries, digest);
    digest.write(plain);
    Some(())
}

/// Ends a map: its entries go in, in an order of their own.
fn flush(map: &mut Option<u32>, entries: &mut Vec<u128>, digest: &mut Digest) {
    let Some(tag) = map.take() else { return };
    entries.sort_unstable();
    digest.write_u32(tag);
    digest.write_usize(entries.len());
    for entry in entries.drain(..) {
        digest.write_u128(entry);
    }
}

/// Takes a field's value off the front; of one with a length, the value without the length.
fn take_field<'a>(wire_type: WireType, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = match wire_type {
        WireType::Varint => {
            decode_varint(rest).ok()?;
            0
        }
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        WireType::LengthDelimited => usize::try_from(decode_varint(rest).ok()?).ok()?,
        // Groups; official messages have none.
        WireType::StartGroup | WireType::EndGroup => return None,
    };
    let (payload, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::official::common::{Header, Payload, Payloads};
    use crate::official::failure::{ApplicationFailureInfo, Failure, failure::FailureInfo};

    fn payload(keys: &[&str], data: &str) -> Payload {
        let metadata = keys.iter().map(|key| ((*key).to_owned(), key.as_bytes().to_vec()));
        Payload { metadata: metadata.collect(), data: data.into(), ..Payload::default() }
    }

    fn failure(keys: &[&str]) -> Failure {
        let details = Payloads { payloads: vec![payload(keys, "1"), payload(keys, "2")] };
        let info = ApplicationFailureInfo { details: Some(details), ..Default::default() };
        Failure {
            message: "outer".to_owned(),
            cause: Some(Box::new(Failure {
                failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
                ..Failure::default()
            })),
            ..Failure::default()
        }
    }

    #[test]
    fn the_order_of_maps_is_no_part_of_a_digest_however_deep_they_are() {
        let keys = ["a", "b", "c", "d", "e"];
        let reversed = ["e", "d", "c", "b", "a"];
        // Every map is a new one with another order of its own, so try often.
        for _ in 0..50 {
            assert_eq!(digest(&failure(&keys)), digest(&failure(&reversed)));
        }
        let header = |keys: &[&str]| Header {
            fields: keys.iter().map(|key| ((*key).to_owned(), payload(keys, key))).collect(),
        };
        assert_eq!(digest(&header(&keys)), digest(&header(&reversed)));
    }

    #[test]
    fn what_differs_has_another_digest() {
        let messages = [
            failure(&["a"]),
            failure(&["b"]),
            failure(&["a", "b"]),
            failure(&[]),
            Failure { message: "outer".to_owned(), ..Failure::default() },
            Failure { message: "inner".to_owned(), ..Failure::default() },
            Failure { source: "outer".to_owned(), ..Failure::default() },
        ];
        for (i, one) in messages.iter().enumerate() {
            for other in &messages[i + 1..] {
                assert_ne!(digest(one), digest(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_payload_moved_to_another_field_changes_the_digest() {
        let two = |first: &[&str], second: &[&str]| Payloads {
            payloads: vec![payload(first, ""), payload(second, "")],
        };
        assert_ne!(digest(&two(&["a", "b"], &["c"])), digest(&two(&["a"], &["b", "c"])));
        assert_ne!(digest(&two(&["a"], &["b"])), digest(&two(&["b"], &["a"])));
    }

    #[test]
    fn digests_are_the_same_in_every_build() {
        assert_eq!(
            digest(&failure(&["a", "b"])),
            99_848_464_643_800_606_635_167_734_680_698_317_942
        );
    }
}
