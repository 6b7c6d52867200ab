//! The room's storage: what it shows, and how much of it is on disk yet.
//!
//! Writes are seen at once and become durable later, those of one event together; a crash takes those
//! that are not. Every write is held against what the log promises.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use parlor::limits::Limits;
use parlor::name::RoomName;
use parlor::room::log::{Segment, SegmentHead, SegmentKeys, Seq, remembers};
use parlor::room::moderation;
use parlor::room::rules::Rules;
use parlor::room::visitor::Visitor;
use parlor::room::{Archive, Effect, Fault, Meta, Post, Room, Saved};

use crate::book::{Book, Holding};
use crate::stage::Stage;
use crate::wire::{Message, Print, Record, print_of};

/// Why a write fails.
pub const WRITE_REFUSED: &str = "write refused";
/// Why a read fails.
pub const READ_FAILED: &str = "read failed";

/// What is known of a stored message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Of its member and `id`.
    pub key: u64,
    /// Of its text, be it deleted since.
    pub said: u64,
    pub print: Print,
    from: u64,
    sent_at: u64,
}

impl Stored {
    /// The message before it was deleted, if it is.
    fn before(&self) -> Print {
        Print { said: self.said, ..self.print }
    }
}

/// What is stored.
#[derive(Clone, Debug, Default)]
struct Tables {
    meta: Option<Rc<Meta>>,
    segments: Rc<BTreeMap<Seq, Rc<Segment>>>,
    /// When the room asked for an alarm, by its clock.
    alarm_at: Option<u64>,
    /// All messages of the epoch, those included that are trimmed.
    messages: Rc<Vec<Stored>>,
    /// Those of the epoch before, and which that was: an event may tell messages and clear them.
    cleared: Rc<(u64, Vec<Stored>)>,
    book: Rc<Book>,
    epoch_print: u64,
}

impl Tables {
    fn first(&self) -> Seq {
        self.segments.keys().next().copied().unwrap_or(1)
    }

    fn message(&self, seq: Seq) -> Option<&Stored> {
        self.messages.get((seq as usize).checked_sub(1)?)
    }

    fn epoch(&self) -> Option<&str> {
        self.meta.as_ref().map(|meta| meta.epoch.as_str())
    }
}

/// A room's storage.
#[derive(Debug, Default)]
pub struct Store {
    shown: Tables,
    durable: Tables,
    /// What will be durable, after each event that wrote something.
    batches: VecDeque<(u64, Tables)>,
    /// Whether the event that goes on has written.
    is_written: bool,
    last_number: u64,
    /// The first message kept, before this event.
    first_before: Seq,
    /// A write to refuse: the row of the next flush, counted from 0.
    pub refuses_row: Option<usize>,
    /// Whether the next read fails.
    pub fails_read: Cell<bool>,
}

impl Store {
    /// A storage that was used before.
    pub fn with_past(past: &Past) -> Self {
        let tables = past.0.clone();
        Self { first_before: tables.first(), durable: tables.clone(), shown: tables, ..Self::default() }
    }

    /// What a room is restored from, less the seats.
    pub fn load(&self, now_ms: u64) -> Result<Saved, Fault> {
        self.read()?;
        let segments = &self.shown.segments;
        let newest = segments.values().next_back();
        let head = newest.map_or(0, |segment| segment.first + segment.len() as Seq - 1);
        let mut keys: Vec<_> = segments
            .values()
            .rev()
            .take_while(|row| remembers(row.first, row.last_at, head, now_ms))
            .map(|row| SegmentKeys { first: row.first, last_at: row.last_at, keys: row.keys.clone() })
            .collect();
        keys.reverse();
        Ok(Saved {
            meta: self.shown.meta.as_deref().cloned(),
            rules: Rules::read(&self.shown.book.json).unwrap_or_default(),
            newest: newest.map(|segment| Segment::clone(segment)),
            oldest: segments.values().next().map(|segment| segment.head()),
            keys,
            seats: Vec::new(),
        })
    }

