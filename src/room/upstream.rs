//! A relay's half of its line to the room: it asks for the line while it has connections, shows what comes, hands
//! on what its members ask for, and closes them where it can't promise that they miss nothing.

use super::*;
use crate::limits::{
    RELAY_CONNECT_MS, RELAY_HOLD_MS, RELAY_LINGER_MS, RELAY_PING_MS, RELAY_REPORT_GAP_MS, RELAY_SILENCE_MS,
};
use crate::protocol::PING;
use crate::relay::cache::Cache;
use crate::relay::registry::Count;
use crate::relay::upstream::{self, Line as Upline};
use crate::relay::wire::{self, Asker, Down, Up};

impl Room {
    /// [`Room::handle`] of a relay.
    pub(super) fn handle_as_relay(&mut self, event: Event, now_ms: u64, cache: &Rc<Cache>) -> Effects {
        if let Some(upstream) = &mut self.upstream {
            upstream.keep_time(now_ms);
        }
        let is_tick = matches!(event, Event::Tick);
        let taken = match event {
            Event::Down(downs) => {
                let mut effects = cache.absorb(self.expire(now_ms));
                for down in downs {
                    effects.extend(cache.absorb(self.take_down(down, now_ms, &**cache)?));
                }
                // Shown at the next turn of the event loop: what comes while a fan-out is still leaving is shown together,
                // so that a relay which can't keep up sends fuller frames, not a queue of them that grows.
                if !self.queue.is_empty() {
                    self.flush_at = Some(now_ms);
                    effects.extend(cache.absorb(self.serve_held(now_ms, &**cache)?));
                }
                effects
            }
            Event::Cut => {
                let lot = self.lot.number();
                if let Some(upstream) = self.upstream.as_mut().filter(|it| it.line != Upline::Idle) {
                    upstream.lose(lot, now_ms);
                }
                Vec::new()
            }
            Event::Alarm => {
                self.alarm_at = None;
                Vec::new()
            }
            event => self.take(event, now_ms, &**cache)?,
        };
        let mut effects = cache.absorb(taken);
        // What is said goes up at once; what follows before the next turn of the event loop, which may have a fan-out to
        // do first, together.
        if let Some(upstream) = &mut self.upstream {
            if is_tick {
                upstream.turned = true;
            } else if upstream.turned && !upstream.outbox.done.is_empty() {
                upstream.turned = false;
                effects.extend(self.sent_upstream());
            }
        }
        effects.extend(self.tend(now_ms));
        let unheard = self.upstream.as_mut().map(|upstream| std::mem::take(&mut upstream.unheard));
        for connection in unheard.into_iter().flatten() {
            effects.extend(self.refuse(connection, Refusal::NoAnswer, None, now_ms));
        }
        Ok(effects)
    }

    /// When a relay wants its next tick, beside what every room wants it for.
    pub(super) fn upstream_timeout(&self) -> Option<u64> {
        let upstream = self.upstream.as_ref()?;
        let line = match upstream.line {
            Upline::Idle => None,
            Upline::Connecting { since } => Some(since.saturating_add(RELAY_CONNECT_MS)),
            Upline::Away { retry_at } => Some(retry_at),
            Upline::Live => {
                let ping = upstream.pinged_at.saturating_add(RELAY_PING_MS);
                let silent = upstream.heard_at.saturating_add(RELAY_SILENCE_MS);
                let leave = upstream.empty_since.map(|since| since.saturating_add(RELAY_LINGER_MS));
                let count = self.is_count_news().then(|| upstream.told.1.saturating_add(RELAY_REPORT_GAP_MS));
                [Some(ping.min(silent)), leave, count].into_iter().flatten().min()
            }
        };
        let hold = upstream.away_since.map(|since| since.saturating_add(RELAY_HOLD_MS));
        let hold = hold.filter(|_| !self.connections.is_empty());
        let expiry = self.expiries.first().map(|((at, _), ())| *at);
        [line, hold, expiry].into_iter().flatten().min()
    }

