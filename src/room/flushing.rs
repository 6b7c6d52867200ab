//! The flush: stores what is new in one write, tells everybody in one go, then welcomes those who joined.

use std::rc::Rc;

use super::log::Page;
use super::presence::Member;
use super::*;

impl Room {
    /// Stores what is new, tells everybody, and welcomes those who joined.
    pub(super) fn flush(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        self.flush_at = None;
        self.pace.flushed(now_ms);
        self.senders.1 = std::mem::take(&mut self.senders.0);
        let (rows, lines) = self.log.take_writes()?;
        let mut lines = lines.into_iter().map(Notice::Message);
        let notices: Vec<Notice> = std::mem::take(&mut self.queue)
            .into_iter()
            .filter_map(|queued| match queued {
                Queued::Message => lines.next(),
                Queued::Notice(notice) => Some(notice),
            })
            .collect();
        let (mut welcomes, mut same) = (Vec::new(), Same::default());
        for (connection, awaited) in std::mem::take(&mut self.waiting) {
            let written = Written { rows: &rows, archive };
            welcomes.extend(match awaited {
                Awaited::Welcome(after) => {
                    self.welcome(connection, after.as_ref(), &mut same, now_ms, &written)?
                }
                Awaited::Hearing(history) => self.begin_hearing(connection, history, &written)?,
                Awaited::Link(after) => self.greet(connection, after.as_ref(), now_ms, &written)?,
            });
        }
        let mut effects = Vec::new();
        if !rows.is_empty() {
            let written = Written { rows: &rows, archive };
            let trim = match &self.upstream {
                Some(_) => self.log.keep_newest(self.limits.relay_messages(), &written)?,
                None => self.log.trim(&self.limits, now_ms, &written)?,
            };
            effects.push(Effect::Append(rows));
            effects.extend(trim.map(Effect::Trim));
        }
        // First: behind a fan-out to thousands it would be late.
        effects.extend(self.sent_upstream());
        if !notices.is_empty() {
            effects.push(Effect::Broadcast(notices));
        }
        effects.extend(self.told_names());
        effects.extend(welcomes);
        if planted(Bug::BroadcastBeforeStore) {
            effects.sort_by_key(|effect| !matches!(effect, Effect::Broadcast(_)));
        }
        if planted(Bug::WelcomeOvertakesBroadcast) {
            effects.sort_by_key(|effect| matches!(effect, Effect::Broadcast(_)));
        }
        self.forget_full_buckets(now_ms);
        Ok(effects)
    }

    pub(super) fn welcome(
        &self,
        connection: ConnectionId,
        after: Option<&Position>,
        same: &mut Same,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let seated = self.connections.get(&connection).and_then(|connection| connection.member);
        let member = seated.and_then(|id| self.presence.get(id));
        let (Some(you), Some(meta), Some(seat)) = (member, &self.meta, self.seat(connection)) else {
            return Ok(Vec::new());
        };
        let (first, head) = (self.log.first(), self.log.stored_head());
        let missed = after
            .filter(|after| after.seq.saturating_add(1) >= first)
            .filter(|after| after.epoch == meta.epoch || planted(Bug::ResumeInAnotherEpoch))
            .and_then(|after| head.checked_sub(after.seq).map(|missed| (after.seq, missed as usize)))
            .filter(|(_, missed)| *missed <= self.limits.resume_messages_max);
        let page = match missed {
            Some((seq, missed)) => {
                let seq = seq + Seq::from(planted(Bug::ResumeOffByOne));
                Rc::new(self.log.page(Range::After(seq), missed, archive)?)
            }
            None => match &same.newest {
                Some(page) => page.clone(),
                None => {
                    let page = self.log.page(Range::Newest, self.limits.history_on_join, archive)?;
                    same.newest.insert(Rc::new(page)).clone()
                }
            },
        };
        let welcome = Welcome {
            room: self.name.to_string(),
            epoch: meta.epoch.clone(),
            head,
            you: you.clone(),
            session: self.session_of(connection, you.id, now_ms),
            members: same.members.get_or_insert_with(|| self.presence.list().into()).clone(),
            member_count: self.member_count(),
            limits: self.limits.for_clients(),
            recovered: missed.is_some(),
            page,
            role: self.role_of(connection),
            house: self.rules.house,
            deleted: if after.is_some() { self.rules.deleted.clone() } else { Vec::new() },
        };
        Ok(vec![Effect::Seat(connection, seat), Effect::Send(connection, Reply::Welcome(Box::new(welcome)))])
    }

    /// The note to take a member up again with. Who is known by a lasting identity needs none.
    fn session_of(&self, connection: ConnectionId, member: MemberId, now_ms: u64) -> String {
        let Some(meta) = &self.meta else { return String::new() };
        match self.connections.get(&connection).map(|known| &known.visitor.subject) {
            Some(Some(_)) => meta.secret.no_session(member, now_ms),
            _ => meta.secret.session(member, now_ms),
        }
    }

    /// Queues something that everybody will be told; a crowd is only told how many came and went. A relay tells its
    /// room.
    pub(super) fn tell(&mut self, notice: Notice, now_ms: u64) {
        let Some(notice) = self.tell_upstream(notice, now_ms) else { return };
        let is_counted = matches!(notice, Notice::Joined { .. } | Notice::Left { .. });
        if !(is_counted && self.note_crowd(now_ms)) {
            self.queue.push(Queued::Notice(notice));
        }
        self.request_flush(Cause::Notice, now_ms);
    }

    pub(super) fn request_flush(&mut self, cause: Cause, now_ms: u64) {
        let due = self.pace.due(cause, now_ms);
        let at = if self.queue.len() < HOLD_NOTICES_ENOUGH { due } else { now_ms };
        self.flush_at = Some(self.flush_at.map_or(at, |earlier| earlier.min(at)));
    }
}

/// What is the same in all welcomes of a flush: with a copy of it for each, a thousand who come at once would take 20 MB.
#[derive(Default)]
pub(super) struct Same {
    members: Option<Rc<[Member]>>,
    newest: Option<Rc<Page>>,
}

/// The rows that these effects will write.
pub(super) fn appended(effects: &[Effect]) -> &[Segment] {
    let rows = effects.iter().find_map(|effect| match effect {
        Effect::Append(rows) => Some(rows.as_slice()),
        _ => None,
    });
    rows.unwrap_or_default()
}

/// The archive as it will be once this flush's rows are written.
pub(super) struct Written<'a> {
    pub rows: &'a [Segment],
    pub archive: &'a dyn Archive,
}

impl Archive for Written<'_> {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        let mut segments = self.archive.segments(first, last)?;
        segments.retain(|old| self.rows.iter().all(|new| new.first != old.first));
        let overlaps = |row: &&Segment| row.first <= last && row.first + row.len() as Seq > first;
        segments.extend(self.rows.iter().filter(overlaps).cloned());
        segments.sort_by_key(|segment| segment.first);
        Ok(segments)
    }

    fn records(&self, before: u64, limit: usize) -> Result<Vec<(u64, String)>, Fault> {
        self.archive.records(before, limit)
    }

    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault> {
        let stored = self.archive.head_after(first)?;
        let written = self.rows.iter().find(|row| row.first > first).map(Segment::head);
        // Of a row that is there in both, the new one counts.
        Ok(match (stored, written) {
            (Some(stored), Some(written)) if stored.first < written.first => Some(stored),
            (stored, written) => written.or(stored),
        })
    }
}
