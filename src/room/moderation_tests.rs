//! What moderators can do, what they can't, and that it lasts.

use super::harness::World;
use super::moderation::{Order, Whom};
use super::rules::{House, Sentences};
use super::*;
use crate::limits::{
    NAME_REMEMBERED_MS, ORDER_BURST, ORDER_PER_SECOND, REASON_CHARS_MAX, SENTENCE_MS_MAX, SLOW_MODE_MS_MAX,
};

fn with_role(role: Role, subject: &str) -> Visitor {
    Visitor { role, subject: Some(subject.to_owned()), ..Visitor::default() }
}

fn moderator() -> Visitor {
    with_role(Role::Moderator, "mo")
}

fn owner() -> Visitor {
    with_role(Role::Owner, "olga")
}

fn subject(subject: &str) -> Whom {
    Whom { sub: Some(subject.to_owned()), ..Whom::default() }
}

fn who(world: &World, connection: ConnectionId) -> Whom {
    Whom { member: Some(world.welcome(connection).you.id.get()), ..Whom::default() }
}

fn last_refusal(world: &World, connection: ConnectionId) -> &'static str {
    world.client(connection).refusals().last().copied().unwrap_or("none")
}

fn every_order(whom: &Whom) -> Vec<Order> {
    vec![
        Order::Delete { seq: 1 },
        Order::Remove(whom.clone()),
        Order::Ban(whom.clone()),
        Order::Unban(whom.clone()),
        Order::Mute(whom.clone()),
        Order::Unmute(whom.clone()),
        Order::Lock { on: true },
        Order::SlowMode { interval_ms: 1 },
        Order::Clear,
    ]
}

#[test]
fn whoever_is_no_moderator_can_do_nothing_of_it() {
    for role in [Role::Reader, Role::Member] {
        let mut world = World::new();
        let (ada, bo) = (world.join("Ada"), world.join_as("Bo", with_role(role, "bo")));
        world.say(ada, "1", "hello");
        for order in every_order(&who(&world, ada)) {
            world.order(bo, order.clone());
            assert_eq!(last_refusal(&world, bo), "forbidden");
            assert_eq!(world.order_over_http(&with_role(role, "bo"), order), Err(Refusal::Forbidden));
        }
        assert_eq!(world.client(bo).refusals().len(), 9);
        assert_eq!((world.disk.rules.clone(), world.disk.records.len()), (Rules::default(), 0));
        assert_eq!(world.client(ada).closed, None);
        assert_eq!(world.disk.messages[0].text, "hello");
    }
}

#[test]
fn a_room_that_was_cleared_is_not_taken_for_one_left_alone_since_it_was_made() {
    let mut world = World::new();
    let olga = world.join_as("Olga", owner());
    world.say(olga, "1", "hello");
    world.advance(30 * 24 * 3_600_000);
    let cleared_at = world.now_ms;
    world.order(olga, Order::Clear);
    assert_eq!(
        world.room.numbers().map(|(_, messages, active_at)| (messages, active_at)),
        Some((0, cleared_at))
    );
}

#[test]
fn only_an_owner_clears() {
    let mut world = World::new();
    let mo = world.join_as("Mo", moderator());
    world.say(mo, "1", "hello");
    world.order(mo, Order::Clear);
    assert_eq!(last_refusal(&world, mo), "forbidden");
    assert_eq!(world.client(mo).texts(), ["hello"]);
    let olga = world.join_as("Olga", owner());
    let epoch = world.welcome(olga).epoch.clone();
    world.say(olga, "2", "again");
    world.order(mo, Order::Delete { seq: 1 });
    world.order(olga, Order::Clear);
    assert!(world.client(mo).messages.is_empty() && world.disk.messages.is_empty());
    assert_ne!(world.welcome(mo).epoch, epoch);
    world.hibernate();
    // What comes counts from 1, and ids of before are forgotten with what they stood for.
    world.say(mo, "1", "anew");
    assert_eq!(world.client(olga).texts(), ["anew"]);
    assert_eq!(world.disk.messages[0].seq, 1);
    let late = world.rejoin("Ada", None, Some(Position { epoch, seq: 2 }));
    assert!(!world.welcome(late).recovered);
    assert_eq!(world.client(late).texts(), ["anew"]);
    assert!(world.welcome(late).deleted.is_empty(), "its number is another's now");
}

