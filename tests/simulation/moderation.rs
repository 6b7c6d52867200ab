//! Who keeps order in a world, and what they want done: members with a role, over their connections to the room or
//! to a relay, and a warden over HTTP.

use parlor::room::visitor::{Role, Visitor};
use serde_json::{Value, json};

use crate::client::{Client, Phase};
use crate::orders::Order;
use crate::shell::Shell;
use crate::stage::Stage;
use crate::warden::WARDEN;
use crate::wire::Deed;
use crate::world::World;

/// Intervals of slow mode.
const SLOW_MS: [u64; 3] = [1_000, SLOW_MS_MAX, SLOW_MS_MAX];

/// The longest of them.
pub const SLOW_MS_MAX: u64 = 8_000;

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

/// In some worlds slow mode is on from the beginning: rows are full soon, and what is known of who spoke is in several.
pub fn begin(world: &mut World) {
    let World { stage, warden, .. } = world;
    if !stage.court.sits || !stage.moderators_dice.percent(30) {
        return;
    }
    let interval_ms = SLOW_MS_MAX;
    let frame = json!({ "type": "slow_mode", "interval_ms": interval_ms }).to_string();
    let deed = Deed { action: "slow_mode".to_owned(), interval_ms: Some(interval_ms), ..Deed::default() };
    warden.order(Order { frame, deed }, stage);
}

/// Has somebody keep order. Returns whether that is what happens next.
pub fn act(world: &mut World) -> bool {
    let World { stage, shell, clients, warden, .. } = world;
    if !stage.court.sits || !stage.moderators_dice.percent(16) {
        return false;
    }
    // What was decided must outlive the room's memory, in schedules without faults too.
    if stage.moderators_dice.percent(20) {
        shell.evict(stage);
    }
    let dice = &mut stage.moderators_dice;
    if dice.percent(8) {
        return report(world);
    }
    let anybody = dice.percent(5);
    let may =
        |client: &&Client| client.phase == Phase::Live && (anybody || client.visitor.role >= Role::Moderator);
    let who: Vec<usize> = clients.iter().filter(may).map(|client| client.number).collect();
    let over_http = who.is_empty() || dice.percent(25);
    let giver = if over_http { None } else { Some(dice.pick(&who)) };
    // Often somebody has just said something, and maybe that is why.
    let here: Vec<usize> = clients.iter().filter(|it| it.phase == Phase::Live).map(|it| it.number).collect();
    let rude = (!here.is_empty() && dice.percent(40)).then(|| dice.pick(&here));
    if let Some(rude) = rude {
        (0..2).for_each(|_| clients[rude].say(stage));
    }
    let Some(order) = choose(stage, shell, clients, giver, rude) else { return false };
    match giver {
        Some(number) => clients[number].order(order, stage),
        None => warden.order(order, stage),
    }
    true
}

/// Has somebody report a message to the moderators, which may be none.
fn report(world: &mut World) -> bool {
    let World { stage, clients, .. } = world;
    let here: Vec<usize> = clients.iter().filter(|it| it.phase == Phase::Live).map(|it| it.number).collect();
    if here.is_empty() {
        return false;
    }
    let by = stage.moderators_dice.pick(&here);
    let seq = stage.moderators_dice.below(clients[by].timeline.head + 2);
    let frame = json!({ "type": "report", "seq": seq, "reason": "rude\tand \"more\"" }).to_string();
    clients[by].order(Order { frame, deed: Deed::report(seq) }, stage);
    true
}

/// Chooses what is to be done: mostly what makes sense.
fn choose(
    stage: &mut Stage,
    shell: &Shell,
    clients: &[Client],
    giver: Option<usize>,
    rude: Option<usize>,
) -> Option<Order> {
    let (house, head) = (shell.store.holds().house, shell.store.messages().len() as u64);
    let dice = &mut stage.moderators_dice;
    let mut deed = Deed::default();
    let mut frame = json!({});
    match dice.below(100) {
        0..32 => {
            let seq = match dice.below(10) {
                0..3 => head,
                3..5 => head + 1,
                _ => dice.below(head + 1),
            };
            (deed.action, deed.seq) = ("delete".to_owned(), Some(seq));
            frame["seq"] = json!(seq);
        }
        32..40 => {
            let on = if house.locked { dice.percent(10) } else { dice.percent(60) };
            (deed.action, deed.on) = ("lock".to_owned(), Some(on));
            frame["on"] = json!(on);
        }
        40..56 => {
            let interval_ms =
                if house.slow_mode_ms > 0 && dice.percent(50) { 0 } else { dice.pick(&SLOW_MS) };
            (deed.action, deed.interval_ms) = ("slow_mode".to_owned(), Some(interval_ms));
            frame["interval_ms"] = json!(interval_ms);
        }
        56..60 => "clear".clone_into(&mut deed.action),
        _ => {
            let action = dice.pick(&["mute", "mute", "unmute", "ban", "unban", "remove"]);
            action.clone_into(&mut deed.action);
            let for_ms: Option<u64> = dice.pick(&[None, Some(500), Some(5_000), Some(30_000)]);
            if matches!(action, "mute" | "ban") {
                frame["for_ms"] = json!(for_ms);
            }
            let whom = whom(stage, shell, clients, giver, rude)?;
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
    rude: Option<usize>,
) -> Option<(u64, &'static str, Value)> {
    let way = stage.moderators_dice.below(10);
    // Somebody who is here, as a moderator sees it: with another chat's client, maybe.
    let seen: Vec<u64> =
        giver.map_or(Vec::new(), |giver| clients[giver].timeline.members.keys().copied().collect());
    if way < 3 && rude.is_none() && !seen.is_empty() {
        let member = stage.moderators_dice.pick(&seen);
        return Some((member, "member", json!(member)));
    }
    if way == 3 && rude.is_none() {
        let member = shell.store.member_named("Bot")?;
        return Some((member, "member", json!(member)));
    }
    let any = stage.moderators_dice.below(clients.len() as u64) as usize;
    let at = rude.unwrap_or(any);
    let member = clients[at].member(stage)?;
    match &clients[at].visitor.subject {
        Some(subject) if way < 8 => Some((member, "sub", json!(subject))),
        _ => Some((member, "member", json!(member))),
    }
}
