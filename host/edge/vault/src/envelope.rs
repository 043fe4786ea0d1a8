//! What a file says about itself, and whether that is true.

use stratbox_domain::Digest;

use crate::Reason;
use crate::secret::Secret;

/// Raised with the layout of the header.
const MAGIC: [u8; 8] = *b"sbxvlt01";
const BODY: usize = MAGIC.len() + 4 + 32 + 32 + 8;
/// Size of the header, bytes.
pub(crate) const HEADER: usize = BODY + 32;

/// What a file is: what its content is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) format: u32,
    /// Digest of the shelf's name, so that names of all lengths take the same room.
    pub(crate) shelf: Digest,
    pub(crate) key: Digest,
}

/// The bytes before the content: magic, format, shelf, key, length (integers in little-endian order), and the MAC over
/// all of these and the content. Every field before the content is of fixed size, so no two files are authenticated by
/// the same bytes.
#[derive(Clone, Copy)]
pub(crate) struct Header([u8; HEADER]);

impl Header {
    /// Vouches for `content` under `label`.
    pub(crate) fn seal(secret: &Secret, label: &Label, content: &[u8]) -> Self {
        let mut header = [0; HEADER];
        let length = (content.len() as u64).to_le_bytes();
        let fields: [&[u8]; 5] =
            [&MAGIC, &label.format.to_le_bytes(), label.shelf.as_bytes(), label.key.as_bytes(), &length];
        let (body, mac) = header.split_at_mut(BODY);
        body.copy_from_slice(&fields.concat());
        mac.copy_from_slice(authenticate(secret, body, content).as_bytes());
        Self(header)
    }

    pub(crate) fn from_bytes(bytes: [u8; HEADER]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; HEADER] {
        &self.0
    }

    /// The size of the content by the header's own claim, bytes; nothing when this is no header at all.
    pub(crate) fn claimed_length(&self) -> Option<u64> {
        (self.field(0) == MAGIC).then(|| u64::from_le_bytes(self.field(BODY - 8)))
    }

    /// Whether the one who has the secret wrote just this under just this label.
    pub(crate) fn verify(&self, secret: &Secret, label: &Label, content: &[u8]) -> Result<(), Reason> {
        let (body, _) = self.0.split_at(BODY);
        // Comparing BLAKE3 hashes takes the same time wherever they differ.
        let genuine = authenticate(secret, body, content) == self.field::<32>(BODY);
        let claimed = self.label();
        match () {
            () if !genuine => Err(Reason::Altered),
            () if (claimed.shelf, claimed.key) != (label.shelf, label.key) => Err(Reason::Swapped),
            () if claimed.format != label.format => Err(Reason::Old),
            () => Ok(()),
        }
    }

    /// What the file is by its own claim.
    fn label(&self) -> Label {
        let at = MAGIC.len();
        Label {
            format: u32::from_le_bytes(self.field(at)),
            shelf: Digest::from_bytes(self.field(at + 4)),
            key: Digest::from_bytes(self.field(at + 36)),
        }
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|index| self.0[at + index])
    }
}

fn authenticate(secret: &Secret, body: &[u8], content: &[u8]) -> blake3::Hash {
    secret.hasher().update(body).update(content).finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels() -> impl Strategy<Value = Label> {
        let digest = || any::<[u8; 32]>().prop_map(Digest::from_bytes);
        (any::<u32>(), digest(), digest()).prop_map(|(format, shelf, key)| Label { format, shelf, key })
    }

    proptest! {
        #[test]
        fn what_is_sealed_says_what_it_is(label in labels(), content: Vec<u8>) {
            let secret = Secret::for_tests(1);
            let header = Header::seal(&secret, &label, &content);
            prop_assert_eq!(header.verify(&secret, &label, &content), Ok(()));
            prop_assert_eq!(header.label(), label);
            prop_assert_eq!(header.claimed_length(), Some(content.len() as u64));
        }

        #[test]
        fn another_secret_does_not_vouch_for_it(label in labels(), content: Vec<u8>) {
            let header = Header::seal(&Secret::for_tests(1), &label, &content);
            prop_assert_eq!(header.verify(&Secret::for_tests(2), &label, &content), Err(Reason::Altered));
        }

        #[test]
        fn another_label_is_told_from_another_content(label in labels(), asked in labels(), content: Vec<u8>) {
            prop_assume!(label != asked);
            let secret = Secret::for_tests(1);
            let header = Header::seal(&secret, &label, &content);
            prop_assert_eq!(header.verify(&secret, &asked, &content), Err(Reason::Swapped));
            let newer = Label { format: label.format.wrapping_add(1), ..label };
            prop_assert_eq!(header.verify(&secret, &newer, &content), Err(Reason::Old));
            let longer = [content.as_slice(), &[0]].concat();
            prop_assert_eq!(header.verify(&secret, &label, &longer), Err(Reason::Altered));
        }
    }
}
