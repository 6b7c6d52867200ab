//! Which web pages may talk to a deployment: the ones of its own origin, and those that the operator names.
//! A browser always tells a request's origin; what is no browser tells none, and is not what this is about.

/// The origins that an operator allows.
#[derive(Debug, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    named: Vec<String>,
}

impl Origins {
    /// Reads `ALLOWED_ORIGINS`: `*` for all, or origins (`https://example.com`) separated by spaces or commas;
    /// absent, only the deployment's own. Whatever is no origin allows nothing, and comes back for the log.
    pub fn parse(text: Option<&str>) -> (Self, Vec<String>) {
        let mut origins = Self { any: false, named: Vec::new() };
        let mut wrong = Vec::new();
        for word in words(text.unwrap_or_default()) {
            match word {
                "*" => origins.any = true,
                _ if is_origin(word) => origins.named.push(word.to_ascii_lowercase()),
                _ => {
                    wrong.push(format!("ALLOWED_ORIGINS: {word:?} is no origin such as https://example.com"))
                }
            }
        }
        (origins, wrong)
    }

    /// Whether a request that tells this origin may be served at this URL.
    pub fn allow(&self, origin: Option<&str>, url: &str) -> bool {
        let Some(origin) = origin else { return true };
        let origin = origin.to_ascii_lowercase();
        self.any || self.named.contains(&origin) || origin_of(url).is_some_and(|own| own == origin)
    }
}

/// Reads `FRAME_ANCESTORS`, who may show the page in a frame: `*`, or `self` and origins, separated by spaces or
/// commas; absent, nobody. Returns it as Content-Security-Policy spells it. Whatever is neither allows nothing, and
/// comes back for the log.
pub fn frame_ancestors(text: Option<&str>) -> (String, Vec<String>) {
    let (mut sources, mut wrong) = (Vec::new(), Vec::new());
    for word in words(text.unwrap_or_default()) {
        match word {
            "*" => sources.push(word),
            "self" | "'self'" => sources.push("'self'"),
            "none" | "'none'" => {}
            _ if is_origin(word) => sources.push(word),
            _ => wrong.push(format!("FRAME_ANCESTORS: {word:?} is no origin such as https://example.com")),
        }
    }
    if sources.is_empty() {
        sources.push("'none'");
    }
    (sources.join(" "), wrong)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

fn is_origin(text: &str) -> bool {
    origin_of(text).is_some_and(|origin| origin.len() == text.len())
}

/// The scheme, host and port of a URL, in small letters.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_web = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https");
    let is_plain = !host.is_empty() && !host.contains(['@', '*', '\\', ';']);
    (is_web && is_plain).then(|| format!("{scheme}://{host}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://chat.example/kitchen?dialect=text#x";

    fn origins(text: &str) -> Origins {
        let (origins, wrong) = Origins::parse(Some(text));
        assert_eq!(wrong, Vec::<String>::new());
        origins
    }

    #[test]
    fn ones_own_pages_may_and_what_is_no_browser() {
        for origins in [Origins::parse(None).0, Origins::parse(Some("")).0, origins("https://a.example")] {
            assert!(origins.allow(Some("https://chat.example"), URL));
            assert!(origins.allow(None, URL));
            for other in [
                "https://evil.example",
                "http://chat.example",
                "https://chat.example:8443",
                "https://chat.example.evil.example",
                "https://evil.example/https://chat.example",
                "https://achat.example",
                "null",
                "",
                "*",
            ] {
                assert!(!origins.allow(Some(other), URL), "{other}");
            }
        }
        let local = Origins::parse(None).0;
        assert!(local.allow(Some("http://localhost:8787"), "http://localhost:8787/"));
        assert!(!local.allow(Some("http://localhost:8788"), "http://localhost:8787/"));
    }

    #[test]
    fn those_that_are_named_may() {
        let origins = origins("https://a.example, HTTPS://B.example:8443 http://localhost:3000");
        for named in
            ["https://a.example", "https://b.example:8443", "https://A.EXAMPLE", "http://localhost:3000"]
        {
            assert!(origins.allow(Some(named), URL), "{named}");
        }
        for other in ["http://a.example", "https://b.example", "https://a.example.", "https://x.a.example"] {
            assert!(!origins.allow(Some(other), URL), "{other}");
        }
    }

    #[test]
    fn a_star_is_for_all() {
        let origins = origins("*");
        assert!(origins.allow(Some("https://evil.example"), URL) && origins.allow(Some("null"), URL));
    }

    #[test]
    fn what_is_no_origin_allows_nothing() {
        let bad = [
            "a.example",
            "https://a.example/",
            "https://*.example",
            "ws://a.example",
            "null",
            "https://",
            "https://u@a",
            "https://a;script-src",
        ];
        for word in bad {
            let (origins, wrong) = Origins::parse(Some(word));
            assert_eq!((origins, wrong.len()), (Origins { any: false, named: vec![] }, 1), "{word}");
        }
    }

    #[test]
    fn nobody_frames_the_page_but_who_is_named() {
        for (text, expected) in [
            (None, "'none'"),
            (Some(""), "'none'"),
            (Some("none"), "'none'"),
            (Some("*"), "*"),
            (
                Some("self, https://a.example http://localhost:3000"),
                "'self' https://a.example http://localhost:3000",
            ),
            (Some("'self' 'none'"), "'self'"),
        ] {
            assert_eq!(frame_ancestors(text), (expected.to_owned(), vec![]), "{text:?}");
        }
        for bad in [
            "a.example",
            "https://a.example/",
            "https://a;script-src",
            "'unsafe-inline'",
            "https://*.example",
        ] {
            let (policy, wrong) = frame_ancestors(Some(bad));
            assert_eq!((policy.as_str(), wrong.len()), ("'none'", 1), "{bad}");
        }
    }
}
