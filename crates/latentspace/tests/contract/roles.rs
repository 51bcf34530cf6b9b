//! The roles of parameters, by which code that works with every method finds them.

use latentspace::params::{Kind, Role};
use latentspace::registry::METHODS;
use serde_json::{Map, json};

#[test]
fn parameters_have_the_roles_that_their_names_stand_for() {
    let named = [
        ("n_components", Role::Dimensions),
        ("perplexity", Role::Neighborhood),
        ("n_neighbors", Role::Neighborhood),
        ("metric", Role::Metric),
        ("pca_components", Role::Reduction),
        ("target", Role::Labels),
        ("held_out", Role::HeldOut),
    ];
    for entry in METHODS {
        let (name, parameters) = (entry.info.name, entry.parameters());
        for parameter in &parameters {
            let role = named.iter().find(|(named, _)| *named == parameter.name).map(|(_, role)| *role);
            assert!(role.is_none() || parameter.role == role, "{name}.{} has the role {:?}", parameter.name, parameter.role);
            if let Some(role) = parameter.role {
                let same = parameters.iter().filter(|other| other.role == Some(role)).count();
                assert_eq!(same, 1, "{name} has {same} parameters of the role {role:?}");
            }
            // A role that is misspelled in the schema is none.
            let schema = &entry.schema()["properties"][&parameter.name]["role"];
            assert!(schema.is_null() || parameter.role.is_some(), "{name}.{}: there is no role {schema}", parameter.name);
            let suits = match parameter.role {
                Some(Role::Dimensions | Role::Reduction) => matches!(parameter.kind, Kind::Integer { .. }),
                Some(Role::Neighborhood | Role::HeldOut) => matches!(parameter.kind, Kind::Integer { .. } | Kind::Number { .. }),
                Some(Role::Metric) => matches!(parameter.kind, Kind::Choice(_)),
                Some(Role::Labels) => parameter.kind == Kind::Text,
                None => true,
            };
            assert!(suits, "{name}.{} of the role {:?} is {:?}", parameter.name, parameter.role, parameter.kind);
        }
        // The dimensions of each method's spaces are chosen, or follow from the labels.
        let dimensions = entry.parameter_of(Role::Dimensions);
        assert!(dimensions.is_some() || entry.parameter_of(Role::Labels).is_some(), "{name} does not say how many dimensions it has");
        if let Some(dimensions) = dimensions {
            let method = entry.with(&Map::from_iter([(dimensions.name, json!(3))])).unwrap();
            assert_eq!(method.param_of(Role::Dimensions), Some(json!(3)), "{name}");
        }
        if let Some(labels) = entry.parameter_of(Role::Labels) {
            let method = entry.with(&Map::from_iter([(labels.name, json!("kind"))])).unwrap();
            assert_eq!(method.target(), Some("kind"), "{name}");
        }
    }
}
