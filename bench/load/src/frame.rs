//! WebSocket frames (RFC 6455, section 5), as few as are needed: text, ping, pong, close, unfragmented.

/// A text frame's code.
pub const TEXT: u8 = 1;
/// A close frame's code.
pub const CLOSE: u8 = 8;
/// A ping's code.
pub const PING: u8 = 9;
/// A pong's code.
pub const PONG: u8 = 10;

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it is.
    pub code: u8,
    /// Whether it is whole.
    pub fin: bool,
    /// Whether it is compressed.
    pub compressed: bool,
    /// The mask of a client's frame.
    pub mask: Option<[u8; 4]>,
    /// Where its payload begins.
    pub start: usize,
    /// Where its payload ends.
    pub end: usize,
}

/// Reads a head; none while its bytes are not all there.
pub fn head(bytes: &[u8]) -> Option<Head> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, mut start) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (usize::from(short), 2),
    };
    let mask = if second & 0x80 != 0 {
        start += 4;
        Some(bytes.get(start - 4..start)?.try_into().ok()?)
    } else {
        None
    };
    let (fin, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
    Some(Head { code: first & 0x0f, fin, compressed, mask, start, end: start + length })
}

/// Writes a frame, masked as clients must if there is a mask.
pub fn write(out: &mut Vec<u8>, code: u8, payload: &[u8], mask: Option<[u8; 4]>) {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    out.push(0x80 | code);
    match payload.len() {
        length @ 0..=125 => out.push(bit | length as u8),
        length @ 126..=65_535 => {
            out.push(bit | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(bit | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    match mask {
        Some(mask) => {
            out.extend(mask);
            out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
        None => out.extend(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 125, 126, 65_535, 65_536] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let mut bytes = Vec::new();
                write(&mut bytes, TEXT, &vec![b'a'; length], mask);
                let head = head(&bytes).unwrap();
                assert_eq!((head.code, head.fin, head.mask), (TEXT, true, mask));
                assert_eq!((head.end - head.start, head.end), (length, bytes.len()));
                assert!((0..head.start).all(|cut| super::head(&bytes[..cut]).is_none()));
            }
        }
    }
}
