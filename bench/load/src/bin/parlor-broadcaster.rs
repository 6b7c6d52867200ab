//! The physical limit to compare with: one thread, one `epoll`, every frame prepared once and written to all,
//! nothing parsed, checked or stored. `parlor-broadcaster` prints its port.

use std::collections::HashMap;
use std::io::{Read, Result, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use parlor_load::frame;
use parlor_load::member::accept_of;

const LISTENER: Token = Token(usize::MAX);

struct Client {
    stream: TcpStream,
    arrived: Vec<u8>,
    unsent: Vec<u8>,
    upgraded: bool,
}

fn main() -> Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("{}", listener.local_addr()?.port());
    let mut clients: HashMap<usize, Client> = HashMap::new();
    let (mut next, mut buffer) = (0, vec![0; 64 * 1024]);
    let mut events = Events::with_capacity(1024);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, Token(next), interest)?;
                    let client = Client { stream, arrived: Vec::new(), unsent: Vec::new(), upgraded: false };
                    clients.insert(next, client);
                    next += 1;
                }
                continue;
            }
            let mut said = Vec::new();
            let Some(client) = clients.get_mut(&token.0) else { continue };
            client.flush();
            let open = !event.is_readable() || client.read(&mut buffer, &mut said);
            if !open {
                clients.remove(&token.0);
            }
            for text in said {
                let mut bytes = Vec::new();
                frame::write(&mut bytes, frame::TEXT, &text, None);
                clients.values_mut().filter(|client| client.upgraded).for_each(|client| client.send(&bytes));
            }
        }
    }
}

impl Client {
    fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                // What would block is sent when it can be; of any other error `read` will hear.
                Err(_) => return,
            }
        }
    }

    /// Reads all that is there; whether the connection goes on.
    fn read(&mut self, buffer: &mut [u8], said: &mut Vec<Vec<u8>>) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(count) => self.arrived.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if !self.upgraded {
            let Some(end) = memchr::memmem::find(&self.arrived, b"\r\n\r\n") else { return true };
            let head = String::from_utf8_lossy(&self.arrived[..end]).to_string();
            self.arrived.drain(..end + 4);
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            let Some(key) = key else { return false };
            self.upgraded = true;
            self.send(
                format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {}\r\n\r\n",
                    accept_of(key.trim())
                )
                .as_bytes(),
            );
        }
        let mut at = 0;
        while let Some(head) = frame::head(&self.arrived[at..]) {
            let Some(payload) = self.arrived.get(at + head.start..at + head.end) else { break };
            let mask = head.mask.unwrap_or_default();
            let text = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
            match head.code {
                frame::TEXT => said.push(text.collect()),
                frame::CLOSE => return false,
                _ => {}
            }
            at += head.end;
        }
        self.arrived.drain(..at);
        true
    }
}
