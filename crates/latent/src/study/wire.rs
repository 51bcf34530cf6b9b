//! The JSON Schema of what the server answers, from which the page's types are generated (`crates/latent/tests/wire.rs`).

use latentspace::learn::SweepCost;
use latentspace::schemars::JsonSchema;
use latentspace::schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};

use super::annotations::Changed;
use super::axes;
use super::bundle::Bundle;
use super::columns::{ColumnInfo, Columns};
use super::curve::CurveAxis;
use super::data::LargestValues;
use super::loadings;
use super::maps::Kept;
use super::rows::{Compared, RowInfo, TablePage};
use super::search::Hits;
use super::selected::SelectionExplanation;
use super::state::{Selection, State};
use super::sweep::SweepOffer;
use crate::commands::methods::MethodInfo;

/// The types by the file of the page that holds them, then by name: those of all rooms, and those of a single one.
pub(crate) fn schema() -> Value {
    json!({
        "data": types(|types| {
            add::<State>(types);
            add::<Kept>(types);
            add::<Compared>(types);
            add::<RowInfo>(types);
            add::<LargestValues>(types);
            add::<CurveAxis>(types);
            add::<TablePage>(types);
            add::<SelectionExplanation>(types);
            add::<Hits>(types);
            add::<Columns>(types);
            add::<ColumnInfo>(types);
            add::<Selection>(types);
            add::<MethodInfo>(types);
            add::<Changed>(types);
            add::<Bundle>(types);
            add::<SweepOffer>(types);
            add::<SweepCost>(types);
        }),
        axes::PAGE: types(axes::wire),
        loadings::PAGE: types(loadings::wire),
    })
}

fn types(all: impl FnOnce(&mut SchemaGenerator)) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.contract = Contract::Serialize;
    let mut types = settings.into_generator();
    all(&mut types);
    Value::Object(types.take_definitions(true))
}

/// Adds a type and those that it is made of.
pub(super) fn add<T: JsonSchema>(types: &mut SchemaGenerator) {
    types.subschema_for::<T>();
}
