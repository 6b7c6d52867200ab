//! Who stands at a room's door: what the Worker could tell of them before the room was asked.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

/// What somebody may do in a room. Each may do what the ones before may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Reader,
    /// Speaks.
    #[default]
    Member,
    /// Keeps order among members.
    Moderator,
    /// Keeps order among moderators, and may clear the history.
    Owner,
}

/// How fast somebody may speak, where it is not as everybody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Messages at once, at least 1.
    pub burst: f64,
    /// Messages a second for long, above 0.
    pub per_second: f64,
}

/// Somebody who wants a connection, or asks over HTTP. The default is somebody of whom nothing is known, in a
/// deployment that asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Visitor {
    /// What they may do.
    #[serde(skip_serializing_if = "is_default")]
    pub role: Role,
    /// Their lasting identity: the same one, the same member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The name that they go by, whatever they ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When they must have left, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// How fast they may speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Where they come from, as far as limits by address go: an IPv4 address, or an IPv6 network of 64 bits.
    /// None where the platform tells none, as on the machine of a developer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Role {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "reader" => Self::Reader,
            "member" => Self::Member,
            "moderator" => Self::Moderator,
            "owner" => Self::Owner,
            _ => return None,
        })
    }
}

impl Visitor {
    /// Reads the JSON text of a visitor again; one who may only read if it is none. By hand: derived, it would
    /// be several KiB of the bundle.
    pub fn read(json: &str) -> Self {
        let nobody = Self { role: Role::Reader, ..Self::default() };
        let Ok(told) = serde_json::from_str::<Value>(json) else { return nobody };
        let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
        let rate = told.get("rate").and_then(|rate| {
            let number = |name: &str| rate.get(name).and_then(Value::as_f64);
            Some(Rate { burst: number("burst")?, per_second: number("per_second")? })
        });
        let Some(role) = text("role").map_or(Some(Role::default()), |name| Role::parse(&name)) else {
            return nobody;
        };
        let expires_at = told.get("expires_at").and_then(Value::as_u64);
        Self {
            role,
            subject: text("subject"),
            name: text("name"),
            expires_at,
            rate,
            address: text("address"),
        }
    }
}

impl Visitor {
    /// As JSON text in printable ASCII, as a header wants it (RFC 9110, 5.5).
    pub fn in_ascii(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut ascii = String::with_capacity(json.len());
        let mut units = [0; 2];
        for c in json.chars() {
            // JSON escapes the other control characters.
            if c.is_ascii() && c != '\u{7f}' {
                ascii.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String can't fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
        ascii
    }
}

fn is_default(role: &Role) -> bool {
    *role == Role::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered() {
        assert!(
            Role::Reader < Role::Member && Role::Member < Role::Moderator && Role::Moderator < Role::Owner
        );
    }

    #[test]
    fn roles_go_by_their_names() {
        for role in [Role::Reader, Role::Member, Role::Moderator, Role::Owner] {
            assert_eq!(Role::parse(role.name()), Some(role));
            assert_eq!(Visitor::read(&format!(r#"{{"role":"{}"}}"#, role.name())).role, role);
        }
    }

    #[test]
    fn of_whom_nothing_is_known_nothing_is_kept() {
        assert_eq!(serde_json::to_string(&Visitor::default()).unwrap(), "{}");
        assert_eq!(Visitor::read("{}"), Visitor::default());
    }

    #[test]
    fn a_visitor_is_read_again() {
        for role in [Role::Reader, Role::Member, Role::Moderator, Role::Owner] {
            let visitor = Visitor {
                role,
                subject: Some("ada@example.com".to_owned()),
                name: Some("Ada \"\u{1f600}\u{202e}".to_owned()),
                expires_at: Some(1_800_000_000_000),
                rate: Some(Rate { burst: 100.0, per_second: 0.5 }),
                address: Some("2001:db8::".to_owned()),
            };
            let told = visitor.in_ascii();
            assert!(told.is_ascii());
            assert_eq!(Visitor::read(&told), visitor);
        }
    }

    #[test]
    fn a_subject_that_is_a_control_character_makes_no_illegal_header() {
        let visitor = Visitor { subject: Some("\0\r\n\u{7f}\u{85}".to_owned()), ..Visitor::default() };
        let told = visitor.in_ascii();
        assert!(told.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{told:?}");
        assert_eq!(Visitor::read(&told), visitor);
    }

    #[test]
    fn what_is_no_visitor_may_only_read() {
        for bad in ["", "x", r#"{"role":"king"}"#] {
            assert_eq!(Visitor::read(bad).role, Role::Reader, "{bad}");
        }
    }
}
