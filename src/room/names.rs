//! What members are called. A member has one name, wherever it is: the last that it chose. The room decides which that is.
//!
//! Relays ask it for a new name, and are told of each who joins at another place with a session or a lasting identity, but
//! only beside what they are told anyway: a relay that has the member under another name follows. One that was cut off is told
//! the names of that time again. So nothing grows with all members: a line for each who comes.

use super::*;
use crate::relay::wire::{self, Frames, Up};

impl Buckets {
    /// What the member is called, where that was told relays of late.
    pub(super) fn name(&self, now_ms: u64) -> Option<&str> {
        let (name, at) = self.named.as_ref()?;
        (now_ms.abs_diff(*at) < NAME_REMEMBERED_MS).then_some(name)
    }
}

impl Room {
    /// Has a connection's member go by another name; a relay asks its room.
    pub(super) fn wish_name(
        &mut self,
        connection: ConnectionId,
        formal: bool,
        member: Member,
        now_ms: u64,
    ) -> Vec<Effect> {
        let Some(upstream) = &mut self.upstream else { return self.rename_everywhere(member, now_ms) };
        let id = member.id;
        upstream.say(connection, id, "", wire::up(&Up::Rename { from: connection, formal, member }));
        self.request_flush(Cause::Notice, now_ms);
        Vec::new()
    }

    /// Has a member go by a name, and tells everybody.
    pub(super) fn rename_everywhere(&mut self, member: Member, now_ms: u64) -> Vec<Effect> {
        let seats = self.take_name(&member, now_ms);
        self.tell(Notice::Renamed { member, member_count: self.member_count() }, now_ms);
        seats
    }

    /// The same, told before the message under that name, which was queued last.
    pub(super) fn rename_before(&mut self, member: Member, now_ms: u64) -> Vec<Effect> {
        let seats = self.take_name(&member, now_ms);
        let renamed = Notice::Renamed { member, member_count: self.member_count() };
        self.queue.insert(self.queue.len().saturating_sub(1), Queued::Notice(renamed));
        seats
    }

    fn take_name(&mut self, member: &Member, now_ms: u64) -> Vec<Effect> {
        self.note_name(member, now_ms);
        self.follow_name(member).unwrap_or_default()
    }

    /// Has a member's connections here go by the name that it has elsewhere: their seats. None where they do, or there are
    /// none.
    pub(super) fn follow_name(&mut self, member: &Member) -> Option<Vec<Effect>> {
        self.presence.get(member.id).filter(|known| known.name != member.name)?;
        self.presence.rename(member.id, &DisplayName::stored(member.name.clone()));
        Some(self.seats_of(member.id))
    }

    /// Follows a name of which a relay's members are told only if the member is here.
    pub(super) fn follow(&mut self, member: Member) -> Vec<Effect> {
        if let Some(upstream) = self.upstream.as_mut().filter(|upstream| upstream.is_live()) {
            upstream.answered(member.id, "");
            if planted(Bug::RelayHearsNoNames) {
                return Vec::new();
            }
        }
        let followed = self.follow_name(&member);
        if followed.is_some() {
            let member_count = self.member_count();
            self.queue.push(Queued::Notice(Notice::Renamed { member, member_count }));
        }
        followed.unwrap_or_default()
    }

    /// Takes in that a member has joined at a relay under a name.
    pub(super) fn hear_name(&mut self, link: ConnectionId, member: Member, now_ms: u64) -> Vec<Effect> {
        if self.presence.get(member.id).is_some_and(|known| known.name != member.name) {
            return self.rename_everywhere(member, now_ms);
        }
        self.spread_name(link, &member, now_ms);
        Vec::new()
    }

    /// Lets the other places where a member may be know what it is called.
    pub(super) fn spread_name(&mut self, connection: ConnectionId, member: &Member, now_ms: u64) {
        if let Some(upstream) = &mut self.upstream {
            upstream.say(connection, member.id, "", wire::up(&Up::Named(member.clone())));
        } else {
            self.note_name(member, now_ms);
            if !self.relays.is_empty() {
                self.named.push(member.id);
                // With the count, at the latest.
                self.note_crowd(now_ms);
            }
        }
    }

    /// What relays are told of names with a flush.
    pub(super) fn told_names(&mut self) -> Vec<Effect> {
        let mut frames = Frames::default();
        for id in std::mem::take(&mut self.named) {
            self.name_of(id).into_iter().for_each(|name| frames.name(id, name));
        }
        frames.done.iter().flat_map(|frame| self.tell_relays(frame)).collect()
    }

    /// A member whom a relay speaks of, as it is called: a new name may not have come there yet.
    pub(super) fn known(&self, member: Member) -> Member {
        match self.name_of(member.id) {
            Some(name) => Member { name: name.to_owned(), ..member },
            None => member,
        }
    }

    /// What a member is called, if the room knows.
    pub(super) fn name_of(&self, member: MemberId) -> Option<&str> {
        let here = self.presence.get(member).map(|known| &known.name);
        here.or_else(|| Some(&self.buckets.get(&member)?.named.as_ref()?.0)).map(String::as_str)
    }

    /// Remembers a name for relays. A room that woke just now may have some that are not back yet.
    fn note_name(&mut self, member: &Member, now_ms: u64) {
        if !self.relays.is_empty() || now_ms.abs_diff(self.woke_at) < NAME_REMEMBERED_MS {
            self.buckets(member.id, now_ms).named = Some((member.name.clone(), now_ms));
        }
    }
}
