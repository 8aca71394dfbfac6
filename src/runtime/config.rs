//! The settings of a running operator, as the flags give them. Pure data.

use std::time::Duration;

use kube::core::Selector;

use crate::source::http::HttpSettings;

use super::lease::Election;
use super::server::Listen;

/// How long the API server keeps a watch open. Short, because a connection that died unnoticed shows only when its watch should have
/// ended.
pub const WATCH_TIMEOUT: Duration = Duration::from_secs(60);

/// Which ConfigMaps are watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WatchConfigMaps {
    /// All: a change of any that a report refers to is seen at once.
    #[default]
    #[value(name = "All")]
    All,
    /// Those with the label reconcile.fluxcd.io/watch: Enabled; the others are read once an interval.
    #[value(name = "Labelled")]
    Labelled,
}

impl WatchConfigMaps {
    /// The label selector of the watch.
    pub const fn label_selector(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Labelled => Some("reconcile.fluxcd.io/watch=Enabled"),
        }
    }
}

/// Settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespaces to watch; all where there are none.
    pub namespaces: Vec<String>,
    /// ConfigMaps to watch.
    pub watch_config_maps: WatchConfigMaps,
    /// Which reports are this instance's, by their labels.
    pub selector: Selector,
    /// Whether lists are delivered by watches.
    pub streaming_lists: bool,
    /// How replicas agree on the one that works; none where there is just this one.
    pub election: Option<Election>,
    /// Runs at a time.
    pub concurrency: u16,
    /// Of these, runs on URLs at a time.
    pub max_fetches: usize,
    /// Analyses at a time.
    pub cores: usize,
    /// The longest time for one analysis.
    pub analysis_timeout: Duration,
    /// The longest time for one request to the Kubernetes API.
    pub api_timeout: Duration,
    /// How long the work that is going on may take to end after a signal.
    pub grace: Duration,
    /// Most bytes of a text.
    pub max_bytes: u64,
    /// For URLs.
    pub http: HttpSettings,
    /// Where /livez and /readyz are served.
    pub health_addr: Listen,
    /// Where /metrics is served; nowhere where there is none.
    pub metrics_addr: Option<Listen>,
    /// Name of the pod, for events.
    pub instance: Option<String>,
    /// Name of this process, which no other has.
    pub identity: String,
}
