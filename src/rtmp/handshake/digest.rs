//! The digest handshake: each side hides an HMAC-SHA256 of its packet within the packet, and signs its reply with the
//! other side's digest. It proves nothing (the keys are public); Flash players and some servers insist on it.
#![deny(clippy::indexing_slicing)]

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::PACKET_BYTES;

pub(super) const DIGEST_BYTES: usize = 32;
/// An HMAC-SHA256.
pub(super) type Digest = [u8; DIGEST_BYTES];

const CLIENT_NAME: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_NAME: &[u8] = b"Genuine Adobe Flash Media Server 001";
/// Follows both names in the long keys.
const KEY_TAIL: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57, 0x6E, 0xEC, 0x5D,
    0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

impl Role {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Client => CLIENT_NAME,
            Self::Server => SERVER_NAME,
        }
    }
}

/// Where the four bytes lie that say where the digest lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// The digest lies in the packet's first half, its pointer at 8.
    DigestFirst,
    /// The digest lies in the second half, its pointer at 772.
    DigestSecond,
}

impl Schema {
    const BOTH: [Self; 2] = [Self::DigestFirst, Self::DigestSecond];

    /// The digest's place in `packet`; always at most 1504.
    fn offset(self, packet: &[u8; PACKET_BYTES]) -> usize {
        let pointer = match self {
            Self::DigestFirst => 8,
            Self::DigestSecond => 772,
        };
        let sum: usize = packet.iter().skip(pointer).take(4).map(|byte| usize::from(*byte)).sum();
        sum % 728 + pointer + 4
    }
}

/// Writes the digest of `role` into its packet and returns it.
pub(super) fn imprint(packet: &mut [u8; PACKET_BYTES], schema: Schema, role: Role) -> Digest {
    let offset = schema.offset(packet);
    let digest = digest_around(packet, offset, role);
    if let Some(place) = packet.get_mut(offset..offset + DIGEST_BYTES) {
        place.copy_from_slice(&digest);
    }
    digest
}

/// The digest that `role` hid in its packet, and how, if it did.
pub(super) fn find(packet: &[u8; PACKET_BYTES], role: Role) -> Option<(Schema, Digest)> {
    Schema::BOTH.into_iter().find_map(|schema| {
        let offset = schema.offset(packet);
        let digest = digest_around(packet, offset, role);
        (packet.get(offset..offset + DIGEST_BYTES) == Some(&digest[..])).then_some((schema, digest))
    })
}

/// Turns random bytes into C2 (`role` client) or S2 (server): signs them, in reply to the other side's digest.
pub(super) fn sign_reply(packet: &mut [u8; PACKET_BYTES], peer_digest: &Digest, role: Role) {
    let signature = reply_signature(packet, peer_digest, role);
    if let Some(place) = packet.last_chunk_mut::<DIGEST_BYTES>() {
        *place = signature;
    }
}

/// What the last 32 bytes of C2 or S2 must be.
pub(super) fn reply_signature(packet: &[u8; PACKET_BYTES], peer_digest: &Digest, role: Role) -> Digest {
    let key = hmac(&[role.name(), &KEY_TAIL].concat(), &[peer_digest]);
    let (body, _) = packet.split_at(PACKET_BYTES - DIGEST_BYTES);
    hmac(&key, &[body])
}

fn digest_around(packet: &[u8; PACKET_BYTES], offset: usize, role: Role) -> Digest {
    let before = packet.get(..offset).unwrap_or_default();
    let after = packet.get(offset + DIGEST_BYTES..).unwrap_or_default();
    hmac(role.name(), &[before, after])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Digest {
    // HMAC takes keys of every length, so the fallback is never taken; it keeps the signature free of errors.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; DIGEST_BYTES] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(seed: u8) -> [u8; PACKET_BYTES] {
        std::array::from_fn(|i| (i as u8).wrapping_mul(31).wrapping_add(seed))
    }

    #[test]
    fn a_digest_is_found_where_it_was_hidden_and_only_for_its_role() {
        for seed in 0..64 {
            for schema in Schema::BOTH {
                for (role, other) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
                    let mut packet = packet(seed);
                    assert_eq!(find(&packet, role), None);
                    let digest = imprint(&mut packet, schema, role);
                    assert_eq!(find(&packet, role), Some((schema, digest)));
                    assert_eq!(find(&packet, other), None);
                }
            }
        }
    }

    #[test]
    fn the_largest_pointer_stays_within_the_packet() {
        let mut packet = [0xFF; PACKET_BYTES];
        for schema in Schema::BOTH {
            assert!(schema.offset(&packet) + DIGEST_BYTES <= PACKET_BYTES);
            imprint(&mut packet, schema, Role::Client);
        }
        for sum in 0..728usize {
            let mut packet = [0; PACKET_BYTES];
            for (i, byte) in packet[772..776].iter_mut().enumerate() {
                *byte = u8::try_from(sum.saturating_sub(255 * i).min(255)).unwrap();
            }
            assert_eq!(Schema::DigestSecond.offset(&packet), 776 + sum);
            imprint(&mut packet, Schema::DigestSecond, Role::Server);
            assert!(find(&packet, Role::Server).is_some());
        }
    }
}
