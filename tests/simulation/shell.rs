//! The shell of a simulated room, or of a relay of it: it does with the core what `src/shell/host.rs` does, on
//! a platform whose crashes, panics and delays the dice decide.
//!
//! - Nothing comes between an event and the last of its effects but a crash or a panic.
//! - The output gate: what is sent after a write waits until that write is durable.
//! - The mark outlives the room's memory, as do the seats; a crash takes both.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use parlor::fan_out::FanOut;
use parlor::limits::{HOLD_MS, Limits, RELAY_GRACE_MS};
use parlor::name::RoomName;
use parlor::protocol::{Dialect, PING, PONG};
use parlor::refusal::CloseCode;
use parlor::relay::placement::Asking;
use parlor::relay::wire;
use parlor::room::presence::MemberId;
use parlor::room::visitor::{Role, Visitor};
use parlor::room::{ConnectionId, Effect, Event, Fault, Notice, Position, Post, Reply, Room, Seat};

use crate::network::{Answer, Down, Kept, LinkId, Owner, Place, ServerEnd, Up};
use crate::stage::{Due, Stage};
use crate::store::{READ_FAILED, Store, WRITE_REFUSED};
use crate::story::short;
use crate::wire::{Message, Record, Wire};

/// A fault that waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trap {
    /// The process dies after that many effects of one event.
    Crash { effects: usize },
    /// The room's code panics while it handles an event, or after that many effects.
    Panic { effects: usize },
    /// Another room's code panics while this room has something to tell.
    PanicElsewhere,
    /// The storage refuses that row of a write.
    RefuseWrite { row: usize },
    /// The storage fails to read.
    FailRead,
}

/// Why an event was not handled to its end.
enum Stop {
    Fault(Fault),
    Panic,
    Crash,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What an object is.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Room,
    /// A relay, of that key.
    Relay(Rc<str>),
}

pub(crate) struct Awake {
    pub room: Room,
    sockets: BTreeMap<ConnectionId, Socket>,
    next: u64,
    fan_out: FanOut<Notice>,
}

#[derive(Clone)]
struct Socket {
    link: LinkId,
    seat: Seat,
}

/// A frame of a broadcast, and the member that is not told.
type Told = (Down, Option<MemberId>);

/// As `Running` in `src/shell/timer.rs`.
#[derive(Clone, Copy)]
struct Timer {
    at_ms: u64,
    is_due: bool,
    number: u32,
    /// The true time at which it rings.
    rings_at_ms: u64,
}

/// The server of one object.
pub struct Shell {
    pub part: Part,
    pub place: Place,
    /// A relay's, to its room.
    pub line: Option<LinkId>,
    /// Until when a relay does not reach its room.
    pub cut_off_until_ms: u64,
    pub store: Store,
    pub limits: Limits,
    /// The trap, and how many events go by before it is set.
    pub trap: Option<(Trap, u64)>,
    /// Until when nothing answers after a crash.
    down_until_ms: u64,
    /// The longest that a write takes to become durable.
    commit_ms_max: u64,
    /// When the newest write becomes durable: never before an earlier one.
    commit_at_ms: u64,
    awake: Option<Awake>,
    /// How often a room woke, the first time included.
    pub lives: u32,
    /// The link whose upgrade is being handled.
    upgrading: Option<LinkId>,
    is_marked: bool,
    timer: Option<Timer>,
    timers_set: u32,
    /// Whether the last event asked for an alarm.
    asked_for_alarm: bool,
    /// What waits for a batch to become durable.
    gate: VecDeque<(u64, LinkId, Down)>,
}

impl Shell {
    /// The server of a room.
    pub fn new(store: Store, limits: Limits, commit_ms_max: u64) -> Self {
        Self {
            part: Part::Room,
            place: 0,
            line: None,
            cut_off_until_ms: 0,
            store,
            limits,
            trap: None,
            down_until_ms: 0,
            commit_ms_max,
            commit_at_ms: 0,
            awake: None,
            lives: 0,
            upgrading: None,
            is_marked: false,
            timer: None,
            timers_set: 0,
            asked_for_alarm: false,
            gate: VecDeque::new(),
        }
    }

    /// Whether nothing waits to be stored or told.
    pub fn is_settled(&self) -> bool {
        self.gate.is_empty()
            && self.store.awaited().is_none()
            && self.awake.as_ref().is_none_or(|it| !it.room.is_unsettled() && !it.fan_out.is_behind())
    }

    /// What a member who is here goes by here, if the object is awake.
    pub fn name_of(&self, member: u64) -> Option<String> {
        let members = self.awake.as_ref()?.room.members();
        members.into_iter().find(|it| it.id.get() == member).map(|it| it.name)
    }

    /// The server of a relay. It stores nothing.
    pub fn relay(place: Place, key: &str, limits: Limits) -> Self {
        Self { part: Part::Relay(key.into()), place, ..Self::new(Store::default(), limits, 0) }
    }

