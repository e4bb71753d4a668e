use std::collections::BTreeMap;

use ciborium::Value;
use vm_core::snapshot::SavedState;

/// The payloads of all states in a state, by kind and version.
pub(super) struct Layouts(BTreeMap<(String, u32), Vec<Value>>);

impl Layouts {
    pub(super) fn of(saved: &SavedState) -> Self {
        let mut found = Self(BTreeMap::new());
        found.add(saved);
        found
    }

    fn add(&mut self, saved: &SavedState) {
        let value: Value = ciborium::from_reader(saved.payload.as_slice()).unwrap();
        self.look_into(&value);
        let of_kind = self.0.entry((saved.kind.clone(), saved.version));
        of_kind.or_default().push(value);
    }

    /// States may hold others.
    fn look_into(&mut self, value: &Value) {
        if let Ok(inner) = value.deserialized::<SavedState>() {
            return self.add(&inner);
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.look_into(item)),
            Value::Map(entries) => {
                let values = entries.iter().map(|(_, value)| value);
                values.for_each(|value| self.look_into(value));
            }
            _ => {}
        }
    }

    /// What differs from the newest states that are kept.
    pub(super) fn compare(&self, kept: &Self) -> Vec<String> {
        let mut problems = Vec::new();
        for ((kind, version), states) in &self.0 {
            let Some(before) = kept.0.get(&(kind.clone(), *version)) else {
                problems.push(format!(
                    "no `{kind}` of version {version} is kept: keep one"
                ));
                continue;
            };
            let change = states
                .iter()
                .zip(before)
                .find_map(|(now, before)| difference(kind, before, now));
            if let Some(change) = change {
                problems.push(format!("version {version} has changed: raise it; {change}"));
            }
        }
        let gone = kept.0.keys().filter(|key| !self.0.contains_key(key));
        problems.extend(gone.map(|(kind, version)| {
            format!("`{kind}` of version {version} is not written any more: keep what is")
        }));
        problems
    }
}

/// Where two values of one type differ in the type's layout.
fn difference(path: &str, before: &Value, now: &Value) -> Option<String> {
    match (before, now) {
        // An `Option`, of which this is all that can be seen.
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            let pairs = before.iter().zip(now).enumerate();
            pairs
                .filter_map(|(at, (a, b))| difference(&format!("{path}[{at}]"), a, b))
                .next()
        }
        (Value::Array(before), Value::Array(now)) => {
            let (first, others) = (before.first()?, now.iter());
            others
                .filter_map(|item| difference(&format!("{path}[]"), first, item))
                .next()
        }
        (Value::Map(before), Value::Map(now)) => maps(path, before, now),
        _ => {
            let (before, now) = (type_of(before), type_of(now));
            (before != now).then(|| format!("{path} was {before} and is {now}"))
        }
    }
}

fn maps(path: &str, before: &[(Value, Value)], now: &[(Value, Value)]) -> Option<String> {
    let find = |map: &[(Value, Value)], key: &Value| {
        let mut entries = map.iter();
        entries.find(|(k, _)| k == key).map(|(_, v)| v.clone())
    };
    for (key, new) in now {
        let inner = format!("{path}.{}", name(key));
        match find(before, key) {
            None => return Some(format!("{inner} is new")),
            Some(old) => {
                if let Some(change) = difference(&inner, &old, new) {
                    return Some(change);
                }
            }
        }
    }
    let gone = before.iter().find(|(key, _)| find(now, key).is_none());
    gone.map(|(key, _)| format!("{path}.{} is gone", name(key)))
}

fn name(key: &Value) -> String {
    key.as_text()
        .map_or_else(|| format!("{key:?}"), str::to_owned)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a number",
        Value::Bool(_) => "a truth value",
        Value::Float(_) => "a floating-point number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "a list",
        Value::Map(_) => "a structure",
        _ => "something else",
    }
}

#[test]
fn changes_of_a_layout_are_seen_and_changes_of_values_are_not() {
    #[derive(serde::Serialize)]
    struct Two {
        a: u8,
        b: Option<Vec<u8>>,
    }
    let value = |a, b| Value::serialized(&Two { a, b }).unwrap();
    let old = value(1, Some(vec![1, 2, 3]));
    for same in [value(9, Some(vec![])), value(0, None)] {
        assert_eq!(difference("x", &old, &same), None);
        assert_eq!(difference("x", &same, &old), None);
    }
    let other = |fields: &[(&str, Value)]| {
        let entries = fields.iter();
        Value::Map(
            entries
                .map(|(key, value)| (Value::from(*key), value.clone()))
                .collect(),
        )
    };
    let list = Value::Array(vec![Value::from(5)]);
    for (changed, said) in [
        (other(&[("a", 1.into())]), "x.b is gone"),
        (
            other(&[("a", true.into()), ("b", list.clone())]),
            "x.a was a number",
        ),
        (
            other(&[("a", 1.into()), ("b", list.clone()), ("c", 1.into())]),
            "x.c is new",
        ),
        (
            other(&[("a", 1.into()), ("b", Value::Array(vec!["t".into()]))]),
            "x.b[] was",
        ),
    ] {
        let found = difference("x", &old, &changed).unwrap();
        assert!(found.starts_with(said), "{found}");
    }
}