    /// Makes the tables.
    pub fn create(&mut self, meta: Meta, stage: &mut Stage) -> Result<(), Fault> {
        self.refuse(0)?;
        let found = &self.shown.meta;
        stage.promise(found.is_none(), "storage is made once", || format!("made again over {found:?}"));
        self.keep_meta(meta);
        self.tell_court(stage);
        Ok(())
    }

    fn keep_meta(&mut self, meta: Meta) {
        let tables = self.write();
        tables.epoch_print = print_of(&[meta.epoch.as_bytes()]);
        tables.meta = Some(Rc::new(meta));
    }

    /// Writes rows of the log.
    pub fn append(&mut self, rows: Vec<Segment>, stage: &mut Stage) -> Result<(), Fault> {
        for (index, row) in rows.into_iter().enumerate() {
            self.refuse(index)?;
            self.check(&row, stage);
            Rc::make_mut(&mut self.write().segments).insert(row.first, Rc::new(row));
        }
        Ok(())
    }

    /// Writes a row in which the text of a message is gone.
    pub fn rewrite(&mut self, row: Segment, stage: &mut Stage) -> Result<(), Fault> {
        self.refuse(0)?;
        self.check_rewritten(&row, stage);
        Rc::make_mut(&mut self.write().segments).insert(row.first, Rc::new(row));
        Ok(())
    }

    /// Deletes the log; what comes counts within another epoch.
    pub fn clear(&mut self, meta: Meta, stage: &mut Stage) -> Result<(), Fault> {
        self.refuse(0)?;
        stage.tally.clears += 1;
        let old = self.shown.meta.clone();
        let is_other = old.as_ref().is_some_and(|old| old.epoch != meta.epoch && old.secret == meta.secret);
        stage.promise(is_other, "what is cleared goes on in another epoch, with the same sessions", || {
            format!("{old:?} became {meta:?}")
        });
        let cleared = std::mem::take(&mut self.write().messages);
        self.shown.cleared = Rc::new((self.shown.epoch_print, cleared.to_vec()));
        self.shown.segments = Rc::default();
        self.keep_meta(meta);
        Ok(())
    }

    /// Keeps rules.
    pub fn rule(&mut self, rules: &Rules, stage: &mut Stage) -> Result<(), Fault> {
        self.refuse(0)?;
        Rc::make_mut(&mut self.write().book).rule(rules, stage);
        self.tell_court(stage);
        Ok(())
    }

    /// Keeps a record.
    pub fn record(&mut self, record: &moderation::Record, stage: &mut Stage) -> Result<(), Fault> {
        self.refuse(1)?;
        let text = parlor::protocol::record_body(record);
        let Some(record) = Record::read(&text) else {
            stage.violate("a record is one of the protocol's", || text);
            return Ok(());
        };
        stage.tally.orders += 1;
        stage.note(|| format!("on record: {record:?}"));
        Rc::make_mut(&mut self.write().book).record(record, stage);
        Ok(())
    }

    /// Notes what holds now.
    pub fn tell_court(&self, stage: &mut Stage) {
        if !stage.court.sits {
            return;
        }
        stage.court.follow(&self.shown.book.holds, stage.now_ms);
        stage.court.bot = self.member_named("Bot").or(stage.court.bot);
        for (subject, members) in &mut stage.court.subjects {
            let member = self.member_of(subject);
            members.extend(member.filter(|member| members.last() != Some(member)));
        }
    }

    /// Whether this very record is on disk.
    pub fn has_record_durably(&self, record: &Record) -> bool {
        self.durable.book.records.contains(record)
    }

    /// The rules that hold.
    pub fn holds(&self) -> &Holding {
        &self.shown.book.holds
    }

    /// The member of a lasting identity, once there is a storage.
    pub fn member_of(&self, subject: &str) -> Option<u64> {
        self.shown.meta.as_ref().map(|meta| meta.secret.member_of_subject(subject).get())
    }

    /// The member that speaks over HTTP under a name.
    pub fn member_named(&self, name: &str) -> Option<u64> {
        self.shown.meta.as_ref().map(|meta| meta.secret.member_named(name).get())
    }