    /// What [`Self::is_settled`] misses.
    pub fn unsettled(&self) -> String {
        let room = self.awake.as_ref().is_some_and(|awake| awake.room.is_unsettled());
        format!(
            "{}: {} at the gate, awaits {:?}, unsettled: {room}, timer {:?}",
            self.name(),
            self.gate.len(),
            self.store.awaited(),
            self.timer.map(|timer| timer.rings_at_ms)
        )
    }

    /// Takes in what reached the server. Returns the relay's key where a connection belongs that the room sends on.
    pub fn receive(&mut self, stage: &mut Stage, link: LinkId, item: Up) -> Option<String> {
        if stage.now_ms < self.down_until_ms && !matches!(item, Up::Lost | Up::Close) {
            stage.note(|| format!("link {link}: the server is down"));
            stage.send_down(link, Down::Failed);
            return None;
        }
        self.upgrading = matches!(item, Up::Upgrade | Up::Attach(..)).then_some(link);
        match item {
            Up::Upgrade => return self.connect(stage, link),
            Up::Attach(key, after) => self.attach(stage, link, &key, after),
            Up::Post(post) => self.post(stage, link, post),
            Up::Order(order) => self.order(stage, link, &order),
            Up::Frame(text) => self.hear(stage, link, &text),
            Up::Close | Up::Lost => {
                if matches!(stage.links[link].server, ServerEnd::Open(_)) {
                    let why = if matches!(item, Up::Lost) { "is lost" } else { "is closed" };
                    stage.note(|| format!("link {link}: the server learns that it {why}"));
                    // The platform lists a socket until its close was handled.
                    self.ended(stage, link);
                }
                stage.links[link].server = ServerEnd::Gone;
            }
        }
        None
    }

    /// Its timer rings.
    pub fn ring(&mut self, stage: &mut Stage, number: u32) {
        if self.timer.is_some_and(|timer| timer.number == number) {
            self.timer = None;
            self.happen(stage, Event::Tick);
            if self.awake.as_ref().is_some_and(|awake| awake.fan_out.is_behind()) {
                self.tell_piece(stage);
            }
        }
    }

    /// Lets something happen.
    pub(crate) fn happen(&mut self, stage: &mut Stage, event: Event) {
        let _ = self.settle(stage, |awake, now_ms, store| Ok(awake.room.handle(event, now_ms, store)?));
    }

    /// The platform brings the alarm that the room asked for, if its time has come; one that failed comes
    /// again.
    pub fn alarm(&mut self, stage: &mut Stage) {
        const AGAIN_MS: u64 = 2_000;
        // Whose clock jumps is a relay, not what the platform keeps its alarm by.
        let by_ms = if self.part == Part::Room { stage.wall_ms(self.place) } else { u64::MAX };
        let Some(asked_for) = self.store.alarm_due(by_ms) else { return };
        if stage.now_ms < self.down_until_ms {
            return stage.after(AGAIN_MS, Due::RoomAlarm(self.place));
        }
        let who = self.name();
        stage.note(|| format!("the alarm of {who} rings"));
        self.asked_for_alarm = false;
        let outcome =
            self.settle(stage, |awake, now_ms, store| Ok(awake.room.handle(Event::Alarm, now_ms, store)?));
        match outcome {
            // One that is asked for meanwhile is another, also if it is for the same time.
            Ok(()) if self.asked_for_alarm => {}
            Ok(()) => self.store.take_alarm(asked_for),
            Err(_) => stage.after(AGAIN_MS, Due::RoomAlarm(self.place)),
        }
        if self.store.alarm_due(stage.wall_ms(self.place) + AGAIN_MS).is_some() {
            stage.after(AGAIN_MS, Due::RoomAlarm(self.place));
        }
    }

    /// A batch of writes is on disk: what waited for it leaves.
    pub fn commit(&mut self, stage: &mut Stage, number: u64) {
        self.store.commit(number, stage);
        while self.gate.front().is_some_and(|(batch, _, _)| *batch <= number) {
            if let Some((_, link, item)) = self.gate.pop_front() {
                self.depart(stage, link, item);
            }
        }
    }

    /// Falls asleep, if the platform would let it.
    pub fn evict(&mut self, stage: &mut Stage) {
        if self.awake.is_some() && self.timer.is_none() && self.is_settled() {
            stage.tally.evictions += 1;
            let who = self.name();
            stage.note(|| format!("{who} falls asleep"));
            self.awake = None;
        }
    }

    /// The room's memory is lost, whatever it did; its connections stay.
    pub fn panic(&mut self, stage: &mut Stage) {
        if self.awake.take().is_some() {
            stage.tally.panics += 1;
            let mark = if self.is_marked { "something was unsettled" } else { "all was settled" };
            let who = self.name();
            stage.note(|| format!("PANIC: the memory of {who} is lost; {mark}"));
            self.timer = None;
            self.leave_line(stage);
        }
    }

