//! The room's messages: numbered, kept in segments, found again by `id`.
//!
//! A segment is one stored row that holds up to some dozens of messages; the newest one is rewritten
//! in place. So a flush costs one row however many messages it carries, and a page of history is a
//! row or two. A message is kept as the JSON text of its `message` frame, one line each: a page is cut
//! from the rows without parsing them.
//!
//! Invariants: seqs are 1, 2, 3 … without gaps; what is in a segment was in no other before; a
//! message is `pending` until [`Log::take_writes`], and must be stored before anybody sees it.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use super::presence::{Member, MemberId};
use super::{Archive, Fault};
use crate::limits::{
    Limits, REMEMBERED_MESSAGES_MIN, REMEMBERED_MS_MIN, SEGMENT_BYTES_MAX, SEGMENT_MESSAGES_MAX,
    TRIM_SEGMENTS_MAX,
};
use crate::name::{DisplayName, MessageId};
use crate::planted::{Bug, planted};

/// A message's number in its room: 1 for the first, below 2^53.
pub type Seq = u64;

/// A chat line, as stored and as sent: its JSON is the `message` frame of `parlor.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "message")]
pub struct Message {
    /// Its number.
    pub seq: Seq,
    /// What its sender called it, once, on every try.
    pub id: String,
    /// Who said it, under the name of that moment.
    pub from: Member,
    /// What was said, as sent.
    pub text: String,
    /// When the room took it, in Unix milliseconds.
    pub sent_at: u64,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// The whole of what was said, as its dialect spells it, where `text` is not all of it. For clients of
    /// the same dialect; others show the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// Whether a moderator has deleted it: its text is gone, its number stays.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl Message {
    /// Reads its JSON text again. By hand: derived, it would be several KiB of the bundle.
    pub fn read(json: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(json).ok()?;
        let text = |told: &Value, name: &str| Some(told.get(name)?.as_str()?.to_owned());
        let number = |told: &Value, name: &str| told.get(name)?.as_u64();
        let from = told.get("from")?;
        let (member, name) = (MemberId::new(number(from, "id")?), DisplayName::stored(text(from, "name")?));
        Some(Self {
            seq: number(&told, "seq")?,
            id: text(&told, "id")?,
            from: Member::new(member, &name),
            text: text(&told, "text")?,
            sent_at: number(&told, "sent_at")?,
            reply_to: number(&told, "reply_to"),
            original: text(&told, "original"),
            deleted: told.get("deleted").is_some(),
        })
    }
}

/// A [`Message`] as JSON text, without line breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// Encodes a message.
    ///
    /// # Errors
    /// [`Fault::Log`] where the message has no JSON form, which no message of ours does.
    pub fn encode(message: &Message) -> Result<Self, Fault> {
        serde_json::to_string(message).map(Self).map_err(|error| Fault::Log(error.to_string()))
    }

    /// Decodes the message again.
    ///
    /// # Errors
    /// [`Fault::Log`] if what was stored is no message.
    pub fn decode(&self) -> Result<Message, Fault> {
        Message::read(&self.0).ok_or_else(|| Fault::Log("a line that is no message".to_owned()))
    }

    /// A line that was encoded before.
    pub(crate) fn from_json(json: &str) -> Self {
        Self(json.to_owned())
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One stored row of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Seq of its first message, and the row's key.
    pub first: Seq,
    /// Bytes of all segments before it in this epoch, those deleted included: the difference of two
    /// tells what lies between, without a look at it.
    pub bytes_before: u64,
    /// `sent_at` of its last message.
    pub last_at: u64,
    /// For each message 16 hexadecimal digits that stand for its member and `id`.
    pub keys: String,
    /// The messages' lines, joined by line feeds.
    pub body: String,
}

impl Segment {
    /// How many messages it holds.
    pub fn len(&self) -> usize {
        self.keys.len() / KEY_DIGITS
    }

    /// Whether it holds no message.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether the next message belongs into a new segment.
    fn is_full(&self) -> bool {
        self.len() >= SEGMENT_MESSAGES_MAX || self.body.len() >= SEGMENT_BYTES_MAX
    }

    /// What the next segment has as `bytes_before`.
    fn bytes_until(&self) -> u64 {
        self.bytes_before + (self.keys.len() + self.body.len()) as u64
    }