    /// Deletes the rows before a seq.
    pub fn trim(&mut self, first: Seq, limits: &Limits, wall_ms: u64, stage: &mut Stage) {
        stage.tally.trims += 1;
        let last = self.shown.message(first - 1).map_or(0, |last| last.sent_at);
        let kept = self.shown.messages.len() as Seq + 1 - first;
        let is_time = last + limits.history_ms_max <= wall_ms || kept >= limits.history_messages_max;
        stage.promise(is_time, "history goes once it is too old, or too much", || {
            format!("trimmed to {first} at {wall_ms}, with {kept} messages left, after one of {last}")
        });
        let segments = Rc::make_mut(&mut self.write().segments);
        let kept = segments.split_off(&first);
        let is_cut = !kept.is_empty() && kept.keys().next() == Some(&first);
        *segments = kept;
        stage.promise(is_cut, "history is trimmed where a segment begins", || format!("trimmed to {first}"));
    }

    /// Deletes everything.
    pub fn wipe(&mut self) {
        *self.write() = Tables::default();
    }

    /// Asks for an alarm.
    pub fn wake_at(&mut self, at_ms: u64) {
        self.write().alarm_at = Some(at_ms);
    }

    /// The alarm, if its time has come.
    pub fn alarm_due(&self, now_ms: u64) -> Option<u64> {
        self.shown.alarm_at.filter(|at_ms| *at_ms <= now_ms)
    }

    /// The alarm was handled.
    pub fn take_alarm(&mut self, asked_for: u64) {
        let batches = self.batches.iter_mut().map(|(_, tables)| tables);
        for tables in batches.chain([&mut self.shown, &mut self.durable]) {
            tables.alarm_at = tables.alarm_at.filter(|at_ms| *at_ms != asked_for);
        }
    }

    /// Ends the writes of one event, which may have failed; returns their batch, if there were any.
    pub fn seal(&mut self, has_failed: bool) -> Option<u64> {
        self.first_before = self.first();
        if !std::mem::take(&mut self.is_written) {
            return None;
        }
        if has_failed {
            Rc::make_mut(&mut self.shown.book).is_torn = true;
        }
        self.last_number += 1;
        self.batches.push_back((self.last_number, self.shown.clone()));
        Some(self.last_number)
    }

    /// The batch that has to be durable before something leaves now.
    pub fn awaited(&self) -> Option<u64> {
        let newest = self.batches.back().map(|(number, _)| *number);
        if self.is_written { Some(self.last_number + 1) } else { newest }
    }

    /// Makes a batch durable, and all before it.
    pub fn commit(&mut self, number: u64, stage: &mut Stage) {
        while self.batches.front().is_some_and(|(batch, _)| *batch <= number) {
            if let Some((_, tables)) = self.batches.pop_front() {
                if stage.has_relays {
                    let is_same = tables.epoch() == self.durable.epoch();
                    let old = if is_same { &self.durable.messages[..] } else { &[] };
                    // Of those before, some may be deleted since.
                    let is_ordered = !Rc::ptr_eq(&tables.book, &self.durable.book);
                    let from = if is_ordered { 0 } else { old.len() };
                    for new in tables.messages.iter().skip(from) {
                        stage.ever_stored.insert(new.print, tables.epoch_print);
                        stage.ever_stored.insert(new.before(), tables.epoch_print);
                    }
                    if !Rc::ptr_eq(&tables.cleared, &self.durable.cleared) {
                        let (epoch, messages) = &*tables.cleared;
                        stage.ever_stored.extend(messages.iter().map(|stored| (stored.before(), *epoch)));
                        stage.ever_stored.extend(messages.iter().map(|stored| (stored.print, *epoch)));
                    }
                    let known = if is_same { self.durable.book.records.len() } else { 0 };
                    stage.ever_recorded.extend(tables.book.records.iter().skip(known).cloned());
                }
                self.durable = tables;
            }
        }
    }

    /// Loses what is not durable.
    pub fn crash(&mut self) {
        self.shown = self.durable.clone();
        self.batches.clear();
        self.is_written = false;
        self.first_before = self.first();
        self.refuses_row = None;
        self.fails_read.set(false);
    }

