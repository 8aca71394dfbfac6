//! The text in a key of a ConfigMap. One GET by name; what to take from it is decided by a pure function.
//!
//! Where a watch has shown the ConfigMap and nobody has asked for a look at it, any version that is not older than the one shown will do:
//! the API server answers that from its memory, which takes it a third less work than asking etcd. Whatever is newer, the watch tells of.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::GetParams;
use kube::{Api, Client};

use super::{FetchError, Fetched, revision_of};
use crate::api::ConfigMapSource;

/// Reads the ConfigMap, in a version that is `not_older_than` the one given if there is one, and takes the text from it.
///
/// # Errors
/// The ConfigMap or the key is missing or ambiguous, the text is empty or larger than `max_bytes`, or the API failed.
pub async fn fetch(
    client: &Client,
    namespace: &str,
    reference: &ConfigMapSource,
    not_older_than: Option<&str>,
    max_bytes: u64,
    time_limit: Duration,
) -> Result<Fetched, FetchError> {
    let action = || format!("read ConfigMap {:?}", reference.name);
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    match tokio::time::timeout(time_limit, read(&api, &reference.name, not_older_than)).await {
        Ok(Ok(Some(map))) => pick(map, reference, max_bytes),
        Ok(Ok(None)) => Err(FetchError::ConfigMapNotFound { name: reference.name.clone() }),
        Ok(Err(error)) => Err(FetchError::api(action(), &error)),
        Err(_) => Err(FetchError::api_timeout(action(), time_limit)),
    }
}

async fn read(api: &Api<ConfigMap>, name: &str, not_older_than: Option<&str>) -> kube::Result<Option<ConfigMap>> {
    let Some(version) = not_older_than else {
        return api.get_opt(name).await;
    };
    match api.get_with(name, &GetParams::at(version)).await {
        Ok(map) => Ok(Some(map)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        // Another API server than the one that is watched may lag behind it for longer than it lets anybody wait.
        Err(kube::Error::Api(status)) if status.code == 504 => api.get_opt(name).await,
        Err(error) => Err(error),
    }
}

/// Takes the text from the key that is named, or from the only one, under `data` or `binaryData`.
pub(crate) fn pick(map: ConfigMap, reference: &ConfigMapSource, max_bytes: u64) -> Result<Fetched, FetchError> {
    let mut data = map.data.unwrap_or_default();
    let mut binary = map.binary_data.unwrap_or_default();
    // The API server keeps data and binaryData from sharing a key.
    let mut available: Vec<String> = data.keys().chain(binary.keys()).cloned().collect();
    available.sort_unstable();

    let name = || reference.name.clone();
    let key = match (&reference.key, available.as_slice()) {
        (Some(key), _) => key.clone(),
        (None, [only]) => only.clone(),
        (None, []) => return Err(FetchError::KeyNotFound { name: name(), key: None, available }),
        (None, _) => return Err(FetchError::KeyAmbiguous { name: name(), available }),
    };
    let (bytes, charset) = match (data.remove(&key), binary.remove(&key)) {
        (Some(text), _) => (text.into_bytes(), Some("utf-8".to_owned())),
        (None, Some(bytes)) => (bytes.0, None),
        (None, None) => return Err(FetchError::KeyNotFound { name: name(), key: Some(key), available }),
    };
    if bytes.is_empty() {
        return Err(FetchError::EmptySource { origin: format!("key {key:?} of ConfigMap {:?}", reference.name) });
    }
    if bytes.len() as u64 > max_bytes {
        return Err(FetchError::TooLarge { limit: max_bytes });
    }
    Ok(Fetched {
        revision: revision_of(&bytes),
        bytes,
        media_type: None,
        charset,
        file_name: Some(key),
        etag: None,
        last_modified: None,
        config_map: map.metadata.uid.zip(map.metadata.resource_version),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;
    use kube::core::ObjectMeta;

    fn map(data: &[(&str, &str)], binary: &[(&str, &[u8])]) -> ConfigMap {
        ConfigMap {
            metadata: ObjectMeta { uid: Some("u".into()), resource_version: Some("7".into()), ..ObjectMeta::default() },
            data: Some(data.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
            binary_data: Some(binary.iter().map(|(k, v)| ((*k).to_owned(), ByteString(v.to_vec()))).collect()),
            ..ConfigMap::default()
        }
    }

    fn reference(key: Option<&str>) -> ConfigMapSource {
        ConfigMapSource { name: "x".into(), key: key.map(str::to_owned) }
    }

    #[test]
    fn the_named_or_the_only_key_is_taken_from_data_and_from_binary_data() {
        let both = map(&[("a.md", "tekst")], &[("b.txt", b"\xffbytes")]);
        let named = pick(both.clone(), &reference(Some("b.txt")), 100).unwrap();
        assert_eq!((named.bytes.as_slice(), named.charset), (b"\xffbytes".as_slice(), None));
        assert_eq!(named.config_map, Some(("u".into(), "7".into())));
        let only = pick(map(&[("a.md", "tekst")], &[]), &reference(None), 100).unwrap();
        assert_eq!((only.file_name.as_deref(), only.bytes.as_slice()), (Some("a.md"), b"tekst".as_slice()));
        assert_eq!(only.charset.as_deref(), Some("utf-8"));
    }

    #[test]
    fn what_is_wrong_with_the_key_is_told_apart() {
        let two = || map(&[("a.txt", "1"), ("b.md", "2")], &[]);
        let names: Vec<String> = vec!["a.txt".into(), "b.md".into()];
        assert_eq!(
            pick(two(), &reference(None), 100),
            Err(FetchError::KeyAmbiguous { name: "x".into(), available: names.clone() })
        );
        assert_eq!(
            pick(two(), &reference(Some("report.md")), 100),
            Err(FetchError::KeyNotFound { name: "x".into(), key: Some("report.md".into()), available: names })
        );
        assert_eq!(
            pick(ConfigMap::default(), &reference(None), 100),
            Err(FetchError::KeyNotFound { name: "x".into(), key: None, available: vec![] })
        );
        assert!(matches!(pick(map(&[("a", "")], &[]), &reference(None), 9), Err(FetchError::EmptySource { .. })));
        assert_eq!(pick(map(&[("a", "1234")], &[]), &reference(None), 3), Err(FetchError::TooLarge { limit: 3 }));
    }
}
