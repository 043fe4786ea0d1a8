//! Files that a killed process leaves behind while it makes others.

use std::time::{Duration, SystemTime};

use cap_std::fs::{Dir, DirEntry};

/// Nothing takes a day to write.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
const KEY_PREFIX: &str = "key.";

/// A name, not used yet, for a key that is being written.
pub(crate) fn key_in_the_making() -> Result<String, getrandom::Error> {
    Ok(format!("{KEY_PREFIX}{:016x}", getrandom::u64()?))
}

/// Removes temporary files that were last written more than a day before `now`. Those that cannot be removed do no harm.
pub(crate) fn remove_stale(dir: &Dir, now: SystemTime) {
    let Ok(entries) = dir.entries() else { return };
    for entry in entries.flatten().filter(|entry| is_temporary(&entry.file_name().to_string_lossy())) {
        if age(&entry, now).is_some_and(|age| age > STALE) {
            let _ = entry.remove_file();
        }
    }
}

/// Time since a regular file was last written. One from the future has none.
fn age(entry: &DirEntry, now: SystemTime) -> Option<Duration> {
    let metadata = entry.metadata().ok().filter(cap_std::fs::Metadata::is_file)?;
    now.duration_since(metadata.modified().ok()?.into_std()).ok()
}

/// Whether a name is that of a key in the making, or a UUID, as `cap_tempfile` names its files.
fn is_temporary(name: &str) -> bool {
    let uuid = || {
        let groups: Vec<usize> = name.split('-').map(str::len).collect();
        groups == [8, 4, 4, 4, 12] && name.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
    };
    name.starts_with(KEY_PREFIX) || uuid()
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    const UUID: &str = "0d9f6c1e-58a3-4a0b-9d53-7f1e2b3c4d5e";

    /// What is left, an hour more or less than a day after files of these names were written.
    fn left_of(names: &[&str], hours: u64) -> Vec<String> {
        let dir = cap_tempfile::tempdir(ambient_authority()).unwrap();
        names.iter().for_each(|name| dir.write(name, "half a file").unwrap());
        let written = dir.metadata(names[0]).unwrap().modified().unwrap().into_std();
        remove_stale(&dir, written + Duration::from_secs(hours * 3600));
        let mut left: Vec<_> =
            dir.entries().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        left
    }

    #[test]
    fn temporary_files_are_removed_when_older_than_a_day() {
        let key = key_in_the_making().unwrap();
        assert_eq!(left_of(&[UUID, &key], 25), [""; 0]);
        assert_eq!(left_of(&[UUID, &key], 23), [UUID, &key]);
    }

    #[test]
    fn a_file_from_the_future_stays() {
        let dir = cap_tempfile::tempdir(ambient_authority()).unwrap();
        dir.write(UUID, "half a file").unwrap();
        remove_stale(&dir, SystemTime::UNIX_EPOCH);
        assert!(dir.exists(UUID));
    }

    #[test]
    fn files_that_are_not_temporary_stay_however_old_they_are() {
        let stored = "ab".repeat(32);
        let almost = "0d9f6c1e-58a3-4a0b-9d53-7f1e2b3c4d5g";
        assert_eq!(
            left_of(&[almost, &stored, "key", "notes.txt"], 1_000),
            [almost, &stored, "key", "notes.txt"]
        );
    }

    #[test]
    fn the_names_that_the_writer_of_files_gives_are_known() {
        let dir = cap_tempfile::tempdir(ambient_authority()).unwrap();
        // Its directories are named as its files are, and are there to be seen.
        let made = cap_tempfile::tempdir_in(&dir).unwrap();
        let name = dir.entries().unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
        assert!(is_temporary(&name), "`{name}`");
        made.close().unwrap();
    }
}