    /// Somebody deletes everything behind the room's back.
    pub fn lose(&mut self) {
        self.durable = Tables::default();
        self.crash();
    }

    /// What the history counts within.
    pub fn epoch(&self) -> Option<&str> {
        self.shown.epoch()
    }

    /// Of the epoch.
    pub fn epoch_print(&self) -> u64 {
        self.shown.epoch_print
    }

    /// All messages of this epoch, those included that are trimmed.
    pub fn messages(&self) -> &[Stored] {
        &self.shown.messages
    }

    /// The first seq that is kept.
    pub fn first(&self) -> Seq {
        self.shown.first()
    }

    /// The first seq that is kept: before the event that goes on, and now.
    pub fn firsts(&self) -> (Seq, Seq) {
        (self.first_before.max(1), self.first())
    }

    /// Whether this very message is on disk; what it said may be gone since.
    pub fn has_durably(&self, message: &Message) -> bool {
        let is_it = |stored: &Stored| [stored.print, stored.before()].contains(&message.print);
        self.durable.message(message.seq).is_some_and(is_it) || self.durable.cleared.1.iter().any(is_it)
    }

    /// Whether a message is as it is stored.
    pub fn shows(&self, message: &Message) -> bool {
        self.shown.message(message.seq).is_some_and(|stored| stored.print == message.print)
    }

    fn write(&mut self) -> &mut Tables {
        self.is_written = true;
        &mut self.shown
    }

    fn refuse(&mut self, row: usize) -> Result<(), Fault> {
        if self.refuses_row.is_some_and(|refused| refused <= row) {
            self.refuses_row = None;
            return Err(Fault::Storage(WRITE_REFUSED.to_owned()));
        }
        Ok(())
    }

    fn read(&self) -> Result<(), Fault> {
        if self.fails_read.take() { Err(Fault::Storage(READ_FAILED.to_owned())) } else { Ok(()) }
    }

    /// Prints of all messages, and of their epoch.
    pub fn prints(&self) -> impl Iterator<Item = (Print, u64)> {
        self.shown.messages.iter().map(|stored| (stored.print, self.shown.epoch_print))
    }

    /// Holds a row that was rewritten against what is stored: the text of one message is gone, and nothing else.
    fn check_rewritten(&mut self, row: &Segment, stage: &mut Stage) {
        const GONE: &str = "a deletion takes the text of one message, and nothing else";
        let Tables { segments, messages, .. } = &mut self.shown;
        let Some(old) = segments.get(&row.first) else {
            return stage.violate(GONE, || format!("row {} was none before", row.first));
        };
        let is_same =
            (&row.keys, row.last_at, row.bytes_before) == (&old.keys, old.last_at, old.bytes_before);
        let lines = (row.first..).zip(old.body.split('\n').zip(row.body.split('\n')));
        let changed: Vec<_> = lines.filter(|(_, (old, new))| old != new).collect();
        let count = row.body.split('\n').count();
        let [(seq, (before, after))] = changed[..] else {
            return stage.violate(GONE, || format!("{} lines of row {} changed", changed.len(), row.first));
        };
        let tombstone = |line: &str| {
            let mut message: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
            message.remove("original");
            message.insert("text".to_owned(), "".into());
            message.insert("deleted".to_owned(), true.into());
            Some(message)
        };
        let is_tombstone =
            tombstone(before).is_some() && serde_json::from_str(after).ok() == tombstone(before);
        stage.promise(is_same && count == old.len() && is_tombstone, GONE, || {
            format!("message {seq} was {before}, and is {after}")
        });
        let stored = Rc::make_mut(messages).get_mut(seq as usize - 1);
        match stored.filter(|stored| !stored.print.is_gone()) {
            Some(stored) => stored.print = stored.print.gone(),
            None => stage.violate(GONE, || format!("message {seq} was gone before, or is none")),
        }
    }