    /// The process dies: memory and connections are lost, and what is not durable.
    pub fn crash(&mut self, stage: &mut Stage) {
        stage.tally.crashes += 1;
        let (gone, lost) = (self.gate.len(), self.store.awaited().is_some());
        let who = self.name();
        stage.note(|| format!("CRASH of {who}: {gone} frames never left; writes lost: {lost}"));
        self.awake = None;
        self.is_marked = false;
        self.timer = None;
        self.trap = None;
        self.gate.clear();
        self.store.crash();
        if self.part == Part::Room {
            self.store.tell_court(stage);
        }
        self.line = None;
        for link in 0..stage.links.len() {
            if stage.links[link].place == self.place {
                stage.lose_server(link);
            } else if stage.links[link].owner == Owner::Relay(self.place) {
                stage.lose_owner(link);
            }
        }
        self.down_until_ms = stage.now_ms + stage.dice.pick(&[0, 100, 500, 3_000]);
    }

    fn connect(&mut self, stage: &mut Stage, link: LinkId) -> Option<String> {
        if stage.links[link].server == ServerEnd::Gone {
            // Whoever wanted it has hung up while the room was asked.
            return None;
        }
        stage.links[link].server = ServerEnd::Open(Kept::Nothing);
        let (region, visitor) = (stage.links[link].region, stage.links[link].visitor.clone());
        let (mut elsewhere, mut refused) = (None, None);
        let mut outcome = self.settle(stage, |awake, now_ms, store| {
            refused = awake.room.admit(&visitor, now_ms).err();
            if refused.is_some() {
                return Ok(Vec::new());
            }
            elsewhere = awake.room.place(&Asking::of(region), now_ms).map(|placement| placement.key);
            if elsewhere.is_some() {
                return Ok(Vec::new());
            }
            let connection = awake.open(link);
            Ok(awake.room.handle(Event::Opened(connection, visitor), now_ms, store)?)
        });
        if let (Some(refused), true) = (refused, outcome.is_ok()) {
            stage.note(|| format!("link {link}: not let in: {refused}"));
            stage.links[link].server = ServerEnd::Gone;
            self.upgrading = None;
            self.emit(stage, link, Down::Close(refused.close_number()));
            return None;
        }
        if elsewhere.is_some() && outcome.is_ok() {
            stage.links[link].server = ServerEnd::Absent;
            return elsewhere;
        }
        if let (Ok(()), Some(opening)) = (&outcome, stage.links[link].dialect.opening()) {
            outcome = self.settle(stage, |awake, now_ms, store| {
                let Some(connection) = awake.find(link) else { return Ok(Vec::new()) };
                Ok(awake.room.handle(Event::Received(connection, Ok(opening)), now_ms, store)?)
            });
        }
        self.answer_upgrade(stage, link, outcome);
        None
    }

    /// Takes a relay's line in.
    fn attach(&mut self, stage: &mut Stage, link: LinkId, key: &str, after: Option<Position>) {
        stage.note(|| format!("link {link}: {key} attaches, after {:?}", after.as_ref().map(|it| it.seq)));
        stage.links[link].server = ServerEnd::Open(Kept::Nothing);
        stage.links[link].dialect = Dialect::Relay;
        let outcome = self.settle(stage, |awake, now_ms, store| {
            let connection = awake.open(link);
            Ok(awake.room.handle(Event::Attached(connection, key.to_owned(), after), now_ms, store)?)
        });
        self.answer_upgrade(stage, link, outcome);
    }

    fn answer_upgrade(&mut self, stage: &mut Stage, link: LinkId, outcome: Result<(), Stop>) {
        self.upgrading = None;
        match outcome {
            Ok(()) => self.emit(stage, link, Down::Accepted),
            Err(Stop::Crash) => {}
            Err(Stop::Fault(_) | Stop::Panic) => {
                stage.links[link].server = ServerEnd::Gone;
                self.emit(stage, link, Down::Failed);
            }
        }
    }

    fn hear(&mut self, stage: &mut Stage, link: LinkId, text: &str) {
        if !matches!(stage.links[link].server, ServerEnd::Open(_)) {
            return;
        }
        let of_relay = stage.links[link].dialect == Dialect::Relay;
        if text == PING {
            if of_relay {
                stage.send_down(link, Down::Raw(PONG.into()));
            } else if let Ok(wire) = Wire::read(PONG, (1, 1), 0) {
                stage.send_down(link, Down::Frame(Rc::new(wire)));
            }
            return;
        }
        let who = self.name();
        stage.note(|| format!("link {link}: {who} gets {}", short(text)));
        if of_relay {
            for up in wire::read_ups(text) {
                let _ = self.settle(stage, |awake, now_ms, store| {
                    let Some(connection) = awake.find(link) else { return Ok(Vec::new()) };
                    Ok(awake.room.handle(Event::Up(connection, Box::new(up)), now_ms, store)?)
                });
            }
            return;
        }
        let spoken = stage.links[link].dialect;
        stage.links[link].dialect = spoken.after(text);
        let _ = self.settle(stage, |awake, now_ms, store| {
            let Some(connection) = awake.find(link) else { return Ok(Vec::new()) };
            let frame = spoken.decode(text, awake.room.has_joined(connection));
            Ok(awake.room.handle(Event::Received(connection, frame), now_ms, store)?)
        });
    }

