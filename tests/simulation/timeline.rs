//! What one client knows of the room: a fold over the frames of its connection, as in
//! `public/page/timeline.js`, but one that forgives nothing. Every frame is held against what the
//! protocol promises to each connection.

use std::collections::{BTreeMap, BTreeSet};

use crate::stage::Stage;
use crate::wire::{Frame, House, Member, Message, Print, Welcome, print_of};

const NO_GAP: &str = "from its welcome on, a connection sees every message once and in order";
const RESUME: &str = "resume is all or nothing";
const PRESENCE: &str = "presence, folded from what a connection is told, is the roster";
const PAGE: &str = "a page of history has no gap";
const FORGOTTEN: &str = "what a connection is told is deleted it sees no more";
const OF_EPOCH: &str = "messages are of the epoch that one is in";

/// What can be told of the server when it spoke, and no client knows.
#[derive(Clone, Copy, Debug)]
pub struct Then {
    /// The first message that the room kept.
    pub first: u64,
    /// Of the epoch that it counted within.
    pub epoch: u64,
    pub on_relay: bool,
}

/// What of the history a client asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pages {
    Newest,
    Before(u64),
    After(u64),
}

/// What a client asked for with its `join`.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub after: Option<(String, u64)>,
    /// The session's member, and the epoch that it was given in.
    pub session: Option<(String, u64)>,
}

/// One client's copy of the room.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    pub epoch: Option<String>,
    pub head: u64,
    pub you: u64,
    /// The messages that end at the head.
    pub prints: Vec<Print>,
    /// The room's rules, as they were told last.
    pub house: House,
    /// What this connection was told is deleted.
    gone: BTreeSet<u64>,
    pub members: BTreeMap<u64, String>,
    /// How many are here, as it was told last.
    pub member_count: usize,
}

impl Timeline {
    /// What `join.after` says.
    pub fn position(&self) -> Option<(String, u64)> {
        self.epoch.clone().map(|epoch| (epoch, self.head))
    }

    /// The seq of the first message that it holds, or would hold next.
    pub fn first(&self) -> u64 {
        self.head + 1 - self.prints.len() as u64
    }

    /// Takes a welcome in.
    pub fn welcome(
        &mut self,
        welcome: &Welcome,
        asked: &Asked,
        limits: (usize, usize),
        then: Then,
        stage: &mut Stage,
    ) {
        let Welcome { epoch, head, you, messages, recovered, .. } = welcome;
        let Then { first, on_relay, .. } = then;
        // A relay may be for a moment yet in what its room has cleared.
        let is_behind = on_relay && then.epoch != print_of(&[epoch.as_bytes()]);
        let first = if is_behind { u64::MAX / 2 } else { first };
        let (history_on_join, resume_messages_max) = limits;
        let is_run = messages.iter().rev().zip((1..=*head).rev()).all(|(message, seq)| message.seq == seq);
        stage.promise(is_run && messages.len() as u64 <= *head, NO_GAP, || {
            format!("a welcome with head {head} has messages {:?}", seqs(messages))
        });
        let after = asked.after.as_ref().filter(|(asked, _)| asked == epoch).map(|(_, seq)| *seq);
        stage.promise(after.is_none_or(|seq| seq <= *head), "what was seen stays", || {
            format!("seen up to {after:?}, and now the head is {head} in the same epoch")
        });
        let missed = after.and_then(|seq| head.checked_sub(seq));
        stage.promise(!recovered || missed == Some(messages.len() as u64), RESUME, || {
            format!("recovered after {:?}: head {head}, messages {:?}", asked.after, seqs(messages))
        });
        let is_kept = after.is_some_and(|seq| seq + 1 >= first);
        let is_little = missed.is_some_and(|missed| missed <= resume_messages_max as u64);
        // A relay may have for a moment yet what its room has trimmed.
        let may_recover = is_little && (is_kept || on_relay);
        stage.promise(if *recovered { may_recover } else { !(is_little && is_kept) }, RESUME, || {
            format!("after {:?} in epoch {epoch}, head {head}: recovered is {recovered}", asked.after)
        });
        let most = (*head).min(history_on_join as u64);
        let newest = (head + 1).saturating_sub(first).min(most);
        let newest = if on_relay { (messages.len() as u64).clamp(newest, most) } else { newest };
        stage.promise(*recovered || messages.len() as u64 == newest, RESUME, || {
            format!("not recovered, and {} messages, not {newest}", messages.len())
        });
        let is_more = *head >= first + newest;
        stage.promise(*recovered || welcome.more == is_more || newest == 0 || on_relay, PAGE, || {
            format!("a welcome with head {head} and {newest} messages: more is {}", welcome.more)
        });
        let session = asked.session.as_ref().filter(|(given_in, _)| given_in == epoch);
        stage.promise(
            session.is_none_or(|(_, id)| *id == you.id),
            "a session takes the same member up again",
            || format!("the session of {session:?} became member {}", you.id),
        );

        if !recovered {
            self.prints.clear();
        }
        self.gone = welcome.deleted.iter().copied().collect();
        self.epoch = Some(epoch.clone());
        messages.iter().for_each(|message| self.look_at(message, stage));
        self.prints.extend(messages.iter().map(|message| message.print));
        self.head = *head;
        welcome.deleted.iter().for_each(|seq| self.forget(*seq));
        self.house = welcome.rules;
        self.you = you.id;
        self.members = welcome.members.iter().map(|member| (member.id, member.name.clone())).collect();
        stage.promise(self.members.get(&you.id) == Some(&you.name), PRESENCE, || {
            format!("{you:?} is welcomed and not among {:?}", self.members)
        });
        self.count(welcome.member_count, stage);
    }

