//! What a room knows of its relays: how many each holds, which it has lost and waits for, and where the next
//! connection belongs.

use super::key;
use super::placement::Placement;
use crate::limits::{
    Limits, RELAY_ARRIVALS_MAX, RELAY_GRACE_MS, RELAY_PLACEMENT_ARRIVALS_MAX, RELAY_PLACEMENT_SHARE,
    RELAY_UNUSED_MS,
};
use crate::planted::{Bug, planted};
use crate::room::ConnectionId;
use crate::room::presence::MemberId;
use crate::room::visitor::Role;

/// How many a relay holds, as it said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Members.
    pub members: usize,
    /// Connections that have joined.
    pub connections: usize,
    /// Members who may keep order, and as what.
    pub staff: Vec<(MemberId, Role)>,
}

/// The relays of a room: some dozens at most, so a list.
#[derive(Debug, Default)]
pub struct Registry(Vec<Entry>);

#[derive(Debug, Default)]
struct Entry {
    key: String,
    /// Its link to the room, while there is one.
    link: Option<ConnectionId>,
    count: Count,
    /// Whether it has counted over its link.
    counted: bool,
    /// Sent there since it counted.
    sent: usize,
    /// When a relay without a link is forgotten, and the link of one that holds nobody is ended.
    until: u64,
}

impl Entry {
    fn is_unused(&self) -> bool {
        self.link.is_some() && (self.count.connections == 0 || !self.counted)
    }
}

impl Registry {
    /// Takes a link of a relay in. Returns the one that the same relay had before, if any.
    pub fn attach(
        &mut self,
        key: &str,
        link: ConnectionId,
        count: Count,
        now_ms: u64,
    ) -> Option<ConnectionId> {
        let entry = self.entry(key);
        entry.until = now_ms.saturating_add(RELAY_UNUSED_MS);
        // Until it counts again, what it held is the best guess.
        entry.counted = count != Count::default();
        if entry.counted {
            entry.count = count;
        }
        entry.link.replace(link)
    }

