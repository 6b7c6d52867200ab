//! Who may come in. Tokens: how one is spelled, which of the operator's keys may vouch for it, and what it says.
//! The Worker asks before it touches a room. Secrets (HS256) serve; public keys are read, and not asked for yet.
//!
//! Invariants:
//! - a key has one algorithm, so the `alg` of a token can only choose among keys made for it;
//! - what is wrong with a token or with the configuration refuses; nothing falls back to a default.

pub mod claims;
pub mod keys;
pub mod token;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::limits::{Limits, SECRET_BYTES_MIN};
use crate::name::RoomName;
use crate::refusal::Refusal;
use crate::room::visitor::Visitor;
use claims::Claims;
use keys::{Key, Material};
use token::Token;

/// Why a token does not open a door. The words are for people, and tell nothing that is not in the token.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Rejection {
    /// There is none.
    #[error("a token is needed here")]
    Missing,
    /// There are several.
    #[error("several tokens were shown, and they differ")]
    Ambiguous,
    /// It is for other rooms.
    #[error("the token is for other rooms")]
    Room,
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

/// How a deployment's doors are.
pub enum Doors {
    /// Anybody may come in, as a member.
    Open,
    /// Whoever shows a token that one of these keys vouches for.
    Closed {
        /// The present key, and the one before while tokens of its time are about.
        keys: Vec<Key>,
        /// Whom tokens must be for, if not for [`claims::AUDIENCE`].
        audience: Option<String>,
    },
    /// Nobody, since what was configured makes no sense.
    Shut,
}

impl Doors {
    /// Reads the operator's variables. What is wrong with them comes back as a sentence for the log, and then
    /// nobody comes in: a mistake must not open the doors.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> (Self, Option<String>) {
        if variable("AUTH_JWKS").is_some() {
            let why = "AUTH_JWKS is not supported yet: nobody is let in. Use AUTH_SECRET";
            return (Self::Shut, Some(why.to_owned()));
        }
        let secrets = ["AUTH_SECRET", "AUTH_SECRET_PREVIOUS"].into_iter().filter_map(&variable);
        let keys: Option<Vec<Key>> = secrets.map(|secret| Key::secret(&secret)).collect();
        match keys {
            Some(keys) if keys.is_empty() => (Self::Open, None),
            Some(keys) => (Self::Closed { keys, audience: variable("AUTH_AUDIENCE") }, None),
            None => {
                let why =
                    format!("a secret for tokens has fewer than {SECRET_BYTES_MIN} bytes: nobody is let in");
                (Self::Shut, Some(why))
            }
        }
    }

    /// Whether nobody is asked for a token.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Lets somebody in who shows these tokens, or not. `room`: which one, if it is one.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] with what is wrong; [`Refusal::AuthUnavailable`] where nobody is let in.
    pub fn admit(
        &self,
        shown: &[String],
        room: Option<&RoomName>,
        limits: &Limits,
        now_ms: u64,
    ) -> Result<Visitor, Refusal> {
        let (keys, audience) = match self {
            Self::Open => return Ok(Visitor::default()),
            Self::Shut => return Err(Refusal::AuthUnavailable),
            Self::Closed { keys, audience } => (keys, audience.as_deref()),
        };
        let claims = only(shown).and_then(Token::parse).and_then(|token| {
            let vouched = keys.iter().any(|key| key.fits(&token) && key.has_signed(&token));
            if !vouched {
                return Err(Rejection::Unsigned);
            }
            Claims::read(&token.payload, audience, limits, now_ms)
        });
        let admitted = claims.and_then(|claims| match room {
            Some(room) if !claims.admits(room) => Err(Rejection::Room),
            _ => Ok(claims.visitor),
        });
        admitted.map_err(Refusal::Unauthorized)
    }
}

/// The one token that was shown, be it several times.
fn only(shown: &[String]) -> Result<&str, Rejection> {
    let (first, others) = shown.split_first().ok_or(Rejection::Missing)?;
    if others.iter().all(|other| other == first) { Ok(first) } else { Err(Rejection::Ambiguous) }
}

impl Key {
    /// Whether it signed this token. Takes as long whatever the signature is.
    fn has_signed(&self, token: &Token<'_>) -> bool {
        let Material::Secret(secret) = &self.material else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
        mac.update(token.signed.as_bytes());
        mac.verify_slice(&token.signature).is_ok()
    }
}

#[cfg(test)]
mod tests;
