//! The room's behaviours, over [`super::harness`], which checks the promises at every step.

use proptest::prelude::*;

use std::rc::Rc;

use super::harness::{Client, SEED, World};
use super::*;
use crate::limits::{HISTORY_LIMIT_MAX, QUIET_MS, REMEMBERED_MS_MIN, SEGMENT_MESSAGES_MAX, SESSION_MS};

fn broken(why: &str) -> Result<Request, Unreadable> {
    Err(Unreadable::Malformed(why.to_owned()))
}

#[test]
fn a_joiner_is_welcomed_and_the_others_are_told() {
    let mut world = World::new();
    let ada = world.join("Ada");
    let bo = world.join("Bo");
    let welcome = world.welcome(bo);
    assert_eq!((welcome.member_count, welcome.head, welcome.recovered), (2, 0, false));
    assert!(welcome.members.contains(&welcome.you));
    assert_eq!(
        world.client(ada).notices,
        [Notice::Joined { member: welcome.you.clone(), member_count: 2, at: world.now_ms - QUIET_MS }]
    );
    assert_eq!(world.client(bo).notices, []);
}

#[test]
fn everybody_sees_the_same_order() {
    let mut world = World::new();
    let members = [world.join("Ada"), world.join("Bo"), world.join("Cy")];
    for round in 0..5 {
        for member in members {
            world.send(member, &round.to_string(), &format!("{round} from {member:?}"));
        }
    }
    world.flush();
    let seen = world.client(members[0]).texts();
    assert_eq!(seen.len(), 15);
    assert!(members.iter().all(|member| world.client(*member).texts() == seen));
}

#[test]
fn a_flush_is_one_row_however_many_messages() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    for id in 0..50 {
        world.send(ada, &id.to_string(), "x");
    }
    assert_eq!(world.disk.rows_written, 0);
    world.flush();
    assert_eq!(world.disk.rows_written, 1);
    world.say(ada, "one more", "x");
    assert_eq!(world.disk.rows_written, 2);
    assert_eq!(world.disk.segments.len(), 1);
}

#[test]
fn a_busy_room_holds_its_flush_until_there_is_enough_for_a_frame() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    for id in 0..50 {
        world.send(ada, &id.to_string(), "x");
        world.advance(5);
    }
    world.flush();
    world.send(ada, "after a pause", "x");
    world.advance(0);
    assert_eq!(world.client(ada).texts().len(), 51, "nothing to share it with");
    for id in 0..HOLD_NOTICES_ENOUGH {
        assert_ne!(world.room.timeout(), Some(world.now_ms), "{id}");
        world.send(ada, &format!("more {id}"), "x");
    }
    assert_eq!(world.room.timeout(), Some(world.now_ms));
}

#[test]
fn a_full_segment_is_left_alone() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    for id in 0..3 * SEGMENT_MESSAGES_MAX {
        world.say(ada, &id.to_string(), "x");
    }
    assert_eq!(world.disk.segments.len(), 3);
    assert_eq!(world.disk.rows_written, 3 * SEGMENT_MESSAGES_MAX);
    for id in 0..3 * SEGMENT_MESSAGES_MAX {
        world.send(ada, &format!("all at once {id}"), "x");
    }
    world.flush();
    assert_eq!(world.disk.rows_written, 3 * SEGMENT_MESSAGES_MAX + 3);
}

#[test]
fn a_repeated_id_stores_nothing_and_only_its_sender_hears_of_it() {
    let mut world = World::new();
    let (ada, bo) = (world.join("Ada"), world.join("Bo"));
    world.say(ada, "1", "hello");
    world.say(ada, "1", "hello");
    assert_eq!(world.disk.messages.len(), 1);
    assert_eq!(world.client(bo).texts(), ["hello"]);
    let Some(Reply::Message(line)) = world.client(ada).replies.last() else { panic!("no answer") };
    assert_eq!(line.decode().unwrap(), world.disk.messages[0]);
    // Another member's id is another id.
    world.say(bo, "1", "hello");
    assert_eq!(world.disk.messages.len(), 2);
}

#[test]
fn a_repeat_in_the_same_flush_is_one_message() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.send(ada, "1", "hello");
    world.send(ada, "1", "hello");
    world.send(ada, "1", "other");
    world.flush();
    assert_eq!(world.client(ada).texts(), ["hello"]);
    assert_eq!(world.client(ada).refusals(), ["id_conflict"]);
}