    /// Takes in what everybody is told.
    pub fn fold(&mut self, frame: &Frame, stage: &mut Stage) {
        match frame {
            Frame::Message(message) => self.append(message, stage),
            Frame::Joined { member, member_count } => {
                let before = self.put(member);
                stage.promise(before.is_none() || stage.has_relays, PRESENCE, || {
                    format!("{member:?} joined, but was here")
                });
                self.count(*member_count, stage);
            }
            Frame::Renamed { member, member_count } => {
                let before = self.put(member);
                // Of a crowd not all are known.
                stage.promise(before.is_some() || stage.has_relays, PRESENCE, || {
                    format!("{member:?} renamed, but was not here")
                });
                self.count(*member_count, stage);
            }
            Frame::Left { id, member_count } => {
                let before = self.members.remove(id);
                stage.promise(before.is_some() || stage.has_relays, PRESENCE, || {
                    format!("{id} left, but was not here")
                });
                stage.promise(*id != self.you, PRESENCE, || format!("{id} is told that it left"));
                self.count(*member_count, stage);
            }
            Frame::Presence { member_count, members } => {
                if let Some(members) = members {
                    self.members = members.iter().map(|member| (member.id, member.name.clone())).collect();
                }
                self.count(*member_count, stage);
            }
            Frame::Deleted { seq } => {
                let is_there = (1..=self.head).contains(seq);
                stage.promise(is_there, "what is deleted was said", || {
                    format!("{seq} after head {}", self.head)
                });
                self.forget(*seq);
            }
            Frame::Cleared { epoch } => {
                let is_other = self.epoch.as_ref() != Some(epoch);
                stage.promise(is_other, "a clear begins another epoch", || format!("cleared: {epoch} again"));
                self.epoch = Some(epoch.clone());
                (self.head, self.prints, self.gone) = (0, Vec::new(), BTreeSet::new());
            }
            Frame::Rules(house) => self.house = *house,
            _ => {}
        }
    }

