//! Key pairs: `CreateKeyPair` makes a real key and gives the private half away, `ImportKeyPair` takes a public one.
//! Nobody can log in with them: no machine runs.

mod der;
mod material;

use super::{
    kind,
    listing::{Listing, Record, Tags, write_tags},
    new_id,
    state::State,
    tags,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, iso_time, xml},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

/// A key pair, of which the public half is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeyPair {
    pub(super) id: String,
    pub(super) name: String,
    is_rsa: bool,
    fingerprint: String,
    public: String,
    created: i64,
}

/// `CreateKeyPair`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, is_rsa, new_tags, dry), scope) = operation.query(|params| {
        let name = take_name(params)?;
        let is_rsa = params.one_of("KeyType", &["ed25519", "rsa"])?.is_none_or(|kind| kind == "rsa");
        if params.one_of("KeyFormat", &["pem", "ppk"])?.is_some_and(|format| format == "ppk") {
            return Err(AwsError::not_implemented("ec2", "CreateKeyPair with KeyFormat ppk"));
        }
        Ok((name, is_rsa, tags::take_for(params, &kind::KEY_PAIR)?, super::take_dry_run(params)?))
    })?;
    // Not for nothing: a key takes its time.
    scope.read(|state| check_free(&state.ec2, &name))?;
    super::dry_run(dry)?;
    let made = tokio::task::spawn_blocking(if is_rsa { material::rsa } else { material::ed25519 }).await;
    let made = made.map_err(|error| AwsError::internal(format!("No key was made: {error}.")))?;
    let made = made.map_err(|error| AwsError::internal(format!("No key was made: {error}.")))?;
    let pair = KeyPair {
        id: new_id(kind::KEY_PAIR.prefix)?,
        name,
        is_rsa,
        fingerprint: made.fingerprint,
        public: made.public,
        created: scope.now_millis(),
    };
    keep(&scope, &pair, &new_tags).await?;
    Ok(Output::xml(move |root| {
        write_answer(root, &pair, &new_tags);
        xml::text(root, "keyMaterial", made.private.expose());
    }))
}

/// `ImportKeyPair`.
pub(super) async fn import(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, material, new_tags, dry), scope) = operation.query(|params| {
        let (name, material) = (take_name(params)?, params.required("PublicKeyMaterial")?);
        Ok((name, material, tags::take_for(params, &kind::KEY_PAIR)?, super::take_dry_run(params)?))
    })?;
    let text = BASE64_STANDARD.decode(&material).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let key = text
        .and_then(|text| material::import(&text))
        .ok_or_else(|| AwsError::sender("InvalidKey.Format", "Key is not in valid OpenSSH public key format"))?;
    scope.read(|state| check_free(&state.ec2, &name))?;
    super::dry_run(dry)?;
    let pair = KeyPair {
        id: new_id(kind::KEY_PAIR.prefix)?,
        name,
        is_rsa: key.is_rsa,
        fingerprint: key.fingerprint,
        public: key.public,
        created: scope.now_millis(),
    };
    keep(&scope, &pair, &new_tags).await?;
    Ok(Output::xml(move |root| write_answer(root, &pair, &new_tags)))
}

fn take_name(params: &mut QueryParams) -> Result<String, AwsError> {
    let name = params.required("KeyName")?;
    let is_valid = name.is_ascii() && name.len() <= 255 && name.trim() == name && !name.contains(char::is_control);
    if is_valid {
        return Ok(name);
    }
    let reason = "Expecting up to 255 ASCII characters without spaces at the start or the end.";
    Err(AwsError::invalid_parameter(&name, "keyName", reason))
}

fn check_free(state: &State, name: &str) -> Result<(), AwsError> {
    if state.key_pairs.contains_key(name) {
        return Err(AwsError::sender("InvalidKeyPair.Duplicate", "The keypair already exists"));
    }
    Ok(())
}

async fn keep(scope: &Scope<'_>, pair: &KeyPair, tags: &Tags) -> Result<(), AwsError> {
    let (pair, tags) = (pair.clone(), tags.clone());
    scope
        .change(|state| {
            check_free(&state.ec2, &pair.name)?;
            state.ec2.set_tags(&pair.id, tags);
            state.ec2.key_pairs.insert(pair.name.clone(), pair);
            Ok(())
        })
        .await
}

fn write_answer(root: &mut xml::Element, pair: &KeyPair, tags: &Tags) {
    xml::text(root, "keyPairId", &pair.id);
    xml::text(root, "keyName", &pair.name);
    xml::text(root, "keyFingerprint", &pair.fingerprint);
    write_tags(root, tags);
}

/// `DeleteKeyPair`: a name that nothing has is no error.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, id, dry), scope) = operation.query(|params| {
        let (name, id) = (params.text("KeyName"), params.text("KeyPairId"));
        if name.is_none() && id.is_none() {
            return Err(AwsError::missing_parameter("KeyName"));
        }
        Ok((name, id, super::take_dry_run(params)?))
    })?;
    id.iter().try_for_each(|id| kind::KEY_PAIR.check(id))?;
    let gone = scope
        .change(|state| {
            super::dry_run(dry)?;
            let is_it = |pair: &&KeyPair| id.as_ref().map_or(Some(&pair.name) == name.as_ref(), |id| pair.id == *id);
            let Some(pair) = state.ec2.key_pairs.values().find(is_it).cloned() else { return Ok::<_, AwsError>(None) };
            state.ec2.key_pairs.remove(&pair.name);
            state.ec2.set_tags(&pair.id, Tags::new());
            Ok(Some(pair.id))
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "return", "true");
        if let Some(id) = &gone {
            xml::text(root, "keyPairId", id);
        }
    }))
}

struct Shown {
    pair: KeyPair,
    tags: Tags,
    with_key: bool,
}

/// `DescribeKeyPairs`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["fingerprint", "key-name", "key-pair-id"];
    let ((names, with_key, listing), scope) = operation.query(|params| {
        let names = params.list("KeyName")?;
        let with_key = params.flag("IncludePublicKey")?.unwrap_or(false);
        Ok((names, with_key, Listing::take_whole(params, "KeyPairId", &known)?))
    })?;
    let mut shown: Vec<Shown> = scope.read(|state| {
        let pairs = state.ec2.key_pairs.values();
        pairs.map(|pair| Shown { pair: pair.clone(), tags: state.ec2.tags_of(&pair.id).clone(), with_key }).collect()
    });
    if let Some(name) = names.iter().find(|name| !shown.iter().any(|known| known.pair.name == **name)) {
        return Err(kind::KEY_PAIR.missing(name));
    }
    shown.retain(|known| names.is_empty() || names.contains(&known.pair.name));
    listing.answer(&kind::KEY_PAIR, "keySet", shown)
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.pair.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "fingerprint" => test(&self.pair.fingerprint),
            "key-name" => test(&self.pair.name),
            _ => test(&self.pair.id),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "keyPairId", &self.pair.id);
        xml::text(item, "keyName", &self.pair.name);
        xml::text(item, "keyType", if self.pair.is_rsa { "rsa" } else { "ed25519" });
        xml::text(item, "keyFingerprint", &self.pair.fingerprint);
        xml::text(item, "createTime", &iso_time(self.pair.created));
        if self.with_key {
            xml::text(item, "publicKey", &format!("{} {}", self.pair.public, self.pair.name));
        }
    }
}
