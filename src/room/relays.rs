//! What a room does for its relays: it sends newcomers to them, tells them what it tells everybody, takes what
//! their members say, and has them end connections that it does not hold itself.

use super::moderation::Actor;
use super::*;
use crate::limits::{FAN_OUT_GAP_MS_MAX, FAN_OUT_HEARING_PER_GAP_MS, RELAY_RESUME_MESSAGES_MAX};
use crate::relay::placement::{Asking, Placement};
use crate::relay::registry::Count;
use crate::relay::wire::{self, Asker, Hello, Up};

impl Room {
    /// Chooses where a connection belongs that [`Room::admit`] let in: at that relay, or here.
    pub fn place(&mut self, asking: &Asking, now_ms: u64) -> Option<Placement> {
        self.upstream.is_none().then_some(())?;
        if let Some((key, count)) = &asking.sent {
            self.relays.note_sent(key, *count);
        }
        let here = self.own_connections();
        self.relays.place(&asking.region, here, &self.limits, now_ms)
    }

    /// How long a connection waits from one frame of a broadcast to the next, in milliseconds, where all are not told at
    /// once.
    pub fn fan_out_gap_ms(&self) -> u64 {
        let hear = self.member_count().max(self.connections.len());
        FAN_OUT_GAP_MS_MAX.min(hear as u64 / FAN_OUT_HEARING_PER_GAP_MS)
    }

    /// Connections that are no links.
    fn own_connections(&self) -> usize {
        self.connections.len().saturating_sub(self.relays.links().count())
    }

    /// Takes a relay's link in, instead of one that it had before.
    pub(super) fn attach(
        &mut self,
        link: ConnectionId,
        key: &str,
        after: Option<Position>,
        now_ms: u64,
    ) -> Vec<Effect> {
        // Whoever was sent there has used the room.
        let (_, mut effects) = self.meta_or_create(now_ms);
        self.open(link, Visitor::default(), now_ms, now_ms);
        self.let_listen(link);
        let before = self.relays.attach(key, link, Count::default(), now_ms);
        effects.extend(before.map(|old| self.close(old, CloseCode::Restart, now_ms)));
        self.note_crowd(now_ms);
        self.waiting.push((link, Awaited::Link(after)));
        self.request_flush(Cause::Notice, now_ms);
        effects
    }

    /// Tells a relay what it begins with.
    pub(super) fn greet(
        &self,
        link: ConnectionId,
        after: Option<&Position>,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let (Some(meta), Some(seat)) = (&self.meta, self.seat(link)) else { return Ok(Vec::new()) };
        let head = self.log.stored_head();
        let missed = after
            .filter(|after| after.epoch == meta.epoch && after.seq.saturating_add(1) >= self.log.first())
            .and_then(|after| Some((after.seq, head.checked_sub(after.seq)?)))
            .filter(|(_, missed)| *missed <= RELAY_RESUME_MESSAGES_MAX);
        let page = match missed {
            Some((seq, missed)) => {
                let skip = Seq::from(planted(Bug::LinkResumesOffByOne) || planted(Bug::RelayShowsGap));
                self.log.page(Range::After(seq + skip), missed as usize, archive)?
            }
            None => self.log.page(Range::Newest, self.limits.relay_messages(), archive)?,
        };
        let hello = Hello {
            meta,
            rules: &self.rules,
            members: self.member_count(),
            resumed: missed.is_some(),
            lines: &page.messages,
            names: match planted(Bug::RelayMissesNames) {
                true => Vec::new(),
                false => self.buckets.iter().filter_map(|(id, it)| Some((*id, it.name(now_ms)?))).collect(),
            },
        };
        let frames = wire::hello(&hello).into_iter().map(|frame| Effect::Send(link, Reply::Relay(frame)));
        Ok([Effect::Seat(link, seat)].into_iter().chain(frames).collect())
    }

