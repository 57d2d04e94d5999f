//! Reads from an ELF header the two facts that decide whether a program can start somewhere: the machine that it is for
//! and the dynamic loader that it asks for. Nothing else of the format is looked at.

use std::fmt;

/// How many bytes of a file [`inspect`] needs at most: header, program headers and the loader's name lie at the front.
pub const HEAD: usize = 64 * 1024;

const MAGIC: &[u8; 4] = b"\x7fELF";
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const PT_INTERP: u32 = 3;

/// A processor architecture, by its ELF number (`e_machine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine(pub u16);

impl Machine {
    const X86_64: Self = Self(62);
    const AARCH64: Self = Self(183);

    /// Tells the architecture that this program was built for; `None` where we do not know its ELF number.
    #[must_use]
    pub fn current() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::AARCH64),
            _ => None,
        }
    }
}

/// Writes the name that `uname -m` would say, or the ELF number.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            3 => f.write_str("i386"),
            40 => f.write_str("arm"),
            62 => f.write_str("x86_64"),
            183 => f.write_str("aarch64"),
            243 => f.write_str("riscv64"),
            number => write!(f, "ELF machine {number}"),
        }
    }
}

/// What an executable needs of the machine that starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The architecture.
    pub machine: Machine,
    /// The dynamic loader's path; `None` of a static executable.
    pub interpreter: Option<String>,
}

/// Whether `head` is the beginning of an ELF file.
#[must_use]
pub fn is_elf(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Reads the needs of an ELF file from its first [`HEAD`] bytes; `None` when it is not a well-formed ELF file.
///
/// The loader of a 32-bit or big-endian file is not looked for: no machine that we run on starts one.
#[must_use]
pub fn inspect(head: &[u8]) -> Option<Needs> {
    let ident = head.get(..16).filter(|_| is_elf(head))?;
    if ident[5] != LITTLE_ENDIAN {
        return Some(Needs { machine: Machine(u16::from_be_bytes(read(head, 18)?)), interpreter: None });
    }
    let machine = Machine(u16::from_le_bytes(read(head, 18)?));
    let interpreter = if ident[4] == CLASS_64 { interpreter(head).ok()? } else { None };
    Some(Needs { machine, interpreter })
}

/// A table of the file lies outside of it.
struct Damaged;

/// Looks for the loader's name among the program headers.
fn interpreter(head: &[u8]) -> Result<Option<String>, Damaged> {
    let table = number(head, 32)?;
    let size = usize::from(u16::from_le_bytes(read(head, 54).ok_or(Damaged)?));
    let count = usize::from(u16::from_le_bytes(read(head, 56).ok_or(Damaged)?));
    for index in 0..count {
        let entry = index.checked_mul(size).and_then(|offset| table.checked_add(offset)).ok_or(Damaged)?;
        if u32::from_le_bytes(read(head, entry).ok_or(Damaged)?) == PT_INTERP {
            let (start, length) = (number(head, entry + 8)?, number(head, entry + 32)?);
            let name = start.checked_add(length).and_then(|end| head.get(start..end)).ok_or(Damaged)?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Some(String::from_utf8_lossy(name).into_owned()));
        }
    }
    Ok(None)
}

/// Reads an offset or a length.
fn number(head: &[u8], at: usize) -> Result<usize, Damaged> {
    read(head, at).and_then(|bytes| usize::try_from(u64::from_le_bytes(bytes)).ok()).ok_or(Damaged)
}

fn read<const N: usize>(head: &[u8], at: usize) -> Option<[u8; N]> {
    head.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A little-endian 64-bit ELF header for `machine`, with a `PT_INTERP` entry when there is an interpreter.
    pub(crate) fn elf(machine: u16, interpreter: Option<&str>) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', CLASS_64, LITTLE_ENDIAN]);
        file[18..20].copy_from_slice(&machine.to_le_bytes());
        file[32..40].copy_from_slice(&64_u64.to_le_bytes());
        file[54..56].copy_from_slice(&56_u16.to_le_bytes());
        if let Some(name) = interpreter {
            file[56..58].copy_from_slice(&1_u16.to_le_bytes());
            let mut entry = vec![0; 56];
            entry[..4].copy_from_slice(&PT_INTERP.to_le_bytes());
            entry[8..16].copy_from_slice(&120_u64.to_le_bytes());
            entry[32..40].copy_from_slice(&u64::try_from(name.len() + 1).unwrap().to_le_bytes());
            file.extend(entry);
            file.extend(name.as_bytes());
            file.push(0);
        }
        file
    }

    #[test]
    fn a_static_executable_needs_its_machine_only() {
        assert_eq!(inspect(&elf(183, None)), Some(Needs { machine: Machine::AARCH64, interpreter: None }));
    }

    #[test]
    fn a_dynamic_executable_names_its_loader() {
        let needs = inspect(&elf(62, Some("/lib64/ld-linux-x86-64.so.2"))).unwrap();
        assert_eq!(needs.interpreter.as_deref(), Some("/lib64/ld-linux-x86-64.so.2"));
    }

    #[test]
    fn what_is_not_elf_has_no_needs() {
        assert_eq!(inspect(b""), None);
        assert_eq!(inspect(b"#!/bin/sh\n"), None);
        assert_eq!(inspect(b"\x7fELF"), None);
    }

    #[test]
    fn this_very_test_is_for_this_machine() {
        let head = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(inspect(&head[..HEAD]).map(|needs| needs.machine), Machine::current());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_inspection_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut file = vec![0x7f, b'E', b'L', b'F', CLASS_64, LITTLE_ENDIAN];
            file.extend(tail);
            let _ = inspect(&file);
            prop_assert!(is_elf(&file));
        }
    }
}
