//! What goes into a room and what comes out of it.
//!
//! The room does no I/O: it is told of [`Event`]s and answers with [`Effect`]s, which the shell
//! applies in their order. What it has to read from storage it reads through [`Archive`], which
//! answers at once, as the platform's SQLite does.

use std::rc::Rc;

use thiserror::Error;

use super::log::{Line, Page, Range, Segment, SegmentHead, Seq};
use super::moderation::{Order, Record};
use super::presence::{Member, MemberId};
use super::rules::{House, Rules};
use super::session::Secret;
use super::visitor::{Role, Visitor};
use crate::limits::ClientLimits;
use crate::name::DisplayName;
use crate::refusal::{CloseCode, Refusal};
use crate::relay::registry::Count;
use crate::relay::wire::{Down, Up};

/// One WebSocket, for as long as it is open. The shell draws the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A connection was made, by somebody whom [`super::Room::admit`] let in.
    Opened(ConnectionId, Visitor),
    /// A frame came from it, as its dialect read it.
    Received(ConnectionId, Result<Request, Unreadable>),
    /// It ended.
    Closed(ConnectionId),
    /// A relay of that key has made a connection, a link; it knows the room's messages up to the position.
    Attached(ConnectionId, String, Option<Position>),
    /// Something came over a link from a relay.
    Up(ConnectionId, Box<Up>),
    /// Something came from the room whose relay this is.
    Down(Vec<Down>),
    /// The line to the room whose relay this is was lost, or could not be had.
    Cut,
    /// The time that [`super::Room::timeout`] named has come.
    Tick,
    /// The time that [`Effect::WakeAt`] named has come, however long the room slept.
    Alarm,
}

/// What a client asks for, in any dialect.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Become a member.
    Join {
        /// The name to go by.
        name: String,
        /// The session to take up again.
        session: Option<String>,
        /// Where the client's copy of the history ends.
        after: Option<Position>,
    },
    /// Say something.
    Send {
        /// What the client calls the message, on every try.
        id: String,
        /// What to say.
        text: String,
        /// The message to answer.
        reply_to: Option<Seq>,
    },
    /// Begin or stop typing.
    Typing {
        /// Whether it begins.
        on: bool,
    },
    /// Go by another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Hear what is said from now on, without being a member. Nobody is told of it.
    Listen {
        /// How many of the newest messages to begin with.
        history: usize,
    },
    /// Go by the nearest legal name to this one; become a member under it, if none yet.
    Enter {
        /// The name wished for; none for [`DisplayName::anonymous`].
        name: Option<String>,
    },
    /// Say something once, under an id that the room draws; become a member first, if none yet.
    Speak {
        /// The name to say it under, from then on, as in [`Request::Enter`]; none for the present one.
        name: Option<String>,
        /// What to say.
        text: String,
        /// As in [`super::log::Message::original`].
        original: Option<String>,
    },
    /// As [`Request::Typing`], for a client that names itself in it.
    TypingAs {
        /// The name wished for.
        name: String,
        /// Whether typing begins.
        on: bool,
    },
    /// Read a page of history.
    History {
        /// Which messages.
        range: Range,
        /// How many at most.
        limit: usize,
    },
    /// Keep order.
    Moderate(Order),
    /// Tell the moderators of a message.
    Report {
        /// Which.
        seq: Seq,
        /// What is wrong with it.
        reason: String,
    },
    /// See whether the room is there.
    Ping,
}

/// Why a frame could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no frame of the dialect; the text says what is wrong.
    Malformed(String),
    /// It is binary.
    Binary,
    /// It is over the limit for frames.
    TooBig,
    /// It is nothing of the dialect, which says nothing of such.
    Ignored,
    /// It is nothing of the dialect, which hangs up on such.
    Fatal,
}

/// A place in a room's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The history that it is in.
    pub epoch: String,
    /// The last message before it.
    pub seq: Seq,
}

/// A message that comes over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// What its sender calls it, on every try.
    pub id: String,
    /// The name to say it under.
    pub name: String,
    /// What to say.
    pub text: String,
}

/// What became of a [`Post`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The message's number.
    pub seq: Seq,
    /// Whether it is stored by this; otherwise it was before.
    pub new: bool,
}

/// Something to do. Effects are applied in order, without a pause between them.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make the room's storage.
    Create(Meta),
    /// Write these rows, each over the one with the same first seq.
    Append(Vec<Segment>),
    /// Write this row over the one with the same first seq: what it said has changed.
    Rewrite(Segment),
    /// Delete all rows of the log; what comes counts within the epoch of this.
    Clear(Meta),
    /// Keep these rules instead of those before.
    Rule(Rules),
    /// Keep a record of what was done.
    Record(Record),
    /// Delete the rows of the log before this seq.
    Trim(Seq),
    /// Delete all that is stored. The room is one that was never used.
    Wipe,
    /// Bring an [`Event::Alarm`] at this time, in Unix milliseconds, and at no other.
    WakeAt(u64),
    /// Keep this with the connection, over what was kept with it before.
    Seat(ConnectionId, Seat),
    /// Tell all connections that are members' or listen, as of before this effect.
    Broadcast(Vec<Notice>),
    /// Tell one connection.
    Send(ConnectionId, Reply),
    /// End a connection. The room has forgotten it already.
    Close(ConnectionId, CloseCode),
    /// Make a line to the room whose relay this is, instead of any of before.
    Connect(Option<Position>),
    /// Send this over the line.
    Up(String),
    /// End the line.
    Disconnect,
}

