//! One request on its way: handed on to the API server, with what the rule does to it. Touches the network and the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::channel::mpsc;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use serde_json::{Value, json};

use super::call::{Call, Verb};
use super::proxy::Shared;
use super::rule::Fault;
use super::watch::{Pump, WatchFault, silent};

/// Why a body or a connection ends before its time.
pub(super) type BodyError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Answers a request, or has the connection closed.
pub(super) async fn answer(
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<Body>, BodyError> {
    let call = Call::read(request.method(), request.uri(), shared.elapsed());
    let (at, fault) = shared.note(call.clone());
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head, Full::new(body.collect().await?.to_bytes()));
    match &fault {
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Drop) => return Err("dropped".into()),
        Some(Fault::Reset) => {
            reset.store(true, Ordering::Release);
            return Err("reset".into());
        }
        Some(Fault::Refuse { code, retry_after }) => {
            shared.update(at, |call| call.code = Some(*code));
            return Ok(refusal(*code, *retry_after));
        }
        // Nobody needs to be asked for nothing.
        Some(Fault::Watch(WatchFault::Silent)) => {
            let body = StreamBody::new(silent()).boxed_unsync();
            return Ok(Response::new(body));
        }
        _ => {}
    }

    let response = shared.hand_on(request).await?;
    let code = response.status().as_u16();
    shared.update(at, |call| call.carried_out = Some(code));
    match &fault {
        Some(Fault::HangAnswer) => std::future::pending().await,
        Some(Fault::DelayAnswer(time)) => tokio::time::sleep(*time).await,
        Some(Fault::DropAnswer) => return Err("answer dropped".into()),
        _ => {}
    }
    shared.update(at, |call| call.code = Some(code));
    let change = match &fault {
        Some(Fault::Rewrite(change)) => Some(Arc::clone(change)),
        _ => None,
    };
    let (mut head, body) = response.into_parts();
    if call.verb == Verb::Watch && head.status == StatusCode::OK {
        let (to, events) = mpsc::channel(16);
        let counter = Arc::clone(&shared);
        let pump = Pump {
            to,
            cuts: shared.cuts(),
            resource: call.resource,
            fault: match fault {
                Some(Fault::Watch(fault)) => Some(fault),
                _ => None,
            },
            change,
            count: Box::new(move |bytes| counter.update(at, |call| call.bytes += bytes)),
        };
        tokio::spawn(pump.run(body));
        head.headers.remove(header::CONTENT_LENGTH);
        return Ok(Response::from_parts(head, StreamBody::new(events).boxed_unsync()));
    }
    let mut bytes = body.collect().await?.to_bytes();
    if let Some(change) = change
        && let Ok(mut value) = serde_json::from_slice::<Value>(&bytes)
    {
        match value.get_mut("items").and_then(Value::as_array_mut) {
            Some(items) => items.iter_mut().for_each(|item| change(item)),
            None => change(&mut value),
        }
        bytes = Bytes::from(value.to_string());
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    shared.update(at, |call| call.bytes = bytes.len());
    if matches!(fault, Some(Fault::CutAnswer)) {
        reset.store(true, Ordering::Release);
        let half = bytes.slice(..bytes.len() / 2);
        let frames: [Result<_, BodyError>; 2] = [Ok(Frame::data(half)), Err("cut".into())];
        let body = StreamBody::new(futures::stream::iter(frames)).boxed_unsync();
        return Ok(Response::from_parts(head, body));
    }
    Ok(Response::from_parts(head, whole(bytes)))
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// An error as the API server words it.
fn refusal(code: u16, retry_after: Option<u32>) -> Response<Body> {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        413 => "RequestEntityTooLarge",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        _ => "Unknown",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason, "code": code,
        "message": format!("{reason}: injected by the test"),
        "details": {"retryAfterSeconds": retry_after.unwrap_or(0)},
    });
    let mut response = Response::new(whole(Bytes::from(status.to_string())));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