    /// Sees after the line to the room.
    fn tend(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let is_wanted = !self.connections.is_empty();
        let position = self.position();
        let lot = self.lot.number();
        // To count is a walk over all connections.
        let told_at = self.upstream.as_ref().map_or(0, |upstream| upstream.told.1);
        let is_due = now_ms >= told_at.saturating_add(RELAY_REPORT_GAP_MS) && self.is_count_news();
        let count = is_due.then(|| self.count_here());
        let Some(upstream) = &mut self.upstream else { return effects };
        // A life before this one may have left a line to the room, which ends where another is made.
        let needs_line = is_wanted || upstream.heard_at == 0;
        let passed = |since: u64, ms: u64| now_ms >= since.saturating_add(ms);
        let connect = match upstream.line {
            Upline::Idle => needs_line,
            Upline::Away { retry_at } => needs_line && retry_at <= now_ms,
            Upline::Connecting { since } => {
                if passed(since, RELAY_CONNECT_MS) {
                    effects.push(Effect::Disconnect);
                    upstream.lose(lot, now_ms);
                }
                false
            }
            Upline::Live => {
                if passed(upstream.heard_at, RELAY_SILENCE_MS) {
                    effects.push(Effect::Disconnect);
                    upstream.lose(lot, now_ms);
                } else if passed(upstream.pinged_at, RELAY_PING_MS) {
                    upstream.note_ping(now_ms);
                    effects.push(Effect::Up(PING.to_owned()));
                }
                false
            }
        };
        if connect {
            upstream.line = Upline::Connecting { since: now_ms };
            upstream.away_since.get_or_insert(now_ms);
            effects.push(Effect::Connect(position));
        }
        if is_wanted {
            // A panic takes memory and line, and nothing says so to who only listens: an alarm does.
            if self.alarm_at.is_none_or(|at| at <= now_ms || at > now_ms.saturating_add(RELAY_HOLD_MS)) {
                let at = now_ms.saturating_add(RELAY_HOLD_MS);
                self.alarm_at = Some(at);
                effects.push(Effect::WakeAt(at));
            }
            upstream.empty_since = None;
        } else if upstream.is_live() {
            let since = *upstream.empty_since.get_or_insert(now_ms);
            if passed(since, RELAY_LINGER_MS) {
                (upstream.line, upstream.empty_since) = (Upline::Idle, None);
                effects.push(Effect::Disconnect);
            }
        } else if !needs_line && matches!(upstream.line, Upline::Away { .. }) {
            (upstream.line, upstream.away_since) = (Upline::Idle, None);
        }
        if let Some(count) = count.filter(|_| upstream.is_live()) {
            upstream.told = (Some(count.clone()), now_ms);
            upstream.is_staff_news = false;
            effects.push(Effect::Up(wire::up(&Up::Count(count))));
        }
        if upstream.away_since.is_some_and(|since| passed(since, RELAY_HOLD_MS)) {
            effects.extend(self.let_go(now_ms, |_| true));
        }
        effects
    }

    /// What a relay knows of the room's messages, all of it shown.
    fn position(&self) -> Option<Position> {
        let meta = self.meta.as_ref()?;
        Some(Position { epoch: meta.epoch.clone(), seq: self.log.stored_head() })
    }

    fn is_count_news(&self) -> bool {
        let Some(upstream) = &self.upstream else { return false };
        match &upstream.told.0 {
            // Else it would be a walk at each event.
            Some(_) if upstream.is_staff_news => true,
            Some(told) => (told.members, told.connections) != (self.presence.count(), self.seated),
            None => true,
        }
    }

    fn count_here(&self) -> Count {
        let all = self.connections.values().filter_map(|known| Some((known.member?, known.visitor.role)));
        Count { members: self.presence.count(), connections: self.seated, staff: upstream::staff(all) }
    }

