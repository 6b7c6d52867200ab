//! A room and its relays: the promises of one room, whoever holds the connection, and whatever is cut or lost.

use super::harness::Disk;
use super::moderation::{Order, Whom};
use super::rules::House;
use super::tree::{Place, Tree, Who};
use super::*;
use crate::limits::{
    COUNT_GAP_MS, FUTILE_BURST, ORDER_BURST, REASON_CHARS_MAX, RELAY_GRACE_MS, RELAY_HELD_BYTES_MAX,
    RELAY_HOLD_MS, RELAY_LINGER_MS, RELAY_RESUME_MESSAGES_MAX,
};
use crate::name::DisplayName;
use crate::protocol::Dialect;
use crate::relay::placement::Asking;
use crate::relay::wire;

fn texts(tree: &Tree, who: Who) -> Vec<&str> {
    tree.client(who).texts()
}

fn slow(interval_ms: u64) -> Order {
    Order::SlowMode { interval_ms }
}

fn moderator() -> Visitor {
    Visitor { role: Role::Moderator, subject: Some("mo".to_owned()), ..Visitor::default() }
}

fn whom(tree: &Tree, who: Who) -> Whom {
    Whom { member: Some(tree.welcome(who).you.id.get()), ..Whom::default() }
}

fn order(tree: &mut Tree, who: Who, order: Order) {
    tree.ask(who, Request::Moderate(order));
    tree.settle();
}

#[test]
fn one_room_whoever_holds_the_connection() {
    let mut tree = Tree::new(2);
    let everybody = [tree.join(0, "Ada"), tree.join(1, "Bo"), tree.join(2, "Cy"), tree.join(1, "Dan")];
    for (number, who) in everybody.into_iter().enumerate() {
        tree.say(who, "1", &format!("{number}"));
    }
    for who in everybody {
        assert_eq!(texts(&tree, who), ["0", "1", "2", "3"]);
    }
    let names: Vec<_> = tree.client(everybody[0]).messages.iter().map(|it| it.from.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Bo", "Cy", "Dan"]);
}

#[test]
fn who_joins_at_a_relay_gets_the_newest_messages_and_resumes_anywhere() {
    let mut tree = Tree::new(2);
    let ada = tree.join(0, "Ada");
    for number in 1..=100 {
        tree.say(ada, &format!("{number}"), "x");
    }
    let bo = tree.join(1, "Bo");
    let welcome = tree.welcome(bo).clone();
    assert_eq!((welcome.head, welcome.page.messages.len(), welcome.page.more), (100, 64, true));
    for number in 101..=400 {
        tree.say(ada, &format!("{number}"), "x");
    }
    let position = tree.client(bo).position();
    let stale = Position { seq: 100, ..position };
    tree.leave(bo);
    for place in [2, 0, 1] {
        let back = tree.rejoin(place, "Bo", &welcome.session, stale.clone());
        let again = tree.welcome(back);
        assert_eq!((again.you.id, again.recovered, again.page.messages.len()), (welcome.you.id, true, 300));
    }
    let too_far = Position { seq: 99, ..stale };
    let back = tree.rejoin(1, "Bo", &welcome.session, too_far);
    assert!(!tree.welcome(back).recovered);
}

#[test]
fn the_same_id_is_stored_once_through_any_place() {
    let mut tree = Tree::new(2);
    let bo = tree.join(1, "Bo");
    tree.say(bo, "a", "once");
    let welcome = tree.welcome(bo).clone();
    let position = tree.client(bo).position();
    for place in [2, 0, 1] {
        let back = tree.rejoin(place, "Bo", &welcome.session, position.clone());
        tree.say(back, "a", "once");
        let replies = &tree.client(back).replies;
        assert!(
            matches!(replies.last(), Some(Reply::Message(line)) if line.decode().unwrap().seq == 1),
            "{replies:?}"
        );
        tree.say(back, "a", "another");
        assert_eq!(tree.client(back).refusals(), ["id_conflict"]);
    }
    assert_eq!(tree.disk.messages.len(), 1);
}

#[test]
fn a_page_comes_from_the_relay_where_it_can_and_else_from_the_room() {
    let mut tree = Tree::new(1);
    let ada = tree.join(0, "Ada");
    for number in 1..=1_000 {
        tree.send(ada, &format!("{number}"), "x");
    }
    tree.settle();
    let bo = tree.join(1, "Bo");
    for (range, limit, first, last, more) in [
        (Range::Newest, 10, 991, 1_000, true),
        (Range::Before(800), 200, 600, 799, true),
        (Range::Before(5), 10, 1, 4, false),
        (Range::After(0), 3, 1, 3, true),
        (Range::After(990), 200, 991, 1_000, false),
    ] {
        let asked = Request::History { range, limit };
        tree.ask(bo, asked.clone());
        tree.ask(ada, asked);
        tree.settle();
        let (Some(Reply::History(there)), Some(Reply::History(here))) =
            (tree.client(bo).replies.last(), tree.client(ada).replies.last())
        else {
            panic!("no page");
        };
        assert_eq!(there, here, "{range:?}");
        let seqs: Vec<_> = there.messages.iter().map(|line| line.decode().unwrap().seq).collect();
        assert_eq!((seqs.first(), seqs.last(), there.more), (Some(&first), Some(&last), more), "{range:?}");
    }
}

#[test]
fn a_line_that_is_cut_is_taken_up_without_a_gap_and_what_was_on_it_is_said_again_once() {
    let mut tree = Tree::new(2);
    let (ada, bo) = (tree.join(0, "Ada"), tree.join(1, "Bo"));
    tree.say(bo, "1", "before");
    tree.send(bo, "2", "lost on the way up");
    tree.cut(1);
    tree.say(ada, "3", "said meanwhile");
    tree.advance(10_000);
    tree.send(bo, "4", "stored, and its echo lost");
    tree.handle(1, Event::Tick);
    tree.settle();
    tree.cut(1);
    tree.advance(10_000);
    let all = ["before", "said meanwhile", "lost on the way up", "stored, and its echo lost"];
    assert_eq!(texts(&tree, ada), all);
    assert_eq!(texts(&tree, bo), all);
    assert_eq!(tree.client(bo).closed, None);
}

#[test]
fn what_members_ask_for_while_the_room_is_away_is_done_when_it_is_back() {
    let mut tree = Tree::new(1);
    let ada = tree.join(0, "Ada");
    tree.nodes[0].is_cut_off = true;
    let bo = tree.join(1, "Bo");
    tree.send(bo, "1", "hello");
    tree.advance(RELAY_HOLD_MS / 2);
    assert!(tree.client(bo).welcome.is_none());
    tree.nodes[0].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(texts(&tree, ada), ["hello"]);
    assert_eq!(texts(&tree, bo), ["hello"]);
}

#[test]
fn members_are_let_go_once_the_room_is_away_for_too_long() {
    let mut tree = Tree::new(1);
    let bo = tree.join(1, "Bo");
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    tree.advance(RELAY_HOLD_MS - 1_000);
    assert_eq!(tree.client(bo).closed, None);
    tree.advance(2_000);
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Restart));
}

