//! What connections ask for: joining, speaking, renaming, reading. Each is parsed, checked and taken in, or
//! refused; what everybody will be told of it waits for the flush.

use super::flushing::{Written, appended};
use super::*;

impl Room {
    pub(super) fn receive(
        &mut self,
        connection: ConnectionId,
        frame: Result<Request, Unreadable>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(known) = self.connections.get_mut(&connection) else { return Ok(Vec::new()) };
        let member = known.member;
        let request = match frame {
            Ok(request) => request,
            Err(Unreadable::Malformed(why)) => return Ok(self.refuse_frame(connection, why, now_ms)),
            Err(Unreadable::Binary) => return Ok(vec![self.close(connection, CloseCode::Binary, now_ms)]),
            Err(Unreadable::TooBig) => return Ok(vec![self.close(connection, CloseCode::TooBig, now_ms)]),
            Err(Unreadable::Ignored) => {
                return Ok(self.note_futile(connection, now_ms).into_iter().collect());
            }
            Err(Unreadable::Fatal) => return Ok(vec![self.close(connection, CloseCode::BadFrames, now_ms)]),
        };
        if request == Request::Ping {
            known.bad_frames = 0;
            let ended = self.note_futile(connection, now_ms);
            return Ok([Effect::Send(connection, Reply::Pong)].into_iter().chain(ended).collect());
        }
        let request = match self.hold(connection, request, now_ms) {
            Ok(request) => request,
            Err(ended) => return Ok(ended),
        };
        // Who asks for more before the answer to the first gets that answer first.
        let mut effects = Vec::new();
        let Some(known) = self.connections.get(&connection) else { return Ok(Vec::new()) };
        let waits = self.waiting.iter().any(|(waiting, _)| *waiting == connection);
        if waits && (member.is_some() || known.listens) {
            if planted(Bug::ForcedFlushTellsNobody) {
                self.queue.clear();
            }
            effects = self.flush(now_ms, archive)?;
        }
        // That flush is not in the archive before its effects are applied.
        let written = Written { rows: appended(&effects), archive };
        let served = self.answer(connection, member, request, now_ms, &written)?;
        effects.extend(served);
        Ok(effects)
    }

    pub(super) fn answer(
        &mut self,
        connection: ConnectionId,
        member: Option<MemberId>,
        request: Request,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        match (request, member) {
            (
                request @ (Request::Listen { .. }
                | Request::Enter { .. }
                | Request::Speak { .. }
                | Request::TypingAs { .. }),
                member,
            ) => self.serve_informally(connection, member, request, now_ms, archive),
            (Request::Join { name, session, after }, None) => {
                self.note_good_frame(connection, false);
                Ok(self.join(connection, &name, session.as_deref(), after, now_ms))
            }
            (Request::Join { .. }, Some(_)) => {
                Ok(self.refuse_frame(connection, "joined already".to_owned(), now_ms))
            }
            (request, None) => {
                self.note_good_frame(connection, false);
                let id =
                    if let Request::Send { id, .. } = request { MessageId::parse(id).ok() } else { None };
                let id = id.map(|id| id.as_str().to_owned());
                let refused = Effect::Send(connection, Reply::Refused { refusal: Refusal::NotJoined, id });
                Ok([refused].into_iter().chain(self.note_futile(connection, now_ms)).collect())
            }
            (request, Some(member)) => self.serve(connection, member, request, now_ms, archive),
        }
    }

