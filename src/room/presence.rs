//! Who is here. A member is present while at least one connection is theirs.

use std::fmt;

use litemap::LiteMap;
use serde::Serialize;

use crate::limits::WELCOME_MEMBERS_MAX;
use crate::name::DisplayName;
use crate::planted::{Bug, planted};

/// A member's number: positive, below 2^53, the same for as long as its session is taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MemberId(u64);

impl MemberId {
    /// Makes an id of any number, keeping its lower 53 bits; 0 becomes 1.
    pub fn new(number: u64) -> Self {
        Self((number & ((1 << 53) - 1)).max(1))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The member's colour: it follows from the id, so nothing has to be stored for it.
    pub fn color(self) -> &'static str {
        COLORS.get(self.color_index()).copied().unwrap_or("#777777")
    }

    /// Which of the room's colours it has: newcomers get the rarest, the first of those.
    pub fn color_index(self) -> usize {
        (self.0 % COLORS.len() as u64) as usize
    }
}

/// A member as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
}

impl Member {
    /// A member of that number and name; the colour follows from the number.
    pub fn new(id: MemberId, name: &DisplayName) -> Self {
        Self { id, name: name.as_str().to_owned(), color: id.color().to_owned() }
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// 24 hues whose luminance lies between 0.175 and 0.183, the one band where a colour has a contrast
/// of 4.5:1 (WCAG 2.2, 1.4.3) on white and on black. Neighbours in the list are far apart in hue.
const COLORS: [&str; 24] = [
    "#e61f1f", "#2d870f", "#1876d4", "#d718a7", "#79790d", "#0f8568", "#9b4aeb", "#d14617", "#0f890f",
    "#426cea", "#df197c", "#637f0e", "#0f8383", "#b92ce8", "#b06214", "#0f882d", "#6464ee", "#e5194c",
    "#49840f", "#127fa3", "#cd17cd", "#917110", "#0f874b", "#7f5aed",
];

/// The members present, each with how many connections it has.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Presence {
    members: LiteMap<MemberId, Box<Present>>,
    /// Members present by colour, so that a newcomer gets the rarest.
    colors: [u32; COLORS.len()],
}

#[derive(Debug, PartialEq, Eq)]
struct Present {
    member: Member,
    connections: u32,
}

/// What a connection's arrival changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The member was not here before.
    First,
    /// The member was here, under another name.
    Renamed,
    /// The member was here already.
    Another,
}

impl Presence {
    /// How many members are present.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// The member with that id, if present.
    pub fn get(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id).map(|present| &present.member)
    }

    /// The first 200 members, by id.
    pub fn list(&self) -> Vec<Member> {
        self.members.values().take(WELCOME_MEMBERS_MAX).map(|present| present.member.clone()).collect()
    }

    /// Makes a new member's id of a random number: one that is not present, in the rarest colour.
    pub fn new_id(&self, random: u64) -> MemberId {
        let colors = COLORS.len() as u64;
        let rarest = (0u64..).zip(self.colors).min_by_key(|(_, count)| *count).map_or(0, |(index, _)| index);
        let mut base = random >> 12;
        loop {
            let id = MemberId::new(base / colors * colors + rarest);
            if id.color_index() as u64 == rarest && !self.members.contains_key(&id) {
                return id;
            }
            base += colors;
        }
    }

    /// Counts one more connection of `member`, under the name that it has now.
    pub fn add(&mut self, member: Member) -> Arrival {
        let color = member.id.color_index();
        let Some(present) = self.members.get_mut(&member.id) else {
            self.members.insert(member.id, Box::new(Present { member, connections: 1 }));
            if let Some(count) = self.colors.get_mut(color) {
                *count += 1;
            }
            return Arrival::First;
        };
        present.connections += if planted(Bug::CountSecondConnectionTwice) { 2 } else { 1 };
        if present.member.name == member.name {
            return Arrival::Another;
        }
        present.member = member;
        Arrival::Renamed
    }

    /// Changes the name of a member who is present. Returns the member as it is then.
    pub fn rename(&mut self, id: MemberId, name: &DisplayName) -> Option<Member> {
        let present = self.members.get_mut(&id)?;
        present.member = Member::new(id, name);
        Some(present.member.clone())
    }

    /// Counts one connection of the member less. Returns whether it was the last.
    pub fn remove(&mut self, id: MemberId) -> bool {
        let Some(present) = self.members.get_mut(&id) else { return false };
        present.connections -= 1;
        if present.connections > 0 {
            return false;
        }
        self.members.remove(&id);
        if let Some(count) = self.colors.get_mut(id.color_index()) {
            *count -= 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use std::collections::HashSet;

    fn member(id: u64, name: &str) -> Member {
        let name = DisplayName::parse(name, &Limits::default()).unwrap();
        Member::new(MemberId::new(id), &name)
    }

    #[test]
    fn colors_are_readable_on_white_and_on_black() {
        for color in COLORS {
            let channel = |at: usize| {
                let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
            assert!(1.05 / (luminance + 0.05) >= 4.5, "{color} on white");
            assert!((luminance + 0.05) / 0.05 >= 4.5, "{color} on black");
        }
    }

    #[test]
    fn newcomers_get_colors_that_nobody_has() {
        let mut presence = Presence::default();
        for number in 0..COLORS.len() as u64 {
            let id = presence.new_id(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            assert_eq!(presence.add(Member { id, ..member(1, "Ada") }), Arrival::First);
        }
        let colors: HashSet<_> = presence.members.keys().map(|id| id.color()).collect();
        assert_eq!(colors.len(), COLORS.len());
    }

    #[test]
    fn ids_are_positive_below_2_53_and_new() {
        let mut presence = Presence::default();
        for random in [0, 0, 1, u64::MAX, u64::MAX] {
            let id = presence.new_id(random);
            assert!(id.get() > 0 && id.get() < 1 << 53);
            assert_eq!(presence.add(Member { id, ..member(1, "Ada") }), Arrival::First);
        }
    }

    #[test]
    fn a_member_leaves_with_the_last_connection() {
        let mut presence = Presence::default();
        assert_eq!(presence.add(member(7, "Ada")), Arrival::First);
        assert_eq!(presence.add(member(7, "Ada")), Arrival::Another);
        assert_eq!(presence.add(member(7, "Bo")), Arrival::Renamed);
        assert_eq!(presence.count(), 1);
        assert!(!presence.remove(MemberId::new(7)));
        assert!(!presence.remove(MemberId::new(7)));
        assert!(presence.remove(MemberId::new(7)));
        assert!(!presence.remove(MemberId::new(7)));
        assert_eq!(presence, Presence::default());
    }
}
