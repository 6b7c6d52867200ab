//! What a relay and its room say to each other: lines of fields between tabs, several in a frame. No field has a
//! tab or a line break in it: texts are in JSON, and a message is the very line that the room stored.

use std::str::Split;

use super::registry::Count;
use crate::limits::RELAY_FRAME_BYTES_MAX;
use crate::name::DisplayName;
use crate::protocol::{self, PONG};
use crate::refusal::Refusal;
use crate::room::log::{Line, Page, Range, Seq};
use crate::room::moderation::{Order, Whom};
use crate::room::presence::{Member, MemberId};
use crate::room::rules::{House, Rules};
use crate::room::session::Secret;
use crate::room::visitor::{Role, Visitor};
use crate::room::{ConnectionId, Meta, Notice, Reply};

/// What a relay says to its room.
#[derive(Clone, Debug, PartialEq)]
pub enum Up {
    /// A member wants to say this. Its seq and its time are the room's to fill in.
    Say {
        /// The member's connection, for an answer.
        from: ConnectionId,
        /// Whether the client draws ids and understands refusals.
        formal: bool,
        /// Whether its author goes by another name from it on.
        renames: bool,
        /// Who made the connection.
        visitor: Visitor,
        /// The message.
        message: Line,
    },
    /// A member began or stopped typing.
    Typing {
        /// Who.
        member: Member,
        /// Whether it began.
        on: bool,
    },
    /// A member wants to go by another name.
    Rename {
        /// The member's connection, for an answer.
        from: ConnectionId,
        /// As in [`Up::Say`].
        formal: bool,
        /// As the member wants to be.
        member: Member,
    },
    /// A member that may be elsewhere, too, has joined under this name.
    Named(Member),
    /// A member wants this done to keep order.
    Moderate {
        /// Who.
        by: Asker,
        /// What.
        order: Order,
    },
    /// A member tells the moderators of a message.
    Report {
        /// Who.
        by: Asker,
        /// Which.
        seq: Seq,
        /// What is wrong with it.
        reason: String,
    },
    /// A member wants a page of history that the relay does not have.
    Read {
        /// The member's connection.
        from: ConnectionId,
        /// Which messages.
        range: Range,
        /// How many at most.
        limit: usize,
    },
    /// So many are here.
    Count(Count),
}

/// Who asks for something.
#[derive(Clone, Debug, PartialEq)]
pub struct Asker {
    /// The member's connection, for an answer.
    pub from: ConnectionId,
    /// Who made it.
    pub visitor: Visitor,
    /// The member.
    pub member: Member,
}

/// What a relay begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Hello<'a> {
    /// What sessions are signed with, and what the history counts within.
    pub meta: &'a Meta,
    /// The rules that hold.
    pub rules: &'a Rules,
    /// Members of the whole room.
    pub members: usize,
    /// Whether `lines` is what the relay has missed; otherwise it begins anew, with the newest messages.
    pub resumed: bool,
    /// Messages, oldest first.
    pub lines: &'a [Line],
    /// Who goes by another name of late.
    pub names: Vec<(MemberId, &'a str)>,
}

/// One line from the room, as its relay reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Down {
    /// A [`Hello`] begins; the messages that it has follow, then [`Down::Live`].
    Hello {
        /// As there.
        meta: Meta,
        /// As there.
        members: usize,
        /// As there.
        resumed: bool,
    },
    /// The relay knows all that the room has told so far.
    Live,
    /// For all.
    Notice(Notice),
    /// A member goes by this name, wherever it is.
    Named(Member),
    /// In the words of `parlor.v1`, for those who keep order.
    Record(String),
    /// An answer to one of the relay's connections.
    For(ConnectionId, Reply),
    /// An order or a report of one of them is answered; and whether that was an order, and is done.
    Heard(ConnectionId, bool),
    /// These rules hold.
    Rules(Rules),
    /// Let your members go: the room takes them back.
    Home,
    /// The room is there.
    Pong,
}

