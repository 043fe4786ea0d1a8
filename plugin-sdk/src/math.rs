//! Elementary functions that give the same bits on every machine and in the sandbox.
//!
//! The standard library's `f64::exp`, `ln`, `powf`, `sin` and their like call whatever mathematics library the machine
//! has, and those differ in the last digits: a strategy tested natively could trade differently in the sandbox. Call
//! these instead: `math::ln(price)` rather than `price.ln()`. They go by the names of the methods they stand in for.
//!
//! What IEEE 754 defines to the last bit is the same everywhere and stays with the standard library: `+ - * /`, `sqrt`,
//! `abs`, `floor`, `ceil`, `round`, `trunc`, `mul_add`, comparisons. `powi` is not among those: multiply, or use
//! [`powf`].

pub use libm::{
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, exp, exp2, expm1 as exp_m1, hypot,
    log as ln, log1p as ln_1p, log2, log10, pow as powf, sin, sincos as sin_cos, sinh, tan, tanh,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_the_one_that_its_name_says() {
        let x = 0.7_f64;
        let pairs = [
            (acos(x), x.acos()),
            (acosh(1.0 + x), (1.0 + x).acosh()),
            (asin(x), x.asin()),
            (asinh(x), x.asinh()),
            (atan(x), x.atan()),
            (atan2(x, 0.2), x.atan2(0.2)),
            (atanh(x), x.atanh()),
            (cbrt(x), x.cbrt()),
            (cos(x), x.cos()),
            (cosh(x), x.cosh()),
            (exp(x), x.exp()),
            (exp2(x), x.exp2()),
            (exp_m1(x), x.exp_m1()),
            (hypot(x, 0.2), x.hypot(0.2)),
            (ln(x), x.ln()),
            (ln_1p(x), x.ln_1p()),
            (log2(x), x.log2()),
            (log10(x), x.log10()),
            (powf(x, 0.2), x.powf(0.2)),
            (sin(x), x.sin()),
            (sin_cos(x).0, x.sin()),
            (sin_cos(x).1, x.cos()),
            (sinh(x), x.sinh()),
            (tan(x), x.tan()),
            (tanh(x), x.tanh()),
        ];
        for (index, (ours, std)) in pairs.into_iter().enumerate() {
            assert!((ours - std).abs() <= 1e-15 * std.abs().max(1.0), "pair {index}: {ours}, {std}");
        }
    }
}
