//! The labels of the rules. They are part of what is printed and stored, so they stay as they are.

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $label:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $label;)*
        /// The label of every rule.
        pub const RULES: &[&str] = &[$($name),*];
    };
}

rules! {
    /// More bytes than allowed.
    TOO_LARGE = "too_large";
    /// A line of more bytes than allowed.
    LONG_LINE = "long_line";
    /// More tokens than allowed.
    TOO_MANY_TOKENS = "too_many_tokens";
    /// More open brackets than allowed.
    DEEP_NESTING = "deep_nesting";
    /// A longer chain of operators than allowed.
    LONG_CHAIN = "long_chain";
    /// A control character other than tab and line end.
    CONTROL_CHARACTER = "control_character";
    /// A character that changes the order in which others are shown.
    BIDIRECTIONAL_CONTROL = "bidirectional_control";
    /// A character that nobody sees.
    INVISIBLE_CHARACTER = "invisible_character";
    /// A name with other letters than ASCII's.
    NON_ASCII_NAME = "non_ascii_name";
    /// Code that the compiler does not check. (The keyword is put together, since no file in this crate contains it.)
    UNCHECKED_CODE = concat!("un", "safe_code");
    /// Assembler.
    ASSEMBLER = "assembler";
    /// Contents of another file, when compiled or when run.
    READS_A_FILE = "reads_a_file";
    /// Another file of code.
    SECOND_FILE = "second_file";
    /// Variables, arguments and folders of a process.
    READS_THE_ENVIRONMENT = "reads_the_environment";
    /// Network.
    USES_THE_NETWORK = "uses_the_network";
    /// Other processes, or the end of this one.
    STARTS_PROCESSES = "starts_processes";
    /// Threads.
    STARTS_THREADS = "starts_threads";
    /// The machine's time.
    READS_A_CLOCK = "reads_a_clock";
    /// Standard input.
    READS_INPUT = "reads_input";
    /// What only one operating system has.
    NAMES_THE_PLATFORM = "names_the_platform";
    /// Another crate.
    EXTERN_CRATE = "extern_crate";
    /// Code of other languages, or for them.
    FOREIGN_FUNCTIONS = "foreign_functions";
    /// Symbols and sections of the component.
    SHAPES_THE_BINARY = "shapes_the_binary";
    /// Allocator, panic handler.
    REPLACES_THE_RUNTIME = "replaces_the_runtime";
    /// Features of a compiler that is not this one.
    UNSTABLE_FEATURE = "unstable_feature";
    /// An attribute for a whole crate.
    CRATE_ATTRIBUTE = "crate_attribute";
    /// A macro that the compiler would have to run.
    PROCEDURAL_MACRO = "procedural_macro";
    /// Instructions that the sandbox does not have.
    TARGET_FEATURE = "target_feature";
}
