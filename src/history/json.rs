//! Official messages and their JSON form, by the official descriptors.

use std::hash::{Hash, Hasher};

use prost::{Message, Name};

use super::ids::Digest;

/// 128 bits over a message's content, whatever the order of its hash maps.
pub fn digest<T: Message + Name>(message: &T) -> u128 {
    let mut digest = Digest::new();
    T::full_name().hash(&mut digest);
    digest.write(&message.encode_to_vec());
    digest.finish128()
}
