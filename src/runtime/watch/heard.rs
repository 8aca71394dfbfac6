//! Whether a watch is heard of. kube's watcher tells changes but not that a watch was accepted, that a bookmark came, or that the server
//! ended it after its time; a layer of the client sees the answers and their bodies.
//!
//! Being accepted is not enough, since a watch that is cut at once tells nothing, however often it is accepted. It has to last.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request};
use hyper::body::{Body, Frame, SizeHint};

use super::super::metrics::Metrics;
use super::{WATCH_TIMEOUT, WATCHED, WENT_WELL};

/// The resource that a request is to watch, if that is what it is for.
pub fn watched<B>(request: &Request<B>) -> Option<&'static str> {
    let is_watch = request.method() == Method::GET
        && request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "watch=true"));
    let (_, last) = request.uri().path().rsplit_once('/')?;
    WATCHED.into_iter().find(|resource| is_watch && *resource == last)
}

/// The body of an answer, which moves the metric of a watch if it is one that was accepted.
pub struct Heard<B> {
    body: B,
    open: Option<Open>,
}

/// A watch that was accepted.
struct Open {
    resource: &'static str,
    since: Instant,
    metrics: Arc<Metrics>,
}

impl<B> Heard<B> {
    /// The body of an answer, with the resource if it is a watch of it that was `accepted`.
    pub fn new(body: B, accepted: Option<&'static str>, metrics: Arc<Metrics>) -> Self {
        Self { body, open: accepted.map(|resource| Open { resource, since: Instant::now(), metrics }) }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Heard<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let (Poll::Ready(came), Some(open)) = (&polled, &self.open)
            && is_sign(came.as_ref().is_some_and(Result::is_err), open.since.elapsed())
        {
            open.metrics.watch_told(open.resource);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether what came of a watch that has been open for so long says that it does its work: anything but what comes at once, and but the
/// failure of a connection on which the server has let the time pass at which it was to end the watch.
fn is_sign(failed: bool, open_for: Duration) -> bool {
    open_for >= WENT_WELL && !(failed && open_for >= WATCH_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};
    use http_body_util::{BodyExt, StreamBody};
    use kube::api::{GetParams, ListParams, PostParams, WatchParams};
    use kube::core::Request as Asked;

    use super::*;

    #[test]
    fn a_watch_that_lasts_is_heard_of_and_one_that_is_cut_or_silent_is_not() {
        let seconds = Duration::from_secs;
        for (what, failed, open_for, sign) in [
            ("a bookmark shortly before the end", false, seconds(58), true),
            ("the end after its time, of a server without bookmarks", false, seconds(60), true),
            ("the end in good order, late", false, seconds(66), true),
            ("a bookmark from a server that ends no watch", false, seconds(3600), true),
            ("a reset by something between that takes quiet for an end", true, seconds(30), true),
            ("the end at once", false, seconds(0), false),
            ("an error event at once", false, Duration::from_millis(20), false),
            ("a reset at once", true, Duration::from_millis(20), false),
            ("a dead connection that is given up", true, seconds(65), false),
        ] {
            assert_eq!(is_sign(failed, open_for), sign, "{what}");
        }
    }

    /// Whether the metric knows of an answer that began `ago` before its end.
    async fn heard_of(accepted: Option<&'static str>, ago: Duration) -> bool {
        let metrics = Arc::new(Metrics::new());
        let frames = stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"{}\n")))]);
        let body = StreamBody::new(frames.boxed());
        let mut heard = Heard::new(body, accepted, Arc::clone(&metrics));
        if let Some(open) = &mut heard.open {
            open.since = Instant::now().checked_sub(ago).unwrap();
        }
        assert_eq!(heard.collect().await.unwrap().to_bytes(), "{}\n", "what is heard is handed on");
        let name = r#"conference_report_watch_last_event_timestamp_seconds{resource="configmaps"}"#;
        metrics.text().unwrap().contains(name)
    }

    #[tokio::test]
    async fn only_the_body_of_an_accepted_watch_counts() {
        assert!(heard_of(Some("configmaps"), WENT_WELL).await);
        assert!(!heard_of(Some("configmaps"), Duration::ZERO).await, "cut at once");
        assert!(!heard_of(None, WENT_WELL).await, "a list, or a watch that was refused, after however long");
    }

    #[test]
    fn a_watch_is_told_from_other_requests() {
        let maps = || Asked::new("/api/v1/namespaces/team/configmaps");
        let reports = || Asked::new("/apis/confreports.dev/v1alpha1/conferencereports");
        let secrets = || Asked::new("/api/v1/secrets");
        let parameters = WatchParams::default().labels("app=x,team!=y");
        assert_eq!(watched(&maps().watch(&parameters, "7").unwrap()), Some("configmaps"));
        assert_eq!(watched(&maps().watch_metadata(&parameters, "7").unwrap()), Some("configmaps"));
        assert_eq!(watched(&reports().watch(&WatchParams::default(), "0").unwrap()), Some("conferencereports"));
        assert_eq!(watched(&secrets().watch(&parameters, "7").unwrap()), None);
        assert_eq!(watched(&maps().list(&ListParams::default().limit(250)).unwrap()), None);
        assert_eq!(watched(&maps().get("watch=true", &GetParams::default()).unwrap()), None);
        assert_eq!(watched(&maps().create(&PostParams::default(), Vec::new()).unwrap()), None);
    }
}
