//! Every limit of Parlor, in one place: its unit, its reason, its source.
//!
//! Those that an operator may change are fields of [`Limits`], each named after the variable that
//! sets it; the others are constants. Clients learn what they need from `welcome.limits`.

use std::ops::RangeInclusive;

use serde::Serialize;

/// Longest WebSocket frame or HTTP body from a client, in bytes. Above it: close 1009, or 413.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Largest `batch` frame to a client, in bytes (soft: one message more may fit on top). A flush that
/// is larger leaves in several frames, so that a slow reader's client can parse one at a time.
pub const BATCH_BYTES_MAX: usize = 256 * 1024;

/// Longest room name, in characters, all of them ASCII.
pub const ROOM_NAME_CHARS_MAX: usize = 64;

/// Longest `id` of a `send`, in printable ASCII characters.
pub const MESSAGE_ID_CHARS_MAX: usize = 64;

/// A text may come in with this many characters for each that [`Limits::text_chars_max`] allows
/// after NFC and trimming: a composed character decomposes into at most 4 (Unicode UAX #15), so this
/// refuses nothing but padding.
pub const TEXT_RAW_CHARS_PER_CHAR: usize = 4;

/// Members listed in `welcome`; the rest are in `member_count` only.
pub const WELCOME_MEMBERS_MAX: usize = 200;

/// Messages in one page of history when the request names no limit.
pub const HISTORY_LIMIT_DEFAULT: usize = 64;
/// Most messages that one page of history may ask for.
pub const HISTORY_LIMIT_MAX: usize = 200;

/// Messages in one segment of the log, that is in one stored row. A segment is rewritten in place
/// until it is full, so this bounds what a flush writes again.
pub const SEGMENT_MESSAGES_MAX: usize = 64;
/// Bytes of messages in one segment, after which the next message opens a new one. Far below the
/// 2 MB that the platform allows in a row.
pub const SEGMENT_BYTES_MAX: usize = 32 * 1024;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How many of the newest messages have their `id` remembered however old they are.
pub const REMEMBERED_MESSAGES_MIN: usize = 1_000;
/// How long every message's `id` is remembered, in milliseconds: 24 hours.
pub const REMEMBERED_MS_MIN: u64 = DAY_MS;

/// Most segments that one flush deletes when the history is over its limits, so that a change of limits
/// is caught up with little by little and not in one long pause.
pub const TRIM_SEGMENTS_MAX: usize = 8;

/// Least time between two alarms that have nothing to delete, in milliseconds: an alarm is a row written.
pub const ALARM_GAP_MS_MIN: u64 = DAY_MS;
/// Time between two alarms while there is more to delete, in milliseconds.
pub const ALARM_AGAIN_MS: u64 = 1_000;

/// How long a `session` can be taken up again after its `welcome`, in milliseconds: 30 days.
pub const SESSION_MS: u64 = 30 * DAY_MS;

/// Frames in a row that are no frames of the protocol: at this one the connection is closed, 4400.
pub const BAD_FRAMES_MAX: u32 = 10;
/// Refusals for the rate in a row: at this one the connection is closed, 4429.
pub const RATE_REFUSALS_MAX: u32 = 20;

/// `typing` and `rename` frames that a member may send at once. More `typing` is dropped, more
/// `rename` refused: both are broadcast, so without a bound one member could busy all others.
pub const SIGNAL_BURST: f64 = 30.0;
/// `typing` and `rename` frames a second that a member may send for long.
pub const SIGNAL_PER_SECOND: f64 = 3.0;

/// Orders of moderators that one of them may give at once, over WebSocket and HTTP together: each writes rows and is told. The rate
/// of its messages holds where that is higher.
pub const ORDER_BURST: f64 = 30.0;
/// The same for long, in orders a second: more than anybody clicks.
pub const ORDER_PER_SECOND: f64 = 5.0;

/// Frames that lead to nothing which a connection may send at once: those refused, dropped, repeated,
/// ignored, and reads. At one more it is closed, 4429: each costs the room as much as a message does.
pub const FUTILE_BURST: f64 = 500.0;
/// The same for long, in frames a second. Typing on every key stays below it.
pub const FUTILE_PER_SECOND: f64 = 20.0;

/// Bytes of a frame, or of a page of history, for which it counts as one more such frame: so a client that asks and never reads
/// makes the platform keep 4 MB for it and no more.
pub const FUTILE_BYTES: usize = 8 * 1024;

