//! Connections come, are seated, are refused something, and end.

use super::*;

impl Room {
    pub(super) fn open(&mut self, connection: ConnectionId, opened_at: u64) {
        let fresh = Connection { opened_at, member: None, listens: false, bad_frames: 0, rate_refusals: 0 };
        self.connections.insert(connection, fresh);
        self.join_deadlines.insert((self.join_deadline(opened_at), connection));
    }

    /// Makes a connection the member's.
    pub(super) fn sit(&mut self, connection: ConnectionId, member: MemberId) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        self.seated += usize::from(known.member.replace(member).is_none());
        let deadline = known.opened_at.saturating_add(self.limits.join_timeout_ms);
        self.join_deadlines.remove(&(deadline, connection));
    }

    /// Forgets a connection, and its member if it was the last one.
    pub(super) fn forget(&mut self, connection: ConnectionId, now_ms: u64) {
        let Some(known) = self.connections.remove(&connection) else { return };
        self.join_deadlines.remove(&(self.join_deadline(known.opened_at), connection));
        self.waiting.retain(|(waiting, _)| *waiting != connection);
        let Some(member) = known.member else { return };
        self.seated = self.seated.saturating_sub(1);
        let Some(present) = self.presence.get(member).cloned() else { return };
        let left = self.presence.remove(member);
        if left && self.is_heard() && !(planted(Bug::LoseLeft) && self.flush_at.is_some()) {
            let member_count = self.presence.count();
            self.tell(Notice::Left { member: present, member_count, at: now_ms }, now_ms);
        }
    }

    pub(super) fn close(&mut self, connection: ConnectionId, code: CloseCode, now_ms: u64) -> Effect {
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
        effects.extend(close.map(|code| self.close(connection, code, now_ms)));
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
        Some(Seat { opened_at: known.opened_at, member, listens: known.listens })
    }

    /// The seats of a member's connections that were welcomed.
    pub(super) fn seats_of(&self, member: MemberId) -> Vec<Effect> {
        let theirs = self.connections.iter().filter(|(_, known)| known.member == Some(member));
        let welcomed = theirs.filter(|(id, _)| !self.waiting.iter().any(|(waiting, _)| waiting == *id));
        welcomed.filter_map(|(id, _)| Some(Effect::Seat(*id, self.seat(*id)?))).collect()
    }
}
