//! Fuzzes what stands before a room: URLs, names, texts, tokens, keys, origins, an operator's variables, and
//! what is read again of what Parlor itself wrote.
//!
//! The first byte chooses the reader, the rest is what it reads, a line for each argument. Promises held against
//! each input: nothing panics; what was made legal is legal and stays the same when it is made legal again; a
//! token opens the door if and only if it is signed by our key and in its time.

use arbitrary::{Arbitrary, Unstructured};
use hmac::{Hmac, KeyInit, Mac};
use parlor::auth::claims::Claims;
use parlor::auth::keys::{self, Key, Material};
use parlor::auth::token::{Algorithm, Token};
use parlor::auth::{Doors, Rejection};
use parlor::limits::{HISTORY_LIMIT_MAX, KEYS_MAX, Limits};
use parlor::lobby::Report;
use parlor::name::{DisplayName, MessageId, RoomName, Text};
use parlor::origin::Origins;
use parlor::protocol::{self, Dialect};
use parlor::refusal::Refusal;
use parlor::room::presence::MemberId;
use parlor::room::rules::Rules;
use parlor::room::session::Secret;
use parlor::room::visitor::{Rate, Role, Visitor};
use parlor::route::{self, Request, Route};
use sha2::Sha256;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW_MS: u64 = 1_800_000_000_000;

/// Reads an input as one thing that stands before a room.
const READERS: [fn(&str, &[u8]); 16] = [
    |text, _| read_url("GET", text, false),
    |text, _| read_url("GET", text, true),
    |text, _| read_url(text.lines().next().unwrap_or_default(), text.lines().nth(1).unwrap_or("/"), false),
    |text, _| choose_dialect(text),
    |text, _| read_name(text),
    |text, _| read_text(text),
    |text, _| read_token(text),
    |text, _| read_claims(text),
    |_, data| read_likely_claims(data),
    |text, _| read_header(text),
    |text, _| read_jwks(text),
    |text, _| read_origins(text),
    |_, data| keep_visitor(data),
    |text, _| read_stored(text),
    |text, _| read_variables(text),
    |text, _| read_session(text),
];

/// Plays one input.
pub fn run(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    READERS[usize::from(*choice) % READERS.len()](&String::from_utf8_lossy(rest), rest);
}

fn read_url(method: &str, path: &str, upgrade: bool) {
    let route = Route::of(Request { method, path, upgrade });
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_~".contains(c);
    match &route {
        Ok(route) => {
            assert!(["GET", "HEAD", "POST"].contains(&method));
            assert!(!upgrade || matches!(route, Route::Connect(_)));
            assert!(upgrade || !matches!(route, Route::Connect(_)));
            assert!(method != "POST" || matches!(route, Route::Publish(_) | Route::Moderate(_)));
            if let Some(room) = route.room() {
                assert!((1..=64).contains(&room.as_str().len()) && room.as_str().chars().all(legal));
                assert!(!["api", "health", "metrics", "status"].contains(&room.as_str()));
                assert_eq!(RoomName::parse(room.as_str()).as_ref(), Ok(room));
            }
        }
        Err(refusal) => assert!(matches!(
            refusal,
            Refusal::InvalidRoom | Refusal::NotFound | Refusal::MethodNotAllowed { .. }
        )),
    }
}

fn choose_dialect(text: &str) {
    let mut lines = text.split('\n');
    let (offered, asked) = (lines.next(), lines.next());
    match route::choose_dialect(offered, asked, Dialect::V1) {
        Ok(choice) if choice.as_subprotocol => {
            let offers = offered.unwrap_or_default().split(',').map(str::trim);
            assert!(offers.clone().any(|offer| offer == choice.dialect.name()));
        }
        Ok(choice) => assert!(asked.is_none_or(|name| name == choice.dialect.name())),
        Err(refusal) => assert_eq!(refusal, Refusal::UnknownDialect),
    }
}

