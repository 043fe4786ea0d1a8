//! Programs that run in a jail to their end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stratbox_jail::{Confinement, Failure, Policy, Tool, system_libraries};

use crate::{LONG, NEVER, jailed, jailer, policy};

crate::trials![
    a_tools_exit_code_and_words_come_back,
    words_beyond_what_is_kept_are_counted,
    a_tool_that_fills_its_directory_is_ended,
    a_tool_reads_what_the_policy_names_and_nothing_else,
    a_tool_writes_to_its_directory_and_nowhere_else,
    a_tool_cannot_execute_what_it_wrote,
    a_tool_cannot_start_a_process,
    a_tool_cannot_change_permissions,
    a_tool_has_no_privileges_and_no_environment,
    a_tool_that_does_not_end_is_ended,
    a_tool_that_does_not_exist_is_refused,
    a_place_that_cannot_be_used_is_named,
    an_allowed_root_directory_is_a_breach,
    a_limit_that_is_ignored_kills,
    what_a_free_tool_leaves_running_is_ended,
    rustc_compiles_in_a_jail,
    rustc_cannot_include_a_file_from_outside,
    the_linker_links_in_a_jail,
];

/// Makes the binary a tool that tells about itself.
pub(crate) const REPORT: &str = "--report";

/// What a tool of these tests may use: the system, and one directory.
fn tool_policy(directory: &Path) -> Policy {
    let mut read = system_libraries();
    read.extend(["/bin".into(), "/usr/bin".into()]);
    let write = Some(directory.to_owned());
    Policy { read, write, memory_bytes: 4 << 30, file_bytes: 64 << 20, descriptors: 64, ..policy() }
}

fn tool(program: &str, arguments: &[&str], directory: &Path) -> Tool {
    let arguments = arguments.iter().map(Into::into).collect();
    Tool { program: program.into(), arguments, directory: directory.into(), words_kept: 4096 }
}

/// The exit code and words of a shell script.
fn shell(confinement: Confinement, script: &str, directory: &Path) -> (i32, String) {
    let tool = tool("/bin/sh", &["-c", script], directory);
    let output = jailer(confinement).run(&tool, &tool_policy(directory), LONG, &NEVER).unwrap();
    (output.status, String::from_utf8(output.words).unwrap())
}

/// Whether a script succeeds in its jail, and without one.
fn succeeds(script: &str, directory: &Path) -> (bool, bool) {
    let succeeds = |confinement| shell(confinement, script, directory).0 == 0;
    (succeeds(Confinement::Jailed), succeeds(Confinement::None))
}

fn a_tools_exit_code_and_words_come_back() {
    let directory = tempfile::tempdir().unwrap();
    for confinement in [Confinement::Jailed, Confinement::None] {
        assert_eq!(shell(confinement, "echo words >&2; exit 3", directory.path()), (3, "words\n".into()));
    }
}

fn words_beyond_what_is_kept_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let tool = Tool { words_kept: 2, ..tool("/bin/sh", &["-c", "echo 12345 >&2"], directory.path()) };
    let output = jailed().run(&tool, &tool_policy(directory.path()), LONG, &NEVER).unwrap();
    assert_eq!((output.status, output.words.as_slice(), output.words_total), (0, &b"12"[..], 6));
}

/// One file at its limit is ended by the kernel, many small ones by the parent.
fn a_tool_that_fills_its_directory_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let fill = |files: &str| {
        let script = format!("i=0; while [ $i -lt {files} ]; do printf %65536s x > file$i; i=$((i+1)); done");
        let tool = tool("/bin/sh", &["-c", &script], directory.path());
        let policy = Policy { file_bytes: 1 << 20, ..tool_policy(directory.path()) };
        jailed().run(&tool, &policy, LONG, &NEVER)
    };
    assert_eq!(fill("8").unwrap().status, 0);
    assert!(matches!(fill("1000000"), Err(Failure::TooMuchOutput)));
}