#[test]
fn the_same_id_with_another_text_is_a_conflict() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.say(ada, "1", "hello");
    world.hibernate();
    world.say(ada, "1", "hello!");
    assert_eq!(world.client(ada).refusals(), ["id_conflict"]);
    assert_eq!(world.client(ada).texts(), ["hello"]);
}

#[test]
fn ids_are_remembered_across_a_crash_for_a_day_and_a_thousand_messages() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    world.say(ada, "first", "hello");
    for id in 0..2_000 {
        world.send(ada, &id.to_string(), "x");
    }
    world.flush();
    let session = world.welcome(ada).session.clone();
    world.advance(REMEMBERED_MS_MIN - 1_000);
    world.crash();
    let ada = world.rejoin("Ada", Some(&session), None);
    world.say(ada, "first", "hello");
    assert_eq!(world.disk.messages.len(), 2_001);
    world.advance(10_000);
    world.say(ada, "another day", "x");
    world.say(ada, "1001", "x");
    assert_eq!(world.disk.messages.len(), 2_002);
}

#[test]
fn what_is_older_is_forgotten_so_that_memory_stays_bounded() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    for day in 0..20 {
        for id in 0..500 {
            world.send(ada, &format!("{day} {id}"), "x");
        }
        world.advance(REMEMBERED_MS_MIN / 2);
    }
    assert!(world.room.log.remembered() <= 1_000 + 1_000 + 2 * SEGMENT_MESSAGES_MAX);
}

#[test]
fn resume_brings_exactly_what_was_missed() {
    let mut world = World::unlimited();
    let (ada, bo) = (world.join("Ada"), world.join("Bo"));
    world.say(ada, "1", "one");
    let (session, position) = (world.welcome(bo).session.clone(), world.client(bo).position());
    let member = world.welcome(bo).you.clone();
    world.leave(bo);
    for id in 0..300 {
        world.send(ada, &format!("m{id}"), "x");
    }
    world.flush();
    world.hibernate();
    let bo = world.rejoin("Bo", Some(&session), Some(position.clone()));
    assert!(world.welcome(bo).recovered);
    assert_eq!(world.welcome(bo).you, member);
    assert_eq!(world.client(bo).messages.len(), 300);
    assert_eq!(world.client(bo).messages[0].seq, position.seq + 1);
    // One more, and it is all or nothing: nothing.
    world.say(ada, "last", "x");
    let late = world.rejoin("Cy", None, Some(position));
    assert!(!world.welcome(late).recovered);
    assert_eq!(world.client(late).messages.len(), 64);
    assert!(world.welcome(late).page.more);
}

#[test]
fn resume_within_another_epoch_or_beyond_the_head_is_none() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.say(ada, "1", "one");
    let here = world.client(ada).position();
    let up_to_date = world.rejoin("Bo", None, Some(here.clone()));
    assert!(world.welcome(up_to_date).recovered);
    assert_eq!(world.client(up_to_date).texts(), [""; 0]);
    for position in [
        Position { epoch: "another".to_owned(), ..here.clone() },
        Position { seq: here.seq + 1, ..here.clone() },
        Position { seq: u64::MAX, ..here },
    ] {
        let client = world.rejoin("Bo", None, Some(position));
        assert!(!world.welcome(client).recovered);
        assert_eq!(world.client(client).texts(), ["one"]);
    }
}

#[test]
fn a_second_connection_of_a_member_is_not_announced() {
    let mut world = World::new();
    let (ada, bo) = (world.join("Ada"), world.join("Bo"));
    let session = world.welcome(bo).session.clone();
    let told = world.client(ada).notices.len();
    let second = world.rejoin("Bo", Some(&session), None);
    assert_eq!(world.welcome(second).you, world.welcome(bo).you);
    assert_eq!(world.welcome(second).member_count, 2);
    world.hibernate();
    world.leave(bo);
    world.flush();
    assert_eq!(world.client(ada).notices.len(), told);
    world.leave(second);
    world.flush();
    assert!(matches!(world.client(ada).notices.last(), Some(Notice::Left { member_count: 1, .. })));
}

