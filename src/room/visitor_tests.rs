//! What a token and an address mean in the room.

use super::harness::World;
use super::*;

fn reader() -> Visitor {
    Visitor { role: Role::Reader, ..Visitor::default() }
}

fn named(subject: &str, name: &str) -> Visitor {
    Visitor { subject: Some(subject.to_owned()), name: Some(name.to_owned()), ..Visitor::default() }
}

#[test]
fn a_reader_reads_and_may_report() {
    let mut world = World::new();
    let (ada, eve) = (world.join("Ada"), world.join_as("Eve", reader()));
    world.say(ada, "1", "hello");
    assert_eq!(world.client(eve).texts(), ["hello"]);
    let forbidden = [
        Request::Send { id: "1".to_owned(), text: "x".to_owned(), reply_to: None },
        Request::Rename { name: "Bo".to_owned() },
    ];
    for (count, request) in (1..).zip(forbidden) {
        world.ask(eve, request);
        assert_eq!(world.client(eve).refusals(), vec!["forbidden"; count]);
    }
    world.ask(eve, Request::Report { seq: 1, reason: "rude".to_owned() });
    assert!(matches!(world.client(eve).replies.last(), Some(Reply::Reported(1))));
    world.ask(eve, Request::Typing { on: true });
    world.ask(eve, Request::TypingAs { name: "Bo".to_owned(), on: true });
    world.ask(eve, Request::Speak { name: Some("Bo".to_owned()), text: "x".to_owned(), original: None });
    world.flush();
    assert_eq!(world.client(ada).notices.len(), 2, "Eve came, Ada spoke");
    assert_eq!(world.publish_as(&reader(), "1", "Eve", "x"), Err(Refusal::Forbidden));
}

#[test]
fn the_name_of_a_token_is_the_members_name() {
    let mut world = World::new();
    let ada = world.join_as("Somebody else", named("ada", "Ada"));
    assert_eq!(world.welcome(ada).you.name, "Ada");
    world.ask(ada, Request::Rename { name: "Bo".to_owned() });
    assert_eq!(world.client(ada).refusals(), ["forbidden"]);
    let informal = world.open_as(named("cy", "Cy"));
    world.ask(informal, Request::Enter { name: Some("Bo".to_owned()) });
    world.ask(informal, Request::Enter { name: Some("Bo".to_owned()) });
    world
        .ask(informal, Request::Speak { name: Some("Bo".to_owned()), text: "hi".to_owned(), original: None });
    world.flush();
    assert_eq!(world.client(ada).messages[0].from.name, "Cy");
    world.publish_as(&named("bot", "Bot"), "1", "Bo", "beep").unwrap();
    assert_eq!(world.client(ada).messages[1].from.name, "Bot");
}

#[test]
fn a_lasting_identity_is_one_member_and_no_session_opens_it() {
    let mut world = World::new();
    let (one, two) = (world.join_as("Ada", named("ada", "Ada")), world.join_as("Ada", named("ada", "Ada")));
    let id = world.welcome(one).you.id;
    assert_eq!(world.welcome(two).you.id, id);
    assert_eq!(world.client(one).member_count, 1);
    world.publish_as(&named("ada", "Ada"), "1", "x", "from a script").unwrap();
    assert_eq!(world.client(one).messages[0].from.id, id);
    let session = world.welcome(one).session.clone();
    let thief = world.rejoin("Thief", Some(&session), None);
    assert_ne!(world.welcome(thief).you.id, id);
    // Nor does another's session make somebody with an identity another.
    let theirs = world.welcome(thief).session.clone();
    let ada = world.open_as(named("ada", "Ada"));
    world.ask(ada, Request::Join { name: "Ada".to_owned(), session: Some(theirs), after: None });
    world.flush();
    assert_eq!(world.welcome(ada).you.id, id);
}

#[test]
fn a_connection_ends_when_its_token_does_and_the_room_sleeps_until_then() {
    let mut world = World::new();
    let expires_at = world.now_ms + 3_600_000;
    let ada = world.join("Ada");
    let bo = world.join_as("Bo", Visitor { expires_at: Some(expires_at), ..Visitor::default() });
    assert_eq!(world.disk.alarm, Some(expires_at));
    assert_eq!(world.room.timeout(), None, "a timer would keep it awake");
    let later = Visitor { expires_at: Some(expires_at + 1), ..Visitor::default() };
    let cy = world.join_as("Cy", later);
    assert_eq!(world.disk.alarm, Some(expires_at));
    world.hibernate();
    world.now_ms = expires_at - 1;
    world.handle(Event::Alarm);
    assert_eq!(world.client(bo).closed, None);
    assert_eq!(world.disk.alarm, Some(expires_at), "asked for again");
    world.now_ms = expires_at;
    world.handle(Event::Alarm);
    world.flush();
    assert_eq!(world.client(bo).closed, Some(CloseCode::Expired));
    assert_eq!(world.client(ada).member_count, 1 + usize::from(world.client(cy).closed.is_none()));
    // Without an alarm the next event ends it.
    world.now_ms = expires_at + 1;
    world.say(ada, "1", "hello");
    assert_eq!(world.client(cy).closed, Some(CloseCode::Expired));
}