    /// What tells whether it is over the limits of history.
    pub fn head(&self) -> SegmentHead {
        SegmentHead { first: self.first, last_at: self.last_at, bytes_before: self.bytes_before }
    }

    fn push(&mut self, line: &Line, key: u64, sent_at: u64) {
        if !self.is_empty() {
            self.body.push('\n');
        }
        self.body.push_str(line.as_str());
        // Writing to a String can't fail.
        let _ = write!(self.keys, "{key:016x}");
        self.last_at = sent_at;
    }

    /// Who said something in it, and when.
    fn said(&self) -> impl Iterator<Item = (MemberId, u64)> {
        let lines = self.body.split('\n').filter_map(|line| Line(line.to_owned()).decode().ok());
        lines.map(|message| (message.from.id, message.sent_at))
    }

    fn lines(&self) -> impl Iterator<Item = (Seq, &str)> {
        (self.first..).zip(self.body.split('\n'))
    }
}

/// What tells whether a segment is over the limits of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentHead {
    /// Seq of its first message.
    pub first: Seq,
    /// `sent_at` of its last message.
    pub last_at: u64,
    /// As [`Segment::bytes_before`].
    pub bytes_before: u64,
}

/// What the room keeps of a segment to know an `id` again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentKeys {
    /// Seq of its first message.
    pub first: Seq,
    /// `sent_at` of its last message.
    pub last_at: u64,
    /// As [`Segment::keys`].
    pub keys: String,
}

/// Which messages a page asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The newest.
    Newest,
    /// The newest of those before a seq.
    Before(Seq),
    /// The oldest of those after a seq.
    After(Seq),
}

/// A bounded read of history, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Line>,
    /// Whether there are more in the direction of the read.
    pub more: bool,
}

/// Where an `id` of a member was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Taken, not stored yet: its sender will see it with the next flush.
    Pending(&'a Message),
    /// Stored under this number, or another member's key fell on the same value.
    Stored(Seq),
}

/// The log of a room: in memory only its newest segment, what is pending, and the keys of ids.
#[derive(Debug, Default)]
pub struct Log {
    open: Segment,
    /// The oldest stored segment; `open` if there is no other.
    oldest: Option<SegmentHead>,
    /// Each with its key; one that a room has told its relay also with its line.
    pending: Vec<(Message, u64, Option<Line>)>,
    seen: Seen,
    /// The newest segment when the log was restored.
    restored: SegmentHead,
}

impl Log {
    /// Restores the log from its newest row, the head of its oldest, and the keys of the rows that
    /// [`remembers`] wants, oldest first.
    pub fn restore(open: Option<Segment>, oldest: Option<SegmentHead>, keys: Vec<SegmentKeys>) -> Self {
        let mut seen = Seen::default();
        for segment in keys.into_iter().filter(|_| !planted(Bug::ForgetIdsOnRestore)) {
            for (seq, key) in (segment.first..).zip(decode_keys(&segment.keys)) {
                seen.insert(key, seq, segment.last_at);
            }
        }
        let open = open.unwrap_or_default();
        Self { restored: open.head(), open, oldest, pending: Vec::new(), seen }
    }

    /// The first stored seq, 1 if there is none.
    pub fn first(&self) -> Seq {
        self.oldest.map_or(1, |oldest| oldest.first)
    }

    /// When the last message of the oldest segment was taken, unless it is the only one.
    pub fn oldest_at(&self) -> Option<u64> {
        self.oldest.filter(|oldest| oldest.first < self.open.first).map(|oldest| oldest.last_at)
    }

    /// The last stored seq, 0 if there is none.
    pub fn stored_head(&self) -> Seq {
        (self.open.first + self.open.len() as Seq).saturating_sub(1)
    }

    /// The last seq given out, stored or pending.
    pub fn head(&self) -> Seq {
        self.pending.last().map_or(self.stored_head(), |(message, ..)| message.seq)
    }

    /// When the last stored message was taken, if there is any.
    pub fn last_at(&self) -> Option<u64> {
        (!self.open.is_empty()).then_some(self.open.last_at)
    }