    fn post(&mut self, stage: &mut Stage, link: LinkId, post: Post) {
        stage.note(|| format!("link {link}: the room gets a POST of {:?}", post.id));
        let mut outcome = None;
        let settled = self.settle(stage, |awake, now_ms, store| {
            let (effects, published) = awake.room.publish(post, &Visitor::default(), now_ms, store)?;
            outcome = Some(published);
            Ok(effects)
        });
        let epoch = self.store.epoch_print();
        let answer = match (settled, outcome) {
            (Err(Stop::Crash), _) => return,
            (Err(_), _) | (_, None) => Down::Failed,
            (_, Some(Err(refusal))) => Down::Answer(Answer::no(&refusal)),
            (_, Some(Ok(published))) => {
                let mut line = None;
                let read = self.settle(stage, |awake, _, store| {
                    line = Some(awake.room.message(published.seq, store)?);
                    Ok(Vec::new())
                });
                let status = if published.new { 201 } else { 200 };
                match (read, line) {
                    (Err(Stop::Crash), _) => return,
                    (Ok(()), Some(line)) => {
                        let message = Message::read(line.as_str());
                        Down::Answer(Answer { status, message, epoch, ..Answer::default() })
                    }
                    _ => Down::Failed,
                }
            }
        };
        self.emit(stage, link, answer);
    }

    /// As `RoomObject::moderate`.
    fn order(&mut self, stage: &mut Stage, link: LinkId, body: &str) {
        stage.note(|| format!("link {link}: the room is ordered {body}"));
        let visitor = stage.links[link].visitor.clone();
        let warden = visitor.subject.as_deref().and_then(|subject| self.store.member_of(subject));
        stage.court.staff.extend(warden.map(|warden| (warden, visitor.role)));
        let mut outcome = None;
        let settled = self.settle(stage, |awake, now_ms, store| {
            let Ok(order) = parlor::protocol::order(body) else { return Ok(Vec::new()) };
            let (effects, done) = awake.room.moderate_over_http(order, &visitor, now_ms, store)?;
            outcome = Some(done);
            Ok(effects)
        });
        let answer = match (settled, outcome) {
            (Err(Stop::Crash), _) => return,
            (Err(_), _) | (_, None) => Down::Failed,
            (_, Some(Err(refusal))) => Down::Answer(Answer::no(&refusal)),
            (_, Some(Ok(record))) => {
                let record = Record::read(&parlor::protocol::record_body(&record));
                Down::Answer(Answer { status: 200, record, ..Answer::default() })
            }
        };
        self.emit(stage, link, answer);
    }

    fn ended(&mut self, stage: &mut Stage, link: LinkId) {
        let _ = self.settle(stage, |awake, now_ms, store| {
            let Some(connection) = awake.find(link) else { return Ok(Vec::new()) };
            awake.sockets.remove(&connection);
            awake.fan_out.end_of(connection);
            Ok(awake.room.handle(Event::Closed(connection), now_ms, store)?)
        });
    }

    /// As `Shared::settle`.
    fn settle(
        &mut self,
        stage: &mut Stage,
        act: impl FnOnce(&mut Awake, u64, &Store) -> Result<Vec<Effect>, Stop>,
    ) -> Result<(), Stop> {
        let now_ms = stage.wall_ms(self.place);
        let trap = self.spring();
        let outcome = self.try_settle(stage, now_ms, trap, act);
        if let Some(batch) = self.store.seal(outcome.is_err()) {
            let takes_ms = stage.dice.between(0, self.commit_ms_max);
            self.commit_at_ms = self.commit_at_ms.max(stage.now_ms + takes_ms);
            stage.after(self.commit_at_ms - stage.now_ms, Due::Commit(self.place, batch));
        }
        match outcome {
            Ok(()) => {
                let timeout = self.awake.as_ref().and_then(|awake| awake.timeout(now_ms));
                let will_tell = timeout.is_some_and(|at_ms| at_ms <= now_ms + HOLD_MS);
                if trap == Some(Trap::PanicElsewhere) && will_tell {
                    self.panic(stage);
                } else if trap == Some(Trap::PanicElsewhere) {
                    self.trap = Some((Trap::PanicElsewhere, 0));
                }
            }
            Err(Stop::Fault(ref fault)) => self.fail(stage, now_ms, fault),
            Err(Stop::Panic) => {
                self.awake = None;
                stage.tally.panics += 1;
                let who = self.name();
                stage.note(|| format!("PANIC in the code of {who}: its memory is lost"));
                self.timer = None;
                self.leave_line(stage);
            }
            Err(Stop::Crash) => self.crash(stage),
        }
        outcome
    }

