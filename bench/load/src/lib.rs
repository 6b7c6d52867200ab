//! A load generator for chat servers, and a server to compare with. Where to start: [`run::run`].
//!
//! One thread and one `epoll` hold all members. A message carries a mark (see [`mark`]) that says who sent
//! it and which of theirs it is; whatever a server wraps around it, the mark is found in every frame of
//! every member. So nothing of a server's protocol is parsed, and a delivery costs the generator far less
//! than it costs the server; every result says how busy both were.

pub mod frame;
pub mod histogram;
pub mod ledger;
pub mod mark;
pub mod member;
pub mod plan;
pub mod process;
pub mod run;
pub mod seat;
