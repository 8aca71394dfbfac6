//! `run`: the operator. Turns flags into settings and hands over.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;
use kube::core::Selector;

use crate::api::FIELD_MANAGER;
use crate::controller::schedule::parse_duration;
use crate::runtime::config::{Settings, WatchConfigMaps};
use crate::runtime::lease::{self, Election};
use crate::runtime::queue::Shares;
use crate::runtime::server::Listen;
use crate::runtime::telemetry::{self, LogFormat};
use crate::runtime::traces::{Collector, Traces};
use crate::runtime::{leader, operator, selector, shutdown};
use crate::source::http::HttpSettings;
use crate::source::http::policy::{HostPattern, Policy};
use crate::source::http::proxy::Proxies;

/// The most threads that wait for the network.
const MOST_NETWORK_THREADS: usize = 4;
/// The most threads for looking up names of hosts, which blocks. A look that was given up keeps its thread until the resolver ends it, so
/// there are enough that silent name servers leave room for the analysis; threads without work end.
const LOOKUP_THREADS: usize = 32;

/// Flags of `run`. Each may also be given as an environment variable.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Namespaces to watch, separated by commas; all where none is given
    #[arg(long, env = "WATCH_NAMESPACES", value_delimiter = ',', value_name = "NAMESPACE")]
    watch_namespaces: Vec<String>,

    /// Which ConfigMaps are watched; those that are not are read once an interval
    #[arg(long, env = "WATCH_CONFIGMAPS", value_enum, ignore_case = true, default_value_t = WatchConfigMaps::All)]
    watch_configmaps: WatchConfigMaps,
    /// Labels of the reports that this instance works on, for example sharding.fluxcd.io/key=shard1; all where none is given
    #[arg(long, env = "WATCH_LABEL_SELECTOR", default_value = "", hide_default_value = true, value_name = "SELECTOR", value_parser = selector::parse)]
    watch_label_selector: Selector,

    /// Agree with other replicas, by a Lease, on the one that works; the others stand by
    #[arg(long, env = "ENABLE_LEADER_ELECTION", default_value_t = false, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    enable_leader_election: bool,

    /// How long other replicas leave a lease alone that is not renewed
    #[arg(long, env = "LEADER_ELECTION_LEASE_DURATION", default_value = "35s", value_name = "DURATION", value_parser = duration)]
    leader_election_lease_duration: Duration,

    /// How long the leader tries to renew its lease before it ends
    #[arg(long, env = "LEADER_ELECTION_RENEW_DEADLINE", default_value = "30s", value_name = "DURATION", value_parser = duration)]
    leader_election_renew_deadline: Duration,

    /// Pause between tries to take or to renew the lease
    #[arg(long, env = "LEADER_ELECTION_RETRY_PERIOD", default_value = "5s", value_name = "DURATION", value_parser = duration)]
    leader_election_retry_period: Duration,

    /// Namespace of the lease; the pod's own where none is given
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,

    /// Have lists delivered by watches, which takes less memory; needs Kubernetes 1.34 or newer
    #[arg(long, env = "STREAMING_LISTS", default_value_t = false, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    streaming_lists: bool,

    /// How many reports are worked on at a time
    #[arg(long, env = "CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,

    /// The longest time that the analysis of one text may take
    #[arg(long, env = "ANALYSIS_TIMEOUT", default_value = "30s", value_parser = duration)]
    analysis_timeout: Duration,

    /// The longest time that one request to the Kubernetes API may take
    #[arg(long, env = "API_TIMEOUT", default_value = "15s", value_parser = duration)]
    api_timeout: Duration,

    /// How long work that is going on may take to end after SIGTERM; shorter than the pod's termination grace period
    #[arg(long, env = "SHUTDOWN_GRACE", default_value = "20s", value_parser = duration)]
    shutdown_grace: Duration,

    /// The most bytes of a text, after decompression
    #[arg(long, env = "MAX_TEXT_BYTES", default_value_t = 2 * 1024 * 1024, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1024..=64 * 1024 * 1024))]
    max_text_bytes: u64,

    /// Hosts that URLs may point to whatever address they have; *.example.org for all names below it
    #[arg(long, env = "HTTP_ALLOW_HOST", value_delimiter = ',', value_name = "HOST")]
    http_allow_host: Vec<HostPattern>,

    /// Address ranges that URLs may point to although they are not public, for example 10.20.0.0/16
    #[arg(long, env = "HTTP_ALLOW_CIDR", value_delimiter = ',', value_name = "CIDR")]
    http_allow_cidr: Vec<IpNet>,

    /// Hosts that URLs must not point to; stronger than what is allowed
    #[arg(long, env = "HTTP_DENY_HOST", value_delimiter = ',', value_name = "HOST")]
    http_deny_host: Vec<HostPattern>,

    /// Ports that URLs may point to, beside 80 and 443
    #[arg(long, env = "HTTP_ALLOW_PORT", value_delimiter = ',', value_name = "PORT")]
    http_allow_port: Vec<u16>,

    /// The most bytes of a text behind a URL, after decompression; --max-text-bytes where it is not given
    #[arg(long, env = "HTTP_MAX_BYTES", value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1024..=64 * 1024 * 1024))]
    http_max_bytes: Option<u64>,

    /// The most fetches of URLs at a time; three quarters of --concurrency where it is not given, and never more
    #[arg(long, env = "HTTP_MAX_IN_FLIGHT", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    http_max_in_flight: Option<u16>,

    /// The most fetches of URLs at a time from one host
    #[arg(long, env = "HTTP_MAX_PER_HOST", value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    http_max_per_host: u16,

    /// Fetch URLs through the proxies that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name
    #[arg(long, env = "HTTP_PROXY_FROM_ENVIRONMENT")]
    http_proxy_from_environment: bool,

    /// Address where /livez and /readyz are served
    #[arg(long, env = "HEALTH_ADDR", default_value = ":8081", value_parser = address)]
    health_addr: Listen,

    /// Address where /metrics is served; 0 for nowhere
    #[arg(long, env = "METRICS_ADDR", default_value = ":8080", value_parser = optional_address)]
    metrics_addr: Address,

    /// Form of the logs
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// What is logged where RUST_LOG is not set: error, warn, info, debug or trace
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    log_level: String,

    /// Collector that traces are sent to by OTLP over HTTP, for example http://collector.monitoring:4318; none where it is not given
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "ADDRESS")]
    otlp_endpoint: Option<Collector>,

    /// Name of the pod, for events
    #[arg(long, env = "POD_NAME", hide = true)]
    pod_name: Option<String>,
}