fn a_tool_reads_what_the_policy_names_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let allowed = directory.path().join("allowed");
    fs::write(&allowed, "1\n").unwrap();
    let read = |path: &Path| succeeds(&format!("read line < {}", path.display()), directory.path());
    assert_eq!(read(&allowed), (true, true));
    assert_eq!(read(Path::new("/etc/passwd")), (false, true));
}

fn a_tool_writes_to_its_directory_and_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &Path| succeeds(&format!("echo x > {}/file", path.display()), directory.path());
    assert_eq!(write(directory.path()), (true, true));
    assert_eq!(write(outside.path()), (false, true));
    assert_eq!(succeeds("echo x > $TMPDIR/other", directory.path()), (true, true));
}

fn a_tool_cannot_execute_what_it_wrote() {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("true");
    fs::copy("/bin/true", &copy).unwrap();
    assert_eq!(succeeds(&format!("exec {}", copy.display()), directory.path()), (false, true));
    assert_eq!(succeeds("exec /bin/true", directory.path()), (true, true));
}

fn a_tool_cannot_start_a_process() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(succeeds("/bin/true; exit $?", directory.path()), (false, true));
}

fn a_tool_cannot_change_permissions() {
    let directory = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let mode = || fs::metadata(outside.path()).unwrap().permissions().mode() & 0o777;
    let before = mode();
    let change = format!("exec chmod 777 {}", outside.path().display());
    assert_eq!(shell(Confinement::Jailed, &change, directory.path()).0, 0);
    assert_eq!(mode(), before);
    assert_eq!(shell(Confinement::None, &change, directory.path()).0, 0);
    assert_eq!(mode(), 0o777);
}

/// Tells, as a tool, what it was left with.
pub(crate) fn report() -> ExitCode {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kept = ["CapInh", "CapPrm", "CapEff", "NoNewPrivs", "Seccomp:"];
    for line in status.lines().filter(|line| kept.iter().any(|label| line.starts_with(label))) {
        eprintln!("{}", line.replace('\t', " "));
    }
    eprintln!("environment {:?}", std::env::vars().map(|(name, _)| name).collect::<Vec<_>>());
    let open = fs::read_dir("/proc/self/fd").unwrap().count() - 1;
    eprintln!("descriptors {open}");
    ExitCode::SUCCESS
}

fn a_tool_has_no_privileges_and_no_environment() {
    let directory = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let mut policy = tool_policy(directory.path());
    policy.read.extend([this.clone(), "/proc".into()]);
    let tool = tool(this.to_str().unwrap(), &[REPORT], directory.path());
    let output = jailed().run(&tool, &policy, LONG, &NEVER).unwrap();
    let none = "0000000000000000";
    let expected = format!(
        "CapInh: {none}\nCapPrm: {none}\nCapEff: {none}\nNoNewPrivs: 1\nSeccomp: 2\n\
         environment [\"TMPDIR\"]\ndescriptors 3\n"
    );
    assert_eq!(String::from_utf8(output.words).unwrap(), expected);
}

fn a_tool_that_does_not_end_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let tool = tool("/bin/sh", &["-c", "while :; do :; done"], directory.path());
    let cancelled = AtomicBool::new(true);
    let run = |wall, cancel: &AtomicBool| jailed().run(&tool, &tool_policy(directory.path()), wall, cancel);
    assert!(matches!(run(Duration::from_millis(300), &NEVER), Err(Failure::TimedOut { .. })));
    assert!(matches!(run(LONG, &cancelled), Err(Failure::Cancelled)));
    let short = Policy { cpu_seconds: 1, ..tool_policy(directory.path()) };
    assert!(matches!(jailed().run(&tool, &short, LONG, &NEVER), Err(Failure::CpuTime)));
}

fn a_tool_that_does_not_exist_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let tool = tool("/bin/does-not-exist", &[], directory.path());
    let failure = jailed().run(&tool, &tool_policy(directory.path()), LONG, &NEVER).unwrap_err();
    assert!(failure.to_string().contains("cannot run `/bin/does-not-exist`: no such file"), "{failure}");
}

fn a_place_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let tool = tool("/bin/true", &[], directory.path());
    let failure = jailed().run(&tool, &tool_policy(&missing), LONG, &NEVER).unwrap_err();
    assert!(failure.to_string().contains(&format!("cannot use `{}`", missing.display())), "{failure}");
}