#[test]
fn a_session_under_another_name_renames_the_member() {
    let mut world = World::new();
    let ada = world.join("Ada");
    let session = world.welcome(ada).session.clone();
    let second = world.rejoin("Ada L.", Some(&session), None);
    assert_eq!(world.welcome(second).you.id, world.welcome(ada).you.id);
    assert!(
        matches!(world.client(ada).notices.as_slice(), [Notice::Renamed { member, .. }] if member.name == "Ada L.")
    );
    // Also for the older connection, after a sleep.
    world.hibernate();
    world.say(ada, "1", "hello");
    assert_eq!(world.disk.messages[0].from.name, "Ada L.");
}

#[test]
fn a_session_that_ran_out_makes_a_new_member() {
    let mut world = World::new();
    let ada = world.join("Ada");
    let (session, id) = (world.welcome(ada).session.clone(), world.welcome(ada).you.id);
    world.advance(SESSION_MS);
    let again = world.rejoin("Ada", Some(&session), None);
    assert_ne!(world.welcome(again).you.id, id);
}

#[test]
fn renaming_reaches_everybody_and_the_next_message() {
    let mut world = World::new();
    let (ada, bo) = (world.join("Ada"), world.join("Bo"));
    world.ask(ada, Request::Rename { name: " Countess ".to_owned() });
    world.say(ada, "1", "hello");
    for client in [ada, bo] {
        assert_eq!(world.client(client).messages[0].from.name, "Countess");
        assert!(world.client(client).notices.iter().any(|notice| matches!(notice, Notice::Renamed { .. })));
    }
    world.ask(bo, Request::Rename { name: "\u{202e}".to_owned() });
    assert_eq!(world.client(bo).refusals(), ["bad_name"]);
}

#[test]
fn history_pages_back_to_the_first_message_and_forth_again() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    for id in 0..1_000 {
        world.send(ada, &id.to_string(), &id.to_string());
        if id % 7 == 0 {
            world.flush();
        }
    }
    world.flush();
    let page = |range, limit| world.room.page(range, limit, &world.disk).unwrap();
    let seqs = |page: &Page| page.messages.iter().map(|line| line.decode().unwrap().seq).collect::<Vec<_>>();
    let (mut before, mut all) = (None, Vec::new());
    loop {
        let page = page(before.map_or(Range::Newest, Range::Before), 64);
        let mut older = seqs(&page);
        before = older.first().copied();
        older.append(&mut all);
        all = older;
        if !page.more {
            break;
        }
    }
    assert_eq!(all, (1..=1_000).collect::<Vec<_>>());
    let forth = page(Range::After(800), HISTORY_LIMIT_MAX);
    assert_eq!((seqs(&forth), forth.more), ((801..=1_000).collect(), false));
    let forth = page(Range::After(0), 10);
    assert_eq!((seqs(&forth), forth.more), ((1..=10).collect(), true));
    for nothing in [Range::Before(0), Range::Before(1), Range::After(1_000), Range::After(u64::MAX)] {
        assert_eq!(page(nothing, 10), Page::default(), "{nothing:?}");
    }
    assert_eq!(seqs(&page(Range::Before(u64::MAX), 1)), [1_000]);
}

#[test]
fn a_reply_names_a_message_that_exists() {
    let mut world = World::new();
    let ada = world.join("Ada");
    let reply =
        |id: &str, seq| Request::Send { id: id.to_owned(), text: "x".to_owned(), reply_to: Some(seq) };
    world.say(ada, "1", "one");
    world.ask(ada, reply("2", 1));
    world.ask(ada, reply("3", 0));
    world.ask(ada, reply("4", 3));
    world.flush();
    assert_eq!(world.client(ada).refusals(), ["bad_frame", "bad_frame"]);
    assert_eq!(world.disk.messages[1].reply_to, Some(1));
}

#[test]
fn nothing_but_a_join_comes_first() {
    let mut world = World::new();
    let stranger = world.open();
    world.send(stranger, "1", "hello");
    world.ask(stranger, Request::Typing { on: true });
    world.ask(stranger, Request::Ping);
    assert_eq!(world.client(stranger).refusals(), ["not_joined", "not_joined"]);
    assert_eq!(world.client(stranger).replies.last(), Some(&Reply::Pong));
    assert_eq!(world.disk.meta, None, "a room that nobody joined has no storage");
}

