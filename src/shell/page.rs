//! The page, from the assets. What headers it has stands in public/_headers, but for who may frame it, which
//! the operator sets.

use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Env, Request, Response, Result, console_error};

use super::settings::variable;
use crate::origin::frame_ancestors;

#[wasm_bindgen(module = "/src/shell/door.js")]
extern "C" {
    #[wasm_bindgen(js_name = withHeader)]
    fn with_header(answer: &web_sys::Response, name: &str, value: &str) -> web_sys::Response;
}

/// Answers with the page, or one of the files beside it.
pub(super) async fn show(request: Request, env: &Env) -> Result<Response> {
    let (ancestors, wrong) = frame_ancestors(variable(env, "FRAME_ANCESTORS").as_deref());
    for complaint in wrong {
        console_error!("{complaint}");
    }
    let answer = env.assets("ASSETS")?.fetch_request(request).await?;
    // A policy beside that of public/_headers: both hold.
    let policy = format!("frame-ancestors {ancestors}");
    Ok(with_header(&answer.into(), "Content-Security-Policy", &policy).into())
}