#[test]
fn a_deleted_message_keeps_its_number_and_nothing_else() {
    let mut world = World::unlimited();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    let (gone, session) = (world.join("Bo"), world.client(ada).welcome.clone().unwrap().session);
    for n in 1..=100 {
        world.say(ada, &n.to_string(), &format!("text {n}"));
    }
    let seen = world.client(gone).position();
    world.leave(gone);
    for seq in [3, 64, 65, 100] {
        world.order(mo, Order::Delete { seq });
        assert!(world.client(ada).messages[seq as usize - 1].deleted, "{seq} is still seen");
        assert!(!world.disk.segments.values().any(|row| row.body.contains(&format!("text {seq}\""))));
    }
    assert_eq!(world.disk.messages[2].from.name, "Ada");
    for seq in [0, 3, 101, u64::MAX] {
        world.order(mo, Order::Delete { seq });
        assert_eq!(last_refusal(&world, mo), "unknown_message", "{seq}");
    }
    world.hibernate();
    world.say(ada, "101", "on we go");
    assert!(world.disk.messages[99].deleted, "the open row came back with its text");
    // Who was away and resumes is told what to forget.
    let back = world.rejoin("Bo", None, Some(Position { seq: seen.seq, ..seen }));
    assert_eq!(world.welcome(back).deleted, [3, 64, 65, 100]);
    assert!(world.welcome(back).recovered);
    let fresh = world.join("Cy");
    assert!(world.welcome(fresh).deleted.is_empty());
    // A retry of a message that was deleted meanwhile is acknowledged, and stores nothing.
    world.say(ada, "3", "text 3");
    let Some(Reply::Message(line)) = world.client(ada).replies.last() else { panic!("no answer") };
    assert!(line.decode().unwrap().deleted);
    assert_eq!(world.disk.messages.len(), 101);
    drop(session);
}

#[test]
fn what_is_said_before_a_deletion_is_told_before_it() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    world.send(ada, "1", "oops");
    world.ask(mo, Request::Moderate(Order::Delete { seq: 1 }));
    world.flush();
    assert!(world.client(ada).messages[0].deleted);
    assert!(matches!(world.client(mo).notices.last(), Some(Notice::Deleted { seq: 1 })));
    assert_eq!(world.disk.messages[0].text, "");
}

#[test]
fn who_is_removed_is_gone_and_may_come_again() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    let session = world.welcome(ada).session.clone();
    let second = world.rejoin("Ada", Some(&session), None);
    world.order(mo, Order::Remove(who(&world, ada)));
    assert_eq!(world.client(ada).closed, Some(CloseCode::Removed));
    assert_eq!(world.client(second).closed, Some(CloseCode::Removed));
    assert_eq!(world.client(mo).member_count, 1);
    assert_eq!(world.disk.rules.bans, Sentences::default());
    let again = world.rejoin("Ada", Some(&session), None);
    assert_eq!(world.client(again).closed, None);
}

#[test]
fn who_is_banned_comes_in_no_more_by_session_or_by_identity() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    let bo = world.join_as("Bo", with_role(Role::Member, "bo"));
    let session = world.welcome(ada).session.clone();
    world.order(mo, Order::Ban(who(&world, ada)));
    world.order(mo, Order::Ban(Whom { for_ms: Some(60_000), ..subject("bo") }));
    assert_eq!(world.client(ada).closed, Some(CloseCode::Removed));
    assert_eq!(world.client(bo).closed, Some(CloseCode::Removed));
    world.hibernate();
    let again = world.rejoin("Ada", Some(&session), None);
    assert_eq!(world.client(again).closed, Some(CloseCode::Removed));
    let bo = with_role(Role::Member, "bo");
    assert_eq!(world.room.admit(&bo, world.now_ms), Err(Refusal::Banned));
    assert_eq!(world.room.admit(&with_role(Role::Member, "cy"), world.now_ms), Ok(()));
    assert_eq!(world.publish_as(&bo, "1", "Bo", "let me in"), Err(Refusal::Banned));
    let late = world.join_as("Bo", bo.clone());
    assert_eq!(world.client(late).closed, Some(CloseCode::Removed), "let in by the join");
    world.advance(60_000);
    assert_eq!(world.room.admit(&bo, world.now_ms), Ok(()));
    world.order(mo, Order::Unban(who(&world, ada)));
    let back = world.rejoin("Ada", Some(&session), None);
    assert_eq!(world.client(back).closed, None);
}

