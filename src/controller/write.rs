//! Writing a status: one server-side apply, guarded by the resource version, within a time limit, and what its failures mean.

use std::fmt::Debug;
use std::time::Duration;

use kube::api::{GetParams, Patch, PatchParams, ValidationDirective};
use kube::core::{NamespaceResourceScope, PartialObjectMeta, Request};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::{ConferenceReport, FIELD_MANAGER};
use crate::source::Throttled;

use super::schedule::BACKOFF_LONGEST;

/// Asks for the metadata of what was written only: the operator knows the rest.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Which object is written.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// UID. An object that was deleted and made anew in the meantime must not get the old one's status.
    pub uid: &'a str,
}

/// Why a status was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The object is gone, or another one has its name. Nothing is left to do.
    #[error("the object is gone")]
    Gone,
    /// No answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The API server refused it.
    #[error("the API server answered {code}: {message}")]
    Refused {
        /// Status code.
        code: u16,
        /// Its words.
        message: String,
        /// The least time to wait, where it named one.
        after: Option<Duration>,
    },
    /// The API server was not reached, or its answer not understood.
    #[error("{0}")]
    Failed(String),
}

impl WriteError {
    /// The `outcome` label of the metric.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::TimedOut(_) => "timeout",
            Self::Refused { code: 409, .. } => "conflict",
            Self::Refused { .. } if self.is_final() => "refused",
            Self::Refused { .. } | Self::Failed(_) => "error",
        }
    }

    /// Whether the API server refuses the status as it is, or the right to write it: trying again helps only when something else changes.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { code: 400 | 401 | 403 | 413 | 422, .. })
    }

    /// The least time to wait, where the API server named one; never more than the longest wait of our own.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Refused { after, .. } => after.map(|after| after.min(BACKOFF_LONGEST)),
            _ => None,
        }
    }
}

/// Applies a status as a whole: fields that are not in it any more are removed. Gives the resource version of the write; none where the status
/// stands already.
///
/// `version` is the newest that is known of the object. It guards the write: a status subresource ignores a UID in what is applied, so that
/// only the version tells the API server which object is meant. If somebody has changed the object since, it is read, and the same object
/// gets what `anew` makes of it: a status, or [`Anew::Conflict`] where what was found out no longer holds for it. Another object of
/// the same name gets none.
///
/// # Errors
/// See [`WriteError`]; a conflict also where `anew` says so.
pub async fn apply<K, S: Serialize>(
    client: &Client,
    target: Target<'_>,
    version: &str,
    status: &S,
    limit: Duration,
    anew: impl Fn(&K) -> Anew<S>,
) -> Result<Option<String>, WriteError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
{
    let guarded = async {
        let conflict = match patch::<K>(client, target, version, status).await {
            Err(refused @ WriteError::Refused { code: 409, .. }) => refused,
            other => return other,
        };
        let (current, live) = read::<K>(client, target).await?;
        if current == version {
            return Err(conflict);
        }
        match anew(&live) {
            Anew::Same => patch::<K>(client, target, &current, status).await,
            Anew::Other(status) => patch::<K>(client, target, &current, &status).await,
            Anew::Stands => Ok(None),
            Anew::Conflict => Err(conflict),
        }
    };
    tokio::time::timeout(limit, guarded).await.unwrap_or(Err(WriteError::TimedOut(limit)))
}

/// What an object that somebody has changed in between is to get.
#[derive(Debug)]
pub enum Anew<S> {
    /// The status all the same.
    Same,
    /// Another one, that follows from what the object says now.
    Other(S),
    /// Nothing: it says so already.
    Stands,
    /// Nothing: what was found out is of another time.
    Conflict,
}

/// The conditions of a report's status but those of these types, as they stand; none where none of these is there.
///
/// # Errors
/// See [`WriteError`]; a conflict where the report is in another version than this.
pub async fn conditions_without(
    client: &Client,
    target: Target<'_>,
    version: &str,
    types: &[String],
    limit: Duration,
) -> Result<Option<Vec<Value>>, WriteError> {
    let path = ConferenceReport::url_path(&(), Some(target.namespace));
    let request = Request::new(path)
        .get(target.name, &GetParams::default())
        .map_err(|error| WriteError::Failed(error.to_string()))?;
    let mut live = match tokio::time::timeout(limit, client.request::<Value>(request)).await {
        Ok(live) => live.map_err(|error| classify(&error))?,
        Err(_) => return Err(WriteError::TimedOut(limit)),
    };
    if live["metadata"]["uid"] != target.uid {
        return Err(WriteError::Gone);
    }
    if live["metadata"]["resourceVersion"] != version {
        let message = "the report has changed in between".to_owned();
        return Err(WriteError::Refused { code: 409, message, after: None });
    }
    let Value::Array(all) = live["status"]["conditions"].take() else { return Ok(None) };
    let is_one = |condition: &Value| types.iter().any(|type_| condition["type"] == **type_);
    let (found, others): (Vec<Value>, Vec<Value>) = all.into_iter().partition(is_one);
    Ok((!found.is_empty()).then_some(others))
}