/// An address that may be none.
#[derive(Clone, Copy, Debug)]
struct Address(Option<Listen>);

impl RunArgs {
    /// The settings that the flags stand for.
    ///
    /// # Errors
    /// Which flags do not fit together.
    fn settings(self) -> Result<Settings, String> {
        let proxies = if self.http_proxy_from_environment {
            Some(Proxies::from_environment().map_err(|error| error.to_string())?)
        } else {
            None
        };
        // At least a quarter of the places is kept for reports that do not wait for foreign servers.
        let most_fetches = Shares::most_urls(self.concurrency.into());
        let namespaces: Vec<String> = self.watch_namespaces.into_iter().filter(|name| !name.is_empty()).collect();
        let identity = leader::identity(self.pod_name.as_deref());
        let election = self.enable_leader_election.then(|| Election {
            name: lease::name(FIELD_MANAGER, &namespaces, &self.watch_label_selector),
            namespace: self.leader_election_namespace.filter(|name| !name.is_empty()),
            identity: identity.clone(),
            lease_duration: self.leader_election_lease_duration,
            renew_deadline: self.leader_election_renew_deadline,
            retry_period: self.leader_election_retry_period,
        });
        election.as_ref().map_or(Ok(()), Election::check)?;
        Ok(Settings {
            namespaces,
            watch_config_maps: self.watch_configmaps,
            selector: self.watch_label_selector,
            streaming_lists: self.streaming_lists,
            election,
            concurrency: self.concurrency,
            max_fetches: self.http_max_in_flight.map_or(most_fetches, usize::from).min(most_fetches),
            cores: cores(),
            analysis_timeout: self.analysis_timeout,
            api_timeout: self.api_timeout,
            grace: self.shutdown_grace,
            max_bytes: self.max_text_bytes,
            http: HttpSettings {
                policy: Policy {
                    allow_cidrs: self.http_allow_cidr,
                    allow_hosts: self.http_allow_host,
                    deny_hosts: self.http_deny_host,
                    allow_ports: self.http_allow_port,
                },
                proxies,
                max_bytes: self.http_max_bytes.unwrap_or(self.max_text_bytes),
                max_per_host: usize::from(self.http_max_per_host),
                ..HttpSettings::default()
            },
            health_addr: self.health_addr,
            metrics_addr: self.metrics_addr.0,
            instance: self.pod_name,
            identity,
        })
    }
}

/// The threads that wait for the network, of which a few serve thousands of reports, and those for work that keeps a processor busy: one
/// for each core that is granted, which a quota of the container counts for, and as many as needed for looking up names of hosts.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = cores();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(MOST_NETWORK_THREADS))
        .max_blocking_threads(cores + LOOKUP_THREADS)
        .enable_all()
        .build()
}

