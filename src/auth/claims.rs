//! What a token says, RFC 7519, once its signature is verified. A claim of a wrong type refuses the token.

use serde_json::{Map, Value};

use super::Rejection;
use crate::limits::{
    Limits, RATE_BURST_RANGE, RATE_PER_SECOND_RANGE, ROOM_NAME_CHARS_MAX, SUBJECT_BYTES_MAX, TOKEN_LEEWAY_S,
};
use crate::name::{DisplayName, RoomName};
use crate::room::visitor::{Rate, Role, Visitor};

/// Who a token that names an audience must name, where the operator sets no other.
pub const AUDIENCE: &str = "parlor";

/// No token lasts longer, in Unix milliseconds: the year 2188. The room asks for an alarm at its end, and
/// `setAlarm` throws for a far one: "This API doesn't support dates after 2189".
const LATEST_MS: f64 = 6.9e12;

/// What a valid token says.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// Who it is about.
    pub visitor: Visitor,
    /// Names and prefixes of rooms; all rooms if absent.
    rooms: Option<Vec<String>>,
}

impl Claims {
    /// Reads a token's payload.
    ///
    /// # Errors
    /// A [`Rejection`] if it is no JSON object, lacks `exp`, has a claim of a wrong type or out of its range,
    /// or is not for this time or audience.
    pub fn read(
        payload: &str,
        audience: Option<&str>,
        limits: &Limits,
        now_ms: u64,
    ) -> Result<Self, Rejection> {
        let claims: Map<String, Value> = serde_json::from_str(payload).map_err(|_| Rejection::Malformed)?;
        let number = |name: &str| optional(&claims, name, Value::as_f64);
        let text = |name: &str| optional(&claims, name, |value| value.as_str().map(str::to_owned));
        let now_s = now_ms as f64 / 1_000.0;
        let leaves_at_s = number("exp")?.ok_or(Rejection::Malformed)? + TOKEN_LEEWAY_S;
        let starts_at_s = number("nbf")?;
        let subject = text("sub")?;
        if subject.as_ref().is_some_and(|subject| !(1..=SUBJECT_BYTES_MAX).contains(&subject.len())) {
            return Err(Rejection::Malformed);
        }
        let name = match text("name")? {
            None => None,
            Some(name) => {
                let name = DisplayName::parse(&name, limits).map_err(|_| Rejection::Malformed)?;
                Some(name.as_str().to_owned())
            }
        };
        let role = optional(&claims, "role", |role| Role::parse(role.as_str()?))?.unwrap_or_default();
        let within = |name: &str, range: std::ops::RangeInclusive<f64>| {
            optional(&claims, name, |value| value.as_f64().filter(|number| range.contains(number)))
        };
        let rate = match (
            within("rate_burst", RATE_BURST_RANGE)?,
            within("rate_per_second", RATE_PER_SECOND_RANGE)?,
        ) {
            (None, None) => None,
            (burst, per_second) => Some(Rate {
                burst: burst.unwrap_or(limits.rate_burst),
                per_second: per_second.unwrap_or(limits.rate_per_second),
            }),
        };
        let rooms = optional(&claims, "rooms", |rooms| rooms.as_array()?.iter().map(room_pattern).collect())?;
        let names_us = optional(&claims, "aud", |aud| names(aud, audience.unwrap_or(AUDIENCE)))?;
        if !names_us.unwrap_or(audience.is_none()) {
            return Err(Rejection::Audience);
        }
        if now_s >= leaves_at_s {
            return Err(Rejection::Expired);
        }
        if starts_at_s.is_some_and(|starts_at_s| now_s < starts_at_s - TOKEN_LEEWAY_S) {
            return Err(Rejection::Early);
        }
        let expires_at = Some((leaves_at_s * 1_000.0).min(LATEST_MS) as u64);
        Ok(Self { visitor: Visitor { role, subject, name, expires_at, rate, address: None }, rooms })
    }

    /// Whether the token opens this room.
    pub fn admits(&self, room: &RoomName) -> bool {
        let Some(rooms) = &self.rooms else { return true };
        rooms.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => room.as_str().starts_with(prefix),
            None => room.as_str() == pattern,
        })
    }
}

/// Reads a claim that may be absent; one that is there and can't be read refuses the token.
fn optional<'a, T>(
    claims: &'a Map<String, Value>,
    name: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, Rejection> {
    claims.get(name).map(|value| read(value).ok_or(Rejection::Malformed)).transpose()
}

/// A room's name, or the beginning of one with a `*` after it.
fn room_pattern(value: &Value) -> Option<String> {
    let pattern = value.as_str()?;
    let legal = match pattern.strip_suffix('*') {
        // What begins a name is a name, but for reserved ones and nothing at all.
        Some("") => true,
        Some(prefix) => prefix.len() <= ROOM_NAME_CHARS_MAX && RoomName::parse(&format!("{prefix}.")).is_ok(),
        None => RoomName::parse(pattern).is_ok(),
    };
    legal.then(|| pattern.to_owned())
}

