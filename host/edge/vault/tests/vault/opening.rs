//! Who may open what.

use std::os::unix::fs::{MetadataExt, chown, symlink};

use stratbox_vault::VaultError;

use super::*;

fn refused(root: &Path) -> String {
    Vault::open(root).unwrap_err().to_string()
}

/// The number of a user who is not us, and whose files a superuser can make.
const STRANGER: u32 = 65_534;

fn are_superuser() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_new_vault_is_its_owners_alone() {
    let Fixture { dir, .. } = &Fixture::new();
    let root = dir.path().join("vault");
    assert_eq!(names(&root), ["artifacts", "key"]);
    assert_eq!([mode(&root), mode(&root.join("artifacts")), mode(&root.join("key"))], [0o700, 0o700, 0o600]);
    assert_eq!(root.join("key").metadata().unwrap().len(), 32);
}

#[test]
fn a_vault_is_made_with_the_directories_above_it() {
    let dir = tempfile::tempdir().unwrap();
    Vault::open(&dir.path().join("a/b")).unwrap();
    assert_eq!(mode(&dir.path().join("a")), 0o700);
}

#[test]
fn every_installation_has_a_key_of_its_own_and_keeps_it() {
    let (one, other) = (Fixture::new(), Fixture::new());
    let read = |fixture: &Fixture| std::fs::read(fixture.root().join("key")).unwrap();
    assert_ne!(read(&one), read(&other));
    let before = read(&one);
    Vault::open(&one.root()).unwrap();
    assert_eq!(read(&one), before);
}

#[test]
fn a_directory_that_others_can_write_to_is_refused_with_the_advice() {
    let fixture = Fixture::new();
    let root = fixture.root();
    for exposed in [0o777, 0o770, 0o720, 0o702, 0o1777] {
        set_mode(&root, exposed);
        let expected = format!(
            "`{}` is open to others (mode {exposed:04o}): delete it, and it is made anew, or use a directory of your own",
            root.display()
        );
        assert_eq!(refused(&root), expected);
    }
    for private in [0o700, 0o755] {
        set_mode(&root, private);
        assert!(Vault::open(&root).is_ok(), "mode {private:o}");
    }
}

#[test]
fn a_shelf_that_others_can_write_to_is_refused() {
    let fixture = Fixture::new();
    let folder = fixture.root().join("artifacts");
    set_mode(&folder, 0o770);
    let error = fixture.vault.shelf("artifacts", FORMAT).unwrap_err();
    assert!(matches!(&error, VaultError::Exposed { path, mode: 0o770 } if *path == folder), "{error}");
    set_mode(&folder, 0o750);
    assert!(fixture.vault.shelf("artifacts", FORMAT).is_ok());
}

#[test]
fn a_key_that_others_can_read_or_write_is_refused() {
    let fixture = Fixture::new();
    let key = fixture.root().join("key");
    for exposed in [0o640, 0o604, 0o620, 0o602] {
        set_mode(&key, exposed);
        let error = Vault::open(&fixture.root()).unwrap_err();
        assert!(
            matches!(&error, VaultError::Exposed { path, mode } if *path == key && *mode == exposed),
            "{error}"
        );
    }
    for private in [0o600, 0o400] {
        set_mode(&key, private);
        assert!(Vault::open(&fixture.root()).is_ok(), "mode {private:o}");
    }
}

#[test]
fn a_directory_of_another_user_is_refused() {
    let fixture = Fixture::new();
    // Only a superuser can give directories away; anyone else has the system's own at hand.
    let foreign = if are_superuser() {
        chown(fixture.root(), Some(STRANGER), None).unwrap();
        fixture.root()
    } else {
        PathBuf::from("/")
    };
    let owner = foreign.metadata().unwrap().uid();
    let expected = format!(
        "`{}` belongs to another user (number {owner}): use a directory of your own",
        foreign.display()
    );
    assert_eq!(refused(&foreign), expected);
    assert!(Vault::open(&fixture.dir.path().join("ours")).is_ok());
}

#[test]
fn a_key_of_another_user_is_refused() {
    // Nobody but a superuser can have such a file in a directory of theirs.
    if !are_superuser() {
        return;
    }
    let fixture = Fixture::new();
    let key = fixture.root().join("key");
    chown(&key, Some(STRANGER), None).unwrap();
    let error = Vault::open(&fixture.root()).unwrap_err();
    assert!(matches!(&error, VaultError::Foreign { path, owner: STRANGER } if *path == key), "{error}");
    chown(&key, Some(0), None).unwrap();
    assert!(Vault::open(&fixture.root()).is_ok());
}