fn an_allowed_root_directory_is_a_breach() {
    let directory = tempfile::tempdir().unwrap();
    let mut policy = tool_policy(directory.path());
    policy.read.push("/".into());
    let failure = jailed().run(&tool("/bin/true", &[], directory.path()), &policy, LONG, &NEVER).unwrap_err();
    assert!(
        matches!(&failure, Failure::Breached { wall, .. } if wall == "landlock: reading `/`"),
        "{failure}"
    );
}

fn a_limit_that_is_ignored_kills() {
    let directory = tempfile::tempdir().unwrap();
    let short = Policy { cpu_seconds: 1, ..tool_policy(directory.path()) };
    let tool = tool("/bin/sh", &["-c", "trap '' XCPU; while :; do :; done"], directory.path());
    assert!(matches!(jailed().run(&tool, &short, LONG, &NEVER), Err(Failure::CpuTime)));
}

fn what_a_free_tool_leaves_running_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let (status, words) = shell(Confinement::None, "sleep 1000 & echo $! >&2", directory.path());
    assert_eq!(status, 0);
    crate::wait_for_end(words.trim().parse().unwrap());
}

/// The toolchain in use, and what it may use.
fn toolchain(directory: &Path) -> (PathBuf, Policy) {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let sysroot = PathBuf::from(String::from_utf8(sysroot).unwrap().trim());
    let mut read = system_libraries();
    read.push(sysroot.clone());
    (sysroot, Policy { read, cpu_seconds: 60, ..tool_policy(directory) })
}

/// The exit code and words of `rustc lib.rs`.
fn compile(directory: &Path, source: &str) -> (i32, String) {
    fs::write(directory.join("lib.rs"), source).unwrap();
    let (sysroot, policy) = toolchain(directory);
    let arguments =
        ["--edition=2024", "--crate-type=staticlib", "--target=wasm32-unknown-unknown", "--emit=link"];
    let arguments = [&arguments[..], &["-Copt-level=3", "-oout.a", "lib.rs"]].concat();
    let rustc = tool(sysroot.join("bin/rustc").to_str().unwrap(), &arguments, directory);
    let output = jailed().run(&rustc, &policy, LONG, &NEVER).unwrap();
    (output.status, String::from_utf8(output.words).unwrap())
}

const LIBRARY: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn answer() -> u64 { std::hint::black_box(vec![42]).iter().sum() }";

fn rustc_compiles_in_a_jail() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(compile(directory.path(), LIBRARY), (0, String::new()));
    assert!(fs::read(directory.path().join("out.a")).unwrap().starts_with(b"!<arch>\n"));
}

fn rustc_cannot_include_a_file_from_outside() {
    let directory = tempfile::tempdir().unwrap();
    let include = |path: &Path| format!("pub const TEXT: &str = include_str!({path:?});");
    let inside = directory.path().join("inside.txt");
    fs::write(&inside, "text").unwrap();
    assert_eq!(compile(directory.path(), &include(&inside)), (0, String::new()));
    let (status, words) = compile(directory.path(), &include(Path::new("/etc/passwd")));
    assert!(status == 1 && words.contains("Permission denied"), "{words}");
}

fn the_linker_links_in_a_jail() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(compile(directory.path(), LIBRARY), (0, String::new()));
    let (sysroot, policy) = toolchain(directory.path());
    let host = format!("lib/rustlib/{}-unknown-linux-gnu/bin/rust-lld", std::env::consts::ARCH);
    let arguments = ["-flavor", "wasm", "--no-entry", "--export=answer", "out.a", "-o", "out.wasm"];
    let linker = tool(sysroot.join(host).to_str().unwrap(), &arguments, directory.path());
    let output = jailed().run(&linker, &policy, LONG, &NEVER).unwrap();
    assert_eq!((output.status, String::from_utf8_lossy(&output.words)), (0, "".into()));
    assert!(fs::read(directory.path().join("out.wasm")).unwrap().starts_with(b"\0asm"));
}
