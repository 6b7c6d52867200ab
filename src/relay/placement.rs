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

/// What a Worker remembers: a few rooms at once, each for a second, so a list.
#[derive(Debug, Default)]
pub struct Placements(Vec<Known>);

#[derive(Debug)]
struct Known {
    room: String,
    region: &'static str,
    key: String,
    left: usize,
    at_ms: u64,
}

impl Placements {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The key of the relay that a newcomer to a room from a region may go to without asking.
    pub fn take(&mut self, room: &str, region: &str, now_ms: u64) -> Option<String> {
        // Of a clock that jumped back nothing is known.
        self.0.retain(|it| {
            it.left > 0 && now_ms.checked_sub(it.at_ms).is_some_and(|age| age < RELAY_PLACEMENT_MS)
        });
        let known = self.0.iter_mut().find(|it| it.room == room && it.region == region)?;
        known.left -= 1;
        Some(known.key.clone())
    }

    /// Remembers what the room said to one who asked, who goes there.
    pub fn note(&mut self, room: &str, region: &'static str, placement: Placement, now_ms: u64) {
        self.0.retain(|it| it.room != room || it.region != region);
        let (key, left) = (placement.key, placement.arrivals.saturating_sub(1));
        self.0.push(Known { room: room.to_owned(), region, key, left, at_ms: now_ms });
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