#[test]
fn a_listener_ends_when_its_token_does() {
    let mut world = World::new();
    let expires_at = world.now_ms + 1_000;
    let ear = world.open_as(Visitor { expires_at: Some(expires_at), ..Visitor::default() });
    world.ask(ear, Request::Listen { history: 0 });
    assert_eq!(world.disk.alarm, Some(expires_at));
    world.flush();
    world.now_ms = expires_at;
    world.handle(Event::Alarm);
    assert_eq!(world.client(ear).closed, Some(CloseCode::Expired));
}

#[test]
fn a_token_may_give_another_rate() {
    let mut world = World::new();
    let rate = |burst, per_second| Visitor { rate: Some(Rate { burst, per_second }), ..Visitor::default() };
    let (bot, slow) = (world.join_as("Bot", rate(100.0, 10.0)), world.join_as("Slow", rate(1.0, 0.5)));
    for n in 0..101 {
        world.send(bot, &n.to_string(), "x");
    }
    world.flush();
    assert_eq!(world.client(bot).messages.len(), 100);
    assert_eq!(world.client(bot).refusals(), ["rate_limited"]);
    world.send(slow, "1", "x");
    world.send(slow, "2", "x");
    assert_eq!(world.client(slow).refusals(), ["rate_limited"]);
}

#[test]
fn who_may_say_less_than_others_may_not_say_more_where_many_speak() {
    let mut world = World::new();
    let slow = Visitor { rate: Some(Rate { burst: 1.0, per_second: 0.001 }), ..Visitor::default() };
    let slow = world.join_as("Slow", slow);
    world.say(slow, "1", "x");
    for round in 0..2 {
        // Memory is tidied where more have spoken than are here.
        (0..200).for_each(|n| drop(world.publish(&format!("{round}"), &format!("Bot {n}"), "x")));
        world.advance(1_000);
    }
    world.say(slow, "2", "x");
    assert_eq!(world.client(slow).refusals(), ["rate_limited"]);
}

#[test]
fn sleep_makes_no_bucket_full() {
    let mut world = World::with(Limits { rate_burst: 3.0, rate_per_second: 0.001, ..Limits::default() });
    let (ada, bo) = (world.join("Ada"), world.join("Bo"));
    for n in 0..3 {
        world.say(ada, &n.to_string(), "x");
    }
    world.advance(15_000);
    world.hibernate();
    world.say(ada, "over", "x");
    world.say(bo, "1", "x");
    assert_eq!(world.client(ada).refusals(), ["rate_limited"]);
    assert!(world.client(bo).refusals().is_empty());
}

#[test]
fn one_address_has_so_many_connections_and_so_many_a_second() {
    let mut world = World::with(Limits { connections_per_address_max: 3, ..Limits::default() });
    let from = |address: &str| Visitor { address: Some(address.to_owned()), ..Visitor::default() };
    let knock = |world: &mut World, address: &str| {
        world.room.admit(&from(address), world.now_ms).map(|()| world.join_as("Ada", from(address)))
    };
    let first = knock(&mut world, "192.0.2.1").unwrap();
    knock(&mut world, "192.0.2.1").unwrap();
    knock(&mut world, "192.0.2.1").unwrap();
    assert_eq!(knock(&mut world, "192.0.2.1"), Err(Refusal::TooManyConnections));
    world.hibernate();
    assert_eq!(knock(&mut world, "192.0.2.1"), Err(Refusal::TooManyConnections));
    assert!(knock(&mut world, "192.0.2.2").is_ok());
    for _ in 0..9 {
        assert_eq!(world.room.admit(&Visitor::default(), world.now_ms), Ok(()), "nobody's address");
    }
    // Coming and going is bounded too.
    world.leave(first);
    let mut admitted = 0;
    while let Ok(connection) = knock(&mut world, "192.0.2.1") {
        world.leave(connection);
        admitted += 1;
    }
    assert!((1..=3).contains(&admitted), "{admitted}");
    assert!(matches!(knock(&mut world, "192.0.2.1"), Err(Refusal::RateLimited { retry_after_ms: 1.. })));
    world.advance(60_000);
    assert!(knock(&mut world, "192.0.2.1").is_ok());
}

#[test]
fn addresses_are_forgotten_once_they_say_nothing() {
    let mut world = World::new();
    for n in 0..1_000 {
        let visitor = Visitor { address: Some(n.to_string()), ..Visitor::default() };
        let connection = world.join_as("Ada", visitor);
        world.leave(connection);
        world.advance(1_000);
    }
    assert!(world.room.addresses.len() <= 66, "{}", world.room.addresses.len());
}