/// Leaves just these conditions in a report's status, whoever put the others there: applying a status takes out one's own only. Nothing else
/// is changed, so that nothing else is owned afterwards. Gives the resource version of the write.
///
/// # Errors
/// See [`WriteError`]; a conflict where the report is in another version than this.
pub async fn leave_conditions(
    client: &Client,
    target: Target<'_>,
    version: &str,
    conditions: &[Value],
    limit: Duration,
) -> Result<Option<String>, WriteError> {
    let patch = json!({"metadata": {"resourceVersion": version}, "status": {"conditions": conditions}});
    let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let api: Api<ConferenceReport> = Api::namespaced(client.clone(), target.namespace);
    let patch = Patch::Merge(&patch);
    match tokio::time::timeout(limit, api.patch_status(target.name, &parameters, &patch)).await {
        Ok(patched) => Ok(patched.map_err(|error| classify(&error))?.metadata.resource_version),
        Err(_) => Err(WriteError::TimedOut(limit)),
    }
}

/// The operator ignores warnings about unknown fields, so the API server need not look for any, which it would by reading all anew.
fn parameters() -> PatchParams {
    PatchParams::apply(FIELD_MANAGER).force().validation(ValidationDirective::Ignore)
}

/// What is sent. Written out as it is, without a tree of JSON values in between: a status has up to 32 KiB.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, S> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    status: &'a S,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    name: &'a str,
    namespace: &'a str,
    resource_version: &'a str,
}

async fn patch<K>(
    client: &Client,
    target: Target<'_>,
    version: &str,
    status: &impl Serialize,
) -> Result<Option<String>, WriteError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned,
{
    let body = Body {
        api_version: &K::api_version(&()),
        kind: &K::kind(&()),
        metadata: Metadata { name: target.name, namespace: target.namespace, resource_version: version },
        status,
    };
    let mut request = Request::new(K::url_path(&(), Some(target.namespace)))
        .patch_subresource("status", target.name, &parameters(), &Patch::Apply(&body))
        .map_err(|error| WriteError::Failed(error.to_string()))?;
    request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static(METADATA_ONLY));
    let written = client.request::<PartialObjectMeta<K>>(request).await.map_err(|error| classify(&error))?;
    Ok(written.metadata.resource_version)
}

/// The object as it is now, if it is still the same, and its version.
async fn read<K>(client: &Client, target: Target<'_>) -> Result<(String, K), WriteError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), target.namespace);
    let object = api.get(target.name).await.map_err(|error| classify(&error))?;
    match object.meta().resource_version.clone() {
        Some(version) if object.meta().uid.as_deref() == Some(target.uid) => Ok((version, object)),
        _ => Err(WriteError::Gone),
    }
}

fn classify(error: &kube::Error) -> WriteError {
    if let Some(throttled) = Throttled::of(error) {
        let message = "it asks for patience".to_owned();
        return WriteError::Refused { code: throttled.status, message, after: Some(throttled.after) };
    }
    let kube::Error::Api(status) = error else {
        return WriteError::Failed(error.to_string());
    };
    if status.code == 404 {
        return WriteError::Gone;
    }
    let seconds = status.details.as_ref().map(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
    WriteError::Refused {
        code: status.code,
        message: status.message.chars().take(500).collect(),
        after: seconds.map(|seconds| Duration::from_secs(u64::from(seconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn api(code: u16, message: &str) -> WriteError {
        classify(&kube::Error::Api(Box::new(Status { code, message: message.into(), ..Status::default() })))
    }

    #[test]
    fn an_object_that_is_gone_is_no_failure_and_the_others_are_told_apart() {
        assert_eq!(api(404, "not found"), WriteError::Gone);
        assert_eq!(api(409, "the object has been modified").label(), "conflict");
        assert_eq!(api(422, "status.words: Invalid value").label(), "refused");
        assert_eq!(api(413, "request entity too large").label(), "refused");
        assert_eq!(api(403, "exceeded quota").label(), "refused");
        assert_eq!(api(500, "etcdserver: request timed out").label(), "error");
        let throttled = Throttled { status: 429, after: Duration::from_secs(9) };
        let throttled = classify(&kube::Error::Service(throttled.into()));
        assert_eq!((throttled.label(), throttled.after()), ("error", Some(Duration::from_secs(9))));
        let patient = Throttled { status: 503, after: Duration::from_secs(86_400) };
        assert_eq!(classify(&kube::Error::Service(patient.into())).after(), Some(BACKOFF_LONGEST));
        assert_eq!(WriteError::TimedOut(Duration::from_secs(1)).label(), "timeout");
    }
}
