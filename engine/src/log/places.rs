//! Positions in the log, packed: where in a block of the index the events of one token stand.
//!
//! Each is stored as its distance from the one before it, in the order of the log: sequence numbers as varints, times as
//! zigzag varints, since events may come late. Three bytes a position where events come in order.

use domain::{Timestamp, ids::Seq};

use super::BrowsePosition;

/// A list under construction.
#[derive(Default)]
pub(super) struct Places {
    bytes: Vec<u8>,
    last_ms: i64,
    last_seq: i64,
}

impl Places {
    /// `seq` must grow from one to the next.
    pub(super) fn push(&mut self, place: BrowsePosition) {
        let (unix_ms, seq) = (place.created_at.unix_ms(), place.seq.get());
        let forward_ms = unix_ms.wrapping_sub(self.last_ms);
        put(&mut self.bytes, seq.wrapping_sub(self.last_seq).cast_unsigned());
        put(
            &mut self.bytes,
            (forward_ms.wrapping_shl(1) ^ (forward_ms >> 63)).cast_unsigned(),
        );
        (self.last_ms, self.last_seq) = (unix_ms, seq);
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The positions of a stored list; none if it was not written by this program.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<Vec<BrowsePosition>> {
    let (mut places, mut unix_ms, mut seq) = (Vec::new(), 0_i64, 0_i64);
    while !bytes.is_empty() {
        seq = seq.wrapping_add(take(&mut bytes)?.cast_signed());
        let zigzag = take(&mut bytes)?;
        let forward_ms = (zigzag >> 1).cast_signed() ^ (zigzag & 1).cast_signed().wrapping_neg();
        unix_ms = unix_ms.wrapping_add(forward_ms);
        places.push(BrowsePosition {
            created_at: Timestamp::from_unix_ms(unix_ms),
            seq: Seq::new(seq),
        });
    }
    Some(places)
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_come_back_as_they_were(places in proptest::collection::vec((-62_167_219_200_000..253_402_300_799_999_i64, 1..i64::MAX), 0..50)) {
            let places: Vec<_> = places
                .into_iter()
                .map(|(ms, seq)| BrowsePosition { created_at: Timestamp::from_unix_ms(ms), seq: Seq::new(seq) })
                .collect();
            let mut packed = Places::default();
            places.iter().for_each(|place| packed.push(*place));
            prop_assert_eq!(unpack(packed.as_bytes()), Some(places));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            unpack(&bytes);
        }
    }

    #[test]
    fn what_comes_in_order_takes_three_bytes() {
        let mut packed = Places::default();
        for step in 0..1_000 {
            packed.push(BrowsePosition {
                created_at: Timestamp::from_unix_ms(1_760_000_000_000 + step * 50),
                seq: Seq::new(10_000 + step),
            });
        }
        assert!(packed.as_bytes().len() < 3_010, "{}", packed.as_bytes().len());
    }
}
