//! The analysis as a step of a run: bytes to document to [`Analysis`], on a thread of its own, few at a time, within a time limit.
//! The functions at the top are pure and are the same that `analyze` uses without a cluster.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::analysis::document::detect_format;
use crate::analysis::{Analysis, Analyzer, Document, DocumentError, EventHints, Format, Hints};
use crate::api::{ConferenceReportSpec, TextFormat};
use crate::runtime::queue::Urgency;
use crate::source::{FetchError, Fetched, decode};

/// Reads what was fetched as a document.
///
/// # Errors
/// When it is empty, no text, or no document that can be read in reasonable time.
pub fn document(fetched: &Fetched, spec: &ConferenceReportSpec, analyzer: &Analyzer) -> Result<Document, FetchError> {
    let empty = || FetchError::EmptySource {
        // The end of a URL may be what makes it secret, and behind a redirect it is not even in the spec.
        origin: match &fetched.file_name {
            Some(name) if spec.source.http.is_none() => format!("{name:?}"),
            _ => "the source".to_owned(),
        },
    };
    if fetched.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(empty());
    }
    let text = decode::decode(fetched).map_err(|error| FetchError::NotText { problem: error.to_string() })?;
    let format = match spec.format {
        TextFormat::Auto => detect_format(&text, fetched.media_type.as_deref(), fetched.file_name.as_deref()),
        TextFormat::Text => Format::Text,
        TextFormat::Markdown => Format::Markdown,
        TextFormat::Html => Format::Html,
    };
    analyzer.read(&text, format).map_err(|error| match error {
        DocumentError::Empty => empty(),
        other => FetchError::UnreadableDocument { problem: other.to_string() },
    })
}

/// What the spec says beforehand.
pub fn hints(spec: &ConferenceReportSpec) -> Hints {
    let event = spec.event.clone().unwrap_or_default();
    Hints {
        language: spec.language.clone(),
        event: EventHints {
            name: event.name,
            edition: event.edition,
            year: event.year,
            location: event.location,
            start_date: event.start_date,
            end_date: event.end_date,
        },
        summary_max_words: usize::try_from(spec.summary.max_words).unwrap_or(0).clamp(20, 500),
    }
}

/// Bytes of large texts that are analysed at a time. A text that is built for it needs thirty to fifty times its size while it is analysed, and
/// the memory limit of the deployment has to bear that beside all else.
const AT_A_TIME: usize = 2 << 20;
/// Texts up to this size, in bytes, as nearly all reports are, are not counted: they never wait for large ones.
const SMALL: usize = 64 << 10;

/// The places for work that takes a processor: as many as there are cores, so that watches and probes are answered meanwhile. What
/// nobody waits for leaves one of them free where there are several, so that whoever edits a report does not wait for the texts of a wave.
/// Large texts share what memory may be spent on them, and wait for it without a place. Catalogs have one place of their own, so that
/// compiling them takes none from texts.
#[derive(Clone, Debug)]
pub struct Workers {
    places: Arc<Semaphore>,
    routine: Arc<Semaphore>,
    /// In KiB.
    large: Arc<Semaphore>,
    compiling: Arc<Semaphore>,
    limit: Duration,
}

/// Why work on a processor gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// It took longer than allowed, or was not begun because the operator is stopping. It may work another time.
    #[error("it takes longer than {0:?}")]
    TooLong(Duration),
    /// It was not begun, because other work kept all places for so long. It says nothing about the work itself.
    #[error("there was no place for it within {0:?}")]
    NoPlace(Duration),
    /// It failed in a way that it should not, and will again.
    #[error("the analysis fails on it, which is a fault of the operator; please report it")]
    Failed,
}

