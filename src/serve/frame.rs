//! Messages on the wire: a flag, a length, and the bytes, which may be compressed.

use std::io::Read as _;

use bytes::{Buf as _, Bytes, BytesMut};
use flate2::read::GzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Body;

use crate::api::{Code, RpcError};

/// No message is larger: the real server's default.
pub(super) const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// The flag and the length.
const PREFIX: usize = 5;

/// How the messages of a call may be compressed, as the header `grpc-encoding` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    /// The encoding with this name.
    pub(super) fn named(name: Option<&str>) -> Result<Self, RpcError> {
        match name {
            None | Some("" | "identity") => Ok(Self::Identity),
            Some("gzip") => Ok(Self::Gzip),
            Some(other) => Err(RpcError::new(
                Code::Unimplemented,
                format!("grpc: Decompressor is not installed for grpc-encoding \"{other}\""),
            )),
        }
    }
}

/// Reads the one message of a unary call.
pub(super) async fn read<B>(mut body: B, encoding: Encoding) -> Result<Bytes, RpcError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut received = BytesMut::new();
    let mut wanted = PREFIX;
    while received.len() < wanted {
        let Some(Ok(frame)) = body.frame().await else {
            return Err(RpcError::new(Code::Internal, "unexpected EOF"));
        };
        if let Ok(data) = frame.into_data() {
            received.extend_from_slice(&data);
        }
        if wanted == PREFIX && received.len() >= PREFIX {
            wanted = PREFIX + announced(&received)?;
        }
    }
    let compressed = received.get_u8();
    let length = received.get_u32() as usize;
    received.truncate(length);
    match (compressed, encoding) {
        (0, _) => Ok(received.freeze()),
        (1, Encoding::Gzip) => unzip(&received),
        (1, Encoding::Identity) => Err(RpcError::new(
            Code::Internal,
            "grpc: compressed flag set with identity or empty encoding",
        )),
        (flag, _) => Err(RpcError::new(
            Code::Internal,
            format!("grpc: received unexpected payload format {flag}"),
        )),
    }
}

/// The length that the prefix announces, if it is not too much.
fn announced(prefix: &[u8]) -> Result<usize, RpcError> {
    let length = prefix.iter().skip(1).take(4).fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    if length > MAX_MESSAGE {
        let message =
            format!("grpc: received message larger than max ({length} vs. {MAX_MESSAGE})");
        return Err(RpcError::new(Code::ResourceExhausted, message));
    }
    Ok(length)
}

fn unzip(zipped: &[u8]) -> Result<Bytes, RpcError> {
    let mut message = Vec::new();
    // One byte too many tells a message that is too long from one that just fits.
    let mut limited = GzDecoder::new(zipped).take(MAX_MESSAGE as u64 + 1);
    limited.read_to_end(&mut message).map_err(|error| {
        let message = format!("grpc: failed to decompress the received message: {error}");
        RpcError::new(Code::Internal, message)
    })?;
    if message.len() > MAX_MESSAGE {
        let message =
            format!("grpc: received message after decompression larger than max {MAX_MESSAGE}");
        return Err(RpcError::new(Code::ResourceExhausted, message));
    }
    Ok(message.into())
}

/// A message as it is sent.
pub(super) fn write(message: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(PREFIX + message.len());
    framed.push(0);
    // What the server says is bounded by what it was told and kept, far below this.
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(message);
    framed.into()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http_body_util::Full;
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: impl Into<Bytes>, encoding: Encoding) -> Result<Bytes, RpcError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read(Full::new(bytes.into()), encoding))
    }

    fn zipped(message: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(message).unwrap();
        let mut framed = write(&encoder.finish().unwrap()).to_vec();
        framed[0] = 1;
        framed
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_a_message_is_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            flag in 0_u8..2,
            cut in 0_usize..64,
        ) {
            let _ = read_all(bytes.clone(), Encoding::Gzip);
            let mut framed = write(&bytes).to_vec();
            framed[0] = flag;
            framed.truncate(cut);
            let _ = read_all(framed, Encoding::Gzip);
            prop_assert_eq!(read_all(zipped(&bytes), Encoding::Gzip).unwrap(), bytes);
        }
    }

    #[test]
    fn a_message_that_is_too_large_is_refused_before_it_is_read() {
        let refused = read_all(vec![0, 0xFF, 0, 0, 0], Encoding::Identity).unwrap_err();
        assert_eq!(
            refused.message,
            "grpc: received message larger than max (4278190080 vs. 4194304)"
        );
    }

    #[test]
    fn a_small_message_that_unpacks_to_a_large_one_is_refused() {
        let bomb = zipped(&vec![0; MAX_MESSAGE + 1]);
        let refused = read_all(bomb, Encoding::Gzip).unwrap_err();
        assert_eq!(
            refused.message,
            "grpc: received message after decompression larger than max 4194304"
        );
        assert!(read_all(zipped(&vec![0; MAX_MESSAGE]), Encoding::Gzip).is_ok());
    }

    #[test]
    fn what_is_cut_off_or_not_as_announced_is_refused() {
        let whole = write(b"hello");
        for cut in 0..whole.len() {
            let refused = read_all(whole.slice(..cut), Encoding::Identity).unwrap_err();
            assert_eq!(refused.message, "unexpected EOF");
        }
        let refused = read_all(zipped(b"hello"), Encoding::Identity).unwrap_err();
        assert_eq!(refused.code, Code::Internal);
        assert_eq!(Encoding::named(Some("br")).unwrap_err().code, Code::Unimplemented);
    }
}
