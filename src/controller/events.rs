//! Events on resources. Published beside the reconcilers, through a bounded queue and at a bounded rate: an event may be dropped, but it
//! never delays or fails a run, and never floods the API server.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio::sync::mpsc;

use crate::runtime::metrics::Metrics;

use super::outcome::Notice;

/// The most events that wait to be published.
const QUEUE: usize = 512;
/// Pause after each event. It also bounds what the recorder remembers of the last six minutes.
const PAUSE: Duration = Duration::from_millis(40);
/// Time for publishing one event.
const LIMIT: Duration = Duration::from_secs(5);
/// The API server takes notes of up to 1 kB.
const NOTE_LIMIT: usize = 1000;
/// The recorder appends 17 characters to the object's name, and 253 is the limit.
const NAME_LIMIT: usize = 236;

/// Where events are handed in. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    queue: mpsc::Sender<(ObjectReference, Event)>,
    metrics: Arc<Metrics>,
}

impl Events {
    /// Starts publishing.
    pub fn start(client: Client, instance: Option<String>, metrics: Arc<Metrics>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let reporter = Reporter { controller: crate::api::FIELD_MANAGER.to_owned(), instance };
        tokio::spawn(publish(Recorder::new(client, reporter), waiting, Arc::clone(&metrics)));
        Self { queue, metrics }
    }

    /// Hands in an event about an object; drops it when too many wait.
    pub fn hand_in(&self, regarding: ObjectReference, notice: Notice) {
        if regarding.name.as_ref().is_some_and(|name| name.len() > NAME_LIMIT) {
            return;
        }
        let event = Event {
            type_: if notice.warning { EventType::Warning } else { EventType::Normal },
            reason: notice.reason.as_str().to_owned(),
            note: Some(note(&notice.note)),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        if self.queue.try_send((regarding, event)).is_err() {
            self.metrics.event("dropped");
        }
    }
}

async fn publish(recorder: Recorder, mut waiting: mpsc::Receiver<(ObjectReference, Event)>, metrics: Arc<Metrics>) {
    while let Some((regarding, event)) = waiting.recv().await {
        match tokio::time::timeout(LIMIT, recorder.publish(&event, &regarding)).await {
            Ok(Ok(())) => metrics.event("published"),
            Ok(Err(error)) => {
                metrics.event("failed");
                tracing::debug!(%error, name = regarding.name, "event not published");
            }
            Err(_) => metrics.event("timeout"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A note of at most [`NOTE_LIMIT`] bytes.
fn note(text: &str) -> String {
    let mut note = String::new();
    for c in text.chars() {
        if note.len() + c.len_utf8() > NOTE_LIMIT {
            break;
        }
        note.push(c);
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_cut_at_a_character() {
        assert_eq!(note("kurz"), "kurz");
        assert_eq!(note(&"é".repeat(900)).len(), NOTE_LIMIT);
    }
}
