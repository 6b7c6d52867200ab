//! What a room does for clients that know nothing of ids, refusals and a formal `join`: they listen,
//! they have some name, they speak. Whatever can be made right is; what can't is dropped, and never
//! counted against the connection, whose client could not know.

use super::*;

impl Room {
    /// Does what an informal request asks for.
    pub(super) fn serve_informally(
        &mut self,
        connection: ConnectionId,
        member: Option<MemberId>,
        request: Request,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        match (request, member) {
            (Request::Listen { history }, None) => {
                if self.connections.get(&connection).is_none_or(|known| known.listens) {
                    return Ok(Vec::new());
                }
                self.let_listen(connection);
                self.waiting.push((connection, Awaited::Hearing(history)));
                self.request_flush(Cause::Notice, now_ms);
                Ok(self.watch_expiry().into_iter().collect())
            }
            (Request::Enter { name }, None) => Ok(self.enter(connection, name.as_deref(), now_ms)),
            (Request::Enter { name }, Some(member)) => {
                Ok(self.go_by(connection, member, name.as_deref().unwrap_or_default(), now_ms))
            }
            (Request::Speak { name, text, original }, None) => {
                let mut effects = self.enter(connection, name.as_deref(), now_ms);
                let member = self.connections.get(&connection).and_then(|known| known.member);
                if let Some(member) = member {
                    effects.extend(self.speak(connection, member, None, text, original, now_ms, archive)?);
                }
                Ok(effects)
            }
            (Request::Speak { name, text, original }, Some(member)) => {
                self.speak(connection, member, name.as_deref(), text, original, now_ms, archive)
            }
            (Request::TypingAs { name, on }, Some(member)) => {
                let mut effects = self.go_by(connection, member, &name, now_ms);
                effects.extend(self.tell_typing(connection, member, on, now_ms));
                Ok(effects)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Lets a connection hear what is said without being a member's; it need not join in time then.
    pub(super) fn let_listen(&mut self, connection: ConnectionId) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        known.listens = true;
        let deadline = known.opened_at.saturating_add(self.limits.join_timeout_ms);
        self.join_deadlines.remove(&(deadline, connection));
    }

    pub(super) fn begin_hearing(
        &self,
        connection: ConnectionId,
        history: usize,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(seat) = self.seat(connection) else { return Ok(Vec::new()) };
        let page = self.log.page(Range::Newest, history, archive)?;
        Ok(vec![Effect::Seat(connection, seat), Effect::Send(connection, Reply::Listening(page))])
    }

    /// Whether anybody is there to be told something.
    pub(super) fn is_heard(&self) -> bool {
        self.presence.count() > 0 || self.connections.values().any(|connection| connection.listens)
    }

    /// Tells that a member types, unless it may not or does so too often.
    pub(super) fn tell_typing(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        on: bool,
        now_ms: u64,
    ) -> Vec<Effect> {
        let role = self.role_of(connection);
        let silent = match self.may_speak(member, role, now_ms) {
            Ok(()) | Err(Refusal::RateLimited { .. }) => false,
            Err(_) => true,
        };
        if silent || self.take_signals(member, now_ms).is_err() {
            return self.note_futile(connection, now_ms).into_iter().collect();
        }
        if let Some(member) = self.presence.get(member).cloned() {
            self.tell(Notice::Typing { member, on }, now_ms);
        }
        Vec::new()
    }

    /// Whether the member may change its name: not one that its token gives.
    pub(super) fn may_rename(&self, connection: ConnectionId) -> bool {
        let known = self.connections.get(&connection);
        known.is_some_and(|known| known.visitor.name.is_none() && known.visitor.role >= Role::Member)
    }

    /// Who is here, at most 200 of them.
    pub fn members(&self) -> Vec<Member> {
        self.presence.list()
    }

    /// Whether a connection is a member's.
    pub fn has_joined(&self, connection: ConnectionId) -> bool {
        self.connections.get(&connection).is_some_and(|known| known.member.is_some())
    }

    fn enter(&mut self, connection: ConnectionId, name: Option<&str>, now_ms: u64) -> Vec<Effect> {
        let given = self.connections.get(&connection).and_then(|known| known.visitor.name.as_deref());
        let name = DisplayName::nearest(given.or(name).unwrap_or_default(), &self.limits);
        self.seat_as(connection, &name, None, None, now_ms)
    }

    /// Gives a member another name, if it is another and not over the rate.
    fn go_by(&mut self, connection: ConnectionId, member: MemberId, name: &str, now_ms: u64) -> Vec<Effect> {
        let name = DisplayName::nearest(name, &self.limits);
        let same = self.presence.get(member).is_some_and(|present| present.name == name.as_str());
        if same || !self.may_rename(connection) || self.take_signals(member, now_ms).is_err() {
            return self.note_futile(connection, now_ms).into_iter().collect();
        }
        self.wish_name(connection, false, Member::new(member, &name), now_ms)
    }

    #[allow(clippy::too_many_arguments)]
    fn speak(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        name: Option<&str>,
        text: String,
        original: Option<String>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(you) = self.presence.get(member).cloned() else { return Ok(Vec::new()) };
        let name = name.map(|name| DisplayName::nearest(name, &self.limits));
        let name = name.filter(|name| name.as_str() != you.name && self.may_rename(connection));
        let from = name.as_ref().map_or_else(|| you.clone(), |name| Member::new(member, name));
        let id = self.lot.id();
        let too_long = original.as_ref().is_some_and(|it| it.chars().count() > self.limits.text_chars_max);
        let parsed = if too_long {
            Err(Refusal::TextTooLong { chars_max: self.limits.text_chars_max })
        } else {
            self.parse(id.clone(), text)
        };
        if let Ok((id, text)) = &parsed
            && self.upstream.is_some()
        {
            self.hand_on(connection, false, name.is_some(), from, id, text, None, original, now_ms)?;
            return Ok(Vec::new());
        }
        let said = match parsed {
            Ok((id, text)) => {
                let visitor = self.visitor(connection);
                self.say(from.clone(), &visitor, &id, &text, None, original, now_ms, archive)?
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = said {
            let unsaid = Effect::Send(connection, Reply::Unsaid { you, refusal, id });
            return Ok([unsaid].into_iter().chain(self.note_futile(connection, now_ms)).collect());
        }
        self.senders.0.push((connection, None, id));
        Ok(if name.is_some() { self.rename_before(from, now_ms) } else { Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::harness::World;
    use super::*;

    fn speak(text: &str) -> Request {
        Request::Speak { name: None, text: text.to_owned(), original: None }
    }

    fn speak_as(name: &str, text: &str) -> Request {
        Request::Speak { name: Some(name.to_owned()), text: text.to_owned(), original: None }
    }

    fn listen(world: &mut World) -> ConnectionId {
        let connection = world.open();
        world.ask(connection, Request::Listen { history: 100 });
        world.flush();
        connection
    }

    #[test]
    fn a_listener_hears_everything_from_then_on_and_nobody_is_told() {
        let mut world = World::new();
        let ada = world.join("Ada");
        world.say(ada, "1", "before");
        let ear = listen(&mut world);
        world.say(ada, "2", "after");
        world.hibernate();
        world.say(ada, "3", "after sleep");
        assert_eq!(world.client(ear).texts(), ["before", "after", "after sleep"]);
        assert_eq!(world.client(ada).member_count, 1);
        assert_eq!(world.room.summary().unwrap().connections, 1);
        world.advance(world.limits.join_timeout_ms * 2);
        assert_eq!(world.client(ear).closed, None, "it need not join");
    }

    #[test]
    fn a_listener_who_enters_at_once_hears_of_itself() {
        let mut world = World::new();
        let ear = world.open();
        world.ask(ear, Request::Listen { history: 100 });
        world.ask(ear, Request::Enter { name: Some("  Ada\u{202e}".to_owned()) });
        world.ask(ear, speak("hello"));
        world.flush();
        let client = world.client(ear);
        assert!(matches!(&client.notices[0], Notice::Joined { member, .. } if member.name == "Ada"));
        assert_eq!(client.texts(), ["hello"]);
        assert!(matches!(client.replies.as_slice(), [Reply::Listening(_), Reply::Welcome(_)]));
    }

    #[test]
    fn a_listener_hears_the_last_member_leave() {
        let mut world = World::new();
        let ada = world.join("Ada");
        let ear = listen(&mut world);
        world.leave(ada);
        world.flush();
        let last = world.client(ear).notices.last();
        assert!(matches!(last, Some(Notice::Left { member, .. }) if member.name == "Ada"), "{last:?}");
    }

    #[test]
    fn who_speaks_without_a_name_is_anonymous_and_a_member() {
        let mut world = World::new();
        let ada = world.join("Ada");
        let ear = listen(&mut world);
        world.ask(ear, speak("hello"));
        world.flush();
        assert_eq!(world.client(ada).messages[0].from.name, "Anonymous");
        assert_eq!(world.client(ada).member_count, 2);
        world.hibernate();
        world.ask(ear, speak("again"));
        world.flush();
        assert_eq!(world.client(ada).messages[1].from, world.client(ada).messages[0].from);
    }

    #[test]
    fn a_name_said_with_a_message_is_told_before_it() {
        let mut world = World::new();
        let ada = world.join("Ada");
        let bo = world.open();
        world.ask(bo, Request::Enter { name: None });
        world.flush();
        world.ask(bo, speak_as("Bo", "hello"));
        world.ask(bo, speak_as("Bo", "again"));
        world.flush();
        let told = &world.client(ada).notices[1..];
        assert!(matches!(&told[0], Notice::Renamed { member, .. } if member.name == "Bo"), "{told:?}");
        assert_eq!(told.len(), 3);
        assert_eq!(world.client(ada).messages[0].from.name, "Bo");
        world.hibernate();
    }

    #[test]
    fn what_is_not_taken_is_answered_and_never_ends_the_connection() {
        let mut world = World::new();
        let ear = listen(&mut world);
        for _ in 0..100 {
            world.ask(ear, speak_as("Bo", "x"));
            world.ask(ear, speak(" "));
            world.ask(ear, Request::Enter { name: Some("Bo".to_owned()) });
        }
        world.flush();
        let client = world.client(ear);
        assert_eq!(client.closed, None);
        assert_eq!(client.messages.len(), 10);
        let unsaid = client.replies.iter().filter(|reply| matches!(reply, Reply::Unsaid { .. })).count();
        assert_eq!(unsaid, 190);
        assert_eq!(client.members.len(), 1);
    }

    #[test]
    fn frames_that_are_ignored_change_nothing_and_fatal_ones_end_the_connection() {
        let mut world = World::new();
        let (ada, bo) = (world.join("Ada"), world.join("Bo"));
        for _ in 0..100 {
            world.handle(Event::Received(ada, Err(Unreadable::Ignored)));
        }
        assert_eq!(world.client(ada).closed, None);
        world.handle(Event::Received(ada, Err(Unreadable::Fatal)));
        world.flush();
        assert_eq!(world.client(ada).closed, Some(CloseCode::BadFrames));
        assert_eq!(world.client(bo).member_count, 1);
    }
}