    /// Takes what came over a relay's link.
    pub(super) fn take_up(
        &mut self,
        link: ConnectionId,
        up: Up,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        if self.relays.of(link).is_none() {
            return Ok(Vec::new());
        }
        match up {
            Up::Say { from, formal, renames, visitor, message } => {
                self.say_for(link, from, formal, renames, &visitor, &message, now_ms, archive)
            }
            Up::Typing { member, on } => {
                if self.take_signals(member.id, now_ms).is_ok() {
                    self.tell(Notice::Typing { member: self.known(member), on }, now_ms);
                }
                Ok(Vec::new())
            }
            Up::Rename { from, formal, member } => Ok(match self.take_signals(member.id, now_ms) {
                Ok(()) => self.rename_everywhere(member, now_ms),
                Err(refusal) => vec![not_taken(link, from, formal, member, refusal, String::new())],
            }),
            Up::Named(member) => Ok(self.hear_name(link, member, now_ms)),
            Up::Moderate { by: Asker { from, visitor, member }, order } => {
                let by = Actor::of(&member, &visitor);
                let (mut effects, done) = self.moderate(by, &visitor, &order, now_ms, archive)?;
                let heard = heard(link, from, done.is_ok());
                effects.extend(done.err().map(|refusal| refuse_for(link, from, refusal)));
                effects.push(heard);
                Ok(effects)
            }
            Up::Report { by: Asker { from, visitor, member }, seq, reason } => {
                let by = Actor::of(&member, &visitor);
                let (mut effects, answered) = match self.report(by, seq, reason, now_ms) {
                    Ok(effects) => (effects, answer(link, from, Reply::Reported(seq))),
                    Err(refusal) => (Vec::new(), refuse_for(link, from, refusal)),
                };
                effects.extend([answered, heard(link, from, false)]);
                Ok(effects)
            }
            Up::Read { from, range, limit } => {
                let page = self.log.page(range, limit.min(crate::limits::HISTORY_LIMIT_MAX), archive)?;
                Ok(vec![answer(link, from, Reply::History(page))])
            }
            Up::Count(count) => Ok(self.count(link, count, now_ms)),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn say_for(
        &mut self,
        link: ConnectionId,
        from: ConnectionId,
        formal: bool,
        renames: bool,
        visitor: &Visitor,
        line: &Line,
        now_ms: u64,
        archive: &dyn Archive,
    ) -> Effects {
        let Ok(message) = line.decode() else { return Ok(Vec::new()) };
        let log::Message { id, from: member, text, reply_to, original, .. } = message;
        let echo = id.clone();
        // Where it comes from, a new name may not have come to yet.
        let renames = renames && self.name_of(member.id) != Some(&member.name);
        let member = if renames { member } else { self.known(member) };
        let said = match self.parse(id, text) {
            Ok((id, text)) => {
                self.say(member.clone(), visitor, &id, &text, reply_to, original, now_ms, archive)?
            }
            Err(refusal) => Err(refusal),
        };
        Ok(match said {
            Ok(Said::Queued(_)) => {
                self.senders.0.push((link, Some(from), echo));
                // For the record, if it is to be kept in order: others are told of it only where it is new.
                let buckets = self.buckets(member.id, now_ms);
                buckets.named.get_or_insert_with(|| (member.name.clone(), 0));
                if renames { self.rename_before(member, now_ms) } else { Vec::new() }
            }
            Ok(Said::Before(_, line)) => vec![answer(link, from, Reply::Message(line))],
            Err(refusal) => vec![not_taken(link, from, formal, member, refusal, echo)],
        })
    }

    fn count(&mut self, link: ConnectionId, count: Count, now_ms: u64) -> Vec<Effect> {
        if !self.relays.count(link, count, now_ms) {
            return Vec::new();
        }
        self.note_crowd(now_ms);
        self.seat(link).map(|seat| Effect::Seat(link, seat)).into_iter().collect()
    }

    /// Calls everybody home from the relays, once all of them fill half the room at most: so that as many may come
    /// again before it needs relays.
    pub(super) fn call_home(&self) -> Vec<Effect> {
        let there = self.relays.connections();
        if there == 0 || self.own_connections() + there > self.limits.relay_above / 2 {
            return Vec::new();
        }
        self.tell_relays(&wire::home())
    }

    /// Notes that a link has ended.
    pub(super) fn detach(&mut self, link: ConnectionId, now_ms: u64) {
        if self.relays.of(link).is_some() {
            self.note_crowd(now_ms);
            self.relays.detach(link, now_ms);
        }
    }

    /// Forgets relays that did not come back in time, and ends a link that nobody uses.
    pub(super) fn sweep_relays(&mut self, now_ms: u64) -> Option<Effect> {
        if self.relays.sweep(now_ms) && self.crowd.on {
            self.note_crowd(now_ms);
        }
        let unused = self.relays.unused(now_ms)?;
        Some(self.close(unused, CloseCode::Restart, now_ms))
    }

    /// Tells every relay something that its members are not told as such.
    pub(super) fn tell_relays(&self, line: &str) -> Vec<Effect> {
        self.relays.links().map(|link| Effect::Send(link, Reply::Relay(line.to_owned()))).collect()
    }
}

/// A reply, for a connection of a relay where it is for one.
pub(super) fn addressed(on_relay: Option<ConnectionId>, reply: Reply) -> Reply {
    match on_relay {
        Some(to) => Reply::Relay(wire::answer(to, &reply)),
        None => reply,
    }
}

fn answer(link: ConnectionId, to: ConnectionId, reply: Reply) -> Effect {
    Effect::Send(link, addressed(Some(to), reply))
}

fn not_taken(
    link: ConnectionId,
    from: ConnectionId,
    formal: bool,
    you: Member,
    refusal: Refusal,
    id: String,
) -> Effect {
    let reply = match formal {
        true => Reply::Refused { refusal, id: Some(id) },
        false => Reply::Unsaid { you, refusal, id },
    };
    answer(link, from, reply)
}

fn refuse_for(link: ConnectionId, to: ConnectionId, refusal: Refusal) -> Effect {
    answer(link, to, Reply::Refused { refusal, id: None })
}

fn heard(link: ConnectionId, from: ConnectionId, is_done: bool) -> Effect {
    Effect::Send(link, Reply::Relay(wire::heard(from, is_done)))
}