/// So many such frames, whoever's, and others are given their turn. Without that the platform goes on with a
/// connection for as long as it has frames waiting, and one flood makes everybody else wait for a second
/// (`npm run bench:attacker`). At each, a flood would be slowed more, and a dozen floods would take longer.
pub const TURN_FRAMES: u32 = 16;

/// Connections a second that one address may make to a room for long, after as many at once as it may
/// hold open. Twice what a lost network makes of a person who reconnects after 1, 2, 4 … s.
pub const ARRIVALS_PER_SECOND: f64 = 2.0;

/// So many connections less may an address make after one of its own was ended for its rate or for bad frames: half of what flows
/// in during the 30 s that such a client is asked to wait (docs/PROTOCOL.md), as others may share the address.
pub const ARRIVALS_FOR_ABUSE: f64 = 30.0;

/// Bans, and mutes, of one room: they are one stored row, some 100 bytes each.
pub const SENTENCES_MAX: usize = 1_000;
/// Longest ban or mute that has an end, and longest interval of slow mode: ten years, a day, in milliseconds.
pub const SENTENCE_MS_MAX: u64 = 3_650 * DAY_MS;
/// See [`SENTENCE_MS_MAX`].
pub const SLOW_MODE_MS_MAX: u64 = DAY_MS;
/// Deleted messages that a `welcome` names to who resumes.
pub const DELETED_REMEMBERED_MAX: usize = 500;
/// Removals that a relay hears of which was away from its room just then.
pub const REMOVED_REMEMBERED_MAX: usize = 50;
/// Records of moderation that a room keeps; the oldest go.
pub const RECORDS_MAX: u64 = 10_000;
/// Longest reason of a report, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Longest token, in bytes. The largest header that common servers take is 8 KiB.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How far the clock of who issued a token may be off from ours, in seconds.
pub const TOKEN_LEEWAY_S: f64 = 60.0;
/// Longest `sub` of a token, in bytes: as OpenID Connect Core 1.0, section 2, has it.
pub const SUBJECT_BYTES_MAX: usize = 255;
/// Shortest secret of HS256, in bytes: RFC 7518, section 3.2.
pub const SECRET_BYTES_MIN: usize = 32;
/// Smallest modulus of RS256, in bits: RFC 7518, section 3.3.
pub const RSA_BITS_MIN: usize = 2_048;
/// Keys that are taken of a JWKS document: each may be tried on a token without `kid`.
pub const KEYS_MAX: usize = 16;

/// Longest JWKS document that is read, in bytes: some hundred keys.
pub const JWKS_BYTES_MAX: u32 = 64 * 1024;
/// How long the source of a JWKS document may take to answer, in milliseconds.
pub const JWKS_TIMEOUT_MS: u64 = 5_000;
/// How long a request that waits for a JWKS document sleeps between two looks, in milliseconds.
pub const JWKS_LOOK_MS: u32 = 20;

/// When an address that is over its rate at the Worker may come again, in milliseconds: the period of the
/// limits by address in wrangler.toml, which has their numbers too.
pub const ADDRESS_PERIOD_MS: u64 = 60_000;

/// What [`Limits::rate_burst`], and a token's `rate_burst`, may be.
pub const RATE_BURST_RANGE: RangeInclusive<f64> = 1.0..=1e6;
/// What [`Limits::rate_per_second`], and a token's `rate_per_second`, may be.
pub const RATE_PER_SECOND_RANGE: RangeInclusive<f64> = 0.001..=1e6;

/// Below this rate of broadcast frames a second nothing is held: a flush waits one turn of the event
/// loop. Above it, holding saves rows and frames that nobody sees the difference of.
pub const HOLD_ABOVE_PER_SECOND: f64 = 20.0;
/// How much longer a flush waits after the last one for each frame a second above that, in milliseconds: as soon as
/// a wait is long enough for two messages to share it, at 35 a second, they do.
pub const HOLD_MS_PER_FRAME: f64 = 2.0;
/// Longest time from one flush of a busy room to the next, in milliseconds: at 100 messages a second five share
/// a row and a frame, and nobody sees the difference.
pub const HOLD_MS: u64 = 50;
/// A room that has not flushed for so long is quiet, in milliseconds: hardly anybody else is about to say something.
pub const QUIET_MS: u64 = 100;
/// So many notices are enough for a frame: it leaves at once. Shared by more, a frame's fixed cost would hardly be
/// less for each, and a room that many speak in at once would only be slower.
pub const HOLD_NOTICES_ENOUGH: usize = 32;