#[test]
fn members_are_let_go_where_too_much_was_missed_or_history_is_another() {
    let mut tree = Tree::new(2);
    let olga = Visitor { role: Role::Owner, subject: Some("olga".to_owned()), ..Visitor::default() };
    let (ada, bo, cy) = (tree.join_as(0, "Ada", olga), tree.join(1, "Bo"), tree.join(2, "Cy"));
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    for number in 0..=RELAY_RESUME_MESSAGES_MAX {
        tree.send(ada, &format!("{number}"), "x");
    }
    tree.advance(1_000);
    tree.nodes[0].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Restart));
    tree.nodes[1].is_cut_off = true;
    tree.cut(2);
    order(&mut tree, ada, Order::Clear);
    tree.nodes[1].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(tree.client(cy).closed, Some(CloseCode::Restart));
}

#[test]
fn a_relay_that_is_killed_has_its_members_back_whole() {
    let mut tree = Tree::new(2);
    let (ada, bo) = (tree.join(0, "Ada"), tree.join(1, "Bo"));
    tree.say(bo, "1", "before");
    let gone = tree.kill_relay(1);
    tree.say(ada, "2", "meanwhile");
    let [known] = gone.as_slice() else { panic!("one was there") };
    let welcome = known.welcome.clone().unwrap();
    let back = tree.rejoin(2, "Bo", &welcome.session, known.position());
    assert_eq!((tree.welcome(back).you.id, tree.welcome(back).recovered), (welcome.you.id, true));
    assert_eq!(texts(&tree, back), ["meanwhile"]);
}

#[test]
fn a_room_that_dies_or_sleeps_is_taken_up_by_its_relays() {
    for sleeps in [true, false] {
        let mut tree = Tree::new(2);
        let (bo, cy) = (tree.join(1, "Bo"), tree.join(2, "Cy"));
        tree.say(bo, "1", "before");
        tree.advance(COUNT_GAP_MS * 2);
        tree.restart_room(sleeps);
        tree.say(cy, "2", "after");
        tree.advance(20_000);
        assert_eq!(texts(&tree, bo), ["before", "after"]);
        assert_eq!(texts(&tree, cy), ["before", "after"]);
        assert_eq!(tree.counts(), [2, 2]);
        assert_eq!(tree.room.summary().unwrap().connections, 2);
    }
}

#[test]
fn a_crowd_is_told_its_number_now_and_then_and_it_is_the_true_one() {
    let mut tree = Tree::new(2);
    let ada = tree.join(0, "Ada");
    let others: Vec<_> = (0..10).map(|number| tree.join(1 + number % 2, &format!("P{number}"))).collect();
    tree.advance(COUNT_GAP_MS * 2);
    assert_eq!(tree.counts(), [11; 11]);
    let told = tree.client(ada).notices.iter().filter(|it| matches!(it, Notice::Joined { .. })).count();
    assert_eq!(told, 0, "one by one only before there were relays");
    for who in others {
        tree.leave(who);
    }
    tree.advance(RELAY_LINGER_MS + RELAY_GRACE_MS);
    assert_eq!(tree.counts(), [1]);
    assert!(tree.nodes.iter().all(|node| node.link.is_none()), "the relays sleep");
    let last = tree.client(ada).notices.last();
    assert!(
        matches!(last, Some(Notice::Counted { members: Some(members), .. }) if members.len() == 1),
        "{last:?}"
    );
    let bo = tree.join(0, "Bo");
    assert!(matches!(tree.client(ada).notices.last(), Some(Notice::Joined { .. })), "few again");
    tree.leave(bo);
}

#[test]
fn a_lost_relay_counts_until_its_members_are_back() {
    let mut tree = Tree::new(1);
    let (ada, _) = (tree.join(0, "Ada"), tree.join(1, "Bo"));
    tree.advance(COUNT_GAP_MS * 2);
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    tree.advance(RELAY_GRACE_MS - COUNT_GAP_MS);
    assert_eq!(tree.client(ada).member_count, 2);
    tree.advance(COUNT_GAP_MS * 3);
    assert_eq!(tree.client(ada).member_count, 1);
}

#[test]
fn everybody_is_called_home_once_the_room_has_place_for_all() {
    let limits = Limits { relay_above: 6, ..Limits::default() };
    let mut tree = Tree::with(1, limits);
    let here: Vec<_> = (0..4).map(|number| tree.join(0, &format!("P{number}"))).collect();
    let bo = tree.join(1, "Bo");
    tree.advance(60_000);
    assert_eq!(tree.client(bo).closed, None);
    tree.leave(here[0]);
    tree.leave(here[1]);
    tree.advance(COUNT_GAP_MS * 2);
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Restart));
    assert_eq!(tree.room.place(&Asking::of("any"), tree.now_ms), None);
}

/// Asserts that a member goes by this name at all these places: to itself, to who comes there, and in what it says there.
fn assert_called(tree: &mut Tree, name: &str, member: MemberId, everywhere: &[Who]) {
    for (place, connection) in everywhere.iter().copied() {
        assert_eq!(tree.client((place, connection)).members[&member], name, "as the one at {place} is told");
        let newcomer = tree.join(place, "Newcomer");
        let listed = tree.welcome(newcomer).members.iter().find(|it| it.id == member).cloned();
        assert_eq!(listed.unwrap().name, name, "in the list at {place}");
        let id = format!("as {name}, {place} {}", tree.disk.messages.len());
        tree.say((place, connection), &id, "who am I?");
        assert_eq!(tree.client(newcomer).messages.last().unwrap().from.name, name, "said at {place}");
        let seat = if place == 0 {
            &tree.disk.seats[&connection]
        } else {
            &tree.nodes[place - 1].seats[&connection]
        };
        assert_eq!(seat.member.as_ref().unwrap().1.as_str(), name, "kept at {place}");
        tree.leave(newcomer);
        tree.settle();
    }
}

