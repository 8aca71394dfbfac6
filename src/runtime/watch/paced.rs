//! How often a watch may be opened. kube's watcher opens one that ended in good order again at once, without a pause: right after an hour,
//! but a server or a proxy that ends each watch as soon as it has accepted it would be asked without end. An end that comes at once is
//! therefore held back for a while.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// A watch does not end sooner after it was accepted.
const LEAST: Duration = Duration::from_secs(1);

/// The body of an answer, which does not end too soon if it is that of a watch.
pub struct Paced<B> {
    body: B,
    not_before: Option<Instant>,
    holding: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    /// The body of an answer that has just arrived.
    pub fn new(body: B, is_watch: bool) -> Self {
        Self { body, not_before: is_watch.then(|| Instant::now() + LEAST), holding: None }
    }
}

impl<B: Body + Unpin> Body for Paced<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        if self.holding.is_none() {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            match self.not_before.filter(|moment| frame.is_none() && *moment > Instant::now()) {
                Some(moment) => self.holding = Some(Box::pin(sleep_until(moment))),
                None => return Poll::Ready(frame),
            }
        }
        if let Some(holding) = &mut self.holding {
            ready!(holding.as_mut().poll(cx));
        }
        self.not_before = None;
        self.holding = None;
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.not_before.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};

    use super::*;

    /// How long it takes to read a body of three bytes to its end.
    async fn time_to_read(is_watch: bool) -> Duration {
        let begun = Instant::now();
        let body = Paced::new(Full::new(Bytes::from_static(b"{}\n")), is_watch);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{}\n");
        begun.elapsed()
    }

    #[tokio::test]
    async fn a_watch_that_ends_at_once_is_not_opened_again_at_once() {
        assert!(time_to_read(true).await >= LEAST);
    }

    #[tokio::test]
    async fn other_answers_end_when_they_end() {
        let others = tokio::time::timeout(LEAST, time_to_read(false)).await;
        assert!(others.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_is_read_on_after_its_end_stays_ended() {
        let mut body = Paced::new(Full::new(Bytes::new()), true);
        assert!(body.frame().await.is_none() && body.frame().await.is_none());
    }
}
