//! Bytes that nobody meant to be a component.

use proptest::prelude::*;

use super::sample::{COMPONENT, MODULE, TYPE, strategy, with_section};
use super::strictly;

/// The same bytes with a few of them changed, moved or left out.
fn mutated(mut bytes: Vec<u8>, edits: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, kind, value) in edits {
        // The header stays: without it there is nothing to look at.
        let at = 8 + at.index(bytes.len() - 8);
        match kind % 4 {
            0 => bytes[at] = *value,
            1 => bytes[at] ^= 1 << (value % 8),
            2 => bytes.insert(at, *value),
            _ if bytes.len() > 16 => drop(bytes.remove(at)),
            _ => {}
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_gate_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(strictly(&bytes).is_err());
        let component = [&b"\0asm\x0d\0\x01\0"[..], &bytes].concat();
        prop_assert!(strictly(&component).is_err());
    }

    #[test]
    fn no_section_makes_the_gate_panic(id in 0_u8..14, content in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = strictly(&with_section(strategy(), id, &content));
        let module = with_section(b"\0asm\x01\0\0\0".to_vec(), id, &content);
        let _ = strictly(&with_section(strategy(), MODULE, &module));
        let component = with_section(b"\0asm\x0d\0\x01\0".to_vec(), id, &content);
        let _ = strictly(&with_section(strategy(), COMPONENT, &component));
    }

    #[test]
    fn no_types_made_of_their_own_alphabet_make_the_gate_panic(
        content in prop::collection::vec(prop::sample::select(vec![0, 1, 2, 3, 4, 5, 0x40, 0x41, 0x42, 0x50, 0x6f, 0x70, 0x72, 0x79]), 0..60),
    ) {
        let _ = strictly(&with_section(strategy(), TYPE, &content));
    }

    #[test]
    fn a_strategy_with_a_few_bytes_changed_is_accepted_or_refused_with_a_reason(edits in edits()) {
        if let Err(refusal) = strictly(&mutated(strategy(), &edits)) {
            prop_assert!(!refusal.message.is_empty() && !refusal.hint.is_empty());
            prop_assert!(refusal.message.len() < 2_000);
        }
    }
}
