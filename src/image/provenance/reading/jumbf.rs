//! Boxes: those of ISO base media files and of JUMBF (ISO/IEC 19566-5), which are laid out alike.

use super::be32;

/// A box.
pub(super) struct Found<'a> {
    pub(super) kind: [u8; 4],
    /// With its header.
    pub(super) whole: &'a [u8],
    /// Without it.
    pub(super) data: &'a [u8],
}

/// The boxes that follow one another in `bytes`, up to one that does not fit.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = Found<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let kind = *rest.get(4..)?.first_chunk()?;
        let (header, length) = match be32(rest, 0)? {
            0 => (8, rest.len()),
            1 => {
                let length = u64::from_be_bytes(*rest.get(8..)?.first_chunk()?);
                (16, usize::try_from(length).ok()?)
            }
            length => (8, length),
        };
        let whole = rest.get(..length)?;
        let data = whole.get(header..)?;
        rest = rest.get(length..)?;
        Some(Found { kind, whole, data })
    })
}

/// A box of boxes that begins with a description.
#[derive(Clone, Copy)]
pub(super) struct Superbox<'a> {
    pub(super) label: &'a str,
    /// The boxes after the description.
    pub(super) content: &'a [u8],
}

/// The superboxes directly inside `bytes`. Nothing here looks deeper, so no nesting is too deep.
pub(super) fn superboxes(bytes: &[u8]) -> impl Iterator<Item = Superbox<'_>> {
    boxes(bytes).filter(|found| &found.kind == b"jumb").filter_map(|found| {
        let description = boxes(found.data).next().filter(|first| &first.kind == b"jumd")?;
        let content = found.data.get(description.whole.len()..)?;
        // A type of 16 bytes, flags, then the label if they say so.
        let flags = *description.data.get(16)?;
        let label = description.data.get(17..)?.split(|&byte| byte == 0).next()?;
        let label = std::str::from_utf8(label).ok().filter(|_| flags & 2 != 0)?;
        Some(Superbox { label, content })
    })
}