#[test]
fn who_is_muted_is_here_and_silent_until_the_end() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    world.order(mo, Order::Mute(Whom { for_ms: Some(5_000), ..who(&world, ada) }));
    world.hibernate();
    world.say(ada, "1", "hello");
    let refused = world.client(ada).replies.last().cloned();
    let Some(Reply::Refused { refusal, .. }) = refused else { panic!("not refused") };
    assert_eq!((refusal.code(), refusal.temporary()), ("muted", true));
    assert!(refusal.retry_after_ms().is_some_and(|ms| (4_000..=5_000).contains(&ms)));
    world.ask(ada, Request::Typing { on: true });
    world.ask(ada, Request::Speak { name: None, text: "psst".to_owned(), original: None });
    world.flush();
    assert!(world.client(mo).notices.iter().all(|notice| !matches!(notice, Notice::Typing { .. })));
    assert!(world.client(mo).messages.is_empty());
    world.advance(5_000);
    world.say(ada, "1", "hello");
    assert_eq!(world.client(mo).texts(), ["hello"]);
    // For good, and lifted again.
    world.order(mo, Order::Mute(who(&world, ada)));
    world.say(ada, "2", "x");
    let Some(Reply::Refused { refusal, .. }) = world.client(ada).replies.last() else {
        panic!("not refused")
    };
    assert_eq!((refusal.code(), refusal.temporary(), refusal.retry_after_ms()), ("muted", false, None));
    world.order(mo, Order::Unmute(who(&world, ada)));
    world.say(ada, "2", "x");
    assert_eq!(world.client(mo).texts(), ["hello", "x"]);
}

#[test]
fn a_locked_room_takes_messages_of_its_moderators_only() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    world.order(mo, Order::Lock { on: true });
    assert!(matches!(world.client(ada).notices.last(), Some(Notice::Ruled(House { locked: true, .. }))));
    world.hibernate();
    world.say(ada, "1", "hello");
    assert_eq!(last_refusal(&world, ada), "room_locked");
    assert_eq!(world.publish("1", "Bot", "beep"), Err(Refusal::RoomLocked));
    world.say(mo, "1", "quiet, please");
    assert_eq!(world.client(ada).texts(), ["quiet, please"]);
    let cy = world.join("Cy");
    assert!(world.welcome(cy).house.locked);
    world.order(mo, Order::Lock { on: false });
    world.say(ada, "1", "hello");
    assert_eq!(world.client(mo).texts(), ["quiet, please", "hello"]);
}

#[test]
fn slow_mode_spaces_what_each_member_says_also_across_sleep() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    world.order(mo, Order::SlowMode { interval_ms: 60_000 });
    world.say(ada, "1", "one");
    world.advance(30_000);
    world.hibernate();
    world.say(ada, "2", "two");
    let Some(Reply::Refused { refusal, .. }) = world.client(ada).replies.last() else {
        panic!("not refused")
    };
    assert_eq!(refusal.code(), "rate_limited");
    assert!(refusal.retry_after_ms().is_some_and(|ms| (29_000..=30_000).contains(&ms)));
    let bo = world.join("Bo");
    world.say(bo, "1", "another's");
    world.say(mo, "1", "mine");
    world.say(mo, "2", "mine too");
    world.advance(30_000);
    world.say(ada, "2", "two");
    assert_eq!(world.client(mo).texts(), ["one", "another's", "mine", "mine too", "two"]);
    world.order(mo, Order::SlowMode { interval_ms: SLOW_MODE_MS_MAX + 1 });
    assert_eq!(last_refusal(&world, mo), "bad_frame");
    world.order(mo, Order::SlowMode { interval_ms: SLOW_MODE_MS_MAX });
    assert_eq!(world.disk.rules.house.slow_mode_ms, SLOW_MODE_MS_MAX);
    world.order(mo, Order::SlowMode { interval_ms: 0 });
    world.say(ada, "3", "three");
    assert_eq!(world.client(mo).texts().last(), Some(&"three"));
}

#[test]
fn a_clock_that_jumps_back_silences_nobody() {
    for interval_ms in [0, 60_000] {
        let mut world = World::new();
        let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
        world.order(mo, Order::SlowMode { interval_ms });
        world.say(ada, "1", "one");
        world.now_ms -= 3_600_000;
        world.say(ada, "2", "two");
        assert_eq!(world.client(ada).texts(), ["one", "two"]);
    }
}

