//! Which faults a schedule has, and how often: each seed chooses some, so that one kind does not hide
//! what another would show.

use crate::client::{Client, Phase};
use crate::dice::Dice;
use crate::network::{Owner, Place, ServerEnd};
use crate::shell::Trap;
use crate::stage::{Due, Stage};
use crate::world::World;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Cut,
    HalfOpen,
    Crash,
    CrashWithin,
    PanicWithin,
    PanicElsewhere,
    RefuseWrite,
    FailRead,
    Evict,
    ClockJump,
    /// Everybody leaves, and a day passes.
    Forsake,
    LoseStorage,
    /// A relay loses its line.
    CutLine,
    /// A relay does not reach its room for a while.
    CutOff,
    /// Room and relays die together, as when all are on one machine.
    CrashAll,
}

const ALL: [Fault; 12] = [
    Fault::Cut,
    Fault::HalfOpen,
    Fault::Crash,
    Fault::CrashWithin,
    Fault::PanicWithin,
    Fault::PanicElsewhere,
    Fault::RefuseWrite,
    Fault::FailRead,
    Fault::Evict,
    Fault::ClockJump,
    Fault::Forsake,
    Fault::LoseStorage,
];

/// Those that only a room with relays may have.
const OF_RELAYS: [Fault; 3] = [Fault::CutLine, Fault::CutOff, Fault::CrashAll];

/// The faults of one schedule.
pub struct Faults {
    kinds: Vec<Fault>,
    /// How many of a hundred things that happen are faults.
    pub percent: u64,
}

impl Faults {
    /// Chooses.
    pub fn new(dice: &mut Dice, has_relays: bool) -> Self {
        let possible = ALL.iter().chain(if has_relays { &OF_RELAYS[..] } else { &[] });
        let kinds = possible.copied().filter(|_| dice.percent(40)).collect::<Vec<_>>();
        let percent = if kinds.is_empty() { 0 } else { dice.pick(&[5, 15, 30, 50]) };
        Self { kinds, percent }
    }

    /// What a story begins with.
    pub fn describe(&self) -> String {
        if self.kinds.is_empty() {
            return "no faults".to_owned();
        }
        format!("of {} things that happen in a hundred, one of these: {:?}", self.percent, self.kinds)
    }

