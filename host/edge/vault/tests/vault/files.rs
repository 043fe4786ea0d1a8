//! Storing and loading.

use std::fs::File;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use stratbox_vault::{DEFAULT_MAX_CONTENT, VaultError};

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_stored_is_loaded(content: Vec<u8>, name: String) {
        let fixture = Fixture::new();
        fixture.shelf.store(&key(&name), &content).unwrap();
        prop_assert_eq!(fixture.shelf.load(&key(&name)), Some(content));
        prop_assert_eq!(fixture.shelf.quarantined(), []);
    }
}

#[test]
fn what_was_never_stored_is_a_miss_and_nothing_to_count() {
    let fixture = Fixture::with_one_file();
    assert_eq!(fixture.shelf.load(&key("two")), None);
    assert_eq!(fixture.shelf.quarantined(), []);
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn what_is_stored_again_replaces_what_was_there() {
    let fixture = Fixture::with_one_file();
    fixture.shelf.store(&key("one"), b"newer").unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(b"newer".as_slice()));
    assert_eq!(names(&fixture.root().join("artifacts")), [key("one").to_string()]);
}

#[test]
fn what_is_stored_is_loaded_after_the_vault_was_opened_again() {
    let fixture = Fixture::with_one_file();
    let again = Vault::open(&fixture.root()).unwrap().shelf("artifacts", FORMAT).unwrap();
    assert_eq!(again.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn shelves_do_not_share_files() {
    let fixture = Fixture::with_one_file();
    let other = fixture.vault.shelf("components", FORMAT).unwrap();
    assert_eq!(other.load(&key("one")), None);
    other.store(&key("one"), b"other").unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
    assert_eq!(other.load(&key("one")).as_deref(), Some(b"other".as_slice()));
}

#[test]
fn a_refused_file_can_be_stored_anew() {
    let fixture = Fixture::with_one_file();
    std::fs::write(fixture.path(&key("one")), "damage").unwrap();
    fixture.refusal(&key("one"));
    fixture.shelf.store(&key("one"), CONTENT).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn clones_share_what_was_refused() {
    let fixture = Fixture::with_one_file();
    let clone = fixture.shelf.clone();
    std::fs::write(fixture.path(&key("one")), "damage").unwrap();
    fixture.refusal(&key("one"));
    assert_eq!(clone.quarantined(), fixture.shelf.quarantined());
}

#[test]
fn files_are_readable_by_their_owner_only() {
    let fixture = Fixture::with_one_file();
    assert_eq!(mode(&fixture.path(&key("one"))), 0o600);
}

#[test]
fn content_of_the_largest_size_is_kept_and_one_more_byte_is_refused() {
    let fixture = Fixture::with(|vault| vault.with_max_content(8));
    fixture.shelf.store(&key("one"), &[7; 8]).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")), Some(vec![7; 8]));
    let error = fixture.shelf.store(&key("one"), &[7; 9]).unwrap_err();
    assert!(matches!(error, VaultError::TooLarge { size: 9, limit: 8, .. }), "{error}");
    assert_eq!(fixture.shelf.load(&key("one")), Some(vec![7; 8]), "what was there is still there");
}

#[test]
fn half_a_gibibyte_is_kept_unless_told_otherwise() {
    assert_eq!(DEFAULT_MAX_CONTENT, 1 << 29);
}

#[test]
fn temporary_files_of_killed_processes_are_removed_when_the_vault_is_opened() {
    let fixture = Fixture::with_one_file();
    let uuid = "0d9f6c1e-58a3-4a0b-9d53-7f1e2b3c4d5e";
    let left = [fixture.root().join("key.0123456789abcdef"), fixture.root().join("artifacts").join(uuid)];
    let reopen = || Vault::open(&fixture.root()).unwrap().shelf("artifacts", FORMAT).unwrap();
    let last_week = SystemTime::now() - Duration::from_secs(7 * 24 * 60 * 60);

    left.iter().for_each(|path| std::fs::write(path, "half a file").unwrap());
    reopen();
    assert!(left.iter().all(|path| path.exists()), "someone may be writing them");
    for path in left.iter().chain([&fixture.path(&key("one"))]) {
        File::options().write(true).open(path).unwrap().set_modified(last_week).unwrap();
    }
    let shelf = reopen();
    assert!(left.iter().all(|path| !path.exists()));
    assert_eq!(shelf.load(&key("one")).as_deref(), Some(CONTENT), "a stored file has no age");
}
