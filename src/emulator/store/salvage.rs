//! What can be read of a database that redb does not open any more.
//!
//! redb refuses a damaged file as a whole. Its format is documented in the design document of its repository: a tree of
//! pages, of which the leaves hold the records. Here the tree is walked without trust: nothing is believed but the
//! checksum that each record carries, no page is visited twice, and what points nowhere is passed over. So a damaged
//! record costs itself, and a damaged page what is below it. Pages that the tree does not name are not looked at: they
//! hold what was deleted or replaced.

use super::database::{RECORDS_NAME, unframe};
use std::{collections::HashSet, fs, io, path::Path};

/// The unit of the file, in bytes.
const PAGE: usize = 4096;
/// Where in the header it stands which commit slot is the newer one, and how large a region is.
const FLAGS: usize = 9;
const REGION_HEADER_PAGES: usize = 16;
const REGION_DATA_PAGES: usize = 20;
/// Where the two commit slots are, and where in one the root of the tree of tables is.
const SLOTS: [usize; 2] = [64, 192];
const ROOT: usize = 8;
/// Where in a table's definition the number of its records and the root of its tree are.
const TABLE_LENGTH: usize = 1;
const TABLE_ROOT: usize = 10;
/// The kinds of pages.
const LEAF: u8 = 1;
const BRANCH: u8 = 2;

/// The records that could be read.
#[derive(Default)]
pub(super) struct Salvaged {
    /// Key and JSON of each.
    pub(super) records: Vec<(String, Vec<u8>)>,
    /// How many could not be read, as far as that can be told.
    pub(super) lost: usize,
}

/// Reads what can be read of a damaged file.
///
/// # Errors
/// The operating system's.
pub(super) fn read(path: &Path) -> io::Result<Salvaged> {
    let file = File { bytes: fs::read(path)? };
    let is_second = file.bytes.get(FLAGS).is_some_and(|flags| flags & 1 == 1);
    let newer = SLOTS[usize::from(is_second)];
    let older = SLOTS[usize::from(!is_second)];
    // The commit before the last one is better than nothing.
    let found = [newer, older].into_iter().map(|slot| file.records(slot));
    Ok(found.reduce(|newer, older| if newer.records.is_empty() { older } else { newer }).unwrap_or_default())
}

struct File {
    bytes: Vec<u8>,
}

impl File {
    fn records(&self, slot: usize) -> Salvaged {
        let mut table = None;
        if let Some(root) = u64_at(&self.bytes, slot + ROOT) {
            self.walk(root, |name, definition| {
                if name == RECORDS_NAME.as_bytes() {
                    table = u64_at(definition, TABLE_ROOT).zip(u64_at(definition, TABLE_LENGTH));
                }
            });
        }
        let Some((root, length)) = table else { return Salvaged::default() };
        let mut salvaged = Salvaged::default();
        let mut seen = HashSet::new();
        let mut damaged = 0;
        self.walk(root, |key, framed| {
            let key = std::str::from_utf8(key).ok();
            match key.and_then(|key| Some((key, unframe(key, framed)?))) {
                Some((key, json)) if seen.insert(key.to_owned()) => {
                    salvaged.records.push((key.to_owned(), json.to_vec()));
                }
                _ => damaged += 1,
            }
        });
        // The number of records may be damaged itself.
        let missing = usize::try_from(length).unwrap_or(0).saturating_sub(salvaged.records.len());
        salvaged.lost = if missing <= self.bytes.len() / PAGE * PAGE { missing.max(damaged) } else { damaged };
        salvaged
    }

    /// Walks over all entries of a tree, as far as it hangs together.
    fn walk(&self, root: u64, mut each: impl FnMut(&[u8], &[u8])) {
        let mut visited = HashSet::new();
        let mut pages = vec![root];
        while let Some(number) = pages.pop() {
            if !visited.insert(number) {
                continue;
            }
            let Some(page) = self.page(number) else { continue };
            match page.first() {
                Some(&LEAF) => leaf(page, &mut each),
                // The first child is to be the next.
                Some(&BRANCH) => pages.extend(children(page).rev()),
                _ => {}
            }
        }
    }

    /// Finds a page by its number: 20 bits for the place in its region, 20 for the region, 5 at the top for the size.
    fn page(&self, number: u64) -> Option<&[u8]> {
        let order = u32::try_from(number >> 59).ok()?;
        let index = usize::try_from(number & (0xf_ffff >> order)).ok()?;
        let region = usize::try_from((number >> 20) & 0xf_ffff).ok()?;
        let header_pages = u32_at(&self.bytes, REGION_HEADER_PAGES)?;
        let region_pages = header_pages.checked_add(u32_at(&self.bytes, REGION_DATA_PAGES)?)?;
        let size = PAGE.checked_mul(1 << order)?;
        let before = region.checked_mul(region_pages)?.checked_add(header_pages)?.checked_add(1)?;
        let start = before.checked_mul(PAGE)?.checked_add(index.checked_mul(size)?)?;
        self.bytes.get(start..start.checked_add(size)?)
    }
}

/// Walks over the entries of a leaf: their number, the ends of all keys, the ends of all values, keys, values.
fn leaf(page: &[u8], each: &mut impl FnMut(&[u8], &[u8])) {
    const ENDS: usize = 4;
    let count = u16_at(page, 2).unwrap_or(0);
    let (keys, values) = (ENDS, ENDS + 4 * count);
    let end = |ends: usize, entry: usize| u32_at(page, ends + 4 * entry);
    for entry in 0..count {
        let (first_key, first_value) = (Some(values + 4 * count), end(keys, count - 1));
        let start = |ends: usize, first| if entry == 0 { first } else { end(ends, entry - 1) };
        let slice = |ends: usize, first| page.get(start(ends, first)?..end(ends, entry)?);
        if let (Some(key), Some(value)) = (slice(keys, first_key), slice(values, first_value)) {
            each(key, value);
        }
    }
}

/// Lists the pages below a branch: they stand behind the checksums of all of them.
fn children(page: &[u8]) -> impl DoubleEndedIterator<Item = u64> {
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