#[test]
fn addresses_that_came_all_at_once_are_forgotten_later_but_not_those_who_are_here() {
    let from = |address: &str| Visitor { address: Some(address.to_owned()), ..Visitor::default() };
    let mut world = World::new();
    world.join_as("Ada", from("a"));
    world.join_as("Bo", from("b"));
    let crowd: Vec<_> = (0..100)
        .map(|n| {
            let visitor = from(&n.to_string());
            let connection = world.open_as(visitor.clone());
            world.room.admit(&visitor, world.now_ms).unwrap();
            connection
        })
        .collect();
    crowd.into_iter().for_each(|connection| world.leave(connection));
    assert_eq!(world.room.addresses.len(), 102, "they may not come again as often as anybody yet");
    world.advance(60_000);
    let last = world.open_as(from("z"));
    world.leave(last);
    assert_eq!(world.room.addresses.len(), 2);
    for here in ["a", "b"] {
        assert_eq!(
            world.room.addresses.get(here).map(|it| it.open),
            Some(1),
            "or it may hold more than its share"
        );
    }
}

#[test]
fn who_leaves_while_others_wait_for_their_welcome_takes_nobody_s_away() {
    let mut world = World::new();
    let join = |name: &str| Request::Join { name: name.to_owned(), session: None, after: None };
    let (ada, bo) = (world.open(), world.open());
    world.ask(ada, join("Ada"));
    world.ask(bo, join("Bo"));
    assert!(world.client(bo).welcome.is_none(), "it is welcomed with the flush");
    world.leave(ada);
    world.flush();
    assert_eq!(world.welcome(bo).member_count, 1);
}

#[test]
fn who_sends_nothing_but_futile_frames_is_cut_off() {
    let history = Request::History { range: Range::Newest, limit: 200 };
    for request in [Request::Ping, Request::Typing { on: true }, history] {
        let mut world = World::new();
        let (ada, eve) = (world.join("Ada"), world.join("Eve"));
        let mut sent = 0;
        while world.client(eve).closed.is_none() && sent < 10_000 {
            world.ask(eve, request.clone());
            sent += 1;
        }
        world.flush();
        assert_eq!(world.client(eve).closed, Some(CloseCode::RateLimited), "{request:?}");
        assert!(sent > 500, "{request:?} after {sent}");
        assert!(sent < 600, "{request:?} after {sent}");
        assert_eq!((world.client(ada).member_count, world.client(ada).closed), (1, None));
    }
}

/// Asks for history until it is cut off: how often that was answered.
fn pages_until_cut_off(text: &str, messages: u64) -> usize {
    let mut world = World::with(Limits { rate_burst: 1e3, ..Limits::default() });
    let (ada, eve) = (world.join("Ada"), world.join("Eve"));
    (0..messages).for_each(|n| world.say(ada, &n.to_string(), text));
    while world.client(eve).closed.is_none() {
        world.ask(eve, Request::History { range: Range::Newest, limit: 200 });
    }
    assert_eq!(world.client(eve).closed, Some(CloseCode::RateLimited));
    world.client(eve).replies.iter().filter(|reply| matches!(reply, Reply::History(_))).count()
}

#[test]
fn a_page_of_history_counts_by_its_size() {
    let short = pages_until_cut_off("a few words, as people say them", 200);
    assert!((80..200).contains(&short), "{short} pages of 200 short lines");
    let long = pages_until_cut_off(&"x".repeat(2_000), 200);
    assert!((5..20).contains(&long), "{long} pages of 200 lines of 2,000 characters");
}

#[test]
fn frames_that_lead_to_nothing_give_others_their_turn() {
    let mut world = World::new();
    let (ada, eve) = (world.join("Ada"), world.join("Eve"));
    world.say(ada, "1", "what is sent within the rate is no reason");
    assert!(!world.room.gives_way());
    let gave_way = |world: &mut World, frames: u32, act: &mut dyn FnMut(&mut World)| {
        let turns = (0..frames).filter(|_| {
            act(world);
            world.room.gives_way()
        });
        turns.count() as u32
    };
    let refused = gave_way(&mut world, 3 * TURN_FRAMES, &mut |world| world.ask(eve, Request::Ping));
    assert_eq!(refused, 3);
    let strays = gave_way(&mut world, 3 * TURN_FRAMES, &mut |world| world.room.note_stray());
    assert_eq!(strays, 3);
}

#[test]
fn who_is_ended_for_its_rate_can_not_come_again_and_again() {
    let mut world = World::new();
    let eve = Visitor { address: Some("203.0.113.9".to_owned()), ..Visitor::default() };
    let mut came = 0;
    while world.room.admit(&eve, world.now_ms).is_ok() {
        let connection = world.join_as("Eve", eve.clone());
        while world.client(connection).closed.is_none() {
            world.ask(connection, Request::Ping);
        }
        came += 1;
        assert!(came < 20, "as often as it likes");
    }
    assert!(came > 3, "others may share the address");
    world.advance(60_000);
    assert_eq!(world.room.admit(&eve, world.now_ms), Ok(()));
    let other = Visitor { address: Some("203.0.113.10".to_owned()), ..Visitor::default() };
    assert_eq!(world.room.admit(&other, world.now_ms), Ok(()));
}

#[test]
fn frames_longer_than_any_message_count_by_their_size() {
    let mut world = World::new();
    let eve = world.join("Eve");
    let mut sent = 0;
    while world.client(eve).closed.is_none() {
        world.room.weigh(eve, 64_000);
        world.ask(eve, Request::Ping);
        sent += 1;
    }
    assert!((50..80).contains(&sent), "{sent}");
}
