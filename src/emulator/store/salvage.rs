//! What can be read of a database that redb does not open any more.
//!
//! redb refuses a damaged file as a whole. Its format is documented in the design document of its repository: a tree of
//! pages, of which the leaves hold the records. Here the tree is walked without trust: nothing is believed but the
//! checksum that each record carries, no page is visited twice, and what points nowhere is passed over. So a damaged
//! record costs itself. Where pages of the tree are lost, all leaves that lie about are looked at, whether something
//! leads to them or not: among them are those below the lost page, and others that hold what was deleted or replaced.
//! Records have no number of their commit, so nobody can tell these apart, and what comes of it is told as not known.
//!
//! Nor is it believed what a page says of lengths: entries may lie over each other, and pages inside of pages, so that a
//! file of some kilobytes could be read for days. The work that there is grows with the file and with nothing else.

use super::database::{RECORDS_NAME, SLOTS, parse_key, unframe};
use std::{
    cell::Cell,
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{self, Read},
    path::Path,
};

/// The unit of the file, in bytes.
const PAGE: usize = 4096;
/// The pages of a region, 4 GiB; the file's first page is before all regions. The header says it too, and may be wrong.
const REGION_PAGES: usize = 1 << 20;
/// Where in the header it stands which commit slot is the newer one.
const FLAGS: usize = 9;
/// Where in a commit slot the root of the tree of tables is.
const ROOT: usize = 8;
/// Where in a table's definition the number of its records and the root of its tree are.
const TABLE_LENGTH: usize = 1;
const TABLE_ROOT: usize = 10;
/// The kinds of pages.
const LEAF: u8 = 1;
const BRANCH: u8 = 2;
/// How much of a file is looked at, in bytes; a store is thousands of times smaller.
const MOST: u64 = 128 << 20;
/// How often all of it may be read. What was written has no byte in two entries: it is read once in the tree of each
/// commit, and once where leaves lie about.
const TIMES: usize = 8;
/// What an entry of a leaf and one of a branch cost beside their bytes: the numbers that say where they are.
const ENTRY: usize = 8;
const CHILD: usize = 8;

/// The records that could be read.
pub(super) struct Salvaged {
    /// Key and JSON of each.
    pub(super) records: Vec<(String, Vec<u8>)>,
    /// How many could not be read; `None` where that cannot be told.
    pub(super) lost: Option<usize>,
}

/// Reads what can be read of a damaged file.
///
/// # Errors
/// The operating system's.
pub(super) fn read(path: &Path) -> io::Result<Salvaged> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    let wreck = Wreck::new(bytes);
    let (records, lost) = wreck.salvage();
    let owned = |(key, json): (&str, &[u8])| (key.to_owned(), json.to_vec());
    Ok(Salvaged { records: records.into_iter().map(owned).collect(), lost })
}

/// JSON by key.
type Records<'a> = BTreeMap<&'a str, &'a [u8]>;

/// What the tree of a commit led to.
struct Tree<'a> {
    records: Records<'a>,
    /// The keys of the records that are not what was written.
    damaged: HashSet<&'a [u8]>,
    /// How many records there were; may be damaged itself.
    length: usize,
}

/// A damaged file, and how many bytes of it may still be read.
struct Wreck {
    bytes: Vec<u8>,
    work: Cell<usize>,
}

impl Wreck {
    fn new(bytes: Vec<u8>) -> Self {
        let work = Cell::new(bytes.len().saturating_mul(TIMES));
        Self { bytes, work }
    }

    /// Takes so many bytes from those that may still be read; `None` where they are not enough, and from then on.
    fn afford(&self, bytes: usize) -> Option<()> {
        let left = self.work.get().checked_sub(bytes);
        self.work.set(left.unwrap_or_default());
        left.map(drop)
    }

