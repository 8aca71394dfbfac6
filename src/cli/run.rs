//! `run`: the operator. Turns flags into settings and hands over.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

use crate::controller::schedule::parse_duration;
use crate::runtime::config::{Settings, WatchConfigMaps};
use crate::runtime::telemetry::{self, LogFormat};
use crate::runtime::{operator, shutdown};
use crate::source::http::HttpSettings;
use crate::source::http::policy::{HostPattern, Policy};
use crate::source::http::proxy::{Proxies, ProxyError};

/// Flags of `run`. Each may also be given as an environment variable.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Namespaces to watch, separated by commas; all where none is given
    #[arg(long, env = "WATCH_NAMESPACES", value_delimiter = ',', value_name = "NAMESPACE")]
    watch_namespaces: Vec<String>,

    /// Which ConfigMaps are watched; those that are not are read once an interval
    #[arg(long, env = "WATCH_CONFIGMAPS", value_enum, ignore_case = true, default_value_t = WatchConfigMaps::All)]
    watch_configmaps: WatchConfigMaps,

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
    health_addr: SocketAddr,

    /// Address where /metrics is served; 0 for nowhere
    #[arg(long, env = "METRICS_ADDR", default_value = ":8080", value_parser = optional_address)]
    metrics_addr: Address,

    /// Form of the logs
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// What is logged where RUST_LOG is not set: error, warn, info, debug or trace
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    log_level: String,

    /// Name of the pod, for events
    #[arg(long, env = "POD_NAME", hide = true)]
    pod_name: Option<String>,
}

/// An address that may be none.
#[derive(Clone, Copy, Debug)]
struct Address(Option<SocketAddr>);

impl RunArgs {
    fn settings(self) -> Result<Settings, ProxyError> {
        let proxies = if self.http_proxy_from_environment { Some(Proxies::from_environment()?) } else { None };
        // At least a quarter of the places is kept for reports that do not wait for foreign servers.
        let most_fetches = (self.concurrency * 3 / 4).max(1);
        Ok(Settings {
            namespaces: self.watch_namespaces.into_iter().filter(|name| !name.is_empty()).collect(),
            watch_config_maps: self.watch_configmaps,
            concurrency: self.concurrency,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
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
                max_bytes: self.max_text_bytes,
                max_in_flight: usize::from(self.http_max_in_flight.unwrap_or(most_fetches).min(most_fetches)),
                max_per_host: usize::from(self.http_max_per_host),
                ..HttpSettings::default()
            },
            health_addr: self.health_addr,
            metrics_addr: self.metrics_addr.0,
            instance: self.pod_name,
        })
    }
}

/// Runs the operator. 0 after a signal, 1 when it cannot start or a part of it ended.
pub(super) fn execute(args: RunArgs) -> ExitCode {
    if let Err(error) = telemetry::start(args.log_format, &args.log_level) {
        return super::fail(error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(error),
    };
    let ended = runtime.block_on(run(args));
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
pub async fn run(args: RunArgs) -> Result<(), Box<dyn std::error::Error>> {
    let stop = shutdown::on_signal()?;
    Ok(operator::run(args.settings()?, stop).await?)
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a duration such as 30s, 500ms or 1m30s".to_owned())
}

/// Reads an address; one without a host, such as `:8080`, means all of the machine's, IPv6 and IPv4 alike.
fn address(text: &str) -> Result<SocketAddr, String> {
    let full = if text.starts_with(':') { format!("[::]{text}") } else { text.to_owned() };
    full.parse().map_err(|_| "write an address such as :8080, 127.0.0.1:8080 or [::1]:8080".to_owned())
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

    fn parse(flags: &[&str]) -> Result<Settings, clap::Error> {
        Line::try_parse_from(["run"].iter().chain(flags)).map(|line| line.args.settings().unwrap())
    }

    #[test]
    fn without_flags_all_namespaces_are_watched_and_nothing_private_may_be_reached() {
        let settings = parse(&[]).unwrap();
        assert!(settings.namespaces.is_empty());
        assert_eq!(settings.concurrency, 16);
        assert_eq!((settings.http.max_in_flight, settings.http.max_per_host), (12, 4));
        assert!(settings.http.proxies.is_none(), "proxies are for those who ask for them");
        assert_eq!(settings.watch_config_maps, WatchConfigMaps::All);
        assert_eq!(settings.health_addr.port(), 8081);
        assert_eq!(settings.metrics_addr.map(|address| address.port()), Some(8080));
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
            "--health-addr=127.0.0.1:9",
        ])
        .unwrap();
        assert_eq!(settings.namespaces, ["a", "b"]);
        assert_eq!(settings.watch_config_maps, WatchConfigMaps::Labelled);
        assert_eq!((settings.http.max_in_flight, settings.http.max_per_host), (12, 2), "a quarter stays free");
        assert_eq!(settings.http.policy.allow_ports, [8443]);
        assert_eq!((settings.metrics_addr, settings.health_addr.to_string()), (None, "127.0.0.1:9".into()));
    }

    #[test]
    fn nonsense_is_refused() {
        for flag in
            ["--concurrency=0", "--api-timeout=soon", "--api-timeout=0s", "--health-addr=8081", "--http-allow-cidr=x"]
        {
            assert!(parse(&[flag]).is_err(), "{flag}");
        }
    }
}