/// Spells what all relays of a room are told.
pub fn broadcast(notices: &[Notice]) -> Vec<String> {
    let mut frames = Frames::default();
    for notice in notices {
        match notice {
            Notice::Message(line) => frames.line(&["m", line.as_str()]),
            Notice::Renamed { member, .. } => frames.line(&["r", &number(member.id.get()), &member.name]),
            Notice::Typing { member, on } => {
                frames.line(&["t", &number(member.id.get()), flag(*on), &member.name]);
            }
            Notice::Deleted { seq } => frames.line(&["d", &number(*seq)]),
            Notice::Cleared { epoch } => frames.line(&["c", epoch]),
            Notice::Ruled(house) => frames.line(&["h", flag(house.locked), &number(house.slow_mode_ms)]),
            Notice::Counted { member_count, .. } => frames.line(&["n", &number(*member_count as u64)]),
            // A room with a relay is a crowd, which is not told of these.
            Notice::Joined { .. } | Notice::Left { .. } => {}
        }
    }
    frames.done
}

/// Spells what a room tells its relays, beside what everybody is told.
pub fn reply(reply: &Reply) -> Vec<String> {
    match reply {
        Reply::Relay(frame) => vec![frame.clone()],
        Reply::Record(record) => one(&["R", &protocol::record_body(record)]),
        _ => Vec::new(),
    }
}

/// Spells what a relay begins with.
pub fn hello(hello: &Hello<'_>) -> Vec<String> {
    let Hello { meta, rules, members, resumed, lines, names } = hello;
    let mut frames = Frames::default();
    let (secret, created_at) = (meta.secret.to_hex(), number(meta.created_at));
    frames.line(&["E", &meta.epoch, &secret, &created_at, &number(*members as u64), flag(*resumed)]);
    frames.line(&["u", &json(rules)]);
    lines.iter().for_each(|line| frames.line(&["m", line.as_str()]));
    names.iter().for_each(|(id, name)| frames.name(*id, name));
    frames.line(&["e"]);
    frames.done
}

/// Spells which rules hold.
pub fn rules(rules: &Rules) -> String {
    format!("u\t{}", json(rules))
}

/// Spells that a relay is to let its members go.
pub fn home() -> String {
    "z".to_owned()
}

/// Spells that an order or a report is answered, by what came before this.
pub fn heard(from: ConnectionId, is_done: bool) -> String {
    ["a", &number(from.0), flag(is_done)].join("\t")
}

/// Spells the answer to one connection of a relay.
pub fn answer(to: ConnectionId, reply: &Reply) -> String {
    let to = number(to.0);
    let fields: Vec<&str> = match reply {
        Reply::Refused { refusal, id } => {
            return refused("f", &to, refusal, id.as_deref().unwrap_or_default());
        }
        Reply::Unsaid { refusal, id, .. } => return refused("y", &to, refusal, id),
        Reply::Message(line) => vec!["s", &to, line.as_str()],
        Reply::Reported(seq) => return format!("o\t{to}\t{seq}"),
        Reply::History(page) => {
            let head = ["p", &to, flag(page.more)];
            head.into_iter().chain(page.messages.iter().map(Line::as_str)).collect()
        }
        _ => Vec::new(),
    };
    fields.join("\t")
}

fn refused(kind: &str, to: &str, refusal: &Refusal, id: &str) -> String {
    let why = match refusal {
        Refusal::BadFrame(why) => why.as_str(),
        _ => "",
    };
    let after = refusal.retry_after_ms().map(number).unwrap_or_default();
    [kind, to, refusal.code(), &after, id, why].join("\t")
}

/// Spells what a relay says.
pub fn up(up: &Up) -> String {
    match up {
        Up::Say { from, formal, renames, visitor, message } => {
            let (formal, renames) = (flag(*formal), flag(*renames));
            ["s", &number(from.0), formal, renames, &of(visitor), message.as_str()].join("\t")
        }
        Up::Typing { member, on } => ["t", &number(member.id.get()), flag(*on), &member.name].join("\t"),
        Up::Rename { from, formal, member } => {
            ["r", &number(from.0), flag(*formal), &number(member.id.get()), &member.name].join("\t")
        }
        Up::Named(member) => ["k", &number(member.id.get()), &member.name].join("\t"),
        Up::Moderate { by, order } => asked("o", by, &[&spell_order(order)]),
        Up::Report { by, seq, reason } => asked("p", by, &[&number(*seq), &json(reason)]),
        Up::Read { from, range, limit } => {
            let (kind, seq) = match range {
                Range::Newest => ("n", 0),
                Range::Before(seq) => ("b", *seq),
                Range::After(seq) => ("a", *seq),
            };
            format!("g\t{}\t{kind}\t{seq}\t{limit}", from.0)
        }
        Up::Count(Count { members, connections, staff }) => {
            let mut line = format!("n\t{members}\t{connections}");
            for (id, role) in staff {
                line.push_str(&["", &number(id.get()), role.name()].join("\t"));
            }
            line
        }
    }
}