#[test]
fn who_does_not_join_in_time_is_closed_even_after_a_sleep() {
    let mut world = World::new();
    let (stranger, ada) = (world.open(), world.join("Ada"));
    world.advance(30_000);
    world.hibernate();
    world.advance(29_000);
    assert_eq!(world.client(stranger).closed, None);
    world.advance(2_000);
    assert_eq!(world.client(stranger).closed, Some(CloseCode::JoinTimeout));
    assert_eq!(world.client(ada).closed, None);
    assert_eq!(world.room.timeout(), None, "an idle room must be able to sleep");
}

#[test]
fn the_tenth_bad_frame_in_a_row_closes() {
    let mut world = World::new();
    let ada = world.join("Ada");
    for _ in 0..9 {
        world.handle(Event::Received(ada, broken("no JSON")));
    }
    world.say(ada, "1", "fine");
    for _ in 0..9 {
        world.handle(Event::Received(ada, broken("no JSON")));
    }
    assert_eq!(world.client(ada).closed, None);
    world.handle(Event::Received(ada, broken("no JSON")));
    assert_eq!(world.client(ada).closed, Some(CloseCode::BadFrames));
    assert_eq!(world.client(ada).refusals(), ["bad_frame"; 19]);
}

#[test]
fn binary_and_oversized_frames_close() {
    for (frame, code) in [(Unreadable::Binary, CloseCode::Binary), (Unreadable::TooBig, CloseCode::TooBig)] {
        let mut world = World::new();
        let (ada, bo) = (world.join("Ada"), world.join("Bo"));
        world.handle(Event::Received(bo, Err(frame)));
        world.flush();
        assert_eq!(world.client(bo).closed, Some(code));
        assert!(matches!(world.client(ada).notices.last(), Some(Notice::Left { .. })));
    }
}

#[test]
fn over_the_rate_is_refused_and_in_the_end_closed() {
    let mut world = World::new();
    let ada = world.join("Ada");
    for id in 0..29 {
        world.send(ada, &id.to_string(), "x");
    }
    assert_eq!(world.client(ada).refusals(), ["rate_limited"; 19]);
    world.advance(500);
    world.say(ada, "10", "x");
    assert_eq!(world.client(ada).texts().len(), 11);
    for id in 100..120 {
        assert_eq!(world.client(ada).closed, None);
        world.send(ada, &id.to_string(), "x");
    }
    assert_eq!(world.client(ada).closed, Some(CloseCode::RateLimited));
    assert_eq!(world.disk.messages.len(), 11);
}

#[test]
fn a_reconnect_does_not_refill_the_bucket() {
    let mut world = World::new();
    let ada = world.join("Ada");
    for id in 0..10 {
        world.send(ada, &id.to_string(), "x");
    }
    let session = world.welcome(ada).session.clone();
    world.leave(ada);
    let ada = world.rejoin("Ada", Some(&session), None);
    world.send(ada, "10", "x");
    assert_eq!(world.client(ada).refusals(), ["rate_limited"]);
    // What was taken before is answered all the same.
    world.send(ada, "9", "x");
    assert!(matches!(world.client(ada).replies.last(), Some(Reply::Message(_))));
}

#[test]
fn typing_is_passed_on_and_bounded() {
    let mut world = World::new();
    let (ada, bo) = (world.join("Ada"), world.join("Bo"));
    for _ in 0..1_000 {
        world.ask(bo, Request::Typing { on: true });
    }
    world.flush();
    let member = world.welcome(bo).you.clone();
    let typing = Notice::Typing { member, on: true };
    let heard = world.client(ada).notices.iter().filter(|notice| **notice == typing).count();
    assert!((1..=30).contains(&heard), "{heard}");
}

#[test]
fn who_asks_before_the_welcome_is_served_from_what_waited_to_be_stored() {
    let mut world = World::new();
    let ada = world.join("Ada");
    let session = world.welcome(ada).session.clone();
    world.send(ada, "1", "tea?");
    let again = world.open();
    world.ask(again, Request::Join { name: "Ada".to_owned(), session: Some(session), after: None });
    world.send(again, "1", "tea?");
    world.send(ada, "2", "milk?");
    let bo = world.open();
    world.ask(bo, Request::Join { name: "Bo".to_owned(), session: None, after: None });
    world.ask(bo, Request::History { range: Range::Newest, limit: 9 });
    world.flush();
    assert!(
        matches!(&world.client(again).replies[1], Reply::Message(line) if line.decode().unwrap().seq == 1)
    );
    assert!(matches!(&world.client(bo).replies[1], Reply::History(page) if page.messages.len() == 2));
}

