//! The room's one timer. While it runs the object can't fall asleep, so it is taken back as soon as
//! nothing waits for it.

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay_ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}

/// Calls back once, at the time last asked for.
pub(super) struct Timer {
    callback: Closure<dyn FnMut()>,
    running: RefCell<Option<Running>>,
}

struct Running {
    at_ms: u64,
    /// Whether it was set to ring at once.
    is_due: bool,
    handle: JsValue,
}

impl Timer {
    /// A timer that runs nowhere yet.
    pub fn new(callback: impl FnMut() + 'static) -> Self {
        Self { callback: Closure::new(callback), running: RefCell::new(None) }
    }

    /// Runs the callback at `at_ms` and at no other time. One that waits for the same time, or rings at once as it is to,
    /// is left as it is, so that neither a clock which jumps back can put it off nor what goes on happening; but one
    /// whose time has come by a clock that jumped forward rings at once.
    pub fn set(&self, at_ms: Option<u64>, now_ms: u64) {
        let mut running = self.running.borrow_mut();
        let is_due = at_ms.is_some_and(|at_ms| at_ms <= now_ms);
        let same = |it: &Running| if is_due { it.is_due } else { Some(it.at_ms) == at_ms };
        if running.as_ref().map_or(at_ms.is_none(), same) {
            return;
        }
        if let Some(old) = running.take() {
            clear_timeout(&old.handle);
        }
        *running = at_ms.map(|at_ms| {
            let delay_ms = at_ms.saturating_sub(now_ms) as f64;
            Running { at_ms, is_due, handle: set_timeout(self.callback.as_ref(), delay_ms) }
        });
    }

    /// Notes that the callback was called.
    pub fn fired(&self) {
        self.running.borrow_mut().take();
    }
}