fn read_name(text: &str) {
    let limits = Limits { name_chars_max: 1 + text.len() % 40, ..Limits::default() };
    let check = |name: &DisplayName| {
        let shown = name.as_str();
        assert!((1..=limits.name_chars_max).contains(&shown.chars().count()), "{shown:?}");
        assert_eq!(shown, shown.trim());
        let misleads = |c: char| {
            c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!shown.contains(misleads), "{shown:?}");
        assert_eq!(DisplayName::parse(shown, &limits).as_ref(), Ok(name), "a legal name changes");
    };
    if let Ok(name) = DisplayName::parse(text, &limits) {
        check(&name);
    }
    let nearest = DisplayName::nearest(text, &limits);
    if limits.name_chars_max >= DisplayName::anonymous().as_str().len() {
        check(&nearest);
        assert_eq!(
            DisplayName::nearest(nearest.as_str(), &limits),
            nearest,
            "the nearest name has a nearer one"
        );
    }
    if let Ok(room) = RoomName::parse(text) {
        let path = format!("/{room}");
        let route = Route::of(Request { method: "GET", path: &path, upgrade: true });
        assert_eq!(route, Ok(Route::Connect(room)));
    }
    if let Ok(id) = MessageId::parse(text.to_owned()) {
        assert!(id.as_str() == text && text.is_ascii() && text.len() <= 64);
    }
}

fn read_text(text: &str) {
    let limits = Limits { text_chars_max: 1 + text.len() % 64, ..Limits::default() };
    match Text::parse(text.to_owned(), &limits) {
        Ok(said) => {
            assert_eq!(said.as_str(), text, "a text is stored as it was sent");
            assert!(!text.trim().is_empty() && text.chars().count() <= 4 * limits.text_chars_max);
        }
        Err(Refusal::EmptyText) => assert!(!text.contains(|c: char| c.is_ascii_graphic())),
        Err(refusal) => {
            assert_eq!(refusal, Refusal::TextTooLong { chars_max: limits.text_chars_max });
            assert!(text.chars().count() * 3 > limits.text_chars_max, "short, and too long");
        }
    }
    let mut lines = text.lines();
    let mut number = || lines.next().and_then(|line| line.parse::<u64>().ok());
    let limit = number().map(|limit| limit as usize);
    if let Ok((_, limit)) = protocol::history(number(), number(), limit) {
        assert!((1..=HISTORY_LIMIT_MAX).contains(&limit));
    }
}

fn doors() -> Doors {
    let variable = |name: &str| (name == "AUTH_SECRET").then(|| SECRET.to_owned());
    let (doors, complaint) = Doors::from_variables(variable);
    assert!(complaint.is_none() && !doors.is_open());
    doors
}

fn admit(shown: &[String]) -> Result<Visitor, Refusal> {
    let doors = doors();
    let vouched = match doors.take(shown)? {
        Some(token) => Some({
            let is_signed = doors.have_signed(&token);
            token.vouched(is_signed)?
        }),
        None => None,
    };
    doors.pass(vouched, &Limits::default(), NOW_MS)?.admit(&RoomName::default())
}

/// Whatever is shown, it opens nothing unless our key has signed it.
fn read_token(text: &str) {
    let shown: Vec<String> = text.lines().map(str::to_owned).collect();
    let admitted = admit(&shown);
    let is_signed = shown.first().is_some_and(|token| {
        token.rsplit_once('.').is_some_and(|(signed, signature)| sign(SECRET, signed) == signature)
    });
    assert!(is_signed || matches!(admitted, Err(Refusal::Unauthorized(_))), "{admitted:?}");
    if let Ok(token) = Token::parse(text) {
        assert!(text.starts_with(token.signed));
        assert_eq!(text.len(), token.signed.len() + 1 + base64url(&token.signature).len(), "two spellings");
        let key = Key::secret(SECRET).expect("long enough");
        assert_eq!(key.fits(&token), token.algorithm == Algorithm::Hs256);
    }
}