/// A member at several places.
fn at_all(tree: &mut Tree, places: &[Place]) -> (MemberId, Vec<Who>) {
    let visitor = Visitor { subject: Some("ada".to_owned()), ..Visitor::default() };
    let all: Vec<_> = places.iter().map(|place| tree.join_as(*place, "Ada", visitor.clone())).collect();
    tree.advance(COUNT_GAP_MS * 2);
    (tree.welcome(all[0]).you.id, all)
}

#[test]
fn who_is_renamed_while_a_relay_is_cut_off_is_called_so_there_once_it_is_back() {
    for renamed_at in [0, 2] {
        let mut tree = Tree::new(2);
        let (ada, all) = at_all(&mut tree, &[1, renamed_at]);
        tree.nodes[0].is_cut_off = true;
        tree.cut(1);
        tree.ask(all[1], Request::Rename { name: "Ada L.".to_owned() });
        tree.advance(RELAY_HOLD_MS - 15_000);
        tree.nodes[0].is_cut_off = false;
        tree.advance(10_000);
        assert_eq!(tree.client(all[0]).closed, None);
        assert_called(&mut tree, "Ada L.", ada, &all);
    }
}

#[test]
fn a_room_that_died_tells_its_relays_who_came_before_they_were_back() {
    let mut tree = Tree::new(2);
    let (ada, mut all) = at_all(&mut tree, &[1, 2]);
    tree.nodes.iter_mut().for_each(|node| node.is_cut_off = true);
    tree.restart_room(false);
    let visitor = Visitor { subject: Some("ada".to_owned()), ..Visitor::default() };
    all.push(tree.join_as(0, "Ada L.", visitor));
    tree.advance(20_000);
    tree.nodes.iter_mut().for_each(|node| node.is_cut_off = false);
    tree.advance(20_000);
    assert_called(&mut tree, "Ada L.", ada, &all);
}

#[test]
fn who_joins_under_another_name_goes_by_it_at_every_place() {
    for (first, then) in [(0, 1), (1, 0), (1, 2), (1, 1), (0, 0)] {
        let mut tree = Tree::new(2);
        let other = tree.join(2, "Other");
        let (ada, mut all) = at_all(&mut tree, &[first]);
        let visitor = Visitor { subject: Some("ada".to_owned()), ..Visitor::default() };
        all.push(tree.join_as(then, "Ada L.", visitor.clone()));
        tree.advance(COUNT_GAP_MS * 2);
        assert_called(&mut tree, "Ada L.", ada, &all);
        // And with a relay that is cut off just then.
        if first != 0 && first != then {
            tree.nodes[first - 1].is_cut_off = true;
            tree.cut(first);
            all.push(tree.join_as(then, "Ada Lovelace", visitor));
            tree.advance(20_000);
            tree.nodes[first - 1].is_cut_off = false;
            tree.advance(20_000);
            assert_called(&mut tree, "Ada Lovelace", ada, &all);
        }
        let session = tree.welcome(other).session.clone();
        let nowhere = Position { epoch: String::new(), seq: 0 };
        let again = tree.rejoin(then, "Another", &session, nowhere);
        tree.advance(COUNT_GAP_MS * 2);
        let id = tree.welcome(other).you.id;
        assert_called(&mut tree, "Another", id, &[other, again]);
    }
}

#[test]
fn a_crowd_is_not_told_of_who_comes_under_the_name_that_is_known() {
    let mut tree = Tree::new(2);
    let (_, all) = at_all(&mut tree, &[0, 1, 2]);
    let ear = tree.join(2, "Ear");
    for place in [0, 1, 2, 2] {
        let session = tree.welcome(ear).session.clone();
        tree.rejoin(place, "Ear", &session, Position { epoch: String::new(), seq: 0 });
        at_all(&mut tree, &[place]);
    }
    for who in all {
        let told = tree.client(who).notices.iter().find(|it| matches!(it, Notice::Renamed { .. }));
        assert_eq!(told, None);
    }
}

#[test]
fn a_name_or_a_join_that_is_lost_with_the_line_is_asked_for_again() {
    let mut tree = Tree::new(2);
    let (ada, mut all) = at_all(&mut tree, &[0, 1, 2]);
    tree.ask(all[1], Request::Rename { name: "Ada L.".to_owned() });
    tree.now_ms += 1;
    tree.handle(1, Event::Tick);
    tree.cut(1);
    tree.advance(10_000);
    assert_called(&mut tree, "Ada L.", ada, &all);
    let visitor = Visitor { subject: Some("ada".to_owned()), ..Visitor::default() };
    let late = tree.open_as(1, visitor);
    tree.ask(late, Request::Join { name: "Lady Ada".to_owned(), session: None, after: None });
    tree.now_ms += 1;
    tree.handle(1, Event::Tick);
    tree.cut(1);
    tree.advance(10_000);
    all.push(late);
    assert_called(&mut tree, "Lady Ada", ada, &all);
}

#[test]
fn what_is_said_after_a_rename_is_said_under_the_new_name() {
    let mut tree = Tree::new(2);
    let (ada, all) = at_all(&mut tree, &[1, 2]);
    tree.ask(all[0], Request::Rename { name: "Ada L.".to_owned() });
    tree.send(all[0], "1", "before the relay knows");
    tree.send(all[1], "2", "at a place that does not know");
    tree.settle();
    let names: Vec<_> = tree.client(all[0]).messages.iter().map(|it| it.from.name.clone()).collect();
    assert_eq!(names[0], "Ada L.");
    tree.settle();
    assert_called(&mut tree, "Ada L.", ada, &all);
}

