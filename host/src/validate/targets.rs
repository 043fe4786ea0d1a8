//! Where a validation may write what comes of it.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cases::Asked;
use crate::cli::ValidateArgs;
use crate::failure::{Failure, shown};
use crate::file::{check_target, folder};

/// Of a plan that is read to see whether it is one.
const MAX_BYTES: u64 = 64 << 20;

/// Finds out before the work whether there is a place for what comes of it, and that nothing else is lost by it.
pub(super) fn check(args: &ValidateArgs, asked: &Asked, plan: &Path) -> Result<(), Failure> {
    // A pipe or a device costs nobody anything.
    let is_special =
        |path: &Path| std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    let events = args.events.as_deref().filter(|it| *it != Path::new("-") && !is_special(it));
    let named = [("--plan", Some(plan)), ("--out", args.out.as_deref()), ("--events", events)];
    let named: Vec<(&str, &Path)> = named.into_iter().filter_map(|(name, it)| Some((name, it?))).collect();
    let inputs = asked.inputs();
    let lock = lock_of(&asked.path);
    for (number, (name, path)) in named.iter().enumerate() {
        check_target(path, &inputs)?;
        let place = place(path);
        if lock.as_ref() == Some(&place) {
            let problem = format!("cannot write `{}`: it is the lock of the queue", shown(path));
            return Err(Failure::usage(problem).hint(format!("name another file for `{name}`")));
        }
        if let Some((other, _)) = named[..number].iter().find(|(_, other)| self::place(other) == place) {
            let problem = format!("`{other}` and `{name}` are the same file, `{}`", shown(path));
            return Err(Failure::usage(problem).hint("name two files"));
        }
    }
    check_plan(plan)
}

/// A file that is there is replaced only by a plan when it is one.
fn check_plan(path: &Path) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only whether they are there matters")]
    struct Known {
        queue: IgnoredAny,
        strategies: IgnoredAny,
        assumptions: IgnoredAny,
    }
    if !path.exists() {
        return Ok(());
    }
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut text));
    read.map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", shown(path))))?;
    serde_json::from_slice::<Known>(&text).map(drop).map_err(|_| {
        let problem = format!("`{}` is there already, and is no plan of a validation", shown(path));
        Failure::usage(problem).hint("move it away, or name another file with `--plan`")
    })
}

/// The lock of a queue file, beside what a link leads to.
fn lock_of(queue: &Path) -> Option<PathBuf> {
    let queue = queue.canonicalize().ok()?;
    let mut name = OsString::from(".");
    name.push(queue.file_name()?);
    name.push(".lock");
    Some(queue.with_file_name(name))
}

/// Where a file is or will be, whatever the way that it is named.
fn place(path: &Path) -> PathBuf {
    let new = || Some(folder(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(new).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_may_be_replaced_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("queue.plan.json");
        check_plan(&path).unwrap();
        std::fs::write(&path, r#"{"queue": "q", "strategies": [], "assumptions": {}, "more": 1}"#).unwrap();
        check_plan(&path).unwrap();
        for other in ["", "my notes", r#"{"strategies": []}"#] {
            std::fs::write(&path, other).unwrap();
            let failure = check_plan(&path).unwrap_err();
            assert!(failure.message.contains("is no plan of a validation"), "{failure:?}");
        }
    }

    #[test]
    fn a_file_is_the_same_whatever_the_way_that_it_is_named_and_whether_or_not_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| place(&dir.path().join(name));
        std::fs::create_dir(dir.path().join("below")).unwrap();
        assert_eq!(at("a.json"), at("below/../a.json"));
        assert_ne!(at("a.json"), at("b.json"));
        std::fs::write(dir.path().join("q.yaml"), "").unwrap();
        assert_eq!(lock_of(&dir.path().join("q.yaml")), Some(at(".q.yaml.lock")));
    }
}