#[test]
fn who_sends_before_the_welcome_gets_both() {
    let mut world = World::new();
    let ada = world.open();
    world.ask(ada, Request::Join { name: "Ada".to_owned(), session: None, after: None });
    world.send(ada, "1", "at once");
    world.flush();
    assert_eq!(world.welcome(ada).head, 0);
    assert_eq!(world.client(ada).texts(), ["at once"]);
}

#[test]
fn who_joins_and_leaves_at_once_leaves_no_trace() {
    let mut world = World::new();
    let ada = world.join("Ada");
    let ghost = world.open();
    world.ask(ghost, Request::Join { name: "Ghost".to_owned(), session: None, after: None });
    world.leave(ghost);
    world.flush();
    assert_eq!(world.client(ada).member_count, 1);
    world.hibernate();
}

#[test]
fn a_message_over_http_is_stored_told_and_known_again() {
    let mut world = World::new();
    let ada = world.join("Ada");
    assert_eq!(world.publish("1", "Bot", "beep"), Ok(Published { seq: 1, new: true }));
    assert_eq!(world.client(ada).texts(), ["beep"]);
    assert_eq!(world.publish("1", "Bot", "beep"), Ok(Published { seq: 1, new: false }));
    assert_eq!(world.publish("1", "Bot", "boop"), Err(Refusal::IdConflict));
    assert_eq!(world.publish("2", "", "boop").map_err(|refusal| refusal.code()), Err("bad_name"));
    world.hibernate();
    assert_eq!(world.publish("1", "Bot", "beep"), Ok(Published { seq: 1, new: false }));
    assert_eq!(world.disk.messages.len(), 1);
    world.advance(1_000);
    for id in 0..9 {
        world.publish(&format!("more {id}"), "Bot", "x").unwrap();
    }
    world.publish("over", "Bot", "x").unwrap();
    assert!(matches!(world.publish("too much", "Bot", "x"), Err(Refusal::RateLimited { .. })));
}

#[test]
fn a_message_repeated_over_http_as_it_becomes_too_old_is_answered() {
    let mut world =
        World::with(Limits { rate_burst: 1e6, history_ms_max: REMEMBERED_MS_MIN, ..Limits::default() });
    let ada = world.join("Ada");
    for id in 0..SEGMENT_MESSAGES_MAX + 1 {
        world.publish(&id.to_string(), "Bot", "beep").unwrap();
    }
    world.advance(REMEMBERED_MS_MIN - 1);
    world.send(ada, "0", "leaves at once");
    world.advance(1);
    world.send(ada, "1", "this will trim");
    assert_eq!(world.publish("0", "Bot", "beep"), Ok(Published { seq: 1, new: false }));
    world.flush();
    assert!(!world.disk.segments.contains_key(&1));
}

#[test]
fn a_refused_message_over_http_leaves_the_room_unused() {
    let mut world = World::new();
    assert_eq!(world.publish("1", "Bot", " "), Err(Refusal::EmptyText));
    assert_eq!(world.publish("1", "", "hello").map_err(|refusal| refusal.code()), Err("bad_name"));
    assert_eq!(world.disk.meta, None);
    assert_eq!(world.room.summary(), None);
}

#[test]
fn a_joiner_among_others_in_one_flush_sees_one_consistent_room() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    let many: Vec<_> = (0..50).map(|_| world.open()).collect();
    for (index, connection) in many.iter().enumerate() {
        world.send(ada, &index.to_string(), "x");
        let name = format!("member {index}");
        world.ask(*connection, Request::Join { name, session: None, after: None });
    }
    world.flush();
    let [first, last] = [many[0], many[49]].map(|connection| world.welcome(connection));
    assert!(Rc::ptr_eq(&first.members, &last.members) && Rc::ptr_eq(&first.page, &last.page), "kept once");
    for connection in many {
        assert_eq!(world.welcome(connection).member_count, 51);
        assert_eq!(world.client(connection).messages.len(), 50);
    }
}