    /// Looks for the message that `member` sent under `id`.
    pub fn find(&self, member: MemberId, id: &MessageId) -> Option<Found<'_>> {
        let seq = self.seen.find(key(member, id.as_str())).filter(|seq| *seq >= self.first())?;
        let stored = self.stored_head();
        if seq <= stored {
            return Some(Found::Stored(seq));
        }
        let index = usize::try_from(seq - stored - 1).ok()?;
        self.pending.get(index).map(|(message, ..)| Found::Pending(message))
    }

    /// Takes a message in: numbers it and holds it until the next [`Log::take_writes`].
    pub fn append(
        &mut self,
        id: &MessageId,
        from: Member,
        text: String,
        reply_to: Option<Seq>,
        original: Option<String>,
        now_ms: u64,
    ) -> Seq {
        let seq = self.head() + 1;
        let key = key(from.id, id.as_str());
        self.seen.insert(key, seq, now_ms);
        self.seen.forget(now_ms);
        let id = id.as_str().to_owned();
        self.pending.push((
            Message { seq, id, from, text, sent_at: now_ms, reply_to, original, deleted: false },
            key,
            None,
        ));
        seq
    }

    /// Takes in a message that a room has numbered and stored, as a relay does: it must follow the last, or be the
    /// first here. One that is here already is left out. None if there is one between.
    pub fn follow(&mut self, message: Message, line: Line) -> Option<bool> {
        let is_first = self.open.is_empty() && self.pending.is_empty();
        if !is_first && message.seq <= self.head() {
            return Some(false);
        }
        if !is_first && message.seq != self.head() + 1 && !planted(Bug::RelayShowsGap) {
            return None;
        }
        self.pending.push((message, 0, Some(line)));
        Some(true)
    }

    /// Moves what is pending into segments. Returns the rows to write and the messages' lines, which
    /// may be shown once the rows are stored.
    ///
    /// # Errors
    /// As [`Line::encode`].
    pub fn take_writes(&mut self) -> Result<(Vec<Segment>, Vec<Line>), Fault> {
        let mut rows = Vec::new();
        let mut lines = Vec::with_capacity(self.pending.len());
        let mut changed = false;
        for (message, key, line) in std::mem::take(&mut self.pending) {
            if self.open.is_full() {
                let next = Segment { bytes_before: self.open.bytes_until(), ..Segment::default() };
                let full = std::mem::replace(&mut self.open, next);
                if self.oldest.is_some_and(|oldest| oldest.first == full.first) {
                    // It has grown since it was looked at last.
                    self.oldest = Some(full.head());
                }
                // One that was full before this flush is stored as it is.
                if std::mem::take(&mut changed) {
                    rows.push(full);
                }
            }
            if self.open.is_empty() {
                self.open.first = message.seq;
            }
            let line = line.map_or_else(|| Line::encode(&message), Ok)?;
            self.open.push(&line, key, message.sent_at);
            lines.push(line);
            changed = true;
        }
        if changed {
            rows.push(self.open.clone());
        }
        if self.oldest.is_none() {
            self.oldest = rows.first().map(Segment::head);
        }
        Ok((rows, lines))
    }

    /// Lets go of the oldest segments that are over the limits, a few at a time. Returns the first seq
    /// that stays, if any went. The newest segment always stays: the next seq follows from it.
    ///
    /// # Errors
    /// [`Fault`] if the archive fails.
    pub fn trim(
        &mut self,
        limits: &Limits,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Option<Seq>, Fault> {
        self.trim_while(archive, |log, oldest, next| log.is_over(oldest, next, limits, now_ms))
    }

    /// The same where only the newest messages are kept, and the oldest segment while it holds one of them.
    ///
    /// # Errors
    /// As [`Log::trim`].
    pub fn keep_newest(&mut self, messages: usize, archive: &dyn Archive) -> Result<Option<Seq>, Fault> {
        let enough = (self.stored_head() + 1).saturating_sub(messages as Seq);
        self.trim_while(archive, |_, _, next| next.first <= enough)
    }

    fn trim_while(
        &mut self,
        archive: &dyn Archive,
        is_over: impl Fn(&Self, SegmentHead, SegmentHead) -> bool,
    ) -> Result<Option<Seq>, Fault> {
        let before = self.oldest;
        for _ in 0..TRIM_SEGMENTS_MAX {
            let Some(oldest) = self.oldest.filter(|oldest| oldest.first < self.open.first) else { break };
            let Some(next) = archive.head_after(oldest.first)? else { break };
            if !is_over(self, oldest, next) {
                break;
            }
            self.oldest = Some(next);
        }
        Ok(self.oldest.filter(|oldest| Some(*oldest) != before).map(|oldest| oldest.first))
    }

    /// Whether the oldest segment, which `next` follows, may and must go.
    fn is_over(&self, oldest: SegmentHead, next: SegmentHead, limits: &Limits, now_ms: u64) -> bool {
        if oldest.last_at.saturating_add(limits.history_ms_max) <= now_ms {
            return true;
        }
        let messages = (self.stored_head() + 1).saturating_sub(next.first);
        let bytes = self.open.bytes_until().saturating_sub(oldest.bytes_before);
        !remembers(oldest.first, oldest.last_at, self.stored_head(), now_ms)
            && (messages >= limits.history_messages_max || bytes > limits.history_bytes_max)
    }

    /// Reads one stored message.
    ///
    /// # Errors
    /// [`Fault`] if the archive fails or does not have it.
    pub fn read(&self, seq: Seq, archive: &dyn Archive) -> Result<Line, Fault> {
        let mut lines = self.read_all(seq, seq, archive)?;
        lines.pop().ok_or_else(|| Fault::Log(format!("message {seq} is missing")))
    }

    /// Takes the text out of a stored message. Returns the row to write, none if there is no such message
    /// or it is deleted already. Rows after it keep their `bytes_before`, which count a little too much then.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn redact(&mut self, seq: Seq, archive: &dyn Archive) -> Result<Option<Segment>, Fault> {
        if seq < self.first() || seq > self.stored_head() {
            return Ok(None);
        }
        let Some(mut segment) = archive.segments(seq, seq)?.pop() else { return Ok(None) };
        let mut body = String::with_capacity(segment.body.len());
        for (at, line) in segment.lines() {
            if !body.is_empty() {
                body.push('\n');
            }
            if at != seq {
                body.push_str(line);
                continue;
            }
            let message = Line(line.to_owned()).decode()?;
            if message.deleted {
                return Ok(None);
            }
            let tombstone = Message { text: String::new(), original: None, deleted: true, ..message };
            body.push_str(&Line::encode(&tombstone)?.0);
        }
        segment.body = body;
        if segment.first == self.open.first && !planted(Bug::DeletedTextComesBack) {
            self.open.body.clone_from(&segment.body);
        }
        Ok(Some(segment))
    }

    /// What was said last: of the newest row, when and by whom.
    pub fn recent(&self) -> impl Iterator<Item = (MemberId, u64)> {
        self.open.said()
    }

    /// When a member last said something in the rows before those that [`Log::recent`] has had since the log was
    /// restored; none if it was before `since`.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn spoke_at(
        &self,
        member: MemberId,
        since: u64,
        archive: &dyn Archive,
    ) -> Result<Option<u64>, Fault> {
        let mut next = self.restored;
        let mut spoke_at = None;
        while spoke_at.is_none() && next.last_at >= since && next.first > self.first() {
            let Some(row) = archive.segments(next.first - 1, next.first - 1)?.pop() else { break };
            spoke_at = row.said().filter(|(from, _)| *from == member).map(|(_, at)| at).last();
            next = row.head();
        }
        Ok(spoke_at)
    }

    /// Reads a page of at most `limit` stored messages.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn page(&self, range: Range, limit: usize, archive: &dyn Archive) -> Result<Page, Fault> {
        let (head, limit) = (self.stored_head(), limit as Seq);
        if limit == 0 {
            return Ok(Page::default());
        }
        let (first, last, more) = match range {
            Range::After(seq) => {
                let first = seq.saturating_add(1).max(self.first());
                let last = head.min(first.saturating_add(limit - 1));
                (first, last, last < head && first <= last)
            }
            Range::Newest | Range::Before(_) => {
                let end = if let Range::Before(seq) = range { seq.min(head + 1) } else { head + 1 };
                let first = end.saturating_sub(limit).max(self.first());
                (first, end.saturating_sub(1), first > self.first() && first < end)
            }
        };
        let skip = planted(Bug::SkipAtSegmentBorder) && last % SEGMENT_MESSAGES_MAX as Seq == 0;
        let last = last.saturating_sub(Seq::from(skip));
        Ok(Page { messages: self.read_all(first, last, archive)?, more })
    }

    /// Whether a page can be read here, where messages before the first may be elsewhere.
    pub fn has_whole(&self, range: Range, limit: usize) -> bool {
        let first = self.first();
        let wanted = match range {
            Range::After(seq) => seq.saturating_add(1),
            Range::Before(seq) => seq.min(self.stored_head() + 1).saturating_sub(limit as Seq),
            Range::Newest => (self.stored_head() + 1).saturating_sub(limit as Seq),
        };
        // A page that begins with the first can't tell whether there are more.
        first <= 1 || wanted > first
    }

    /// How many ids are remembered.
    #[cfg(test)]
    pub fn remembered(&self) -> usize {
        self.seen.seqs.len()
    }

    fn read_all(&self, first: Seq, last: Seq, archive: &dyn Archive) -> Result<Vec<Line>, Fault> {
        if first > last {
            return Ok(Vec::new());
        }
        let segments = archive.segments(first, last)?;
        let lines: Vec<Line> = segments
            .iter()
            .flat_map(Segment::lines)
            .filter(|(seq, _)| (first..=last).contains(seq))
            .map(|(_, line)| Line(line.to_owned()))
            .collect();
        if lines.len() as Seq != last - first + 1 {
            return Err(Fault::Log(format!("messages {first} to {last} are not all there")));
        }
        Ok(lines)
    }
}

