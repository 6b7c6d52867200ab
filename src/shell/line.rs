//! A relay's line to its room: one WebSocket that the relay opens. Such a one keeps its object awake, so a relay
//! has it only while it holds connections.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::spawn_local;
use worker::{Env, Error, Method, Request, Result, WebSocket, console_error};

use crate::name::RoomName;
use crate::relay::ATTACH_PATH;
use crate::room::Position;

/// The line, while there is one. What comes over one that was given up is not heard.
#[derive(Default)]
pub(super) struct Line {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Which line it is, counted from the first.
    number: Cell<u32>,
    open: RefCell<Option<Open>>,
    /// The one before, whose listener may be what runs now.
    before: RefCell<Option<Open>>,
}

struct Open {
    ws: WebSocket,
    /// Called by it for as long as this lives.
    _listener: Closure<dyn FnMut(JsValue)>,
}

impl Line {
    /// Makes a line instead of any of before. `hear` is told each frame, and nothing once the line is lost or can't
    /// be had.
    pub fn connect(
        &self,
        env: &Env,
        room: &RoomName,
        key: &str,
        position: Option<&Position>,
        hear: impl Fn(Option<String>) + 'static,
    ) {
        self.end();
        let (inner, number, env, name) =
            (self.inner.clone(), self.inner.number.get(), env.clone(), room.to_string());
        let after = position.map(|it| format!("&epoch={}&seq={}", it.epoch, it.seq)).unwrap_or_default();
        let url = format!("http://room{ATTACH_PATH}?key={key}{after}");
        spawn_local(async move {
            let dialled = dial(&env, &name, &url).await;
            if inner.number.get() != number {
                if let Ok(ws) = dialled {
                    hang_up(&ws);
                }
                return;
            }
            let hear = Rc::new(hear);
            match dialled.and_then(|ws| inner.listen(number, ws, hear.clone())) {
                Ok(()) => {}
                Err(error) => {
                    console_error!("a relay of {name} does not reach it: {error}");
                    hear(None);
                }
            }
        });
    }

    /// Sends a frame.
    pub fn send(&self, frame: &str) {
        if let Some(open) = &*self.inner.open.borrow() {
            // It throws for a line that is ending; that is heard soon.
            let _ = open.ws.send_with_str(frame);
        }
    }

    /// Ends the line.
    pub fn end(&self) {
        self.inner.number.set(self.inner.number.get().wrapping_add(1));
        if let Some(open) = self.inner.open.take() {
            hang_up(&open.ws);
            self.inner.before.replace(Some(open));
        }
    }
}

impl Inner {
    fn listen(
        self: &Rc<Self>,
        number: u32,
        ws: WebSocket,
        hear: Rc<impl Fn(Option<String>) + 'static>,
    ) -> Result<()> {
        let inner = Rc::downgrade(self);
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let is_this = inner.upgrade().is_some_and(|inner| inner.number.get() == number);
            // Of messages, `close` and `error` only those have data.
            let data = Reflect::get(&event, &"data".into()).ok().and_then(|data| data.as_string());
            if is_this {
                hear(data);
            }
        });
        let add = Reflect::get(ws.as_ref(), &"addEventListener".into())?.dyn_into::<Function>()?;
        for kind in ["message", "close", "error"] {
            add.call2(ws.as_ref(), &kind.into(), listener.as_ref())?;
        }
        ws.accept()?;
        self.open.replace(Some(Open { ws, _listener: listener }));
        Ok(())
    }
}

async fn dial(env: &Env, room: &str, url: &str) -> Result<WebSocket> {
    let mut request = Request::new(url, Method::Get)?;
    request.headers_mut()?.set("Upgrade", "websocket")?;
    let response = env.durable_object("ROOMS")?.get_by_name(room)?.fetch_with_request(request).await?;
    let status = response.status_code();
    response.websocket().ok_or_else(|| Error::RustError(format!("status {status}")))
}

fn hang_up(ws: &WebSocket) {
    // It throws for one that is closed already.
    let _ = ws.close(Some(1_000), Some("done"));
}