#[test]
fn a_log_with_a_hole_is_a_fault_and_no_gap() {
    let mut world = World::unlimited();
    let ada = world.join("Ada");
    for id in 0..3 * SEGMENT_MESSAGES_MAX {
        world.send(ada, &id.to_string(), "x");
    }
    world.flush();
    world.disk.segments.remove(&65);
    assert!(matches!(world.room.page(Range::Newest, 200, &world.disk), Err(Fault::Log(_))));
    assert!(world.room.page(Range::Newest, 10, &world.disk).is_ok());
}

/// A member who says so much, a flush for every message.
fn talk(world: &mut World, member: ConnectionId, messages: usize) {
    for _ in 0..messages {
        let id = world.disk.messages.len().to_string();
        world.say(member, &id, "x");
    }
}

#[test]
fn history_over_its_count_goes_a_segment_at_a_time() {
    let limits = Limits { history_messages_max: 1_000, rate_burst: 1e6, ..Limits::default() };
    let mut world = World::with(limits);
    let ada = world.join("Ada");
    talk(&mut world, ada, 1_500);
    assert_eq!(
        world.disk.segments.len(),
        1_500_usize.div_ceil(SEGMENT_MESSAGES_MAX),
        "a day is kept whatever the count"
    );
    let session = world.welcome(ada).session.clone();
    world.advance(REMEMBERED_MS_MIN);
    talk(&mut world, ada, 100);
    let first = *world.disk.segments.keys().next().unwrap();
    assert!((1_600 - 1_000 - 2 * SEGMENT_MESSAGES_MAX as Seq..=601).contains(&first), "{first}");
    world.hibernate();
    let page = |range, limit| world.room.page(range, limit, &world.disk).unwrap();
    assert_eq!(page(Range::After(0), 1).messages[0].decode().unwrap().seq, first);
    let last = page(Range::Before(first + 10), 200);
    assert_eq!((last.messages.len(), last.more), (10, false));
    assert_eq!(page(Range::Before(first), 10), Page::default());
    // Who was away since before then can't resume; who saw the last that went can.
    let epoch = world.welcome(ada).epoch.clone();
    world.limits.resume_messages_max = 10_000;
    world.hibernate();
    for (seq, recovered) in [(first - 2, false), (first - 1, true)] {
        let after = Some(Position { epoch: epoch.clone(), seq });
        let back = world.rejoin("Ada", Some(&session), after);
        assert_eq!(world.welcome(back).recovered, recovered);
    }
    // An id that went with its message is a new one.
    world.say(ada, "1", "x");
    assert_eq!(world.client(ada).messages.last().unwrap().seq, 1_601);
}

#[test]
fn history_over_its_bytes_goes_too() {
    let limits = Limits { history_bytes_max: 300_000, rate_burst: 1e6, ..Limits::default() };
    let mut world = World::with(limits);
    let ada = world.join("Ada");
    talk(&mut world, ada, 3_000);
    world.advance(REMEMBERED_MS_MIN);
    talk(&mut world, ada, 300);
    let bytes: usize = world.disk.segments.values().map(|row| row.body.len() + row.keys.len()).sum();
    assert!((250_000..=300_000).contains(&bytes), "{bytes}");
}

#[test]
fn old_history_goes_though_nobody_speaks_and_a_room_left_alone_is_wiped() {
    let mut world =
        World::with(Limits { rate_burst: 1e6, history_ms_max: REMEMBERED_MS_MIN, ..Limits::default() });
    let ada = world.join("Ada");
    talk(&mut world, ada, 700);
    let epoch = world.welcome(ada).epoch.clone();
    assert_eq!(world.disk.alarm, Some(world.disk.meta.as_ref().unwrap().created_at + REMEMBERED_MS_MIN));
    let mut alarms = 0;
    while world.disk.segments.len() > 1 {
        world.advance(world.disk.alarm.unwrap() - world.now_ms);
        world.hibernate();
        world.handle(Event::Alarm);
        alarms += 1;
    }
    assert!(alarms < 5, "{alarms}");
    assert_eq!(world.disk.segments.keys().next(), Some(&641), "the newest stays while somebody is here");
    world.say(ada, "still here", "x");
    assert_eq!(world.client(ada).messages.last().unwrap().seq, 701);
    world.leave(ada);
    world.flush();
    while world.disk.meta.is_some() {
        world.advance(world.disk.alarm.unwrap().saturating_sub(world.now_ms));
        world.handle(Event::Alarm);
        alarms += 1;
    }
    assert!(alarms < 9, "{alarms}");
    assert!(world.disk.segments.is_empty());
    assert_eq!(world.room.summary(), None);
    let again = world.join("Ada");
    assert_ne!(world.welcome(again).epoch, epoch);
    world.say(again, "1", "hello");
    assert_eq!(world.client(again).messages[0].seq, 1);
}

