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
use parlor::room::rules::Rules;
use parlor::room::visitor::Visitor;
use parlor::room::{Archive, Effect, Fault, Meta, Post, Room, Saved};

use crate::stage::Stage;
use crate::wire::{Message, print_of};

/// Why a write fails.
pub const WRITE_REFUSED: &str = "write refused";
/// Why a read fails.
pub const READ_FAILED: &str = "read failed";

/// What is known of a stored message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Of its member and `id`.
    pub key: u64,
    /// Of its text.
    pub said: u64,
    /// Of all of it.
    pub print: u64,
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
}

impl Tables {
    fn first(&self) -> Seq {
        self.segments.keys().next().copied().unwrap_or(1)
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
            rules: Rules::default(),
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
        self.write().meta = Some(Rc::new(meta));
        Ok(())
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

    /// Deletes the rows before a seq.
    pub fn trim(&mut self, first: Seq, stage: &mut Stage) {
        stage.tally.trims += 1;
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

    /// Ends the writes of one event; returns their batch, if there were any.
    pub fn seal(&mut self) -> Option<u64> {
        self.first_before = self.first();
        if !std::mem::take(&mut self.is_written) {
            return None;
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
                    let old = if is_same { self.durable.messages.len() } else { 0 };
                    stage.ever_stored.extend(tables.messages.iter().skip(old).map(|stored| stored.print));
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

    /// Whether this very message is on disk.
    pub fn has_durably(&self, message: &Message) -> bool {
        let index = (message.seq as usize).checked_sub(1);
        index
            .and_then(|index| self.durable.messages.get(index))
            .is_some_and(|stored| stored.print == message.print)
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

    /// Prints of all messages.
    pub fn prints(&self) -> impl Iterator<Item = u64> {
        self.shown.messages.iter().map(|stored| stored.print)
    }

    /// Holds a row against what is stored: it may only add messages at the end, each for the first time.
    fn check(&mut self, row: &Segment, stage: &mut Stage) {
        const APPENDED: &str = "the log only grows, without gaps";
        let kept_from = self.first() as usize - 1;
        let Tables { segments, messages, .. } = &mut self.shown;
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
            messages.push(Stored { key, said: message.said, print: message.print });
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
