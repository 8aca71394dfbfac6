//! Wires everything together and keeps it running until a signal comes or a part of it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use kube::Client;
use kube::runtime::reflector::ObjectRef;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::controller::analyse::Workers;
use crate::controller::catalogs::Analyzers;
use crate::controller::context::Context;
use crate::controller::events::Events;
use crate::controller::ledger::Ledger;
use crate::controller::precedence::Precedence;
use crate::controller::{reconcile, reconcile_catalog};
use crate::source::http::HttpClient;

use super::client::{self, ClientError};
use super::config::Settings;
use super::exposition;
use super::health::Health;
use super::leader::{self, Leadership, LeaseLost};
use super::metrics::Metrics;
use super::queue::Shares;
use super::scope::{Inboxes, Key, Scopes};
use super::server::{self, Answer, Listen};
use super::workers::{Inbox, work};

/// Why the operator ended, or did not start.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No way to the API server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An address cannot be listened on.
    #[error("{flag}: cannot listen on {address}: {error}")]
    Listen {
        /// The flag that sets it.
        flag: &'static str,
        /// The address.
        address: Listen,
        /// Why not.
        error: std::io::Error,
    },
    /// TLS for URLs is not available.
    #[error("URLs cannot be fetched: {0}")]
    Tls(#[from] crate::source::http::tls::TlsSetupError),
    /// A part ended that never should.
    #[error("{0} ended; the process has to be started anew")]
    Ended(&'static str),
    /// Another process leads now, or may.
    #[error(transparent)]
    Lease(#[from] LeaseLost),
    /// The work that was going on did not end in time.
    #[error("work was still going on {0:?} after the signal")]
    Grace(Duration),
}

/// Runs until `stop` is cancelled, and then until the work that is going on has ended.
///
/// # Errors
/// When it cannot start, or a part of it ends.
pub async fn run(settings: Settings, stop: CancellationToken) -> Result<(), OperatorError> {
    let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::default()));
    let ledger = Arc::new(Ledger::default());
    let concurrency = usize::from(settings.concurrency.max(1));
    let inbox = |controller, shares| {
        metrics.set_max_concurrent(controller, concurrency);
        Inbox::new(shares, metrics.queue(controller))
    };
    let places = Shares { all: concurrency, urls: settings.max_fetches, per_host: settings.http.max_per_host };
    let inboxes = Inboxes {
        reports: inbox(reconcile::CONTROLLER, places),
        catalogs: inbox(reconcile_catalog::CONTROLLER, Shares::of(concurrency)),
    };
    serve(&settings, &health, &metrics, &ledger, &inboxes).await?;

    let leadership = Arc::new(Leadership::new(settings.election.is_some()));
    let client = client::connect(&settings.identity, Arc::clone(&metrics), Arc::clone(&leadership)).await?;
    let release = CancellationToken::new();
    let context = Arc::new(Context {
        http: HttpClient::new(settings.http.clone())?,
        analyzers: Analyzers::new(Workers::new(settings.cores, settings.analysis_timeout)),
        events: Events::start(client.clone(), settings.instance.clone(), Arc::clone(&metrics)),
        precedence: Precedence::new(concurrency),
        metrics: Arc::clone(&metrics),
        max_bytes: settings.max_bytes,
        api_timeout: settings.api_timeout,
        client,
    });
    let mut watches = JoinSet::new();
    let scopes = Scopes::start(&settings, (&context, &health), &ledger, &inboxes, &mut watches);
    let mut candidate = candidate(&settings, &context.client, &leadership, (&metrics, &health), &release);
    health.started();
    let mut controllers = start_controllers(scopes, inboxes, &leadership, &ledger, &stop);
    let (version, selector) = (env!("CARGO_PKG_VERSION"), settings.selector.to_string());
    tracing::info!(version, namespaces = ?settings.namespaces, selector, concurrency, "started");

    tokio::select! {
        () = stop.cancelled() => {}
        lost = &mut candidate => return Err(lost_or_ended(lost)),
        // Neither ends by itself: watches go on for ever, controllers until `stop`.
        _ = watches.join_next() => return Err(OperatorError::Ended("a watch")),
        _ = controllers.join_next() => {
            if !stop.is_cancelled() {
                return Err(OperatorError::Ended("a controller"));
            }
        }
    }
    health.stopping();
    context.precedence.end();
    // The lease is kept until the work has ended. Work that does not end keeps it from being given back: it runs out by itself then.
    tokio::select! {
        ended = tokio::time::timeout(settings.grace, async { while controllers.join_next().await.is_some() {} }) => {
            ended.map_err(|_| OperatorError::Grace(settings.grace))?;
        }
        lost = &mut candidate => return Err(lost_or_ended(lost)),
    }
    release.cancel();
    candidate.await.unwrap_or(Ok(()))?;
    tracing::info!("stopped");
    Ok(())
}