    /// Gives the records that check, and how many do not, where that is known.
    fn salvage(&self) -> (Records<'_>, Option<usize>) {
        let is_second = self.bytes.get(FLAGS).is_some_and(|flags| flags & 1 == 1);
        let (newer, older) = (SLOTS[usize::from(is_second)], SLOTS[usize::from(!is_second)]);
        let (newest, before) = (self.tree(newer), self.tree(older));
        let mut is_known = newest.is_some();
        // What the commit before the last one has is better than nothing.
        let mut found = before.as_ref().map(|tree| tree.records.clone()).unwrap_or_default();
        let Some(mut tree) = newest.or(before) else { return (self.leaves(), None) };
        let (missing, damaged) = (tree.length.saturating_sub(tree.records.len()), tree.damaged.len());
        if missing > 0 || damaged > 0 {
            for (key, json) in self.leaves() {
                found.entry(key).or_insert(json);
            }
        }
        found.retain(|key, _| !tree.records.contains_key(key));
        if damaged > 0 && missing == damaged {
            // Each missing record was met, damaged: what else lies about was deleted.
            found.retain(|key, _| tree.damaged.contains(key.as_bytes()));
        }
        // Where the work came to an end, some of it was not looked at.
        is_known &= found.is_empty() && missing <= self.bytes.len() && self.work.get() > 0;
        tree.records.extend(found);
        (tree.records, is_known.then_some(missing.max(damaged)))
    }

    /// Reads the tree of records of a commit; `None` where nothing leads to one.
    fn tree(&self, slot: usize) -> Option<Tree<'_>> {
        let mut table = None;
        self.walk(u64_at(&self.bytes, slot + ROOT)?, |name, definition| {
            if name == RECORDS_NAME.as_bytes() {
                table = u64_at(definition, TABLE_ROOT).zip(u64_at(definition, TABLE_LENGTH));
            }
        });
        let (root, length) = table?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut tree = Tree { records: Records::new(), damaged: HashSet::new(), length };
        self.walk(root, |key, framed| match checked(key, framed) {
            Some((key, json)) => {
                tree.records.entry(key).or_insert(json);
            }
            None => {
                tree.damaged.insert(key);
            }
        });
        Some(tree)
    }

    /// Reads every leaf that lies about; of several versions of a record one of them.
    fn leaves(&self) -> Records<'_> {
        let mut records = Records::new();
        for page in (PAGE..self.bytes.len()).step_by(PAGE).filter_map(|start| self.bytes.get(start..)) {
            // Its entries say how large it is.
            if page.first() == Some(&LEAF) {
                self.leaf(page, &mut |key, framed| {
                    if let Some((key, json)) = checked(key, framed) {
                        records.entry(key).or_insert(json);
                    }
                });
            }
        }
        records
    }

    /// Walks over all entries of a tree, as far as it hangs together.
    fn walk<'a>(&'a self, root: u64, mut each: impl FnMut(&'a [u8], &'a [u8])) {
        // By where they are: many numbers lead to one place.
        let mut met = HashSet::new();
        let mut pages = Vec::from_iter(self.page(root));
        while let Some(page) = pages.pop() {
            match page.first() {
                Some(&LEAF) => self.leaf(page, &mut each),
                Some(&BRANCH) => {
                    let known = pages.len();
                    for child in children(page) {
                        if self.afford(CHILD).is_none() {
                            return;
                        }
                        pages.extend(self.page(child).filter(|page| met.insert((page.as_ptr(), page.len()))));
                    }
                    // The first child is to be the next.
                    pages[known..].reverse();
                }
                _ => {}
            }
        }
    }

    /// Walks over the entries of a leaf: their number, the ends of all keys, the ends of all values, keys, values.
    fn leaf<'a>(&self, page: &'a [u8], each: &mut impl FnMut(&'a [u8], &'a [u8])) {
        const ENDS: usize = 4;
        let count = u16_at(page, 2).unwrap_or(0);
        let (keys, values) = (ENDS, ENDS + 4 * count);
        let end = |ends: usize, entry: usize| u32_at(page, ends + 4 * entry);
        for entry in 0..count {
            let (first_key, first_value) = (Some(values + 4 * count), end(keys, count - 1));
            let start = |ends: usize, first| if entry == 0 { first } else { end(ends, entry - 1) };
            let slice = |ends: usize, first| page.get(start(ends, first)?..end(ends, entry)?);
            let (key, value) = (slice(keys, first_key), slice(values, first_value));
            let read = ENTRY + key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
            if self.afford(read).is_none() {
                return;
            }
            if let (Some(key), Some(value)) = (key, value) {
                each(key, value);
            }
        }
    }

    /// Finds a page by its number: 20 bits for the place in its region, 20 for the region, 5 at the top for the size.
    fn page(&self, number: u64) -> Option<&[u8]> {
        let order = u32::try_from(number >> 59).ok()?;
        let index = usize::try_from(number & (0xf_ffff >> order)).ok()?;
        let region = usize::try_from((number >> 20) & 0xf_ffff).ok()?;
        let size = PAGE.checked_mul(1 << order)?;
        let before = region.checked_mul(REGION_PAGES)?.checked_add(1)?;
        let start = before.checked_mul(PAGE)?.checked_add(index.checked_mul(size)?)?;
        self.bytes.get(start..start.checked_add(size)?)
    }
}