#[test]
fn a_person_at_several_places_types_and_is_renamed_as_often_as_at_one() {
    let told = |places: &[Place]| {
        let mut tree = Tree::new(2);
        let ear = tree.join(0, "Ear");
        let (ada, all) = at_all(&mut tree, places);
        let told = |tree: &Tree, wanted: fn(&Notice) -> bool| {
            tree.client(ear).notices.iter().filter(|it| wanted(it)).count()
        };
        for tick in 0..200 {
            all.iter().for_each(|who| tree.ask(*who, Request::Typing { on: tick % 2 == 0 }));
            tree.advance(100);
        }
        let typed = told(&tree, |it| matches!(it, Notice::Typing { .. }));
        tree.advance(60_000);
        let each = 18 / all.len();
        for number in 0..each {
            all.iter()
                .for_each(|who| tree.ask(*who, Request::Rename { name: format!("{number} {}", who.0) }));
        }
        tree.settle();
        let renamed = told(&tree, |it| matches!(it, Notice::Renamed { .. }));
        let refused: usize = all.iter().map(|who| tree.client(*who).refusals().len()).sum();
        assert_eq!(renamed + refused, each * all.len(), "each is told or refused");
        tree.advance(10_000);
        let name = tree.client(ear).members[&ada].clone();
        assert_called(&mut tree, &name, ada, &all);
        (typed, renamed)
    };
    let (one, three) = (told(&[1]), told(&[0, 1, 2]));
    assert!(three.0 <= one.0 + 1 && three.1 <= one.1 + 1, "{one:?} from one place, {three:?} from three");
}

#[test]
fn what_is_taken_at_a_relay_ends_a_row_of_what_is_not_as_in_the_room() {
    for place in [0, 1] {
        let limits = Limits { relay_above: 1, ..Limits::default() };
        let mut tree = Tree::with(1, limits);
        let ada = tree.join(place, "Ada");
        for round in 0..3 {
            for _ in 0..9 {
                let bad = Err(Unreadable::Malformed("bad".to_owned()));
                tree.handle(place, Event::Received(ada.1, bad));
            }
            tree.say(ada, &format!("good {round}"), "x");
            assert_eq!(tree.client(ada).closed, None, "bad frames at {place}");
            (0..12).for_each(|number| tree.send(ada, &format!("{round} {number}"), "x"));
            tree.advance(6_000);
        }
        let refused = tree.client(ada).refusals().iter().filter(|code| **code == "rate_limited").count();
        assert_eq!(tree.client(ada).closed, None, "{refused} refused at {place}, never twenty in a row");
        for round in 0..6 {
            (0..15).for_each(|number| tree.send(ada, &format!("more {round} {number}"), "x"));
            tree.advance(6_000);
            assert_eq!(tree.client(ada).closed, None, "at {place}");
        }
    }
}

#[test]
fn rates_hold_on_relays_and_are_the_members_own() {
    let limits = Limits { rate_burst: 3.0, rate_per_second: 0.01, relay_above: 1, ..Limits::default() };
    let mut tree = Tree::with(2, limits);
    let bo = tree.join(1, "Bo");
    let session = tree.welcome(bo).session.clone();
    for number in 0..3 {
        tree.say(bo, &format!("{number}"), "x");
    }
    let position = tree.client(bo).position();
    let twin = tree.rejoin(2, "Bo", &session, position);
    tree.say(twin, "4", "x");
    assert_eq!(tree.client(twin).refusals(), ["rate_limited"], "one bucket wherever one is");
    for number in 0..30 {
        tree.say(bo, &format!("over {number}"), "x");
    }
    assert_eq!(tree.client(bo).closed, Some(CloseCode::RateLimited));
}

#[test]
fn moderators_anywhere_keep_order_everywhere() {
    let mut tree = Tree::new(2);
    let mo = tree.join_as(1, "Mo", moderator());
    let (ada, bo, cy) = (tree.join(0, "Ada"), tree.join(1, "Bo"), tree.join(2, "Cy"));
    tree.say(cy, "1", "rude");
    order(&mut tree, mo, Order::Delete { seq: 1 });
    for who in [ada, bo, cy, mo] {
        assert_eq!(texts(&tree, who), [""], "deleted");
    }
    let late = tree.join(2, "Late");
    assert_eq!(texts(&tree, late), [""], "deleted on the relay too");
    let of_cy = whom(&tree, cy);
    order(&mut tree, mo, Order::Mute(of_cy.clone()));
    tree.say(cy, "2", "x");
    assert_eq!(tree.client(cy).refusals(), ["muted"]);
    order(&mut tree, mo, Order::Unmute(of_cy.clone()));
    tree.advance(5_000);
    order(&mut tree, mo, slow(5_000));
    tree.say(cy, "3", "x");
    tree.say(cy, "4", "x");
    assert_eq!(tree.client(cy).refusals(), ["muted", "rate_limited"], "slow mode");
    order(&mut tree, mo, slow(0));
    order(&mut tree, mo, Order::Lock { on: true });
    tree.say(bo, "5", "x");
    assert_eq!(tree.client(bo).refusals(), ["room_locked"]);
    assert!(tree.welcome(late).house == House::default());
    let later = tree.join(2, "Later");
    assert!(tree.welcome(later).house.locked);
    order(&mut tree, mo, Order::Ban(of_cy));
    assert_eq!(tree.client(cy).closed, Some(CloseCode::Removed));
    let session = tree.client(cy).welcome.clone().unwrap().session;
    let back = tree.rejoin(1, "Cy", &session, Position { epoch: String::new(), seq: 0 });
    assert_eq!(tree.client(back).closed, Some(CloseCode::Removed), "on any relay");
    let of_bo = whom(&tree, bo);
    order(&mut tree, mo, Order::Remove(of_bo));
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Removed));
    let records = tree.client(mo).replies.iter().filter(|it| matches!(it, Reply::Recorded(_))).count();
    assert_eq!(records, tree.disk.records.len());
}

#[test]
fn what_a_moderator_orders_at_a_relay_counts_as_it_does_in_the_room() {
    for place in [0, 1] {
        let mut tree = Tree::new(1);
        let mo = tree.join_as(place, "Mo", moderator());
        for number in 0..2 * FUTILE_BURST as u64 {
            order(&mut tree, mo, slow(number % 2));
        }
        assert_eq!(tree.client(mo).closed, None, "at {place}");
    }
}

#[test]
fn a_moderator_who_waits_now_and_then_is_not_ended_for_orders_that_were_too_many() {
    for place in [0, 1] {
        let limits = Limits { relay_above: 1, ..Limits::default() };
        let mut tree = Tree::with(1, limits);
        let mo = tree.join_as(place, "Mo", moderator());
        for round in 0..5 {
            for number in 0..if round == 0 { ORDER_BURST as u64 + 12 } else { 12 } {
                tree.ask(mo, Request::Moderate(slow(number)));
            }
            tree.advance(1_000);
        }
        assert!(tree.client(mo).refusals().len() > 30, "at {place}");
        assert_eq!(tree.client(mo).closed, None, "at {place}");
    }
}