    /// Does what a member asks for.
    pub(super) fn serve(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        request: Request,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let reads = matches!(request, Request::History { .. });
        let is_order = matches!(request, Request::Moderate(_));
        let Some(request) = self.ask_upstream(connection, member, request, now_ms) else {
            if !is_order {
                self.note_good_frame(connection, false);
            }
            let ended = reads.then(|| self.note_futile(connection, now_ms)).flatten();
            return Ok(ended.into_iter().collect());
        };
        let answer = match request {
            Request::Send { id, text, reply_to } => {
                return self.send(connection, member, id, text, reply_to, now_ms, archive);
            }
            Request::Typing { on } => Ok(self.tell_typing(connection, member, on, now_ms)),
            Request::Rename { name } => self.rename(connection, member, &name, now_ms),
            Request::History { range, limit } => {
                let page = self.log.page(range, limit, archive)?;
                let shown = self.show(connection, page);
                Ok([shown].into_iter().chain(self.note_futile(connection, now_ms)).collect())
            }
            Request::Moderate(order) => {
                return self.moderate_for(connection, member, &order, now_ms, archive);
            }
            Request::Report { seq, reason } => match self.actor(connection, member) {
                Some(by) => self.report(by, seq, reason, now_ms).map(|mut effects| {
                    effects.push(Effect::Send(connection, Reply::Reported(seq)));
                    effects
                }),
                None => Ok(Vec::new()),
            },
            Request::Join { .. }
            | Request::Ping
            | Request::Listen { .. }
            | Request::Enter { .. }
            | Request::Speak { .. }
            | Request::TypingAs { .. } => Ok(Vec::new()),
        };
        match answer {
            Ok(effects) => {
                self.note_good_frame(connection, false);
                Ok(effects)
            }
            Err(refusal) => Ok(self.refuse(connection, refusal, None, now_ms)),
        }
    }

    pub(super) fn join(
        &mut self,
        connection: ConnectionId,
        name: &str,
        session: Option<&str>,
        after: Option<Position>,
        now_ms: u64,
    ) -> Vec<Effect> {
        let given = self.connections.get(&connection).and_then(|known| known.visitor.name.as_deref());
        let name = match DisplayName::parse(given.unwrap_or(name), &self.limits) {
            Ok(name) => name,
            Err(refusal) => return self.refuse(connection, refusal, None, now_ms),
        };
        self.seat_as(connection, &name, session, after, now_ms)
    }

