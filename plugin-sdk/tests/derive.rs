//! What `#[derive(Params)]` takes and what it refuses, with the words that it refuses it in.

#[test]
fn sound_declarations_compile_without_a_warning() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

/// One misuse a file. `TRYBUILD=overwrite` writes the `.stderr` files anew.
#[test]
fn misuse_is_refused_where_it_is_written_with_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