#[test]
fn nobody_acts_on_an_equal_or_a_better() {
    let mut world = World::new();
    let (mo, olga) = (world.join_as("Mo", moderator()), world.join_as("Olga", owner()));
    let may = world.join_as("May", with_role(Role::Moderator, "may"));
    for target in [mo, may, olga] {
        for order in [Order::Remove, Order::Ban, Order::Unban, Order::Mute, Order::Unmute] {
            world.order(mo, order(who(&world, target)));
            assert_eq!(last_refusal(&world, mo), "forbidden");
        }
    }
    assert_eq!(world.client(mo).refusals().len(), 15);
    world.order(olga, Order::Ban(who(&world, olga)));
    assert_eq!(last_refusal(&world, olga), "forbidden");
    world.order(olga, Order::Remove(who(&world, may)));
    assert_eq!(world.client(may).closed, Some(CloseCode::Removed));
}

#[test]
fn whom_must_be_said_and_for_how_long_be_possible() {
    let mut world = World::new();
    let mo = world.join_as("Mo", moderator());
    let both = Whom { member: Some(1), ..subject("a") };
    for whom in [Whom::default(), both, Whom { member: Some(0), ..Whom::default() }] {
        world.order(mo, Order::Mute(whom));
        assert_eq!(last_refusal(&world, mo), "bad_frame");
    }
    world.say(mo, "1", "a good frame");
    for for_ms in [0, SENTENCE_MS_MAX + 1] {
        world.order(mo, Order::Ban(Whom { for_ms: Some(for_ms), ..subject("a") }));
        assert_eq!(last_refusal(&world, mo), "bad_frame");
    }
    for for_ms in [1, SENTENCE_MS_MAX] {
        world.order(mo, Order::Ban(Whom { for_ms: Some(for_ms), ..subject("a") }));
    }
    assert_eq!(world.client(mo).refusals().len(), 5);
}

#[test]
fn each_order_is_recorded_and_told_to_moderators_only() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    let olga = world.join_as("Olga", owner());
    let unjoined = world.open_as(moderator());
    world.order(mo, Order::Lock { on: true });
    let by = world.order_over_http(&owner(), Order::Mute(who(&world, ada))).unwrap().by;
    assert_eq!((by.id, by.sub.as_deref()), (world.welcome(olga).you.id, Some("olga")));
    let actions: Vec<_> = world.disk.records.iter().map(|record| record.action).collect();
    assert_eq!(actions, ["lock", "mute"]);
    assert_eq!(world.disk.records[0].by.name, "Mo");
    assert_eq!(world.disk.records[1].member.as_ref().and_then(|it| it.name.as_deref()), Some("Ada"));
    let told = |connection| {
        let replies = &world.client(connection).replies;
        replies.iter().filter(|reply| matches!(reply, Reply::Record(_))).count()
    };
    assert_eq!([ada, mo, olga, unjoined].map(told), [0, 2, 2, 0]);
    let kept = world.room.order_kept(&moderator(), None, 1, &world.disk).unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["records"].as_array().unwrap().len(), 1);
    assert_eq!(kept["records"][0]["record"]["action"], "mute");
    assert_eq!(kept["rules"]["house"]["locked"], true);
    let older = world.room.order_kept(&owner(), Some(2), 9, &world.disk).unwrap().unwrap();
    let older: serde_json::Value = serde_json::from_str(&older).unwrap();
    assert_eq!((&older["records"][0]["number"], older["records"].as_array().unwrap().len()), (&1.into(), 1));
    let refused = world.room.order_kept(&Visitor::default(), None, 1, &world.disk).unwrap();
    assert_eq!(refused, Err(Refusal::Forbidden));
}

#[test]
fn a_room_that_was_never_used_has_nothing_to_moderate() {
    let mut world = World::new();
    assert_eq!(world.order_over_http(&owner(), Order::Clear), Err(Refusal::UnknownRoom));
    assert_eq!(world.room.order_kept(&owner(), None, 1, &world.disk).unwrap(), Err(Refusal::UnknownRoom));
    assert_eq!(world.disk.meta, None);
}