/// Whether the keys of a segment must be remembered: it is younger than the protocol's 24 hours, or
/// among the newest 1,000 messages of a room whose last seq is `head`.
pub fn remembers(segment_first: Seq, last_at: u64, head: Seq, now_ms: u64) -> bool {
    let segment_last = segment_first + SEGMENT_MESSAGES_MAX as Seq;
    last_at + REMEMBERED_MS_MIN > now_ms || segment_last + REMEMBERED_MESSAGES_MIN as Seq > head
}

/// The ids that were seen lately, oldest first, by 64-bit key: 2^53 members and their ids share
/// the values, so a hit is compared with the message itself.
#[derive(Debug, Default)]
struct Seen {
    seqs: HashMap<u64, Seq>,
    groups: VecDeque<SeenGroup>,
}

#[derive(Debug)]
struct SeenGroup {
    first: Seq,
    last_at: u64,
    keys: Vec<u64>,
}

impl Seen {
    fn find(&self, key: u64) -> Option<Seq> {
        self.seqs.get(&key).copied()
    }

    fn insert(&mut self, key: u64, seq: Seq, at: u64) {
        self.seqs.insert(key, seq);
        match self.groups.back_mut() {
            Some(group) if group.keys.len() < SEGMENT_MESSAGES_MAX => {
                group.keys.push(key);
                group.last_at = at;
            }
            _ => self.groups.push_back(SeenGroup { first: seq, last_at: at, keys: vec![key] }),
        }
    }

    fn forget(&mut self, now_ms: u64) {
        let head = self.groups.back().map_or(0, |group| group.first + group.keys.len() as Seq);
        while let Some(oldest) = self.groups.front() {
            if remembers(oldest.first, oldest.last_at, head, now_ms) {
                break;
            }
            for (seq, key) in (oldest.first..).zip(&oldest.keys) {
                // A later message may have taken the key over.
                if self.seqs.get(key) == Some(&seq) {
                    self.seqs.remove(key);
                }
            }
            self.groups.pop_front();
        }
    }
}

const KEY_DIGITS: usize = 16;

/// FNV-1a over the member and the id. It is stored, so it must never change.
fn key(member: MemberId, id: &str) -> u64 {
    let bytes = if planted(Bug::IdsWithoutMember) { 0 } else { member.get() }.to_le_bytes();
    bytes.iter().chain(id.as_bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn decode_keys(text: &str) -> impl Iterator<Item = u64> {
    text.as_bytes().chunks(KEY_DIGITS).map(|digits| {
        std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
    })
}
