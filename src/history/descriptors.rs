//! The official descriptors: what the fields of Temporal's messages are called, and what they hold.

use std::sync::LazyLock;

use prost::Name;
use prost_reflect::{DescriptorPool, MessageDescriptor};

/// Cut down by the build script to what workflow histories and the workflow service need.
static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin")).as_slice())
        .expect("the build script writes descriptors that are complete")
});

/// What an official message type looks like; `None` for a type that is not among the official ones.
pub(super) fn descriptor<T: Name>() -> Option<MessageDescriptor> {
    POOL.get_message_by_name(&T::full_name())
}
