//! Tokens that are let in, and all the ways not to be. Signed here with the same HMAC that is tested against
//! RFC 7515's own token.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::limits::{SUBJECT_BYTES_MAX, TOKEN_BYTES_MAX, TOKEN_LEEWAY_S};

const TOKEN_LEEWAY_MS: u64 = TOKEN_LEEWAY_S as u64 * 1_000;
use crate::room::visitor::{Rate, Role};

const NOW_MS: u64 = 1_800_000_000_000;
const NOW: u64 = NOW_MS / 1_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const OTHER: &str = "another secret of thirty-two bytes";

fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        let digits = (0..=chunk.len()).map(|at| DIGITS[(bits >> (18 - 6 * at)) as usize & 63] as char);
        text.extend(digits);
    }
    text
}

fn sign(header: &str, claims: &str, secret: &str) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

fn token(claims: &Value) -> String {
    sign(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string(), SECRET)
}

fn doors(variables: &[(&str, &str)]) -> Doors {
    let read = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Doors::from_variables(read).0
}

fn knock(doors: &Doors, shown: &[String]) -> Result<Visitor, Refusal> {
    enter(doors, shown)?.admit(&RoomName::parse("kitchen").unwrap())
}

/// As the Worker does it, where there are no public keys.
fn enter(doors: &Doors, shown: &[String]) -> Result<Pass, Refusal> {
    let vouched = doors.take(shown)?.map(|token| {
        let is_signed = doors.have_signed(&token);
        token.vouched(is_signed)
    });
    doors.pass(vouched.transpose()?, &Limits::default(), NOW_MS)
}

fn closed() -> Doors {
    doors(&[("AUTH_SECRET", SECRET)])
}

fn admit(claims: Value) -> Result<Visitor, Refusal> {
    knock(&closed(), &[token(&claims)])
}

fn admitted(claims: Value) -> bool {
    match admit(claims) {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.code(), "unauthorized");
            false
        }
    }
}

/// A token that is let in, with one claim changed.
fn with(claim: &str, value: Value) -> Value {
    let mut claims = json!({"exp": NOW + 60});
    claims[claim] = value;
    claims
}

#[test]
fn the_token_of_rfc_7515_is_signed_with_its_key() {
    let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let token = Token::parse(text).unwrap();
    let secret = token::decode(key).unwrap();
    let key = |secret: &[u8]| Key {
        algorithm: token::Algorithm::Hs256,
        kid: None,
        material: Material::Secret(secret.to_vec()),
    };
    assert!(key(&secret).has_signed(&token));
    assert!(!key(&secret[1..]).has_signed(&token));
    let public = Key { material: Material::Public(String::new()), ..key(&secret) };
    assert!(!public.has_signed(&token));
    let limits = Limits::default();
    assert!(Claims::read(&token.payload, None, &limits, 1_300_819_380_000).is_ok());
}

#[test]
fn open_doors_ask_for_nothing() {
    let open = doors(&[]);
    assert!(open.is_open());
    assert_eq!(knock(&open, &["nonsense".to_owned()]), Ok(Visitor::default()));
}

