//! Byte pair encoding: the merges, and the encoding of one word.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::error::{Error, Result};

/// Merges of CLIP's vocabulary: 49,408 less 256 bytes, 256 bytes that end a word and two specials.
pub(super) const MERGES: usize = 48_894;
/// FNV-1a of the merges as pairs of ids: tells CLIP's merges from any others of the same number.
const CHECKSUM: u64 = 0x1188_0495_aa23_a0ac;
/// First id of the symbols that end a word.
const WORD_END: u32 = 256;
/// Id of the first merge.
const FIRST_MERGE: u32 = 512;
/// No neighbour.
const NONE: usize = usize::MAX;

/// The merges as a sorted table. An id is that of CLIP: bytes in the order of [`byte_symbols`], the same again as
/// word ends, then the merges in their order.
#[derive(Clone, Debug)]
pub(super) struct Bpe {
    /// `left << 32 | right << 16 | rank` per merge, sorted: 8 bytes each, and a look-up is a binary search. Every id
    /// of a merge's parts is below 2^16.
    pairs: Vec<u64>,
    /// Id of each byte value.
    bytes: [u32; 256],
}

impl Bpe {
    /// Reads a header line (`#version...`) and one merge a line, two symbols with a space between.
    pub(super) fn from_merges(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        if !lines.next().is_some_and(|line| line.starts_with("#version")) {
            return Err(Error::Tokenizer(
                "line 1 is not the `#version` line of a merges file".into(),
            ));
        }
        let merges: Vec<&str> = lines.collect();
        if merges.len() != MERGES {
            return Err(Error::Tokenizer(format!(
                "{} merges, CLIP's vocabulary has {MERGES}",
                merges.len()
            )));
        }
        let pairs = resolve(&merges)?;
        let checksum = pairs.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &(left, right)| {
            (hash ^ u64::from(left << 16 | right)).wrapping_mul(0x100_0000_01b3)
        });
        if checksum != CHECKSUM {
            return Err(Error::Tokenizer(format!(
                "the merges are not CLIP's (checksum {checksum:016x})"
            )));
        }
        let pack = |(rank, (left, right)): (u64, &(u32, u32))| pair_key(*left, *right) | rank;
        let mut pairs: Vec<u64> = (0..).zip(&pairs).map(pack).collect();
        pairs.sort_unstable();
        let mut bytes = [0; 256];
        for (id, (byte, _)) in (0..).zip(byte_symbols()) {
            bytes[usize::from(byte)] = id;
        }
        Ok(Self { pairs, bytes })
    }

    /// Appends the ids of one word, given as its UTF-8 bytes.
    ///
    /// The merge of lowest rank goes first, and of equal ones the leftmost, until none applies. The merges wait in a
    /// heap and the symbols stand in a linked list, so a word of n bytes takes n log n steps, however long it is.
    pub(super) fn encode_word(&self, word: &[u8], ids: &mut Vec<u32>) {
        let Some((&last, head)) = word.split_last() else { return };
        let byte = |b: u8| self.bytes[usize::from(b)];
        let mut symbols: Vec<Symbol> = Vec::with_capacity(word.len());
        let of_bytes = head.iter().map(|&b| byte(b)).chain([byte(last) + WORD_END]);
        symbols.extend(of_bytes.enumerate().map(|(i, id)| Symbol {
            id,
            previous: i.wrapping_sub(1),
            next: i + 1,
        }));
        if let Some(end) = symbols.last_mut() {
            end.next = NONE;
        }
        let mut heap: BinaryHeap<Reverse<(u32, usize)>> = BinaryHeap::new();
        heap.extend((0..symbols.len()).filter_map(|at| Some(Reverse((self.rank_at(&symbols, at)?, at)))));
        while let Some(Reverse((rank, at))) = heap.pop() {
            // An entry is out of date if its symbols have changed since it was pushed.
            if self.rank_at(&symbols, at) != Some(rank) {
                continue;
            }
            let right = symbols[at].next;
            let after = symbols[right].next;
            symbols[right].id = Symbol::GONE;
            symbols[at].id = FIRST_MERGE + rank;
            symbols[at].next = after;
            if let Some(after) = symbols.get_mut(after) {
                after.previous = at;
            }
            for changed in [symbols[at].previous, at] {
                heap.extend(self.rank_at(&symbols, changed).map(|rank| Reverse((rank, changed))));
            }
        }
        ids.extend(symbols.iter().map(|symbol| symbol.id).filter(|&id| id != Symbol::GONE));
    }

    /// Rank of the merge of the symbol at `at` with the one after it, if there is one.
    fn rank_at(&self, symbols: &[Symbol], at: usize) -> Option<u32> {
        let left = symbols.get(at)?;
        let right = symbols.get(left.next)?;
        self.rank(left.id, right.id)
    }

    fn rank(&self, left: u32, right: u32) -> Option<u32> {
        if left == Symbol::GONE || right == Symbol::GONE {
            return None;
        }
        let key = pair_key(left, right);
        let found = *self.pairs.get(self.pairs.partition_point(|&pair| pair < key))?;
        (found & !0xffff == key).then_some((found & 0xffff) as u32)
    }
}

/// A symbol of a word in the linked list.
struct Symbol {
    id: u32,
    previous: usize,
    next: usize,
}

impl Symbol {
    /// Marks a symbol that has been merged into the one before it.
    const GONE: u32 = u32::MAX;
}

fn pair_key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right) << 16
}

/// The parts of each merge as ids. A part has to be a byte or the result of an earlier merge.
fn resolve(merges: &[&str]) -> Result<Vec<(u32, u32)>> {
    // The names of all merged symbols stand in one string, so that the map borrows them instead of owning 49,000.
    let names = merges.concat().replace(' ', "");
    let mut known: HashMap<&str, u32> = HashMap::with_capacity(2 * MERGES);
    let symbols: Vec<String> = byte_symbols().map(|(_, c)| format!("{c}</w>")).collect();
    for (id, name) in (0..).zip(&symbols) {
        known.insert(name.trim_end_matches("</w>"), id);
        known.insert(name, id + WORD_END);
    }
    let mut start = 0;
    let mut pairs = Vec::with_capacity(merges.len());
    for (id, line) in (FIRST_MERGE..).zip(merges) {
        let damaged = |what: &str| Error::Tokenizer(format!("line {}: {what}", id - FIRST_MERGE + 2));
        let (left, right) = line.split_once(' ').ok_or_else(|| damaged("not two symbols"))?;
        let part = |name: &str| {
            known
                .get(name)
                .copied()
                .ok_or_else(|| damaged("a symbol that nothing before it makes"))
        };
        let pair = (part(left)?, part(right)?);
        // Both parts are known, so neither holds a space and `names` has them next to each other.
        let end = start + left.len() + right.len();
        if known.insert(&names[start..end], id).is_some() {
            return Err(damaged("the same symbol a second time"));
        }
        start = end;
        pairs.push(pair);
    }
    Ok(pairs)
}

/// The bytes in the order of CLIP's ids, each with the character that stands for it in a merges file: printable
/// Latin-1 as itself, then the rest in order as U+0100 and up.
fn byte_symbols() -> impl Iterator<Item = (u8, char)> {
    let printable = || (b'!'..=b'~').chain(0xa1..=0xac).chain(0xae..=0xff);
    let rest = (0..=0xff_u8).filter(|b| !matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff));
    printable().map(|b| (b, char::from(b))).chain(rest.zip('\u{100}'..))
}