    /// Closes connections that must be made anew.
    fn let_go(&mut self, now_ms: u64, which: impl Fn(&Connection) -> bool) -> Vec<Effect> {
        let gone = self.connections.iter().filter(|(_, known)| which(known)).map(|(id, _)| *id);
        let gone: Vec<_> = gone.collect();
        gone.into_iter().map(|it| self.close(it, CloseCode::Restart, now_ms)).collect()
    }

    /// Takes a line from the room.
    fn take_down(&mut self, down: Down, now_ms: u64, archive: &dyn Archive) -> Effects {
        match &mut self.upstream {
            Some(upstream) if matches!(upstream.line, Upline::Live | Upline::Connecting { .. }) => {
                upstream.heard_at = now_ms;
            }
            // Of a line that was given up.
            _ => return Ok(Vec::new()),
        }
        // What came before something that only some are told, or that ends connections, is shown before it.
        let mut effects = Vec::new();
        if matches!(down, Down::For(..) | Down::Record(_) | Down::Rules(_)) && !self.queue.is_empty() {
            effects = self.flush(now_ms, archive)?;
        }
        effects.extend(match down {
            Down::Pong => self.hear_pong(now_ms, archive)?,
            Down::Hello { meta, members, resumed } => self.begin(meta, members, resumed, now_ms),
            Down::Live => self.go_live(now_ms, archive)?,
            Down::Notice(notice) => self.hear(notice, now_ms, archive)?,
            Down::Named(member) => self.follow(member),
            Down::Record(json) => {
                let moderators = self.moderators().into_iter();
                moderators.map(|id| Effect::Send(id, Reply::Recorded(json.clone()))).collect()
            }
            Down::For(to, reply) => self.pass_on(to, reply, now_ms),
            Down::Heard(from, is_done) => {
                if let Some(upstream) = &mut self.upstream {
                    upstream.heard(from);
                }
                if is_done {
                    self.note_good_frame(from, true);
                }
                Vec::new()
            }
            Down::Rules(rules) => self.take_rules(rules, now_ms, archive)?,
            Down::Home => self.let_go(now_ms, |_| true),
        });
        Ok(effects)
    }

    fn hear_pong(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        match self.upstream.as_mut().map(|upstream| upstream.count_pong()) {
            Some(true) => self.serve_held(now_ms, archive),
            _ => Ok(Vec::new()),
        }
    }

    /// Begins with what a room says first.
    fn begin(&mut self, meta: Meta, members: usize, resumed: bool, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let is_other = self.meta.as_ref().is_some_and(|old| old.epoch != meta.epoch);
        if let Some(upstream) = self.upstream.as_mut().filter(|_| is_other) {
            // What of it is in the history that is gone must not come back in the new one.
            upstream.give_unanswered_up();
        }
        if !resumed {
            // Who hears has seen something of before; what came between is not to be had.
            if !planted(Bug::RelayKeepsMembersInAnotherEpoch) {
                effects.extend(self.let_go(now_ms, |known| known.listens || known.member.is_some()));
            }
            self.queue.clear();
            self.log = Log::default();
            effects.push(Effect::Clear(meta.clone()));
        }
        self.meta = Some(meta);
        if let Some(upstream) = &mut self.upstream {
            (upstream.members, upstream.fills) = (members, !resumed);
        }
        effects
    }

    /// Goes on with what its members asked for meanwhile.
    fn go_live(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        let Some(upstream) = &mut self.upstream else { return Ok(Vec::new()) };
        let cache = upstream.cache.clone();
        let mut effects = Vec::new();
        if std::mem::take(&mut upstream.fills) {
            let (rows, _) = self.log.take_writes()?;
            effects.extend(cache.absorb(vec![Effect::Append(rows)]));
        }
        upstream.begin(now_ms);
        effects.extend(cache.absorb(self.flush(now_ms, archive)?));
        effects.extend(cache.absorb(self.serve_held(now_ms, archive)?));
        Ok(effects)
    }