#[test]
fn a_record_names_whom_it_is_about_on_a_relay_too() {
    let mut tree = Tree::new(2);
    let mo = tree.join_as(0, "Mo", moderator());
    let rude = tree.join(1, "Rude");
    tree.say(rude, "1", "x");
    let of_rude = whom(&tree, rude);
    order(&mut tree, mo, Order::Ban(of_rude));
    let record = tree.disk.records.last().unwrap();
    assert_eq!(record.member.as_ref().unwrap().name.as_deref(), Some("Rude"));
}

#[test]
fn a_moderator_s_orders_are_counted_once_wherever_they_are_given() {
    let limits = Limits { relay_above: 1, ..Limits::default() };
    let mut tree = Tree::with(2, limits);
    let places = [0, 1, 2].map(|place| tree.join_as(place, "Mo", moderator()));
    let began_ms = tree.now_ms;
    for number in 0..ORDER_BURST as usize + 3 {
        order(&mut tree, places[number % 3], slow(number as u64));
        tree.now_ms = began_ms;
    }
    for who in places {
        assert_eq!(tree.client(who).refusals(), ["rate_limited"]);
    }
    assert_eq!(tree.disk.records.len(), ORDER_BURST as usize);
}

#[test]
fn as_many_pages_are_read_at_a_relay_as_in_the_room() {
    let read = |place| {
        let limits = Limits { relay_above: 1, rate_burst: 1e6, ..Limits::default() };
        let mut tree = Tree::with(1, limits);
        let ada = tree.join(0, "Ada");
        (0..600).for_each(|number| tree.send(ada, &number.to_string(), "a few words"));
        let eve = tree.join(place, "Eve");
        let began_ms = tree.now_ms;
        while tree.client(eve).closed.is_none() {
            // The relay does not have it.
            tree.ask(eve, Request::History { range: Range::Before(100), limit: 99 });
            tree.settle();
            tree.now_ms = began_ms;
        }
        assert_eq!(tree.client(eve).closed, Some(CloseCode::RateLimited));
        tree.client(eve).replies.iter().filter(|reply| matches!(reply, Reply::History(_))).count()
    };
    let (here, there) = (read(0), read(1));
    assert!(here > 100 && here.abs_diff(there) <= 1, "{here} in the room, {there} at the relay");
}

#[test]
fn nobody_acts_on_an_equal_at_another_place() {
    let mut tree = Tree::new(2);
    let mo = tree.join_as(1, "Mo", moderator());
    let other = Visitor { subject: Some("other".to_owned()), ..moderator() };
    let other = tree.join_as(2, "Other", other);
    tree.advance(2_000);
    let of_other = whom(&tree, other);
    order(&mut tree, mo, Order::Ban(of_other));
    assert_eq!(tree.client(mo).refusals(), ["forbidden"]);
    assert_eq!(tree.client(other).closed, None);
}

#[test]
fn a_report_reaches_moderators_on_relays() {
    let mut tree = Tree::new(2);
    let (mo, bo) = (tree.join_as(1, "Mo", moderator()), tree.join(2, "Bo"));
    tree.say(bo, "1", "x");
    tree.ask(bo, Request::Report { seq: 1, reason: "a\tb\n\"c\"".to_owned() });
    tree.settle();
    assert!(matches!(tree.client(bo).replies.last(), Some(Reply::Reported(1))));
    let told = tree.client(mo).replies.last();
    assert!(matches!(told, Some(Reply::Recorded(json)) if json.contains(r#"a\tb\n\"c\""#)), "{told:?}");
    tree.ask(bo, Request::Report { seq: 9, reason: String::new() });
    tree.settle();
    tree.ask(bo, Request::Report { seq: 1, reason: "x".repeat(REASON_CHARS_MAX + 1) });
    tree.settle();
    assert_eq!(tree.client(bo).refusals(), ["unknown_message", "text_too_long"]);
}

#[test]
fn a_relay_s_moderator_is_told_of_no_order_before_its_welcome() {
    let mut tree = Tree::new(1);
    tree.join(1, "Bo");
    let mo = tree.open_as(1, moderator());
    tree.ask(mo, Request::Join { name: "Mo".to_owned(), session: None, after: None });
    let record = || Event::Down(vec![wire::Down::Record("{}".to_owned())]);
    let records =
        |tree: &Tree| tree.client(mo).replies.iter().filter(|it| matches!(it, Reply::Recorded(_))).count();
    tree.handle(1, record());
    assert_eq!((tree.client(mo).welcome.is_some(), records(&tree)), (false, 0));
    tree.settle();
    tree.handle(1, record());
    assert_eq!(records(&tree), 1);
}

#[test]
fn what_a_relay_has_no_answer_to_does_not_come_back_after_a_clear() {
    let mut tree = Tree::new(1);
    let olga = Visitor { role: Role::Owner, subject: Some("olga".to_owned()), ..Visitor::default() };
    let (olga, bo) = (tree.join_as(0, "Olga", olga), tree.join(1, "Bo"));
    tree.send(bo, "1", "rude");
    tree.handle(1, Event::Tick);
    while tree.client(olga).messages.is_empty() {
        assert!(tree.deliver_one() || tree.room.timeout().is_some());
        tree.now_ms = tree.room.timeout().map_or(tree.now_ms, |at| tree.now_ms.max(at));
        tree.handle(0, Event::Tick);
    }
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    order(&mut tree, olga, Order::Clear);
    tree.nodes[0].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Restart), "it resumes on its own, and asks");
    assert!(tree.client(olga).messages.is_empty() && tree.disk.messages.is_empty());
}

#[test]
fn a_relay_that_comes_back_hears_of_no_deletion_before_the_message() {
    let mut tree = Tree::new(1);
    let mo = tree.join_as(0, "Mo", moderator());
    let bo = tree.join(1, "Bo");
    tree.say(mo, "1", "before");
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    tree.say(mo, "2", "rude");
    order(&mut tree, mo, Order::Delete { seq: 1 });
    order(&mut tree, mo, Order::Delete { seq: 2 });
    tree.nodes[0].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(texts(&tree, bo), ["", ""]);
    let deleted = |it: &&Notice| matches!(it, Notice::Deleted { .. });
    let told: Vec<_> = tree.client(bo).notices.iter().filter(deleted).collect();
    assert_eq!(told, [&Notice::Deleted { seq: 1 }], "the second came without its text");
}

#[test]
fn what_was_decided_while_a_relay_was_away_holds_there_too() {
    let mut tree = Tree::new(1);
    let mo = tree.join_as(0, "Mo", moderator());
    let (bo, cy, di) = (tree.join(1, "Bo"), tree.join(1, "Cy"), tree.join(1, "Di"));
    tree.say(bo, "1", "rude");
    let (of_bo, of_di) = (whom(&tree, bo), whom(&tree, di));
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    order(&mut tree, mo, Order::Delete { seq: 1 });
    order(&mut tree, mo, Order::Ban(of_bo));
    order(&mut tree, mo, Order::Remove(of_di));
    order(&mut tree, mo, Order::Lock { on: true });
    tree.nodes[0].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Removed));
    assert_eq!(tree.client(di).closed, Some(CloseCode::Removed));
    let session = tree.welcome(di).session.clone();
    let di = tree.rejoin(1, "Di", &session, Position { epoch: String::new(), seq: 0 });
    tree.cut(1);
    tree.advance(20_000);
    assert_eq!(tree.client(di).closed, None, "who was removed once may come again");
    assert_eq!(texts(&tree, cy), [""]);
    assert!(tree.client(cy).notices.iter().any(|it| matches!(it, Notice::Ruled(house) if house.locked)));
}

