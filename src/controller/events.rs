//! Events on resources. Published beside the reconcilers, through a bounded queue and at a bounded rate: an event may be dropped, but it
//! never delays or fails a run, and never floods the API server.
//!
//! What is said again within a few minutes in the same words is counted up on the event that is there; other words make another event,
//! since Kubernetes lets nobody change those of an event. (kube's recorder keeps the first words and so says what is no longer true.)

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::sync::mpsc;

use crate::api::FIELD_MANAGER;
use crate::runtime::metrics::Metrics;

use super::outcome::Notice;

/// The most events that wait to be published.
const QUEUE: usize = 512;
/// Pause after each event.
const PAUSE: Duration = Duration::from_millis(40);
/// Time for publishing one event.
const LIMIT: Duration = Duration::from_secs(5);
/// The API server takes notes of up to 1 kB.
const NOTE_LIMIT: usize = 1000;
/// An event's name is the object's and 17 characters; 253 is the limit.
const NAME_LIMIT: usize = 236;
/// For so long, what is said again is counted up.
const SERIES: Duration = Duration::from_secs(6 * 60);
/// The most events that are remembered for that.
const REMEMBERED: usize = 1024;

/// Where events are handed in. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    queue: mpsc::Sender<(ObjectReference, Notice)>,
    metrics: Arc<Metrics>,
}

impl Events {
    /// Starts publishing.
    pub fn start(client: Client, instance: Option<String>, metrics: Arc<Metrics>) -> Self {
        let (queue, mut waiting) = mpsc::channel::<(ObjectReference, Notice)>(QUEUE);
        let events = Self { queue, metrics: Arc::clone(&metrics) };
        let instance = instance.unwrap_or_else(|| FIELD_MANAGER.to_owned());
        let mut publisher = Publisher { client, instance, memory: Memory::default() };
        tokio::spawn(async move {
            while let Some((regarding, notice)) = waiting.recv().await {
                match tokio::time::timeout(LIMIT, publisher.publish(&regarding, &notice)).await {
                    Ok(Ok(())) => metrics.event("published"),
                    Ok(Err(error)) => {
                        metrics.event("failed");
                        tracing::debug!(%error, name = regarding.name, "event not published");
                    }
                    Err(_) => metrics.event("timeout"),
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        events
    }

    /// Hands in an event about an object; drops it when too many wait.
    pub fn hand_in(&self, regarding: ObjectReference, notice: Notice) {
        if self.queue.try_send((regarding, notice)).is_err() {
            self.metrics.event("dropped");
        }
    }
}

struct Publisher {
    client: Client,
    instance: String,
    memory: Memory,
}

impl Publisher {
    async fn publish(&mut self, regarding: &ObjectReference, notice: &Notice) -> Result<(), kube::Error> {
        let (now, time) = (Instant::now(), Timestamp::now());
        let api: Api<Event> = Api::namespaced(self.client.clone(), regarding.namespace.as_deref().unwrap_or("default"));
        let words = Words {
            uid: regarding.uid.clone().unwrap_or_default(),
            warning: notice.warning,
            reason: notice.reason.as_str(),
            note: cut(&notice.note, NOTE_LIMIT).to_owned(),
        };
        if let Some((name, count)) = self.memory.again(&words, now) {
            let series = EventSeries { count, last_observed_time: MicroTime(time) };
            match api.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"series": series}))).await {
                // It has expired: the words are said anew.
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                done => return done.map(drop),
            }
        }
        let event = event(regarding, &words, &self.instance, time);
        let name = event.metadata.name.clone().unwrap_or_default();
        api.create(&PostParams::default(), &event).await?;
        self.memory.said(words, name, now);
        Ok(())
    }
}

/// What an event says, about what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Words {
    uid: String,
    warning: bool,
    reason: &'static str,
    note: String,
}

/// What was said within the last minutes.
#[derive(Debug, Default)]
struct Memory(HashMap<Words, (String, i32, Instant)>);

impl Memory {
    /// The event that says these words already, and how often they have been said with this time.
    fn again(&mut self, words: &Words, now: Instant) -> Option<(String, i32)> {
        let (name, count, at) = self.0.get_mut(words)?;
        if now.saturating_duration_since(*at) > SERIES {
            return None;
        }
        *count = count.saturating_add(1);
        *at = now;
        Some((name.clone(), *count))
    }

    fn said(&mut self, words: Words, event: String, now: Instant) {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, (_, _, at)| now.saturating_duration_since(*at) <= SERIES);
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(words, (event, 1, now));
    }
}

fn event(regarding: &ObjectReference, words: &Words, instance: &str, time: Timestamp) -> Event {
    let about = cut(regarding.name.as_deref().unwrap_or_default(), NAME_LIMIT).trim_end_matches(['-', '.']);
    // As Kubernetes' own components name theirs.
    let name = format!("{about}.{:016x}", time.as_nanosecond());
    Event {
        metadata: ObjectMeta { name: Some(name), namespace: regarding.namespace.clone(), ..ObjectMeta::default() },
        type_: Some(if words.warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(words.reason.to_owned()),
        note: Some(words.note.clone()),
        action: Some("Reconcile".to_owned()),
        event_time: Some(MicroTime(time)),
        regarding: Some(regarding.clone()),
        reporting_controller: Some(FIELD_MANAGER.to_owned()),
        reporting_instance: Some(instance.to_owned()),
        ..Event::default()
    }
}

/// At most `limit` bytes of a text, cut at a character.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(note: &str) -> Words {
        Words { uid: "u".into(), warning: true, reason: "TimedOut", note: note.into() }
    }

    #[test]
    fn the_same_words_are_counted_up_and_other_words_are_another_event() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        assert_eq!(memory.again(&words("slow"), now), None);
        memory.said(words("slow"), "e1".into(), now);
        assert_eq!(memory.again(&words("slow"), now), Some(("e1".into(), 2)));
        assert_eq!(memory.again(&words("slow"), now + SERIES), Some(("e1".into(), 3)));
        assert_eq!(memory.again(&words("slower"), now), None);
        assert_eq!(memory.again(&words("slow"), now + SERIES * 3), None, "long ago");
    }

    #[test]
    fn what_is_remembered_stays_bounded() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        for n in 0..3 * REMEMBERED {
            memory.said(words(&n.to_string()), "e".into(), now);
        }
        assert!(memory.0.len() <= REMEMBERED);
    }

    #[test]
    fn an_object_with_the_longest_of_names_gets_its_events() {
        let regarding = |name: &str| ObjectReference { name: Some(name.into()), ..ObjectReference::default() };
        let name = |of: &str| event(&regarding(of), &words("x"), "i", Timestamp::now()).metadata.name.unwrap();
        assert!(name("report").starts_with("report.") && name("report").len() == 23);
        let long = format!("{}.{}", "a".repeat(235), "b".repeat(17));
        assert!(name(&long).len() <= 253 && !name(&long).contains(".."), "{}", name(&long));
    }

    #[test]
    fn a_note_is_cut_at_a_character() {
        assert_eq!(cut("kurz", NOTE_LIMIT), "kurz");
        assert_eq!(cut(&"é".repeat(900), 999).len(), 998);
    }
}
