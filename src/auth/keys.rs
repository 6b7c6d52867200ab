//! The keys that the operator configured, each for one algorithm.

use serde_json::{Map, Value};

use super::token::{Algorithm, Token, decode};
use crate::limits::{KEYS_MAX, RSA_BITS_MIN, SECRET_BYTES_MIN};

/// A key, and what it may verify.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The one algorithm that it is for.
    pub algorithm: Algorithm,
    /// Its name. A key without one may verify a token whatever `kid` that has.
    pub kid: Option<String>,
    /// The key itself.
    pub material: Material,
}

/// A key itself. It has no `Debug`, so that no log can hold one.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// A shared secret.
    Secret(Vec<u8>),
    /// A public key: a JWK as JSON text, with nothing but the numbers of the key.
    Public(String),
}

impl Key {
    /// The key that an operator's secret is; none if it is shorter than HS256 wants it.
    pub fn secret(secret: &str) -> Option<Self> {
        let material = Material::Secret(secret.as_bytes().to_vec());
        (secret.len() >= SECRET_BYTES_MIN).then_some(Self {
            algorithm: Algorithm::Hs256,
            kid: None,
            material,
        })
    }

    /// Whether it may verify this token.
    pub fn fits(&self, token: &Token<'_>) -> bool {
        let other = matches!((&self.kid, &token.kid), (Some(ours), Some(theirs)) if ours != theirs);
        self.algorithm == token.algorithm && !other
    }

    /// Reads a JWK (RFC 7517) of a public key that is for verifying; none for any other.
    fn from_jwk(jwk: &Value) -> Option<Self> {
        let jwk = jwk.as_object()?;
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let (algorithm, numbers): (_, &[&str]) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Algorithm::Rs256, &["n", "e"]),
            ("EC", Some("P-256")) => (Algorithm::Es256, &["crv", "x", "y"]),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, &["crv", "x"]),
            // Above all no `oct`: a document that anybody may read has no secrets.
            _ => return None,
        };
        let agrees = |name: &str, wanted: &dyn Fn(&Value) -> bool| jwk.get(name).is_none_or(wanted);
        let verifies = |ops: &Value| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify"));
        let is_for_tokens = agrees("use", &|it| it == "sig")
            && agrees("key_ops", &verifies)
            && agrees("alg", &|alg| alg.as_str().and_then(Algorithm::parse) == Some(algorithm));
        let bytes = |name: &str| decode(text(name)?);
        let is_strong = match algorithm {
            Algorithm::Rs256 => bits(&bytes("n")?) >= RSA_BITS_MIN && !bytes("e")?.is_empty(),
            Algorithm::Es256 => bytes("x")?.len() == 32 && bytes("y")?.len() == 32,
            _ => bytes("x")?.len() == 32,
        };
        let kid = match jwk.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        let mut public = Map::new();
        for name in numbers.iter().copied().chain(["kty"]) {
            public.insert(name.to_owned(), text(name)?.into());
        }
        let material = Material::Public(Value::Object(public).to_string());
        (is_for_tokens && is_strong).then_some(Self { algorithm, kid, material })
    }
}

/// Reads a JWKS document. Keys that are not for us are left out, as RFC 7517 section 5 wants it; none if it
/// is no such document.
pub fn read_jwks(document: &str) -> Option<Vec<Key>> {
    let document: Map<String, Value> = serde_json::from_str(document).ok()?;
    let keys = document.get("keys")?.as_array()?;
    Some(keys.iter().filter_map(Key::from_jwk).take(KEYS_MAX).collect())
}

/// Whether a JWKS may be fetched from there: by https, or from this very machine.
pub fn is_jwks_url(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty() && !rest.starts_with('/');
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, "0"),
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") && port.parse::<u16>().is_ok()
}