#[test]
fn a_name_is_the_same_everywhere_and_a_clear_clears_relays() {
    let mut tree = Tree::new(2);
    let olga = Visitor { role: Role::Owner, subject: Some("olga".to_owned()), ..Visitor::default() };
    let (bo, olga) = (tree.join(1, "Bo"), tree.join_as(2, "Olga", olga));
    let session = tree.welcome(bo).session.clone();
    let twin = tree.rejoin(0, "Bo", &session, Position { epoch: String::new(), seq: 0 });
    tree.ask(bo, Request::Rename { name: "Bob".to_owned() });
    tree.settle();
    tree.say(twin, "1", "x");
    assert_eq!(tree.client(olga).messages[0].from.name, "Bob");
    order(&mut tree, olga, Order::Clear);
    tree.say(bo, "2", "anew");
    for who in [bo, olga, twin] {
        assert_eq!(texts(&tree, who), ["anew"]);
    }
    let late = tree.join(1, "Late");
    assert_eq!((tree.welcome(late).head, texts(&tree, late)), (1, vec!["anew"]));
}

#[test]
fn informal_clients_are_at_home_on_a_relay() {
    let mut tree = Tree::new(1);
    let (ada, ear) = (tree.join(0, "Ada"), tree.open_as(1, Visitor::default()));
    tree.ask(ear, Request::Listen { history: 100 });
    tree.settle();
    tree.say(ada, "1", "before");
    let speak = |name: &str, text: &str| Request::Speak {
        name: Some(name.to_owned()),
        text: text.to_owned(),
        original: Some("{\"a\":\"\\t\"}".to_owned()),
    };
    tree.ask(ear, speak("Bo", "hello"));
    tree.ask(ear, speak("Bob", "I am Bob"));
    tree.settle();
    tree.ask(ear, speak("Bob", " "));
    tree.settle();
    assert_eq!(texts(&tree, ear), ["before", "hello", "I am Bob"]);
    let said = &tree.client(ada).messages;
    assert_eq!((said[1].from.name.as_str(), said[2].from.name.as_str()), ("Bo", "Bob"));
    assert_eq!(said[2].original.as_deref(), Some("{\"a\":\"\\t\"}"));
    assert!(matches!(tree.client(ear).replies.last(), Some(Reply::Unsaid { you, .. }) if you.name == "Bob"));
}

#[test]
fn a_token_that_runs_out_ends_its_connection_on_a_relay() {
    let mut tree = Tree::new(1);
    let expires_at = Some(tree.now_ms + 5_000);
    let bo = tree.join_as(1, "Bo", Visitor { expires_at, ..Visitor::default() });
    tree.advance(6_000);
    assert_eq!(tree.client(bo).closed, Some(CloseCode::Expired));
}

#[test]
fn a_write_that_is_refused_is_told_to_its_sender_on_a_relay() {
    let mut tree = Tree::new(1);
    let bo = tree.join(1, "Bo");
    tree.send(bo, "1", "x");
    let told = loop {
        // The room has taken it, and not stored it yet, when it gives up.
        let frames = tree.room.give_up();
        if !frames.is_empty() {
            break frames;
        }
        let next = tree.nodes[0].relay.timeout().unwrap();
        tree.now_ms = tree.now_ms.max(next);
        tree.handle(1, Event::Tick);
        tree.deliver_one();
    };
    assert!(matches!(told.as_slice(), [Effect::Send(_, Reply::Relay(line))] if line.contains("not_stored")));
}

#[test]
fn who_has_seen_more_elsewhere_waits_until_it_has_come_to_the_relay() {
    let mut tree = Tree::new(1);
    let (ada, bo) = (tree.join(0, "Ada"), tree.join(1, "Bo"));
    tree.send(ada, "1", "x");
    while tree.client(ada).messages.is_empty() {
        tree.now_ms += 1;
        tree.handle(0, Event::Tick);
    }
    // The relay has not heard of it yet.
    let (session, after) = (tree.welcome(bo).session.clone(), Some(tree.client(ada).position()));
    let back = tree.open_as(1, Visitor::default());
    tree.ask(back, Request::Join { name: "Bo".to_owned(), session: Some(session), after });
    tree.send(back, "2", "y");
    tree.now_ms += 100;
    tree.handle(1, Event::Tick);
    assert!(tree.client(back).welcome.is_none());
    tree.settle();
    let welcome = tree.welcome(back);
    assert_eq!((welcome.head, welcome.recovered, welcome.page.messages.len()), (1, true, 0));
    assert_eq!(texts(&tree, bo), ["x", "y"]);
}

#[test]
fn who_says_that_it_has_seen_more_than_there_is_is_answered_at_once() {
    for place in [0, 1] {
        let mut tree = Tree::new(1);
        let ada = tree.join(place, "Ada");
        tree.say(ada, "1", "x");
        let (session, position) = (tree.welcome(ada).session.clone(), tree.client(ada).position());
        let bluff = Position { seq: 1_000, ..position };
        for _ in 0..2 {
            let began_ms = tree.now_ms;
            let eve = tree.rejoin(place, "Ada", &session, bluff.clone());
            let welcome = tree.client(eve).welcome.as_ref().unwrap();
            assert_eq!((welcome.recovered, welcome.head, welcome.page.messages.len()), (false, 1, 1));
            assert!(tree.now_ms - began_ms < 200);
            tree.cut(1);
            tree.advance(10_000);
        }
    }
}

