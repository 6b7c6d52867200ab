//! The public keys that lie at a URL: when to ask for them, and which there are. It knows no network; time is an
//! argument.
//!
//! Invariants:
//! - the document is asked for at most once in [`Limits::jwks_gap_ms`], whatever tokens come: names of keys that
//!   nobody has heard of make no storm;
//! - keys stay until a newer document takes their place, however long their source fails.

use super::keys::{Key, read_jwks};
use super::token::{Algorithm, Token};
use crate::limits::{JWKS_TIMEOUT_MS, Limits};

/// The keys of one URL, as of the last time that they came.
#[derive(Default)]
pub struct Jwks {
    keys: Vec<Key>,
    fetched_at_ms: Option<u64>,
    asked_at_ms: Option<u64>,
    is_asking: bool,
}

/// What to do for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go by the keys that are there.
    Decide,
    /// Go by them, and ask for newer ones meanwhile.
    DecideAndAsk,
    /// Ask for the document, then look again.
    Ask,
    /// Look again soon: it was asked for.
    Wait,
    /// It can't be had now.
    GiveUp,
}

impl Jwks {
    /// What to do for this token.
    pub fn step(&self, token: &Token<'_>, limits: &Limits, now_ms: u64) -> Step {
        let since = |at_ms: Option<u64>| at_ms.map(|at_ms| now_ms.saturating_sub(at_ms));
        let since_asked = since(self.asked_at_ms);
        // A request that asked may have died before the answer.
        let is_asking = self.is_asking && since_asked.is_some_and(|ms| ms < 2 * JWKS_TIMEOUT_MS);
        let may_ask = !is_asking && since_asked.is_none_or(|ms| ms >= limits.jwks_gap_ms);
        let is_fresh = since(self.fetched_at_ms).is_some_and(|ms| ms < limits.jwks_fresh_ms);
        let is_known = self.keys.iter().any(|key| key.fits(token));
        // No document has a key for HS256: see `Key::from_jwk`.
        let may_become_known = token.algorithm != Algorithm::Hs256;
        match self.fetched_at_ms {
            Some(_) if is_known || !may_become_known => {
                if is_fresh || !may_ask {
                    Step::Decide
                } else {
                    Step::DecideAndAsk
                }
            }
            _ if is_asking => Step::Wait,
            _ if may_ask => Step::Ask,
            Some(_) => Step::Decide,
            None => Step::GiveUp,
        }
    }

    /// Notes that the document is asked for.
    pub fn ask(&mut self, now_ms: u64) {
        self.asked_at_ms = Some(now_ms);
        self.is_asking = true;
    }

    /// Takes what was answered; false if it is of no use, and all stays as it is.
    pub fn answered(&mut self, document: Option<&str>, now_ms: u64) -> bool {
        self.is_asking = false;
        let keys = document.and_then(read_jwks).filter(|keys| !keys.is_empty());
        let Some(keys) = keys else { return false };
        self.keys = keys;
        self.fetched_at_ms = Some(now_ms);
        true
    }

    /// Its keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn token(algorithm: Algorithm, kid: &str) -> Token<'static> {
        Token {
            algorithm,
            kid: Some(kid.to_owned()),
            signed: "",
            payload: String::new(),
            signature: Vec::new(),
        }
    }

    fn limits() -> Limits {
        Limits { jwks_fresh_ms: 600_000, jwks_gap_ms: 10_000, ..Limits::default() }
    }

    fn step(jwks: &Jwks, kid: &str, now_ms: u64) -> Step {
        jwks.step(&token(Algorithm::EdDsa, kid), &limits(), now_ms)
    }

    /// Keys that came at 1,000, after a tenth of a second.
    fn known() -> Jwks {
        let mut jwks = Jwks::default();
        jwks.ask(900);
        assert!(jwks.answered(Some(ED), 1_000));
        jwks
    }

    #[test]
    fn the_first_token_asks_and_the_others_wait() {
        let mut jwks = Jwks::default();
        assert_eq!(step(&jwks, "a", 0), Step::Ask);
        jwks.ask(0);
        assert_eq!(step(&jwks, "a", 1), Step::Wait);
        assert!(jwks.answered(Some(ED), 2));
        assert_eq!(step(&jwks, "a", 3), Step::Decide);
        assert_eq!(jwks.keys().len(), 1);
    }

    #[test]
    fn who_died_while_asking_is_not_waited_for_for_ever() {
        let mut jwks = Jwks::default();
        jwks.ask(0);
        assert_eq!(step(&jwks, "a", 2 * JWKS_TIMEOUT_MS - 1), Step::Wait);
        assert_eq!(step(&jwks, "a", 2 * JWKS_TIMEOUT_MS), Step::Ask);
    }

    #[test]
    fn a_source_that_fails_is_asked_again_after_a_while() {
        for bad in [None, Some(""), Some("{}"), Some(r#"{"keys":[]}"#), Some("<html>")] {
            let mut jwks = Jwks::default();
            jwks.ask(0);
            assert!(!jwks.answered(bad, 5), "{bad:?}");
            assert_eq!(step(&jwks, "a", 9_999), Step::GiveUp, "{bad:?}");
            assert_eq!(step(&jwks, "a", 10_000), Step::Ask, "{bad:?}");
        }
    }

    #[test]
    fn an_unknown_kid_asks_at_most_once_in_a_while() {
        let mut jwks = known();
        assert_eq!(step(&jwks, "b", 10_899), Step::Decide, "and there is no key for it");
        assert_eq!(step(&jwks, "b", 10_900), Step::Ask);
        jwks.ask(10_900);
        assert_eq!(step(&jwks, "c", 10_901), Step::Wait);
        assert_eq!(step(&jwks, "a", 10_901), Step::Decide, "nobody else waits for it");
        assert!(jwks.answered(Some(&ED.replace("\"a\"", "\"b\"")), 11_000));
        assert_eq!(step(&jwks, "b", 11_001), Step::Decide);
        assert_eq!(step(&jwks, "d", 20_899), Step::Decide);
        assert_eq!(step(&jwks, "d", 20_900), Step::Ask);
    }

    #[test]
    fn an_old_document_is_renewed_meanwhile_and_kept_while_that_fails() {
        let mut jwks = known();
        assert_eq!(step(&jwks, "a", 600_999), Step::Decide);
        assert_eq!(step(&jwks, "a", 601_000), Step::DecideAndAsk);
        jwks.ask(601_000);
        assert_eq!(step(&jwks, "a", 601_001), Step::Decide);
        assert!(!jwks.answered(None, 602_000));
        assert_eq!(jwks.keys().len(), 1);
        assert_eq!(step(&jwks, "a", 610_999), Step::Decide);
        assert_eq!(step(&jwks, "a", 611_000), Step::DecideAndAsk);
        assert_eq!(step(&jwks, "a", u64::MAX), Step::DecideAndAsk);
    }

    #[test]
    fn a_token_of_a_shared_secret_asks_for_nothing() {
        let jwks = known();
        assert_eq!(jwks.step(&token(Algorithm::Hs256, "b"), &limits(), 20_000), Step::Decide);
    }

    #[test]
    fn a_clock_that_jumps_back_asks_for_nothing_more() {
        assert_eq!(step(&known(), "b", 0), Step::Decide);
    }
}