    /// As `Shared::fail`.
    fn fail(&mut self, stage: &mut Stage, now_ms: u64, fault: &Fault) {
        stage.note(|| format!("FAULT: {fault}"));
        match fault {
            Fault::Storage(why) if why == WRITE_REFUSED => stage.tally.refused_writes += 1,
            Fault::Storage(why) if why == READ_FAILED => stage.tally.failed_reads += 1,
            other => stage.violate("no fault but those of the storage", || other.to_string()),
        }
        if let Some(mut awake) = self.awake.take() {
            for effect in awake.room.give_up() {
                if let Effect::Send(connection, reply) = effect {
                    self.send(stage, &mut awake, connection, &reply);
                }
            }
        }
        self.set_timer(stage, None, now_ms);
        self.end_line(stage);
        self.close_all(stage, CloseCode::Fault);
        self.is_marked = false;
    }

    fn try_settle(
        &mut self,
        stage: &mut Stage,
        now_ms: u64,
        trap: Option<Trap>,
        act: impl FnOnce(&mut Awake, u64, &Store) -> Result<Vec<Effect>, Stop>,
    ) -> Result<(), Stop> {
        let mut awake = match self.awake.take() {
            Some(awake) => awake,
            None => self.restore(stage, now_ms)?,
        };
        self.is_marked = true;
        let effects = act(&mut awake, now_ms, &self.store);
        let applied = effects.and_then(|effects| self.apply(stage, &mut awake, effects, trap));
        if applied.is_ok() {
            self.set_timer(stage, awake.timeout(now_ms), now_ms);
            self.is_marked = awake.fan_out.is_behind() || awake.room.is_unsettled();
            // A crowd that has become few is told so a little later.
            let soon_ms = stage.now_ms + if stage.has_relays { RELAY_GRACE_MS } else { HOLD_MS };
            let will_tell = self.timer.is_some_and(|timer| timer.rings_at_ms <= soon_ms);
            stage.promise(will_tell || !self.is_marked, "what is taken is told within a moment", || {
                format!(
                    "something is to be told, and the timer rings at {:?}",
                    self.timer.map(|it| it.rings_at_ms)
                )
            });
        }
        self.awake = Some(awake);
        applied
    }

    fn restore(&mut self, stage: &mut Stage, now_ms: u64) -> Result<Awake, Stop> {
        if self.is_marked {
            let who = self.name();
            stage.note(|| format!("{who} wakes and finds the mark: it closes everybody"));
            self.close_all(stage, CloseCode::Fault);
            self.is_marked = false;
        }
        if let Part::Relay(_) = self.part {
            // What its members have seen is not known any more.
            self.close_all(stage, CloseCode::Restart);
            let seed = stage.dice.bytes();
            let room = Room::relay(RoomName::default(), self.limits.clone(), seed, now_ms);
            return Ok(Awake::new(room, self.limits.fan_out_piece));
        }
        let mut saved = self.store.load(now_ms)?;
        self.lives += 1;
        let mut sockets = Vec::new();
        for (link, known) in stage.links.iter().enumerate() {
            if known.place == self.place
                && let ServerEnd::Open(Kept::Seat(connection, seat)) = &known.server
            {
                sockets.push((*connection, Socket { link, seat: seat.clone() }));
                saved.seats.push((*connection, seat.clone()));
            }
        }
        saved.seats.sort_by_key(|(connection, _)| *connection);
        let seats = saved.seats.len();
        stage.note(|| format!("the room wakes with {seats} connections"));
        let seed = stage.dice.bytes();
        let room = Room::restore(RoomName::default(), self.limits.clone(), saved, seed, now_ms);
        let mut awake = Awake::new(room, self.limits.fan_out_piece);
        for (connection, socket) in sockets {
            if socket.seat.hears() && stage.links[socket.link].dialect != Dialect::Relay {
                awake.fan_out.begin(connection);
            }
            awake.insert(connection, socket);
        }
        Ok(awake)
    }

