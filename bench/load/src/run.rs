//! The measurement: members connect, the load begins, is measured, ends, and what is missing is waited for.

use std::collections::VecDeque;
use std::io::{Error, Result};
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use mio::{Events, Interest, Poll, Token};
use serde::Serialize;

use crate::frame::{CLOSE, PING, PONG, TEXT};
use crate::histogram::Percentiles;
use crate::ledger::Ledger;
use crate::mark::{self, Mark};
use crate::member::Member;
use crate::plan::{Load, Plan};
use crate::process::{Usage, own_cpu_s, usage};

/// Bytes that one read may take: a thousand members' share must not empty the CPU's cache.
const BUFFER_BYTES: usize = 256 * 1024;
/// How long members may take to join, all together.
const JOIN_TIMEOUT: Duration = Duration::from_secs(120);
/// How long all is quiet before memory is read, and before the load begins.
const SETTLE: Duration = Duration::from_millis(1_000);
/// Nothing is slept through that is due within this time: `epoll` counts in milliseconds.
const SPIN: Duration = Duration::from_millis(1);
/// What slices are there for: latency that grows.
const SLICES: u64 = 5;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// From when a message should have left to each of its deliveries.
    pub each: Percentiles,
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
    ledger: Ledger,
    senders: Senders,
    begun: Instant,
    measure: Option<(u64, u64)>,
    frames: u64,
    bytes: u64,
    buffer: Vec<u8>,
    /// Whether marks count: not those of a history that the server plays back.
    counts: bool,
    /// Senders whose message came back, in closed loops.
    free: VecDeque<usize>,
    messages: u64,
}

/// Which members send: the first so many of each room.
struct Senders {
    in_room: usize,
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
    let mut run = Run {
        plan,
        poll: Poll::new()?,
        members: Vec::new(),
        ledger: Ledger::new(plan.rooms, plan.members, plan.rooms * in_room),
        senders: Senders { in_room },
        begun: Instant::now(),
        measure: None,
        frames: 0,
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
        let dialect = &self.plan.dialect;
        let all = self.plan.rooms * self.plan.members;
        for number in 0..all {
            let path = self.fill(&dialect.path, number);
            let mut member = Member::connect(self.plan.port, &path, dialect, number)?;
            self.poll.registry().register(
                &mut member.stream,
                Token(number),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            member.is_ready = dialect.ready.is_empty();
            self.members.push(member);
            self.read(number);
            self.pass(Some(Duration::ZERO))?;
        }
        // All at once, as after a deploy.
        for number in 0..all {
            for frame in &dialect.on_open {
                let frame = self.fill(frame, number);
                self.members[number].send(TEXT, frame.as_bytes());
            }
        }
        let begun = Instant::now();
        while let Some(waiting) = self.members.iter().position(|member| !member.is_ready) {
            if begun.elapsed() > JOIN_TIMEOUT || self.members[waiting].has_ended {
                return Err(Error::other(format!("member {waiting} of {all} is not let in")));
            }
            self.pass(Some(Duration::from_millis(10)))?;
        }
        Ok(())
    }

    /// Waits for what arrives, at most so long, and takes it.
    fn pass(&mut self, timeout: Option<Duration>) -> Result<()> {
        let mut events = Events::with_capacity(1024);
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
        let Self { members, buffer, ledger, plan, free, counts, senders, frames, bytes, .. } = self;
        let finder = Finder::new(mark::BEGINNING);
        members[number].read(buffer, |member, head, payload| match head.code {
            PING => member.send(PONG, payload),
            CLOSE => member.has_ended = true,
            _ => {
                if measured {
                    *frames += 1;
                    *bytes += payload.len() as u64;
                }
                if !member.is_ready {
                    member.is_ready = memchr::memmem::find(payload, plan.dialect.ready.as_bytes()).is_some();
                    return;
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
                    let Some(mark) = Mark::read(&payload[at + mark::BEGINNING.len()..]) else { continue };
                    ledger.deliver(room, place, mark, now_us, slice);
                    let sender = mark.sender as usize;
                    if senders.number_of(sender, plan.members) == number {
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
        let frame =
            frame.replace("{unique}", &mark.digits()).replace("{text}", &mark.text(self.plan.text_chars));
        self.members[number].send(TEXT, frame.as_bytes());
    }

    fn load(mut self, memory_before: f64, memory_joined: f64, join_ms: f64) -> Result<Outcome> {
        let plan = self.plan;
        let start = self.now_us();
        let from = start + plan.warmup_ms * 1_000;
        let to = from + plan.measure_ms.max(1) * 1_000;
        self.measure = Some((from, to));
        let mut begun: Option<(Usage, f64, u64)> = None;
        let (mut next, mut deliveries_before) = (0u64, 0);
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
            if now >= to || is_wake {
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
                Load::Open { senders, per_second } => {
                    let due = |nth: u64| start + (nth as f64 * 1e6 / per_second) as u64;
                    while due(next) <= self.now_us() {
                        self.say(next as usize % (senders * plan.rooms), due(next));
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
            first: tally.first.percentiles(),
            last: tally.last.percentiles(),
            last_p99_ms_by_fifth: tally.slices.iter().map(|slice| slice.percentiles().p99_ms).collect(),
            messages: self.messages,
            deliveries,
            frames: self.frames,
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
        sender / self.in_room * members + sender % self.in_room
    }
}