impl Workers {
    /// Places for `cores` pieces of work at a time. Each may wait `limit` for its place, and then take as long again.
    pub fn new(cores: usize, limit: Duration) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.max(1)));
        Self {
            places: semaphore(cores),
            routine: semaphore(cores.saturating_sub(1)),
            large: semaphore(AT_A_TIME >> 10),
            compiling: semaphore(1),
            limit,
        }
    }

    /// Does work with a text of so many bytes on a thread of its own.
    ///
    /// # Errors
    /// When there is no place for it in time, when it takes too long, or panics; the panic ends only this piece of work.
    pub async fn run<T: Send + 'static>(
        &self,
        urgency: Urgency,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkError> {
        let share = if bytes > SMALL { bytes.min(AT_A_TIME).div_ceil(1 << 10) } else { 0 };
        let place = async {
            let large = self.take(&self.large, share).await?;
            let routine = match urgency {
                Urgency::Backlog | Urgency::Routine => Some(self.take(&self.routine, 1).await?),
                Urgency::Change => None,
            };
            Ok((self.take(&self.places, 1).await?, routine, large))
        };
        self.perform(place, work).await
    }

    /// Compiles something: one at a time, whatever texts are analysed meanwhile.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn compile<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkError> {
        self.perform(self.take(&self.compiling, 1), work).await
    }

    async fn take(&self, places: &Arc<Semaphore>, number: usize) -> Result<OwnedSemaphorePermit, WorkError> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        Arc::clone(places).acquire_many_owned(number).await.map_err(|_| WorkError::NoPlace(self.limit))
    }

    /// Waits for a place and does the work there. Work that takes too long is given up but keeps its place until it ends, because a thread
    /// cannot be stopped: runaway work must not multiply. So the wait for a place has a limit too.
    async fn perform<P: Send + 'static, T: Send + 'static>(
        &self,
        place: impl Future<Output = Result<P, WorkError>>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkError> {
        let place = timeout(self.limit, place).await.map_err(|_| WorkError::NoPlace(self.limit))??;
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        match timeout(self.limit, task).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) if error.is_panic() => Err(WorkError::Failed),
            Ok(Err(_)) | Err(_) => Err(WorkError::TooLong(self.limit)),
        }
    }

    /// Analyses a text.
    ///
    /// # Errors
    /// As [`document`], and when it takes too long.
    pub async fn analyse(
        &self,
        urgency: Urgency,
        fetched: Arc<Fetched>,
        spec: ConferenceReportSpec,
        analyzer: Analyzer,
    ) -> Result<Analysis, FetchError> {
        let bytes = fetched.bytes.len();
        let work = move || {
            let document = document(&fetched, &spec, &analyzer)?;
            Ok(analyzer.analyze(&document, &hints(&spec)))
        };
        self.run(urgency, bytes, work).await.unwrap_or_else(|error| {
            let what = || "the analysis".to_owned();
            Err(match error {
                WorkError::TooLong(limit) => FetchError::AnalysisTimedOut { what: what(), limit },
                WorkError::NoPlace(limit) => FetchError::Busy { what: what(), limit },
                WorkError::Failed => FetchError::UnreadableDocument { problem: error.to_string() },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    #[tokio::test]
    async fn runaway_work_is_given_up_and_a_panic_stays_where_it_is() {
        let workers = Workers::new(2, Duration::from_millis(50));
        let (release, held) = std::sync::mpsc::channel::<()>();
        let slow = workers.run(Urgency::Change, 0, move || held.recv().is_ok()).await;
        assert_eq!(slow, Err(WorkError::TooLong(Duration::from_millis(50))));
        release.send(()).unwrap();
        let workers = Workers::new(1, Duration::from_secs(60));
        assert_eq!(workers.run(Urgency::Change, 0, || -> u8 { panic!("poison") }).await, Err(WorkError::Failed));
        assert_eq!(workers.run(Urgency::Routine, 0, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn who_finds_no_place_in_time_is_told_so_and_a_catalog_takes_none_from_texts() {
        let workers = Workers::new(1, Duration::from_millis(50));
        let patient = Workers { limit: Duration::from_secs(60), ..workers.clone() };
        let (release, held) = std::sync::mpsc::channel::<()>();
        let runaway = workers.compile(move || held.recv().is_ok()).await;
        assert_eq!(runaway, Err(WorkError::TooLong(Duration::from_millis(50))), "it goes on, and keeps its place");
        assert_eq!(workers.compile(|| 7).await, Err(WorkError::NoPlace(Duration::from_millis(50))));
        assert_eq!(patient.run(Urgency::Routine, 0, || 7).await, Ok(7));

        let (go_on, waiting) = std::sync::mpsc::channel::<()>();
        let _ = workers.run(Urgency::Change, 0, move || waiting.recv().is_ok()).await;
        assert_eq!(workers.run(Urgency::Change, 0, || 7).await, Err(WorkError::NoPlace(Duration::from_millis(50))));
        release.send(()).unwrap();
        go_on.send(()).unwrap();
    }

    #[tokio::test]
    async fn a_change_does_not_wait_for_the_long_texts_of_a_wave() {
        let (workers, over) = (Workers::new(2, Duration::from_secs(60)), Arc::new(AtomicBool::new(false)));
        let long = || {
            let over = Arc::clone(&over);
            workers.run(Urgency::Routine, 0, move || {
                while !over.load(Ordering::Acquire) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            })
        };
        let wave = futures::future::join_all((0..5).map(|_| long()));
        let change = async {
            tokio::task::yield_now().await;
            let change = workers.run(Urgency::Change, 0, || 7).await;
            assert!(!over.swap(true, Ordering::AcqRel), "it had its turn while the wave went on");
            change
        };
        let (ended, change) = futures::join!(wave, change);
        assert_eq!((ended, change), (vec![Ok(()); 5], Ok(7)));
    }

    #[tokio::test]
    async fn large_texts_share_their_memory_and_small_ones_do_not_wait_for_them() {
        let workers = Workers::new(8, Duration::from_secs(60));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (go_on, waiting) = std::sync::mpsc::channel::<()>();
        let waiting = Arc::new(std::sync::Mutex::new(waiting));
        let large = |bytes: usize| {
            let (running, most, waiting) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&waiting));
            // One that is larger than all together may be has its turn as well, alone.
            let share = bytes.min(AT_A_TIME);
            workers.run(Urgency::Change, bytes, move || {
                most.fetch_max(running.fetch_add(share, Ordering::SeqCst) + share, Ordering::SeqCst);
                let told = waiting.lock().is_ok_and(|waiting| waiting.recv().is_ok());
                running.fetch_sub(share, Ordering::SeqCst);
                told
            })
        };
        let sizes = [AT_A_TIME, 2 * AT_A_TIME, AT_A_TIME / 2, AT_A_TIME / 2, AT_A_TIME / 2, SMALL + 1];
        let all = futures::future::join_all(sizes.map(large));
        let small = async {
            tokio::task::yield_now().await;
            let small = workers.run(Urgency::Routine, SMALL, || 7).await;
            for _ in sizes {
                go_on.send(()).unwrap();
            }
            small
        };
        let (large, small) = futures::join!(all, small);
        assert_eq!((large, small), (vec![Ok(true); sizes.len()], Ok(7)));
        assert!(most.load(Ordering::SeqCst) <= AT_A_TIME, "{most:?}");
    }

    #[test]
    fn an_empty_text_is_named_by_its_key_but_not_by_its_address() {
        let analyzer = Analyzer::new(crate::catalog::Catalog::builtin());
        let fetched = Fetched { file_name: Some("a-long-token".to_owned()), ..crate::source::inline::fetch(" \n") };
        let inline = ConferenceReportSpec::default();
        let mut http = ConferenceReportSpec::default();
        http.source.http =
            Some(serde_json::from_value(serde_json::json!({"url": "https://pads.example/a-long-token"})).unwrap());
        let message = |spec: &_| document(&fetched, spec, &analyzer).unwrap_err().to_string();
        assert!(message(&inline).contains("a-long-token"));
        assert!(!message(&http).contains("a-long-token"), "{}", message(&http));
    }

    #[test]
    fn the_summary_stays_within_its_bounds_whatever_the_spec_says() {
        let mut spec = ConferenceReportSpec::default();
        for (asked, given) in [(-5, 20), (120, 120), (100_000, 500)] {
            spec.summary.max_words = asked;
            assert_eq!(hints(&spec).summary_max_words, given);
        }
    }
}
