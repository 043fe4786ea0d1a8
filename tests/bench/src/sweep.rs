//! A sweep as a person starts one: through the command line.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use stratbox_compiler::Source;
use tempfile::TempDir;

use crate::{Result, cache_dir, hourly, root, write_csv};

/// A year of hours.
pub(crate) const YEAR: usize = 8_760;
pub(crate) const THOUSAND: u64 = 1_000;
/// 40 x 25 variants.
pub(crate) const FILE: &str = r#"
[data]
sources = [{ path = "bars.csv", symbol = "BENCH" }]

[[strategy]]
source = "strategy.rs"

[strategy.params]
fast = { min = 2, max = 41, step = 1 }
slow = { min = 50, max = 170, step = 5 }
"#;

/// A sweep file with everything that it names, and the binary to run it with.
pub(crate) struct Sweep {
    stratbox: PathBuf,
    dir: TempDir,
    variants: u64,
}

impl Sweep {
    /// Writes the files: `text` says which variants, of which there are so many. The binary is the one that `STRATBOX_BIN` names,
    /// or else is built.
    pub(crate) fn prepare(source: &Source, bars: usize, text: &str, variants: u64) -> Result<Self> {
        let stratbox = binary()?;
        let dir = tempfile::tempdir()?;
        write_csv(&dir.path().join("bars.csv"), &hourly(bars))?;
        fs::write(dir.path().join("strategy.rs"), source.text())?;
        fs::write(dir.path().join("sweep.toml"), text)?;
        Ok(Self { stratbox, dir, variants })
    }

    /// Runs it with these options, all of it; seconds for the runs, loading and compiling left out.
    pub(crate) fn run(&self, options: &[&str]) -> Result<f64> {
        let mut command = Command::new(&self.stratbox);
        command.arg("sweep").arg(self.dir.path().join("sweep.toml"));
        command.args(["--format", "json", "--fresh"]).args(options);
        // Not the user's own cache; and one with the kit in it.
        command.env("STRATBOX_CACHE", cache_dir()).stderr(Stdio::piped());
        command.env("STRATBOX_WORKSPACE", self.dir.path().join("workspace"));
        let Output { status, stdout, stderr } = finished(&mut command)?;
        if !status.success() {
            let [stdout, stderr] = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
            let name = self.stratbox.display();
            return Err(
                format!("`{name} sweep` failed ({status}): {}{}", stdout.trim(), stderr.trim()).into()
            );
        }
        wall_seconds(&stdout, self.variants)
    }
}

/// How long the runs took, provided that all of them completed.
fn wall_seconds(document: &[u8], variants: u64) -> Result<f64> {
    #[derive(Deserialize)]
    struct Document {
        summary: Summary,
    }
    #[derive(Deserialize)]
    struct Summary {
        completed: u64,
        wall_seconds: f64,
    }
    let Document { summary } = serde_json::from_slice(document)?;
    if summary.completed == variants {
        Ok(summary.wall_seconds)
    } else {
        Err(format!("of the sweep's {variants} variants {} completed", summary.completed).into())
    }
}

/// The binary that `STRATBOX_BIN` names, or else one that is built.
pub(crate) fn binary() -> Result<PathBuf> {
    env::var_os("STRATBOX_BIN").map_or_else(build, |path| Ok(path.into()))
}

/// Builds the binary and asks cargo where it is. Also when there is one, since it may be older than the sources.
fn build() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["build", "--release", "--package", "stratbox"]);
    command.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let Output { status, stdout, .. } = finished(&mut command)?;
    if !status.success() {
        return Err(format!("cargo cannot build the package `stratbox` ({status}): it says above why").into());
    }
    let messages = serde_json::Deserializer::from_slice(&stdout).into_iter::<Message>();
    let executables = messages.filter_map(|message| message.map(|it| it.executable).transpose());
    Ok(executables.last().ok_or("cargo names no binary of the package `stratbox`")??)
}

pub(crate) fn finished(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let child = child.map_err(|error| format!("cannot start `{name}`: {error}"))?;
    Ok(child.wait_with_output()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_counts_when_every_variant_completed() {
        let document = |completed: u64| {
            format!(r#"{{"summary": {{"variants": 1000, "completed": {completed}, "wall_seconds": 0.25}}}}"#)
        };
        assert_eq!(wall_seconds(document(1_000).as_bytes(), 1_000).unwrap(), 0.25);
        let refusal = wall_seconds(document(999).as_bytes(), 1_000).unwrap_err();
        assert_eq!(refusal.to_string(), "of the sweep's 1000 variants 999 completed");
    }

    #[test]
    fn a_binary_that_is_not_there_is_named() {
        let refusal = finished(&mut Command::new("/nowhere/stratbox")).unwrap_err().to_string();
        assert!(refusal.starts_with("cannot start `/nowhere/stratbox`: "), "{refusal}");
        assert!(finished(Command::new("rustc").arg("-vV")).unwrap().status.success());
    }
}