/// Takes a record whose checksum is right.
fn checked<'a>(key: &'a [u8], framed: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let key = std::str::from_utf8(key).ok()?;
    // Of nothing but zeros the checksum is right, too.
    parse_key(key)?;
    Some((key, unframe(key, framed)?))
}

/// Lists the pages below a branch: they stand behind the checksums of all of them.
fn children(page: &[u8]) -> impl Iterator<Item = u64> {
    const CHECKSUMS: usize = 8;
    let count = u16_at(page, 2).map_or(0, |keys| keys + 1);
    (0..count).filter_map(move |child| u64_at(page, CHECKSUMS + 16 * count + 8 * child))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?).try_into().ok()
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one page and these.
    fn wreck(pages: &[u8]) -> Wreck {
        Wreck::new([&[0; PAGE], pages].concat())
    }

    #[test]
    fn entries_that_lie_over_each_other_are_read_no_more_often_than_a_file_can_be() {
        let (count, size) = (u16::MAX, 1_u32 << 20);
        let mut leaf = vec![LEAF, 0];
        leaf.extend(count.to_le_bytes());
        // Keys of nothing; of the values every other one is the whole page.
        leaf.extend((0..count).flat_map(|_| 0_u32.to_le_bytes()));
        leaf.extend((0..count).flat_map(|entry| (u32::from(entry % 2) * size).to_le_bytes()));
        leaf.resize(size as usize, 0);
        let wreck = wreck(&leaf);
        let mut told = 0;
        wreck.leaf(&wreck.bytes[PAGE..], &mut |key, value| told += key.len() + value.len());
        assert!(told > 0 && told <= TIMES * wreck.bytes.len(), "{told}");
        let (records, lost) = wreck.salvage();
        assert_eq!((records.len(), lost), (0, None));
    }

    #[test]
    fn a_place_is_looked_at_once_however_many_numbers_lead_to_it() {
        let children = 100_u16;
        let mut pages = vec![BRANCH, 0];
        pages.extend((children - 1).to_le_bytes());
        pages.resize(8 + 16 * usize::from(children), 0);
        // The second page, with bits that mean nothing; and this one itself.
        pages.extend((1..children).flat_map(|child| (1 | (u64::from(child) << 40)).to_le_bytes()));
        pages.extend(0_u64.to_le_bytes());
        pages.resize(PAGE, 0);
        let (key, value) = (b"a/b/c/d", b"value");
        pages.extend([LEAF, 0, 1, 0]);
        let end = 12 + u32::try_from(key.len()).unwrap();
        pages.extend(end.to_le_bytes());
        pages.extend((end + u32::try_from(value.len()).unwrap()).to_le_bytes());
        pages.extend(key);
        pages.extend(value);
        pages.resize(2 * PAGE, 0);
        let mut told = Vec::new();
        wreck(&pages).walk(0, |key, value| told.push((key.to_vec(), value.to_vec())));
        assert_eq!(told, [(key.to_vec(), value.to_vec())]);
    }
}
