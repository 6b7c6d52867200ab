//! What holds in a room beside its limits: who is banned or muted, whether it is locked or slow, and which
//! messages were deleted of late. One small stored value, written only when a moderator changes it.

use serde::Serialize;
use serde_json::Value;

use super::log::Seq;
use super::presence::MemberId;
use super::visitor::Role;
use crate::limits::{DELETED_REMEMBERED_MAX, REMOVED_REMEMBERED_MAX, SENTENCES_MAX};
use crate::refusal::Refusal;

/// The part of the rules that everybody is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct House {
    /// Whether only moderators may write.
    pub locked: bool,
    /// Shortest time between two messages of a member who is no moderator, in milliseconds.
    pub slow_mode_ms: u64,
}

/// A ban or a mute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Whose.
    pub member: MemberId,
    /// Its name then, if it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it ends, in Unix milliseconds; absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

impl Sentence {
    fn read(kept: &Value) -> Option<Self> {
        let member = MemberId::new(kept.get("member")?.as_u64()?);
        let name = kept.get("name").and_then(Value::as_str).map(str::to_owned);
        Some(Self { member, name, until: kept.get("until").and_then(Value::as_u64) })
    }

    fn holds(&self, now_ms: u64) -> bool {
        self.until.is_none_or(|until| now_ms < until)
    }
}

/// Bans or mutes, at most one for each member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sentences(Vec<Sentence>);

impl Sentences {
    /// The member's, if one holds now.
    pub fn of(&self, member: MemberId, now_ms: u64) -> Option<&Sentence> {
        self.0.iter().find(|sentence| sentence.member == member && sentence.holds(now_ms))
    }

    /// Puts one in, over the member's of before; lets go of those that have ended.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] if there are as many as a room keeps.
    pub fn put(&mut self, sentence: Sentence, now_ms: u64) -> Result<(), Refusal> {
        self.0.retain(|other| other.holds(now_ms) && other.member != sentence.member);
        if self.0.len() >= SENTENCES_MAX {
            return Err(Refusal::TooMany);
        }
        self.0.push(sentence);
        Ok(())
    }

    /// Takes the member's out.
    pub fn lift(&mut self, member: MemberId) {
        self.0.retain(|sentence| sentence.member != member);
    }
}

/// The end of a member's connections by a moderator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// Whose.
    pub member: MemberId,
    /// Connections of this role, and higher ones, stay.
    pub below: Role,
    /// When, in Unix milliseconds.
    pub at: u64,
}

impl Removal {
    fn read(kept: &Value) -> Option<Self> {
        let member = MemberId::new(kept.get("member")?.as_u64()?);
        let below = Role::parse(kept.get("below")?.as_str()?)?;
        Some(Self { member, below, at: kept.get("at")?.as_u64()? })
    }
}

/// All that holds in a room beside its limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// What everybody is told.
    pub house: House,
    /// Who may not come in.
    pub bans: Sentences,
    /// Who may not speak.
    pub mutes: Sentences,
    /// The messages that were deleted last, oldest first.
    pub deleted: Vec<Seq>,
    /// Who was removed last, oldest first: for relays that may hold them.
    pub removed: Vec<Removal>,
}

impl Rules {
    /// Reads the JSON text of rules again. By hand: derived, it would be several KiB of the bundle.
    pub fn read(json: &str) -> Option<Self> {
        let kept: Value = serde_json::from_str(json).ok()?;
        let house = kept.get("house");
        let house = House {
            locked: house.and_then(|house| house.get("locked")?.as_bool()).unwrap_or_default(),
            slow_mode_ms: house.and_then(|house| house.get("slow_mode_ms")?.as_u64()).unwrap_or_default(),
        };
        let list = |name: &str| kept.get(name).and_then(Value::as_array).into_iter().flatten();
        let sentences = |name: &str| Sentences(list(name).filter_map(Sentence::read).collect());
        let deleted = list("deleted").filter_map(Value::as_u64).collect();
        let removed = list("removed").filter_map(Removal::read).collect();
        Some(Self { house, bans: sentences("bans"), mutes: sentences("mutes"), deleted, removed })
    }

