//! The quick benchmarks: `cargo xtask bench --quick` runs them. The full ones are criterion's, in
//! `benches/stratbox.rs`.

mod args;

use std::env;
use std::process::ExitCode;

use args::Format;
use stratbox_bench::{Lab, Result, quick, serve_if_worker, this_binary};

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the figures are what this program is for, and it may have to say why there are none"
)]
fn main() -> ExitCode {
    if let Some(served) = serve_if_worker() {
        return served;
    }
    let args = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let format = match args::parse(args) {
        Ok(format) => format,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match measured(format, &mut || eprintln!("building the kit (once, some ten seconds)")) {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measured(format: Format, building: &mut dyn FnMut()) -> Result<String> {
    let quick = quick::measure(&Lab::open(this_binary()?, building)?)?;
    match format {
        Format::Human => Ok(quick.human()),
        Format::Json => Ok(serde_json::to_string(&quick)?),
    }
}