#[test]
fn a_mistake_lets_nobody_in() {
    let short = &SECRET[1..];
    for variables in [
        vec![("AUTH_SECRET", short)],
        vec![("AUTH_SECRET", "")],
        vec![("AUTH_SECRET", SECRET), ("AUTH_SECRET_PREVIOUS", short)],
        vec![("AUTH_SECRET_PREVIOUS", "")],
        vec![("AUTH_JWKS", "")],
        vec![("AUTH_JWKS", "{}")],
        vec![("AUTH_JWKS", r#"{"keys":[]}"#)],
        vec![("AUTH_JWKS", r#"{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}]}"#)],
        vec![("AUTH_JWKS", "http://keys.example/jwks.json")],
        vec![("AUTH_JWKS", "{}"), ("AUTH_SECRET", SECRET)],
        vec![("AUTH_JWKS", KEYS), ("AUTH_SECRET", short)],
    ] {
        let shut = doors(&variables);
        assert!(!shut.is_open(), "{variables:?}");
        let good = token(&json!({"exp": NOW + 60}));
        assert_eq!(knock(&shut, &[good]), Err(Refusal::AuthUnavailable), "{variables:?}");
    }
    let (_, complaint) = Doors::from_variables(|name| (name == "AUTH_SECRET").then(|| short.to_owned()));
    assert!(complaint.is_some_and(|why| why.contains("32") && !why.contains(short)));
    assert_eq!(Doors::from_variables(|_| None).1, None);
}

#[test]
fn who_shows_a_token_is_who_it_says() {
    let claims = json!({"exp": NOW + 60, "nbf": NOW, "aud": ["x", "parlor"], "sub": "ada", "name": "Ada",
        "rooms": ["den", "kit*"], "role": "moderator", "rate_burst": 50, "rate_per_second": 0.5, "iss": "x"});
    let expected = Visitor {
        role: Role::Moderator,
        subject: Some("ada".to_owned()),
        name: Some("Ada".to_owned()),
        expires_at: Some(NOW_MS + 60_000 + TOKEN_LEEWAY_MS),
        rate: Some(Rate { burst: 50.0, per_second: 0.5 }),
        address: None,
    };
    assert_eq!(admit(claims), Ok(expected));
    let expires_at = Some(NOW_MS + 60_000 + TOKEN_LEEWAY_MS);
    assert_eq!(admit(json!({"exp": NOW + 60})), Ok(Visitor { expires_at, ..Visitor::default() }));
    let Limits { rate_burst, rate_per_second, .. } = Limits::default();
    let burst = admit(with("rate_burst", json!(50))).unwrap().rate;
    assert_eq!(burst, Some(Rate { burst: 50.0, per_second: rate_per_second }));
    let per_second = admit(with("rate_per_second", json!(5))).unwrap().rate;
    assert_eq!(per_second, Some(Rate { burst: rate_burst, per_second: 5.0 }));
}

#[test]
fn a_token_is_needed_and_one_is_enough() {
    let refused = |shown: &[String]| knock(&closed(), shown).unwrap_err().code();
    assert_eq!(refused(&[]), "unauthorized");
    let good = token(&json!({"exp": NOW + 60}));
    assert!(knock(&closed(), &[good.clone(), good.clone()]).is_ok());
    let other = token(&json!({"exp": NOW + 61}));
    assert_eq!(refused(&[good.clone(), other.clone()]), "unauthorized");
    assert_eq!(refused(&[good, "x".to_owned()]), "unauthorized");
}

#[test]
fn times_have_a_minute_of_leeway() {
    assert!(admitted(json!({"exp": NOW - 59})));
    assert!(!admitted(json!({"exp": NOW - 60})));
    assert!(admitted(json!({"exp": NOW as f64 + 0.5})));
    assert!(admitted(with("nbf", json!(NOW + 60))));
    assert!(!admitted(with("nbf", json!(NOW + 61))));
    assert!(admitted(json!({"exp": 1e300})));
    for bad in [json!(null), json!(-1), json!("2000000000"), json!(true), json!([NOW + 60]), json!({})] {
        assert!(!admitted(json!({ "exp": bad })), "{bad}");
        assert!(bad == json!(-1) || !admitted(with("nbf", bad.clone())), "{bad}");
    }
    assert!(!admitted(json!({"nbf": NOW})), "no `exp`");
}

#[test]
fn a_token_for_somebody_else_is_none() {
    for (aud, by_default, by_name) in [
        (None, true, false),
        (Some(json!("parlor")), true, false),
        (Some(json!("chat.example")), false, true),
        (Some(json!(["a", "chat.example"])), false, true),
        (Some(json!([])), false, false),
        (Some(json!("parlorx")), false, false),
        (Some(json!(5)), false, false),
        (Some(json!([5, "parlor", "chat.example"])), false, false),
        (Some(json!(null)), false, false),
    ] {
        let mut claims = json!({"exp": NOW + 60});
        if let Some(aud) = &aud {
            claims["aud"] = aud.clone();
        }
        assert_eq!(admitted(claims.clone()), by_default, "{aud:?}");
        let named = doors(&[("AUTH_SECRET", SECRET), ("AUTH_AUDIENCE", "chat.example")]);
        assert_eq!(knock(&named, &[token(&claims)]).is_ok(), by_name, "{aud:?}");
    }
}

#[test]
fn a_token_opens_the_rooms_that_it_names() {
    for (rooms, opens) in [
        (json!(["kitchen"]), true),
        (json!(["kit*"]), true),
        (json!(["*"]), true),
        (json!(["den", "kitchen"]), true),
        (json!(["kitchen*"]), true),
        (json!([]), false),
        (json!(["kitche"]), false),
        (json!(["kitchens"]), false),
        (json!(["Kitchen"]), false),
        (json!(["*chen"]), false),
        (json!(["k*n"]), false),
        (json!("kitchen"), false),
        (json!(["kitchen", 5]), false),
        (json!(null), false),
    ] {
        assert_eq!(admitted(with("rooms", rooms.clone())), opens, "{rooms}");
    }
    let for_none = token(&with("rooms", json!([])));
    let pass = enter(&closed(), &[for_none]).unwrap();
    assert!(!pass.shows("kitchen"));
}

#[test]
fn claims_of_another_type_or_out_of_range_refuse() {
    for (claim, value) in [
        ("sub", json!("")),
        ("sub", json!("x".repeat(SUBJECT_BYTES_MAX + 1))),
        ("sub", json!(5)),
        ("sub", json!(null)),
        ("name", json!("")),
        ("name", json!("x".repeat(31))),
        ("name", json!("a\u{202e}b")),
        ("name", json!(5)),
        ("role", json!("king")),
        ("role", json!("Owner")),
        ("role", json!("")),
        ("role", json!(["owner"])),
        ("rate_burst", json!(0.5)),
        ("rate_burst", json!(1e7)),
        ("rate_burst", json!("100")),
        ("rate_per_second", json!(0)),
        ("rate_per_second", json!(-1)),
        ("rate_per_second", json!(1e7)),
    ] {
        assert!(!admitted(with(claim, value.clone())), "{claim}: {value}");
    }
    for (claim, value) in [
        ("sub", json!("x".repeat(SUBJECT_BYTES_MAX))),
        ("rate_burst", json!(1)),
        ("rate_burst", json!(1e6)),
        ("rate_per_second", json!(0.001)),
        ("role", json!("reader")),
        ("role", json!("owner")),
    ] {
        assert!(admitted(with(claim, value.clone())), "{claim}: {value}");
    }
}

#[test]
fn only_hs256_and_only_with_a_secret_of_ours() {
    let claims = json!({"exp": NOW + 60}).to_string();
    for alg in ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256"] {
        let forged = sign(&json!({ "alg": alg }).to_string(), &claims, SECRET);
        assert!(knock(&closed(), &[forged]).is_err(), "{alg}");
    }
    for header in [
        r#"{}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        "[]",
        "x",
        "",
    ] {
        assert!(knock(&closed(), &[sign(header, &claims, SECRET)]).is_err(), "{header}");
    }
    // Keys that the token brings along are not looked at.
    for header in [
        r#"{"alg":"HS256","kid":"../../dev/null"}"#,
        r#"{"alg":"HS256","kid":"' OR 1=1 --","jwk":{"kty":"oct","k":"AA"},"jku":"https://evil.example/"}"#,
    ] {
        assert!(knock(&closed(), &[sign(header, &claims, "")]).is_err(), "{header}");
        assert!(knock(&closed(), &[sign(header, &claims, SECRET)]).is_ok(), "{header}");
    }
    let good = sign(r#"{"alg":"HS256"}"#, &claims, OTHER);
    assert!(knock(&closed(), std::slice::from_ref(&good)).is_err());
    let rotated = doors(&[("AUTH_SECRET", SECRET), ("AUTH_SECRET_PREVIOUS", OTHER)]);
    assert!(knock(&rotated, &[good]).is_ok());
    assert!(knock(&rotated, &[sign(r#"{"alg":"HS256"}"#, &claims, SECRET)]).is_ok());
}

#[test]
fn a_token_changed_anywhere_is_refused() {
    let good = token(&json!({"exp": NOW + 60, "role": "reader"}));
    assert!(knock(&closed(), std::slice::from_ref(&good)).is_ok());
    for at in 0..good.len() {
        for other in ["A", "B", ".", "=", "/", "é", ""] {
            let mut bent = good.clone();
            if &good[at..=at] != other {
                bent.replace_range(at..=at, other);
                assert!(knock(&closed(), &[bent]).is_err(), "{at} {other}");
            }
        }
    }
    let parts: Vec<_> = good.split('.').collect();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{}", parts[2]),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        "x".repeat(TOKEN_BYTES_MAX + 1),
    ] {
        assert!(knock(&closed(), std::slice::from_ref(&bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_token_has_a_longest_length() {
    let long = |pad: usize| token(&with("iss", json!("x".repeat(pad))));
    let room = TOKEN_BYTES_MAX - long(0).len();
    // Three bytes are four digits.
    let just = (0..=room * 3 / 4 + 4).rev().map(long).find(|token| token.len() <= TOKEN_BYTES_MAX).unwrap();
    assert!(just.len() > TOKEN_BYTES_MAX - 4);
    assert!(knock(&closed(), &[just]).is_ok());
    assert!(knock(&closed(), &[long(room)]).is_err());
}

#[test]
fn secrets_and_public_keys_count_beside_each_other() {
    let both = doors(&[("AUTH_SECRET", SECRET), ("AUTH_JWKS", KEYS)]);
    assert!(matches!(both.public_keys(), Some(PublicKeys::Known(keys)) if keys.len() == 1));
    assert!(knock(&both, &[token(&json!({"exp": NOW + 60}))]).is_ok());
    let public = doors(&[("AUTH_JWKS", KEYS)]);
    assert!(knock(&public, &[token(&json!({"exp": NOW + 60}))]).is_err(), "no secret, no HS256");
    assert!(!public.is_open() && closed().public_keys().is_none());
    let url = " https://keys.example/jwks.json ";
    let at_url = doors(&[("AUTH_JWKS", url)]);
    assert!(matches!(at_url.public_keys(), Some(PublicKeys::At(at)) if at == url.trim()));
}

#[test]
fn a_public_key_is_no_secret() {
    // The best known confusion: the public key's text as the secret of HS256.
    let public = doors(&[("AUTH_JWKS", KEYS)]);
    let claims = json!({"exp": NOW + 60}).to_string();
    for secret in [KEYS, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", ""] {
        let forged = sign(r#"{"alg":"HS256"}"#, &claims, secret);
        assert!(knock(&public, &[forged]).is_err(), "{secret}");
    }
}

#[test]
fn nobody_passes_without_a_token_that_is_vouched_for() {
    let limits = Limits::default();
    assert!(matches!(closed().pass(None, &limits, NOW_MS), Err(Refusal::Unauthorized(Rejection::Missing))));
    let shut = doors(&[("AUTH_SECRET", "")]);
    assert!(matches!(shut.pass(None, &limits, NOW_MS), Err(Refusal::AuthUnavailable)));
    assert!(!shut.have_signed(&Token::parse(&token(&json!({}))).unwrap()));
}

#[test]
fn a_pass_shows_the_rooms_that_it_opens() {
    assert!(enter(&doors(&[]), &[]).unwrap().shows("~x"));
    let pass = enter(&closed(), &[token(&with("rooms", json!(["team-*"])))]).unwrap();
    assert!(pass.shows("team-a") && !pass.shows("kitchen") && !pass.shows("-"));
}
