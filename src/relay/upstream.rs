//! A relay's line to its room: whether it is there, what waits for it, and when to look again.

use std::rc::Rc;

use super::cache::Cache;
use super::registry::Count;
use super::wire::Frames;
use crate::limits::{RELAY_HELD_BYTES_MAX, RELAY_RETRY_MS_MAX, RELAY_STAFF_MAX};
use crate::room::presence::MemberId;
use crate::room::visitor::Role;
use crate::room::{ConnectionId, Request};

/// How the line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nobody needs it.
    Idle,
    /// It was asked for.
    Connecting {
        /// When, in Unix milliseconds.
        since: u64,
    },
    /// The room has told all that was missed.
    Live,
    /// It is to be tried again.
    Away {
        /// When, in Unix milliseconds.
        retry_at: u64,
    },
}

/// A relay's line to its room.
#[derive(Debug)]
pub struct Upstream {
    /// What is kept of the room's log.
    pub cache: Rc<Cache>,
    /// How it stands.
    pub line: Line,
    /// Since when the room is not there though somebody needs it.
    pub away_since: Option<u64>,
    /// Tries since the line was last there.
    pub tries: u32,
    /// When something came from the room last.
    pub heard_at: u64,
    /// When the relay last saw whether the room is there.
    pub pinged_at: u64,
    /// Since when the relay has no connections.
    pub empty_since: Option<u64>,
    /// Members of the whole room, as it said last.
    pub members: usize,
    /// What the room was told last of how many are here, and when.
    pub told: (Option<Count>, u64),
    /// Whether somebody who may keep order has come or gone since.
    pub is_staff_news: bool,
    /// Whether what comes first is not to be shown: nobody has seen what was before it.
    pub fills: bool,
    /// To be sent with the next flush, or at once.
    pub outbox: Frames,
    /// Whether the event loop has turned since something was sent at once.
    pub turned: bool,
    /// What members said and was not answered, in order: it is sent again on a new line.
    unanswered: Vec<Unanswered>,
    /// Whose pages the room was asked for, in order, and with which requests.
    pub reading: Vec<(ConnectionId, Request)>,
    /// Whose orders and reports are on their way, in order. They are not sent again: one that was done would be done, and
    /// recorded, twice.
    pub asking: Vec<ConnectionId>,
    /// Whose were on their way over a line that broke, and must be told so.
    pub unheard: Vec<ConnectionId>,
    /// What members asked for while the room was not there.
    held: Vec<(ConnectionId, Request)>,
    /// Pings and pongs on this line.
    pings: (u64, u64),
    /// Who is held for having seen more than has come here, until so many pongs have.
    ahead: Vec<(ConnectionId, u64)>,
}

/// What a member said, or the name that it wants to go by.
#[derive(Debug)]
struct Unanswered {
    from: ConnectionId,
    member: MemberId,
    /// The message's; empty for a name.
    id: String,
    /// As it was sent.
    line: String,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            cache: Rc::default(),
            line: Line::Idle,
            away_since: None,
            tries: 0,
            heard_at: 0,
            pinged_at: 0,
            empty_since: None,
            members: 0,
            told: (None, 0),
            is_staff_news: false,
            fills: false,
            outbox: Frames::default(),
            turned: false,
            unanswered: Vec::new(),
            reading: Vec::new(),
            asking: Vec::new(),
            unheard: Vec::new(),
            held: Vec::new(),
            pings: (0, 0),
            ahead: Vec::new(),
        }
    }
}

impl Upstream {
    /// Whether the room is there.
    pub fn is_live(&self) -> bool {
        self.line == Line::Live
    }

    /// Lets nothing wait for longer because the clock jumped back.
    pub fn keep_time(&mut self, now_ms: u64) {
        let (heard, pinged, told) = (&mut self.heard_at, &mut self.pinged_at, &mut self.told.1);
        let since = match &mut self.line {
            Line::Connecting { since } => Some(since),
            Line::Away { retry_at } => {
                *retry_at = (*retry_at).min(now_ms.saturating_add(RELAY_RETRY_MS_MAX));
                None
            }
            Line::Idle | Line::Live => None,
        };
        let (away, empty) = (self.away_since.as_mut(), self.empty_since.as_mut());
        for at in [Some(heard), Some(pinged), Some(told), since, away, empty].into_iter().flatten() {
            *at = now_ms.min(*at);
        }
    }

    /// Notes that the line is lost, or could not be had. It is tried again soon: after up to 100 ms first.
    /// `lot`: any number.
    pub fn lose(&mut self, lot: u64, now_ms: u64) {
        let longest =
            (RELAY_RETRY_MS_MAX / 50).saturating_mul(1 << self.tries.min(10)).min(RELAY_RETRY_MS_MAX);
        self.tries = self.tries.saturating_add(1);
        self.line = Line::Away { retry_at: now_ms.saturating_add(lot % longest.max(1)) };
        self.away_since.get_or_insert(now_ms);
        self.told.0 = None;
        self.outbox = Frames::default();
        self.unheard.append(&mut self.asking);
        // Asked for again before anything else.
        self.held.splice(0..0, std::mem::take(&mut self.reading));
    }

