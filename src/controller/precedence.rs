//! Which writes go first while the API server is busy. Counting only.
//!
//! Every write costs the API server some milliseconds of a core. While somebody who edits a report waits for its status, each request in
//! between lengthens the wait; and the requests of a wave, such as after a change of a catalog that all reports refer to, come a dozen at a
//! time for minutes. So as long as changes keep coming in, only few writes that nobody waits for are on their way. Without changes they have
//! all the places that the queue gives them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::runtime::queue::Urgency;

/// So many writes that nobody waits for may be on their way while somebody waits. Two keep an API server of two cores from being idle.
const MEANWHILE: u32 = 2;
/// For so long after a change more of them are reckoned with.
const MORE_TO_COME: Duration = Duration::from_secs(1);

/// A write goes ahead after so long in any case: an API server that does not answer the few is not spared by keeping the others back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The places for writes that nobody waits for.
#[derive(Debug)]
pub struct Precedence {
    places: Semaphore,
    all: u32,
    last_change: Mutex<Option<Instant>>,
    patience: Duration,
}

impl Precedence {
    /// For so many runs at a time.
    pub fn new(concurrency: usize) -> Self {
        let all = u32::try_from(concurrency).unwrap_or(u32::MAX).clamp(MEANWHILE, 1 << 16);
        let all = all - all % MEANWHILE;
        Self { places: Semaphore::new(all as usize), all, last_change: Mutex::new(None), patience: PATIENCE }
    }

    /// A run begins that may have to write.
    pub fn begins(&self, urgency: Urgency, now: Instant) {
        if urgency == Urgency::Change {
            *self.last_change.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    /// Waits until a write may go ahead. What is given back is its place, to be kept while it is on its way; changes need none, and who has
    /// waited for too long goes ahead without.
    pub async fn enter(&self, urgency: Urgency, now: Instant) -> Option<SemaphorePermit<'_>> {
        if urgency == Urgency::Change {
            return None;
        }
        timeout(self.patience, self.places.acquire_many(self.weight(now))).await.ok()?.ok()
    }

    /// The operator is stopping: nobody waits any longer.
    pub fn end(&self) {
        self.places.close();
    }

    /// How many of the places a write that nobody waits for takes.
    fn weight(&self, now: Instant) -> u32 {
        let last = *self.last_change.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some(change) if now.saturating_duration_since(change) < MORE_TO_COME => self.all / MEANWHILE,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const OTHERS: [Urgency; 2] = [Urgency::Backlog, Urgency::Routine];

    /// How many writes of an urgency are let in at a moment.
    fn let_in(precedence: &Precedence, urgency: Urgency, now: Instant) -> usize {
        let mut on_their_way = Vec::new();
        while on_their_way.len() < 100
            && let Some(entered) = precedence.enter(urgency, now).now_or_never()
        {
            on_their_way.push(entered);
        }
        on_their_way.len()
    }

    #[tokio::test]
    async fn without_changes_all_places_are_taken() {
        let (precedence, now) = (Precedence::new(16), Instant::now());
        for urgency in OTHERS {
            precedence.begins(urgency, now);
            assert_eq!(let_in(&precedence, urgency, now), 16, "{urgency:?}");
        }
    }

    #[tokio::test]
    async fn while_changes_come_in_few_others_are_on_their_way_and_then_all_again() {
        let (precedence, now) = (Precedence::new(16), Instant::now());
        precedence.begins(Urgency::Change, now);
        for urgency in OTHERS {
            assert_eq!(let_in(&precedence, urgency, now + Duration::from_millis(900)), 2, "{urgency:?}");
            assert_eq!(let_in(&precedence, urgency, now + Duration::from_secs(1)), 16, "{urgency:?}");
        }
    }

    #[tokio::test]
    async fn a_change_waits_for_nobody() {
        let (precedence, now) = (Precedence::new(2), Instant::now());
        let _others = [
            precedence.enter(Urgency::Routine, now).now_or_never(),
            precedence.enter(Urgency::Routine, now).now_or_never(),
        ];
        assert!(precedence.enter(Urgency::Routine, now).now_or_never().is_none());
        assert!(precedence.enter(Urgency::Change, now).now_or_never().is_some());
    }

    #[tokio::test]
    async fn nobody_is_kept_back_for_ever() {
        let (precedence, now) =
            (Precedence { patience: Duration::from_millis(5), ..Precedence::new(16) }, Instant::now());
        precedence.begins(Urgency::Change, now);
        let places = [precedence.enter(Urgency::Routine, now).await, precedence.enter(Urgency::Routine, now).await];
        assert!(places.iter().all(Option::is_some));
        assert!(precedence.enter(Urgency::Routine, now).await.is_none(), "it goes ahead without a place");
    }

    #[tokio::test]
    async fn who_waits_when_the_operator_stops_goes_ahead() {
        let (precedence, now) = (Precedence::new(2), Instant::now());
        let _others = [precedence.enter(Urgency::Routine, now).await, precedence.enter(Urgency::Routine, now).await];
        let (waited, ()) = futures::join!(precedence.enter(Urgency::Routine, now), async { precedence.end() });
        assert!(waited.is_none());
        assert!(precedence.enter(Urgency::Routine, now).now_or_never().is_some(), "nor does anybody wait later");
    }

    #[tokio::test]
    async fn any_number_of_places_lets_two_in() {
        for concurrency in [0, 1, 2, 3, 17, usize::MAX] {
            let (precedence, now) = (Precedence::new(concurrency), Instant::now());
            precedence.begins(Urgency::Change, now);
            assert_eq!(let_in(&precedence, Urgency::Routine, now), 2, "{concurrency}");
        }
    }
}