/// How many bits a number has.
fn bits(number: &[u8]) -> usize {
    let significant = number.iter().position(|byte| *byte != 0).and_then(|at| number.get(at..));
    let significant = significant.unwrap_or_default();
    let unused = significant.first().map_or(0, |first| first.leading_zeros() as usize);
    significant.len() * 8 - unused
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public keys of RFC 7515 A.3 and RFC 8037 A.2.
    const P256: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    const ED25519: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    fn rsa(n: &str) -> String {
        format!(r#""kty":"RSA","n":"{n}","e":"AQAB""#)
    }

    /// A modulus of 2,048 bits: 256 bytes, the first 0x80.
    fn modulus() -> String {
        format!("gA{}", "A".repeat(340))
    }

    fn jwks(keys: &[&str]) -> Vec<Key> {
        let keys: Vec<String> = keys.iter().map(|key| format!("{{{key}}}")).collect();
        read_jwks(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
    }

    fn token(algorithm: Algorithm, kid: Option<&str>) -> Token<'static> {
        let kid = kid.map(str::to_owned);
        Token { algorithm, kid, signed: "", payload: String::new(), signature: Vec::new() }
    }

    #[test]
    fn a_secret_has_at_least_32_bytes() {
        assert!(Key::secret(&"x".repeat(31)).is_none() && Key::secret("").is_none());
        let key = Key::secret(&"x".repeat(32)).unwrap();
        assert!(key.fits(&token(Algorithm::Hs256, None)) && key.fits(&token(Algorithm::Hs256, Some("k"))));
        assert!(key.material == Material::Secret(vec![b'x'; 32]));
    }

    #[test]
    fn a_key_fits_its_algorithm_and_its_kid_alone() {
        use Algorithm::{EdDsa, Es256, Hs256, Rs256};
        let secret = Key::secret(&"x".repeat(32)).unwrap();
        let (rsa, named) = (rsa(&modulus()), format!(r#"{P256},"kid":"a""#));
        let mut keys = jwks(&[&rsa, &named, ED25519]);
        keys.insert(0, secret);
        for (at, own) in [Hs256, Rs256, Es256, EdDsa].into_iter().enumerate() {
            for other in [Hs256, Rs256, Es256, EdDsa] {
                assert_eq!(keys[at].fits(&token(other, None)), own == other);
            }
        }
        assert!(keys[2].fits(&token(Es256, Some("a"))) && !keys[2].fits(&token(Es256, Some("b"))));
        assert!(keys[3].fits(&token(EdDsa, Some("b"))));
    }

    #[test]
    fn a_public_key_is_its_numbers_only() {
        let key =
            &jwks(&[&format!(r#"{ED25519},"d":"secret","use":"sig","alg":"EdDSA","key_ops":["verify"]"#)])[0];
        assert!(
            key.material
                == Material::Public(format!(
                    "{{{}}}",
                    r#""crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#
                ))
        );
    }

    #[test]
    fn keys_that_are_not_for_us_are_left_out() {
        let short = ED25519.replace("11qY", "");
        let weak = rsa(&format!("fw{}", "A".repeat(340)));
        let padded = rsa(&format!("AA{}", "A".repeat(400)));
        let no_exponent = rsa(&modulus()).replace("AQAB", "");
        for bad in [
            r#""kty":"oct","k":"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg""#,
            "",
            r#""kty":"RSA""#,
            &short,
            &weak,
            &padded,
            &no_exponent,
            &P256.replace("P-256", "P-384"),
            &P256.replace("f83O", ""),
            &P256.replace("x_FE", ""),
            &ED25519.replace("Ed25519", "X25519"),
            &format!(r#"{P256},"use":"enc""#),
            &format!(r#"{P256},"key_ops":["sign"]"#),
            &format!(r#"{P256},"key_ops":"verify""#),
            &format!(r#"{P256},"alg":"HS256""#),
            &format!(r#"{P256},"alg":1"#),
            &format!(r#"{P256},"kid":1"#),
        ] {
            assert!(jwks(&[bad]).is_empty(), "{bad}");
            assert_eq!(jwks(&[bad, P256]).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_document_has_keys_and_not_too_many() {
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, "https://x"] {
            assert!(read_jwks(bad).is_none(), "{bad}");
        }
        assert!(jwks(&[]).is_empty());
        assert_eq!(jwks(&[P256; KEYS_MAX + 1]).len(), KEYS_MAX);
    }

    #[test]
    fn documents_come_by_https_or_from_this_machine() {
        for good in [
            "https://a.example/k",
            "http://127.0.0.1:8080/k",
            "http://localhost",
            "http://[::1]",
            "http://[::1]:80/k",
        ] {
            assert!(is_jwks_url(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///k",
            "http://a.example/k",
            "http://localhost.a.example",
            "http://localhost:1@a.example/",
            "http://a.example?localhost",
            "ftp://localhost",
            "file:///k",
        ] {
            assert!(!is_jwks_url(bad), "{bad}");
        }
    }
}
