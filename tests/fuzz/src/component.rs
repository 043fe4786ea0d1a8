use stratbox_domain::must_be_escaped;
use stratbox_intake::component::{ComponentLimits, Profile, inspect};

/// Bytes into the component gate, which answers with a shape within its limits or a reason that can be printed.
///
/// # Panics
/// The answer is neither.
pub fn component(bytes: &[u8]) {
    let limits = ComponentLimits::default();
    let [strict, wasi] = [Profile::Strict, Profile::Wasi].map(|profile| inspect(bytes, &limits, profile));
    assert!(strict.is_err() || strict == wasi, "the looser profile refuses what the strict one accepts");
    for answer in [strict, wasi] {
        match answer {
            Ok(shape) => {
                assert_eq!(shape.bytes, bytes.len() as u64);
                let names = shape.import_names.iter().chain(&shape.export_names);
                assert!(!names.flat_map(|name| name.chars()).any(must_be_escaped));
                assert!(shape.functions <= limits.functions && shape.locals <= limits.locals);
                assert!(shape.type_depth <= limits.type_depth && shape.memories <= limits.memories);
            }
            Err(refusal) => {
                let said = format!("{refusal}");
                assert!(!refusal.message.is_empty() && !refusal.hint.is_empty() && said.len() < 2_000);
                assert!(!said.chars().any(must_be_escaped), "{said:?}");
            }
        }
    }
}

/// A component that fits the contract, its sections beyond it, and beginnings of what is no component.
pub(crate) fn samples() -> Vec<Vec<u8>> {
    let strategy = include_bytes!("../samples/strategy.wasm");
    // A type of each kind, a module with code, and a component inside, none of which anything uses.
    let types: &[u8] = b"\x07\x13\x04\x72\x01\x01a\x7d\x70\x7f\x40\x01\x01a\x7f\x00\x7f\x6d\x01\x01a";
    let module: &[u8] =
        b"\x01\x1d\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x0a\x04\x01\x02\0\x0b";
    let component: &[u8] = b"\x04\x0f\0asm\x0d\0\x01\0\x07\x05\x01\x40\0\x01\0";
    let name: &[u8] = b"\x00\x07\x04name\x01\x00";
    let with = |section: &[u8]| [strategy, section].concat();
    let mut samples: Vec<_> = [types, module, component, name].into_iter().map(with).collect();
    samples.extend([
        strategy.to_vec(),
        b"\0asm\x01\0\0\0".to_vec(),
        b"(component)".to_vec(),
        b"PK\x03\x04".to_vec(),
    ]);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_up_to_the_strategy_itself_are_accepted_and_the_others_are_not() {
        let accepted = samples().into_iter().map(|sample| {
            inspect(&sample, &ComponentLimits::default(), Profile::Strict)
                .map_err(|refusal| refusal.to_string())
        });
        let accepted: Vec<_> = accepted.collect();
        assert!(accepted[..5].iter().all(Result::is_ok), "{accepted:?}");
        assert!(accepted[5..].iter().all(Result::is_err), "{accepted:?}");
    }
}
