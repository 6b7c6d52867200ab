//! A token's spelling: JWS Compact Serialization, RFC 7515 section 7.1, and nothing near it.

use serde_json::{Map, Value};

use super::Rejection;
use crate::limits::TOKEN_BYTES_MAX;

/// How a token is signed. There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519, as RFC 8037 names it.
    EdDsa,
}

impl Algorithm {
    /// The algorithm that `alg` names, in just this spelling.
    pub fn parse(alg: &str) -> Option<Self> {
        Some(match alg {
            "HS256" => Self::Hs256,
            "RS256" => Self::Rs256,
            "ES256" => Self::Es256,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A token, its signature not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// Which key it says has signed it.
    pub kid: Option<String>,
    /// What is signed.
    pub signed: &'a str,
    /// The claims, as JSON text.
    pub payload: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if it is none; [`Rejection::Unsigned`] for an algorithm that no key here has.
    pub fn parse(text: &'a str) -> Result<Self, Rejection> {
        Self::split(text).ok_or(Rejection::Malformed).and_then(|token| token.ok_or(Rejection::Unsigned))
    }

    fn split(text: &'a str) -> Option<Option<Self>> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        // A further dot is in neither alphabet.
        let (header, payload) = signed.split_once('.')?;
        let header: Map<String, Value> = serde_json::from_str(&text_of(header)?).ok()?;
        // An extension that must be understood is not understood here.
        if header.contains_key("crit") {
            return None;
        }
        let kid = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        let payload = text_of(payload)?;
        let signature = decode(signature)?;
        let algorithm = Algorithm::parse(header.get("alg")?.as_str()?);
        Some(algorithm.map(|algorithm| Self { algorithm, kid, signed, payload, signature }))
    }
}

/// Decodes what must be text. JSON is read from text only: a parser of bytes would be a second one in the bundle.
fn text_of(part: &str) -> Option<String> {
    String::from_utf8(decode(part)?).ok()
}

/// Decodes base64url without padding, RFC 7515 section 2, in its one canonical spelling.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut pending, mut bits) = (0u32, 0u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        pending = (pending << 6) | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((pending >> bits) as u8);
            pending &= (1 << bits) - 1;
        }
    }
    // One digit alone is no byte, and what is left over must be zero.
    (bits < 6 && pending == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, appendix A.1.
    const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits: Vec<u8> =
            bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        let digit = |chunk: &[u8]| (0..6).fold(0, |sum, at| sum << 1 | chunk.get(at).copied().unwrap_or(0));
        bits.chunks(6).map(|chunk| char::from(DIGITS[usize::from(digit(chunk))])).collect()
    }

    fn with_header(header: &str) -> String {
        format!("{}.e30.AA", encode(header.as_bytes()))
    }

    #[test]
    fn the_example_of_rfc_7515_a_1() {
        let token = Token::parse(A1).unwrap();
        assert_eq!((token.algorithm, token.kid, token.signature.len()), (Algorithm::Hs256, None, 32));
        assert_eq!(A1, format!("{}.{}", token.signed, encode(&token.signature)));
        let claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        assert_eq!(token.payload, claims);
    }

    #[test]
    fn algorithms_are_told_by_their_exact_names() {
        for (alg, algorithm) in [
            ("HS256", Algorithm::Hs256),
            ("RS256", Algorithm::Rs256),
            ("ES256", Algorithm::Es256),
            ("EdDSA", Algorithm::EdDsa),
        ] {
            let text = with_header(&format!(r#"{{"alg":"{alg}","kid":"k"}}"#));
            let token = Token::parse(&text).unwrap();
            assert_eq!((token.algorithm, token.kid.as_deref()), (algorithm, Some("k")));
            assert_eq!(algorithm.name(), alg);
        }
        for alg in ["none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS384", "PS256", "RSA1_5"] {
            let text = with_header(&format!(r#"{{"alg":"{alg}"}}"#));
            assert_eq!(Token::parse(&text), Err(Rejection::Unsigned), "{alg}");
        }
    }

    #[test]
    fn what_is_no_token() {
        let header = encode(br#"{"alg":"HS256"}"#);
        for bad in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            header.clone(),
            format!("{header}.e30"),
            format!("{header}.e30.AA.AA"),
            format!("{header}..e30.AA"),
            format!("{header}.e30=.AA"),
            format!("{header}.e30.A"),
            format!("{header}.e30.AB"),
            format!("{header}.e30.+A"),
            format!("{header}.e30./A"),
            format!(" {header}.e30.AA"),
            format!("{header}.e30.AA\n"),
            format!("{header}.e30.A\u{410}"),
            with_header("[]"),
            with_header("{}"),
            with_header(r#"{"alg":null}"#),
            with_header(r#"{"alg":["HS256"]}"#),
            with_header(r#"{"alg":"HS256","kid":1}"#),
            with_header(r#"{"alg":"HS256","kid":null}"#),
            with_header(r#"{"alg":"HS256","crit":[]}"#),
            with_header(r#"{"alg":"none","crit":["b64"]}"#),
            with_header(r#"{"alg":"HS256"} x"#),
        ] {
            assert_eq!(Token::parse(&bad), Err(Rejection::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn a_token_has_a_greatest_length() {
        let rest = format!("{}.", with_header(r#"{"alg":"HS256"}"#).rsplit_once('.').unwrap().0);
        let padded = |bytes: usize| format!("{rest}{}", "A".repeat(bytes - rest.len()));
        // Of these lengths one in four can't be base64.
        let longest =
            (0..2).map(|less| padded(TOKEN_BYTES_MAX - less)).find(|text| Token::parse(text).is_ok());
        assert!(longest.is_some_and(|text| text.len() == TOKEN_BYTES_MAX));
        assert!(
            (1..5).all(|more| Token::parse(&padded(TOKEN_BYTES_MAX + more)) == Err(Rejection::Malformed))
        );
    }

    #[test]
    fn bytes_are_decoded_and_have_one_spelling() {
        for bytes in
            [&b""[..], b"\0", b"\xff", b"ab", b"\xfb\xef\xbe", b"any carnal pleas", &[0x3e, 0x3f, 0xff]]
        {
            assert_eq!(decode(&encode(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for bad in ["A", "AB", "AAB", "AAAAA", "-_9", "AA==", "A A"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
