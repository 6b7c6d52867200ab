//! The measurement: members connect, the load begins, is measured, ends, and what is missing is waited for.

use std::collections::VecDeque;
use std::io::{BufRead, Error, Result, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use memchr::memmem::Finder;
use mio::{Events, Interest, Poll, Token};
use serde::Serialize;

use crate::frame::{CLOSE, PING, PONG, TEXT};
use crate::histogram::{Histogram, Percentiles};
use crate::ledger::Ledger;
use crate::mark::{self, Mark};
use crate::member::Member;
use crate::plan::{Load, Plan};
use crate::process::{Usage, own_cpu_s, usage};
use crate::seat::Seat;

/// Bytes that one read may take: a thousand members' share must not empty the CPU's cache.
const BUFFER_BYTES: usize = 256 * 1024;
/// How long members may take to join, all together.
const JOIN_TIMEOUT: Duration = Duration::from_secs(600);
/// Connections that are looked at in one go.
const EVENTS_MAX: usize = 4096;
/// Connections that are being made at once.
const OPENING_MAX: usize = 32;
/// The same once the load has begun: who comes back waits for nobody.
const RETURNING_MAX: usize = 2_000;
/// How long a server may take to answer an upgrade, in microseconds.
const UPGRADE_US_MAX: u64 = 20_000_000;
/// Tries of one that is not let in before the run ends.
const TRIES_MAX: u32 = 12;
/// How long all is quiet before memory is read, and before the load begins.
const SETTLE: Duration = Duration::from_millis(1_000);
/// Nothing is slept through that is due within this time: `epoll` counts in milliseconds.
const SPIN: Duration = Duration::from_millis(1);
/// What slices are there for: latency that grows.
const SLICES: u64 = 5;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// From when a message should have left to each of its deliveries, to those whose connections never ended.
    pub each: Percentiles,
    /// The same to those whose connections ended and were made anew.
    pub returned: Percentiles,
    /// From the end of a connection to the `welcome` of the next.
    pub back: Percentiles,
    /// Welcomes after which something may be missing.
    pub unrecovered: u64,
    /// Tries to connect that failed.
    pub retries: u64,
    /// From when each measured message should have left to its last delivery here, in microseconds, in order: where
    /// this is one part of several.
    pub lasts_us: Vec<u64>,
    /// The same wherever the order of all messages is.
    pub order: String,
    /// The same to the first delivery.
    pub first: Percentiles,
    /// The same to the last delivery: when all have it.
    pub last: Percentiles,
    /// 99 of 100 of these, in each fifth of the measurement, in milliseconds: do they grow?
    pub last_p99_ms_by_fifth: Vec<f64>,
    /// Messages sent while measured.
    pub messages: u64,
    /// Deliveries while measured.
    pub deliveries: u64,
    /// WebSocket frames that arrived while measured.
    pub frames: u64,
    /// The same in each fifth of the measurement.
    pub frames_by_fifth: [u64; 5],
    /// Bytes of those frames.
    pub bytes: u64,
    /// Deliveries a second.
    pub deliveries_per_second: f64,
    /// CPU of the server for each delivery, in microseconds.
    pub server_us_per_delivery: f64,
    /// CPU of the server for each message, in microseconds.
    pub server_us_per_message: f64,
    /// How busy the server was: 1.0 is one core.
    pub server_cores: f64,
    /// How busy this generator was: 1.0 is all that it can do.
    pub generator_cores: f64,
    /// Deliveries that never came.
    pub lost: u64,
    /// Deliveries that came twice.
    pub doubled: u64,
    /// Deliveries in another order than to others.
    pub misordered: u64,
    /// Connections that the server ended.
    pub ended: u64,
    /// Deliveries that were missing when the last message had left.
    pub behind: u64,
    /// How long it took until they had come, in milliseconds.
    pub drain_ms: f64,
    /// The server's memory before anybody connected, in bytes.
    pub memory_before: f64,
    /// The same when all have joined and nothing happens.
    pub memory_joined: f64,
    /// The same after the load.
    pub memory_after: f64,
    /// How long it took until all had joined, in milliseconds.
    pub join_ms: f64,
}

