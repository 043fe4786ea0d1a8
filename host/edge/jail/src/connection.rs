//! The child's end of the channel.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::frame::{self, HEADER, PIECE};
use crate::voice::Voice;

/// The child's end of the channel to its parent, whose bytes it trusts.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
}

impl Connection {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self { socket }
    }

    /// Sends a message; waits until the parent has room for it.
    ///
    /// # Errors
    /// The message cannot be written as MessagePack, or the parent is gone.
    pub fn send<M: Serialize>(&mut self, message: &M) -> Result<(), Failure> {
        write(&self.socket, &frame::encode(message)?)
    }

    /// A voice that collects messages on their way to the parent, and that says `alive` by itself during work. It starts a
    /// thread, which a server can do and its preparation cannot. Messages of [`Connection::send`] overtake those of the voice.
    ///
    /// # Errors
    /// `alive` cannot be written as MessagePack, or there is no thread or descriptor left.
    pub fn voice<M: Serialize>(&self, alive: &M) -> Result<Voice, Failure> {
        let socket = self.socket.try_clone().map_err(Failure::start)?;
        Voice::new(socket, frame::encode(alive)?)
    }

    /// The parent's next message, or `None` when the parent has ended. A descriptor that comes with it is closed.
    ///
    /// # Errors
    /// The message is not an `M`, or ends in the middle.
    pub fn receive<M: DeserializeOwned>(&mut self) -> Result<Option<M>, Failure> {
        Ok(self.receive_with()?.map(|(message, _)| message))
    }

    /// The parent's next message and the descriptor that came with it, or `None` when the parent has ended.
    ///
    /// # Errors
    /// The message is not an `M`, or ends in the middle.
    pub fn receive_with<M: DeserializeOwned>(&mut self) -> Result<Option<(M, Option<OwnedFd>)>, Failure> {
        let mut file = None;
        let header = self.read(HEADER, &mut file)?;
        if header.is_empty() {
            return Ok(None);
        }
        let length = frame::length(&header, u32::MAX as usize)?;
        let body = self.read(length, &mut file)?;
        if body.len() < length {
            return Err(Failure::protocol("the parent ended in the middle of a message"));
        }
        Ok(Some((frame::decode(&body)?, file)))
    }

    /// Reads `wanted` bytes, or fewer at the parent's end.
    fn read(&mut self, wanted: usize, file: &mut Option<OwnedFd>) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while bytes.len() < wanted {
            let at = bytes.len();
            bytes.resize(wanted.min(at + PIECE), 0);
            let count = retried(|| receive_piece(&self.socket, &mut bytes[at..], file))?;
            bytes.truncate(at + count);
            if count == 0 {
                break;
            }
        }
        Ok(bytes)
    }
}

impl From<Connection> for OwnedFd {
    /// The bare socket, for a protocol of its own.
    fn from(connection: Connection) -> Self {
        connection.socket
    }
}

/// Sends all of `bytes`; waits until the parent has room for them.
pub(crate) fn write(socket: &OwnedFd, bytes: &[u8]) -> Result<(), Failure> {
    let mut sent = 0;
    while sent < bytes.len() {
        sent += retried(|| send_piece(socket, &bytes[sent..], None, SendFlags::empty()))?;
    }
    Ok(())
}

/// Sends what fits of `bytes`, and `file` with the first of them.
pub(crate) fn send_piece(
    socket: &OwnedFd,
    bytes: &[u8],
    file: Option<BorrowedFd<'_>>,
    flags: SendFlags,
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files: Vec<BorrowedFd<'_>> = file.into_iter().collect();
    if !files.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&files));
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags | SendFlags::NOSIGNAL)
}

/// Receives what is there, at most as much as `bytes` holds, and the descriptor that comes with it.
fn receive_piece(
    socket: &OwnedFd,
    bytes: &mut [u8],
    file: &mut Option<OwnedFd>,
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(socket, &mut [IoSliceMut::new(bytes)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(files) = message {
            *file = files.last().or(file.take());
        }
    }
    Ok(received.bytes)
}

/// `call` until no signal interrupts it.
fn retried(mut call: impl FnMut() -> rustix::io::Result<usize>) -> Result<usize, Failure> {
    rustix::io::retry_on_intr(&mut call).map_err(|errno| {
        Failure::protocol(format!("the parent cannot be reached: {}", io::Error::from(errno)))
    })
}
