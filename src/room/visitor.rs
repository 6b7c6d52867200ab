//! Who stands at a room's door: what the Worker could tell of them before the room was asked.

use serde::{Deserialize, Serialize};

/// What somebody may do in a room. Each may do what the ones before may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Messages at once, at least 1.
    pub burst: f64,
    /// Messages a second for long, above 0.
    pub per_second: f64,
}

/// Somebody who wants a connection, or asks over HTTP. The default is somebody of whom nothing is known, in a
/// deployment that asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    fn of_whom_nothing_is_known_nothing_is_kept() {
        assert_eq!(serde_json::to_string(&Visitor::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Visitor>("{}").unwrap(), Visitor::default());
    }
}