/// A token of ours that says this opens the door just if it may; with any bit changed it does not.
fn read_claims(claims: &str) {
    let header = base64url(br#"{"alg":"HS256"}"#);
    let signed = format!("{header}.{}", base64url(claims.as_bytes()));
    let token = format!("{signed}.{}", sign(SECRET, &signed));
    let admitted = admit(std::slice::from_ref(&token));
    if token.len() > parlor::limits::TOKEN_BYTES_MAX {
        return assert_eq!(admitted, Err(Refusal::Unauthorized(Rejection::Malformed)));
    }
    let read = Claims::read(claims, None, &Limits::default(), NOW_MS);
    match (&read, &admitted) {
        (Err(rejection), Err(refusal)) => assert_eq!(*refusal, Refusal::Unauthorized(*rejection)),
        (Ok(read), Ok(visitor)) => {
            assert!(read.admits(&RoomName::default()));
            assert_eq!(*visitor, read.visitor);
            check_claims(claims, visitor);
        }
        (Ok(read), Err(refusal)) => {
            assert!(!read.admits(&RoomName::default()));
            assert_eq!(*refusal, Refusal::Unauthorized(Rejection::Room));
        }
        (Err(rejection), Ok(_)) => panic!("let in, but {rejection}"),
    }
    for other in ["0123456789abcdef0123456789abcdeF", "x"] {
        let forged = format!("{signed}.{}", sign(other, &signed));
        assert_eq!(admit(&[forged]), Err(Refusal::Unauthorized(Rejection::Unsigned)));
    }
    let at = claims.len() % signed.len();
    let mut bytes = token.clone().into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(bytes).expect("ASCII");
    assert!(matches!(admit(&[changed]), Err(Refusal::Unauthorized(_))), "a changed token opens the door");
    assert!(matches!(admit(&[token, "x".to_owned()]), Err(Refusal::Unauthorized(Rejection::Ambiguous))));
}

fn check_claims(claims: &str, visitor: &Visitor) {
    let told: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(claims).expect("claims are a JSON object");
    let exp = told["exp"].as_f64().expect("`exp` is a number");
    assert!(exp + 60.0 > NOW_MS as f64 / 1_000.0, "expired");
    let at = visitor.expires_at.expect("every token ends");
    assert!(at >= NOW_MS && at as f64 <= (exp + 60.0) * 1_000.0);
    let named =
        |role: Role| told.get("role").is_some_and(|it| Role::parse(it.as_str().unwrap()) == Some(role));
    assert!(visitor.role <= Role::Member || named(visitor.role), "nobody is a moderator unsaid");
    assert_eq!(visitor.subject.as_deref(), told.get("sub").and_then(serde_json::Value::as_str));
    assert_eq!(Visitor::read(&visitor.in_ascii()), *visitor, "the room is told of somebody else");
}

/// Claims that are right more often than not.
#[derive(Arbitrary, Debug)]
struct Likely<'a> {
    exp: Number,
    nbf: Option<Number>,
    aud: Option<&'a str>,
    sub: Option<&'a str>,
    name: Option<&'a str>,
    rooms: Option<Vec<&'a str>>,
    role: Option<&'a str>,
    rate_burst: Option<Number>,
    other: Option<(&'a str, &'a str)>,
}

#[derive(Arbitrary, Debug)]
enum Number {
    Near(i32),
    Far(u64),
    Real(f64),
}

impl Number {
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Near(from_now) => (NOW_MS as i64 / 1_000 + i64::from(*from_now)).into(),
            Self::Far(number) => (*number).into(),
            Self::Real(number) => (*number).into(),
        }
    }
}

fn read_likely_claims(data: &[u8]) {
    let Ok(likely) = Likely::arbitrary(&mut Unstructured::new(data)) else { return };
    let mut claims = serde_json::Map::new();
    let texts = [("aud", likely.aud), ("sub", likely.sub), ("name", likely.name), ("role", likely.role)];
    claims.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
    let numbers = [("exp", Some(likely.exp)), ("nbf", likely.nbf), ("rate_burst", likely.rate_burst)];
    claims.extend(numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number?.json()))));
    if let Some(rooms) = likely.rooms {
        claims.insert("rooms".to_owned(), rooms.into());
    }
    if let Some((name, value)) = likely.other {
        claims.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_default());
    }
    read_claims(&serde_json::Value::Object(claims).to_string());
}

/// A token with any header, signed by our key: only HS256 opens the door, and nothing that must be understood.
fn read_header(header: &str) {
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(br#"{"exp":1800003600}"#));
    let admitted = admit(&[format!("{signed}.{}", sign(SECRET, &signed))]);
    if admitted.is_ok() {
        let told: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(header).expect("a header is a JSON object");
        assert_eq!(told["alg"], "HS256");
        assert!(!told.contains_key("crit"));
    }
}

fn read_jwks(text: &str) {
    let keys = keys::read_jwks(text).unwrap_or_default();
    assert!(keys.len() <= KEYS_MAX);
    for key in keys {
        assert!(key.algorithm != Algorithm::Hs256, "a published key is a secret");
        let Material::Public(jwk) = &key.material else { panic!("a published key is a secret") };
        let jwk: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(jwk).expect("a key is a JSON object");
        assert!(jwk.keys().all(|name| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str())));
    }
    if keys::is_jwks_url(text) && !text.starts_with("https://") {
        let host = text.strip_prefix("http://").expect("a web address");
        assert!(host.starts_with("127.0.0.1") || host.starts_with("localhost"));
        assert!(!host.split('/').next().expect("a host").contains('@'));
    }
}