/// Notices that may wait until all were told of them, piece by piece: beyond it the next piece is everybody. A round to
/// 4,000 takes a fifth of a second, in which a room takes some dozens.
pub const FAN_OUT_NOTICES_MAX: usize = 1_000;

/// Longest that a connection waits from a frame of a broadcast to the next, in milliseconds, where it leaves in pieces: who
/// speaks meanwhile shares it. Nobody follows thousands more closely.
pub const FAN_OUT_GAP_MS_MAX: u64 = 500;
/// So many who hear, those on relays included, make that wait a millisecond: it takes a thread 40 to 65 µs to tell one. 8,000 and more
/// make it the longest.
pub const FAN_OUT_HEARING_PER_GAP_MS: u64 = 16;

/// Shortest time between two reports of a room to the lobby, in milliseconds, after a quiet time.
pub const REPORT_GAP_MS_MIN: u64 = 1_000;
/// The same in a room that goes on changing, or could not reach the lobby: the gap doubles up to this.
/// It is as long as an idle room takes to fall asleep, so a report to come never holds that off for longer.
pub const REPORT_GAP_MS_MAX: u64 = 10_000;

/// Rooms that a lobby knows one by one, some 150 bytes each in memory. Those beyond are in its sums only.
pub const LOBBY_ROOMS_MAX: usize = 10_000;
/// How long the lobby remembers a room that it does not hear of, in milliseconds: 24 hours.
pub const LOBBY_FORGET_MS: u64 = DAY_MS;
/// Rooms in one stored row of the lobby, on average at most: far below the 2 MB of a row.
pub const LOBBY_PAGE_ROOMS: usize = 512;
/// Shortest time between two writes of the lobby, in milliseconds, after a quiet time.
pub const LOBBY_WRITE_GAP_MS_MIN: u64 = 1_000;
/// The same while rooms go on reporting: the gap doubles up to this. What was reported since the last write
/// is lost if the lobby is killed.
pub const LOBBY_WRITE_GAP_MS_MAX: u64 = 10_000;
/// Silent rooms that the lobby asks when somebody looks: each may have to be woken for it.
pub const ASK_ROOMS_MAX: usize = 8;
/// Time between two rounds of asking, in milliseconds, however many look.
pub const ASK_GAP_MS: u64 = 5_000;
/// Rooms in `/api/rooms`.
pub const LISTED_MAX: usize = 100;
/// Rooms that have series of their own in `/metrics`.
pub const METRICS_ROOMS_MAX: usize = 20;
/// How long the Worker answers with the same overview, in milliseconds, so that a crowd on the front page
/// does not become a crowd at the lobby.
pub const OVERVIEW_MS: u64 = 1_000;

/// Shortest time between two frames that tell a crowd how many it is, in milliseconds.
pub const COUNT_GAP_MS: u64 = 2_000;
/// `typing` that a crowd is told of at once, of all its members together; more is dropped. Likewise `rename`, of
/// which more is refused: what one of ten thousand does must not cost each of them a frame.
pub const CROWD_SIGNAL_BURST: f64 = 10.0;
/// The same for long, in frames a second.
pub const CROWD_SIGNAL_PER_SECOND: f64 = 5.0;

