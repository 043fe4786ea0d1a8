//! Where refused files go: kept for whoever wants to know what happened, but never many of them.

use std::ffi::OsStr;
use std::time::{SystemTime, UNIX_EPOCH};

use cap_std::fs::Dir;
use stratbox_domain::Digest;

/// The folder's name.
pub(crate) const NAME: &str = "quarantine";
/// The most files that are kept; the oldest go.
const MOST: usize = 32;

/// A file that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarantined {
    /// Name of the shelf that it was on.
    pub shelf: &'static str,
    /// What it was stored under.
    pub key: Digest,
    /// Why it was refused.
    pub reason: Reason,
}

/// Why a file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It is shorter than its header, or than its header says.
    Truncated,
    /// This installation wrote it, in another format.
    Old,
    /// This installation wrote it, under another key or for another shelf.
    Swapped,
    /// Not what this installation wrote: its bytes were changed, or it was written by someone else.
    Altered,
    /// A symbolic link, a directory, or anything else that is no regular file.
    NotRegular,
    /// Larger than the vault reads.
    TooLarge,
}

/// Moves `file` from `dir` to the quarantine at `now`, or removes it when there is none or it cannot be moved. When
/// neither can be done it stays, and is refused again the next time.
///
/// Another process may have been here first: then there is nothing to move. It may even have stored a good file in the
/// meantime, which is then moved away; that costs making it once more.
pub(crate) fn put_away(
    quarantine: Option<&Dir>,
    dir: &Dir,
    file: &str,
    shelf: &str,
    key: &Digest,
    now: SystemTime,
) {
    let Some(quarantine) = quarantine else { return remove(dir, file) };
    match dir.rename(file, quarantine, file_name(shelf, key, now)) {
        Ok(()) => prune(quarantine),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(_) => remove(dir, file),
    }
}

/// A file's own times can be set by whoever wrote it, so the name says when it was moved. Names differ by their random
/// part when two are moved at the same time; should there be no random numbers, the later one replaces the earlier.
fn file_name(shelf: &str, key: &Digest, now: SystemTime) -> String {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanoseconds = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
    let random = getrandom::u32().unwrap_or_default();
    format!("{shelf}-{}-{nanoseconds:016x}-{random:08x}", key.short())
}

/// When a file was moved, by its name. Those that were not named here go first.
fn moved_at(name: &OsStr) -> Option<u64> {
    u64::from_str_radix(name.to_str()?.rsplit('-').nth(1)?, 16).ok()
}

fn prune(quarantine: &Dir) {
    let Ok(entries) = quarantine.entries() else { return };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort_by_cached_key(|name| moved_at(name));
    let surplus = names.len().saturating_sub(MOST);
    names[..surplus].iter().for_each(|name| remove(quarantine, name));
}

/// What cannot be removed was removed by another process already, or stays.
fn remove(dir: &Dir, name: impl AsRef<std::path::Path>) {
    if dir.remove_file(&name).is_err() {
        let _ = dir.remove_dir_all(&name);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use cap_std::ambient_authority;
    use cap_tempfile::{TempDir, tempdir};

    use super::*;

    fn dirs() -> (TempDir, TempDir) {
        (tempdir(ambient_authority()).unwrap(), tempdir(ambient_authority()).unwrap())
    }

    fn names(dir: &Dir) -> BTreeSet<String> {
        dir.entries().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Moves one file at so many seconds after the epoch, and says under which key.
    fn put_away_at(quarantine: &Dir, dir: &Dir, seconds: u64) -> String {
        let key = Digest::of(&seconds.to_le_bytes());
        dir.write("file", "refused").unwrap();
        put_away(Some(quarantine), dir, "file", "shelf", &key, UNIX_EPOCH + Duration::from_secs(seconds));
        key.short()
    }

    #[test]
    fn a_refused_file_is_kept_as_it_was() {
        let (quarantine, dir) = dirs();
        let key = put_away_at(&quarantine, &dir, 1);
        assert!(names(&dir).is_empty());
        let kept = names(&quarantine).pop_first().unwrap();
        assert!(kept.starts_with(&format!("shelf-{key}-")), "`{kept}`");
        assert_eq!(quarantine.read(kept).unwrap(), b"refused");
    }

    #[test]
    fn only_the_last_thirty_two_are_kept() {
        let (quarantine, dir) = dirs();
        let keys: Vec<_> = (0..40).map(|second| put_away_at(&quarantine, &dir, second)).collect();
        let kept: BTreeSet<_> =
            names(&quarantine).iter().map(|name| name.split('-').nth(1).unwrap().to_owned()).collect();
        assert_eq!(kept, keys[8..].iter().cloned().collect());
    }

    #[test]
    fn what_was_not_moved_here_goes_first_even_when_it_is_a_directory() {
        let (quarantine, dir) = dirs();
        quarantine.create_dir_all("planted/below").unwrap();
        quarantine.write("planted/below/file", "x").unwrap();
        for second in 0..31 {
            put_away_at(&quarantine, &dir, second);
        }
        assert!(quarantine.exists("planted"), "there is room for it");
        put_away_at(&quarantine, &dir, 31);
        assert!(!quarantine.exists("planted"));
        assert_eq!(names(&quarantine).len(), MOST);
    }

    #[test]
    fn two_files_of_one_key_at_one_time_are_both_kept() {
        let (quarantine, dir) = dirs();
        put_away_at(&quarantine, &dir, 1);
        put_away_at(&quarantine, &dir, 1);
        assert_eq!(names(&quarantine).len(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_moved_is_removed() {
        let dir = tempdir(ambient_authority()).unwrap();
        dir.write("file", "refused").unwrap();
        put_away(None, &dir, "file", "shelf", &Digest::of(b"key"), UNIX_EPOCH);
        assert!(names(&dir).is_empty());
    }

    #[test]
    fn a_file_that_another_process_has_moved_is_no_concern() {
        let (quarantine, dir) = dirs();
        put_away(Some(&quarantine), &dir, "file", "shelf", &Digest::of(b"key"), UNIX_EPOCH);
        assert!(names(&quarantine).is_empty());
    }
}