    /// Makes a connection a member's: of the session, or a new one.
    pub(super) fn seat_as(
        &mut self,
        connection: ConnectionId,
        name: &DisplayName,
        session: Option<&str>,
        after: Option<Position>,
        now_ms: u64,
    ) -> Vec<Effect> {
        let (meta, mut effects) = self.meta_or_create(now_ms);
        let subject = self.connections.get(&connection).and_then(|known| known.visitor.subject.as_deref());
        let id = match subject {
            Some(subject) => Some(meta.secret.member_of_subject(subject)),
            None => session.and_then(|session| meta.secret.member_of(session, now_ms)),
        };
        let is_known = id.is_some();
        let id = id.unwrap_or_else(|| self.presence.new_id(self.lot.number()));
        if self.rules.bans.of(id, now_ms).is_some() {
            effects.push(self.close(connection, CloseCode::Removed, now_ms));
            return effects;
        }
        let member = Member::new(id, name);
        let arrival = self.presence.add(member.clone());
        self.sit(connection, id);
        effects.extend(self.watch_expiry());
        self.waiting.push((connection, Awaited::Welcome(after)));
        let member_count = self.member_count();
        if is_known && arrival != Arrival::Another {
            self.spread_name(connection, &member, now_ms);
        }
        match arrival {
            Arrival::First => self.tell(Notice::Joined { member, member_count, at: now_ms }, now_ms),
            Arrival::Renamed => {
                self.tell(Notice::Renamed { member, member_count }, now_ms);
                effects.extend(self.seats_of(id));
            }
            Arrival::Another => self.request_flush(Cause::Notice, now_ms),
        }
        effects
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn send(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        id: String,
        text: String,
        reply_to: Option<Seq>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Some(from) = self.presence.get(member).cloned() else { return Ok(Vec::new()) };
        let echo = id.clone();
        let visitor = self.visitor(connection);
        let parsed = self.parse(id, text);
        if let Ok((id, text)) = &parsed
            && self.hand_on(connection, true, false, from.clone(), id, text, reply_to, None, now_ms)?
        {
            if planted(Bug::RelayEchoesAtOnce) {
                let (id, text, seq) = (echo, text.as_str().to_owned(), self.log.head() + 1);
                let (sent_at, original, deleted) = (now_ms, None, false);
                let said = log::Message { seq, id, from, text, sent_at, reply_to, original, deleted };
                return Ok(vec![Effect::Send(connection, Reply::Message(Line::encode(&said)?))]);
            }
            return Ok(Vec::new());
        }
        let said = match parsed {
            Ok((id, text)) => self.say(from, &visitor, &id, &text, reply_to, None, now_ms, archive)?,
            Err(refusal) => Err(refusal),
        };
        match said {
            Ok(said) => {
                self.note_good_frame(connection, true);
                Ok(match said {
                    Said::Queued(_) => {
                        self.senders.0.push((connection, None, echo));
                        Vec::new()
                    }
                    Said::Before(_, line) => {
                        let repeated = Effect::Send(connection, Reply::Message(line));
                        [repeated].into_iter().chain(self.note_futile(connection, now_ms)).collect()
                    }
                })
            }
            Err(refusal) => {
                // An `id` that is none is not sent back.
                let echo = MessageId::parse(echo).ok().map(|id| id.as_str().to_owned());
                Ok(self.refuse(connection, refusal, echo, now_ms))
            }
        }
    }

    pub(super) fn parse(&self, id: String, text: String) -> Result<(MessageId, Text), Refusal> {
        Ok((MessageId::parse(id)?, Text::parse(text, &self.limits)?))
    }

    /// Takes a message in, unless it was taken before or must be refused.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn say(
        &mut self,
        from: Member,
        visitor: &Visitor,
        id: &MessageId,
        text: &Text,
        reply_to: Option<Seq>,
        original: Option<String>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Result<Result<Said, Refusal>, Fault> {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::maybe_panic(text.as_str());
        if let Some(said) = self.said_before(from.id, id, text, archive)? {
            return Ok(said);
        }
        if reply_to.is_some_and(|seq| seq == 0 || seq > self.log.head()) {
            let why = "`reply_to` is no message of this room".to_owned();
            return Ok(Err(Refusal::BadFrame(why)));
        }
        self.recall_speech(from.id, now_ms, archive)?;
        if let Err(refusal) = self.may_speak(from.id, visitor.role, now_ms) {
            return Ok(Err(refusal));
        }
        let rate = visitor.rate.unwrap_or(self.rate());
        let buckets = self.buckets(from.id, now_ms);
        buckets.rate = rate;
        if let Err(retry_after_ms) = buckets.send.take(rate.burst, rate.per_second, now_ms) {
            return Ok(Err(Refusal::RateLimited { retry_after_ms }));
        }
        buckets.spoke_at = Some(now_ms);
        let seq = self.log.append(id, from, text.as_str().to_owned(), reply_to, original, now_ms);
        self.queue.push(Queued::Message);
        self.request_flush(Cause::Message, now_ms);
        Ok(Ok(Said::Queued(seq)))
    }

    /// Looks for the same message among those taken before.
    pub(super) fn said_before(
        &self,
        member: MemberId,
        id: &MessageId,
        text: &Text,
        archive: &dyn Archive,
    ) -> Result<Option<Result<Said, Refusal>>, Fault> {
        match self.log.find(member, id) {
            None => Ok(None),
            Some(Found::Pending(message)) if message.text == text.as_str() => {
                Ok(Some(Ok(Said::Queued(message.seq))))
            }
            Some(Found::Pending(_)) => Ok(Some(Err(Refusal::IdConflict))),
            Some(Found::Stored(seq)) => {
                let line = self.log.read(seq, archive)?;
                let message = line.decode()?;
                if message.from.id != member || message.id != id.as_str() {
                    return Ok(None);
                }
                let same = message.text == text.as_str() || message.deleted;
                Ok(Some(if same { Ok(Said::Before(seq, line)) } else { Err(Refusal::IdConflict) }))
            }
        }
    }

    /// Who made a connection.
    pub(super) fn visitor(&self, connection: ConnectionId) -> Visitor {
        self.connections.get(&connection).map(|known| known.visitor.clone()).unwrap_or_default()
    }

    pub(super) fn rename(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        name: &str,
        now_ms: u64,
    ) -> Result<Vec<Effect>, Refusal> {
        let name = DisplayName::parse(name, &self.limits)?;
        if !self.may_rename(connection) {
            return Err(Refusal::Forbidden);
        }
        self.take_signals(member, now_ms)?;
        let seats = self.wish_name(connection, true, Member::new(member, &name), now_ms);
        Ok(if planted(Bug::KeepOldNameInSeat) { Vec::new() } else { seats })
    }
}
