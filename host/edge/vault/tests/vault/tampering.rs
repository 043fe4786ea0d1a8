//! Files that this installation did not write, or not there. Each test also loads a file that nobody has touched.

use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;

/// Bytes of the header: magic, format, shelf, key, length, MAC.
const HEADER: usize = 8 + 4 + 32 + 32 + 8 + 32;

fn assert_untouched_file_loads(fixture: &Fixture) {
    fixture.shelf.store(&key("untouched"), CONTENT).unwrap();
    assert_eq!(fixture.shelf.load(&key("untouched")).as_deref(), Some(CONTENT));
}

#[test]
fn a_file_with_any_bit_flipped_is_refused() {
    let fixture = Fixture::with_one_file();
    let path = fixture.path(&key("one"));
    let genuine = std::fs::read(&path).unwrap();
    assert_eq!(genuine.len(), HEADER + CONTENT.len());
    let length = 76..84;
    for (at, bit) in (0..genuine.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = genuine.clone();
        flipped[at] ^= 1 << bit;
        std::fs::write(&path, &flipped).unwrap();
        // A larger length is a promise of bytes that are not there.
        let promises_more = length.contains(&at) && flipped[at] > genuine[at];
        let expected = if promises_more { Reason::Truncated } else { Reason::Altered };
        assert_eq!(fixture.refusal(&key("one")), expected, "bit {bit} of byte {at}");
    }
    std::fs::write(&path, &genuine).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT), "unless it is flipped back");
}

#[test]
fn a_file_cut_anywhere_is_truncated() {
    let fixture = Fixture::with_one_file();
    let path = fixture.path(&key("one"));
    let genuine = std::fs::read(&path).unwrap();
    for length in 0..genuine.len() {
        std::fs::write(&path, &genuine[..length]).unwrap();
        assert_eq!(fixture.refusal(&key("one")), Reason::Truncated, "{length} bytes");
    }
    std::fs::write(&path, &genuine).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT), "unless it is cut nowhere");
}

#[test]
fn a_file_with_something_appended_is_altered() {
    let fixture = Fixture::with_one_file();
    let mut longer = std::fs::read(fixture.path(&key("one"))).unwrap();
    longer.push(0);
    std::fs::write(fixture.path(&key("one")), longer).unwrap();
    assert_eq!(fixture.refusal(&key("one")), Reason::Altered);
    assert_untouched_file_loads(&fixture);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_that_someone_made_up_are_loaded(made_up: Vec<u8>, behind_a_magic: bool) {
        let fixture = Fixture::new();
        let magic: &[u8] = if behind_a_magic { b"sbxvlt01" } else { b"" };
        std::fs::write(fixture.path(&key("one")), [magic, &made_up].concat()).unwrap();
        fixture.refusal(&key("one"));
        assert_untouched_file_loads(&fixture);
    }
}

#[test]
fn a_file_that_promises_more_than_memory_holds_is_refused_without_asking_for_it() {
    let fixture = Fixture::with_one_file();
    let path = fixture.path(&key("one"));
    let mut file = std::fs::read(&path).unwrap();
    file[76..84].copy_from_slice(&u64::MAX.to_le_bytes());
    std::fs::write(&path, file).unwrap();
    assert_eq!(fixture.refusal(&key("one")), Reason::Truncated);
    assert_untouched_file_loads(&fixture);
}