fn read_origins(text: &str) {
    let mut lines = text.split('\n');
    let (allowed, origin, url) =
        (lines.next(), lines.next(), lines.next().unwrap_or("https://chat.example/a"));
    let (origins, wrong) = Origins::parse(allowed);
    let words = || allowed.unwrap_or_default().split([',', ' ']).filter(|word| !word.is_empty());
    assert!(wrong.len() <= words().count());
    assert!(origins.allow(None, url));
    let Some(origin) = origin else { return };
    if origins.allow(Some(origin), url) && words().all(|word| word != "*") {
        let same = |other: &str| other.eq_ignore_ascii_case(origin);
        let own = url.get(..origin.len()).is_some_and(same);
        assert!(own || words().any(same), "{origin} is allowed, and nobody named it");
    }
}

#[derive(Arbitrary)]
struct Somebody<'a> {
    role: u8,
    subject: Option<&'a str>,
    name: Option<&'a str>,
    expires_at: Option<u64>,
    rate: Option<(f64, f64)>,
    address: Option<&'a str>,
}

/// What the Worker tells a room of somebody is what the room reads.
fn keep_visitor(data: &[u8]) {
    let Ok(it) = Somebody::arbitrary(&mut Unstructured::new(data)) else { return };
    let rate = it.rate.filter(|(burst, per_second)| burst.is_finite() && per_second.is_finite());
    let roles = [Role::Reader, Role::Member, Role::Moderator, Role::Owner];
    let visitor = Visitor {
        role: roles[usize::from(it.role) % roles.len()],
        subject: it.subject.map(str::to_owned),
        name: it.name.map(str::to_owned),
        expires_at: it.expires_at,
        rate: rate.map(|(burst, per_second)| Rate { burst, per_second }),
        address: it.address.map(str::to_owned),
    };
    let told = visitor.in_ascii();
    assert!(told.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "no header: {told:?}");
    let read = Visitor::read(&told);
    let bare = |it: &Visitor| Visitor { rate: None, ..it.clone() };
    assert_eq!(bare(&read), bare(&visitor));
    // A number may lose its last bit on the way, as JSON is read fast.
    assert_eq!(read.rate.is_some(), visitor.rate.is_some());
}

fn read_stored(text: &str) {
    let visitor = Visitor::read(text);
    assert_eq!(Visitor::read(&visitor.in_ascii()).role, visitor.role);
    if let Some(rules) = Rules::read(text) {
        let again = serde_json::to_string(&rules).expect("rules can be stored");
        assert_eq!(Rules::read(&again), Some(rules), "rules change while they are stored");
    }
    if let Some(report) = Report::from_line(text) {
        assert!(Report::from_line(&report.to_line()).is_some());
    }
}

fn read_variables(text: &str) {
    let variable = |name: &str| {
        text.lines()
            .find_map(|line| Some(line.split_once('=')?).filter(|it| it.0 == name)?.1.to_owned().into())
    };
    let (limits, _) = Limits::from_variables(variable);
    assert!((1..=16_000).contains(&limits.text_chars_max) && (1..=200).contains(&limits.name_chars_max));
    assert!(limits.rate_burst >= 1.0 && limits.rate_per_second > 0.0 && limits.rate_burst <= 1e6);
    assert!((1..=32_768).contains(&limits.connections_max) && limits.lobbies >= 1);
    let (doors, complaint) = Doors::from_variables(variable);
    let wants_doors =
        ["AUTH_SECRET", "AUTH_SECRET_PREVIOUS", "AUTH_JWKS"].iter().any(|name| variable(name).is_some());
    assert_eq!(doors.is_open(), !wants_doors, "a mistake opens the doors");
    assert!(complaint.is_none() || !doors.is_open());
}

fn read_session(text: &str) {
    let secret = Secret::new([7; 32]);
    let (ours, theirs) = (MemberId::new(8), secret.member_of(text, NOW_MS));
    assert_eq!(theirs, None, "a session that nobody signed");
    let session = secret.session(ours, NOW_MS);
    assert_eq!(secret.member_of(&session, NOW_MS), Some(ours));
    let at = text.len() % session.len();
    let changed: String =
        session.chars().enumerate().map(|(index, c)| if index == at { 'g' } else { c }).collect();
    assert_eq!(secret.member_of(&changed, NOW_MS), None);
    if let Some(secret) = Secret::from_hex(text) {
        assert_eq!(secret.to_hex(), text);
    }
}

fn sign(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    base64url(&mac.finalize().into_bytes())
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|at| DIGITS[(group >> (18 - 6 * at)) as usize & 63] as char);
        text.extend(digits);
    }
    text
}
