//! One member: a TCP connection that speaks WebSocket, and what has arrived in part.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mio::net::TcpStream;
use sha1::{Digest, Sha1};

use crate::frame::{self, Head};
use crate::plan::Dialect;

/// One connection.
pub struct Member {
    /// Its socket.
    pub stream: TcpStream,
    /// What the server must answer the upgrade with, until it has.
    upgrade: Option<String>,
    /// Bytes that arrived and are no whole frame yet.
    partial: Vec<u8>,
    /// Bytes that the socket did not take yet.
    unsent: Vec<u8>,
    /// Whether it has joined.
    pub is_ready: bool,
    /// Whether it has ended.
    pub has_ended: bool,
    mask: u32,
}

/// What a server answers an upgrade with this key with (RFC 6455, section 4.2.2).
pub fn accept_of(key: &str) -> String {
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes());
    BASE64_STANDARD.encode(digest)
}

impl Member {
    /// Begins to connect, and to upgrade.
    ///
    /// # Errors
    /// Where there is no socket to be had.
    pub fn connect(port: u16, path: &str, dialect: &Dialect, number: usize) -> Result<Self> {
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)))?;
        stream.set_nodelay(true)?;
        let key =
            BASE64_STANDARD.encode((number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let offer = if dialect.compressed { offer } else { "" };
        let protocol = dialect
            .subprotocol
            .as_ref()
            .map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"))
            .unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{protocol}{offer}\r\n"
        );
        Ok(Self {
            stream,
            upgrade: Some(accept_of(&key)),
            partial: Vec::new(),
            unsent: request.into_bytes(),
            is_ready: false,
            has_ended: false,
            mask: number as u32 | 0x5bd1_e995,
        })
    }

    /// Whether the server has answered the upgrade.
    pub fn is_open(&self) -> bool {
        self.upgrade.is_none()
    }

    /// Reads the answer to the upgrade, if it is whole. Returns how many bytes it took.
    fn answered(&mut self, bytes: &[u8]) -> usize {
        let (Some(end), Some(accept)) = (memchr::memmem::find(bytes, b"\r\n\r\n"), &self.upgrade) else {
            return 0;
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        if head.starts_with("HTTP/1.1 101") && head.contains(accept) {
            self.upgrade = None;
        } else {
            self.has_ended = true;
        }
        end + 4
    }

    /// Sends a frame, at once or as soon as the socket takes it.
    pub fn send(&mut self, code: u8, payload: &[u8]) {
        // A mask must not be foreseen by who writes the payload; here that is ourselves.
        self.mask = self.mask.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        frame::write(&mut self.unsent, code, payload, Some(self.mask.to_be_bytes()));
        self.flush();
    }

    /// Sends what the socket did not take before.
    pub fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return;
                }
                Err(_) => {
                    self.has_ended = true;
                    return;
                }
            }
        }
    }

    /// Reads all that is there, through a buffer that all share, and hands each frame on.
    pub fn read(&mut self, buffer: &mut [u8], mut take: impl FnMut(&mut Self, Head, &[u8])) {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => {
                    self.has_ended = true;
                    return;
                }
                Ok(count) => {
                    if self.partial.is_empty() {
                        let rest = self.split(&buffer[..count], &mut take);
                        self.partial.extend_from_slice(&buffer[rest..count]);
                    } else {
                        let mut all = std::mem::take(&mut self.partial);
                        all.extend_from_slice(&buffer[..count]);
                        let rest = self.split(&all, &mut take);
                        all.drain(..rest);
                        self.partial = all;
                    }
                    // A read that did not fill the buffer has emptied the socket.
                    if count < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return;
                }
                Err(_) => {
                    self.has_ended = true;
                    return;
                }
            }
        }
    }

    /// Hands the whole frames on. Returns how many bytes they took.
    fn split(&mut self, bytes: &[u8], take: &mut impl FnMut(&mut Self, Head, &[u8])) -> usize {
        let mut at = if self.is_open() { 0 } else { self.answered(bytes) };
        if !self.is_open() {
            return at;
        }
        while let Some(head) = frame::head(&bytes[at..]) {
            let Some(payload) = bytes.get(at + head.start..at + head.end) else { break };
            take(self, head, payload);
            at += head.end;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_answer_to_a_key_is_that_of_the_standard() {
        // RFC 6455, section 1.3.
        assert_eq!(super::accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
