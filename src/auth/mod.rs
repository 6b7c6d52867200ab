//! Who may come in. Tokens: how one is spelled, which of the operator's keys may vouch for it, and what it says.
//! The Worker asks before it touches a room. Secrets (HS256) are compared here; whether a public key has signed is
//! for WebCrypto to say, and so for the shell.
//!
//! Invariants:
//! - a key has one algorithm, so the `alg` of a token can only choose among keys made for it;
//! - claims are read of a token only once a key has vouched for it ([`Vouched`]);
//! - what is wrong with a token or with the configuration refuses; nothing falls back to a default.

pub mod claims;
pub mod jwks;
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
        /// The operator's secrets: the present one, and the one before while tokens of its time are about.
        secrets: Vec<Key>,
        /// The public keys of who issues tokens.
        public: Option<PublicKeys>,
        /// Whom tokens must be for, if not for [`claims::AUDIENCE`].
        audience: Option<String>,
    },
    /// Nobody, since what was configured makes no sense.
    Shut,
}

/// Where the public keys of who issues tokens are.
pub enum PublicKeys {
    /// Here.
    Known(Vec<Key>),
    /// In a JWKS document at this URL.
    At(String),
}

/// What somebody may do who has shown what there was to show.
#[derive(Debug)]
pub enum Pass {
    /// Nobody is asked for anything.
    Anybody,
    /// The token's claims.
    Holder(Claims),
}

/// A token that a key has vouched for.
pub struct Vouched<'a>(Token<'a>);

impl Doors {
    /// Reads the operator's variables. What is wrong with them comes back as a sentence for the log, and then
    /// nobody comes in: a mistake must not open the doors.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> (Self, Option<String>) {
        let secrets = ["AUTH_SECRET", "AUTH_SECRET_PREVIOUS"].into_iter().filter_map(&variable);
        let Some(secrets) = secrets.map(|secret| Key::secret(&secret)).collect::<Option<Vec<_>>>() else {
            let why =
                format!("a secret for tokens has fewer than {SECRET_BYTES_MIN} bytes: nobody is let in");
            return (Self::Shut, Some(why));
        };
        let public = match variable("AUTH_JWKS") {
            None if secrets.is_empty() => return (Self::Open, None),
            None => None,
            Some(text) => match PublicKeys::read(&text) {
                Some(public) => Some(public),
                None => {
                    let why = "AUTH_JWKS is neither a JWKS with a key that can be used, nor the https URL of one: \
                               nobody is let in";
                    return (Self::Shut, Some(why.to_owned()));
                }
            },
        };
        (Self::Closed { secrets, public, audience: variable("AUTH_AUDIENCE") }, None)
    }

    /// Whether nobody is asked for a token.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// The public keys that may vouch for tokens.
    pub fn public_keys(&self) -> Option<&PublicKeys> {
        match self {
            Self::Closed { public, .. } => public.as_ref(),
            _ => None,
        }
    }

    /// Takes the token that somebody shows apart; none where none is asked for.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] with what is wrong; [`Refusal::AuthUnavailable`] where nobody is let in.
    pub fn take<'a>(&self, shown: &'a [String]) -> Result<Option<Token<'a>>, Refusal> {
        match self {
            Self::Open => Ok(None),
            Self::Shut => Err(Refusal::AuthUnavailable),
            Self::Closed { .. } => {
                only(shown).and_then(Token::parse).map(Some).map_err(Refusal::Unauthorized)
            }
        }
    }

    /// Whether one of the secrets has signed the token.
    pub fn have_signed(&self, token: &Token<'_>) -> bool {
        match self {
            Self::Closed { secrets, .. } => secrets.iter().any(|key| key.has_signed(token)),
            _ => false,
        }
    }

    /// What a token says that a key has vouched for; none, where none is asked for.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] with what is wrong.
    pub fn pass(&self, vouched: Option<Vouched<'_>>, limits: &Limits, now_ms: u64) -> Result<Pass, Refusal> {
        match (self, vouched) {
            (Self::Open, _) => Ok(Pass::Anybody),
            (Self::Closed { audience, .. }, Some(Vouched(token))) => {
                let claims = Claims::read(&token.payload, audience.as_deref(), limits, now_ms);
                claims.map(Pass::Holder).map_err(Refusal::Unauthorized)
            }
            (Self::Closed { .. }, None) => Err(Refusal::Unauthorized(Rejection::Missing)),
            (Self::Shut, _) => Err(Refusal::AuthUnavailable),
        }
    }
}

impl PublicKeys {
    /// Reads `AUTH_JWKS`: a JWKS document, or where it is.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if keys::is_jwks_url(text) {
            return Some(Self::At(text.to_owned()));
        }
        keys::read_jwks(text).filter(|keys| !keys.is_empty()).map(Self::Known)
    }
}

impl Pass {
    /// Lets its holder in to a room.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] if it is for other rooms.
    pub fn admit(&self, room: &RoomName) -> Result<Visitor, Refusal> {
        match self {
            Self::Anybody => Ok(Visitor::default()),
            Self::Holder(claims) if claims.admits(room) => Ok(claims.visitor.clone()),
            Self::Holder(_) => Err(Refusal::Unauthorized(Rejection::Room)),
        }
    }

    /// Whether its holder may know of a room.
    pub fn shows(&self, room: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Holder(claims) => RoomName::parse(room).is_ok_and(|room| claims.admits(&room)),
        }
    }
}

impl<'a> Token<'a> {
    /// The token with what a key of the operator's says of its signature.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] if none has signed it.
    pub fn vouched(self, is_signed: bool) -> Result<Vouched<'a>, Refusal> {
        if is_signed { Ok(Vouched(self)) } else { Err(Refusal::Unauthorized(Rejection::Unsigned)) }
    }
}

/// The one token that was shown, be it several times.
fn only(shown: &[String]) -> Result<&str, Rejection> {
    let (first, others) = shown.split_first().ok_or(Rejection::Missing)?;
    if others.iter().all(|other| other == first) { Ok(first) } else { Err(Rejection::Ambiguous) }
}

impl Key {
    /// Whether it is a secret and signed this token. Takes as long whatever the signature is.
    fn has_signed(&self, token: &Token<'_>) -> bool {
        let Material::Secret(secret) = &self.material else { return false };
        if !self.fits(token) {
            return false;
        }
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
        mac.update(token.signed.as_bytes());
        mac.verify_slice(&token.signature).is_ok()
    }
}

#[cfg(test)]
mod tests;
