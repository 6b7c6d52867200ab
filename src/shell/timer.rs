//! The room's one timer. While it runs the object can't fall asleep, so it is taken back as soon as
//! nothing waits for it.

use std::cell::RefCell;

use js_sys::{Function, Reflect, global};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

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

    /// Runs the callback at `at_ms` and at no other time. One that waits for the same time is left as it
    /// is, so that a clock which jumps back can't put it off; but one whose time has come by a clock that
    /// jumped forward rings at once.
    pub fn set(&self, at_ms: Option<u64>, now_ms: u64) {
        let mut running = self.running.borrow_mut();
        let is_due = at_ms.is_some_and(|at_ms| at_ms <= now_ms);
        let same = |running: &Running| Some(running.at_ms) == at_ms && (running.is_due || !is_due);
        if running.as_ref().map_or(at_ms.is_none(), same) {
            return;
        }
        if let Some(old) = running.take() {
            call("clearTimeout", &[&old.handle]);
        }
        *running = at_ms.map(|at_ms| {
            let delay = JsValue::from(at_ms.saturating_sub(now_ms) as f64);
            Running { at_ms, is_due, handle: call("setTimeout", &[self.callback.as_ref(), &delay]) }
        });
    }

    /// Notes that the callback was called.
    pub fn fired(&self) {
        self.running.borrow_mut().take();
    }
}

/// Calls a global function of the platform that does not throw.
fn call(name: &str, arguments: &[&JsValue]) -> JsValue {
    let function = Reflect::get(&global(), &name.into()).ok().and_then(|it| it.dyn_into::<Function>().ok());
    let arguments = arguments.iter().copied().collect::<js_sys::Array>();
    function.and_then(|function| function.apply(&JsValue::NULL, &arguments).ok()).unwrap_or(JsValue::NULL)
}
