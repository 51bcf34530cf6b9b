//! The JSON Schema of what the server answers, from which the page's types are generated (`crates/latent/tests/wire.rs`).

use latentspace::schemars::generate::{Contract, SchemaSettings};
use serde_json::Value;

use super::columns::{ColumnInfo, Columns};
use super::fields::Hit;
use super::maps::Kept;
use super::rows::{Compared, RowInfo, TablePage};
use super::state::{Selection, State};

/// The types by name.
pub(crate) fn schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.contract = Contract::Serialize;
    let mut types = settings.into_generator();
    types.subschema_for::<State>();
    types.subschema_for::<Kept>();
    types.subschema_for::<Compared>();
    types.subschema_for::<RowInfo>();
    types.subschema_for::<TablePage>();
    types.subschema_for::<Hit>();
    types.subschema_for::<Columns>();
    types.subschema_for::<ColumnInfo>();
    types.subschema_for::<Selection>();
    Value::Object(types.take_definitions(true))
}
