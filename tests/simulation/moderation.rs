//! Who keeps order in a world, and what they want done: members with a role, over their connections to the room or
//! to a relay, and a warden over HTTP, who repeats each order until it is answered.

use std::collections::VecDeque;

use parlor::room::visitor::{Role, Visitor};
use serde_json::{Value, json};

use crate::client::{Client, Phase};
use crate::network::{Answer, Down, LinkId, Owner, Up};
use crate::shell::Shell;
use crate::stage::{Due, Stage};
use crate::wire::Deed;
use crate::world::World;

/// The lasting identity of who keeps order over HTTP.
pub const WARDEN: &str = "warden";

const ANSWER_MS_MAX: u64 = 10_000;
const RETRY_MS: u64 = 1_000;

/// Intervals of slow mode; 0 is off.
const SLOW_MS: [u64; 5] = [0, 0, 300, 1_500, 5_000];

/// The longest of them.
pub const SLOW_MS_MAX: u64 = 5_000;

/// Something that is to be done.
#[derive(Clone, Debug)]
pub struct Order {
    frame: String,
    deed: Deed,
}

impl Order {
    /// An order that one client gives to the end: half done, it would leave others with different messages.
    fn is_given_again(&self) -> bool {
        matches!(self.deed.action.as_str(), "delete" | "clear")
    }
}

/// What one client wants done.
#[derive(Debug, Default)]
pub struct Orders {
    /// Given over this link, and not answered.
    open: VecDeque<Order>,
    /// Whether any was given over this link.
    pub has_given: bool,
    /// To be given again.
    again: Vec<Order>,
}

impl Orders {
    /// Whether none waits for its answer.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes an answer: that something is done, or a refusal.
    pub fn answered(&mut self, done: Option<&Deed>) {
        let at = done.map_or(Some(0), |deed| self.open.iter().position(|order| order.deed == *deed));
        at.and_then(|at| self.open.remove(at));
    }

    /// The link is gone.
    pub fn cut(&mut self) {
        self.has_given = false;
        self.again.extend(self.open.drain(..).filter(Order::is_given_again));
    }
}

impl Client {
    /// Wants something done, if it is connected.
    fn order(&mut self, order: Order, stage: &mut Stage) {
        if self.phase != Phase::Live {
            return;
        }
        stage.note(|| format!("client {} orders {}", self.number, order.frame));
        *stage.court.given.entry(order.deed.clone()).or_default() += 1;
        self.transmit(&order.frame, stage);
        self.orders.open.push_back(order);
        self.orders.has_given = true;
    }

    /// Gives again what was not answered.
    pub fn give_orders(&mut self, stage: &mut Stage) {
        for order in std::mem::take(&mut self.orders.again) {
            self.order(order, stage);
        }
    }
}

/// Who keeps order over HTTP, one order at a time.
#[derive(Default)]
pub struct Warden {
    waiting: VecDeque<Order>,
    link: Option<LinkId>,
    alarm: u32,
}

impl Warden {
    /// Whether nothing is left to be done.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }

    fn order(&mut self, order: Order, stage: &mut Stage) {
        self.waiting.push_back(order);
        if self.waiting.len() == 1 {
            self.send(stage);
        }
    }

    /// Takes what clients wanted done who may not come back to it.
    pub fn take_over(&mut self, clients: &mut [Client], stage: &mut Stage) {
        for client in clients.iter_mut() {
            for order in std::mem::take(&mut client.orders.again) {
                self.order(order, stage);
            }
        }
    }

    /// Takes in what came on a link.
    pub fn receive(&mut self, link: LinkId, item: &Down, stage: &mut Stage) {
        if self.link != Some(link) {
            return;
        }
        self.link = None;
        match item {
            Down::Answer(Answer { status: 429 | 500.., .. }) | Down::Failed | Down::Lost => {
                return self.set(RETRY_MS, stage);
            }
            Down::Answer(Answer { status: 200, record: Some(record), .. }) => {
                let asked = self.waiting.front().map(|order| &order.deed);
                let is_answer = asked == Some(&record.deed) || !stage.court.is_whole();
                stage.promise(is_answer, "an answer is what was ordered", || {
                    format!("the warden asked for {asked:?} and got {record:?}")
                });
            }
            Down::Answer(Answer { status: 403 | 404 | 409, .. }) => {}
            other => stage.violate("nothing proper is refused for good", || format!("an order: {other:?}")),
        }
        self.waiting.pop_front();
        self.send(stage);
    }

    /// Its alarm rings.
    pub fn ring(&mut self, number: u32, stage: &mut Stage) {
        if number == self.alarm {
            self.send(stage);
        }
    }

    fn send(&mut self, stage: &mut Stage) {
        let Some(order) = self.waiting.front() else { return };
        *stage.court.given.entry(order.deed.clone()).or_default() += 1;
        let link = stage.open_link(Owner::Warden, Up::Order(order.frame.as_str().into()));
        stage.links[link].visitor = Visitor {
            role: Role::Owner,
            subject: Some(WARDEN.to_owned()),
            name: Some("Warden".to_owned()),
            ..Visitor::default()
        };
        self.link = Some(link);
        self.set(ANSWER_MS_MAX, stage);
    }

