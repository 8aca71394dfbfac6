//! Watches that go wrong: which events are handed on, when, and how the stream ends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::SinkExt;
use futures::channel::mpsc::Sender;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::forward::BodyError;

/// Which events are meant.
type Pick = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

/// A fault of a watch.
#[derive(Clone)]
pub enum WatchFault {
    /// It is accepted, and then nothing ever comes: no event, no end.
    Silent,
    /// It ends in good order after so many events; after none, as soon as it is accepted.
    EndAfter(usize),
    /// Some events are left out.
    Withhold(Pick),
    /// Before some events nothing comes for a while; the order stays.
    Late(Pick, Duration),
    /// Every event comes so many times.
    Repeat(usize),
    /// Events change places: the second of two comes first.
    Swap,
    /// The stream says that its version is too old (410 Gone) and ends.
    Expired,
    /// Between the events come bookmarks, one every so often.
    Bookmarks(Duration),
}

impl WatchFault {
    /// Leaves out the events for which `pick` says so; it is given type and object of the event.
    pub fn withhold(pick: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        Self::Withhold(Arc::new(pick))
    }

    /// Has the stream pause before the events for which `pick` says so.
    pub fn late(by: Duration, pick: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        Self::Late(Arc::new(pick), by)
    }
}

impl fmt::Debug for WatchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("Silent"),
            Self::EndAfter(events) => write!(f, "EndAfter({events})"),
            Self::Withhold(_) => f.write_str("Withhold"),
            Self::Late(_, by) => write!(f, "Late({by:?})"),
            Self::Repeat(times) => write!(f, "Repeat({times})"),
            Self::Swap => f.write_str("Swap"),
            Self::Expired => f.write_str("Expired"),
            Self::Bookmarks(every) => write!(f, "Bookmarks({every:?})"),
        }
    }
}

/// What a [`super::Fault::Rewrite`] does to an object.
pub(super) type Change = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// Hands on the events of one watch.
pub(super) struct Pump {
    /// Where they go.
    pub(super) to: Sender<Result<Frame<Bytes>, BodyError>>,
    /// Says which resource's watches end now.
    pub(super) cuts: broadcast::Receiver<String>,
    /// Plural name of the resource that is watched.
    pub(super) resource: String,
    /// What goes wrong, if anything.
    pub(super) fault: Option<WatchFault>,
    /// How its objects are changed, if they are.
    pub(super) change: Option<Change>,
    /// Told how many bytes were handed on.
    pub(super) count: Box<dyn Fn(usize) + Send + Sync>,
}

/// The other end has gone, or the stream is to end.
struct End;

impl Pump {
    /// Hands on until one of the ends goes away. Dropping `to` ends the watch in good order.
    pub(super) async fn run(mut self, mut from: Incoming) {
        let mut rest = BytesMut::new();
        let mut held: Option<Value> = None;
        let mut events = 0;
        let mut version = Value::Null;
        let every = match self.fault {
            Some(WatchFault::Bookmarks(every)) => every,
            _ => Duration::from_secs(3600),
        };
        let mut bookmarks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        if matches!(self.fault, Some(WatchFault::Expired)) {
            let _ = self.send(&expired()).await;
            return;
        }
        if matches!(self.fault, Some(WatchFault::EndAfter(0))) {
            return;
        }
        loop {
            let frame = tokio::select! {
                frame = from.frame() => frame,
                cut = self.cuts.recv() => match cut {
                    Ok(resource) if resource != self.resource => continue,
                    _ => return,
                },
                _ = bookmarks.tick() => {
                    if !version.is_null() && self.send(&bookmark(&version)).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let Some(Ok(frame)) = frame else { return };
            let Ok(data) = frame.into_data() else { continue };
            rest.extend_from_slice(&data);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = rest.split_to(end + 1);
                let Ok(event) = serde_json::from_slice::<Value>(&line) else { continue };
                if let Some(metadata) = event.pointer("/object/metadata") {
                    version = json!({
                        "kind": event["object"]["kind"],
                        "apiVersion": event["object"]["apiVersion"],
                        "metadata": {"resourceVersion": metadata["resourceVersion"]},
                    });
                }
                if self.pass(event, &mut held, &mut events).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn pass(&mut self, mut event: Value, held: &mut Option<Value>, events: &mut usize) -> Result<(), End> {
        *events += 1;
        if let (Some(change), Some(object)) = (&self.change, event.get_mut("object")) {
            change(object);
        }
        match self.fault.clone() {
            Some(WatchFault::Silent) => Ok(()),
            Some(WatchFault::Withhold(pick)) if pick(&event) => Ok(()),
            Some(WatchFault::Late(pick, by)) if pick(&event) => {
                tokio::time::sleep(by).await;
                self.send(&event).await
            }
            Some(WatchFault::Repeat(times)) => {
                for _ in 0..times {
                    self.send(&event).await?;
                }
                Ok(())
            }
            Some(WatchFault::Swap) => match held.take() {
                None => {
                    *held = Some(event);
                    Ok(())
                }
                Some(earlier) => {
                    self.send(&event).await?;
                    self.send(&earlier).await
                }
            },
            Some(WatchFault::EndAfter(most)) => {
                self.send(&event).await?;
                if *events >= most { Err(End) } else { Ok(()) }
            }
            _ => self.send(&event).await,
        }
    }

    async fn send(&mut self, event: &Value) -> Result<(), End> {
        let line = format!("{event}\n");
        (self.count)(line.len());
        self.to.send(Ok(Frame::data(Bytes::from(line)))).await.map_err(|_| End)
    }
}

/// A watch that never says anything.
pub(super) fn silent() -> impl futures::Stream<Item = Result<Frame<Bytes>, BodyError>> {
    futures::stream::pending()
}

fn bookmark(object: &Value) -> Value {
    json!({"type": "BOOKMARK", "object": object})
}

fn expired() -> Value {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version", "reason": "Expired", "code": 410,
    });
    json!({"type": "ERROR", "object": status})
}
