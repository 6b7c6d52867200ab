//! The relays of a simulated room: each a shell without storage, with a line to the room that is a link as any
//! other. Where a connection belongs the room says, and the Worker sends it on, a moment later.

use parlor::protocol::PONG;
use parlor::room::{Event, Position};

use crate::network::{Down, Kept, Link, LinkId, Owner, Place, ServerEnd, Up};
use crate::shell::{Part, Shell};
use crate::stage::Stage;
use crate::story::short;

/// The relays, in the order in which they were first needed.
#[derive(Default)]
pub struct Relays(pub Vec<Shell>);

impl Relays {
    /// The relay at a place.
    pub fn at(&mut self, place: Place) -> Option<&mut Shell> {
        self.0.get_mut(place.checked_sub(1)?)
    }

    /// Sends a connection on that the room has sent to the relay of that key.
    pub fn send_on(&mut self, stage: &mut Stage, link: LinkId, key: &str, room: &Shell) {
        let known = self.0.iter().position(|relay| matches!(&relay.part, Part::Relay(it) if **it == *key));
        let at = known.unwrap_or_else(|| {
            self.0.push(Shell::relay(self.0.len() + 1, key, room.limits.clone()));
            stage.tally.relays += 1;
            self.0.len() - 1
        });
        stage.note(|| format!("link {link} is sent on to {key}"));
        stage.tally.sent_on += 1;
        stage.links[link].place = at + 1;
        stage.send_up(link, Up::Upgrade);
    }

    /// Whether nothing waits to be told.
    pub fn are_settled(&self) -> bool {
        self.0.iter().all(Shell::is_settled)
    }

    /// Whether a link is the line of the relay that opened it.
    pub fn has_line(&self, place: Place, link: LinkId) -> bool {
        self.0.get(place - 1).is_some_and(|relay| relay.line == Some(link))
    }
}

impl Shell {
    /// Makes a line to the room instead of any of before, as `shell::line` does.
    pub fn make_line(&mut self, stage: &mut Stage, after: Option<Position>) {
        let Part::Relay(key) = &self.part else {
            return stage.violate("a room has no room", || "it wants a line".to_owned());
        };
        let key = key.clone();
        self.end_line(stage);
        stage.tally.lines += 1;
        stage.tally.taken_up += u64::from(after.is_some());
        let link = stage.open_link(Owner::Relay(self.place), Up::Attach(key, after));
        self.line = Some(link);
        if stage.now_ms < self.cut_off_until_ms {
            if stage.dice.percent(70) { stage.cut(link) } else { stage.half_open(link) }
        }
    }

    /// Leaves the line to itself, after a panic: the room does not hear of it. The alarm is there for who is connected;
    /// what becomes of the line of a relay that nobody is at is not played (docs/RELIABILITY.md).
    pub fn leave_line(&mut self, stage: &mut Stage) {
        let Some(line) = self.line.take() else { return };
        let is_seat =
            |link: &Link| link.place == self.place && matches!(link.server, ServerEnd::Open(Kept::Seat(..)));
        if !stage.links.iter().any(is_seat) {
            stage.lose_owner(line);
        }
    }

    /// Ends the line.
    pub fn end_line(&mut self, stage: &mut Stage) {
        if let Some(link) = self.line.take() {
            stage.send_up(link, Up::Close);
        }
    }

    /// Sends a frame over the line.
    pub fn tell_room(&self, stage: &mut Stage, frame: &str) {
        if let Some(link) = self.line {
            stage.send_up(link, Up::Frame(frame.into()));
        }
    }

    /// Takes in what came over a line; over one of before, nothing is heard.
    pub fn hear_room(&mut self, stage: &mut Stage, link: LinkId, item: &Down) {
        if self.line != Some(link) {
            if matches!(item, Down::Close(_)) {
                stage.send_up(link, Up::Close);
            }
            return;
        }
        let who = self.name();
        match item {
            Down::Raw(text) => {
                if &**text != PONG {
                    stage.note(|| format!("{who} hears {}", short(text)));
                }
                self.happen(stage, Event::Down(parlor::relay::wire::read_downs(text)));
            }
            Down::Failed | Down::Lost | Down::Close(_) => {
                stage.note(|| format!("{who} has no line"));
                if matches!(stage.links[link].server, ServerEnd::Open(_)) {
                    stage.send_up(link, Up::Close);
                }
                self.line = None;
                self.happen(stage, Event::Cut);
            }
            _ => {}
        }
    }
}