#[test]
fn what_was_just_said_stays_though_its_row_was_begun_long_ago() {
    const DAY_MS: u64 = 86_400_000;
    let limits = Limits { history_ms_max: DAY_MS, rate_burst: 1e6, ..Limits::default() };
    let mut world = World::with(limits);
    let ada = world.join("Ada");
    (1..=60).for_each(|n| world.say(ada, &n.to_string(), "old"));
    world.hibernate();
    world.now_ms += DAY_MS;
    (61..=70).for_each(|n| world.say(ada, &n.to_string(), "new"));
    assert_eq!(world.disk.segments.len(), 2, "the first row is full, and as young as its last message");
    world.now_ms += DAY_MS;
    world.say(ada, "71", "x");
    assert_eq!(world.disk.segments.len(), 1, "now it is old");
}

#[test]
fn an_alarm_in_a_room_in_use_deletes_nothing() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.say(ada, "1", "hello");
    world.handle(Event::Alarm);
    assert_eq!(world.disk.segments.len(), 1);
    assert!(world.disk.alarm.unwrap() > world.now_ms);
}

#[test]
fn senders_are_told_of_what_could_not_be_stored() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.say(ada, "stored", "x");
    world.send(ada, "1", "x");
    let _ = world.room.handle(Event::Tick, world.now_ms, &world.disk).unwrap();
    let refused = world.room.give_up();
    let refusal = Refusal::NotStored;
    assert_eq!(refused, [Effect::Send(ada, Reply::Refused { refusal, id: Some("1".to_owned()) })]);
}

#[test]
fn a_later_fault_denies_nothing_that_was_stored() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.say(ada, "1", "x");
    assert_eq!(world.room.give_up(), []);
}

#[test]
fn a_clock_that_jumps_back_puts_no_flush_off() {
    let mut world = World::new();
    let ada = world.join("Ada");
    world.send(ada, "1", "x");
    world.now_ms -= 3_600_000;
    world.open();
    assert!(world.room.timeout().unwrap() <= world.now_ms + crate::limits::HOLD_MS);
    world.flush();
    assert_eq!(world.client(ada).texts(), ["x"]);
}

/// One step of a random life of a room. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Open,
    Join(usize, Option<usize>, bool),
    Send(usize, u8, bool),
    Rename(usize),
    Typing(usize),
    Listen(usize),
    Enter(usize),
    Speak(usize, bool),
    Bad(usize),
    Leave(usize),
    Publish(u8),
    Advance(u16),
    Hibernate,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Open),
        4 => (any::<usize>(), any::<Option<usize>>(), any::<bool>()).prop_map(|(a, b, c)| Step::Join(a, b, c)),
        12 => (any::<usize>(), any::<u8>(), any::<bool>()).prop_map(|(a, b, c)| Step::Send(a, b % 40, c)),
        1 => any::<usize>().prop_map(Step::Rename),
        1 => any::<usize>().prop_map(Step::Typing),
        2 => any::<usize>().prop_map(Step::Listen),
        2 => any::<usize>().prop_map(Step::Enter),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(a, b)| Step::Speak(a, b)),
        1 => any::<usize>().prop_map(Step::Bad),
        2 => any::<usize>().prop_map(Step::Leave),
        1 => any::<u8>().prop_map(|id| Step::Publish(id % 10)),
        4 => (0..200u16).prop_map(Step::Advance),
        1 => Just(Step::Hibernate),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..120)
}

/// What a member takes along from one connection to the next.
type Memory = (String, Position, Vec<u64>);

fn remember(client: &Client) -> Option<Memory> {
    let welcome = client.welcome.as_ref()?;
    let seqs = client.messages.iter().map(|message| message.seq).collect();
    Some((welcome.session.clone(), client.position(), seqs))
}

