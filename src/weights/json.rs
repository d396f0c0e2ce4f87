//! JSON that somebody else wrote: how deep it is before it is parsed, and tables that tell when a key stands twice.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// How deep arrays and objects are nested. It needs no valid JSON and takes no memory.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A JSON object in the order in which it is written, keys that stand twice included: serde's maps keep the last of them
/// and say nothing.
#[derive(Debug)]
pub(super) struct Table<V>(pub Vec<(String, V)>);

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Table<V> {
    /// The table as a map, or the first key that stands twice.
    pub fn unique(self) -> Result<BTreeMap<String, V>, String> {
        let mut map = BTreeMap::new();
        for (key, value) in self.0 {
            if map.contains_key(&key) {
                return Err(key);
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Table<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Rows<V> {
            type Value = Table<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = map.next_entry()? {
                    rows.push(row);
                }
                Ok(Table(rows))
            }
        }
        deserializer.deserialize_map(Rows(PhantomData))
    }
}

/// A number as it stands in the file: `Ok` only if it is whole, not negative and below 2^64.
#[derive(Debug, Clone)]
pub(super) struct Whole(pub Result<u64, String>);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        Ok(Self(number.as_u64().ok_or_else(|| number.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        assert_eq!(depth(""), 0);
        assert_eq!(depth(r#"{"a": [1, [2]], "b": {}}"#), 3);
        assert_eq!(depth(r#"{"[[[\"[[": "\\", "b": "[[["}"#), 1);
        assert_eq!(depth("]]]]["), 1);
    }

    #[test]
    fn a_key_that_stands_twice_is_named() {
        let table: Table<u8> = serde_json::from_str(r#"{"b": 1, "a": 2, "b": 3}"#).expect("JSON");
        assert_eq!(table.0.len(), 3);
        assert_eq!(table.unique(), Err("b".into()));
    }

    #[test]
    fn only_whole_numbers_are_exact() {
        let whole = |json: &str| serde_json::from_str::<Whole>(json).expect("a number").0.ok();
        assert_eq!(whole("18446744073709551615"), Some(u64::MAX));
        for other in ["-1", "0.5", "18446744073709551616", "1e3", "-0.0"] {
            assert_eq!(whole(other), None, "{other}");
        }
    }
}