    /// Holds a row against what is stored: it may only add messages at the end, each for the first time.
    fn check(&mut self, row: &Segment, stage: &mut Stage) {
        const APPENDED: &str = "the log only grows, without gaps";
        let kept_from = self.first() as usize - 1;
        let Tables { segments, messages, book, .. } = &mut self.shown;
        let messages = Rc::make_mut(messages);
        let head = messages.len() as Seq;
        let (kept, added) = match segments.get(&row.first) {
            Some(old) => match row.body.strip_prefix(old.body.as_str()) {
                Some(added) => (old.len(), added.trim_start_matches('\n')),
                None => {
                    return stage.violate(APPENDED, || {
                        format!("row {} was written again with other messages", row.first)
                    });
                }
            },
            None => (0, row.body.as_str()),
        };
        stage.promise(row.first + kept as Seq == head + 1, APPENDED, || {
            format!("row {} adds after {kept} messages, but the head is {head}", row.first)
        });
        for line in added.split('\n').filter(|line| !line.is_empty()) {
            let next = messages.len() as Seq + 1;
            let Some(message) = Message::read(line) else {
                return stage.violate(APPENDED, || format!("a line that is no message: {line}"));
            };
            stage.promise(message.seq == next, APPENDED, || format!("seq {} stored as {next}", message.seq));
            let key = key_of(message.from, &message.id);
            let kept = messages.iter().skip(kept_from);
            let double = kept.zip(kept_from + 1..).find(|(stored, _)| stored.key == key);
            stage.promise(double.is_none(), "no send is stored twice", || {
                let first = double.map_or(0, |(_, seq)| seq);
                format!("member {} sent {:?}: stored as {first} and as {next}", message.from, message.id)
            });
            if stage.court.sits {
                let before = messages.iter().rev().find(|stored| stored.from == message.from);
                book.judge(&message, before.map(|before| before.sent_at), stage);
            }
            let Message { print, from, sent_at, .. } = message;
            messages.push(Stored { key, said: print.said, print, from, sent_at });
        }
        let count = (messages.len() as Seq + 1).saturating_sub(row.first);
        stage.promise(row.len() as Seq == count, APPENDED, || {
            format!("row {} has {} keys for {count} messages", row.first, row.len())
        });
    }
}

impl Archive for Store {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        self.read()?;
        let segments = &self.shown.segments;
        let start = segments.range(..=first).next_back().map_or(0, |(seq, _)| *seq);
        if start > last {
            return Ok(Vec::new());
        }
        Ok(segments.range(start..=last).map(|(_, row)| Segment::clone(row)).collect())
    }

    fn records(&self, _before: u64, _limit: usize) -> Result<Vec<(u64, String)>, Fault> {
        self.read().map(|()| Vec::new())
    }

    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault> {
        self.read()?;
        Ok(self.shown.segments.range(first + 1..).next().map(|(_, row)| row.head()))
    }
}

fn key_of(member: u64, id: &str) -> u64 {
    print_of(&[&member.to_le_bytes(), id.as_bytes()])
}

/// A room's storage as an earlier life left it.
pub struct Past(Tables);

impl Past {
    /// The storage of a room in which so much was said over HTTP.
    pub fn of(messages: usize) -> Self {
        let mut stage = Stage::new(0, crate::story::Story::default());
        let mut store = Store::default();
        let limits = Limits { rate_burst: 1e6, ..Limits::default() };
        let now_ms = stage.wall_ms(0);
        let mut room = Room::restore(RoomName::default(), limits, Saved::default(), [3; 32], now_ms);
        for number in 1..=messages {
            let post =
                Post { id: number.to_string(), name: "Past".to_owned(), text: format!("past {number}") };
            let (effects, _) = room.publish(post, &Visitor::default(), now_ms, &store).unwrap();
            for effect in effects {
                match effect {
                    Effect::Create(meta) => store.create(meta, &mut stage).unwrap(),
                    Effect::Append(rows) => store.append(rows, &mut stage).unwrap(),
                    Effect::WakeAt(at_ms) => store.wake_at(at_ms),
                    _ => {}
                }
            }
        }
        assert!(stage.violation.is_none(), "{:?}", stage.violation);
        Self(store.shown)
    }
}
