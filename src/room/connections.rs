//! Connections come, are seated, are refused something, and end.

use super::*;

impl Room {
    pub(super) fn open(&mut self, connection: ConnectionId, visitor: Visitor, opened_at: u64, now_ms: u64) {
        if let Some(address) = &visitor.address {
            let most = self.limits.connections_per_address_max as f64;
            let first = || Neighbours { open: 0, arrivals: Bucket::full(most, now_ms) };
            self.addresses.entry(address.clone()).or_insert_with(first).open += 1;
        }
        if let Some(expires_at) = visitor.expires_at {
            self.expiries.insert((expires_at, connection), ());
        }
        let futile = Bucket::full(FUTILE_BURST, now_ms);
        let (member, listens, bad_frames, rate_refusals) = (None, false, 0, 0);
        let fresh = Connection { opened_at, visitor, member, listens, bad_frames, rate_refusals, futile };
        self.connections.insert(connection, Box::new(fresh));
        self.join_deadlines.insert((self.join_deadline(opened_at), connection), ());
    }

    /// Makes a connection the member's.
    pub(super) fn sit(&mut self, connection: ConnectionId, member: MemberId) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        self.seated += usize::from(known.member.replace(member).is_none());
        self.upstream.iter_mut().for_each(|it| it.is_staff_news |= known.visitor.role >= Role::Moderator);
        let deadline = known.opened_at.saturating_add(self.limits.join_timeout_ms);
        self.join_deadlines.remove(&(deadline, connection));
    }

    /// Forgets a connection, and its member if it was the last one.
    pub(super) fn forget(&mut self, connection: ConnectionId, now_ms: u64) {
        let Some(known) = self.connections.remove(&connection) else { return };
        self.join_deadlines.remove(&(self.join_deadline(known.opened_at), connection));
        self.waiting.retain(|(waiting, _)| *waiting != connection);
        self.detach(connection, now_ms);
        if let Some(upstream) = &mut self.upstream {
            upstream.forget(connection);
            upstream.is_staff_news |= known.visitor.role >= Role::Moderator;
        }
        if let Some(expires_at) = known.visitor.expires_at {
            self.expiries.remove(&(expires_at, connection));
        }
        if let Some(address) = &known.visitor.address {
            self.release(address, now_ms);
        }
        let Some(member) = known.member else { return };
        self.seated = self.seated.saturating_sub(1);
        let Some(present) = self.presence.get(member).cloned() else { return };
        let left = self.presence.remove(member);
        if left && self.is_heard() && !(planted(Bug::LoseLeft) && self.flush_at.is_some()) {
            let member_count = self.member_count();
            self.tell(Notice::Left { member: present, member_count, at: now_ms }, now_ms);
        }
    }

    /// Counts one connection of an address less. It is forgotten once it may make as many again as anybody.
    fn release(&mut self, address: &str, now_ms: u64) {
        let most = self.limits.connections_per_address_max as f64;
        if let Some(neighbours) = self.addresses.get_mut(address) {
            neighbours.open = neighbours.open.saturating_sub(1);
        }
        if self.addresses.len() > self.connections.len() + 64 {
            self.addresses
                .retain(|_, it| it.open > 0 || !it.arrivals.is_full(most, ARRIVALS_PER_SECOND, now_ms));
        }
    }

    /// Notes a frame that led to nothing; at one too many the connection ends.
    pub(super) fn note_futile(&mut self, connection: ConnectionId, now_ms: u64) -> Option<Effect> {
        self.note_idle_work(1);
        let known = self.connections.get_mut(&connection)?;
        let over = known.futile.take(FUTILE_BURST, FUTILE_PER_SECOND, now_ms).is_err();
        over.then(|| self.close(connection, CloseCode::RateLimited, now_ms))
    }

    /// Shows a page of history, which counts by its size.
    pub(super) fn show(&mut self, connection: ConnectionId, page: Page) -> Effect {
        self.weigh(connection, page.messages.iter().map(|line| line.as_str().len()).sum());
        Effect::Send(connection, Reply::History(page))
    }

    /// Notes how many bytes a frame had, or a page: what is longer than any message counts by its size.
    pub fn weigh(&mut self, connection: ConnectionId, bytes: usize) {
        let more = bytes / FUTILE_BYTES;
        self.note_idle_work(more as u32);
        if let Some(known) = self.connections.get_mut(&connection) {
            known.futile.charge(more as f64);
        }
    }

    /// Notes that a frame came over a connection that the room has ended: the platform goes on to deliver them.
    pub fn note_stray(&mut self) {
        self.note_idle_work(1);
    }

    fn note_idle_work(&mut self, frames: u32) {
        self.idle_work = self.idle_work.saturating_add(frames);
    }

    /// Whether so many frames led to nothing that others should be given their turn. Once it says so, it
    /// begins to count anew.
    pub fn gives_way(&mut self) -> bool {
        let enough = self.idle_work >= TURN_FRAMES;
        if enough {
            self.idle_work = 0;
        }
        enough
    }

    /// Ends the connections whose tokens have run out.
    pub(super) fn expire(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some((at, connection)) =
            self.expiries.first().map(|(next, ())| *next).filter(|(at, _)| *at <= now_ms)
        {
            self.expiries.remove(&(at, connection));
            effects.push(self.close(connection, CloseCode::Expired, now_ms));
        }
        effects
    }

    /// The alarm to ask for, if a token runs out before the one that was asked for: a timer would keep the
    /// room awake until then.
    pub(super) fn watch_expiry(&mut self) -> Option<Effect> {
        if self.upstream.is_some() {
            // A relay is awake while it has connections.
            return None;
        }
        let ((first, _), ()) = self.expiries.first()?;
        let first = *first;
        if self.alarm_at.is_some_and(|at| at <= first) {
            return None;
        }
        self.alarm_at = Some(first);
        Some(Effect::WakeAt(first))
    }

    pub(super) fn close(&mut self, connection: ConnectionId, code: CloseCode, now_ms: u64) -> Effect {
        let address = self.connections.get(&connection).and_then(|known| known.visitor.address.as_ref());
        if matches!(code, CloseCode::RateLimited | CloseCode::BadFrames)
            && let Some(neighbours) = address.and_then(|address| self.addresses.get_mut(address))
        {
            // Who comes again at once would begin with full buckets.
            neighbours.arrivals.charge(ARRIVALS_FOR_ABUSE);
        }
        self.forget(connection, now_ms);
        Effect::Close(connection, code)
    }

    pub(super) fn join_deadline(&self, opened_at: u64) -> u64 {
        opened_at.saturating_add(self.limits.join_timeout_ms)
    }

    pub(super) fn refuse_frame(&mut self, connection: ConnectionId, why: String, now_ms: u64) -> Vec<Effect> {
        self.refuse(connection, Refusal::BadFrame(why), None, now_ms)
    }

    /// Says no, and closes the connection after too many of the same in a row.
    pub(super) fn refuse(
        &mut self,
        connection: ConnectionId,
        refusal: Refusal,
        id: Option<String>,
        now_ms: u64,
    ) -> Vec<Effect> {
        let Some(known) = self.connections.get_mut(&connection) else { return Vec::new() };
        known.bad_frames = if matches!(refusal, Refusal::BadFrame(_)) { known.bad_frames + 1 } else { 0 };
        if matches!(refusal, Refusal::RateLimited { .. }) {
            known.rate_refusals += 1;
        }
        let close = if known.bad_frames >= BAD_FRAMES_MAX {
            Some(CloseCode::BadFrames)
        } else if known.rate_refusals >= RATE_REFUSALS_MAX {
            Some(CloseCode::RateLimited)
        } else {
            None
        };
        let mut effects = vec![Effect::Send(connection, Reply::Refused { refusal, id })];
        effects.extend(match close {
            Some(code) => Some(self.close(connection, code, now_ms)),
            None => self.note_futile(connection, now_ms),
        });
        effects
    }

    pub(super) fn note_good_frame(&mut self, connection: ConnectionId, within_rate: bool) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        known.bad_frames = 0;
        if within_rate {
            known.rate_refusals = 0;
        }
    }

    pub(super) fn seat(&self, connection: ConnectionId) -> Option<Seat> {
        let known = self.connections.get(&connection)?;
        let member = known.member.and_then(|id| self.presence.get(id));
        let member = member.map(|member| (member.id, DisplayName::stored(member.name.clone())));
        let (opened_at, listens, visitor) = (known.opened_at, known.listens, known.visitor.clone());
        let relay = self.relays.of(connection).map(|(key, count)| Box::new((key.to_owned(), count.clone())));
        Some(Seat { opened_at, member, listens, visitor, relay })
    }

    /// The seats of a member's connections that were welcomed.
    pub(super) fn seats_of(&self, member: MemberId) -> Vec<Effect> {
        let theirs = self.connections.iter().filter(|(_, known)| known.member == Some(member));
        let welcomed = theirs.filter(|(id, _)| !self.waiting.iter().any(|(waiting, _)| waiting == *id));
        welcomed.filter_map(|(id, _)| Some(Effect::Seat(*id, self.seat(*id)?))).collect()
    }
}