#[test]
fn a_clock_that_jumps_back_puts_off_no_count_and_no_try() {
    let mut tree = Tree::new(2);
    let ada = tree.join(0, "Ada");
    let lost = tree.join(2, "Lost");
    tree.advance(30_000);
    tree.leave(lost);
    tree.nodes[1].is_cut_off = true;
    tree.cut(2);
    tree.now_ms -= 25 * 3_600_000;
    tree.join(1, "Bo");
    tree.advance(40_000);
    assert_eq!(tree.client(ada).member_count, 2);
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    tree.now_ms -= 25 * 3_600_000;
    tree.nodes[0].is_cut_off = false;
    tree.join(1, "Cy");
    tree.advance(10_000);
    assert_eq!(tree.client(ada).member_count, 3);
}

#[test]
fn an_alarm_brings_back_a_relay_whose_memory_was_lost_and_the_line_of_before_ends() {
    let mut tree = Tree::new(1);
    let (ada, bo) = (tree.join(0, "Ada"), tree.join(1, "Bo"));
    let relay = &mut tree.nodes[0].relay;
    let wakes = relay.handle(Event::Alarm, tree.now_ms, &Disk::default()).unwrap();
    assert!(matches!(wakes.as_slice(), [Effect::WakeAt(at)] if *at > tree.now_ms), "{wakes:?}");
    tree.leave(bo);
    // The room goes on with the line; the next life of the relay has nobody.
    tree.forget_relay(1);
    tree.advance(5_000);
    assert_eq!(tree.client(ada).member_count, 2);
    tree.handle(1, Event::Alarm);
    tree.advance(30_000);
    assert_eq!((tree.client(ada).member_count, tree.nodes[0].link), (1, None));
}

#[test]
fn a_relay_shows_together_what_came_before_the_loop_turned() {
    let mut tree = Tree::new(1);
    let bo = tree.join(1, "Bo");
    let heard = wire::read_downs(&{
        let mut frames = Vec::new();
        for (seq, text) in [(1, "one"), (2, "two")] {
            let from = Member::new(MemberId::new(7), &DisplayName::anonymous());
            let message = log::Message {
                seq,
                id: text.to_owned(),
                from,
                text: text.to_owned(),
                sent_at: tree.now_ms,
                reply_to: None,
                original: None,
                deleted: false,
            };
            frames.extend(Dialect::Relay.broadcast(&[Notice::Message(log::Line::encode(&message).unwrap())]));
        }
        frames.join("\n")
    });
    let (now_ms, disk) = (tree.now_ms, super::harness::Disk::default());
    let relay = &mut tree.nodes[0].relay;
    let shown = |effects: &[Effect]| -> Vec<usize> {
        let sizes = effects.iter().filter_map(|effect| match effect {
            Effect::Broadcast(notices) => Some(notices.len()),
            _ => None,
        });
        sizes.collect()
    };
    for down in heard {
        let effects = relay.handle(Event::Down(vec![down]), now_ms, &disk).unwrap();
        assert_eq!(shown(&effects), [0; 0], "the one before may still be leaving");
        assert_eq!(relay.timeout(), Some(now_ms));
    }
    assert_eq!(shown(&relay.handle(Event::Tick, now_ms, &disk).unwrap()), [2]);
    // What is said goes up at once; what follows waits for the loop to turn.
    let mut say = |id: &str| {
        let request = Request::Send { id: id.to_owned(), text: id.to_owned(), reply_to: None };
        let effects = relay.handle(Event::Received(bo.1, Ok(request)), now_ms, &disk).unwrap();
        effects.iter().filter(|effect| matches!(effect, Effect::Up(_))).count()
    };
    assert_eq!([say("a"), say("b"), say("c")], [1, 0, 0]);
    let ups = relay.handle(Event::Tick, now_ms, &disk).unwrap();
    assert_eq!(ups.iter().filter(|effect| matches!(effect, Effect::Up(_))).count(), 1);
}

#[test]
fn pages_come_in_the_order_in_which_they_were_asked_for_and_once_where_the_line_breaks() {
    let limits = Limits {
        rate_burst: 1e6,
        resume_messages_max: 10,
        history_on_join: 5,
        relay_above: 1,
        ..Limits::default()
    };
    let mut tree = Tree::with(1, limits);
    let ada = tree.join(0, "Ada");
    (1..=400).for_each(|number| tree.say(ada, &number.to_string(), "x"));
    let bo = tree.join(1, "Bo");
    tree.cut(1);
    tree.advance(20_000);
    let ask = |tree: &mut Tree, range| tree.ask(bo, Request::History { range, limit: 5 });
    ask(&mut tree, Range::Before(11));
    ask(&mut tree, Range::Newest);
    tree.cut(1);
    tree.advance(20_000);
    let pages = tree.client(bo).replies.iter().filter_map(|reply| match reply {
        Reply::History(page) => page.messages.first().map(|line| line.decode().unwrap().seq),
        _ => None,
    });
    assert_eq!(pages.collect::<Vec<_>>(), [6, 396]);
}

#[test]
fn nothing_that_only_some_are_told_overtakes_what_the_room_told_all_before_it() {
    let mut tree = Tree::new(1);
    let bo = tree.join(1, "Bo");
    let line = |seq: Seq| {
        let from = Member::new(MemberId::new(7), &DisplayName::anonymous());
        let (id, text, sent_at) = (seq.to_string(), "x".to_owned(), 0);
        let message =
            log::Message { seq, id, from, text, sent_at, reply_to: None, original: None, deleted: false };
        log::Line::encode(&message).unwrap()
    };
    tree.join_as(1, "Mo", moderator());
    let removal = rules::Removal { member: tree.welcome(bo).you.id, below: Role::Owner, at: 0 };
    let removed = Rules { removed: vec![removal], ..Rules::default() };
    let after = [
        wire::Down::For(bo.1, Reply::Message(line(1))),
        wire::Down::Record("{}".to_owned()),
        wire::Down::Rules(removed),
    ];
    for (seq, after) in (1..).zip(after) {
        let downs = vec![wire::Down::Notice(Notice::Message(line(seq))), after];
        let now_ms = tree.now_ms;
        let told = tree.nodes[0].relay.handle(Event::Down(downs), now_ms, &Disk::default()).unwrap();
        let is_told =
            |it: &&Effect| matches!(it, Effect::Broadcast(_) | Effect::Send(..) | Effect::Close(..));
        let told: Vec<_> = told.iter().filter(is_told).collect();
        assert!(
            matches!(told.as_slice(), [Effect::Broadcast(_), Effect::Send(..) | Effect::Close(..)]),
            "{seq}: {told:?}"
        );
    }
}

