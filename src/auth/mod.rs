//! Tokens: how one is spelled, which of the operator's keys may vouch for it, and what it says. Signatures
//! are to be verified by the platform. The Worker does not ask for tokens yet: every deployment is open.
//!
//! Invariants:
//! - a key has one algorithm, so the `alg` of a token can only choose among keys made for it;
//! - what is wrong with a token or with the configuration refuses; nothing falls back to a default.

pub mod claims;
pub mod keys;
pub mod token;

use thiserror::Error;

/// Why a token does not open a door. The words are for people, and tell nothing that is not in the token.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Rejection {
    /// It is not spelled as a token is, or says something that can't be.
    #[error("the token is malformed")]
    Malformed,
    /// No key of ours has signed it.
    #[error("the token is not signed by a key that is known here")]
    Unsigned,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time is yet to come.
    #[error("the token is not valid yet")]
    Early,
    /// It is for another service.
    #[error("the token is for another audience")]
    Audience,
}