#[test]
fn a_moderator_s_orders_are_bounded_over_socket_and_http_together() {
    let mut world = World::new();
    let (mo, tab) = (world.join_as("Mo", moderator()), world.join_as("Mo", moderator()));
    let lock = |number: u64| Order::Lock { on: number.is_multiple_of(2) };
    for number in 0..ORDER_BURST as u64 {
        match number % 3 {
            0 => world.ask(mo, Request::Moderate(lock(number))),
            1 => world.ask(tab, Request::Moderate(lock(number))),
            _ => {
                let done =
                    world.room.moderate_over_http(lock(number), &moderator(), world.now_ms, &world.disk);
                assert!(done.unwrap().1.is_ok(), "{number}");
            }
        }
    }
    let (kept, rows) = (world.disk.records.len(), world.disk.rows_written);
    world.ask(mo, Request::Moderate(lock(0)));
    let gap_ms = (1_000.0 / ORDER_PER_SECOND) as u64;
    let over = Refusal::RateLimited { retry_after_ms: gap_ms };
    let Some(Reply::Refused { refusal, id: None }) = world.client(mo).replies.last() else { panic!("taken") };
    assert_eq!(refusal, &over);
    let refused = world.room.moderate_over_http(lock(0), &moderator(), world.now_ms, &world.disk).unwrap();
    assert_eq!(refused, (Vec::new(), Err(over)));
    assert_eq!((world.disk.records.len(), world.disk.rows_written), (kept, rows), "nothing is written");
    let other = world.join_as("Olga", owner());
    world.order(other, lock(0));
    assert!(world.client(other).refusals().is_empty(), "another's are another's");
    world.advance(gap_ms);
    world.ask(tab, Request::Moderate(lock(0)));
    assert!(world.client(tab).refusals().is_empty());
    let bot =
        Visitor { rate: Some(Rate { burst: 100.0, per_second: 50.0 }), ..with_role(Role::Moderator, "bot") };
    let bot = world.join_as("Bot", bot);
    for number in 0..100 {
        world.ask(bot, Request::Moderate(lock(number)));
    }
    assert!(world.client(bot).refusals().is_empty());
    world.ask(bot, Request::Moderate(lock(0)));
    assert_eq!(world.client(bot).refusals(), ["rate_limited"]);
}

#[test]
fn a_room_that_forgets_full_buckets_lets_nobody_give_as_many_orders_again() {
    let mut world = World::new();
    let rate = Some(Rate { burst: 100.0, per_second: 1.0 });
    let bot = world.join_as("Bot", Visitor { rate, ..moderator() });
    world.advance(NAME_REMEMBERED_MS);
    let began_ms = world.now_ms;
    let order = |world: &mut World| world.ask(bot, Request::Moderate(Order::Lock { on: false }));
    (0..60).for_each(|_| order(&mut world));
    for number in 0..80 {
        let passer_by = world.join(&format!("P{number}"));
        world.send(passer_by, "1", "x");
        world.leave(passer_by);
        world.now_ms = began_ms;
    }
    (0..60).for_each(|_| order(&mut world));
    assert!(!world.client(bot).refusals().is_empty());
}

#[test]
fn who_goes_on_giving_orders_too_fast_is_ended_and_who_waits_is_not() {
    let mut world = World::new();
    let (mo, patient) =
        (world.join_as("Mo", moderator()), world.join_as("May", with_role(Role::Moderator, "may")));
    let lock = Request::Moderate(Order::Lock { on: true });
    for number in 0..200 {
        world.ask(mo, lock.clone());
        if number < ORDER_BURST as u64 + 19 {
            world.ask(patient, lock.clone());
        }
    }
    assert_eq!(world.client(mo).closed, Some(CloseCode::RateLimited));
    for _ in 0..3 {
        world.advance(1_000);
        (0..20).for_each(|_| world.ask(patient, lock.clone()));
    }
    assert_eq!(world.client(patient).closed, None, "not so many in a row");
}

