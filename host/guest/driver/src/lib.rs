//! The loop over the bars as a wasm component: reads them a chunk at a time, shows each to the venue and then to the
//! strategy. It knows nothing of either but their interfaces.

// The generated bindings bring their own unsafe code and undocumented items.
#![allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications)]

use std::sync::atomic::{AtomicU64, Ordering};

use exports::stratbox::engine::simulation::{
    Guest, Increments, Instrument, Manifest, Parameter, Policy, Summary,
};
use stratbox::engine::settings::FillAt;
use stratbox::engine::{control, market};
use stratbox::strategy::strategy;
use stratbox::strategy::types::Bar;

wit_bindgen::generate!({
    world: "stratbox:engine/driver",
    path: ["../../../wit", "../wit"],
    generate_all,
    // There are no constructors to run, and asking each time costs a call on every bar.
    disable_run_ctors_once_workaround: true,
});

/// Rows read at once. The columns of a chunk (26 KiB) fit the cache, whatever the length of the data, and the cost of
/// entering the host is spread over all of them.
const CHUNK: u32 = 512;

/// Where the run is. A trap leaves no message, so the host looks for this in the memory of the dead: `MARK` says where it
/// is, the third number is one more than the index of the current bar, and 0 outside of the bars. It is an exported symbol,
/// or else the compiler would see that nobody reads it.
#[unsafe(no_mangle)]
pub static STRATBOX_PROGRESS: [AtomicU64; 3] =
    [AtomicU64::new(MARK[0]), AtomicU64::new(MARK[1]), AtomicU64::new(0)];
const MARK: [u64; 2] = [0x7374_7261_7462_6f78, 0x7072_6f67_7265_7373];

/// Uses the memory that the component starts with, where the standard library's would ask for more: a system call.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

struct Component;

export!(Component);

impl Guest for Component {
    fn describe() -> Manifest {
        strategy::describe()
    }

    fn run(
        policy: Policy,
        tradable: Vec<Increments>,
        instruments: Vec<Instrument>,
        parameters: Vec<Parameter>,
    ) -> Result<Summary, String> {
        let rules = Rules { tradable: tradable.len() as u32, settles: policy.fill_at == FillAt::SameClose };
        control::open(policy, &tradable);
        strategy::init(&instruments, &parameters).map_err(cut)?;
        let mut next = 0;
        loop {
            let read = play(next, &market::read(next, CHUNK), rules);
            if read == 0 {
                break;
            }
            next += read;
        }
        STRATBOX_PROGRESS[2].store(0, Ordering::Relaxed);
        control::close();
        strategy::finish();
        Ok(control::report())
    }
}

/// What the loop must know of the venue.
#[derive(Clone, Copy)]
struct Rules {
    /// Instruments that can be traded: the first ones. Bars of the others, which are views, are only shown.
    tradable: u32,
    /// Whether market orders fill at the close, after the strategy has seen the bar.
    settles: bool,
}

/// The host copies what it is told, and nobody reads more.
fn cut(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(4_096));
    message
}

/// Plays a chunk; how many bars it had. A function of its own, small enough for the engine to inline the venue and the
/// adapters into it.
#[inline(never)]
fn play(first: u64, columns: &market::Columns, rules: Rules) -> u64 {
    let instruments = columns.instrument.as_chunks::<4>().0;
    let times = columns.time.as_chunks::<8>().0;
    let prices = columns.ohlcv.as_chunks::<8>().0.as_chunks::<5>().0;
    let mut row = first;
    for ((instrument, time), prices) in instruments.iter().zip(times).zip(prices) {
        row += 1;
        STRATBOX_PROGRESS[2].store(row, Ordering::Relaxed);
        let [open, high, low, close, volume] = prices.map(f64::from_le_bytes);
        let instrument = u32::from_le_bytes(*instrument);
        let time = i64::from_le_bytes(*time);
        let bar = Bar { instrument, time, open, high, low, close, volume };
        if instrument < rules.tradable && control::begin(instrument, time, close) && control::step(bar) {
            tell_fills();
        }
        strategy::on_bar(bar);
        if rules.settles && control::settle() {
            tell_fills();
        }
    }
    row - first
}

#[cold]
#[inline(never)]
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
