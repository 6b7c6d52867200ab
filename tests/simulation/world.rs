//! One schedule: a room, its clients, what they do, and what goes wrong, all decided by a seed.
//!
//! First come the things that people do, with faults between them. Then the faults end and time passes
//! until all is quiet; then what everybody knows is compared.

use parlor::limits::{HISTORY_LIMIT_MAX, Limits};
use serde_json::json;

use crate::client::{Client, Phase};
use crate::dice::Dice;
use crate::faults::Faults;
use crate::moderation::{self, SLOW_MS_MAX};
use crate::network::{Down, Link, Owner, ServerEnd};
use crate::outsider::Outsider;
use crate::poster::Poster;
use crate::relays::Relays;
use crate::shell::Shell;
use crate::stage::{Due, Stage};
use crate::store::{Past, Store};
use crate::story::{Story, Violation};
use crate::tally::Tally;
use crate::timeline::Pages;
use crate::warden::Warden;

/// Longest time in which everybody is back and has said all, once the faults end: some reconnect with
/// backoff of 30 s, are told to wait for 30 s more, and have a long outbox at two a second.
const QUIET_MS_MAX: u64 = 600_000;

/// Longest time in which everybody is told how many are here, once they are all back and every relay has its line
/// or none: a lost relay counts for 15 s yet, one without connections stays for 10 s, and the number is told every
/// 2 s.
const COUNTED_MS_MAX: u64 = 60_000;

/// How many messages a room may hold when a schedule begins: segments are full at 64.
const PASTS: [usize; 8] = [0, 0, 0, 61, 63, 126, 130, 190];

/// How many messages a few rooms hold: enough for ids to be forgotten, and segments deleted by count.
const LONG_PAST: usize = 1_150;

/// How many connections are told in one go: mostly fewer than there are, so that a broadcast takes turns.
const FAN_OUT_PIECES: [usize; 4] = [1, 2, 3, 100];

const DAY_MS: u64 = 86_400_000;

/// The rooms that schedules begin with, made once.
pub struct Pasts(Vec<Past>, Past);

impl Pasts {
    pub fn new() -> Self {
        Self(PASTS.into_iter().map(Past::of).collect(), Past::of(LONG_PAST))
    }
}

/// Whether the room of a seed may have relays: every fourth.
pub fn has_relays(seed: u64) -> bool {
    seed % 4 == 3
}

/// Limits under which a handful of people fill a room and several relays.
fn grown(dice: &mut Dice) -> Limits {
    Limits {
        relay_above: dice.pick(&[2, 3, 3, 6]),
        relay_connections_max: dice.pick(&[2, 3]),
        crowd_above: dice.pick(&[4, 1_000]),
        ..Limits::default()
    }
}

/// How far a schedule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// So many things are still to happen.
    Chaos(u32),
    /// Faults have ended.
    Settling,
    /// All is quiet, and one more client has come to look.
    Inspecting,
}

/// A schedule.
pub struct World {
    pub stage: Stage,
    /// The room's.
    pub shell: Shell,
    pub relays: Relays,
    pub clients: Vec<Client>,
    pub outsiders: Vec<Outsider>,
    pub poster: Poster,
    pub warden: Warden,
    act: Act,
    pause_ms_max: u64,
    quiet_before_ms: u64,
    /// Since when not all know how many are here, though nothing else is amiss.
    miscounted_since_ms: Option<u64>,
}

/// How a schedule ended.
pub struct Outcome {
    pub tally: Tally,
    pub violation: Option<Violation>,
    pub story: Story,
}

/// Plays the schedule of a seed.
pub fn play(seed: u64, pasts: &Pasts, story: Story) -> Outcome {
    let (mut world, faults) = World::new(seed, pasts, story);
    world.run(&faults);
    let World { stage, .. } = world;
    Outcome { tally: stage.tally, violation: stage.violation, story: stage.story }
}