    /// Lets one happen.
    pub fn strike(&self, world: &mut World) {
        let World { stage, shell, relays, clients, outsiders, .. } = world;
        let effects = stage.dice.below(6) as usize;
        let events = stage.dice.below(8);
        let kind = stage.dice.pick(&self.kinds);
        // Of the room or of a relay.
        let places = if stage.has_relays { relays.0.len() as u64 + 1 } else { 1 };
        let place = if places > 1 { stage.dice.below(places) as usize } else { 0 };
        match kind {
            Fault::Cut => {
                if let Some(link) = any_link(stage) {
                    stage.note(|| format!("link {link} is CUT"));
                    stage.cut(link);
                }
            }
            Fault::HalfOpen => {
                if let Some(link) = any_link(stage) {
                    stage.note(|| format!("link {link} is HALF-OPEN from now on"));
                    stage.half_open(link);
                }
            }
            Fault::Crash => relays.at(place).unwrap_or(shell).crash(stage),
            Fault::CrashWithin => {
                relays.at(place).unwrap_or(shell).trap = Some((Trap::Crash { effects }, events));
            }
            Fault::PanicWithin => {
                relays.at(place).unwrap_or(shell).trap = Some((Trap::Panic { effects }, events));
            }
            Fault::PanicElsewhere if stage.dice.percent(50) => relays.at(place).unwrap_or(shell).panic(stage),
            Fault::PanicElsewhere => {
                relays.at(place).unwrap_or(shell).trap = Some((Trap::PanicElsewhere, events));
            }
            Fault::RefuseWrite => shell.trap = Some((Trap::RefuseWrite { row: effects / 4 }, events)),
            Fault::FailRead => shell.trap = Some((Trap::FailRead, events)),
            Fault::Evict => relays.at(place).unwrap_or(shell).evict(stage),
            Fault::ClockJump => {
                let by_ms = stage.dice.pick(&JUMPS_MS);
                jump(stage, place, by_ms, 0);
            }
            // Rare, as is the loss of storage: it makes what was said before worthless to the checks after.
            Fault::Forsake if stage.dice.percent(20) => {
                clients.iter_mut().for_each(|client| client.close(stage));
                outsiders.iter_mut().for_each(|outsider| outsider.close(stage));
                jump(stage, 0, DAY_MS, 5_000);
            }
            Fault::LoseStorage if stage.dice.percent(20) => {
                stage.tally.losses += 1;
                stage.note(|| "the room's storage is LOST".to_owned());
                shell.crash(stage);
                shell.store.lose();
                shell.store.tell_court(stage);
            }
            Fault::Forsake | Fault::LoseStorage => {}
            Fault::CutLine | Fault::CutOff => {
                let cut_off_ms = stage.dice.pick(&[1_000, 10_000, 40_000, 90_000]);
                let Some(relay) = relays.at(place) else { return };
                let who = relay.name();
                if kind == Fault::CutOff {
                    stage.tally.cut_off += 1;
                    relay.cut_off_until_ms = stage.now_ms + cut_off_ms;
                    stage.note(|| format!("{who} is CUT OFF for {cut_off_ms} ms"));
                }
                if let Some(line) = relay.line {
                    stage.note(|| format!("the line of {who}, link {line}, is CUT"));
                    stage.cut(line);
                }
                rename_elsewhere(stage, clients, place);
            }
            Fault::CrashAll => {
                shell.crash(stage);
                relays.0.iter_mut().for_each(|relay| relay.crash(stage));
            }
        }
    }
}

/// Somebody who is at that place, and at another too, goes by another name there: most schedules have no such one.
fn rename_elsewhere(stage: &mut Stage, clients: &mut [Client], place: Place) {
    let at = |client: &Client| client.link.map(|link| stage.links[link].place);
    let live = || clients.iter().filter(|client| client.phase == Phase::Live);
    let there: Vec<_> = live().filter(|it| at(it) == Some(place)).map(|client| client.timeline.you).collect();
    let elsewhere = live().find(|it| at(it) != Some(place) && there.contains(&it.timeline.you));
    let Some(number) = elsewhere.map(|client| client.number) else { return };
    let name = format!("Renamed {}", stage.moderators_dice.below(1_000));
    clients[number].rename(&name, stage);
}

fn any_link(stage: &mut Stage) -> Option<usize> {
    let is_used = |link: &crate::network::Link| {
        matches!(link.server, ServerEnd::Open(_)) || !link.is_still() || link.owner == Owner::Poster
    };
    let used: Vec<_> = (0..stage.links.len()).filter(|link| is_used(&stage.links[*link])).collect();
    if used.is_empty() { None } else { Some(stage.dice.pick(&used)) }
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 25 * HOUR_MS;

/// Sessions last 30 days: no clock goes so far that one runs out.
const JUMPS_MS: [i64; 10] = [-DAY_MS, -HOUR_MS, -5_000, -30, 30, 5_000, 61_000, HOUR_MS, DAY_MS, DAY_MS];

fn jump(stage: &mut Stage, place: Place, by_ms: i64, alarm_late_ms: u64) {
    stage.tally.clock_jumps += 1;
    let whose = if place == 0 { "room's" } else { "relay's" };
    stage.note(|| format!("the {whose} clock JUMPS by {by_ms} ms"));
    stage.jump(place, by_ms, if stage.has_relays { 10 * DAY_MS } else { 20 * DAY_MS });
    let late_ms = alarm_late_ms + stage.dice.below(200);
    stage.after(late_ms, Due::RoomAlarm(place));
}
