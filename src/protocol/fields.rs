//! The fields of a JSON object from a client, each as JSON text until somebody asks for it as a type. One reader for
//! all objects there are, where a derived one for each would be kilobytes of the bundle.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The names that mean something. Others are ignored.
const NAMES: [&str; 17] = [
    "type",
    "name",
    "session",
    "after",
    "before",
    "limit",
    "id",
    "text",
    "reply_to",
    "on",
    "seq",
    "reason",
    "member",
    "sub",
    "for_ms",
    "interval_ms",
    "epoch",
];

/// A JSON object. A field that is `null` counts as absent; one that is there twice makes it none.
pub struct Fields<'a>([Option<&'a RawValue>; NAMES.len()]);

impl<'a> Fields<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(json: &'a str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// A field as a type, if it is there.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        self.json(name).map(serde_json::from_str).transpose().map_err(|error| error.to_string())
    }

    /// A field as a type.
    ///
    /// # Errors
    /// As [`Fields::optional`], and where it is missing.
    pub fn required<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        self.optional(name)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A field as JSON text, if it is there.
    pub fn json(&self, name: &str) -> Option<&'a str> {
        let at = NAMES.iter().position(|known| *known == name)?;
        self.0.get(at).copied().flatten().map(RawValue::get)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect).map(|fields| Fields(fields.0))
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut seen = [false; NAMES.len()];
        let mut fields = [None; NAMES.len()];
        while let Some(Name(at)) = map.next_key()? {
            let slot = at.and_then(|at| Some((seen.get_mut(at)?, fields.get_mut(at)?)));
            let Some((seen, field)) = slot else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(seen, true) {
                return Err(Error::custom("a field that is there twice"));
            }
            *field = Some(map.next_value::<&RawValue>()?).filter(|json| json.get() != "null");
        }
        Ok(Fields(fields))
    }
}

/// Where in [`NAMES`] a field's name is, if it is.
struct Name(Option<usize>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Self(None))
    }
}

impl Visitor<'_> for Name {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self, E> {
        Ok(Self(NAMES.iter().position(|known| *known == name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_are_asked_for() {
        let fields = Fields::read(r#" {"other":[1,{}],"i\u0064":"a","seq":7,"name":null} "#).unwrap();
        assert_eq!(fields.required::<String>("id").unwrap(), "a");
        assert_eq!(fields.optional::<u64>("seq").unwrap(), Some(7));
        assert_eq!(fields.optional::<u64>("limit").unwrap(), None);
        assert_eq!(fields.json("name"), None);
        assert!(fields.required::<String>("name").is_err_and(|why| why == "`name` is missing"));
        assert!(fields.optional::<String>("seq").is_err());
    }

    #[test]
    fn what_is_no_object_or_has_a_field_twice_is_refused() {
        for bad in [
            "",
            "[]",
            "null",
            "1",
            "\"x\"",
            "{",
            "{}{}",
            r#"{"id":1,"id":2}"#,
            r#"{"id":null,"id":2}"#,
            "{1:2}",
        ] {
            assert!(Fields::read(bad).is_err(), "{bad}");
        }
        assert!(Fields::read(r#"{"other":1,"other":2}"#).is_ok());
    }
}