#[test]
fn a_genuine_file_under_another_key_is_swapped() {
    let fixture = Fixture::with_one_file();
    std::fs::copy(fixture.path(&key("one")), fixture.path(&key("two"))).unwrap();
    assert_eq!(fixture.refusal(&key("two")), Reason::Swapped);
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn a_genuine_file_of_another_shelf_is_swapped_whatever_its_format() {
    let fixture = Fixture::new();
    for format in [FORMAT, FORMAT + 1] {
        let other = fixture.vault.shelf("components", format).unwrap();
        other.store(&key("one"), CONTENT).unwrap();
        let stored = fixture.root().join("components").join(key("one").to_string());
        std::fs::copy(stored, fixture.path(&key("one"))).unwrap();
        assert_eq!(fixture.refusal(&key("one")), Reason::Swapped);
        assert_eq!(other.load(&key("one")).as_deref(), Some(CONTENT));
    }
}

#[test]
fn a_file_of_another_installation_is_altered() {
    let (ours, theirs) = (Fixture::with_one_file(), Fixture::with_one_file());
    std::fs::copy(theirs.path(&key("one")), ours.path(&key("one"))).unwrap();
    assert_eq!(ours.refusal(&key("one")), Reason::Altered);
    assert_eq!(theirs.shelf.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn a_file_of_an_older_or_newer_format_is_old() {
    for format in [FORMAT - 1, FORMAT + 1] {
        let fixture = Fixture::new();
        let other = fixture.vault.shelf("artifacts", format).unwrap();
        other.store(&key("one"), CONTENT).unwrap();
        assert_eq!(other.load(&key("one")).as_deref(), Some(CONTENT));
        assert_eq!(fixture.refusal(&key("one")), Reason::Old);
    }
}

#[test]
fn a_symbolic_link_is_not_regular_wherever_it_leads() {
    let fixture = Fixture::with_one_file();
    let genuine = fixture.path(&key("one"));
    let outside = fixture.dir.path().join("outside");
    std::fs::copy(&genuine, &outside).unwrap();
    let link = fixture.path(&key("two"));
    let in_the_folder = Path::new(genuine.file_name().unwrap());
    for target in [in_the_folder, genuine.as_path(), outside.as_path(), Path::new("nowhere")] {
        symlink(target, &link).unwrap();
        assert_eq!(fixture.refusal(&key("two")), Reason::NotRegular, "`{}`", target.display());
    }
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
    assert!(outside.exists(), "what a link leads to is left alone");
}

#[test]
fn a_genuine_file_behind_a_symbolic_link_in_its_own_place_is_refused() {
    let fixture = Fixture::with_one_file();
    let path = fixture.path(&key("one"));
    let genuine = std::fs::read(&path).unwrap();
    let aside = path.with_file_name("aside");
    std::fs::rename(&path, &aside).unwrap();
    symlink("aside", &path).unwrap();
    assert_eq!(fixture.refusal(&key("one")), Reason::NotRegular);
    assert_eq!(std::fs::read(&aside).unwrap(), genuine);
    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn a_directory_in_place_of_a_file_is_not_regular_whether_empty_or_not() {
    let fixture = Fixture::new();
    for below in ["", "below"] {
        std::fs::create_dir_all(fixture.path(&key("one")).join(below)).unwrap();
        assert_eq!(fixture.refusal(&key("one")), Reason::NotRegular);
    }
    assert_untouched_file_loads(&fixture);
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_regular_and_is_not_waited_for() {
    let fixture = Fixture::new();
    let made = std::process::Command::new("mkfifo").arg(fixture.path(&key("one"))).status().unwrap();
    assert!(made.success());
    assert_eq!(fixture.refusal(&key("one")), Reason::NotRegular);
    assert_untouched_file_loads(&fixture);
}

#[test]
fn a_file_larger_than_is_read_is_too_large_even_when_genuine() {
    let fixture = Fixture::with(|vault| vault.with_max_content(CONTENT.len() as u64));
    let roomier = fixture.vault.clone().with_max_content(100).shelf("artifacts", FORMAT).unwrap();
    roomier.store(&key("one"), &[7; 100]).unwrap();
    assert_eq!(roomier.load(&key("one")), Some(vec![7; 100]));
    assert_eq!(fixture.refusal(&key("one")), Reason::TooLarge);
    assert_untouched_file_loads(&fixture);
}

#[test]
fn a_file_of_a_tebibyte_is_refused_by_its_size_alone() {
    let fixture = Fixture::with_one_file();
    let file = std::fs::File::options().write(true).open(fixture.path(&key("one"))).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(fixture.refusal(&key("one")), Reason::TooLarge);
    assert_untouched_file_loads(&fixture);
}

#[test]
fn a_refused_file_is_kept_in_the_quarantine_under_shelf_and_key() {
    let fixture = Fixture::with_one_file();
    std::fs::write(fixture.path(&key("one")), "damage").unwrap();
    fixture.refusal(&key("one"));
    let quarantine = fixture.root().join("quarantine");
    let [kept] = <[String; 1]>::try_from(names(&quarantine)).unwrap();
    assert!(kept.starts_with(&format!("artifacts-{}-", key("one").short())), "`{kept}`");
    assert_eq!(std::fs::read(quarantine.join(kept)).unwrap(), b"damage");
    assert_eq!(mode(&quarantine), 0o700);
}

#[test]
fn the_quarantine_does_not_fill_the_disk() {
    let fixture = Fixture::new();
    for number in 0..50 {
        let key = key(&number.to_string());
        std::fs::write(fixture.path(&key), "damage").unwrap();
        fixture.refusal(&key);
    }
    assert_eq!(names(&fixture.root().join("quarantine")).len(), 32);
    assert_eq!(fixture.shelf.quarantined().len(), 50, "all of them are counted");
}

#[test]
fn a_refused_file_is_removed_when_there_can_be_no_quarantine() {
    let fixture = Fixture::with_one_file();
    let outside = fixture.dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, fixture.root().join("quarantine")).unwrap();
    std::fs::write(fixture.path(&key("one")), "damage").unwrap();
    assert_eq!(fixture.refusal(&key("one")), Reason::Truncated);
    assert_eq!(names(&outside), [""; 0], "nothing leaves the vault");
    assert_untouched_file_loads(&fixture);
}