impl World {
    fn new(seed: u64, pasts: &Pasts, story: Story) -> (Self, Faults) {
        let mut stage = Stage::new(seed, story);
        stage.has_relays = has_relays(seed);
        let has_relays = stage.has_relays;
        let dice = &mut stage.dice;
        let faults = Faults::new(dice, has_relays);
        let grown = if has_relays { grown(dice) } else { Limits::default() };
        let limits = Limits {
            history_on_join: dice.pick(&[0, 3, 8, 20]),
            resume_messages_max: dice.pick(&[2, 6, 20, 300]),
            rate_burst: dice.pick(&[3.0, 10.0, 1_000.0]),
            rate_per_second: dice.pick(&[1.0, 2.0, 1_000.0]),
            history_messages_max: 1_000,
            history_ms_max: dice.pick(&[DAY_MS, 3_650 * DAY_MS]),
            abandoned_ms: dice.pick(&[DAY_MS, 365 * DAY_MS]),
            fan_out_piece: FAN_OUT_PIECES[(seed / 4 % 4) as usize],
            ..grown
        };
        let past = &pasts.0[dice.below(PASTS.len() as u64) as usize];
        let past = if dice.percent(98) { past } else { &pasts.1 };
        let shell = Shell::new(Store::with_past(past), limits, dice.pick(&[0, 3, 20, 60]));
        stage.ever_stored.extend(shell.store.prints().filter(|_| has_relays));
        let dice = &mut stage.dice;
        let count = if has_relays { dice.between(4, 9) } else { dice.between(3, 6) } as usize;
        let mut clients: Vec<Client> = Vec::new();
        for number in 0..count {
            // Some are the second tab of another, with its session.
            let sibling = if number > 0 && dice.percent(30) { Some(dice.below(number as u64)) } else { None };
            let sibling = sibling.map(|sibling| sibling as usize);
            let mut client = Client::new(number, sibling.map_or(0, |_| number), &shell.limits);
            client.sibling = sibling;
            if let Some(sibling) = sibling {
                client.names = clients[sibling].names.clone();
            }
            if let Some(sibling) = sibling.filter(|_| dice.percent(70)) {
                client.name.clone_from(&clients[sibling].name);
            }
            client.is_impatient = dice.percent(25);
            clients.push(client);
        }
        let acts = dice.between(15, 60) as u32;
        moderation::appoint(&mut stage, &mut clients);
        shell.store.tell_court(&mut stage);
        let dice = &mut stage.dice;
        let pause_ms_max = dice.pick(&[30, 300, 1_000, 3_000]);
        let outsiders = if stage.dice.percent(40) { stage.dice.between(1, 3) as usize } else { 0 };
        let outsiders: Vec<_> = (0..outsiders).map(Outsider::new).collect();
        let (act, poster, warden) = (Act::Chaos(acts), Poster::default(), Warden::default());
        stage.tally.schedules = 1;
        stage.note(|| format!("{count} clients; {}", faults.describe()));
        stage.tally.clients = count as u64;
        stage.after(0, Due::Act);
        (
            Self {
                stage,
                shell,
                relays: Relays::default(),
                clients,
                outsiders,
                poster,
                warden,
                act,
                pause_ms_max,
                quiet_before_ms: u64::MAX,
                miscounted_since_ms: None,
            },
            faults,
        )
    }

    fn run(&mut self, faults: &Faults) {
        moderation::begin(self);
        while let Some(due) = self.stage.next() {
            self.stage.tally.events += 1;
            self.turn(due, faults);
            if self.stage.violation.is_some() {
                return;
            }
            if !matches!(self.act, Act::Chaos(_)) {
                let is_late = self.stage.now_ms > self.quiet_before_ms;
                let is_quiet = self.is_quiet();
                if !is_quiet && self.is_miscounted_for_long() {
                    return;
                }
                if is_quiet {
                    if self.act == Act::Inspecting && self.inspected() {
                        return self.compare();
                    }
                    self.inspect();
                } else if is_late {
                    let missing = self.missing();
                    return self.stage.violate("once faults end, everybody comes back", || missing);
                }
            }
        }
    }

    fn turn(&mut self, due: Due, faults: &Faults) {
        let Self { stage, shell, relays, clients, outsiders, poster, warden, .. } = self;
        match due {
            Due::Up(link) => {
                if let Some(item) = stage.take_up(link) {
                    let place = stage.links[link].place;
                    stage.see_firsts(place, &shell.store);
                    let elsewhere = relays.at(place).unwrap_or(shell).receive(stage, link, item);
                    if let Some(key) = elsewhere {
                        relays.send_on(stage, link, &key, shell);
                    }
                }
            }
            Due::Down(link) => {
                if let Some(item) = stage.take_down(link) {
                    match stage.links[link].owner {
                        Owner::Client(number) => {
                            share_session(clients, number, &item);
                            clients[number].receive(link, &item, stage);
                        }
                        Owner::Outsider(number) => outsiders[number].receive(link, &item, stage),
                        Owner::Poster => poster.receive(link, &item, stage),
                        Owner::Warden => warden.receive(link, &item, stage),
                        Owner::Relay(place) => {
                            stage.see_firsts(place, &shell.store);
                            if let Some(relay) = relays.at(place) {
                                relay.hear_room(stage, link, &item);
                            }
                        }
                    }
                }
            }
            Due::ServerGivesUp(link) => {
                if stage.links[link].server != ServerEnd::Gone {
                    stage.give_up(link);
                }
            }
            Due::Alarm(number, alarm, set) => clients[number].ring(alarm, set, stage),
            Due::PosterAlarm(set) => poster.ring(set, stage),
            Due::WardenAlarm(set) => warden.ring(set, stage),
            Due::Timer(place, set) => {
                stage.see_firsts(place, &shell.store);
                relays.at(place).unwrap_or(shell).ring(stage, set);
            }
            Due::RoomAlarm(place) => relays.at(place).unwrap_or(shell).alarm(stage),
            Due::Commit(place, batch) => relays.at(place).unwrap_or(shell).commit(stage, batch),
            Due::Act => self.go_on(faults),
        }
    }