/// Starts handling reports and catalogs as soon as this process leads and knows what there is; until `stop` is cancelled.
fn start_controllers(
    scopes: Scopes,
    inboxes: Inboxes,
    leadership: &Arc<Leadership>,
    ledger: &Arc<Ledger>,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut controllers = JoinSet::new();
    let (leads, ledger, stopped, all) = (Arc::clone(leadership), Arc::clone(ledger), stop.clone(), scopes.clone());
    controllers.spawn(async move {
        let elected = async {
            leads.elected().await;
            ledger.lead();
        };
        tokio::select! {
            _ = futures::future::join(elected, all.listed()) => {}
            () = stopped.cancelled() => return,
        }
        let told = stopped.clone();
        work(inboxes.reports, stopped, move |key: Key, urgency| {
            let (scopes, stop) = (all.clone(), told.clone());
            async move {
                let scope = scopes.of(&key.0)?;
                let report = scope.reports.store.get(&ObjectRef::new(&key.1).within(&key.0))?;
                reconcile::reconcile(&report, &scope, urgency, &stop).await
            }
        })
        .await;
    });
    let (leads, stopped) = (Arc::clone(leadership), stop.clone());
    controllers.spawn(async move {
        tokio::select! {
            () = leads.elected() => {}
            () = stopped.cancelled() => return,
        }
        let told = stopped.clone();
        work(inboxes.catalogs, stopped, move |key: Key, _| {
            let (scopes, stop) = (scopes.clone(), told.clone());
            async move {
                let scope = scopes.of(&key.0)?;
                let catalog = scope.catalogs.store.get(&ObjectRef::new(&key.1).within(&key.0))?;
                reconcile_catalog::reconcile(&catalog, &scope, &stop).await
            }
        })
        .await;
    });
    controllers
}

fn lost_or_ended(end: Result<Result<(), LeaseLost>, tokio::task::JoinError>) -> OperatorError {
    match end {
        Ok(Err(lost)) => lost.into(),
        Ok(Ok(())) | Err(_) => OperatorError::Ended("the leader election"),
    }
}

/// Takes part in the election, if there is one, until `release` is cancelled.
fn candidate(
    settings: &Settings,
    client: &Client,
    leadership: &Arc<Leadership>,
    (metrics, health): (&Arc<Metrics>, &Arc<Health>),
    release: &CancellationToken,
) -> JoinHandle<Result<(), LeaseLost>> {
    let (client, leadership, release) = (client.clone(), Arc::clone(leadership), release.clone());
    let (metrics, health, election) = (Arc::clone(metrics), Arc::clone(health), settings.election.clone());
    if election.is_some() {
        health.expect(leader::LEASE_READ);
    }
    tokio::spawn(async move {
        match election {
            Some(election) => leader::run(&client, election, &leadership, (&metrics, &health), &release).await,
            None => {
                release.cancelled().await;
                Ok(())
            }
        }
    })
}

async fn serve(
    settings: &Settings,
    health: &Arc<Health>,
    metrics: &Arc<Metrics>,
    ledger: &Arc<Ledger>,
    inboxes: &Inboxes,
) -> Result<(), OperatorError> {
    let probes = Arc::clone(health);
    let handler = move |path: &str| match path {
        "/livez" | "/healthz" => Some(Answer::probe(probes.live(Instant::now()))),
        "/readyz" => Some(Answer::probe(probes.ready())),
        _ => None,
    };
    let address = settings.health_addr;
    server::serve(address, handler).await.map_err(|error| OperatorError::Listen {
        flag: "--health-addr",
        address,
        error,
    })?;
    let Some(address) = settings.metrics_addr else {
        return Ok(());
    };
    let (metrics, ledger, inboxes) = (Arc::clone(metrics), Arc::clone(ledger), inboxes.clone());
    let handler = move |path: &str| {
        (path == "/metrics").then(|| {
            metrics.set_objects(ledger.counts());
            inboxes.reports.measure();
            inboxes.catalogs.measure();
            Answer {
                status: StatusCode::OK,
                content_type: exposition::CONTENT_TYPE,
                body: metrics.text().unwrap_or_default(),
            }
        })
    };
    server::serve(address, handler).await.map_err(|error| OperatorError::Listen {
        flag: "--metrics-addr",
        address,
        error,
    })
}