/// Whether `aud`, a text or an array of texts, names somebody.
fn names(aud: &Value, somebody: &str) -> Option<bool> {
    match aud {
        Value::String(one) => Some(one == somebody),
        Value::Array(all) => {
            all.iter().try_fold(false, |found, one| Some(found | (one.as_str()? == somebody)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_800_000_000_000;

    fn read_for(audience: Option<&str>, claims: &str) -> Result<Claims, Rejection> {
        Claims::read(claims, audience, &Limits::default(), NOW_MS)
    }

    /// Reads these claims of a token that has an hour left.
    fn read(claims: &str) -> Result<Claims, Rejection> {
        let comma = if claims.is_empty() { "" } else { "," };
        read_for(None, &format!(r#"{{"exp":1800003600{comma}{claims}}}"#))
    }

    fn admits(rooms: &str, room: &str) -> bool {
        read(&format!(r#""rooms":{rooms}"#)).unwrap().admits(&RoomName::parse(room).unwrap())
    }

    #[test]
    fn the_least_token_is_a_member_of_all_rooms() {
        let claims = read("").unwrap();
        assert_eq!(claims.visitor, Visitor { expires_at: Some(1_800_003_660_000), ..Visitor::default() });
        assert!(claims.admits(&RoomName::parse("~x").unwrap()));
    }

    #[test]
    fn a_full_token_is_read() {
        let claims = read(
            r#""sub":"ada","name":" Ada ","role":"moderator","rate_burst":100,"rate_per_second":0.5,"x":null"#,
        );
        let expected = Visitor {
            role: Role::Moderator,
            subject: Some("ada".to_owned()),
            name: Some("Ada".to_owned()),
            expires_at: Some(1_800_003_660_000),
            rate: Some(Rate { burst: 100.0, per_second: 0.5 }),
            address: None,
        };
        assert_eq!(claims.unwrap().visitor, expected);
    }

    #[test]
    fn a_rate_half_told_is_completed() {
        let rate = |claims: &str| read(claims).unwrap().visitor.rate;
        assert_eq!(rate(r#""rate_burst":1"#), Some(Rate { burst: 1.0, per_second: 2.0 }));
        assert_eq!(rate(r#""rate_per_second":1e6"#), Some(Rate { burst: 10.0, per_second: 1e6 }));
    }

    #[test]
    fn time_has_a_minute_of_leeway() {
        let at = |claims: &str| read_for(None, claims).map(|claims| claims.visitor.expires_at);
        assert_eq!(at(r#"{"exp":1799999940.001}"#), Ok(Some(1_800_000_000_001)));
        assert_eq!(at(r#"{"exp":1e300}"#), Ok(Some(6_900_000_000_000)));
        for expired in ["1799999940", "0", "-1", "-1e300"] {
            assert_eq!(at(&format!(r#"{{"exp":{expired}}}"#)), Err(Rejection::Expired), "{expired}");
        }
        assert!(read(r#""nbf":1800000060"#).is_ok());
        assert_eq!(read(r#""nbf":1800000060.001"#), Err(Rejection::Early));
    }

    #[test]
    fn the_audience_is_us() {
        for good in [r#""aud":"parlor""#, r#""aud":["x","parlor"]"#, r#""aud":["parlor","parlor"]"#] {
            assert!(read(good).is_ok(), "{good}");
        }
        for other in [r#""aud":"x""#, r#""aud":[]"#, r#""aud":["Parlor"]"#] {
            assert_eq!(read(other), Err(Rejection::Audience), "{other}");
        }
        let named = |claims: &str| read_for(Some("us"), claims).map(drop);
        assert_eq!(named(r#"{"exp":1800003600,"aud":"us"}"#), Ok(()));
        assert_eq!(named(r#"{"exp":1800003600,"aud":"parlor"}"#), Err(Rejection::Audience));
        assert_eq!(named(r#"{"exp":1800003600}"#), Err(Rejection::Audience));
    }

    #[test]
    fn rooms_are_names_and_prefixes() {
        assert!(admits(r#"["a","team-*"]"#, "a") && admits(r#"["a","team-*"]"#, "team-x"));
        assert!(admits(r#"["team-*"]"#, "team-") && admits(r#"["*"]"#, "~x"));
        assert!(!admits("[]", "a") && !admits(r#"["a"]"#, "ab") && !admits(r#"["ab"]"#, "a"));
        assert!(!admits(r#"["team-*"]"#, "team") && !admits(r#"["a"]"#, "A"));
        assert!(read(&format!(r#""rooms":["{}"]"#, "x".repeat(64))).is_ok());
        for bad in ["\"a\"", "[1]", "null", r#"[""]"#, r#"["**"]"#, r#"["a*b"]"#, r#"["*a"]"#, r#"["api"]"#] {
            assert_eq!(read(&format!(r#""rooms":{bad}"#)), Err(Rejection::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_claim_of_a_wrong_type_or_range_refuses() {
        for bad in [
            r#""nbf":"1""#,
            r#""nbf":null"#,
            r#""aud":1"#,
            r#""aud":["parlor",1]"#,
            r#""sub":"""#,
            r#""sub":1"#,
            r#""name":1"#,
            r#""name":"\u202eAda""#,
            r#""role":"admin""#,
            r#""role":"Owner""#,
            r#""role":["owner"]"#,
            r#""role":null"#,
            r#""rate_burst":0.9"#,
            r#""rate_burst":1000001"#,
            r#""rate_per_second":0"#,
            r#""rate_per_second":"9""#,
        ] {
            assert_eq!(read(bad), Err(Rejection::Malformed), "{bad}");
        }
        let sub = |bytes: usize| read(&format!(r#""sub":"{}""#, "x".repeat(bytes)));
        assert!(sub(255).is_ok());
        assert_eq!(sub(256), Err(Rejection::Malformed));
        for bad in ["", "[]", "{}", r#"{"exp":"1800003600"}"#, r#"{"exp":null}"#, r#"{"exp":1e999}"#, "\u{0}"]
        {
            assert_eq!(read_for(None, bad), Err(Rejection::Malformed), "{bad:?}");
        }
    }
}
