//! Files that the program writes for its user: whole or not at all.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::failure::{Failure, shown};

/// A file of settings that a person wrote.
pub(crate) fn read_settings(path: &Path) -> Result<String, Failure> {
    // More than anyone writes by hand.
    const MAX_BYTES: u64 = 4 << 20;
    let failure =
        |problem: &dyn std::fmt::Display| Failure::input(format!("cannot read `{}`: {problem}", shown(path)));
    let size = std::fs::metadata(path).map_err(|error| failure(&error))?.len();
    if size > MAX_BYTES {
        return Err(failure(&format_args!("it is larger than {MAX_BYTES} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| failure(&error))
}

/// Writes a file that is complete from the moment it is there. The content comes in pieces, for it may be large.
pub(crate) fn write(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> std::io::Result<()>,
) -> Result<(), Failure> {
    put(path, content, true)
}

/// The same, of a file that must not be there yet.
pub(crate) fn write_new(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> std::io::Result<()>,
) -> Result<(), Failure> {
    put(path, content, false)
}

fn put(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> std::io::Result<()>,
    replace: bool,
) -> Result<(), Failure> {
    let mut builder = tempfile::Builder::new();
    // Temporary files are private, which this one will not stay.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let written = builder.tempfile_in(folder(path)).and_then(|file| {
        let mut writer = BufWriter::new(file);
        content(&mut writer)?;
        let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        let put = if replace { file.persist(path) } else { file.persist_noclobber(path) };
        put.map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| Failure::write(path, &error))
}

/// Finds out before the work whether its result will have a place to go that costs nobody anything: a regular file or
/// none, none of the work's `inputs`, in a directory in which files can be made.
pub(crate) fn check_target<P: AsRef<Path>>(path: &Path, inputs: &[P]) -> Result<(), Failure> {
    let refuse = |problem: &str| Err(Failure::usage(format!("cannot write `{}`: {problem}", shown(path))));
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => return refuse("it is a directory"),
        Ok(there) if !there.is_file() => return refuse("it is not a regular file; name another"),
        _ => {}
    }
    if !folder(path).is_dir() {
        return refuse(&format!("there is no directory `{}`", shown(folder(path))));
    }
    // What is not there is not the same as anything.
    let canonical = |path: &Path| std::fs::canonicalize(path).ok();
    if let Some(target) = canonical(path)
        && inputs.iter().any(|input| canonical(input.as_ref()).is_some_and(|input| input == target))
    {
        return refuse("it is one of the files that are read; name another");
    }
    // Permissions do not tell: only a file that was made proves that one can be.
    let probe = tempfile::NamedTempFile::new_in(folder(path)).and_then(tempfile::NamedTempFile::close);
    probe.map_err(|error| Failure::write(path, &error))
}

/// Refuses two options that name the same file: one would take the place of what the other has written.
pub(crate) fn check_distinct(targets: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    // What is not there yet is known by its folder.
    let place = |path: &Path| {
        let there = std::fs::canonicalize(path).ok();
        there.or_else(|| Some(std::fs::canonicalize(folder(path)).ok()?.join(path.file_name()?)))
    };
    let named: Vec<_> = targets.iter().filter_map(|(name, path)| Some((name, place((*path)?)?))).collect();
    for (number, (name, path)) in named.iter().enumerate() {
        if let Some((other, _)) = named[..number].iter().find(|(_, before)| before == path) {
            let problem = format!("`{other}` and `{name}` name the same file `{}`", shown(path));
            return Err(Failure::usage(problem).hint("give each a file of its own"));
        }
    }
    Ok(())
}

pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &[&Path] = &[];

    #[test]
    fn a_result_needs_a_directory_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        check_target(&path, NONE).unwrap();
        write(&path, |out| out.write_all(b"one")).unwrap();
        write(&path, |out| out.write_all(b"two")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let failed = write(&path, |out| out.write_all(b"half").and(Err(std::io::Error::other("disk full"))));
        assert!(failed.is_err_and(|failure| failure.message.ends_with("disk full")));
        assert_eq!(std::fs::read(&path).unwrap(), b"two", "what was there is not lost");
        assert!(write_new(&path, |out| out.write_all(b"three")).is_err());
        assert_eq!(
            std::fs::read(&path).unwrap(),
            b"two",
            "what is there is not replaced by what must be new"
        );
        assert!(check_target(dir.path(), NONE).is_err());
        assert!(check_target(&dir.path().join("missing/out.json"), NONE).is_err());
        check_target(Path::new("out.json"), NONE).unwrap();
    }

    #[test]
    fn looking_for_a_place_leaves_nothing_behind_and_nothing_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        check_target(&path, NONE).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        std::fs::write(&path, "before").unwrap();
        check_target(&path, NONE).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_input_is_refused_by_whatever_path_it_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (input, other) = (dir.path().join("in.csv"), dir.path().join("other.csv"));
        std::fs::write(&input, "").unwrap();
        std::fs::write(&other, "").unwrap();
        std::fs::create_dir(dir.path().join("below")).unwrap();
        for same in ["in.csv", "./in.csv", "below/../in.csv"] {
            let failure = check_target(&dir.path().join(same), &[&other, &input]).unwrap_err();
            assert!(failure.message.contains("one of the files that are read"), "{failure:?}");
            assert_eq!(failure.exit(), crate::Exit::Usage);
        }
        check_target(&other, &[&input]).unwrap();
    }

    #[test]
    fn two_options_that_name_the_same_file_by_whatever_path_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("a.json"), dir.path().join("b.json"));
        std::fs::create_dir(dir.path().join("below")).unwrap();
        let same = dir.path().join("below/../a.json");
        check_distinct(&[("--out", Some(&one)), ("--markdown", None), ("--events", Some(&other))]).unwrap();
        for there in [false, true] {
            if there {
                std::fs::write(&one, "").unwrap();
            }
            let failure = check_distinct(&[("--events", Some(&same)), ("--out", Some(&one))]).unwrap_err();
            assert!(failure.message.starts_with("`--events` and `--out` name the same file"), "{failure:?}");
            assert_eq!(failure.exit(), crate::Exit::Usage);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_link_counts_as_what_it_points_to() {
        let dir = tempfile::tempdir().unwrap();
        let link = |name: &str, to: &Path| {
            let link = dir.path().join(name);
            std::os::unix::fs::symlink(to, &link).unwrap();
            link
        };
        let input = dir.path().join("in.csv");
        std::fs::write(&input, "").unwrap();
        let to_input = link("to_input", &input);
        assert!(check_target(&to_input, &[&input]).is_err());
        check_target(&to_input, NONE).unwrap();
        for (name, to) in [("to_device", Path::new("/dev/null")), ("to_directory", dir.path())] {
            let failure = check_target(&link(name, to), NONE).unwrap_err();
            assert_eq!(failure.exit(), crate::Exit::Usage, "{failure:?}");
        }
    }
}