    /// Does what was held, or holds it further.
    fn serve_held(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        let live = self.upstream.as_mut().filter(|upstream| upstream.is_live());
        let Some((held, cache)) = live.map(|it| (it.take_held(), it.cache.clone())) else {
            return Ok(Vec::new());
        };
        let mut effects = Vec::new();
        for (connection, request) in held {
            effects.extend(cache.absorb(self.receive(connection, Ok(request), now_ms, archive)?));
        }
        Ok(effects)
    }

    /// Takes in what everybody is told.
    fn hear(&mut self, notice: Notice, now_ms: u64, archive: &dyn Archive) -> Effects {
        let Some(upstream) = &mut self.upstream else { return Ok(Vec::new()) };
        let mut effects = Vec::new();
        match &notice {
            Notice::Message(line) => {
                let message = line.decode()?;
                if let Some(from) = upstream.answered(message.from.id, &message.id) {
                    self.note_good_frame(from, true);
                }
                let Some(upstream) = &mut self.upstream else { return Ok(effects) };
                match self.log.follow(message, line.clone()) {
                    Some(true) if upstream.fills => {}
                    Some(true) => self.queue.push(Queued::Message),
                    Some(false) => {}
                    None => {
                        let lot = self.lot.number();
                        upstream.lose(lot, now_ms);
                        effects.push(Effect::Disconnect);
                    }
                }
                return Ok(effects);
            }
            Notice::Renamed { member, .. } => {
                upstream.answered(member.id, "");
                if !planted(Bug::RelayKeepsOldName) {
                    effects.extend(self.follow_name(member).unwrap_or_default());
                }
            }
            Notice::Counted { member_count, .. } => upstream.members = *member_count,
            Notice::Ruled(_) if planted(Bug::RelayKeepsOldRules) => {}
            Notice::Ruled(house) => self.rules.house = *house,
            Notice::Deleted { seq } => {
                effects.extend(self.redact(*seq, now_ms, archive)?);
                self.rules.note_deleted(*seq);
            }
            Notice::Cleared { epoch } => {
                let cache = upstream.cache.clone();
                effects.extend(cache.absorb(self.flush(now_ms, archive)?));
                self.log = Log::default();
                self.rules.deleted.clear();
                if let Some(meta) = self.meta.as_mut().filter(|_| !planted(Bug::ClearLeavesRelayBehind)) {
                    meta.epoch.clone_from(epoch);
                    effects.push(Effect::Clear(meta.clone()));
                }
            }
            _ => {}
        }
        let member_count = self.member_count();
        self.queue.push(Queued::Notice(match notice {
            Notice::Renamed { member, .. } => Notice::Renamed { member, member_count },
            Notice::Counted { .. } => Notice::Counted { member_count, members: None },
            other => other,
        }));
        Ok(effects)
    }

    /// Takes the text out of a message, if it is here.
    fn redact(&mut self, seq: Seq, now_ms: u64, archive: &dyn Archive) -> Effects {
        let Some(cache) = self.upstream.as_ref().map(|upstream| upstream.cache.clone()) else {
            return Ok(Vec::new());
        };
        let effects = cache.absorb(self.flush(now_ms, archive)?);
        let row = if planted(Bug::RelayKeepsDeletedText) { None } else { self.log.redact(seq, archive)? };
        cache.absorb(row.map(Effect::Rewrite).into_iter().collect());
        Ok(effects)
    }

