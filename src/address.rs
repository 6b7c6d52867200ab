//! Where a request comes from, as far as limits go that hold for an address.

/// The address that limits hold for: an IPv4 address, or the IPv6 network of 64 bits that a household or a server
/// has to itself, so that who has one can't be everybody in it. It need not be an address to the letter: the
/// platform writes it. None for this very machine: behind that is a developer, or a proxy of theirs.
pub fn limited(address: &str) -> Option<String> {
    let address = address.trim();
    // An IPv4 address in IPv6's clothes.
    let address = address.strip_prefix("::ffff:").filter(|rest| rest.contains('.')).unwrap_or(address);
    if address.is_empty() || address == "::1" || address.starts_with("127.") {
        return None;
    }
    if !address.contains(':') {
        return Some(address.to_owned());
    }
    let (before, after) = address.split_once("::").unwrap_or((address, ""));
    let count = |groups: &str| if groups.is_empty() { 0 } else { groups.split(':').count() };
    let left_out = 8usize.saturating_sub(count(before) + count(after));
    let before = before.split(':').filter(|group| !group.is_empty());
    let groups = before.chain(std::iter::repeat_n("0", left_out)).chain(after.split(':'));
    let mut network = String::new();
    for group in groups.take(4) {
        network.push(':');
        network.push_str(match group.trim_start_matches('0') {
            "" => "0",
            group => group,
        });
    }
    Some(network.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_its_network() {
        for (address, expected) in [
            ("203.0.113.7", Some("203.0.113.7")),
            (" 203.0.113.7 ", Some("203.0.113.7")),
            ("2001:db8::1", Some(":2001:db8:0:0")),
            ("2001:db8::", Some(":2001:db8:0:0")),
            ("2001:0DB8::", Some(":2001:db8:0:0")),
            ("2001:db8:0:0:ffff:ffff:ffff:ffff", Some(":2001:db8:0:0")),
            ("2001:db8:0:1::1", Some(":2001:db8:0:1")),
            ("2001:db8:1::2:3:4:5", Some(":2001:db8:1:0")),
            ("2001::1:2:3:4:5:6", Some(":2001:0:1:2")),
            ("::2:3:4:5:6:7:8", Some(":0:2:3:4")),
            ("64:ff9b::203.0.113.7", Some(":64:ff9b:0:0")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("127.0.0.1", None),
            ("127.9.9.9", None),
            ("::1", None),
            ("::ffff:127.0.0.1", None),
            ("", None),
            (":", Some(":0:0:0:0")),
            (":::::::::", Some(":0:0:0:0")),
        ] {
            assert_eq!(limited(address).as_deref(), expected, "{address}");
        }
    }
}