/// Cores that the process may use at a time.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs the operator. 0 after a signal, 1 when it cannot start, a part of it ended or its lease was lost, 2 for flags that do not fit.
pub(super) fn execute(args: RunArgs) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(error),
    };
    let collector = args.otlp_endpoint.as_ref();
    let traces = match collector.map(|collector| Traces::start(collector, runtime.handle().clone())).transpose() {
        Ok(traces) => traces,
        Err(error) => return super::fail(error),
    };
    if let Err(error) = telemetry::start(args.log_format, &args.log_level, traces.as_ref()) {
        return super::fail(error);
    }
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let ended = runtime.block_on(run(settings));
    if let Some(traces) = traces {
        traces.stop();
    }
    // An analysis that is still going on has no place to go back to; the process need not wait for it.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "ended");
            ExitCode::FAILURE
        }
    }
}

/// Runs the operator until a signal comes.
///
/// # Errors
/// When it cannot start, or a part of it ended.
async fn run(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let stop = shutdown::on_signal()?;
    Ok(operator::run(settings, stop).await?)
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a duration such as 30s, 500ms or 1m30s".to_owned())
}

fn address(text: &str) -> Result<Listen, String> {
    text.parse()
}

fn optional_address(text: &str) -> Result<Address, String> {
    if text == "0" { Ok(Address(None)) } else { address(text).map(|address| Address(Some(address))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RunArgs,
    }

    fn parse(flags: &[&str]) -> Result<Settings, String> {
        Line::try_parse_from(["run"].iter().chain(flags)).map_err(|error| error.to_string())?.args.settings()
    }

    #[test]
    fn without_flags_all_namespaces_are_watched_and_nothing_private_may_be_reached() {
        let settings = parse(&[]).unwrap();
        assert!(settings.namespaces.is_empty());
        assert_eq!(settings.concurrency, 16);
        assert_eq!((settings.max_fetches, settings.http.max_per_host), (12, 4));
        assert_eq!((settings.max_bytes, settings.http.max_bytes), (2 << 20, 2 << 20));
        assert!(settings.http.proxies.is_none(), "proxies are for those who ask for them");
        assert_eq!(settings.watch_config_maps, WatchConfigMaps::All);
        assert_eq!(settings.health_addr, Listen::Everywhere(8081));
        assert_eq!(settings.metrics_addr, Some(Listen::Everywhere(8080)));
        assert!(settings.election.is_none() && settings.selector.selects_all());
        assert!(settings.http.policy.allow_cidrs.is_empty() && settings.http.policy.allow_hosts.is_empty());
    }

    #[test]
    fn lists_and_addresses_are_read() {
        let settings = parse(&[
            "--watch-namespaces=a,b",
            "--http-allow-cidr=10.0.0.0/8",
            "--http-allow-host=localhost",
            "--http-allow-port=8443",
            "--metrics-addr=0",
            "--watch-configmaps=Labelled",
            "--http-max-in-flight=100",
            "--http-max-per-host=2",
            "--http-max-bytes=65536",
            "--health-addr=127.0.0.1:9",
        ])
        .unwrap();
        assert_eq!(settings.namespaces, ["a", "b"]);
        assert_eq!(settings.watch_config_maps, WatchConfigMaps::Labelled);
        assert_eq!((settings.max_bytes, settings.http.max_bytes), (2 << 20, 65_536));
        assert_eq!((settings.max_fetches, settings.http.max_per_host), (12, 2), "a quarter stays free");
        assert_eq!(settings.http.policy.allow_ports, [8443]);
        assert_eq!((settings.metrics_addr, settings.health_addr.to_string()), (None, "127.0.0.1:9".into()));
    }

    #[test]
    fn leader_election_is_as_in_flux() {
        let of = |flags: &[&str]| parse(flags).unwrap().election;
        let election = of(&["--enable-leader-election"]).unwrap();
        assert_eq!(election.name, "conference-report-operator");
        assert_eq!(
            [election.lease_duration, election.renew_deadline, election.retry_period].map(|d| d.as_secs()),
            [35, 30, 5]
        );
        let shard =
            of(&["--enable-leader-election=true", "--watch-label-selector=sharding.fluxcd.io/key in (a,b)"]).unwrap();
        assert!(shard.name.starts_with("conference-report-operator-"), "{}", shard.name);
        assert!(of(&["--enable-leader-election=false"]).is_none());
        let error = parse(&["--enable-leader-election", "--leader-election-renew-deadline=40s"]).unwrap_err();
        assert!(error.contains("--leader-election-renew-deadline"), "{error}");
    }

    #[test]
    fn nonsense_is_refused() {
        for flag in [
            "--concurrency=0",
            "--api-timeout=soon",
            "--api-timeout=0s",
            "--health-addr=8081",
            "--http-allow-cidr=x",
            "--watch-label-selector=a in b",
        ] {
            assert!(parse(&[flag]).is_err(), "{flag}");
        }
    }
}