#[test]
fn an_order_or_a_report_is_answered_though_the_line_breaks_and_is_done_once() {
    let mut tree = Tree::new(1);
    let (mo, bo) = (tree.join_as(1, "Mo", moderator()), tree.join(1, "Bo"));
    tree.say(bo, "1", "x");
    let codes = |tree: &Tree, who| tree.client(who).refusals().join(" ");
    let report = Request::Report { seq: 1, reason: "rude".to_owned() };
    // Lost on the way up.
    tree.ask(mo, Request::Moderate(Order::Lock { on: true }));
    tree.ask(bo, report.clone());
    tree.cut(1);
    assert_eq!([codes(&tree, mo), codes(&tree, bo)], ["no_answer", "no_answer"], "at once");
    tree.advance(10_000);
    assert_eq!(tree.disk.records.len(), 0, "not sent again: it might be done twice");
    // Done, and the answer lost.
    tree.ask(mo, Request::Moderate(Order::Lock { on: true }));
    tree.ask(bo, report.clone());
    while tree.disk.records.len() < 2 {
        tree.now_ms += 1;
        tree.handle(1, Event::Tick);
        tree.deliver_up();
    }
    tree.cut(1);
    tree.advance(10_000);
    assert_eq!([codes(&tree, mo), codes(&tree, bo)], ["no_answer no_answer"; 2]);
    assert_eq!(tree.disk.records.len(), 2);
    // Answered, and then the line breaks.
    order(&mut tree, mo, Order::Lock { on: false });
    order(&mut tree, mo, Order::Delete { seq: 99 });
    tree.ask(bo, report.clone());
    tree.ask(bo, Request::Report { seq: 99, reason: String::new() });
    tree.settle();
    tree.cut(1);
    // Held until the room is back, and answered then.
    tree.ask(mo, Request::Moderate(Order::Lock { on: true }));
    tree.ask(bo, report);
    tree.advance(10_000);
    assert_eq!([codes(&tree, mo), codes(&tree, bo)], ["no_answer no_answer unknown_message"; 2]);
    assert_eq!(tree.disk.records.len(), 6);
}

#[test]
fn ten_bad_orders_or_answers_to_nothing_in_a_row_end_a_connection_on_a_relay_too() {
    for place in [0, 1] {
        let mut tree = Tree::new(1);
        let mo = tree.join_as(place, "Mo", moderator());
        let bad_order = Request::Moderate(slow(u64::MAX));
        let bad_reply =
            |number| Request::Send { id: format!("bad {number}"), text: "x".to_owned(), reply_to: Some(999) };
        for number in 0..9 {
            tree.ask(mo, if number % 2 == 0 { bad_order.clone() } else { bad_reply(number) });
            tree.settle();
        }
        tree.say(mo, "good", "x");
        for number in 10..19 {
            tree.ask(mo, bad_reply(number));
            tree.settle();
        }
        order(&mut tree, mo, slow(0));
        for number in 20..29 {
            tree.ask(mo, bad_reply(number));
            tree.settle();
        }
        assert_eq!(tree.client(mo).closed, None, "at {place}");
        tree.ask(mo, bad_order);
        tree.settle();
        assert_eq!(tree.client(mo).closed, Some(CloseCode::BadFrames), "at {place}");
    }
}

#[test]
fn what_was_refused_to_somebody_who_is_gone_is_not_said_later() {
    let mut tree = Tree::new(1);
    let (mo, bo) = (tree.join_as(0, "Mo", moderator()), tree.join(1, "Bo"));
    tree.join(1, "Cy");
    let of_bo = whom(&tree, bo);
    order(&mut tree, mo, Order::Mute(of_bo.clone()));
    tree.send(bo, "1", "rude");
    tree.leave(bo);
    tree.settle();
    order(&mut tree, mo, Order::Unmute(of_bo));
    tree.cut(1);
    tree.advance(10_000);
    assert_eq!(tree.disk.messages.len(), 0);
}

#[test]
fn who_asks_for_too_much_while_the_room_is_away_is_let_go_and_the_others_are_held() {
    let mut tree = Tree::new(1);
    let (bo, eve) = (tree.join(1, "Bo"), tree.join(1, "Eve"));
    tree.nodes[0].is_cut_off = true;
    tree.cut(1);
    tree.send(bo, "1", "before");
    let mut number = 0;
    while tree.client(eve).closed.is_none() {
        number += 1;
        tree.send(eve, &number.to_string(), &"x".repeat(2_000));
    }
    assert_eq!(
        tree.client(eve).closed,
        Some(CloseCode::Restart),
        "to come again, nothing is lost in silence"
    );
    assert!(number * 2_000 < RELAY_HELD_BYTES_MAX, "one alone does not fill it: {number}");
    tree.send(bo, "2", "after");
    tree.nodes[0].is_cut_off = false;
    tree.advance(20_000);
    assert_eq!(texts(&tree, bo), ["before", "after"]);
    // Nor while the room is there and does not answer.
    let eve = tree.join(1, "Eve");
    for number in 0..2_000 {
        tree.send(eve, &format!("again {number}"), &"x".repeat(2_000));
    }
    assert_eq!(tree.client(eve).closed, Some(CloseCode::Restart));
    tree.advance(20_000);
    tree.say(bo, "3", "last");
    assert_eq!(texts(&tree, bo).last(), Some(&"last"));
}

#[test]
fn a_moderator_who_comes_as_somebody_leaves_is_nobody_s_to_ban() {
    let mut tree = Tree::new(1);
    let mo = tree.join_as(0, "Mo", moderator());
    let bo = tree.join(1, "Bo");
    tree.advance(COUNT_GAP_MS * 2);
    let other = Visitor { subject: Some("other".to_owned()), ..moderator() };
    // The relay has just told how many it holds, and will hold as many.
    tree.join(1, "Cy");
    tree.leave(bo);
    let other = tree.join_as(1, "Other", other);
    tree.advance(COUNT_GAP_MS * 2);
    let of_other = whom(&tree, other);
    order(&mut tree, mo, Order::Ban(of_other));
    assert_eq!(tree.client(mo).refusals(), ["forbidden"]);
    assert_eq!(tree.client(other).closed, None);
}