    /// Takes the rules that hold now, and does what follows from those that did not hold before.
    fn take_rules(&mut self, rules: Rules, now_ms: u64, archive: &dyn Archive) -> Effects {
        let old = std::mem::replace(&mut self.rules, rules);
        let mut effects = Vec::new();
        // What this relay does not have yet, as where it takes up its line, it will get without its text.
        let (new, head) = (&self.rules.deleted, self.log.head());
        let deleted = new.iter().filter(|seq| **seq <= head && !old.deleted.contains(seq));
        let deleted = deleted.filter(|_| !planted(Bug::RelayMissesDeletions));
        for seq in deleted.copied().collect::<Vec<_>>() {
            effects.extend(self.redact(seq, now_ms, archive)?);
            self.queue.push(Queued::Notice(Notice::Deleted { seq }));
        }
        if self.rules.house != old.house {
            self.queue.push(Queued::Notice(Notice::Ruled(self.rules.house)));
        }
        let gone = self.connections.iter().filter(|(_, known)| {
            let role = known.visitor.role;
            known.member.is_some_and(|member| {
                role < Role::Moderator && self.rules.bans.of(member, now_ms).is_some()
                    || self.rules.removed.iter().any(|removal| {
                        removal.member == member && role < removal.below && !old.removed.contains(removal)
                    })
            })
        });
        let gone: Vec<_> = gone.map(|(id, _)| *id).collect();
        effects.extend(gone.into_iter().map(|it| self.close(it, CloseCode::Removed, now_ms)));
        Ok(effects)
    }

    /// Gives one of its connections the room's answer.
    fn pass_on(&mut self, to: ConnectionId, reply: Reply, now_ms: u64) -> Vec<Effect> {
        let member = self.connections.get(&to).and_then(|known| known.member);
        let Some(upstream) = &mut self.upstream else { return Vec::new() };
        let Some(member) = member else {
            // Not said again, maybe much later, because nobody is there to hear that it is refused.
            match reply {
                Reply::Refused { id, .. } => upstream.answered_late(to, &id.unwrap_or_default()),
                Reply::Unsaid { id, .. } => upstream.answered_late(to, &id),
                _ => {}
            }
            return Vec::new();
        };
        match reply {
            Reply::Refused { refusal, id } => {
                upstream.answered(member, id.as_deref().unwrap_or_default());
                self.refuse(to, refusal, id, now_ms)
            }
            Reply::Unsaid { refusal, id, .. } => {
                upstream.answered(member, &id);
                let Some(you) = self.presence.get(member).cloned() else { return Vec::new() };
                let unsaid = Effect::Send(to, Reply::Unsaid { you, refusal, id });
                [unsaid].into_iter().chain(self.note_futile(to, now_ms)).collect()
            }
            Reply::Message(line) => {
                if let Ok(message) = line.decode() {
                    upstream.answered(member, &message.id);
                }
                self.note_good_frame(to, true);
                [Effect::Send(to, Reply::Message(line))]
                    .into_iter()
                    .chain(self.note_futile(to, now_ms))
                    .collect()
            }
            Reply::History(page) => {
                if let Some(at) = upstream.reading.iter().position(|(reader, _)| *reader == to) {
                    upstream.reading.remove(at);
                }
                // That it was asked for has been counted.
                vec![self.show(to, page)]
            }
            other => vec![Effect::Send(to, other)],
        }
    }

    /// Holds what a connection asks for, where only the room could answer and is not there; and what one asks for that
    /// has seen more of the room elsewhere than has come here yet, or says so: until the room has answered a ping, which
    /// comes after all that anybody can have seen by now. Where that would be too much, the connection is ended.
    pub(super) fn hold(
        &mut self,
        connection: ConnectionId,
        request: Request,
        now_ms: u64,
    ) -> Result<Request, Vec<Effect>> {
        let Some(upstream) = &mut self.upstream else { return Ok(request) };
        if !upstream.takes(connection, &request) {
            return Err(vec![self.close(connection, CloseCode::Restart, now_ms)]);
        }
        let is_ahead = match (&request, &self.meta) {
            (Request::Join { after: Some(after), .. }, Some(meta)) => {
                let is_seen = after.seq <= self.log.head() || planted(Bug::RelayWelcomesWhoIsAhead);
                !is_seen && after.epoch == meta.epoch && !upstream.has_heard_all(connection)
            }
            _ => false,
        };
        if is_ahead && upstream.is_live() {
            upstream.hear_all(connection);
        }
        if upstream.is_live() && !is_ahead && !upstream.holds(connection) {
            return Ok(request);
        }
        // Who has typed has stopped by then.
        if !matches!(request, Request::Typing { .. } | Request::TypingAs { .. }) {
            upstream.hold(connection, request);
        }
        Err(Vec::new())
    }

