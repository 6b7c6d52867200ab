//! Sessions and all that a room draws by lot. A session is a signed note to its member, so that the
//! room keeps none of them: member, expiry, HMAC-SHA256 with the room's own secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::presence::MemberId;
use crate::limits::SESSION_MS;

type HmacSha256 = Hmac<Sha256>;

const MEMBER_DIGITS: usize = 14;
const EXPIRY_DIGITS: usize = 12;

/// 256 secret bits of a room, drawn when its storage is created.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A secret of those bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret as 64 hexadecimal digits, for storage.
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    /// Reads [`Secret::to_hex`] again.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text)?.try_into().ok().map(Self)
    }

    /// Signs a session for the member that can be taken up for 30 days.
    pub fn session(&self, member: MemberId, now_ms: u64) -> String {
        self.sign("session", member, now_ms)
    }

    fn sign(&self, purpose: &str, member: MemberId, now_ms: u64) -> String {
        let claim = format!(
            "{:0MEMBER_DIGITS$x}{:0EXPIRY_DIGITS$x}",
            member.get(),
            now_ms.saturating_add(SESSION_MS)
        );
        let mac = self.mac(purpose, claim.as_bytes());
        claim + &to_hex(&mac.finalize().into_bytes())
    }

    /// The member of a session, if this room signed it and it has not run out.
    pub fn member_of(&self, session: &str, now_ms: u64) -> Option<MemberId> {
        let (claim, signature) = session.split_at_checked(MEMBER_DIGITS + EXPIRY_DIGITS)?;
        self.mac("session", claim.as_bytes()).verify_slice(&from_hex(signature)?).ok()?;
        let (member, expiry) = claim.split_at_checked(MEMBER_DIGITS)?;
        let expiry = u64::from_str_radix(expiry, 16).ok()?;
        let member = u64::from_str_radix(member, 16).ok()?;
        (now_ms < expiry).then(|| MemberId::new(member))
    }

    /// The member of a lasting identity: the same one, the same member, for as long as the room is there.
    pub fn member_of_subject(&self, subject: &str) -> MemberId {
        let mac = self.mac("subject", subject.as_bytes()).finalize().into_bytes();
        MemberId::new(first_u64(&mac))
    }

    /// A session that nobody can take up, for a member who is known by a lasting identity.
    pub fn no_session(&self, member: MemberId, now_ms: u64) -> String {
        self.sign("subject's session", member, now_ms)
    }

    /// The member that speaks over HTTP under a name: the same name, the same member.
    pub fn member_named(&self, name: &str) -> MemberId {
        let mac = self.mac("http", name.as_bytes()).finalize().into_bytes();
        MemberId::new(first_u64(&mac))
    }

    fn mac(&self, purpose: &str, text: &[u8]) -> HmacSha256 {
        mac(&self.0, purpose, text)
    }
}

/// Random numbers for a room, all from one seed that the shell draws.
#[derive(Clone)]
pub struct Lot {
    seed: [u8; 32],
    drawn: u64,
}

impl std::fmt::Debug for Lot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lot(…, {} drawn)", self.drawn)
    }
}

impl Lot {
    /// A lot whose draws nobody can tell who does not know the seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Draws 256 random bits.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.drawn += 1;
        mac(&self.seed, "lot", &self.drawn.to_le_bytes()).finalize().into_bytes().into()
    }

    /// Draws a random number.
    pub fn number(&mut self) -> u64 {
        first_u64(&self.bytes())
    }

    /// Draws a name for something that must have its own: 128 random bits as hexadecimal digits.
    pub fn id(&mut self) -> String {
        to_hex(&self.bytes()).chars().take(32).collect()
    }
}

fn mac(key: &[u8; 32], purpose: &str, text: &[u8]) -> HmacSha256 {
    // HMAC pads a shorter key with zeros to the block's 64 bytes (RFC 2104); a block can't be refused.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = HmacSha256::new(&block.into());
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text);
    mac
}

fn first_u64(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads [`to_hex`] again, in its one spelling.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    #[test]
    fn a_session_is_taken_up_until_it_runs_out() {
        let secret = Secret::new([7; 32]);
        let member = MemberId::new((1 << 53) - 1);
        let session = secret.session(member, NOW);
        assert_eq!(secret.member_of(&session, NOW), Some(member));
        assert_eq!(secret.member_of(&session, NOW + SESSION_MS - 1), Some(member));
        assert_eq!(secret.member_of(&session, NOW + SESSION_MS), None);
    }

    #[test]
    fn a_session_has_one_spelling() {
        let secret = Secret::new([7; 32]);
        let sessions = (1..200).map(|number| secret.session(MemberId::new(number), NOW));
        let with_zero = |it: &String| it.as_bytes().chunks(2).skip(13).any(|pair| pair[0] == b'0');
        let session = sessions.into_iter().find(with_zero).unwrap();
        let at = (26..session.len()).step_by(2).find(|at| session.as_bytes()[*at] == b'0').unwrap();
        let mut plus = session.clone();
        plus.replace_range(at..=at, "+");
        assert_eq!(secret.member_of(&plus, NOW), None, "a sign is no digit");
        let capital = session.to_ascii_uppercase();
        assert_eq!(secret.member_of(&capital, NOW), None);
        assert_eq!(Secret::from_hex(&secret.to_hex()), Some(secret));
    }

    #[test]
    fn a_session_changed_in_any_digit_or_of_another_room_is_nobodys() {
        let secret = Secret::new([7; 32]);
        let session = secret.session(MemberId::new(42), NOW);
        assert_eq!(Secret::new([8; 32]).member_of(&session, NOW), None);
        for at in 0..session.len() {
            let other = if session.as_bytes()[at] == b'0' { "1" } else { "0" };
            let mut forged = session.clone();
            forged.replace_range(at..=at, other);
            assert_eq!(secret.member_of(&forged, NOW), None, "{at}");
        }
        for bad in ["", "x", "é".repeat(50).as_str(), &session[..40], &session[..session.len() - 1]] {
            assert_eq!(secret.member_of(bad, NOW), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_stored_and_read_again() {
        let secret = Secret::new(Lot::new([1; 32]).bytes());
        assert_eq!(Secret::from_hex(&secret.to_hex()), Some(secret));
        assert_eq!(Secret::from_hex("00"), None);
    }

    #[test]
    fn a_session_that_nobody_can_take_up_looks_like_any_other() {
        let secret = Secret::new([7; 32]);
        let (session, none) =
            (secret.session(MemberId::new(5), NOW), secret.no_session(MemberId::new(5), NOW));
        assert_eq!(secret.member_of(&none, NOW), None);
        assert_eq!((none.len(), &none[..26]), (session.len(), &session[..26]));
    }

    #[test]
    fn no_log_shows_a_secret_or_a_seed() {
        assert_eq!(
            format!("{:?} {:?}", Secret::new([7; 32]), Lot::new([7; 32])),
            "Secret(…) Lot(…, 0 drawn)"
        );
    }

    #[test]
    fn draws_differ() {
        let mut lot = Lot::new([1; 32]);
        assert_ne!(lot.id(), lot.id());
        assert_ne!(lot.number(), lot.number());
    }
}
