//! A report as a watch delivers it, read without what the reconcilers never look at: of the status only the small parts that decide what
//! is to be done, of the metadata no labels, owners or managed fields. Lists and watches of thousands of reports so take little memory
//! and time, since most of a report's bytes are skipped where they arrive.
//!
//! A report that cannot be read is kept as such, with its name, so that one of them does not keep a list from being read.

use std::borrow::Cow;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use kube::core::error_boundary::InvalidObject;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::api::{ConferenceReport, ConferenceReportSpec, ConferenceReportStatus, REQUESTED_AT_ANNOTATION};

use super::known::own;

/// The most bytes of a request. It is answered by repeating it in the status, which has room for a time or a name, not for the 256 KiB that
/// annotations may have. A longer one counts as none.
const REQUEST_LIMIT: usize = 256;

/// A report, or why it cannot be read.
#[derive(Clone, Debug)]
pub struct Seen(pub Result<ConferenceReport, InvalidObject>);

/// What is read of a report. Whether it says what it should is looked at afterwards, report by report.
#[derive(Deserialize)]
struct Wire {
    metadata: WireMetadata,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Part,
}

/// A status as it arrives.
#[derive(Default)]
enum Part {
    #[default]
    Missing,
    /// The few fields that are looked at; the others are skipped without being kept even for a moment.
    Read(Box<WireStatus>),
    /// Something that is no object.
    Odd,
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Part, A::Error> {
        WireStatus::deserialize(MapAccessDeserializer::new(map)).map(|status| Part::Read(Box::new(status)))
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Missing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Part, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Part::Odd)
    }

    fn visit_str<E>(self, _: &str) -> Result<Part, E> {
        Ok(Part::Odd)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Part, E> {
        Ok(Part::Odd)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Part, E> {
        Ok(Part::Odd)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Part, E> {
        Ok(Part::Odd)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Part, E> {
        Ok(Part::Odd)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

impl Part {
    fn read(self) -> Result<Option<ConferenceReportStatus>, String> {
        match self {
            Self::Missing => Ok(None),
            Self::Read(status) => status.read().map(Some).map_err(|error| error.to_string()),
            Self::Odd => Err("it is no object".to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMetadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    deletion_timestamp: Option<Time>,
    annotations: Option<WireAnnotations>,
}

#[derive(Deserialize)]
struct WireAnnotations {
    // The name of REQUESTED_AT_ANNOTATION; a test holds them together.
    #[serde(rename = "reconcile.fluxcd.io/requestedAt")]
    requested_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireStatus {
    observed_generation: Value,
    last_handled_reconcile_at: Value,
    conditions: Value,
    source: Value,
    analyzer_version: Value,
    catalog_revision: Value,
}

impl WireMetadata {
    fn read(self) -> ObjectMeta {
        let requested_at = self.annotations.and_then(|annotations| annotations.requested_at);
        let requested_at = requested_at.filter(|value| value.len() <= REQUEST_LIMIT);
        ObjectMeta {
            name: self.name,
            namespace: self.namespace,
            uid: self.uid,
            resource_version: self.resource_version,
            generation: self.generation,
            deletion_timestamp: self.deletion_timestamp,
            annotations: requested_at.map(|value| [(REQUESTED_AT_ANNOTATION.to_owned(), value)].into()),
            ..ObjectMeta::default()
        }
    }
}

impl WireStatus {
    fn read(self) -> Result<ConferenceReportStatus, serde_json::Error> {
        let fields = [
            ("observedGeneration", self.observed_generation),
            ("lastHandledReconcileAt", self.last_handled_reconcile_at),
            ("conditions", self.conditions),
            ("source", self.source),
            ("analyzerVersion", self.analyzer_version),
            ("catalogRevision", self.catalog_revision),
        ];
        let present = fields.into_iter().filter(|(_, value)| !value.is_null());
        let fields: Map<String, Value> = present.map(|(name, value)| (name.to_owned(), value)).collect();
        let mut status: ConferenceReportStatus = serde_json::from_value(Value::Object(fields))?;
        status.conditions = own(&status.conditions);
        Ok(status)
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let metadata = wire.metadata.read();
        let spec = serde_json::from_value::<ConferenceReportSpec>(wire.spec);
        let status = wire.status.read();
        Ok(Self(match (spec, status) {
            (Ok(spec), Ok(status)) => Ok(ConferenceReport { metadata, spec, status }),
            (Err(error), _) => Err(InvalidObject { error: format!("spec: {error}"), metadata }),
            (_, Err(error)) => Err(InvalidObject { error: format!("status: {error}"), metadata }),
        }))
    }
}

impl Resource for Seen {
    type DynamicType = ();
    type Scope = <ConferenceReport as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        ConferenceReport::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        ConferenceReport::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        ConferenceReport::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        ConferenceReport::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        match &self.0 {
            Ok(report) => &report.metadata,
            Err(invalid) => &invalid.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.0 {
            Ok(report) => &mut report.metadata,
            Err(invalid) => &mut invalid.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SourceStatus;
    use crate::controller::known::Known;
    use serde_json::json;

    fn seen(report: &Value) -> Seen {
        serde_json::from_str(&report.to_string()).unwrap()
    }

    fn report() -> ConferenceReport {
        let mut report = ConferenceReport::default();
        report.metadata.name = Some("r".into());
        report.metadata.resource_version = Some("7".into());
        report.metadata.labels = Some([("team".to_owned(), "a".to_owned())].into());
        let annotations = [(REQUESTED_AT_ANNOTATION, "now"), ("other", "long")];
        report.metadata.annotations = Some(annotations.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        report.spec.source.inline = Some("a text".into());
        report.status = Some(ConferenceReportStatus {
            observed_generation: Some(4),
            last_handled_reconcile_at: Some("then".into()),
            source: Some(SourceStatus::default()),
            analyzer_version: Some("1".into()),
            catalog_revision: Some("2".into()),
            summary: Some("long".into()),
            ..ConferenceReportStatus::default()
        });
        report
    }

    #[test]
    fn all_that_decides_is_read_and_the_rest_is_not() {
        let whole = report();
        let read = seen(&serde_json::to_value(&whole).unwrap()).0.unwrap();
        assert_eq!(Known::of(read.status.as_ref()), Known::of(whole.status.as_ref()));
        assert_eq!(read.spec, whole.spec);
        assert_eq!((read.metadata.name.as_deref(), read.metadata.resource_version.as_deref()), (Some("r"), Some("7")));
        assert_eq!(read.status.and_then(|status| status.summary), None);
        let annotations = read.metadata.annotations.unwrap();
        assert_eq!(annotations.get(REQUESTED_AT_ANNOTATION).map(String::as_str), Some("now"));
        assert_eq!((annotations.len(), read.metadata.labels), (1, None));
    }

    #[test]
    fn a_request_that_the_status_has_no_room_for_counts_as_none() {
        let request = |value: String| {
            let mut asking = report();
            asking.metadata.annotations = Some([(REQUESTED_AT_ANNOTATION.to_owned(), value)].into());
            let read = seen(&serde_json::to_value(&asking).unwrap()).0.unwrap();
            read.metadata.annotations.and_then(|all| all.get(REQUESTED_AT_ANNOTATION).cloned())
        };
        let (fits, too_long) = ("x".repeat(REQUEST_LIMIT), "x".repeat(REQUEST_LIMIT + 1));
        assert_eq!(request(fits.clone()), Some(fits));
        assert_eq!(request(too_long), None);
    }

    #[test]
    fn a_report_that_cannot_be_read_is_told_by_name_and_leaves_the_others_readable() {
        let mut wrong = serde_json::to_value(report()).unwrap();
        wrong["spec"]["source"] = json!("a word");
        let invalid = seen(&wrong).0.unwrap_err();
        assert_eq!(invalid.metadata.name.as_deref(), Some("r"));
        assert!(invalid.error.starts_with("spec: "), "{}", invalid.error);
        let mut wrong = serde_json::to_value(report()).unwrap();
        wrong["status"]["observedGeneration"] = json!("four");
        assert!(seen(&wrong).0.unwrap_err().error.starts_with("status: "));
        for odd in [json!("done"), json!([["done"], 1]), json!(true), json!(-1), json!(1.5)] {
            wrong["status"] = odd;
            assert_eq!(seen(&wrong).0.unwrap_err().error, "status: it is no object");
        }
        let list: Vec<Seen> = serde_json::from_value(json!([wrong, serde_json::to_value(report()).unwrap()])).unwrap();
        assert!(list[0].0.is_err() && list[1].0.is_ok());
        for none in [json!(null), json!({})] {
            wrong["status"] = none;
            assert_eq!(Known::of(seen(&wrong).0.unwrap().status.as_ref()), Known::of(None));
        }
    }
}
