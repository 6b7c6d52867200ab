//! Doors for tests only: texts that make the room fail on purpose. The feature is never on in the
//! build that is deployed; a test looks for these words in it.

/// A text that makes the room's code panic.
pub const PANIC: &str = "\0panic";

/// A text that makes the storage refuse the write that holds it.
pub const REFUSE_WRITE: &str = "\0refuse-write";

/// Panics if the text asks for it.
#[allow(clippy::panic)]
pub fn maybe_panic(text: &str) {
    if text == PANIC {
        panic!("fault injection");
    }
}

/// Whether a row holds the text that makes the storage refuse it. In the log it stands as JSON.
pub fn refuses_write(body: &str) -> bool {
    body.contains("\\u0000refuse-write")
}