    /// Takes in a page that was asked for.
    pub fn page(
        &mut self,
        pages: Pages,
        limit: usize,
        messages: &[Message],
        more: bool,
        then: Then,
        stage: &mut Stage,
    ) {
        let Then { first: kept_from, on_relay, .. } = then;
        let limit = limit as u64;
        let epoch = self.epoch.as_ref().map(|epoch| print_of(&[epoch.as_bytes()]));
        if epoch != Some(then.epoch) && (messages.is_empty() || on_relay) {
            // The room is cleared, and this client hears of it next.
            return messages.iter().for_each(|message| self.look_at(message, stage));
        }
        let (first, last) = (messages.first().map(|it| it.seq), messages.last().map(|it| it.seq));
        let is_run = messages.windows(2).all(|two| two[0].seq + 1 == two[1].seq);
        // A relay may have for a moment yet what its room has trimmed.
        let kept_from = first.filter(|_| on_relay).map_or(kept_from, |first| first.min(kept_from));
        // The head at the time of the answer is the client's: what came before the page, came before it.
        let (wanted_first, wanted_last) = match pages {
            Pages::Newest => ((self.head + 1).saturating_sub(limit).max(kept_from), self.head),
            Pages::Before(seq) => {
                let end = seq.min(self.head + 1);
                (end.saturating_sub(limit).max(kept_from), end.saturating_sub(1))
            }
            Pages::After(seq) => {
                let first = (seq + 1).max(kept_from);
                (first, self.head.min(first + limit - 1))
            }
        };
        let is_wanted = if wanted_first > wanted_last {
            messages.is_empty()
        } else {
            first == Some(wanted_first) && last == Some(wanted_last)
        };
        stage.promise(is_run && is_wanted, PAGE, || {
            format!("{pages:?}, at most {limit}, head {}: got {:?}", self.head, seqs(messages))
        });
        let wanted_more = match pages {
            Pages::After(_) => wanted_last < self.head && !messages.is_empty(),
            _ => wanted_first > kept_from && !messages.is_empty(),
        };
        stage.promise(more == wanted_more || on_relay, PAGE, || format!("{pages:?}: more is {more}"));
        for message in messages {
            self.look_at(message, stage);
            self.look_again(message, stage);
        }
        if last.is_some_and(|last| last + 1 == self.first()) {
            self.prints.splice(0..0, messages.iter().map(|message| message.print));
        }
    }

    fn append(&mut self, message: &Message, stage: &mut Stage) {
        self.look_at(message, stage);
        if message.seq == self.head + 1 {
            self.head = message.seq;
            self.prints.push(message.print);
            return;
        }
        // The answer to a repeated send comes to its sender alone, whenever it asks.
        let is_answer = message.seq <= self.head && message.from == self.you;
        stage.promise(is_answer, NO_GAP, || format!("message {} after head {}", message.seq, self.head));
        self.look_again(message, stage);
    }

    /// The message of that seq, if it is known.
    fn known(&mut self, seq: u64) -> Option<&mut Print> {
        let index = seq.checked_sub(self.first())?;
        self.prints.get_mut(index as usize)
    }

    /// Forgets what a deleted message said.
    fn forget(&mut self, seq: u64) {
        self.gone.insert(seq);
        if let Some(known) = self.known(seq) {
            *known = known.gone();
        }
    }

    /// Sees a message, wherever it stands.
    fn look_at(&mut self, message: &Message, stage: &mut Stage) {
        let Message { seq, print, .. } = message;
        if print.is_gone() {
            self.gone.insert(*seq);
        }
        stage.promise(print.is_gone() || !self.gone.contains(seq), FORGOTTEN, || format!("{message:?}"));
        if stage.has_relays {
            let stored_in = stage.ever_stored.get(print).copied();
            let epoch = self.epoch.as_ref().map(|epoch| print_of(&[epoch.as_bytes()]));
            stage.promise(stored_in == epoch, OF_EPOCH, || format!("{message:?} in epoch {:?}", self.epoch));
        }
    }

    /// Sees a message that it may have seen before: it is the same, but that it may be deleted since. Elsewhere a
    /// deletion may have been told of that is not known here yet.
    fn look_again(&mut self, message: &Message, stage: &mut Stage) {
        let Some(known) = self.known(message.seq) else { return };
        let was = std::mem::replace(known, message.print);
        stage.promise(was.of == message.print.of, NO_GAP, || {
            format!("message {} is another than before", message.seq)
        });
    }

    fn put(&mut self, member: &Member) -> Option<String> {
        self.members.insert(member.id, member.name.clone())
    }

    fn count(&mut self, member_count: usize, stage: &mut Stage) {
        self.member_count = member_count;
        stage.promise(self.members.len() == member_count || stage.has_relays, PRESENCE, || {
            format!("{member_count} members are told of, known are {:?}", self.members)
        });
    }
}

fn seqs(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.seq).collect()
}