    /// Lets the next thing happen.
    fn go_on(&mut self, faults: &Faults) {
        let Act::Chaos(left) = self.act else { return };
        if left == 0 {
            return self.calm_down();
        }
        self.act = Act::Chaos(left - 1);
        if self.stage.dice.percent(faults.percent) {
            faults.strike(self);
        } else {
            self.somebody_does_something();
        }
        let pause_ms = self.stage.dice.below(self.pause_ms_max);
        // Now and then long enough for a room to fall asleep, and for a half-open link to be found out.
        let pause_ms = if self.stage.dice.percent(3) { pause_ms + 40_000 } else { pause_ms };
        self.stage.after(pause_ms, Due::Act);
    }

    fn somebody_does_something(&mut self) {
        if moderation::act(self) {
            return;
        }
        let Self { stage, clients, outsiders, poster, .. } = self;
        if !outsiders.is_empty() && stage.dice.percent(30) {
            let number = stage.dice.below(outsiders.len() as u64) as usize;
            return outsiders[number].act(stage);
        }
        let number = stage.dice.below(clients.len() as u64) as usize;
        let client = &mut clients[number];
        if client.phase == Phase::Closed {
            return client.open(stage);
        }
        if client.is_removed && stage.moderators_dice.percent(50) {
            return client.reopen(true, stage);
        }
        match stage.dice.below(100) {
            0..55 => client.say(stage),
            55..60 => (0..stage.dice.between(2, 14)).for_each(|_| client.say(stage)),
            60..68 => {
                let name = format!("Renamed {}", stage.dice.below(1_000));
                client.rename(&name, stage);
            }
            68..73 => {
                let on = stage.dice.percent(50);
                client.transmit(&json!({ "type": "typing", "on": on }).to_string(), stage);
            }
            73..81 => {
                let seq = stage.dice.below(client.timeline.head + 2);
                let first = client.timeline.first();
                let pages = stage.dice.pick(&[
                    Pages::Newest,
                    Pages::Before(first),
                    Pages::Before(seq),
                    Pages::After(seq),
                ]);
                let limit = stage.dice.between(1, 70) as usize;
                client.ask(pages, limit, stage);
            }
            81..84 => client.go_offline(stage),
            84..88 => client.go_online(stage),
            88..90 => client.close(stage),
            90..92 => {
                let remembers = stage.dice.percent(50);
                client.reopen(remembers, stage);
            }
            92..94 => client.resync(stage),
            94..95 => client.transmit("{\"type\":\"nonsense\"}", stage),
            _ => poster.post(stage),
        }
    }

    /// Ends the faults.
    fn calm_down(&mut self) {
        let Self { stage, shell, relays, clients, outsiders, poster, warden, .. } = self;
        stage.note(|| "the faults end".to_owned());
        self.act = Act::Settling;
        let unsaid = clients.iter().map(Client::unsaid).max().unwrap_or_default();
        let slowed_ms = if stage.court.sits { unsaid as u64 * SLOW_MS_MAX } else { 0 };
        self.quiet_before_ms = stage.now_ms + QUIET_MS_MAX + slowed_ms;
        stage.pace.stalls_percent = 0;
        shell.trap = None;
        for relay in &mut relays.0 {
            (relay.trap, relay.cut_off_until_ms) = (None, 0);
        }
        shell.store.refuses_row = None;
        shell.store.fails_read.set(false);
        stage.heal();
        outsiders.iter_mut().for_each(|outsider| outsider.close(stage));
        for client in clients.iter_mut() {
            match client.phase {
                Phase::Stopped => {
                    client.go_online(stage);
                    client.reopen(true, stage);
                }
                Phase::Closed => {}
                _ => client.go_online(stage),
            }
        }
        warden.take_over(clients, stage);
        poster.post(stage);
    }