/// Longest frame between a relay and its room, in bytes: the platform took no longer ones for years. Either side
/// begins a new one at a quarter of it.
pub const RELAY_FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Most messages that a relay makes up for after it was cut off from its room; after more its members reconnect.
pub const RELAY_RESUME_MESSAGES_MAX: u64 = 2_000;
/// Shortest time between two reports of a relay to its room of how many it holds, in milliseconds.
pub const RELAY_REPORT_GAP_MS: u64 = 1_000;
/// How long a Worker remembers where a room sends newcomers, in milliseconds: by then relays have counted again.
pub const RELAY_PLACEMENT_MS: u64 = 1_000;
/// Newcomers that a Worker sends to a relay before it asks the room again, at most: of a crowd, hardly any
/// asks then, and one that goes on coming is spread over relays.
pub const RELAY_PLACEMENT_ARRIVALS_MAX: usize = 50;
/// The share of a relay's free places that one Worker may fill before it asks again, as a divisor: many ask at once.
pub const RELAY_PLACEMENT_SHARE: usize = 8;
/// Newcomers that a relay is sent before it has counted again, which it does every second or two; then others are opened beside
/// it. An object takes some 1,000 requests a second (Cloudflare's documentation of its limits).
pub const RELAY_ARRIVALS_MAX: usize = 2_000;
/// How often a relay sees whether its room is there, in milliseconds. The platform answers without waking it.
pub const RELAY_PING_MS: u64 = 10_000;
/// How long a relay hears nothing of its room before it connects anew, in milliseconds: two pings.
pub const RELAY_SILENCE_MS: u64 = 25_000;
/// How long a relay tries to reach its room at once, in milliseconds.
pub const RELAY_CONNECT_MS: u64 = 10_000;
/// Longest time between two tries, in milliseconds; the first is a fiftieth, and each doubles, with full jitter.
pub const RELAY_RETRY_MS_MAX: u64 = 5_000;
/// How long a relay holds its members' connections while it can't reach its room, in milliseconds. A deploy or a
/// move of the room is over by then; after it they are closed, 1012.
pub const RELAY_HOLD_MS: u64 = 60_000;
/// How long a room remembers a name that it told its relays, in milliseconds: for one that was cut off just then. It takes up to
/// [`RELAY_SILENCE_MS`] to notice, and holds its members for [`RELAY_HOLD_MS`].
pub const NAME_REMEMBERED_MS: u64 = RELAY_SILENCE_MS + RELAY_HOLD_MS;
/// How long a relay without connections stays with its room, in milliseconds.
pub const RELAY_LINGER_MS: u64 = 10_000;
/// How long a room counts a relay that it lost, or expects one that it sent somebody to, in milliseconds.
pub const RELAY_GRACE_MS: u64 = 15_000;
/// How long a room keeps the link of a relay that holds nobody, in milliseconds: the relay itself ends it after
/// [`RELAY_LINGER_MS`], if it still knows of it.
pub const RELAY_UNUSED_MS: u64 = 30_000;
/// Bytes of frames that a relay holds for its members until its room is there; what comes then is dropped, and
/// clients send it again.
pub const RELAY_HELD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Moderators that a relay tells its room of.
pub const RELAY_STAFF_MAX: usize = 200;

/// The limits that an operator can set as variables, with Parlor's defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// `RATE_BURST`: messages that a member may send at once.
    pub rate_burst: f64,
    /// `RATE_PER_SECOND`: messages a second that a member may send for long.
    pub rate_per_second: f64,
    /// `TEXT_CHARS_MAX`: longest text, in Unicode scalar values after NFC and trimming.
    pub text_chars_max: usize,
    /// `NAME_CHARS_MAX`: longest name of a member, counted likewise.
    pub name_chars_max: usize,
    /// `HISTORY_ON_JOIN`: newest messages in a `welcome` that does not resume.
    pub history_on_join: usize,
    /// `RESUME_MESSAGES_MAX`: most missed messages that a `welcome` makes up for.
    pub resume_messages_max: usize,
    /// `CONNECTIONS_MAX`: connections of one room, joined or not. The platform's own limit is
    /// 32,768 hibernatable WebSockets an object; some are kept for those that are still closing.
    pub connections_max: usize,
    /// `CONNECTIONS_PER_ADDRESS_MAX`: connections of one room from one address (of IPv6, one network of 64
    /// bits): an office behind one address must fit.
    pub connections_per_address_max: usize,
    /// `CROWD_ABOVE`: members above which a room tells how many they are, and no longer who comes and goes.
    pub crowd_above: usize,
    /// `RELAY_ABOVE`: connections of a room above which new ones are sent to its relays.
    pub relay_above: usize,
    /// `RELAY_CONNECTIONS_MAX`: connections of one relay above which another is opened.
    pub relay_connections_max: usize,
    /// `FAN_OUT_ABOVE`: connections that are told in one go, if nothing was told for a while: a thousand frames are some
    /// 40 to 65 ms of a thread, in which nothing comes in. Where more hear, or it is busy, others get their turn after each piece.
    pub fan_out_above: usize,
    /// `FAN_OUT_PIECE`: connections in a piece: 250 frames are some 10 to 16 ms. Smaller ones let others in sooner, and
    /// leave more of a thread unused between them, a millisecond of `workerd`'s timer each.
    pub fan_out_piece: usize,
    /// `JOIN_TIMEOUT_MS`: how long a connection may stay without a `join`, in milliseconds.
    pub join_timeout_ms: u64,
    /// `HISTORY_MESSAGES_MAX`: messages that a room keeps. The oldest go, a segment at a time.
    pub history_messages_max: u64,
    /// `HISTORY_BYTES_MAX`: bytes of messages that a room keeps. The platform allows an object 10 GB.
    pub history_bytes_max: u64,
    /// `HISTORY_DAYS_MAX`: how long a room keeps a message, in milliseconds (the variable is in days).
    pub history_ms_max: u64,
    /// `ABANDONED_DAYS`: how long after its last message a room that nobody is in is wiped, in
    /// milliseconds (the variable is in days).
    pub abandoned_ms: u64,
    /// `LOBBIES`: how many objects share the lobby's work. Change it while nobody is there, or live with
    /// wrong totals for a day.
    pub lobbies: u64,
    /// `LOBBY_LEASE_MS`: how long an occupied room may be silent before the lobby asks it, in milliseconds.
    pub lobby_lease_ms: u64,
    /// `JWKS_FRESH_MS`: how long a JWKS document that was fetched is gone by before it is fetched anew, in
    /// milliseconds. A key that is withdrawn may vouch for so long.
    pub jwks_fresh_ms: u64,
    /// `JWKS_GAP_MS`: shortest time between two fetches of a JWKS document by one isolate, in milliseconds,
    /// whatever is shown. Issuers publish a key before they sign with it.
    pub jwks_gap_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate_burst: 10.0,
            rate_per_second: 2.0,
            text_chars_max: 2_000,
            name_chars_max: 30,
            history_on_join: 64,
            resume_messages_max: 300,
            connections_max: 32_000,
            connections_per_address_max: 200,
            crowd_above: 1_000,
            relay_above: 2_000,
            relay_connections_max: 4_000,
            fan_out_above: 1_000,
            fan_out_piece: 250,
            join_timeout_ms: 60_000,
            history_messages_max: 10_000_000,
            history_bytes_max: 5_000_000_000,
            history_ms_max: 3_650 * DAY_MS,
            abandoned_ms: 365 * DAY_MS,
            lobbies: 1,
            lobby_lease_ms: 300_000,
            jwks_fresh_ms: 600_000,
            jwks_gap_ms: 10_000,
        }
    }
}