fn asked(kind: &str, by: &Asker, more: &[&str]) -> String {
    let (from, member) = (number(by.from.0), number(by.member.id.get()));
    let who = [kind, &from, &of(&by.visitor), &member, &by.member.name];
    [&who, more].concat().join("\t")
}

/// Reads a frame of a relay. Lines that mean nothing here are left out: another version may know more.
pub fn read_ups(frame: &str) -> Vec<Up> {
    frame.split('\n').filter_map(read_up).collect()
}

fn read_up(line: &str) -> Option<Up> {
    let mut fields = Fields(line.split('\t'));
    Some(match fields.text()? {
        "s" => Up::Say {
            from: fields.connection()?,
            formal: fields.flag()?,
            renames: fields.flag()?,
            visitor: Visitor::read(fields.text()?),
            message: Line::from_json(fields.text()?),
        },
        "t" => fields.typing().map(|(member, on)| Up::Typing { member, on })?,
        "r" => Up::Rename { from: fields.connection()?, formal: fields.flag()?, member: fields.member()? },
        "k" => Up::Named(fields.member()?),
        "o" => Up::Moderate { by: fields.asker()?, order: protocol::order(fields.text()?).ok()? },
        "p" => Up::Report {
            by: fields.asker()?,
            seq: fields.number()?,
            reason: serde_json::from_str(fields.text()?).ok()?,
        },
        "g" => {
            let (from, kind, seq) = (fields.connection()?, fields.text()?, fields.number()?);
            let range = match kind {
                "n" => Range::Newest,
                "b" => Range::Before(seq),
                "a" => Range::After(seq),
                _ => return None,
            };
            Up::Read { from, range, limit: fields.size()? }
        }
        "n" => Up::Count(fields.count()?),
        _ => return None,
    })
}

/// Reads a frame of a room. Lines that mean nothing here are left out, as in [`read_ups`].
pub fn read_downs(frame: &str) -> Vec<Down> {
    if frame == PONG {
        return vec![Down::Pong];
    }
    frame.split('\n').filter_map(read_down).collect()
}

fn read_down(line: &str) -> Option<Down> {
    let mut fields = Fields(line.split('\t'));
    let to = Down::For;
    Some(match fields.text()? {
        "m" => Down::Notice(Notice::Message(Line::from_json(fields.text()?))),
        "r" => Down::Notice(Notice::Renamed { member: fields.member()?, member_count: 0 }),
        "t" => fields.typing().map(|(member, on)| Down::Notice(Notice::Typing { member, on }))?,
        "k" => Down::Named(fields.member()?),
        "d" => Down::Notice(Notice::Deleted { seq: fields.number()? }),
        "c" => Down::Notice(Notice::Cleared { epoch: fields.text()?.to_owned() }),
        "h" => {
            let house = House { locked: fields.flag()?, slow_mode_ms: fields.number()? };
            Down::Notice(Notice::Ruled(house))
        }
        "n" => Down::Notice(Notice::Counted { member_count: fields.size()?, members: None }),
        "E" => {
            let (epoch, secret) = (fields.text()?.to_owned(), Secret::from_hex(fields.text()?)?);
            let meta = Meta { epoch, secret, created_at: fields.number()? };
            Down::Hello { meta, members: fields.size()?, resumed: fields.flag()? }
        }
        "e" => Down::Live,
        "u" => Down::Rules(Rules::read(fields.text()?)?),
        "z" => Down::Home,
        "a" => Down::Heard(fields.connection()?, fields.flag()?),
        "R" => Down::Record(fields.text()?.to_owned()),
        "f" => {
            let (from, (refusal, id)) = (fields.connection()?, fields.refusal()?);
            let id = Some(id).filter(|id| !id.is_empty()).map(str::to_owned);
            to(from, Reply::Refused { refusal, id })
        }
        "y" => {
            let (from, (refusal, id)) = (fields.connection()?, fields.refusal()?);
            // Who it is the relay knows itself.
            let you = Member::new(MemberId::new(0), &DisplayName::anonymous());
            to(from, Reply::Unsaid { you, refusal, id: id.to_owned() })
        }
        "s" => to(fields.connection()?, Reply::Message(Line::from_json(fields.text()?))),
        "o" => to(fields.connection()?, Reply::Reported(fields.number()?)),
        "p" => {
            let (from, more) = (fields.connection()?, fields.flag()?);
            to(from, Reply::History(Page { messages: fields.0.map(Line::from_json).collect(), more }))
        }
        _ => return None,
    })
}

