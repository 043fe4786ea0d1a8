//! What happened in an experiment, as it was written down.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::Duration;

use stratbox_store::EventLog;

use crate::cli::EventsArgs;
use crate::failure::{Failure, shown};
use crate::wiring::Setting;

/// How often a log that is followed is looked at: files have no other way to say that they grew.
const LOOK: Duration = Duration::from_millis(200);

/// Writes the log to standard output; followed, until nobody runs the experiment any more.
pub(super) fn events(args: &EventsArgs, setting: &Setting, stdout: &mut dyn Write) -> Result<(), Failure> {
    let workspace = setting.existing_workspace()?;
    let id = args.experiment;
    workspace.reader()?.experiment(id)?;
    if args.rebuild {
        let _lock = workspace.lock(id)?;
        EventLog::rebuild(&workspace, id)?;
    } else {
        // Whoever was killed while it wrote may have left half a line, or too few.
        EventLog::mend(&workspace, id)?;
    }
    let path = EventLog::path(&workspace, id);
    let unreadable =
        |error: std::io::Error| Failure::environment(format!("cannot read `{}`: {error}", shown(&path)));
    let mut log = File::open(&path).map_err(unreadable)?;
    let mut bytes = vec![0; 64 << 10];
    loop {
        // Asked first: what is written before the end is read after it.
        let goes_on = args.follow && workspace.is_running(id)?;
        loop {
            let count = log.read(&mut bytes).map_err(unreadable)?;
            if count == 0 {
                break;
            }
            match stdout.write_all(&bytes[..count]).and_then(|()| stdout.flush()) {
                // A reader that has seen enough, such as `head`, has closed the pipe: that is no failure of ours.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => {
                    return Err(Failure::environment(format!("cannot write to standard output: {error}")));
                }
                Ok(()) => {}
            }
        }
        if !goes_on {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
}