    fn set(&mut self, delay_ms: u64, stage: &mut Stage) {
        self.alarm += 1;
        stage.after(delay_ms, Due::WardenAlarm(self.alarm));
    }
}

/// Whether a world has moderators, and who they are.
pub fn appoint(stage: &mut Stage, clients: &mut [Client]) {
    let dice = &mut stage.moderators_dice;
    stage.court.sits = dice.percent(65);
    if !stage.court.sits {
        return;
    }
    stage.tally.moderated += 1;
    stage.court.subjects.insert(WARDEN.to_owned(), Vec::new());
    for at in 0..clients.len() {
        // A second tab is the same person's.
        if let Some(sibling) = clients[at].sibling {
            clients[at].visitor = clients[sibling].visitor.clone();
            continue;
        }
        let role = match dice.below(100) {
            0..12 => Role::Owner,
            12..40 => Role::Moderator,
            _ => Role::Member,
        };
        let has_subject = dice.percent(if role == Role::Member { 40 } else { 70 });
        let subject = has_subject.then(|| format!("subject {at}"));
        stage.court.subjects.extend(subject.iter().map(|subject| (subject.clone(), Vec::new())));
        clients[at].visitor = Visitor { role, subject, ..Visitor::default() };
    }
}

/// Has somebody keep order. Returns whether that is what happens next.
pub fn act(world: &mut World) -> bool {
    let World { stage, shell, clients, warden, .. } = world;
    if !stage.court.sits || !stage.moderators_dice.percent(16) {
        return false;
    }
    let dice = &mut stage.moderators_dice;
    let anybody = dice.percent(5);
    let may =
        |client: &&Client| client.phase == Phase::Live && (anybody || client.visitor.role >= Role::Moderator);
    let who: Vec<usize> = clients.iter().filter(may).map(|client| client.number).collect();
    let over_http = who.is_empty() || dice.percent(25);
    let giver = if over_http { None } else { Some(dice.pick(&who)) };
    let Some(order) = choose(stage, shell, clients, giver) else { return false };
    match giver {
        Some(number) => clients[number].order(order, stage),
        None => warden.order(order, stage),
    }
    true
}

/// Chooses what is to be done: mostly what makes sense.
fn choose(stage: &mut Stage, shell: &Shell, clients: &[Client], giver: Option<usize>) -> Option<Order> {
    let (house, head) = (shell.store.holds().house, shell.store.messages().len() as u64);
    let dice = &mut stage.moderators_dice;
    let mut deed = Deed::default();
    let mut frame = json!({});
    match dice.below(100) {
        0..38 => {
            let seq = match dice.below(10) {
                0..4 => head,
                4 => head + 1,
                _ => dice.below(head + 1),
            };
            (deed.action, deed.seq) = ("delete".to_owned(), Some(seq));
            frame["seq"] = json!(seq);
        }
        38..48 => {
            let on = if house.locked { dice.percent(10) } else { dice.percent(60) };
            (deed.action, deed.on) = ("lock".to_owned(), Some(on));
            frame["on"] = json!(on);
        }
        48..58 => {
            let interval_ms = if house.slow_mode_ms > 0 { 0 } else { dice.pick(&SLOW_MS) };
            (deed.action, deed.interval_ms) = ("slow_mode".to_owned(), Some(interval_ms));
            frame["interval_ms"] = json!(interval_ms);
        }
        58..62 => "clear".clone_into(&mut deed.action),
        _ => {
            let action = dice.pick(&["mute", "mute", "unmute", "ban", "unban", "remove"]);
            action.clone_into(&mut deed.action);
            let for_ms: Option<u64> = dice.pick(&[None, Some(500), Some(5_000), Some(30_000)]);
            if matches!(action, "mute" | "ban") {
                frame["for_ms"] = json!(for_ms);
            }
            let whom = whom(stage, shell, clients, giver)?;
            deed.member = Some(whom.0);
            frame[whom.1] = whom.2;
        }
    }
    frame["type"] = json!(deed.action);
    Some(Order { frame: frame.to_string(), deed })
}

/// Chooses a member: its number, and how it is named.
fn whom(
    stage: &mut Stage,
    shell: &Shell,
    clients: &[Client],
    giver: Option<usize>,
) -> Option<(u64, &'static str, Value)> {
    let way = stage.moderators_dice.below(10);
    // Somebody who is here, as a moderator sees it: with another chat's client, maybe.
    let seen: Vec<u64> =
        giver.map_or(Vec::new(), |giver| clients[giver].timeline.members.keys().copied().collect());
    if way < 3 && !seen.is_empty() {
        let member = stage.moderators_dice.pick(&seen);
        return Some((member, "member", json!(member)));
    }
    if way == 3 {
        let member = shell.store.member_named("Bot")?;
        return Some((member, "member", json!(member)));
    }
    let at = stage.moderators_dice.below(clients.len() as u64) as usize;
    let member = clients[at].member(stage)?;
    match &clients[at].visitor.subject {
        Some(subject) if way < 8 => Some((member, "sub", json!(subject))),
        _ => Some((member, "member", json!(member))),
    }
}