    /// Notes that the line is there. What was not answered goes out first.
    pub fn begin(&mut self, now_ms: u64) {
        (self.line, self.away_since, self.tries) = (Line::Live, None, 0);
        (self.heard_at, self.pinged_at) = (now_ms, now_ms);
        (self.outbox, self.pings) = (Frames::default(), (0, 0));
        self.ahead.clear();
        self.unanswered.iter().for_each(|it| self.outbox.line(&[&it.line]));
    }

    /// Hands on what a member says under that id; under an empty one, how it wants to be called: of those the last counts.
    pub fn say(&mut self, from: ConnectionId, member: MemberId, id: &str, line: String) {
        self.outbox.line(&[&line]);
        if id.is_empty() {
            self.answered(member, id);
        }
        if self.find(member, id).is_none() {
            self.unanswered.push(Unanswered { from, member, id: id.to_owned(), line });
        }
    }

    /// Notes that the room has answered what a member said. Returns the connection that it was said over.
    pub fn answered(&mut self, member: MemberId, id: &str) -> Option<ConnectionId> {
        let at = self.find(member, id)?;
        Some(self.unanswered.remove(at).from)
    }

    /// Notes that it has answered what was said over a connection that is gone since.
    pub fn answered_late(&mut self, from: ConnectionId, id: &str) {
        self.unanswered.retain(|it| it.from != from || it.id != id);
    }

    fn find(&self, member: MemberId, id: &str) -> Option<usize> {
        self.unanswered.iter().position(|it| it.member == member && it.id == id)
    }

    /// Notes that the room has answered an order or a report.
    pub fn heard(&mut self, asker: ConnectionId) {
        if let Some(at) = self.asking.iter().position(|asking| *asking == asker) {
            self.asking.remove(at);
        }
    }

    /// Sends nothing again that was not answered. Who said it will know that it may be stored or not.
    pub fn give_unanswered_up(&mut self) {
        self.unanswered.clear();
    }

    /// Keeps what a connection asks for until the room is there.
    pub fn hold(&mut self, connection: ConnectionId, request: Request) {
        self.held.push((connection, request));
    }

    /// Whether there is room for what a connection asks for, beside all that is held or not answered: one alone does not
    /// fill it.
    pub fn takes(&self, connection: ConnectionId, request: &Request) -> bool {
        let held = self.held.iter().map(|(holder, request)| (*holder, weight(request)));
        let said = self.unanswered.iter().map(|it| (it.from, it.line.len()));
        let (mut own, mut all) = (weight(request), weight(request));
        for (whose, bytes) in held.chain(said) {
            all += bytes;
            own += if whose == connection { bytes } else { 0 };
        }
        all <= RELAY_HELD_BYTES_MAX && own <= RELAY_HELD_BYTES_MAX / 4
    }

    /// Whether something is held for a connection.
    pub fn holds(&self, connection: ConnectionId) -> bool {
        self.held.iter().any(|(holder, _)| *holder == connection)
    }

    /// Notes that a ping is sent.
    pub fn note_ping(&mut self, now_ms: u64) {
        self.pinged_at = now_ms;
        self.pings.0 += 1;
    }

    /// Notes a pong. Returns whether somebody was held for it.
    pub fn count_pong(&mut self) -> bool {
        self.pings.1 += 1;
        self.ahead.iter().any(|(_, pong)| *pong == self.pings.1)
    }

    /// Has a ping sent next, whose pong tells that all has come here that a connection can have seen by now.
    pub fn hear_all(&mut self, connection: ConnectionId) {
        if !self.ahead.iter().any(|(known, _)| *known == connection) {
            self.ahead.push((connection, self.pings.0 + 1));
            self.pinged_at = 0;
        }
    }

    /// Whether that pong has come.
    pub fn has_heard_all(&self, connection: ConnectionId) -> bool {
        self.ahead.iter().any(|(known, pong)| *known == connection && *pong <= self.pings.1)
    }

    /// Takes what was held, in order.
    pub fn take_held(&mut self) -> Vec<(ConnectionId, Request)> {
        std::mem::take(&mut self.held)
    }

    /// Forgets what is held for a connection.
    pub fn forget(&mut self, connection: ConnectionId) {
        self.reading.retain(|(reader, _)| *reader != connection);
        self.asking.retain(|asker| *asker != connection);
        self.unheard.retain(|asker| *asker != connection);
        self.ahead.retain(|(known, _)| *known != connection);
        self.held.retain(|(holder, _)| *holder != connection);
    }
}

/// About how many bytes a request takes.
fn weight(request: &Request) -> usize {
    let texts = match request {
        Request::Send { text, .. } => text.len(),
        Request::Speak { text, original, .. } => text.len() + original.as_ref().map_or(0, String::len),
        Request::Report { reason, .. } => reason.len(),
        Request::Join { name, session, .. } => name.len() + session.as_ref().map_or(0, String::len),
        _ => 0,
    };
    texts + 200
}

/// Who of these may keep order, each once with the highest role.
pub fn staff(all: impl Iterator<Item = (MemberId, Role)>) -> Vec<(MemberId, Role)> {
    let mut staff: Vec<(MemberId, Role)> = Vec::new();
    for (member, role) in all.filter(|(_, role)| *role >= Role::Moderator) {
        match staff.iter().position(|(known, _)| *known == member) {
            Some(at) => staff.iter_mut().skip(at).take(1).for_each(|(_, known)| *known = role.max(*known)),
            None if staff.len() < RELAY_STAFF_MAX => staff.push((member, role)),
            None => {}
        }
    }
    staff
}
