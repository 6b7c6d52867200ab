//! Bugs put in on purpose, to show that the simulation in tests/simulation would find such ones. Never
//! part of a shipped build: without the feature `planted-bugs` no bug is ever in, and the compiler
//! takes the branches out.

/// A bug that can be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A flush tells everybody first and stores then.
    BroadcastBeforeStore,
    /// A room that wakes knows no `id` of before.
    ForgetIdsOnRestore,
    /// A `join` with `after` gets what is after the message that it missed first.
    ResumeOffByOne,
    /// Nobody is told of a member who leaves while a flush is waiting.
    LoseLeft,
    /// A rename is told, but not kept with the connections.
    KeepOldNameInSeat,
    /// A member's second connection counts as two.
    CountSecondConnectionTwice,
    /// A page that ends where a segment does lacks its last message.
    SkipAtSegmentBorder,
    /// Ids are remembered without their member.
    IdsWithoutMember,
    /// A flush that could not wait for its time forgets to tell what was waiting.
    ForcedFlushTellsNobody,
    /// A welcome leaves before the broadcast of its own flush.
    WelcomeOvertakesBroadcast,
    /// A `join` resumes in whatever history the room has.
    ResumeInAnotherEpoch,
    /// Only messages make a room unsettled, not what else is to be told.
    NoticesNeedNoSettling,
    /// What one connection is told leaves before what all were told earlier.
    ReplyOvertakesFanOut,
    /// Who comes while others are still being told hears that, too.
    NewcomerIsBehind,
    /// A relay that comes back gets what is after the message that it missed first.
    LinkResumesOffByOne,
    /// A relay that lost its link shows what comes next, whatever was between.
    RelayShowsGap,
    /// A relay shows its member what it says before the room has it.
    RelayEchoesAtOnce,
    /// A relay welcomes who has seen more elsewhere than has come to it yet.
    RelayWelcomesWhoIsAhead,
    /// A relay keeps its members where the room's history has become another.
    RelayKeepsMembersInAnotherEpoch,
    /// A relay that does not come back counts for ever.
    LostRelayCountsForEver,
    /// A relay that was away does not hear who was renamed meanwhile.
    RelayMissesNames,
    /// A relay does not hear who came elsewhere under another name.
    RelayHearsNoNames,
    /// A relay tells of a new name, and goes on with the old one itself.
    RelayKeepsOldName,
    /// The text of a deleted message comes back with the next one.
    DeletedTextComesBack,
    /// Who is muted may speak once the room has slept.
    MutesForgottenInSleep,
    /// Slow mode does not know who spoke before the room slept, but for the newest row.
    SlowModeForgetsInSleep,
    /// An order holds for what was said before it, and is told before that.
    OrderOvertakesWhatWasSaid,
    /// Seqs that were deleted before a clear count as deleted after it.
    ClearKeepsDeletions,
    /// A relay goes on showing who asks what was deleted.
    RelayKeepsDeletedText,
    /// A relay that was away does not hear of what was deleted meanwhile.
    RelayMissesDeletions,
    /// Relays are not told of bans and removals.
    BanNotToldToRelays,
    /// A relay goes on in the epoch that was cleared.
    ClearLeavesRelayBehind,
    /// A relay tells newcomers the rules that held when its line was made.
    RelayKeepsOldRules,
}

impl Bug {
    /// Those that only a room with relays may have.
    pub const OF_RELAYS: [Self; 9] = [
        Self::LinkResumesOffByOne,
        Self::RelayShowsGap,
        Self::RelayEchoesAtOnce,
        Self::RelayWelcomesWhoIsAhead,
        Self::RelayKeepsMembersInAnotherEpoch,
        Self::LostRelayCountsForEver,
        Self::RelayMissesNames,
        Self::RelayHearsNoNames,
        Self::RelayKeepsOldName,
    ];

    /// Those of what moderators do.
    pub const OF_ORDER: [Self; 10] = [
        Self::DeletedTextComesBack,
        Self::MutesForgottenInSleep,
        Self::SlowModeForgetsInSleep,
        Self::OrderOvertakesWhatWasSaid,
        Self::ClearKeepsDeletions,
        Self::RelayKeepsDeletedText,
        Self::RelayMissesDeletions,
        Self::BanNotToldToRelays,
        Self::ClearLeavesRelayBehind,
        Self::RelayKeepsOldRules,
    ];

    /// Those of the fan-out, which lies between a room and its connections.
    pub const OF_FAN_OUT: [Self; 2] = [Self::ReplyOvertakesFanOut, Self::NewcomerIsBehind];

    /// All that a room alone may have.
    pub const ALL: [Self; 12] = [
        Self::BroadcastBeforeStore,
        Self::ForgetIdsOnRestore,
        Self::ResumeOffByOne,
        Self::LoseLeft,
        Self::KeepOldNameInSeat,
        Self::CountSecondConnectionTwice,
        Self::SkipAtSegmentBorder,
        Self::IdsWithoutMember,
        Self::ForcedFlushTellsNobody,
        Self::WelcomeOvertakesBroadcast,
        Self::ResumeInAnotherEpoch,
        Self::NoticesNeedNoSettling,
    ];
}

/// Whether this bug is in.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub(crate) const fn planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Whether this bug is in.
#[cfg(feature = "planted-bugs")]
pub(crate) fn planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Puts a bug into all rooms of this thread, or takes it out again.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}