#[test]
fn slow_mode_knows_after_a_sleep_who_spoke_before_the_newest_row() {
    let mut world = World::unlimited();
    let (ada, bo, mo) = (world.join("Ada"), world.join("Bo"), world.join_as("Mo", moderator()));
    world.order(mo, Order::SlowMode { interval_ms: 600_000 });
    world.say(bo, "1", "bo's");
    world.advance(100_000);
    world.say(ada, "1", "ada's");
    (0..150).for_each(|n| world.say(mo, &n.to_string(), "mine"));
    assert_eq!(world.disk.segments.len(), 3);
    world.advance(300_000);
    world.hibernate();
    world.say(ada, "2", "too soon");
    assert_eq!(last_refusal(&world, ada), "rate_limited");
    world.advance(220_000);
    world.say(bo, "2", "in time");
    assert_eq!(world.client(mo).texts().last(), Some(&"in time"));
    world.say(ada, "2", "too soon");
    assert_eq!(world.client(ada).refusals(), ["rate_limited"; 2]);
}

#[test]
fn what_was_said_before_an_order_is_not_denied_where_the_order_can_t_be_stored() {
    let mut world = World::new();
    let mo = world.join_as("Mo", moderator());
    world.send(mo, "1", "x");
    let lock = Event::Received(mo, Ok(Request::Moderate(Order::Lock { on: true })));
    let effects = world.room.handle(lock, world.now_ms, &world.disk).unwrap();
    let at = |what: fn(&Effect) -> bool| effects.iter().position(what).unwrap();
    assert!(at(|it| matches!(it, Effect::Append(_))) < at(|it| matches!(it, Effect::Broadcast(_))));
    assert!(at(|it| matches!(it, Effect::Broadcast(_))) < at(|it| matches!(it, Effect::Rule(_))));
    world.room.stored();
    assert_eq!(world.room.give_up(), [], "all have seen it by then");
}

#[test]
fn an_order_that_is_stored_in_part_can_be_given_again() {
    let mut world = World::new();
    let mo = world.join_as("Mo", owner());
    world.say(mo, "1", "x");
    for order in [Order::Delete { seq: 1 }, Order::Clear] {
        let request = Event::Received(mo, Ok(Request::Moderate(order)));
        let effects = world.room.handle(request, world.now_ms, &world.disk).unwrap();
        let is_write = |it: &&Effect| matches!(it, Effect::Rule(_) | Effect::Rewrite(_) | Effect::Clear(_));
        assert!(matches!(effects.iter().find(is_write), Some(Effect::Rule(_))), "the text goes last");
    }
}

#[test]
fn a_moderator_hears_of_a_report_once_it_is_welcomed_and_not_before() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.say(ada, "1", "x");
    let mo = world.open_as(moderator());
    world.ask(mo, Request::Join { name: "Mo".to_owned(), session: None, after: None });
    world.ask(ada, Request::Report { seq: 1, reason: "rude".to_owned() });
    world.flush();
    assert!(world.client(mo).welcome.is_some());
    assert!(!world.client(mo).replies.iter().any(|it| matches!(it, Reply::Record(_))));
    world.ask(ada, Request::Report { seq: 1, reason: "rude".to_owned() });
    assert!(world.client(mo).replies.iter().any(|it| matches!(it, Reply::Record(_))));
}

#[test]
fn a_report_reaches_the_moderators_and_stays() {
    let mut world = World::new();
    let (ada, mo) = (world.join("Ada"), world.join_as("Mo", moderator()));
    world.say(mo, "1", "hello");
    let report = |seq, reason: &str| Request::Report { seq, reason: reason.to_owned() };
    world.ask(ada, report(1, "rude"));
    assert!(matches!(world.client(ada).replies.last(), Some(Reply::Reported(1))));
    let Some(Reply::Record(record)) = world.client(mo).replies.last() else { panic!("not told") };
    assert_eq!((record.action, record.seq, record.reason.as_deref()), ("report", Some(1), Some("rude")));
    assert_eq!(world.disk.records.len(), 1);
    for seq in [0, 2] {
        world.ask(ada, report(seq, "x"));
        assert_eq!(last_refusal(&world, ada), "unknown_message");
    }
    world.ask(ada, report(1, &"x".repeat(REASON_CHARS_MAX + 1)));
    assert_eq!(last_refusal(&world, ada), "text_too_long");
    let kept = world.disk.records.len();
    world.ask(ada, report(1, &"x".repeat(REASON_CHARS_MAX)));
    assert_eq!(world.disk.records.len(), kept + 1, "the longest reason is kept");
    for _ in 0..40 {
        world.ask(ada, report(1, "again"));
    }
    assert_eq!(last_refusal(&world, ada), "rate_limited");
    assert!(world.disk.records.len() <= 32);
}
