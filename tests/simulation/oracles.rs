//! What must be true once all is quiet. What must be true at every step stands where it can be seen:
//! in the store, at the gate, and in every client's timeline.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::{Client, Fate, Phase};
use crate::world::World;

impl World {
    /// Compares what everybody knows.
    pub fn compare(&mut self) {
        self.compare_logs();
        self.compare_presence();
        self.compare_sends();
        self.compare_order();
    }

    fn compare_logs(&mut self) {
        const ONE_LOG: &str = "all have the same log, and it is the stored one";
        let Self { stage, shell, clients, .. } = self;
        let stored = shell.store.messages();
        for client in clients.iter().filter(|client| client.phase == Phase::Live) {
            let timeline = &client.timeline;
            stage.promise(timeline.epoch.as_deref() == shell.store.epoch(), ONE_LOG, || {
                format!("client {} is in epoch {:?}", client.number, timeline.epoch)
            });
            stage.promise(timeline.head == stored.len() as u64, ONE_LOG, || {
                format!("client {} is at {} of {}", client.number, timeline.head, stored.len())
            });
            let tail = &stored[stored.len().saturating_sub(timeline.prints.len())..];
            let same = tail.iter().map(|stored| stored.print).eq(timeline.prints.iter().copied());
            stage.promise(same, ONE_LOG, || format!("client {} has other messages", client.number));
        }
    }

    /// Whether everybody knows how many are here, one who is at two places counted twice; and who, where they are few
    /// and all at the room.
    pub fn is_counted(&self) -> bool {
        let (count, everybody) = self.true_count();
        let live = || self.clients.iter().filter(|client| client.phase == Phase::Live);
        live().all(|client| {
            client.timeline.member_count == count
                && everybody.as_ref().is_none_or(|everybody| client.timeline.members == *everybody)
        })
    }

    /// Whether each member goes by one name, wherever it is. A room that lost its memory, or whose clock leapt, does
    /// not know any more who was renamed while a relay was cut off (docs/RELIABILITY.md).
    pub fn is_named(&self) -> bool {
        self.shell.lives > 1 || self.stage.forgets_names || self.misnamed().is_empty()
    }

    /// Clients with what they go by to themselves, at their place, and at another client of the same member.
    fn misnamed(&self) -> Vec<String> {
        let Self { stage, shell, relays, clients, .. } = self;
        let live = || clients.iter().filter(|client| client.phase == Phase::Live);
        let own = |client: &Client| client.timeline.members.get(&client.timeline.you).cloned();
        let mut names = BTreeMap::new();
        let seen = live().filter_map(|client| {
            let (place, you) = (client.link.map_or(0, |link| stage.links[link].place), client.timeline.you);
            let there = if place == 0 { shell.name_of(you) } else { relays.0[place - 1].name_of(you) };
            let own = own(client);
            let first = names.entry(you).or_insert_with(|| own.clone()).clone();
            let is_one = own == first && there.as_ref().is_none_or(|there| own.as_ref() == Some(there));
            (!is_one).then(|| {
                format!("client {} at {place}: {own:?}, there {there:?}, elsewhere {first:?}", client.number)
            })
        });
        seen.collect()
    }

    /// Says what [`Self::is_counted`] or [`Self::is_named`] misses.
    pub fn violate_count(&mut self) {
        if self.is_counted() {
            let misnamed = self.misnamed();
            return self.stage.violate("a member has one name, wherever it is", || format!("{misnamed:?}"));
        }
        let (count, everybody) = self.true_count();
        let live = self.clients.iter().filter(|client| client.phase == Phase::Live);
        let seen: Vec<_> = live
            .map(|client| {
                let place = client.link.map(|link| self.stage.links[link].place);
                (client.number, place, client.timeline.member_count, client.timeline.members.len())
            })
            .collect();
        self.stage.violate("the number that all are told becomes the true one", || {
            format!("{count} are here, {everybody:?}; (client, place, count, members known): {seen:?}")
        });
    }

