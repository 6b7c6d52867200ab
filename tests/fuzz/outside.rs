//! What the harness sees of a room from outside: the same as `src/room/inside.rs`, as far as anybody can ask
//! the room for it.

use parlor::room::presence::Member;
use parlor::room::visitor::{Role, Visitor};
use parlor::room::{Archive, ConnectionId, Room};

use crate::log::Range;

/// More connections than a life of the room has.
const CONNECTIONS: u64 = 512;

/// Who is here, at most 200 of them.
pub fn roster(room: &Room) -> Vec<Member> {
    room.members()
}

/// How many members are here, up to 200.
pub fn member_count(room: &Room) -> usize {
    room.members().len()
}

/// What can be asked of the room.
pub fn digest(room: &Room, archive: &dyn Archive) -> impl PartialEq + std::fmt::Debug + use<> {
    let owner = Visitor { role: Role::Owner, ..Visitor::default() };
    let joined: Vec<_> = (0..CONNECTIONS).map(ConnectionId).filter(|it| room.has_joined(*it)).collect();
    (
        joined,
        room.members(),
        room.numbers(),
        room.timeout(),
        room.page(Range::Newest, 200, archive),
        room.order_kept(&owner, None, 200, archive),
    )
}