fn live(world: &mut World, steps: Vec<Step>) {
    let mut memories: Vec<Memory> = Vec::new();
    for step in steps {
        let connections: Vec<_> = world.clients.keys().copied().collect();
        let pick = |index: usize| connections.get(index % connections.len().max(1)).copied();
        match step {
            Step::Open => drop(world.open()),
            Step::Join(at, memory, resume) => {
                let Some(connection) = pick(at) else { continue };
                let memory = memory.and_then(|index| memories.get(index % memories.len().max(1)));
                let session = memory.map(|(session, ..)| session.clone());
                let after = memory.filter(|_| resume).map(|(_, position, _)| position.clone());
                world.ask(connection, Request::Join { name: format!("m{}", at % 5), session, after });
            }
            Step::Send(at, id, same) => {
                let Some(connection) = pick(at) else { continue };
                world.send(connection, &id.to_string(), if same { "same" } else { "other" });
            }
            Step::Rename(at) => {
                let Some(connection) = pick(at) else { continue };
                world.ask(connection, Request::Rename { name: format!("n{}", at % 7) });
            }
            Step::Typing(at) => {
                let Some(connection) = pick(at) else { continue };
                world.ask(connection, Request::Typing { on: at % 2 == 0 });
            }
            Step::Listen(at) => {
                let Some(connection) = pick(at) else { continue };
                world.ask(connection, Request::Listen { history: at % 9 });
            }
            Step::Enter(at) => {
                let Some(connection) = pick(at) else { continue };
                world.ask(connection, Request::Enter { name: Some(format!("e{}", at % 5)) });
            }
            Step::Speak(at, named) => {
                let Some(connection) = pick(at) else { continue };
                let name = named.then(|| format!("s{}", at % 3));
                world.ask(connection, Request::Speak { name, text: "spoken".to_owned(), original: None });
            }
            Step::Bad(at) => {
                let Some(connection) = pick(at) else { continue };
                world.handle(Event::Received(connection, broken("bad")));
            }
            Step::Leave(at) => {
                let Some(connection) = pick(at) else { continue };
                memories.extend(remember(world.client(connection)));
                world.leave(connection);
            }
            Step::Publish(id) => drop(world.publish(&id.to_string(), "Bot", "beep")),
            Step::Advance(ms) => world.advance(ms.into()),
            Step::Hibernate => world.hibernate(),
            Step::Crash => {
                memories.extend(world.clients.values().filter_map(remember));
                world.crash();
            }
        }
    }
    world.flush();
    // Whatever life was, who resumes has the whole history from where they were, or is told otherwise.
    for (session, position, _) in memories {
        let after = Some(position.clone());
        let connection = world.rejoin("back", Some(&session), after);
        let welcome = world.welcome(connection);
        let missed: Vec<_> = world.disk.messages.iter().filter(|it| it.seq > position.seq).cloned().collect();
        assert_eq!(welcome.recovered, missed.len() <= world.limits.resume_messages_max);
        if welcome.recovered {
            assert_eq!(world.client(connection).messages, missed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_keeps_the_promises(steps in steps()) {
        live(&mut World::unlimited(), steps);
    }

    #[test]
    fn any_life_under_limits_keeps_the_promises(steps in steps()) {
        let tight = Limits {
            rate_burst: 3.0,
            history_on_join: 4,
            resume_messages_max: 6,
            join_timeout_ms: 500,
            ..Limits::default()
        };
        live(&mut World::with(tight), steps);
    }

    #[test]
    fn any_text_is_stored_as_sent_or_refused(text in "\\PC*|[\\x00-\\x{10ffff}]{0,40}") {
        let mut world = World::new();
        let ada = world.join("Ada");
        world.say(ada, "1", &text);
        match world.client(ada).refusals().as_slice() {
            [] => prop_assert_eq!(world.client(ada).texts(), vec![text.as_str()]),
            _ => prop_assert!(world.disk.messages.is_empty()),
        }
    }
}

#[test]
fn the_same_events_have_the_same_effects() {
    let life = || {
        let mut world = World::new();
        let ada = world.join("Ada");
        world.say(ada, "1", "hello");
        world.join("Bo");
        format!("{:?}", world.clients)
    };
    assert_eq!(life(), life());
    assert_eq!(SEED.len(), 32);
}