#[test]
fn a_symbolic_link_to_a_vault_is_refused_with_or_without_a_slash_behind_it() {
    let fixture = Fixture::new();
    let link = fixture.dir.path().join("link");
    symlink("vault", &link).unwrap();
    for link in [link.clone(), link.join("")] {
        let error = Vault::open(&link).unwrap_err();
        assert!(matches!(error, VaultError::WrongKind { .. }), "{error}");
    }
    assert!(Vault::open(&fixture.root().join("")).is_ok(), "the slash alone is no reason");
}

#[test]
fn a_shelf_that_is_a_symbolic_link_or_a_file_is_refused() {
    let fixture = Fixture::new();
    symlink("artifacts", fixture.root().join("linked")).unwrap();
    std::fs::write(fixture.root().join("file"), "").unwrap();
    for name in ["linked", "file"] {
        let error = fixture.vault.shelf(name, FORMAT).unwrap_err();
        let expected = format!(
            "`{}` must be a directory, not a symbolic link or anything else: remove it, or use another directory",
            fixture.root().join(name).display()
        );
        assert_eq!(error.to_string(), expected);
    }
    assert!(fixture.vault.shelf("artifacts", FORMAT).is_ok());
}

#[test]
fn a_key_of_a_wrong_length_is_refused_with_the_advice() {
    let fixture = Fixture::new();
    let key = fixture.root().join("key");
    let genuine = std::fs::read(&key).unwrap();
    for wrong in [&genuine[..31], &[genuine.as_slice(), &[0]].concat(), b""] {
        std::fs::write(&key, wrong).unwrap();
        let expected = format!(
            "the key `{}` is not 32 bytes long: delete it, and what it vouched for is made anew",
            key.display()
        );
        assert_eq!(refused(&fixture.root()), expected);
    }
    std::fs::write(&key, genuine).unwrap();
    assert!(Vault::open(&fixture.root()).is_ok());
}

#[test]
fn a_key_that_is_no_regular_file_is_refused() {
    let fixture = Fixture::new();
    let key = fixture.root().join("key");
    let aside = fixture.root().join("aside");
    std::fs::rename(&key, &aside).unwrap();
    symlink("aside", &key).unwrap();
    assert!(matches!(Vault::open(&fixture.root()), Err(VaultError::WrongKind { .. })));
    std::fs::remove_file(&key).unwrap();
    std::fs::create_dir(&key).unwrap();
    assert!(matches!(Vault::open(&fixture.root()), Err(VaultError::WrongKind { .. })));
    std::fs::remove_dir(&key).unwrap();
    std::fs::rename(&aside, &key).unwrap();
    assert!(Vault::open(&fixture.root()).is_ok());
}

#[test]
fn after_its_key_was_deleted_an_installation_trusts_nothing_that_it_wrote_before() {
    let fixture = Fixture::with_one_file();
    std::fs::remove_file(fixture.root().join("key")).unwrap();
    let anew = Vault::open(&fixture.root()).unwrap().shelf("artifacts", FORMAT).unwrap();
    assert_eq!(anew.load(&key("one")), None);
    assert_eq!(anew.quarantined()[0].reason, Reason::Altered);
    anew.store(&key("one"), CONTENT).unwrap();
    assert_eq!(anew.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn a_shelf_has_a_plain_name_that_is_not_the_vaults_own() {
    let Fixture { vault, .. } = &Fixture::new();
    for name in ["", "key", "quarantine", "..", "a/b", "A", "a b", "a.b"] {
        assert!(matches!(vault.shelf(name, FORMAT), Err(VaultError::Name(_))), "`{name}`");
    }
    for name in ["components", "sdk-2"] {
        assert!(vault.shelf(name, FORMAT).is_ok(), "`{name}`");
    }
}

#[test]
fn a_file_where_the_vault_should_be_is_an_error_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "").unwrap();
    assert!(refused(&path).starts_with(&format!("cannot use `{}`: ", path.display())));
}

#[test]
fn the_key_is_not_shown_in_debug_output() {
    let fixture = Fixture::new();
    let shown = format!("{:?} {:?}", fixture.vault, fixture.shelf);
    let expected =
        format!("Vault {{ path: {:?}, .. }} Shelf {{ name: \"artifacts\", format: 3, .. }}", fixture.root());
    assert_eq!(shown, expected);
}
