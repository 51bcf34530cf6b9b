//! Hash table of words, numbered in order of insertion, without an allocation per word.

/// Up to this many bytes, a word is identified by its key.
pub(super) const SHORT: usize = 16;

/// The key of a word: its first 16 bytes if it is not longer, else its first 8 and a hash of all; and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) len: u32,
}

const MIX: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0xaef1_7502_108e_f2d9];

/// The product of two words, folded.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Up to 8 bytes as a little-endian integer.
fn word(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(whole)
}

impl Key {
    /// The key of a word.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let len = bytes.len() as u32;
        let low = word(&bytes[..bytes.len().min(8)]);
        let high = match bytes.get(8..) {
            None => 0,
            Some(rest) if bytes.len() <= SHORT => word(rest),
            Some(rest) => rest.chunks(8).fold(MIX[2], |hash, chunk| fold(hash ^ word(chunk), MIX[0])),
        };
        Key { low, high, len }
    }

    fn hash(self) -> u64 {
        fold(fold(self.low ^ MIX[0], self.high ^ MIX[1]) ^ u64::from(self.len), MIX[2])
    }

    fn is_short(self) -> bool {
        self.len as usize <= SHORT
    }
}

/// A slot: the first bytes of a word, and its number, counted from 1 (0: free), in the lower bits below its length and bits of its hash, so that a
/// word of up to 8 bytes is identified by its slot.
type Slot = (u64, u64);

/// The tag of a word: its length as far as it fits, and bits of its hash.
fn tag(key: Key, hash: u64) -> u64 {
    u64::from(key.len.min(255)) << 32 | hash & 0xffff_ff00_0000_0000
}

/// The number in a slot.
fn number_in(slot: Slot) -> Option<u32> {
    (slot.1 as u32).checked_sub(1)
}

/// Words and their numbers.
#[derive(Debug, Clone)]
pub(super) struct Table {
    slots: Vec<Slot>,
    entries: Vec<(Key, usize)>,
    bytes: Vec<u8>,
}

impl Default for Table {
    fn default() -> Self {
        Table { slots: vec![(0, 0); 1 << 6], entries: Vec::new(), bytes: Vec::new() }
    }
}

impl Table {
    /// The table of these words, in their order.
    pub(super) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Table::default();
        words.into_iter().for_each(|word| {
            table.number(Key::of(word.as_bytes()), word.as_bytes());
        });
        table
    }

    /// Number of words.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key of a word.
    pub(super) fn key(&self, number: u32) -> Key {
        self.entries[number as usize].0
    }

    /// The bytes of a word.
    pub(super) fn bytes(&self, number: u32) -> &[u8] {
        let (key, start) = self.entries[number as usize];
        &self.bytes[start..start + key.len as usize]
    }

    /// A word as text.
    pub(super) fn word(&self, number: u32) -> &str {
        // Only whole words of texts are inserted.
        std::str::from_utf8(self.bytes(number)).unwrap_or_default()
    }

    /// The slot of a word, or the free slot for it; and its tag. `long` are its bytes, needed if it is not short.
    #[inline]
    fn slot(&self, key: Key, long: &[u8]) -> (usize, u64) {
        let hash = key.hash();
        let tag = tag(key, hash);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (low, known) = self.slots[at];
            let is = low == key.low && known & !u64::from(u32::MAX) == tag;
            if known == 0 || is && (key.len <= 8 || self.is(known as u32 - 1, key, long)) {
                return (at, tag);
            }
            at = (at + 1) & mask;
        }
    }

    fn is(&self, number: u32, key: Key, long: &[u8]) -> bool {
        self.key(number) == key && (key.is_short() || self.bytes(number) == long)
    }

    /// The number of a word, if it is in the table.
    pub(super) fn find(&self, key: Key, long: &[u8]) -> Option<u32> {
        number_in(self.slots[self.slot(key, long).0])
    }

    /// The number of a word, which is inserted if it is new.
    #[inline]
    pub(super) fn number(&mut self, key: Key, long: &[u8]) -> u32 {
        let (at, tag) = self.slot(key, long);
        number_in(self.slots[at]).unwrap_or_else(|| self.add(key, long, at, tag))
    }

    fn add(&mut self, key: Key, long: &[u8], at: usize, tag: u64) -> u32 {
        let number = self.entries.len() as u32;
        self.entries.push((key, self.bytes.len()));
        if key.is_short() {
            let both = [key.low.to_le_bytes(), key.high.to_le_bytes()];
            self.bytes.extend_from_slice(&both.as_flattened()[..key.len as usize]);
        } else {
            self.bytes.extend_from_slice(long);
        }
        self.slots[at] = (key.low, tag | u64::from(number + 1));
        if 2 * self.entries.len() > self.slots.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let len = 2 * self.slots.len();
        self.slots = vec![(0, 0); len];
        for (number, (key, _)) in self.entries.iter().enumerate() {
            let hash = key.hash();
            let mut at = hash as usize & (len - 1);
            while self.slots[at].1 != 0 {
                at = (at + 1) & (len - 1);
            }
            self.slots[at] = (key.low, tag(*key, hash) | (number as u64 + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_length_are_told_apart_and_found_again() {
        let words: Vec<String> = (0..40_000).map(|i| format!("{}{i}", "x".repeat(i % 40))).collect();
        let mut table = Table::default();
        for (number, word) in words.iter().enumerate() {
            assert_eq!(table.number(Key::of(word.as_bytes()), word.as_bytes()), number as u32);
        }
        for (number, word) in words.iter().enumerate() {
            assert_eq!(table.find(Key::of(word.as_bytes()), word.as_bytes()), Some(number as u32));
            assert_eq!(table.word(number as u32), word);
        }
        assert_eq!(table.find(Key::of(b"y"), b"y"), None);
        let long = "x".repeat(60);
        assert_eq!(table.find(Key::of(long.as_bytes()), long.as_bytes()), None);
    }
}
