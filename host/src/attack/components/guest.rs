//! A strategy written by hand, with places where an attack goes in: what no compiler would ever make.

use std::sync::OnceLock;

/// Sections of a component, by number.
pub(super) const MODULE: u8 = 1;
pub(super) const COMPONENT: u8 = 4;
pub(super) const TYPE: u8 = 7;
pub(super) const EXPORT: u8 = 11;

/// What a module, and what a component, begins with.
pub(super) const MODULE_HEADER: &[u8] = b"\0asm\x01\0\0\0";
pub(super) const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// A strategy: instructions in WebAssembly's text form for each function of the contract, and around them. What is not said
/// does nothing. `guest.wat` has the rest, and says what can be used.
#[derive(Clone, Copy)]
pub(super) struct Guest<'a> {
    /// Instructions of the contract's functions.
    pub(super) describe: &'a str,
    pub(super) init: &'a str,
    pub(super) on_bar: &'a str,
    pub(super) on_fill: &'a str,
    pub(super) finish: &'a str,
    /// What is called when an answer has been read.
    pub(super) after_describe: &'a str,
    pub(super) after_init: &'a str,
    pub(super) after_bar: &'a str,
    /// What finds room for the arguments of `init`.
    pub(super) realloc: &'a str,
    /// Pages of the memory: at the start and, if said, at most.
    pub(super) memory: &'a str,
    /// More fields of the module.
    pub(super) fields: &'a str,
    /// More imports of the component.
    pub(super) imports: &'a str,
    /// More fields of the component, before its export.
    pub(super) component: &'a str,
}

impl Default for Guest<'_> {
    fn default() -> Self {
        Self {
            describe: "(i32.const 1024)",
            init: "(i32.const 16)",
            on_bar: "",
            on_fill: "",
            finish: "",
            after_describe: "",
            after_init: "",
            after_bar: "",
            realloc:
                "(global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
                (global.get $free)
                (global.set $free (i32.add (global.get $free) (local.get $bytes)))",
            memory: "4",
            fields: "",
            imports: "",
            component: "",
        }
    }
}

impl Guest<'_> {
    /// The strategy as text.
    pub(super) fn text(&self) -> String {
        let places = [
            ("{{describe}}", self.describe),
            ("{{init}}", self.init),
            ("{{on_bar}}", self.on_bar),
            ("{{on_fill}}", self.on_fill),
            ("{{finish}}", self.finish),
            ("{{after_describe}}", self.after_describe),
            ("{{after_init}}", self.after_init),
            ("{{after_bar}}", self.after_bar),
            ("{{realloc}}", self.realloc),
            ("{{memory}}", self.memory),
            ("{{fields}}", self.fields),
            ("{{imports}}", self.imports),
            ("{{component}}", self.component),
        ];
        let template = include_str!("guest.wat").to_owned();
        places.into_iter().fold(template, |text, (place, what)| text.replace(place, what))
    }

    /// The strategy as a component.
    pub(super) fn build(&self) -> Vec<u8> {
        assemble(&self.text())
    }
}

/// Text to bytes. The texts are this corpus's own.
pub(super) fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a test assembles every text")
}

/// The strategy that attacks nothing.
pub(super) fn harmless() -> Vec<u8> {
    static HARMLESS: OnceLock<Vec<u8>> = OnceLock::new();
    HARMLESS.get_or_init(|| Guest::default().build()).clone()
}

/// The harmless strategy with some of its text changed.
pub(super) fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = Guest::default().text();
    assert!(text.contains(from), "a change of `{from}` changes nothing");
    assemble(&text.replace(from, to))
}

/// A number as the format has it.
pub(super) fn leb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

/// Some bytes of the format with one more section at their end.
pub(super) fn with_section(mut bytes: Vec<u8>, id: u8, content: &[u8]) -> Vec<u8> {
    bytes.push(id);
    bytes.extend(leb(content.len() as u64));
    bytes.extend(content);
    bytes
}

/// The harmless strategy that also has this core module, which nothing uses: it is compiled all the same.
pub(super) fn with_module(fields: &str) -> Vec<u8> {
    with_section(harmless(), MODULE, &assemble(&format!("(module {fields})")))
}

/// The harmless strategy that also has this component inside, which nothing uses.
pub(super) fn with_component(fields: &str) -> Vec<u8> {
    with_section(harmless(), COMPONENT, &assemble(&format!("(component {fields})")))
}

/// The harmless strategy that also has a core module of these sections: numbers and their contents.
pub(super) fn with_raw_module(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let header = MODULE_HEADER.to_vec();
    let module = sections.iter().fold(header, |module, (id, content)| with_section(module, *id, content));
    with_section(harmless(), MODULE, &module)
}

/// The harmless strategy that also has a core module with one function without parameters, of these local variables and
/// instructions.
pub(super) fn with_function(locals: &[u8], code: &[u8]) -> Vec<u8> {
    let body = [locals, code, &[0x0b]].concat();
    let code = [leb(1), leb(body.len() as u64), body].concat();
    with_raw_module(&[(1, b"\x01\x60\0\0"), (3, b"\x01\0"), (10, &code)])
}

/// `text` written `count` times; `#` becomes the number of the copy, and `+` the next one's.
pub(super) fn times(count: usize, text: &str) -> String {
    let copy = |index: usize| text.replace('#', &index.to_string()).replace('+', &(index + 1).to_string());
    (0..count).map(copy).collect()
}
