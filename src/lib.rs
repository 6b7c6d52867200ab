//! Parlor: chat rooms at the edge. One Durable Object is one room.
//!
//! Where to start: follow one message. A WebSocket frame reaches `shell::object`, which hands its text
//! to [`protocol`] and gets a [`room::Request`]. [`room::Room::handle`] takes it as an event, with the
//! time, and holds the message until the flush that its timer brings. The flush returns effects: a row
//! to write, a broadcast to send. The shell applies them in that order, and the platform holds the
//! frames back until the row is on disk.
//!
//! | where | what | knows |
//! |---|---|---|
//! | [`limits`], [`name`], [`refusal`] | every limit, every parsed value, every no | nothing else |
//! | [`room`] | order, storage layout, presence, rates | no socket, clock or dialect |
//! | [`relay`] | rooms that take their messages from another: what the two say | no socket or clock |
//! | [`fan_out`] | who was told what, where all can't be told at once | connections' numbers |
//! | [`protocol`] | how frames are spelled, one file per dialect | the room's words |
//! | [`lobby`] | what is known of all rooms together | no room's insides |
//! | [`auth`], [`origin`], [`address`] | who may come in: tokens, web pages, from where | claims, keys, origins |
//! | [`route`] | which request is for what | URLs |
//! | `shell` | sockets, SQLite, timers | Cloudflare; compiled for wasm32 only |

#![cfg_attr(test, allow(clippy::string_slice))]

pub mod address;
pub mod auth;
pub mod fan_out;
#[cfg(feature = "fault-injection")]
pub mod fault_injection;
pub mod limits;
pub mod lobby;
pub mod name;
mod nfc;
pub mod origin;
#[cfg_attr(not(feature = "planted-bugs"), allow(dead_code))]
pub mod planted;
pub mod protocol;
pub mod refusal;
pub mod relay;
pub mod room;
pub mod route;

#[cfg(target_arch = "wasm32")]
mod shell;