struct Run<'a> {
    plan: &'a Plan,
    poll: Poll,
    members: Vec<Member>,
    seats: Vec<Seat>,
    /// Who is to connect, at once.
    waiting: VecDeque<usize>,
    /// Who connects, since when.
    opening: Vec<(usize, u64)>,
    /// Who is to connect later, and when.
    later: Vec<(u64, usize)>,
    retries: u64,
    back: Histogram,
    unrecovered: u64,
    failed: Option<String>,
    ledger: Ledger,
    senders: Senders,
    begun: Instant,
    begun_unix_us: u64,
    measure: Option<(u64, u64)>,
    frames: u64,
    frames_by_fifth: [u64; 5],
    bytes: u64,
    buffer: Vec<u8>,
    /// Whether marks count: not those of a history that the server plays back.
    counts: bool,
    /// Senders whose message came back, in closed loops.
    free: VecDeque<usize>,
    messages: u64,
}

/// Which members send: the first so many of each room; of a part, so many at even distances.
struct Senders {
    in_room: usize,
    /// The number of the first one here, and how many are here.
    first: usize,
    here: usize,
    /// How many there are in all parts.
    all: usize,
    distance: usize,
}

/// Does what the plan says.
///
/// # Errors
/// Where the server does not take the members.
pub fn run(plan: &Plan) -> Result<Outcome> {
    let memory_before = usage(&plan.pids).memory_bytes;
    let in_room = match plan.load {
        Load::Closed { senders, .. } | Load::Open { senders, .. } => senders,
        Load::Idle | Load::Wake { .. } => 1,
    };
    let senders = match plan.part {
        Some(part) => Senders {
            in_room,
            first: part.first_sender,
            here: in_room,
            all: part.senders,
            distance: plan.members / in_room.max(1),
        },
        None => {
            let all = plan.rooms * in_room;
            Senders { in_room, first: 0, here: all, all, distance: 1 }
        }
    };
    let begun_unix_us =
        SystemTime::now().duration_since(UNIX_EPOCH).map_err(Error::other)?.as_micros() as u64;
    let mut run = Run {
        plan,
        poll: Poll::new()?,
        members: Vec::new(),
        seats: Vec::new(),
        waiting: VecDeque::new(),
        opening: Vec::new(),
        later: Vec::new(),
        retries: 0,
        back: Histogram::default(),
        unrecovered: 0,
        failed: None,
        ledger: Ledger::new(plan.rooms, plan.members, senders.all),
        senders,
        begun: Instant::now(),
        begun_unix_us,
        measure: None,
        frames: 0,
        frames_by_fifth: [0; 5],
        bytes: 0,
        buffer: vec![0; BUFFER_BYTES],
        counts: false,
        free: VecDeque::new(),
        messages: 0,
    };
    let joining = Instant::now();
    run.join_all()?;
    let join_ms = joining.elapsed().as_secs_f64() * 1e3;
    run.pass_for(SETTLE)?;
    let memory_joined = usage(&plan.pids).memory_bytes;
    run.counts = true;
    run.load(memory_before, memory_joined, join_ms)
}

