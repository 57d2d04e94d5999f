//! A tar archive of a few files: all that an image of a static binary needs, in memory.

/// The size of a tar's blocks, in bytes.
const BLOCK: usize = 512;

/// Packs files by name and content, executable and owned by root, dated 1970 so that the same files make the same archive
/// (POSIX ustar).
pub(super) fn of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let padded = |content: &[u8]| content.len().next_multiple_of(BLOCK);
    let size: usize = files.iter().map(|(_, content)| BLOCK + padded(content)).sum();
    let mut archive = Vec::with_capacity(size + 2 * BLOCK);
    for (name, content) in files {
        archive.extend_from_slice(&header(name, content.len()));
        archive.extend_from_slice(content);
        archive.resize(archive.len() + padded(content) - content.len(), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

fn header(name: &str, length: usize) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000755\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    // The checksum is taken with its own field blank.
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write, process::Command};

    #[test]
    fn tar_itself_reads_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let archive = of(&[("atelier", b"#!/bin/true\n"), ("empty", b""), ("block", &[b'x'; BLOCK])]);
        std::fs::File::create(&path).unwrap().write_all(&archive).unwrap();
        let listed = Command::new("tar").args(["--utc", "--numeric-owner", "-tvf"]).arg(&path).output().unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.status.success());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.starts_with("-rwxr-xr-x 0/0")), "{text}");
        for (line, end) in
            lines.iter().zip(["12 1970-01-01 00:00 atelier", "0 1970-01-01 00:00 empty", "512 1970-01-01 00:00 block"])
        {
            assert!(line.ends_with(end), "{text}");
        }
        assert_eq!(lines.len(), 3);
    }
}
