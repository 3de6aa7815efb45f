//! Maps with a fast hasher: names of a text are not chosen to collide, and nothing is read out of a map in its order.

use std::hash::{BuildHasherDefault, Hasher};

/// As of the standard library, with [`Mix`].
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Mix>>;
/// As of the standard library, with [`Mix`].
pub(crate) type HashSet<K> = std::collections::HashSet<K, BuildHasherDefault<Mix>>;

/// Takes eight bytes at a time: xor, then a multiplication whose halves are folded together, so that each bit in reaches
/// both the high bits, which a table looks at first, and the low ones.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Mix {
    #[inline]
    fn take(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Mix {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.take(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let mut last = [0; 8];
        let rest = words.remainder();
        last[..rest.len()].copy_from_slice(rest);
        // Its length tells a short word from one that ends in zeros.
        self.take(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.take(u64::from(n) + 1);
    }

    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.take(u64::from(n) + 1);
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.take(u64::from(n) + 1);
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.take(n.wrapping_add(1));
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.take((n as u64).wrapping_add(1));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::Hash;

    #[test]
    fn names_that_are_alike_have_other_hashes() {
        let of = |text: &str| {
            let mut hasher = Mix::default();
            text.hash(&mut hasher);
            hasher.finish()
        };
        let names = (0..20_000).map(|n| format!("o{n}"));
        let hashes: Vec<u64> =
            names.chain(["a", "a\0", "a\0\0", "\0", ""].map(String::from)).map(|name| of(&name)).collect();
        let distinct = |part: &dyn Fn(&u64) -> u64| hashes.iter().map(part).collect::<HashSet<u64>>().len();
        assert_eq!(distinct(&|hash| *hash), hashes.len());
        // A table of 2^15 places would have 15 000 of them in use if they were thrown by dice.
        assert!(distinct(&|hash| hash & 0x7fff) > 14_000, "{}", distinct(&|hash| hash & 0x7fff));
        assert!(distinct(&|hash| hash >> 49) > 14_000, "{}", distinct(&|hash| hash >> 49));
    }
}