impl Limits {
    /// Reads the operator's variables. One that is no number in its range is left at its default and
    /// comes back as a sentence for the log.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> (Self, Vec<String>) {
        let mut limits = Self::default();
        let mut complaints = Vec::new();
        let mut read = |name: &str, min: f64, max: f64, default: f64| -> f64 {
            let Some(text) = variable(name) else { return default };
            // Not `parse`: its tables of powers are a twentieth of the bundle, and numbers are read by this anyway.
            match serde_json::from_str::<f64>(text.trim()) {
                Ok(value) if (min..=max).contains(&value) => value,
                _ => {
                    complaints.push(format!("{name}={text:?} is no number in its range: using the default"));
                    default
                }
            }
        };
        limits.rate_burst =
            read("RATE_BURST", *RATE_BURST_RANGE.start(), *RATE_BURST_RANGE.end(), limits.rate_burst);
        limits.rate_per_second = read(
            "RATE_PER_SECOND",
            *RATE_PER_SECOND_RANGE.start(),
            *RATE_PER_SECOND_RANGE.end(),
            limits.rate_per_second,
        );
        // A text of four-byte characters must still fit a frame.
        limits.text_chars_max = read("TEXT_CHARS_MAX", 1.0, 16_000.0, limits.text_chars_max as f64) as usize;
        limits.name_chars_max = read("NAME_CHARS_MAX", 1.0, 200.0, limits.name_chars_max as f64) as usize;
        limits.history_on_join =
            read("HISTORY_ON_JOIN", 0.0, 1_000.0, limits.history_on_join as f64) as usize;
        limits.resume_messages_max =
            read("RESUME_MESSAGES_MAX", 0.0, 10_000.0, limits.resume_messages_max as f64) as usize;
        limits.connections_max =
            read("CONNECTIONS_MAX", 1.0, 32_768.0, limits.connections_max as f64) as usize;
        limits.connections_per_address_max =
            read("CONNECTIONS_PER_ADDRESS_MAX", 1.0, 32_768.0, limits.connections_per_address_max as f64)
                as usize;
        limits.crowd_above = read("CROWD_ABOVE", 1.0, 32_768.0, limits.crowd_above as f64) as usize;
        limits.relay_above = read("RELAY_ABOVE", 1.0, 32_768.0, limits.relay_above as f64) as usize;
        limits.relay_connections_max =
            read("RELAY_CONNECTIONS_MAX", 1.0, 32_768.0, limits.relay_connections_max as f64) as usize;
        limits.fan_out_above = read("FAN_OUT_ABOVE", 1.0, 32_768.0, limits.fan_out_above as f64) as usize;
        limits.fan_out_piece = read("FAN_OUT_PIECE", 1.0, 32_768.0, limits.fan_out_piece as f64) as usize;
        limits.join_timeout_ms =
            read("JOIN_TIMEOUT_MS", 1.0, 3_600_000.0, limits.join_timeout_ms as f64) as u64;
        limits.history_messages_max = read(
            "HISTORY_MESSAGES_MAX",
            REMEMBERED_MESSAGES_MIN as f64,
            1e12,
            limits.history_messages_max as f64,
        ) as u64;
        limits.history_bytes_max =
            read("HISTORY_BYTES_MAX", 1e6, 9e9, limits.history_bytes_max as f64) as u64;
        let days = |ms: u64| ms as f64 / DAY_MS as f64;
        // A day is what ids must be remembered for.
        limits.history_ms_max =
            (read("HISTORY_DAYS_MAX", 1.0, 36_500.0, days(limits.history_ms_max)) * DAY_MS as f64) as u64;
        limits.abandoned_ms =
            (read("ABANDONED_DAYS", 1e-5, 36_500.0, days(limits.abandoned_ms)) * DAY_MS as f64) as u64;
        limits.lobbies = read("LOBBIES", 1.0, 16.0, limits.lobbies as f64) as u64;
        limits.lobby_lease_ms =
            read("LOBBY_LEASE_MS", 100.0, DAY_MS as f64, limits.lobby_lease_ms as f64) as u64;
        limits.jwks_fresh_ms =
            read("JWKS_FRESH_MS", 1_000.0, DAY_MS as f64, limits.jwks_fresh_ms as f64) as u64;
        limits.jwks_gap_ms = read("JWKS_GAP_MS", 100.0, DAY_MS as f64, limits.jwks_gap_ms as f64) as u64;
        (limits, complaints)
    }

    /// Messages that a relay keeps in memory: enough for any `welcome`, and for the largest page, and one to tell
    /// that there are more.
    pub fn relay_messages(&self) -> usize {
        self.resume_messages_max.max(self.history_on_join).max(HISTORY_LIMIT_MAX) + 1
    }

    /// What a client has to know of these, as it stands in `welcome`.
    pub fn for_clients(&self) -> ClientLimits {
        ClientLimits {
            text_chars_max: self.text_chars_max,
            name_chars_max: self.name_chars_max,
            rate_burst: self.rate_burst,
            rate_per_second: self.rate_per_second,
            history_limit_max: HISTORY_LIMIT_MAX,
            frame_bytes_max: FRAME_BYTES_MAX,
        }
    }
}

