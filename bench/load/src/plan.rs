//! What to do, as JSON: where the server is, how its protocol is spelled, and the load.

use serde::Deserialize;

/// One measurement.
#[derive(Clone, Debug, Deserialize)]
pub struct Plan {
    /// The server's port on 127.0.0.1.
    pub port: u16,
    /// Processes whose trees are the server: CPU and memory are read of these.
    pub pids: Vec<u32>,
    /// Members of each room.
    pub members: usize,
    /// How many rooms there are.
    #[serde(default = "one")]
    pub rooms: usize,
    /// How the server is spoken to.
    pub dialect: Dialect,
    /// Characters of a message's text, the mark included.
    #[serde(default = "text_chars")]
    pub text_chars: usize,
    /// What is sent.
    pub load: Load,
    /// How long to load before measuring, in milliseconds.
    #[serde(default)]
    pub warmup_ms: u64,
    /// How long to measure, in milliseconds.
    #[serde(default)]
    pub measure_ms: u64,
    /// How long to wait after the last send for what is still missing, in milliseconds.
    #[serde(default = "drain_ms")]
    pub drain_ms: u64,
    /// Where members connect, in order, if not all to `port`: a port, and how many.
    #[serde(default)]
    pub doors: Vec<(u16, usize)>,
    /// Whether each joins as soon as it is connected, rather than all together at the end.
    #[serde(default)]
    pub joins_at_once: bool,
    /// How long to sleep between two looks at what has arrived, in milliseconds. A server on the same cores that wakes
    /// this for every frame pays for it; what is measured is late by up to so much.
    #[serde(default)]
    pub look_ms: u64,
    /// Of a load that several of these processes share: which part of it this is.
    #[serde(default)]
    pub part: Option<Part>,
}

/// A part of a load of one room. It says when its members have joined, and begins when it is told the time to:
/// a line with Unix microseconds on its standard input. A text then carries when it should have left, for those
/// who did not send it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Part {
    /// The number of its first sender among all senders.
    pub first_sender: usize,
    /// Senders of all parts.
    pub senders: usize,
}

impl Plan {
    /// The port that a member connects to.
    pub fn port_of(&self, member: usize) -> u16 {
        let mut end = 0;
        let door = self.doors.iter().find(|(_, members)| {
            end += members;
            member < end
        });
        door.map_or(self.port, |(port, _)| *port)
    }
}

/// How a server is spoken to. In all texts `{room}` and `{member}` stand for numbers, `{unique}` for a word
/// that no other message has, and `{text}` for a message's text, which needs no escaping in JSON.
#[derive(Clone, Debug, Deserialize)]
pub struct Dialect {
    /// The path of the upgrade.
    pub path: String,
    /// The subprotocol to ask for.
    #[serde(default)]
    pub subprotocol: Option<String>,
    /// Whether to offer compression, as browsers do. What comes compressed is counted and not read: no delivery
    /// is known then, only what the server used.
    #[serde(default)]
    pub compressed: bool,
    /// Frames to send once the connection is open.
    #[serde(default)]
    pub on_open: Vec<String>,
    /// What is in the frame that says one has joined. Empty: being open is enough.
    #[serde(default)]
    pub ready: String,
    /// The frame to send instead once a connection that had joined has ended and is open again: `{session}`, `{epoch}`
    /// and `{seq}` are from the last frames that said them. Empty: what ended stays so.
    #[serde(default)]
    pub on_return: String,
    /// The frame that says something.
    pub message: String,
    /// Frames that must be answered, and how: for heartbeats of a protocol's own.
    #[serde(default)]
    pub answers: Vec<(String, String)>,
}

/// What is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Load {
    /// Each sender has so many messages on their way and sends the next when one comes back.
    Closed {
        /// How many members of the room send.
        senders: usize,
        /// Messages that each has on their way.
        window: usize,
    },
    /// Messages leave at even distances, whether any comes back or not. Latency counts from when one should
    /// have left, so that a server which stalls the senders gains nothing by it.
    Open {
        /// How many members of the room send in turn.
        senders: usize,
        /// Messages a second, all senders together.
        per_second: f64,
    },
    /// Nothing is sent. What the members cost in memory is measured.
    Idle,
    /// The rooms are left alone, then one message is sent to one room after another.
    Wake {
        /// How long they are left alone, in milliseconds.
        sleep_ms: u64,
        /// How often.
        cycles: usize,
    },
}

fn one() -> usize {
    1
}

fn text_chars() -> usize {
    64
}

fn drain_ms() -> u64 {
    10_000
}
