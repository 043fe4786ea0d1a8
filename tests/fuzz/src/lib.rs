//! Fuzz targets: whatever strangers write, given to what reads it first.
//!
//! A target is a function of bytes. It returns when they were dealt with as they should be, whether accepted or refused, and
//! panics when not. Two programs feed it: libFuzzer's, which is told which branches an input reaches and looks for more
//! (`cargo xtask fuzz`), and `tests/briefly.rs`, which changes the samples without any feedback but is built with everything
//! else (`cargo xtask test`).

mod component;
mod market;
pub mod mutate;
mod reader;
mod source;
mod venue;

pub use component::component;
pub use market::market;
pub use source::source;
#[cfg(feature = "host")]
pub use stratbox::fuzzing::{answers, sweep_file};
pub use stratbox_jail::fuzzing::answers as frames;
pub use stratbox_queue::fuzzing::queue_file;
pub use venue::venue;

use std::path::Path;

/// A function of bytes, and bytes to begin with.
pub struct Target {
    /// What it is called on command lines.
    pub name: &'static str,
    /// What is done with bytes; panics when something is wrong.
    pub run: fn(&[u8]),
    /// Valid inputs, few and small, which between them reach what random bytes would not.
    pub samples: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "component", run: component, samples: component::samples },
    Target { name: "source", run: source, samples: source::samples },
    Target { name: "venue", run: venue, samples: venue::samples },
    Target { name: "market", run: market, samples: market::samples },
    Target { name: "frames", run: frames, samples: stratbox_jail::fuzzing::samples },
    Target { name: "queue-file", run: queue_file, samples: stratbox_queue::fuzzing::samples },
    #[cfg(feature = "host")]
    Target { name: "answers", run: answers, samples: stratbox::fuzzing::answer_samples },
    #[cfg(feature = "host")]
    Target { name: "sweep-file", run: sweep_file, samples: sweep_files },
];

/// Puts a target's samples into the directory that libFuzzer was given to begin with: the first argument that is no option.
///
/// # Panics
/// There is no such target, or its samples cannot be written.
pub fn plant(name: &str) {
    let target =
        TARGETS.iter().find(|target| target.name == name).expect("the program is named after a target");
    let directory = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let directory = directory.filter(|path| Path::new(path).is_dir());
    for (number, sample) in (target.samples)().iter().enumerate() {
        if let Some(directory) = &directory {
            std::fs::write(Path::new(directory).join(format!("sample-{number}")), sample)
                .expect("the directory of the inputs can be written");
        }
    }
}

#[cfg(feature = "host")]
fn sweep_files() -> Vec<Vec<u8>> {
    [
        include_str!("../../../example-strategies/demo.toml"),
        include_str!("../../../example-strategies/pairs_spread.toml"),
        include_str!("../../../host/src/scaffold/sweep.toml.txt"),
        include_str!("../samples/every-form.toml"),
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_holds_for_its_own_samples_and_for_nothing_at_all() {
        for target in TARGETS {
            let samples = (target.samples)();
            assert!(!samples.is_empty(), "{}", target.name);
            samples.iter().for_each(|sample| (target.run)(sample));
            (target.run)(&[]);
        }
    }
}