    #[allow(clippy::indexing_slicing)] // it was found, or put there, just now
    fn entry(&mut self, key: &str) -> &mut Entry {
        let at = self.0.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            self.0.push(Entry { key: key.to_owned(), ..Entry::default() });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    fn linked(&mut self, link: ConnectionId) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.link == Some(link))
    }

    /// Notes that a link has ended. Its relay counts for a while yet; but not one that nobody is left at.
    pub fn detach(&mut self, link: ConnectionId, now_ms: u64) {
        let Some(entry) = self.linked(link) else { return };
        entry.link = None;
        entry.until = if entry.count.connections == 0 { 0 } else { now_ms.saturating_add(RELAY_GRACE_MS) };
        self.sweep(now_ms);
    }

    /// Notes how many a relay holds. Returns whether the link is one.
    pub fn count(&mut self, link: ConnectionId, count: Count, now_ms: u64) -> bool {
        let Some(entry) = self.linked(link) else { return false };
        (entry.count, entry.counted, entry.sent) = (count, true, 0);
        entry.until = now_ms.saturating_add(RELAY_UNUSED_MS);
        true
    }

    /// A link over which nobody was counted for long: its relay should have ended it. It did not if it lost its
    /// memory while it made the link.
    pub fn unused(&self, now_ms: u64) -> Option<ConnectionId> {
        self.0.iter().find(|entry| entry.is_unused() && entry.until <= now_ms)?.link
    }

    /// Lets no relay count for longer because the clock jumped back.
    pub fn keep_time(&mut self, now_ms: u64) {
        for entry in &mut self.0 {
            let longest = if entry.link.is_some() { RELAY_UNUSED_MS } else { RELAY_GRACE_MS };
            entry.until = entry.until.min(now_ms.saturating_add(longest));
        }
    }

    /// Forgets relays that did not come in time. Returns whether any went.
    pub fn sweep(&mut self, now_ms: u64) -> bool {
        let before = self.0.len();
        if planted(Bug::LostRelayCountsForEver) {
            self.0.iter_mut().for_each(|entry| entry.until = entry.until.max(now_ms + RELAY_GRACE_MS));
        }
        self.0.retain(|entry| entry.link.is_some() || entry.until > now_ms);
        self.0.len() < before
    }

    /// When to [`Registry::sweep`], in Unix milliseconds, if at all.
    pub fn timeout(&self) -> Option<u64> {
        self.0.iter().filter(|it| it.link.is_none() || it.is_unused()).map(|entry| entry.until).min()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The links.
    pub fn links(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.0.iter().filter_map(|entry| entry.link)
    }

    /// What a link is kept with, while the room sleeps: its relay's key, and how many it holds.
    pub fn of(&self, link: ConnectionId) -> Option<(&str, &Count)> {
        let entry = self.0.iter().find(|entry| entry.link == Some(link))?;
        Some((&entry.key, &entry.count))
    }

    /// Members of all relays.
    pub fn members(&self) -> usize {
        self.0.iter().map(|entry| entry.count.members).sum()
    }

    /// Connections of all relays that have joined.
    pub fn connections(&self) -> usize {
        self.0.iter().map(|entry| entry.count.connections).sum()
    }

    /// What a member on a relay may do, if it may keep order.
    pub fn role_of(&self, member: MemberId) -> Option<Role> {
        let staff = self.0.iter().flat_map(|entry| &entry.count.staff);
        staff.filter(|(id, _)| *id == member).map(|(_, role)| *role).max()
    }

    /// Notes how many went to a relay without asking.
    pub fn note_sent(&mut self, key: &str, count: usize) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.key == key) {
            entry.sent = entry.sent.saturating_add(count);
        }
    }

    /// Chooses where a newcomer from a region belongs, where the room itself has `here` connections, and some of those who
    /// come after it: its region's relay that has the fewest; a new one where all have as many as they should, or were just
    /// sent as many as they can let in.
    pub fn place(&mut self, region: &str, here: usize, limits: &Limits, now_ms: u64) -> Option<Placement> {
        if here < limits.relay_above {
            return None;
        }
        let load = |entry: &Entry| entry.count.connections.saturating_add(entry.sent);
        let open = self.0.iter().filter(|entry| {
            super::region(&entry.key) == region
                && load(entry) < limits.relay_connections_max
                && entry.sent < RELAY_ARRIVALS_MAX
        });
        let chosen = match open.min_by_key(|entry| load(entry)) {
            Some(entry) => entry.key.clone(),
            None => {
                (0..).map(|number| key(region, number)).find(|key| !self.0.iter().any(|it| it.key == *key))?
            }
        };
        let entry = self.entry(&chosen);
        let free = limits.relay_connections_max.saturating_sub(load(entry));
        let arrivals = (free / RELAY_PLACEMENT_SHARE).clamp(1, RELAY_PLACEMENT_ARRIVALS_MAX);
        // Of the others a Worker tells when it asks again, as many may ask at once.
        entry.sent += 1;
        entry.until = now_ms.saturating_add(RELAY_GRACE_MS);
        Some(Placement { key: chosen, arrivals })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { relay_above: 3, relay_connections_max: 2, ..Limits::default() }
    }

    fn held(connections: usize) -> Count {
        Count { members: connections, connections, staff: Vec::new() }
    }

    #[test]
    fn a_small_room_has_no_relay() {
        let mut registry = Registry::default();
        assert_eq!(registry.place("weur", 2, &limits(), 0), None);
        assert!(registry.is_empty());
        assert_eq!(registry.timeout(), None);
    }

    #[test]
    fn newcomers_fill_the_least_full_relay_of_their_region_and_then_open_another() {
        let mut registry = Registry::default();
        let mut place = |region: &str| registry.place(region, 3, &limits(), 0).unwrap().key;
        assert_eq!([place("weur"), place("weur"), place("weur")], ["weur-0", "weur-0", "weur-1"]);
        assert_eq!(place("enam"), "enam-0");
        registry.attach("weur-0", ConnectionId(1), Count::default(), 0);
        registry.count(ConnectionId(1), held(0), 0);
        assert_eq!(registry.place("weur", 3, &limits(), 0).unwrap().key, "weur-0", "its people have left");
    }

    #[test]
    fn a_placement_is_for_a_share_of_what_is_free() {
        let limits = Limits { relay_connections_max: 500, ..limits() };
        let mut registry = Registry::default();
        let mut all: Vec<(String, usize)> = Vec::new();
        while all.last().is_none_or(|(key, _)| key == "any-0") {
            let placement = registry.place("any", 3, &limits, 0).unwrap();
            registry.note_sent(&placement.key, placement.arrivals - 1);
            all.push((placement.key, placement.arrivals));
        }
        assert_eq!(all.pop().unwrap(), ("any-1".to_owned(), RELAY_PLACEMENT_ARRIVALS_MAX));
        assert!(all.iter().all(|(_, arrivals)| (1..=RELAY_PLACEMENT_ARRIVALS_MAX).contains(arrivals)));
        assert_eq!(
            all.iter().map(|(_, arrivals)| arrivals).sum::<usize>(),
            500,
            "none beyond what it should hold"
        );
        assert!(all.len() < 500 / 5, "hardly any asks: {}", all.len());
    }

    #[test]
    fn who_was_sent_many_lets_them_in_first() {
        let mut registry = Registry::default();
        let place = |registry: &mut Registry| {
            registry.place("any", 9, &Limits { relay_above: 3, ..Limits::default() }, 0).unwrap()
        };
        let mut sent = 0;
        while sent < RELAY_ARRIVALS_MAX {
            let placement = place(&mut registry);
            assert_eq!(placement.key, "any-0");
            registry.note_sent("any-0", placement.arrivals - 1);
            registry.note_sent("any-9", 1_000_000);
            sent += placement.arrivals;
        }
        assert_eq!(place(&mut registry).key, "any-1");
        for link in [0, 1] {
            registry.attach(&format!("any-{link}"), ConnectionId(link), Count::default(), 0);
            registry.count(ConnectionId(link), held(700 + link as usize), 0);
        }
        assert_eq!(place(&mut registry).key, "any-0", "they are in");
    }

    #[test]
    fn a_lost_relay_counts_until_it_is_back_or_its_grace_is_over() {
        let mut registry = Registry::default();
        registry.attach("any-0", ConnectionId(1), Count::default(), 0);
        registry.count(ConnectionId(1), held(7), 0);
        registry.detach(ConnectionId(1), 1_000);
        assert_eq!((registry.members(), registry.timeout()), (7, Some(1_000 + RELAY_GRACE_MS)));
        registry.attach("any-0", ConnectionId(2), Count::default(), 0);
        assert_eq!((registry.members(), registry.timeout()), (7, Some(RELAY_UNUSED_MS)));
        registry.detach(ConnectionId(2), 90_000);
        registry.keep_time(2_000); // the clock jumped back
        assert!(!registry.sweep(2_000 + RELAY_GRACE_MS - 1));
        assert!(registry.sweep(2_000 + RELAY_GRACE_MS));
        assert_eq!(registry.members(), 0);
    }

    #[test]
    fn a_relay_has_one_link_the_last() {
        let mut registry = Registry::default();
        assert_eq!(registry.attach("any-0", ConnectionId(1), Count::default(), 0), None);
        assert_eq!(registry.attach("any-0", ConnectionId(2), Count::default(), 0), Some(ConnectionId(1)));
        registry.detach(ConnectionId(1), 0);
        assert_eq!(registry.links().collect::<Vec<_>>(), [ConnectionId(2)]);
    }

    #[test]
    fn a_link_that_nobody_uses_is_to_be_ended() {
        let mut registry = Registry::default();
        let link = ConnectionId(1);
        registry.attach("any-0", link, Count::default(), 0);
        assert_eq!((registry.unused(RELAY_UNUSED_MS - 1), registry.timeout()), (None, Some(RELAY_UNUSED_MS)));
        assert_eq!(registry.unused(RELAY_UNUSED_MS), Some(link));
        registry.count(link, held(1), 10);
        assert_eq!((registry.unused(u64::MAX), registry.timeout()), (None, None));
        registry.count(link, held(0), 20);
        assert_eq!(registry.timeout(), Some(20 + RELAY_UNUSED_MS));
        registry.count(link, held(1), 30);
        registry.attach("any-0", ConnectionId(2), Count::default(), 40);
        assert_eq!(registry.unused(40 + RELAY_UNUSED_MS), Some(ConnectionId(2)), "of a life that has ended");
    }

    #[test]
    fn the_highest_role_counts() {
        let mut registry = Registry::default();
        let member = MemberId::new(7);
        for (key, link, role) in [("a-0", 1, Role::Moderator), ("a-1", 2, Role::Owner)] {
            registry.attach(key, ConnectionId(link), Count { staff: vec![(member, role)], ..held(1) }, 0);
        }
        assert_eq!(registry.role_of(member), Some(Role::Owner));
        assert_eq!(registry.role_of(MemberId::new(8)), None);
    }
}