    fn apply(
        &mut self,
        stage: &mut Stage,
        awake: &mut Awake,
        effects: Vec<Effect>,
        trap: Option<Trap>,
    ) -> Result<(), Stop> {
        let count = effects.len();
        let mut removed = None;
        for (index, effect) in effects.into_iter().enumerate() {
            // Nothing can panic between what an order writes of the rules and of the log.
            if !matches!(effect, Effect::Rewrite(_) | Effect::Clear(_)) {
                tripped(trap, index, count)?;
            }
            if self.part != Part::Room
                && matches!(
                    effect,
                    Effect::Create(_)
                        | Effect::Append(_)
                        | Effect::Trim(_)
                        | Effect::Wipe
                        | Effect::Rewrite(_)
                        | Effect::Clear(_)
                        | Effect::Rule(_)
                        | Effect::Record(_)
                )
            {
                stage.violate("a relay stores nothing", || format!("{effect:?}"));
                continue;
            }
            match effect {
                Effect::Create(meta) => self.store.create(meta, stage)?,
                Effect::Append(rows) => {
                    self.store.append(rows, stage)?;
                    awake.room.stored();
                }
                Effect::Trim(first) => {
                    stage.note(|| format!("history is trimmed to {first}"));
                    let wall_ms = stage.wall_ms(self.place);
                    self.store.trim(first, &self.limits, wall_ms, stage);
                }
                Effect::Rewrite(row) => self.store.rewrite(row, stage)?,
                Effect::Clear(meta) => self.store.clear(meta, stage)?,
                Effect::Rule(rules) => self.store.rule(&rules, stage)?,
                Effect::Record(record) => {
                    let role = stage.court.staff.get(&record.by.id.get()).copied();
                    stage.promise(removed.is_none() || removed < role, "nobody acts on an equal", || {
                        format!("{record:?}")
                    });
                    self.store.record(&record, stage)?;
                }
                Effect::Wipe => self.wipe(stage),
                Effect::WakeAt(at_ms) => {
                    self.store.wake_at(at_ms);
                    self.asked_for_alarm = true;
                    if self.part != Part::Room {
                        let after_ms = at_ms.saturating_sub(stage.wall_ms(self.place));
                        stage.after(after_ms, Due::RoomAlarm(self.place));
                    }
                }
                Effect::Seat(connection, seat) => awake.seat(stage, connection, seat),
                Effect::Broadcast(notices) => self.broadcast(stage, awake, notices),
                Effect::Send(connection, reply) => self.send(stage, awake, connection, &reply),
                Effect::Close(connection, code) => {
                    self.catch_up(stage, awake, connection);
                    awake.fan_out.end_of(connection);
                    if let Some(socket) = awake.sockets.remove(&connection) {
                        if code == CloseCode::Removed {
                            removed = removed.max(Some(socket.seat.visitor.role));
                        }
                        self.end(stage, socket.link, code);
                    }
                }
                Effect::Connect(after) => self.make_line(stage, after),
                Effect::Up(frame) => self.tell_room(stage, &frame),
                Effect::Disconnect => self.end_line(stage),
            }
        }
        tripped(trap, count, count)
    }

    /// As `Sockets::broadcast`.
    fn broadcast(&mut self, stage: &mut Stage, awake: &mut Awake, notices: Vec<Notice>) {
        let at_once = awake.fan_out.tells_at_once(stage.wall_ms(self.place), awake.room.fan_out_gap_ms());
        let is_now = |socket: &Socket| at_once || stage.links[socket.link].dialect == Dialect::Relay;
        let hearing = awake.sockets.iter().filter(|(_, socket)| socket.seat.hears() && is_now(socket));
        let now: Vec<_> = hearing.map(|(connection, _)| *connection).collect();
        self.tell(stage, awake, &notices, &now);
        if !at_once {
            awake.fan_out.add(notices);
        }
    }

    /// As `Sockets::tell_piece`.
    fn tell_piece(&mut self, stage: &mut Stage) {
        let Some(mut awake) = self.awake.take() else { return };
        let mut piece = Vec::new();
        let (now_ms, gap_ms) = (stage.wall_ms(self.place), awake.room.fan_out_gap_ms());
        awake.fan_out.tell_piece(now_ms, gap_ms, |notices, to| piece.push((notices.to_vec(), to.to_vec())));
        for (notices, to) in piece {
            self.tell(stage, &awake, &notices, &to);
            stage.tally.pieces += 1;
        }
        self.awake = Some(awake);
        let _ = self.settle(stage, |_, _, _| Ok(Vec::new()));
    }

    /// Tells connections of all dialects.
    fn tell(&mut self, stage: &mut Stage, awake: &Awake, notices: &[Notice], to: &[ConnectionId]) {
        for dialect in Dialect::ALL.iter().copied() {
            let listeners = to.iter().filter_map(|connection| awake.sockets.get(connection));
            let speaks = |socket: &&Socket| stage.links[socket.link].dialect == dialect;
            let listeners: Vec<&Socket> = listeners.filter(speaks).collect();
            if listeners.is_empty() {
                continue;
            }
            let frames = self.encode(stage, dialect, notices, &awake.room);
            for socket in listeners {
                let member = socket.seat.member.as_ref().map(|(id, _)| *id);
                for (frame, author) in &frames {
                    if author.is_none() || *author != member {
                        self.emit(stage, socket.link, frame.clone());
                    }
                }
            }
        }
    }