    /// Whether nothing is left to happen but pings.
    fn is_quiet(&self) -> bool {
        let Self { stage, shell, relays, clients, poster, warden, .. } = self;
        self.is_whole()
            && shell.is_settled()
            && relays.are_settled()
            && poster.is_done()
            && warden.is_done()
            && stage.links.iter().all(Link::is_still)
            && clients.iter().all(|client| client.is_away() || client.has_said_all())
            && (!stage.has_relays || (self.is_counted() && self.is_named()))
    }

    /// Whether everybody who wants to is here, and nothing is connected that nobody wants.
    fn is_whole(&self) -> bool {
        let Self { stage, relays, clients, .. } = self;
        clients.iter().all(|client| match client.phase {
            Phase::Live => client.link.is_some_and(|link| stage.links[link].is_whole()),
            _ => client.is_away(),
        }) && stage.links.iter().enumerate().all(|(number, link)| match (&link.server, link.owner) {
            (ServerEnd::Open(_), Owner::Client(client)) => clients[client].link == Some(number),
            (ServerEnd::Open(_), Owner::Outsider(_)) => false,
            (ServerEnd::Open(_), Owner::Relay(place)) => relays.has_line(place, number),
            _ => true,
        })
    }

    /// Whether it has been for too long that not all know how many are here, or what they are called.
    fn is_miscounted_for_long(&mut self) -> bool {
        if !self.stage.has_relays || !self.is_whole() || (self.is_counted() && self.is_named()) {
            self.miscounted_since_ms = None;
            return false;
        }
        let now_ms = self.stage.now_ms;
        let since_ms = *self.miscounted_since_ms.get_or_insert(now_ms);
        if now_ms - since_ms > COUNTED_MS_MAX {
            self.violate_count();
        }
        self.stage.violation.is_some()
    }

    /// What keeps all from being quiet.
    fn missing(&self) -> String {
        let clients = self.clients.iter().map(|client| {
            let said = if client.has_said_all() { "" } else { ", not all said" };
            format!("client {} {:?}{said}", client.number, client.phase)
        });
        let clients = clients.collect::<Vec<_>>().join("; ");
        let settled = self.shell.is_settled();
        let links = self.stage.links.iter().enumerate();
        let open = links.filter(|(_, link)| matches!(link.server, ServerEnd::Open(_)));
        let open = open.map(|(number, link)| format!("{number} of {:?} at {}", link.owner, link.place));
        let open = open.collect::<Vec<_>>().join(", ");
        let relays: Vec<_> = self.relays.0.iter().map(Shell::unsettled).collect();
        format!(
            "{clients}; poster done: {}; room settled: {settled}; relays: {relays:?}; open links: {open}",
            self.poster.is_done()
        )
    }

    /// One more client comes to look, at a room that may just have slept; it reads all the history.
    fn inspect(&mut self) {
        let Self { stage, shell, relays, clients, .. } = self;
        if self.act == Act::Settling {
            self.act = Act::Inspecting;
            if stage.dice.percent(50) {
                shell.evict(stage);
                relays.0.iter_mut().for_each(|relay| relay.evict(stage));
            }
            let number = clients.len();
            let mut inspector = Client::new(number, 0, &shell.limits);
            stage.note(|| format!("all is quiet; client {number} comes to look"));
            // What relays have in memory is looked at, too.
            if stage.court.sits {
                clients.iter_mut().for_each(|client| client.ask(Pages::Newest, HISTORY_LIMIT_MAX, stage));
            }
            inspector.open(stage);
            clients.push(inspector);
        } else if let Some(inspector) = clients.last_mut() {
            let first = inspector.timeline.first();
            let limit = stage.dice.between(30, 200) as usize;
            inspector.ask(Pages::Before(first), limit, stage);
        }
    }

    /// Whether the inspector has seen all the history.
    fn inspected(&self) -> bool {
        self.clients.last().is_some_and(|inspector| inspector.timeline.first() <= self.shell.store.first())
    }
}

/// A second tab finds the session that its sibling keeps, when it dials for the first time.
fn share_session(clients: &mut [Client], number: usize, item: &Down) {
    if !matches!(item, Down::Accepted) || clients[number].session.is_some() {
        return;
    }
    if let Some(sibling) = clients[number].sibling {
        clients[number].session = clients[sibling].session.clone();
    }
}
