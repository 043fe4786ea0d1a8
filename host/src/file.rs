//! Files that the program writes for its user: whole or not at all.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::failure::{Failure, shown};

/// Writes a file that is complete from the moment it is there. The content comes in pieces, for it may be large.
pub(crate) fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let mut builder = tempfile::Builder::new();
    // Temporary files are private, which this one will not stay.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let written = builder.tempfile_in(folder(path)).and_then(|file| {
        let mut writer = BufWriter::new(file);
        content(&mut writer)?;
        let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| Failure::write(path, &error))
}

/// Finds out before the work whether its result will have a place to go.
pub(crate) fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::usage(format!("cannot write `{}`: it is a directory", shown(path))));
    }
    if !folder(path).is_dir() {
        let folder = shown(folder(path));
        return Err(Failure::usage(format!(
            "cannot write `{}`: there is no directory `{folder}`",
            shown(path)
        )));
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_needs_a_directory_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        check_writable(&path).unwrap();
        write(&path, |out| out.write_all(b"one")).unwrap();
        write(&path, |out| out.write_all(b"two")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let failed = write(&path, |out| out.write_all(b"half").and(Err(std::io::Error::other("disk full"))));
        assert!(failed.is_err_and(|failure| failure.message.ends_with("disk full")));
        assert_eq!(std::fs::read(&path).unwrap(), b"two", "what was there is not lost");
        assert!(check_writable(dir.path()).is_err());
        assert!(check_writable(&dir.path().join("missing/out.json")).is_err());
        check_writable(Path::new("out.json")).unwrap();
    }
}