    /// As `Sockets::catch_up`.
    fn catch_up(&mut self, stage: &mut Stage, awake: &mut Awake, connection: ConnectionId) {
        let notices = awake.fan_out.catch_up(connection).to_vec();
        self.tell(stage, awake, &notices, &[connection]);
    }

    fn encode(&self, stage: &mut Stage, dialect: Dialect, notices: &[Notice], room: &Room) -> Vec<Told> {
        let mut texts = Vec::new();
        if dialect.skips_author() {
            for notice in notices {
                let spelled = dialect.broadcast(std::slice::from_ref(notice));
                texts.extend(spelled.into_iter().map(|text| (text, notice.author())));
            }
        } else {
            texts.extend(dialect.broadcast(notices).into_iter().map(|text| (text, None)));
        }
        texts.extend(dialect.roster(notices, || room.members()).map(|text| (text, None)));
        let frames = texts.into_iter();
        frames.filter_map(|(text, author)| Some((self.spelled(stage, dialect, &text)?, author))).collect()
    }

    fn send(&mut self, stage: &mut Stage, awake: &mut Awake, connection: ConnectionId, reply: &Reply) {
        self.catch_up(stage, awake, connection);
        let Some(socket) = awake.sockets.get(&connection) else { return };
        if stage.court.sits && self.part == Part::Room {
            self.judge(stage, &socket.seat, reply);
        }
        let dialect = stage.links[socket.link].dialect;
        for text in dialect.reply(reply) {
            if let Some(frame) = self.spelled(stage, dialect, &text) {
                self.compare_with_stored(stage, &frame);
                self.emit(stage, socket.link, frame);
            }
        }
    }

    fn wipe(&mut self, stage: &mut Stage) {
        let is_open = |kept: &ServerEnd| matches!(kept, ServerEnd::Open(Kept::Seat(..)));
        let open = stage.links.iter().position(|link| link.place == 0 && is_open(&link.server));
        stage.promise(open.is_none(), "only an empty room is wiped", || format!("link {open:?} is open"));
        stage.note(|| "the room, abandoned, wipes its storage".to_owned());
        stage.tally.wipes += 1;
        self.store.wipe();
        self.store.tell_court(stage);
    }

    /// A frame as its client reads it; of other dialects nothing is read here.
    fn spelled(&self, stage: &mut Stage, dialect: Dialect, text: &str) -> Option<Down> {
        match dialect {
            Dialect::V1 => {}
            Dialect::Relay => return Some(Down::Raw(text.into())),
            _ => return Some(Down::Text),
        }
        let (firsts, epoch) = match self.part {
            Part::Room => (self.store.firsts(), self.store.epoch_print()),
            Part::Relay(_) => (stage.firsts_on_relays, stage.epoch_at_room),
        };
        match Wire::read(text, firsts, epoch) {
            Ok(wire) => Some(Down::Frame(Rc::new(wire))),
            Err(why) => {
                stage.violate("every frame is one of the protocol's", || why);
                None
            }
        }
    }

    fn close_all(&mut self, stage: &mut Stage, code: CloseCode) {
        for link in 0..stage.links.len() {
            let is_open = match stage.links[link].server {
                ServerEnd::Open(Kept::Seat(..)) => true,
                // A relay's line that was not greeted yet; but not the one whose upgrade is what woke the room.
                ServerEnd::Open(Kept::Nothing) => stage.has_relays && self.upgrading != Some(link),
                _ => false,
            };
            if stage.links[link].place == self.place && is_open {
                self.end(stage, link, code);
            }
        }
    }

    fn end(&mut self, stage: &mut Stage, link: LinkId, code: CloseCode) {
        if matches!(stage.links[link].server, ServerEnd::Open(_)) {
            stage.links[link].server = ServerEnd::Open(Kept::Ended);
        }
        self.emit(stage, link, Down::Close(code.number()));
    }

    /// Sends something to a client, once all that was written before is on disk.
    fn emit(&mut self, stage: &mut Stage, link: LinkId, item: Down) {
        match self.store.awaited() {
            Some(batch) => self.gate.push_back((batch, link, item)),
            None => self.depart(stage, link, item),
        }
    }