/// What all members of a room are told, in the same words.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Somebody said something.
    Message(Line),
    /// A member came.
    Joined {
        /// Who.
        member: Member,
        /// How many are present then.
        member_count: usize,
        /// When, in Unix milliseconds.
        at: u64,
    },
    /// A member goes by another name.
    Renamed {
        /// Who, as of now.
        member: Member,
        /// How many are present.
        member_count: usize,
    },
    /// A member's last connection ended.
    Left {
        /// Who, as of then.
        member: Member,
        /// How many are present then.
        member_count: usize,
        /// When, in Unix milliseconds.
        at: u64,
    },
    /// A member began or stopped typing.
    Typing {
        /// Who.
        member: Member,
        /// Whether it began.
        on: bool,
    },
    /// A message is deleted: its text is gone.
    Deleted {
        /// Which.
        seq: Seq,
    },
    /// All messages are deleted; what comes counts from 1 again.
    Cleared {
        /// What it counts within.
        epoch: String,
    },
    /// The room's rules are others.
    Ruled(House),
    /// So many members are here, of whom not all were told one by one.
    Counted {
        /// How many.
        member_count: usize,
        /// Who, at most 200 of them, where from now on everybody is told again.
        members: Option<Vec<Member>>,
    },
}

impl Notice {
    /// Whose doing it is that is told, for a dialect that does not tell it to the same.
    pub fn author(&self) -> Option<MemberId> {
        match self {
            Self::Message(line) => line.decode().ok().map(|message| message.from.id),
            Self::Typing { member, .. } => Some(member.id),
            _ => None,
        }
    }

    /// Whether it changes who is here, or under which name.
    pub fn changes_presence(&self) -> bool {
        matches!(self, Self::Joined { .. } | Self::Renamed { .. } | Self::Left { .. } | Self::Counted { .. })
    }
}

/// What one connection is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// You are a member now.
    Welcome(Box<Welcome>),
    /// You hear what is said from here on; this was said before.
    Listening(Page),
    /// What you wanted to say was not taken.
    Unsaid {
        /// Who wanted to.
        you: Member,
        /// Why not.
        refusal: Refusal,
        /// What the room called it.
        id: String,
    },
    /// This message of yours was stored before.
    Message(Line),
    /// The page that you asked for.
    History(Page),
    /// No.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The `id` of the message that was refused.
        id: Option<String>,
    },
    /// What was done to keep order, for those who do.
    Record(Record),
    /// The same as its frame in `parlor.v1`, as a relay has it.
    Recorded(String),
    /// The moderators know of this message.
    Reported(Seq),
    /// For a relay, in the words of `relay::wire`.
    Relay(String),
    /// The room is there.
    Pong,
}

/// The first thing that a member is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// The room's name.
    pub room: String,
    /// What its history counts within.
    pub epoch: String,
    /// The last message's seq, 0 if there is none.
    pub head: Seq,
    /// The member.
    pub you: Member,
    /// The note to take the member up again with.
    pub session: String,
    /// Who is here, at most 200 of them.
    pub members: Rc<[Member]>,
    /// How many are here.
    pub member_count: usize,
    /// What a client has to keep to.
    pub limits: ClientLimits,
    /// Whether `page` is exactly what was missed.
    pub recovered: bool,
    /// What was missed, or the newest messages.
    pub page: Rc<Page>,
    /// What the member may do.
    pub role: Role,
    /// The room's rules.
    pub house: House,
    /// Messages that were deleted of late, for who may have seen them.
    pub deleted: Vec<Seq>,
}

/// What a room's storage keeps beside its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// What the history counts within: drawn when the storage is made.
    pub epoch: String,
    /// What sessions are signed with.
    pub secret: Secret,
    /// When the storage was made, in Unix milliseconds.
    pub created_at: u64,
}

/// What is kept with a connection while the room sleeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// When the connection was made, in Unix milliseconds.
    pub opened_at: u64,
    /// Who it is, once it is a member's.
    pub member: Option<(MemberId, DisplayName)>,
    /// Whether it hears what is said without being a member's.
    pub listens: bool,
    /// Who made it.
    pub visitor: Visitor,
    /// The relay whose link it is, by its key, and how many it holds.
    pub relay: Option<Box<(String, Count)>>,
}

impl Seat {
    /// Whether the connection is told what everybody is told.
    pub fn hears(&self) -> bool {
        self.listens || self.member.is_some()
    }
}

/// Reads what is stored. It sees all that effects before have written.
pub trait Archive {
    /// The rows that hold any of the messages `first..=last`, oldest first.
    ///
    /// # Errors
    /// [`Fault::Storage`] if the storage fails.
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault>;

    /// The head of the row that follows the one whose first seq is `first`.
    ///
    /// # Errors
    /// As [`Archive::segments`].
    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault>;

    /// The newest `limit` records before the one of that number, newest first, each as JSON text.
    ///
    /// # Errors
    /// As [`Archive::segments`].
    fn records(&self, before: u64, limit: usize) -> Result<Vec<(u64, String)>, Fault>;
}

/// What must not happen. The shell drops the room's memory, closes its connections with 1011, and
/// restores the room from storage at the next event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// The storage failed.
    #[error("storage: {0}")]
    Storage(String),
    /// The stored log is not what was written.
    #[error("log: {0}")]
    Log(String),
}