/// The fields of a line.
struct Fields<'a>(Split<'a, char>);

impl<'a> Fields<'a> {
    fn text(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    fn number(&mut self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    fn size(&mut self) -> Option<usize> {
        self.text()?.parse().ok()
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.text()? == "1")
    }

    fn connection(&mut self) -> Option<ConnectionId> {
        self.number().map(ConnectionId)
    }

    fn member(&mut self) -> Option<Member> {
        let id = MemberId::new(self.number()?);
        Some(Member::new(id, &DisplayName::stored(self.text()?.to_owned())))
    }

    fn typing(&mut self) -> Option<(Member, bool)> {
        let (id, on) = (MemberId::new(self.number()?), self.flag()?);
        Some((Member::new(id, &DisplayName::stored(self.text()?.to_owned())), on))
    }

    fn asker(&mut self) -> Option<Asker> {
        let (from, visitor) = (self.connection()?, Visitor::read(self.text()?));
        Some(Asker { from, visitor, member: self.member()? })
    }

    /// A count, as it is also kept with a link while its room sleeps.
    fn count(&mut self) -> Option<Count> {
        let mut count = Count { members: self.size()?, connections: self.size()?, staff: Vec::new() };
        while let Some(id) = self.text() {
            let id = MemberId::new(id.parse().ok()?);
            count.staff.push((id, Role::parse(self.text()?)?));
        }
        Some(count)
    }

    /// A refusal, and the `id` that it answers.
    fn refusal(&mut self) -> Option<(Refusal, &'a str)> {
        let (code, after, id) = (self.text()?, self.text()?.parse().ok(), self.text()?);
        Some((Refusal::of_code(code, after, self.text()?), id))
    }
}

/// Frames in the making.
#[derive(Debug, Default)]
pub struct Frames {
    /// Those made so far.
    pub done: Vec<String>,
}

impl Frames {
    /// Puts in how a member is called.
    pub fn name(&mut self, id: MemberId, name: &str) {
        self.line(&["k", &number(id.get()), name]);
    }

    /// Puts a line in, in a frame of its own where the last is long enough.
    pub fn line(&mut self, fields: &[&str]) {
        match self.done.last_mut() {
            Some(frame) if frame.len() < RELAY_FRAME_BYTES_MAX / 4 => frame.push('\n'),
            _ => self.done.push(String::new()),
        }
        let Some(frame) = self.done.last_mut() else { return };
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                frame.push('\t');
            }
            frame.push_str(field);
        }
    }
}

fn number(number: u64) -> String {
    number.to_string()
}

fn flag(flag: bool) -> &'static str {
    if flag { "1" } else { "0" }
}

fn one(fields: &[&str]) -> Vec<String> {
    vec![fields.join("\t")]
}

/// JSON without line breaks and tabs.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What the room must know of who made a connection.
fn of(visitor: &Visitor) -> String {
    let Visitor { role, subject, rate, .. } = visitor;
    Visitor { role: *role, subject: subject.clone(), rate: *rate, ..Visitor::default() }.in_ascii()
}

/// Spells an order as its frame in `parlor.v1`.
fn spell_order(order: &Order) -> String {
    let kind = order.action();
    let fields = match order {
        Order::Delete { seq } => format!(r#","seq":{seq}"#),
        Order::Lock { on } => format!(r#","on":{on}"#),
        Order::SlowMode { interval_ms } => format!(r#","interval_ms":{interval_ms}"#),
        Order::Clear => String::new(),
        Order::Remove(Whom { member, sub, for_ms })
        | Order::Ban(Whom { member, sub, for_ms })
        | Order::Unban(Whom { member, sub, for_ms })
        | Order::Mute(Whom { member, sub, for_ms })
        | Order::Unmute(Whom { member, sub, for_ms }) => {
            format!(r#","member":{},"sub":{},"for_ms":{}"#, json(member), json(sub), json(for_ms))
        }
    };
    format!(r#"{{"type":"{kind}"{fields}}}"#)
}

/// Spells a count for [`read_count`].
pub fn spell_count(count: &Count) -> String {
    up(&Up::Count(count.clone()))
}

/// Reads what [`spell_count`] wrote.
pub fn read_count(line: &str) -> Option<Count> {
    match read_up(line)? {
        Up::Count(count) => Some(count),
        _ => None,
    }
}
