//! The loop over the bars as a wasm component: reads them a chunk at a time, shows each to the venue and then to the
//! strategy. It knows nothing of either but their interfaces.

// The generated bindings bring their own unsafe code and undocumented items.
#![allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications)]

use std::sync::atomic::{AtomicU64, Ordering};

use exports::stratbox::engine::simulation::{Guest, Instrument, Manifest, Parameter, Policy, Summary};
use stratbox::engine::{control, market};
use stratbox::strategy::strategy;
use stratbox::strategy::types::Bar;

wit_bindgen::generate!({
    world: "stratbox:engine/driver",
    path: ["../../../wit", "../wit"],
    generate_all,
});

/// Rows read at once. The columns of a chunk (28 KiB) fit the cache, whatever the length of the data, and the cost of
/// entering the host is spread over all of them.
const CHUNK: u32 = 512;

/// Where the run is. A trap leaves no message, so the host looks for this in the memory of the dead: `MARK` says where it
/// is, the third number is one more than the index of the current bar, and 0 outside of the bars.
static PROGRESS: [AtomicU64; 3] = [AtomicU64::new(MARK[0]), AtomicU64::new(MARK[1]), AtomicU64::new(0)];
const MARK: [u64; 2] = [0x7374_7261_7462_6f78, 0x7072_6f67_7265_7373];

struct Component;

export!(Component);

impl Guest for Component {
    fn describe() -> Manifest {
        strategy::describe()
    }

    fn run(
        policy: Policy,
        instruments: Vec<Instrument>,
        parameters: Vec<Parameter>,
    ) -> Result<Summary, String> {
        control::open(policy, instruments.len() as u32);
        strategy::init(&instruments, &parameters)?;
        let mut next = 0;
        loop {
            let read = play(next, &market::read(next, CHUNK));
            if read == 0 {
                break;
            }
            next += read;
        }
        PROGRESS[2].store(0, Ordering::Relaxed);
        control::close();
        strategy::finish();
        Ok(control::report())
    }
}

/// Plays a chunk; how many bars it had.
fn play(first: u64, columns: &market::Columns) -> u64 {
    let numbers = |column: &[u8], row: usize| f64::from_bits(word(column, row));
    let rows = columns.time.len() / 8;
    for row in 0..rows {
        PROGRESS[2].store(first + row as u64 + 1, Ordering::Relaxed);
        let bar = Bar {
            instrument: half_word(&columns.instrument, row),
            time: word(&columns.time, row) as i64,
            open: numbers(&columns.open, row),
            high: numbers(&columns.high, row),
            low: numbers(&columns.low, row),
            close: numbers(&columns.close, row),
            volume: numbers(&columns.volume, row),
        };
        if control::step(bar) {
            tell_fills();
        }
        strategy::on_bar(bar);
    }
    rows as u64
}

#[cold]
fn tell_fills() {
    loop {
        if let Some(fill) = control::last_fill() {
            strategy::on_fill(fill);
        }
        if !control::resume() {
            return;
        }
    }
}

#[inline]
fn word(column: &[u8], row: usize) -> u64 {
    let (words, _) = column.as_chunks::<8>();
    u64::from_le_bytes(words[row])
}

#[inline]
fn half_word(column: &[u8], row: usize) -> u32 {
    let (words, _) = column.as_chunks::<4>();
    u32::from_le_bytes(words[row])
}