    fn true_count(&self) -> (usize, Option<BTreeMap<u64, String>>) {
        let Self { stage, shell, clients, .. } = self;
        let live = || clients.iter().filter(|client| client.phase == Phase::Live);
        let place = |client: &Client| client.link.map_or(0, |link| stage.links[link].place);
        let seats: BTreeSet<_> = live().map(|client| (place(client), client.timeline.you)).collect();
        let is_few =
            seats.iter().all(|(place, _)| *place == 0) && seats.len() <= shell.limits.crowd_above / 4 * 3;
        let everybody =
            is_few.then(|| live().map(|client| (client.timeline.you, client.name.clone())).collect());
        (seats.len(), everybody)
    }

    fn compare_presence(&mut self) {
        if self.stage.has_relays {
            // It is quiet only once all are counted.
            return;
        }
        const TRUTH: &str = "once quiet, presence is the truth";
        let Self { stage, clients, .. } = self;
        let live = || clients.iter().filter(|client| client.phase == Phase::Live);
        let present: BTreeMap<u64, String> =
            live().map(|client| (client.timeline.you, client.name.clone())).collect();
        for client in live() {
            stage.promise(client.timeline.members == present, TRUTH, || {
                format!("client {} sees {:?}, here are {present:?}", client.number, client.timeline.members)
            });
            stage.promise(present.get(&client.timeline.you) == Some(&client.name), TRUTH, || {
                format!("client {} goes by {:?}, others see {present:?}", client.number, client.name)
            });
        }
    }

    fn compare_sends(&mut self) {
        const ONCE: &str = "what was said is stored once";
        let Self { stage, shell, clients, poster, .. } = self;
        let stored = shell.store.messages();
        let mut times: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let first = shell.store.first();
        for (seq, message) in (1..).zip(stored).filter(|(seq, _)| *seq >= first) {
            times.entry(message.said).or_default().push(seq);
        }
        let stored_as = |print: &u64| times.get(print).map_or(&[][..], Vec::as_slice);
        for client in clients.iter() {
            for said in &client.said {
                let seqs = stored_as(&said.print);
                stage.promise(seqs.len() <= 1, ONCE, || {
                    format!("client {} said {:?} once; stored as {seqs:?}", client.number, said.text)
                });
                match &said.fate {
                    Fate::Acknowledged(epoch, seq)
                        if Some(epoch.as_str()) == shell.store.epoch() && *seq >= first =>
                    {
                        stage.promise(seqs == [*seq], "what was acknowledged is there for ever", || {
                            format!("{:?} was acknowledged as {seq}, stored as {seqs:?}", said.text)
                        });
                    }
                    Fate::Waiting if client.phase == Phase::Live => {
                        stage.violate("once quiet, all is said", || format!("{said:?} waits"))
                    }
                    _ => {}
                }
            }
        }
        for print in &poster.said {
            let seqs = stored_as(print);
            stage.promise(seqs.len() <= 1, ONCE, || format!("a POST is stored as {seqs:?}"));
        }
        let epoch = shell.store.epoch_print();
        let kept = poster.done.iter().filter(|(_, seq, stored_in)| *seq >= first && *stored_in == epoch);
        for (print, seq, _) in kept {
            let seqs = stored_as(print);
            stage.promise(seqs == [*seq], "what was acknowledged is there for ever", || {
                format!("a POST was answered with {seq}, stored as {seqs:?}")
            });
        }
    }

    /// Whether what moderators decided is what everybody knows, and what became of everybody.
    fn compare_order(&mut self) {
        let Self { stage, shell, clients, .. } = self;
        if !stage.court.sits {
            return;
        }
        let holds = shell.store.holds();
        for client in clients.iter().filter(|client| client.phase == Phase::Live) {
            let Client { number, timeline, .. } = client;
            stage.promise(timeline.house == holds.house, "all know the rules that hold", || {
                format!("client {number} knows {:?}, and there is {holds:?}", timeline.house)
            });
            let place = client.link.map_or(0, |link| stage.links[link].place);
            let (role, since_ms) = (client.visitor.role, client.live_since_ms);
            let removed_at = stage.court.removed_at(timeline.you, role, since_ms);
            stage.promise(removed_at.is_none(), "who is removed is gone", || {
                format!("client {number}, at {place} since {since_ms} ms, was removed at {removed_at:?}")
            });
            stage.promise(client.orders.is_empty(), "every order is answered", || {
                format!("client {number}: {:?}", client.orders)
            });
        }
    }
}