/// `welcome.limits`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientLimits {
    /// Longest text, in characters.
    pub text_chars_max: usize,
    /// Longest name, in characters.
    pub name_chars_max: usize,
    /// Messages that a member may send at once.
    pub rate_burst: f64,
    /// Messages a second that a member may send for long.
    pub rate_per_second: f64,
    /// Most messages in a page of history.
    pub history_limit_max: usize,
    /// Longest frame from a client, in bytes.
    pub frame_bytes_max: usize,
}

const _: () = {
    assert!(HISTORY_LIMIT_DEFAULT <= HISTORY_LIMIT_MAX);
    assert!(SEGMENT_BYTES_MAX + FRAME_BYTES_MAX * 6 < 2_000_000, "a segment must fit a row");
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_override_defaults() {
        let (limits, complaints) =
            Limits::from_variables(|name| (name == "RATE_BURST").then(|| "1000".to_owned()));
        assert_eq!(limits, Limits { rate_burst: 1_000.0, ..Limits::default() });
        assert!(complaints.is_empty());
    }

    #[test]
    fn a_variable_that_is_no_number_is_named_and_left_at_its_default() {
        for bad in ["", "many", "0", "-1", "NaN", "inf"] {
            let (limits, complaints) =
                Limits::from_variables(|name| (name == "TEXT_CHARS_MAX").then(|| bad.to_owned()));
            assert_eq!(limits, Limits::default());
            assert!(complaints.iter().any(|line| line.contains("TEXT_CHARS_MAX")), "{bad}");
        }
    }
}
