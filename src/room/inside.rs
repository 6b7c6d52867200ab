//! What the harness sees of a room from inside. The fuzzer, which stands outside, has another file of this
//! name's functions, and the same harness.

use super::*;

/// Who is here, at most 200 of them.
pub(super) fn roster(room: &Room) -> Vec<Member> {
    room.presence.list()
}

/// How many members are here.
pub(super) fn member_count(room: &Room) -> usize {
    room.presence.count()
}

/// What connections can tell of the room.
pub(super) fn digest(room: &Room, _archive: &dyn Archive) -> impl PartialEq + std::fmt::Debug + use<> {
    let connections = room.connections.iter();
    let seats: Vec<_> =
        connections.map(|(id, known)| (*id, known.opened_at, known.member, known.listens)).collect();
    (
        seats,
        room.presence.list(),
        room.presence.count(),
        room.log.head(),
        room.meta.clone(),
        room.rules.clone(),
        room.timeout(),
    )
}
