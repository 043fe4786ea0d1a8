//! What a child has sent and nobody has taken yet.

use std::os::fd::OwnedFd;

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::failure::Failure;
use crate::frame::{self, HEADER, PIECE};

/// Bytes of a child: messages that are whole, and the beginning of one.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// How many of them have been taken.
    taken: usize,
}

/// What a look into the socket showed.
pub(crate) enum More {
    Came,
    /// There is nothing now.
    Nothing,
    /// There is nothing, and there will not be.
    Never,
}

impl Inbox {
    /// The next message of at most `max_bytes`, if all of it is here.
    pub(crate) fn take(&mut self, max_bytes: usize) -> Result<Option<Vec<u8>>, Failure> {
        let Some((header, rest)) = self.bytes[self.taken..].split_at_checked(HEADER) else { return Ok(None) };
        let length = frame::length(header, max_bytes)?;
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let body = body.to_vec();
        self.taken += HEADER + length;
        Ok(Some(body))
    }

    /// Whether everything has been taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.bytes.len()
    }

    /// Takes what is in the socket, about a piece of it: memory is taken as bytes arrive, not as a length promises.
    pub(crate) fn fill(&mut self, socket: &OwnedFd) -> rustix::io::Result<More> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.reserve(PIECE);
        match recv(socket, spare_capacity(&mut self.bytes), RecvFlags::DONTWAIT) {
            Ok((0, _)) | Err(Errno::CONNRESET) => Ok(More::Never),
            Ok(_) | Err(Errno::INTR) => Ok(More::Came),
            Err(Errno::AGAIN) => Ok(More::Nothing),
            Err(errno) => Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn filled(bytes: &[u8]) -> Inbox {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(bytes).unwrap();
        let mut inbox = Inbox::default();
        assert!(matches!(inbox.fill(&theirs.into()), Ok(More::Came)));
        inbox
    }

    #[test]
    fn messages_that_came_together_are_taken_one_by_one() {
        let mut inbox = filled(&[2, 0, 0, 0, 7, 8, 0, 0, 0, 0, 1, 0, 0, 0, 9]);
        assert_eq!(inbox.take(2).unwrap(), Some(vec![7, 8]));
        assert_eq!(inbox.take(2).unwrap(), Some(vec![]));
        assert!(!inbox.is_empty());
        assert_eq!(inbox.take(2).unwrap(), Some(vec![9]));
        assert_eq!(inbox.take(2).unwrap(), None);
        assert!(inbox.is_empty());
    }

    #[test]
    fn a_message_that_comes_in_parts_is_taken_when_it_is_whole() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let (theirs, mut inbox) = (OwnedFd::from(theirs), Inbox::default());
        for part in [&[3][..], &[0, 0, 0], &[1], &[2]] {
            ours.write_all(part).unwrap();
            assert!(matches!(inbox.fill(&theirs), Ok(More::Came)));
            assert_eq!(inbox.take(3).unwrap(), None);
        }
        ours.write_all(&[3, 1]).unwrap();
        assert!(matches!(inbox.fill(&theirs), Ok(More::Came)));
        assert_eq!(inbox.take(3).unwrap(), Some(vec![1, 2, 3]));
        assert!(matches!(inbox.fill(&theirs), Ok(More::Nothing)));
        drop(ours);
        assert!(matches!(inbox.fill(&theirs), Ok(More::Never)));
        assert!(!inbox.is_empty(), "a byte of a message that never came");
    }

    #[test]
    fn every_message_is_held_to_the_bound_of_whoever_takes_it() {
        let mut inbox = filled(&[1, 0, 0, 0, 7, 2, 0, 0, 0, 8, 9]);
        assert_eq!(inbox.take(1).unwrap(), Some(vec![7]));
        assert!(matches!(inbox.take(1), Err(Failure::Protocol { .. })));
        assert_eq!(inbox.take(2).unwrap(), Some(vec![8, 9]));
    }
}