impl Run<'_> {
    fn now_us(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    fn fill(&self, template: &str, member: usize) -> String {
        let room = member / self.plan.members;
        let member = member % self.plan.members;
        template.replace("{room}", &room.to_string()).replace("{member}", &member.to_string())
    }

    fn join_all(&mut self) -> Result<()> {
        let all = self.plan.rooms * self.plan.members;
        let begun = Instant::now();
        self.waiting.extend(0..all);
        while self.members.len() < all
            || !self.later.is_empty()
            || self.members.iter().any(|it| !it.is_open())
        {
            if let Some(why) = self.failed.take() {
                return Err(Error::other(why));
            }
            if begun.elapsed() > JOIN_TIMEOUT {
                return Err(Error::other(format!("{} of {all} are connected", self.members.len())));
            }
            self.pass(Some(Duration::from_millis(1)))?;
        }
        if !self.plan.joins_at_once {
            // All together, as after a deploy.
            (0..all).for_each(|number| self.join(number));
        }
        while let Some(waiting) = self.members.iter().position(|member| !member.is_ready) {
            if begun.elapsed() > JOIN_TIMEOUT || (self.members[waiting].has_ended && self.later.is_empty()) {
                return Err(Error::other(format!("member {waiting} of {all} is not let in")));
            }
            self.pass(Some(Duration::from_millis(10)))?;
        }
        Ok(())
    }

    fn join(&mut self, number: usize) {
        let dialect = &self.plan.dialect;
        let frames = match self.seats[number].returning(&dialect.on_return) {
            Some(frame) => vec![self.fill(&frame, number)],
            None => dialect.on_open.iter().map(|frame| self.fill(frame, number)).collect(),
        };
        frames.iter().for_each(|frame| self.members[number].send(TEXT, frame.as_bytes()));
    }

    /// Begins to connect those whose time has come, and gives up on those that wait too long.
    fn connect_some(&mut self) -> Result<()> {
        let now_us = self.now_us();
        if let Some((number, _)) = self.opening.iter().find(|(_, since)| since + UPGRADE_US_MAX < now_us) {
            let number = *number;
            self.members[number].has_ended = true;
            self.look_at(number);
        }
        if !self.later.is_empty() {
            let waiting = &mut self.waiting;
            self.later.retain(|(at, number)| {
                let is_due = *at <= now_us;
                if is_due {
                    waiting.push_back(*number);
                }
                !is_due
            });
        }
        let most = if self.counts { RETURNING_MAX } else { OPENING_MAX };
        while self.opening.len() < most {
            let Some(number) = self.waiting.pop_front() else { break };
            let dialect = &self.plan.dialect;
            let path = self.fill(&dialect.path, number);
            let mut member = Member::connect(self.plan.port_of(number), &path, dialect, number)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut member.stream, Token(number), interest)?;
            match self.members.get_mut(number) {
                Some(old) => *old = member,
                None => {
                    self.members.push(member);
                    self.seats.push(Seat::default());
                }
            }
            self.opening.push((number, now_us));
        }
        Ok(())
    }

    /// Sees whether a member has become open, or has ended, just now.
    fn look_at(&mut self, number: usize) {
        let opening = self.opening.iter().position(|(other, _)| *other == number);
        let member = &mut self.members[number];
        if member.has_ended {
            let now_us = self.begun.elapsed().as_micros() as u64;
            let can_return = !self.plan.dialect.on_return.is_empty();
            let delay_us = match opening {
                Some(at) => {
                    self.opening.swap_remove(at);
                    self.retries += 1;
                    let seat = &mut self.seats[number];
                    if seat.failures >= TRIES_MAX {
                        self.failed = Some(format!("member {number} is not let in after {TRIES_MAX} tries"));
                    }
                    Some(seat.backoff_us())
                }
                None => {
                    (can_return && self.seats[number].end(now_us)).then(|| self.seats[number].backoff_us())
                }
            };
            self.later.extend(delay_us.map(|us| (now_us + us, number)));
        } else if let Some(at) = opening.filter(|_| member.is_open()) {
            self.opening.swap_remove(at);
            member.is_ready = self.plan.dialect.ready.is_empty();
            if self.plan.joins_at_once || self.seats[number].has_ended() {
                self.join(number);
            }
        }
    }

    /// Waits for what arrives, at most so long, and takes it.
    fn pass(&mut self, timeout: Option<Duration>) -> Result<()> {
        self.connect_some()?;
        if self.counts && self.plan.look_ms > 0 {
            let look = Duration::from_millis(self.plan.look_ms);
            std::thread::sleep(timeout.map_or(look, |timeout| timeout.min(look)));
        }
        let mut events = Events::with_capacity(EVENTS_MAX);
        match self.poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &events {
            let number = event.token().0;
            if event.is_writable() {
                self.members[number].flush();
            }
            if event.is_readable() {
                self.read(number);
            }
            if !self.opening.is_empty() || self.members[number].has_ended {
                self.look_at(number);
            }
        }
        Ok(())
    }

    fn pass_for(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.pass(Some(left))?;
        }
        Ok(())
    }

    fn read(&mut self, number: usize) {
        let now_us = self.now_us();
        let measured = self.measure.is_some_and(|(from, to)| (from..to).contains(&now_us));
        let (from, to) = self.measure.unwrap_or((0, SLICES));
        let slice = |at: u64| (at.saturating_sub(from) * SLICES / (to - from).max(1)) as usize;
        let (room, place) = (number / self.plan.members, number % self.plan.members);
        let Self { members, seats, back, unrecovered, buffer, ledger, .. } = self;
        let Self { plan, free, counts, senders, frames, frames_by_fifth, bytes, begun_unix_us, .. } = self;
        let seat = &mut seats[number];
        let can_return = !plan.dialect.on_return.is_empty();
        let finder = Finder::new(mark::BEGINNING);
        members[number].read(buffer, |member, head, payload| match head.code {
            PING => member.send(PONG, payload),
            CLOSE => member.has_ended = true,
            _ => {
                if measured {
                    *frames += 1;
                    frames_by_fifth[slice(now_us).min(4)] += 1;
                    *bytes += payload.len() as u64;
                }
                if can_return {
                    seat.note(payload);
                }
                if !member.is_ready {
                    member.is_ready = memchr::memmem::find(payload, plan.dialect.ready.as_bytes()).is_some();
                    match seat.back(now_us).filter(|_| member.is_ready) {
                        // What it missed is in the welcome.
                        Some(us) => {
                            back.record(us);
                            *unrecovered += u64::from(!seat.is_recovered);
                        }
                        None => return,
                    }
                }
                if let Some((_, answer)) =
                    plan.dialect.answers.iter().find(|(question, _)| question.as_bytes() == payload)
                {
                    return member.send(TEXT, answer.as_bytes());
                }
                if !*counts {
                    return;
                }
                for at in finder.find_iter(payload) {
                    let digits = &payload[at + mark::BEGINNING.len()..];
                    let Some(mark) = Mark::read(digits) else { continue };
                    let sender = mark.sender as usize;
                    if !senders.are_here(sender)
                        && let Some(unix_us) = Mark::time(digits)
                    {
                        let intended_us = unix_us.saturating_sub(*begun_unix_us);
                        ledger.learn(mark, intended_us, (from..to).contains(&intended_us));
                    }
                    ledger.deliver(room, place, mark, now_us, !seat.has_ended(), slice);
                    if senders.are_here(sender) && senders.number_of(sender, plan.members) == number {
                        free.push_back(sender);
                    }
                }
            }
        });
    }

    fn say(&mut self, sender: usize, intended_us: u64) {
        let measured = self.measure.is_some_and(|(from, to)| (from..to).contains(&intended_us));
        self.messages += u64::from(measured);
        let mark = self.ledger.send(sender, intended_us, measured);
        let number = self.senders.number_of(sender, self.plan.members);
        let frame = self.fill(&self.plan.dialect.message, number);
        let unix_us = self.plan.part.map(|_| self.begun_unix_us + intended_us);
        let text = mark.text(self.plan.text_chars, unix_us);
        let frame = frame.replace("{unique}", &mark.digits()).replace("{text}", &text);
        self.members[number].send(TEXT, frame.as_bytes());
    }

    fn load(mut self, memory_before: f64, memory_joined: f64, join_ms: f64) -> Result<Outcome> {
        let plan = self.plan;
        let start = if plan.part.is_some() { self.await_start(join_ms)? } else { self.now_us() };
        let from = start + plan.warmup_ms * 1_000;
        let to = from + plan.measure_ms.max(1) * 1_000;
        self.measure = Some((from, to));
        let mut begun: Option<(Usage, f64, u64)> = None;
        let (mut next, mut deliveries_before) = (0u64, 0);
        // Of an open load it is known beforehand how many messages it comes to: all parts agree on it.
        let planned = match plan.load {
            Load::Open { per_second, .. } => ((to - start) as f64 * per_second / 1e6).floor() as u64,
            _ => 0,
        };
        self.ledger.expected = plan.part.map(|_| planned as usize);
        if let Load::Wake { sleep_ms, cycles } = plan.load {
            self.measure = Some((start, u64::MAX / SLICES));
            begun = Some((usage(&plan.pids), own_cpu_s(), start));
            self.wake_all(sleep_ms, cycles)?;
        }
        if let Load::Closed { senders, window } = plan.load {
            for sender in 0..senders * plan.rooms {
                self.free.extend(std::iter::repeat_n(sender, window));
            }
        }
        let is_wake = matches!(plan.load, Load::Wake { .. });
        loop {
            let now = self.now_us();
            if begun.is_none() && now >= from {
                begun = Some((usage(&plan.pids), own_cpu_s(), now));
                deliveries_before = self.ledger.deliveries;
            }
            if (now >= to || is_wake) && next >= planned {
                break;
            }
            let wake = match plan.load {
                Load::Closed { .. } => {
                    while let Some(sender) = self.free.pop_front() {
                        let now = self.now_us();
                        self.say(sender, now);
                    }
                    if begun.is_none() { from } else { to }
                }
                Load::Open { per_second, .. } => {
                    let due = |nth: u64| start + (nth as f64 * 1e6 / per_second) as u64;
                    while next < planned && due(next) <= self.now_us() {
                        let sender = next as usize % self.senders.all;
                        if self.senders.are_here(sender) {
                            self.say(sender, due(next));
                        }
                        next += 1;
                    }
                    self.free.clear();
                    due(next).min(if begun.is_none() { from } else { to })
                }
                _ => {
                    if begun.is_none() {
                        from
                    } else {
                        to
                    }
                }
            };
            let left = Duration::from_micros(wake.saturating_sub(self.now_us()));
            self.pass(Some(if left < SPIN { Duration::ZERO } else { left - SPIN }))?;
        }
        let (before, own_before, began_us) = begun.unwrap_or_default();
        let seconds = (self.now_us() - began_us) as f64 / 1e6;
        let (after, own_after) = (usage(&plan.pids), own_cpu_s());
        let deliveries = self.ledger.deliveries - deliveries_before;
        let behind = self.ledger.missing();
        let drain_ms = self.drain()?;
        let cpu_us = (after.cpu_s - before.cpu_s) * 1e6;
        let (lost, doubled, misordered) = self.ledger.wrongs();
        let tally = &self.ledger.tally;
        Ok(Outcome {
            each: tally.each.percentiles(),
            returned: tally.returned.percentiles(),
            back: self.back.percentiles(),
            unrecovered: self.unrecovered,
            retries: self.retries,
            lasts_us: if plan.part.is_some() { self.ledger.lasts_us() } else { Vec::new() },
            order: self.ledger.order_digest(),
            first: tally.first.percentiles(),
            last: tally.last.percentiles(),
            last_p99_ms_by_fifth: tally.slices.iter().map(|slice| slice.percentiles().p99_ms).collect(),
            messages: self.messages,
            deliveries,
            frames: self.frames,
            frames_by_fifth: self.frames_by_fifth,
            bytes: self.bytes,
            deliveries_per_second: deliveries as f64 / seconds,
            server_us_per_delivery: cpu_us / (deliveries.max(1)) as f64,
            server_us_per_message: cpu_us / (self.messages.max(1)) as f64,
            server_cores: cpu_us / 1e6 / seconds,
            generator_cores: (own_after - own_before) / seconds,
            lost,
            doubled: doubled + self.ledger.strange,
            misordered,
            ended: self.members.iter().filter(|member| member.has_ended).count() as u64,
            behind,
            drain_ms,
            memory_before,
            memory_joined,
            memory_after: usage(&plan.pids).memory_bytes,
            join_ms,
        })
    }

    /// Says that all have joined, and waits to be told when to begin.
    fn await_start(&mut self, join_ms: f64) -> Result<u64> {
        println!("{{\"join_ms\":{join_ms}}}");
        std::io::stdout().flush()?;
        let told = first_line();
        loop {
            if let Ok(line) = told.try_recv() {
                let unix_us: u64 = line.trim().parse().map_err(Error::other)?;
                return Ok(unix_us.saturating_sub(self.begun_unix_us));
            }
            self.pass(Some(Duration::from_millis(1)))?;
        }
    }

    /// Waits for what is missing.
    fn drain(&mut self) -> Result<f64> {
        let begun = Instant::now();
        while self.ledger.missing() > 0 && begun.elapsed() < Duration::from_millis(self.plan.drain_ms) {
            self.pass(Some(Duration::from_millis(10)))?;
        }
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    }

    fn wake_all(&mut self, sleep_ms: u64, cycles: usize) -> Result<()> {
        for _ in 0..cycles {
            self.pass_for(Duration::from_millis(sleep_ms))?;
            for room in 0..self.plan.rooms {
                let now = self.now_us();
                self.say(room * self.senders.in_room, now);
                self.drain()?;
            }
        }
        Ok(())
    }
}

impl Senders {
    /// The number of the member that is this sender.
    fn number_of(&self, sender: usize, members: usize) -> usize {
        let sender = sender - self.first;
        sender / self.in_room * members + sender % self.in_room * self.distance
    }

    /// Whether a sender is of this part.
    fn are_here(&self, sender: usize) -> bool {
        (self.first..self.first + self.here).contains(&sender)
    }
}

/// The first line of the standard input, once it is there.
fn first_line() -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line).is_ok() {
            let _ = tell.send(line); // nobody listens if the run is over
        }
    });
    told
}