    /// Hands on what a member says. Returns whether this is a relay.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn hand_on(
        &mut self,
        connection: ConnectionId,
        formal: bool,
        renames: bool,
        from: Member,
        id: &MessageId,
        text: &Text,
        reply_to: Option<Seq>,
        original: Option<String>,
        now_ms: u64,
    ) -> Result<bool, Fault> {
        if self.upstream.is_none() {
            return Ok(false);
        }
        let visitor = self.visitor(connection);
        let (id, text) = (id.as_str().to_owned(), text.as_str().to_owned());
        let message = log::Message { seq: 0, id, from, text, sent_at: 0, reply_to, original, deleted: false };
        let up = Up::Say { from: connection, formal, renames, visitor, message: Line::encode(&message)? };
        if let Some(upstream) = &mut self.upstream {
            upstream.say(connection, message.from.id, &message.id, wire::up(&up));
        }
        // What may answer no message is a bad frame if the room says so, and else a good one once it is seen.
        if reply_to.is_none_or(|seq| (1..=self.log.head()).contains(&seq)) {
            self.note_good_frame(connection, false);
        }
        self.request_flush(Cause::Message, now_ms);
        Ok(true)
    }

    /// Hands on what a relay can't do itself; comes back with what it can.
    pub(super) fn ask_upstream(
        &mut self,
        connection: ConnectionId,
        member: MemberId,
        request: Request,
        now_ms: u64,
    ) -> Option<Request> {
        if self.upstream.is_none() {
            return Some(request);
        }
        let member = self.presence.get(member).cloned()?;
        let by = || Asker { from: connection, visitor: self.visitor(connection), member };
        let up = match request {
            Request::Moderate(order) => Up::Moderate { by: by(), order },
            Request::Report { seq, reason } => Up::Report { by: by(), seq, reason },
            // Pages come in the order in which they were asked for.
            Request::History { range, limit }
                if !self.log.has_whole(range, limit) || self.is_reading(connection) =>
            {
                if let Some(upstream) = &mut self.upstream {
                    upstream.reading.push((connection, Request::History { range, limit }));
                }
                Up::Read { from: connection, range, limit }
            }
            other => return Some(other),
        };
        if let Some(upstream) = &mut self.upstream {
            upstream.outbox.line(&[&wire::up(&up)]);
            if !matches!(up, Up::Read { .. }) {
                upstream.asking.push(connection);
            }
        }
        self.request_flush(Cause::Notice, now_ms);
        None
    }

    fn is_reading(&self, connection: ConnectionId) -> bool {
        let reading = self.upstream.iter().flat_map(|upstream| &upstream.reading);
        reading.into_iter().any(|(reader, _)| *reader == connection)
    }

    /// Tells the room what a relay's member does that everybody is told of. Returns the notice where this is none.
    pub(super) fn tell_upstream(&mut self, notice: Notice, now_ms: u64) -> Option<Notice> {
        let Some(upstream) = &mut self.upstream else { return Some(notice) };
        match notice {
            Notice::Typing { member, on } => upstream.outbox.line(&[&wire::up(&Up::Typing { member, on })]),
            // Of one who joined: the room knows by `Room::spread_name`.
            Notice::Renamed { .. } => return Some(notice),
            // How many are here is told now and then.
            _ => {}
        }
        self.request_flush(Cause::Notice, now_ms);
        None
    }

    /// What a relay sends with a flush.
    pub(super) fn sent_upstream(&mut self) -> Vec<Effect> {
        let Some(upstream) = self.upstream.as_mut().filter(|upstream| upstream.is_live()) else {
            return Vec::new();
        };
        std::mem::take(&mut upstream.outbox).done.into_iter().map(Effect::Up).collect()
    }
}
