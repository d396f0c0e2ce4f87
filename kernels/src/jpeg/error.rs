use std::fmt;

/// Why a JPEG file gives no pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JpegError {
    /// A kind of JPEG that is not read.
    Unsupported(String),
    /// Headers that contradict themselves or are cut off.
    Damaged(&'static str),
    /// No memory for this many bytes.
    Memory(usize),
}

impl fmt::Display for JpegError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(f, "JPEG {what}"),
            Self::Damaged(what) => write!(f, "JPEG {what}"),
            Self::Memory(bytes) => write!(f, "no memory for {bytes} bytes of a JPEG"),
        }
    }
}

impl std::error::Error for JpegError {}

/// A buffer of `length` equal values, or an error where the memory cannot be had.
pub(super) fn buffer<T: Clone>(length: usize, value: T) -> Result<Vec<T>, JpegError> {
    let mut buffer = Vec::new();
    buffer
        .try_reserve_exact(length)
        .map_err(|_| JpegError::Memory(length.saturating_mul(size_of::<T>())))?;
    buffer.resize(length, value);
    Ok(buffer)
}