    /// Something leaves the server: nobody can take it back.
    fn depart(&mut self, stage: &mut Stage, link: LinkId, item: Down) {
        const STORED: &str = "nothing is seen before it is stored";
        let is_stored = |message: &Message| match self.part {
            Part::Room => self.store.has_durably(message),
            Part::Relay(_) => stage.ever_stored.contains_key(&message.print),
        };
        let is_recorded = |record: &Record| match self.part {
            Part::Room => self.store.has_record_durably(record),
            Part::Relay(_) => stage.ever_recorded.contains(record),
        };
        let untrue = match &item {
            Down::Frame(wire) => wire.records().find(|record| !is_recorded(record)),
            Down::Answer(answer) => answer.record.as_ref().filter(|record| !is_recorded(record)),
            _ => None,
        };
        let untrue = untrue.map(|record| format!("{record:?} leaves for link {link}"));
        let told = match &item {
            Down::Frame(wire) => wire.messages().find(|message| !is_stored(message)).map(|it| it.seq),
            Down::Answer(answer) => {
                answer.message.as_ref().filter(|message| !is_stored(message)).map(|it| it.seq)
            }
            Down::Raw(text) => told_to_relay(text).find(|message| !is_stored(message)).map(|it| it.seq),
            _ => None,
        };
        stage.promise(untrue.is_none(), "no order is told before it is on record", || {
            untrue.unwrap_or_default()
        });
        stage.promise(told.is_none(), STORED, || {
            format!("message {} leaves for link {link} and is not on disk", told.unwrap_or_default())
        });
        stage.send_down(link, item);
    }

    /// As `Timer::set`.
    fn set_timer(&mut self, stage: &mut Stage, at_ms: Option<u64>, now_ms: u64) {
        let is_due = at_ms.is_some_and(|at_ms| at_ms <= now_ms);
        let same = |timer: Timer| if is_due { timer.is_due } else { Some(timer.at_ms) == at_ms };
        if self.timer.map_or(at_ms.is_none(), same) {
            return;
        }
        self.timer = at_ms.map(|at_ms| {
            self.timers_set += 1;
            let (number, delay_ms) = (self.timers_set, at_ms.saturating_sub(now_ms));
            stage.after(delay_ms, Due::Timer(self.place, number));
            Timer { at_ms, is_due, number, rings_at_ms: stage.now_ms + delay_ms }
        });
    }

    /// What it is called in stories.
    pub(crate) fn name(&self) -> Rc<str> {
        match &self.part {
            Part::Room => "the room".into(),
            Part::Relay(key) => key.clone(),
        }
    }

    /// Takes the trap if its moment has come.
    fn spring(&mut self) -> Option<Trap> {
        let (trap, events) = self.trap.take()?;
        if let Some(events) = events.checked_sub(1) {
            self.trap = Some((trap, events));
            return None;
        }
        match trap {
            Trap::RefuseWrite { row } => self.store.refuses_row = Some(row),
            Trap::FailRead => self.store.fails_read.set(true),
            _ => {}
        }
        Some(trap)
    }
}

/// Stops after so many effects if the trap says so; at the last effect, if it says more than there are.
fn tripped(trap: Option<Trap>, index: usize, count: usize) -> Result<(), Stop> {
    match trap {
        Some(Trap::Crash { effects }) if effects.min(count) == index => Err(Stop::Crash),
        Some(Trap::Panic { effects }) if effects.min(count) == index => Err(Stop::Panic),
        _ => Ok(()),
    }
}

/// The messages that everybody on a relay is told in a frame for it.
fn told_to_relay(frame: &str) -> impl Iterator<Item = Message> {
    frame.split('\n').filter_map(|line| Message::read(line.strip_prefix("m\t")?))
}

impl Awake {
    fn new(room: Room, piece: usize) -> Self {
        Self { room, sockets: BTreeMap::new(), next: 1, fan_out: FanOut::new(2 * piece, piece) }
    }

    /// When it wants its next turn.
    fn timeout(&self, now_ms: u64) -> Option<u64> {
        self.room.timeout().into_iter().chain(self.fan_out.timeout(now_ms)).min()
    }

    fn insert(&mut self, connection: ConnectionId, socket: Socket) {
        self.next = self.next.max(connection.0 + 1);
        self.sockets.insert(connection, socket);
    }

    fn open(&mut self, link: LinkId) -> ConnectionId {
        let connection = ConnectionId(self.next);
        let seat =
            Seat { opened_at: 0, member: None, listens: false, visitor: Visitor::default(), relay: None };
        self.insert(connection, Socket { link, seat });
        connection
    }

    fn find(&self, link: LinkId) -> Option<ConnectionId> {
        self.sockets.iter().find(|(_, socket)| socket.link == link).map(|(connection, _)| *connection)
    }

    fn seat(&mut self, stage: &mut Stage, connection: ConnectionId, seat: Seat) {
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        if let (Some((member, _)), true) = (&seat.member, seat.visitor.role >= Role::Moderator) {
            stage.court.staff.insert(member.get(), seat.visitor.role);
        }
        socket.seat = seat.clone();
        if seat.hears() && stage.links[socket.link].dialect != Dialect::Relay {
            self.fan_out.begin(connection);
        }
        let end = &mut stage.links[socket.link].server;
        if matches!(end, ServerEnd::Open(_)) {
            *end = ServerEnd::Open(Kept::Seat(connection, seat));
        }
    }
}
