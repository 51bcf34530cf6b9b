//! Numbers of 64 bits as text: the shortest decimal that reads back as the same bits.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(values: &[f64], to: S) -> Result<S::Ok, S::Error> {
    values.iter().map(f64::to_string).collect::<Vec<_>>().serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    Vec::<String>::deserialize(from)?
        .iter()
        .map(|text| text.parse::<f64>().ok().filter(|value| value.is_finite()))
        .collect::<Option<_>>()
        .ok_or_else(|| serde::de::Error::custom("a finite number is needed"))
}
