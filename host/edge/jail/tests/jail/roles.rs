//! What the workers of these tests do.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, ExitCode};

use stratbox_jail::{Connection, Server};

/// The server of `role`.
pub(crate) fn prepare(role: &str) -> Option<Server> {
    let (role, argument) = role.split_once(' ').unwrap_or((role, ""));
    let argument = argument.to_owned();
    let serve: fn(Connection, &str) = match role {
        "echo" => echo,
        "ready" => |_, _| {},
        "wait" => |mut connection, _| while let Ok(Some(())) = connection.receive() {},
        "spin" => |_, _| forever(),
        "exit" => |_, code| std::process::exit(code.parse().unwrap()),
        "abort" => |_, _| std::process::abort(),
        "overflow" => |_, _| std::process::exit(deeper(1) as i32),
        "allocate" => allocate,
        "flood" => flood,
        "raw" => raw,
        "voice" => voice,
        "threads" => threads,
        "file" => file,
        "try" => |mut connection, what| {
            let answer = match attempt(what) {
                Ok(()) => "it succeeded".to_owned(),
                Err(error) => error.to_string(),
            };
            connection.send(&answer).unwrap();
        },
        "prepared-threads" => {
            // Started before the jail closes, it would be outside.
            std::thread::spawn(forever);
            |_, _| {}
        }
        "prepared-memory" => {
            let reserved = reserve(1 << 40);
            return Some(Box::new(move |mut connection| {
                connection.send(&reserved.is_ok()).unwrap();
                ExitCode::SUCCESS
            }));
        }
        _ => return None,
    };
    Some(Box::new(move |connection| {
        serve(connection, &argument);
        ExitCode::SUCCESS
    }))
}

fn forever() {
    loop {
        std::hint::spin_loop();
    }
}

#[expect(unsafe_code, reason = "engines reserve address space in this way")]
fn reserve(bytes: usize) -> io::Result<()> {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
    // SAFETY: a new mapping, which nothing uses.
    unsafe {
        mmap_anonymous(
            std::ptr::null_mut(),
            bytes,
            ProtFlags::empty(),
            MapFlags::PRIVATE | MapFlags::NORESERVE,
        )
    }?;
    Ok(())
}

fn echo(mut connection: Connection, _: &str) {
    while let Ok(Some(bytes)) = connection.receive::<Vec<u8>>() {
        connection.send(&bytes).unwrap();
    }
}

#[expect(unconditional_recursion, reason = "the stack is to overflow")]
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 100]);
    deeper(depth + 1) + frame[7]
}

fn allocate(mut connection: Connection, _: &str) {
    let mut held = Vec::new();
    connection.send(&"starting").unwrap();
    loop {
        held.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&held);
    }
}

fn flood(_: Connection, _: &str) {
    while io::stderr().write_all(&[b'x'; 1000]).is_ok() {}
}

/// Sends bytes that are no frame: hexadecimal, then exits, or stays silent after a `+`.
fn raw(connection: Connection, bytes: &str) {
    let (bytes, stays) = bytes.strip_suffix('+').map_or((bytes, false), |bytes| (bytes, true));
    let bytes: Vec<u8> =
        (0..bytes.len()).step_by(2).map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap()).collect();
    let mut stream = std::os::unix::net::UnixStream::from(OwnedFd::from(connection));
    stream.write_all(&bytes).unwrap();
    if stays {
        forever();
    }
}

/// Says what the words tell it to: a number is said with what follows, one with a `!` at once.
fn voice(mut connection: Connection, words: &str) {
    let voice = connection.voice(&"alive").unwrap();
    for word in words.split(' ') {
        match word {
            "begin" => voice.begin(),
            "end" => voice.end().unwrap(),
            "spin" => forever(),
            "wait" => drop(connection.receive::<()>().unwrap()),
            "count" => (0..20_000).for_each(|number| voice.say(&number.to_string(), false).unwrap()),
            "abort" => std::process::abort(),
            word => voice.say(&word.trim_end_matches('!'), word.ends_with('!')).unwrap(),
        }
    }
}

fn threads(mut connection: Connection, count: &str) {
    let threads: Vec<_> =
        (0..count.parse().unwrap()).map(|index: u64| std::thread::spawn(move || index)).collect();
    let sum: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    connection.send(&sum).unwrap();
}

fn file(mut connection: Connection, _: &str) {
    while let Ok(Some(((), file))) = connection.receive_with::<()>() {
        let text = file.map(|file| {
            let mut text = String::new();
            File::from(file).read_to_string(&mut text).unwrap();
            text
        });
        connection.send(&text).unwrap();
    }
}

/// Everything here succeeds without a jail.
fn attempt(what: &str) -> io::Result<()> {
    let (what, argument) = what.split_once(' ').unwrap_or((what, ""));
    match what {
        "read" => File::open(argument).map(drop),
        "write" => File::create(argument).map(drop),
        "fork" => Command::new("/bin/true").status().map(drop),
        "listen" => TcpListener::bind("127.0.0.1:0").map(drop),
        "connect" => TcpStream::connect(argument).map(drop),
        "unix" => UnixDatagram::unbound().map(drop),
        "signal" => {
            let pid = rustix::process::Pid::from_raw(argument.parse().unwrap()).unwrap();
            rustix::process::test_kill_process(pid).map_err(Into::into)
        }
        "parent" => {
            let pid = rustix::process::getppid().unwrap();
            rustix::process::test_kill_process(pid).map_err(Into::into)
        }
        "inspect" => {
            let pid = rustix::process::getpid();
            rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())
                .map(drop)
                .map_err(Into::into)
        }
        "ptrace" => ptrace(),
        _ => Err(io::Error::other("no such attempt")),
    }
}

/// Asks to be traced by the parent.
#[expect(unsafe_code, reason = "there is no safe call for it")]
fn ptrace() -> io::Result<()> {
    // SAFETY: `PTRACE_TRACEME` reads no other argument and no memory.
    match unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
