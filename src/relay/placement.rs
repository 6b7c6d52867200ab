//! Where a room sends newcomers, and what a Worker remembers of it: of a crowd that comes at once, few ask the room.

use crate::limits::RELAY_PLACEMENT_MS;

/// A relay for newcomers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The relay's key.
    pub key: String,
    /// For how many it is, the one who asked included.
    pub arrivals: usize,
}

impl Placement {
    /// As a room tells it in a header.
    pub fn to_header(&self) -> String {
        format!("{} {}", self.key, self.arrivals)
    }

    /// Reads the header.
    pub fn from_header(value: &str) -> Option<Self> {
        let (key, arrivals) = value.split_once(' ')?;
        Some(Self { key: key.to_owned(), arrivals: arrivals.parse().ok()? })
    }
}

/// Where a newcomer comes from, and whom the same Worker has sent to a relay since it asked last: as it tells a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The region.
    pub region: String,
    /// A relay's key, and how many went there.
    pub sent: Option<(String, usize)>,
}

impl Asking {
    /// From a region, with nothing to tell.
    pub fn of(region: &str) -> Self {
        Self { region: region.to_owned(), sent: None }
    }

    /// As a Worker tells it in a header.
    pub fn to_header(&self) -> String {
        match &self.sent {
            Some((key, count)) => format!("{} {key} {count}", self.region),
            None => self.region.clone(),
        }
    }

    /// Reads the header.
    pub fn from_header(value: &str) -> Self {
        let mut words = value.split(' ');
        let asking = Self::of(words.next().unwrap_or_default());
        let sent = words.next().zip(words.next().and_then(|count| count.parse().ok()));
        Self { sent: sent.map(|(key, count)| (key.to_owned(), count)), ..asking }
    }
}

/// What a Worker remembers: a few rooms at once, each for a second, so a list.
#[derive(Debug, Default)]
pub struct Placements(Vec<Known>);

#[derive(Debug)]
struct Known {
    room: String,
    region: &'static str,
    key: String,
    left: usize,
    /// Who went there and the room was not told of.
    sent: usize,
    at_ms: u64,
}

impl Placements {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The key of the relay that a newcomer to a room from a region may go to without asking.
    pub fn take(&mut self, room: &str, region: &str, now_ms: u64) -> Option<String> {
        // Of a clock that jumped back nothing is known. Whom the room was not told of by then the relay has counted.
        self.0.retain(|it| now_ms.checked_sub(it.at_ms).is_some_and(|age| age < RELAY_PLACEMENT_MS));
        let known = self.find(room, region).filter(|it| it.left > 0)?;
        (known.left, known.sent) = (known.left - 1, known.sent + 1);
        Some(known.key.clone())
    }

    /// What to ask the room with, where nothing is known.
    pub fn ask(&mut self, room: &str, region: &'static str) -> Asking {
        let known = self.find(room, region).filter(|it| it.sent > 0);
        let sent = known.map(|it| (it.key.clone(), std::mem::take(&mut it.sent)));
        Asking { sent, ..Asking::of(region) }
    }

    /// Remembers what the room said to one who asked, who goes there.
    pub fn note(&mut self, room: &str, region: &'static str, placement: Placement, now_ms: u64) {
        let (key, left) = (placement.key, placement.arrivals.saturating_sub(1));
        let sent = self.find(room, region).filter(|it| it.key == key).map_or(0, |it| it.sent);
        self.0.retain(|it| it.room != room || it.region != region);
        self.0.push(Known { room: room.to_owned(), region, key, left, sent, at_ms: now_ms });
    }

    fn find(&mut self, room: &str, region: &str) -> Option<&mut Known> {
        self.0.iter_mut().find(|it| it.room == room && it.region == region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(arrivals: usize) -> Placement {
        Placement { key: "weur-1".to_owned(), arrivals }
    }

    #[test]
    fn goes_over_in_a_header() {
        assert_eq!(Placement::from_header(&placement(50).to_header()), Some(placement(50)));
        for wrong in ["", "weur-1", "weur-1 ", "weur-1 -1", "weur-1 many"] {
            assert_eq!(Placement::from_header(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_went_there_is_told_once_with_the_next_question() {
        let mut known = Placements::new();
        let asked = |known: &mut Placements| {
            let asking = known.ask("tea", "weur");
            assert_eq!(Asking::from_header(&asking.to_header()), asking);
            assert_eq!(asking.region, "weur");
            asking.sent
        };
        assert_eq!(asked(&mut known), None);
        known.note("tea", "weur", placement(3), 0);
        (0..2).for_each(|_| drop(known.take("tea", "weur", 0)));
        assert_eq!(known.take("tea", "weur", 0), None);
        known.note("tea", "weur", placement(9), 0); // asked by another at the same time
        assert_eq!(asked(&mut known), Some(("weur-1".to_owned(), 2)));
        assert_eq!(asked(&mut known), None);
        for wrong in ["weur any-0", "weur any-0 many", "weur any-0 -1"] {
            assert_eq!(Asking::from_header(wrong).sent, None, "{wrong}");
        }
    }

    #[test]
    fn so_many_may_follow_for_a_second_from_the_same_region_to_the_same_room() {
        let mut known = Placements::new();
        assert_eq!(known.take("tea", "weur", 5_000), None);
        known.note("tea", "weur", placement(3), 5_000);
        assert_eq!([known.take("milk", "weur", 5_000), known.take("tea", "enam", 5_000)], [None, None]);
        assert_eq!(known.take("tea", "weur", 5_999).as_deref(), Some("weur-1"));
        assert_eq!(known.take("tea", "weur", 5_999).as_deref(), Some("weur-1"));
        assert_eq!(known.take("tea", "weur", 5_999), None, "it was for three");
        known.note("tea", "weur", placement(3), 6_000);
        assert_eq!(known.take("tea", "weur", 7_000), None, "it was for a second");
        known.note("tea", "weur", placement(3), 6_000);
        assert_eq!(known.take("tea", "weur", 5_999), None, "the clock jumped back");
        assert!(known.0.is_empty(), "it forgets");
    }
}