    /// Notes that a member is removed.
    pub fn note_removed(&mut self, removal: Removal) {
        self.removed.push(removal);
        let over = self.removed.len().saturating_sub(REMOVED_REMEMBERED_MAX);
        self.removed.drain(..over);
    }

    /// Notes that a message is deleted.
    pub fn note_deleted(&mut self, seq: Seq) {
        self.deleted.push(seq);
        let over = self.deleted.len().saturating_sub(DELETED_REMEMBERED_MAX);
        self.deleted.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(member: u64, until: Option<u64>) -> Sentence {
        Sentence { member: MemberId::new(member), name: None, until }
    }

    #[test]
    fn a_sentence_holds_until_its_end() {
        let mut bans = Sentences::default();
        bans.put(sentence(1, Some(100)), 0).unwrap();
        bans.put(sentence(2, None), 0).unwrap();
        assert!(bans.of(MemberId::new(1), 99).is_some());
        assert!(bans.of(MemberId::new(1), 100).is_none());
        assert!(bans.of(MemberId::new(2), u64::MAX).is_some());
        assert!(bans.of(MemberId::new(3), 0).is_none());
        bans.lift(MemberId::new(2));
        assert!(bans.of(MemberId::new(2), 0).is_none());
        assert!(bans.of(MemberId::new(1), 99).is_some(), "another's is lifted");
    }

    #[test]
    fn a_member_has_one_sentence_the_last() {
        let mut bans = Sentences::default();
        bans.put(sentence(1, None), 0).unwrap();
        bans.put(sentence(1, Some(5)), 0).unwrap();
        assert_eq!(bans.of(MemberId::new(1), 0).unwrap().until, Some(5));
        assert_eq!(bans.0.len(), 1);
    }

    #[test]
    fn sentences_are_bounded_and_those_that_ended_make_room() {
        let mut bans = Sentences::default();
        for member in 1..=SENTENCES_MAX as u64 {
            bans.put(sentence(member, Some(10)), 0).unwrap();
        }
        assert_eq!(bans.put(sentence(5_000, None), 9), Err(Refusal::TooMany));
        assert_eq!(bans.put(sentence(1, None), 9), Ok(()), "over one's own there is room");
        assert_eq!(bans.put(sentence(5_000, None), 10), Ok(()));
        assert_eq!(bans.0.len(), 2);
    }

    #[test]
    fn the_last_deletions_are_remembered() {
        let mut rules = Rules::default();
        (1..=DELETED_REMEMBERED_MAX as Seq + 3).for_each(|seq| rules.note_deleted(seq));
        assert_eq!(rules.deleted.len(), DELETED_REMEMBERED_MAX);
        assert_eq!(rules.deleted.first(), Some(&4));
    }

    #[test]
    fn rules_are_stored_and_read_again() {
        let mut rules = Rules::default();
        assert_eq!(Rules::read("{}").as_ref(), Some(&rules));
        assert_eq!(Rules::read("{"), None);
        rules.house = House { locked: true, slow_mode_ms: 5 };
        rules.mutes.put(sentence(1, None), 0).unwrap();
        let named = Sentence { name: Some("Bo \"".to_owned()), ..sentence(2, Some(9)) };
        rules.bans.put(named, 0).unwrap();
        rules.note_deleted(7);
        for at in 1..=REMOVED_REMEMBERED_MAX as u64 + 1 {
            rules.note_removed(Removal { member: MemberId::new(3), below: Role::Owner, at });
        }
        assert_eq!(rules.removed.first().map(|first| first.at), Some(2), "the last are remembered");
        let text = serde_json::to_string(&rules).unwrap();
        assert_eq!(Rules::read(&text), Some(rules));
    }
}
