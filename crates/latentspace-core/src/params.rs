//! Descriptions of parameters and options, read from the JSON Schema of their struct, for flags, help, forms, docs and checks.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::error::{Error, Result, nearest};

/// A parameter: its name, its doc, its allowed values.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The field's name: `n_neighbors`.
    pub name: String,
    /// Its display name: the schema's `title`, else its name as words without a leading `n_`: "neighbors".
    pub title: String,
    /// The field's doc comment.
    pub doc: String,
    /// Its type and range.
    pub kind: Kind,
    /// Words that are allowed in addition to the values of its kind: `auto`.
    pub words: Vec<String>,
    /// Its default; null if a value may be absent.
    pub default: Value,
    /// What is used by default, in words: `"unset"` in the schema.
    pub unset: Option<String>,
    /// What stands for its value in the help: `"value"` in the schema.
    pub value: Option<String>,
    /// The value of a flag without one: `"bare"` in the schema.
    pub bare: Option<String>,
    /// What it means to code that works with every method: `"role"` in the schema.
    pub role: Option<Role>,
}

/// What a parameter means to code that works with every method and therefore knows no parameter by its name. A method has at most one
/// parameter of each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The number of dimensions of the space: `n_components`.
    Dimensions,
    /// The size of neighborhoods: `perplexity`, `n_neighbors`.
    Neighborhood,
    /// The metric, by which rows are neighbors: `metric`.
    Metric,
    /// The number of principal components that rows are reduced to before the neighbor search: `pca_components`.
    Reduction,
    /// The column of labels to learn from, by its name: `target`.
    Labels,
    /// The fraction of the rows that are held out of the fit: `held_out`.
    HeldOut,
}

/// The type and range of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// An integer.
    Integer {
        /// The smallest allowed value.
        min: Option<i64>,
        /// The largest allowed value.
        max: Option<i64>,
    },
    /// A number.
    Number {
        /// The smallest allowed value.
        min: Option<f64>,
        /// Whether `min` itself is excluded.
        above_min: bool,
        /// The largest allowed value.
        max: Option<f64>,
    },
    /// A boolean.
    Flag,
    /// One of several words.
    Choice(Vec<String>),
    /// Any text.
    Text,
    /// A list of words, or words between commas.
    List,
    /// A number of things, or a share of them from 0 to 1: 1 is a number, 1.0 a share.
    CountOrShare {
        /// The things: "documents".
        of: String,
    },
}

/// A parameter that is a value, or `auto`: chosen by the method, which reports its choice among the facts of the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Auto<T> {
    /// The method chooses the value.
    #[default]
    Auto,
    /// A value given by the user.
    Value(T),
}

impl<T: Copy> Auto<T> {
    /// The given value, or the result of `choose`.
    pub fn or_else(self, choose: impl FnOnce() -> T) -> T {
        match self {
            Auto::Auto => choose(),
            Auto::Value(value) => value,
        }
    }
}

impl<T: Serialize> Serialize for Auto<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Auto::Auto => serializer.serialize_str("auto"),
            Auto::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Auto<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Value(T),
            Word(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Value(value) => Ok(Auto::Value(value)),
            Either::Word(word) if word == "auto" => Ok(Auto::Auto),
            Either::Word(word) => Err(serde::de::Error::custom(format!("'{word}' is neither a value nor 'auto'"))),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Auto<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Auto_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = T::json_schema(generator);
        json_schema!({ "anyOf": [{ "const": "auto" }, value] })
    }
}

/// The parameters that a schema describes, in its order.
pub fn describe(schema: &Value) -> Vec<Parameter> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    properties.iter().map(|(name, field)| parameter(name, field, schema)).collect()
}

/// The parameter with a role.
pub fn of_role(parameters: &[Parameter], role: Role) -> Option<&Parameter> {
    parameters.iter().find(|parameter| parameter.role == Some(role))
}

fn parameter(name: &str, field: &Value, root: &Value) -> Parameter {
    let mut words = Vec::new();
    let mut body = resolve(field, root);
    if let Some(options) = body["anyOf"].as_array() {
        for option in options {
            match option["const"].as_str() {
                Some(word) => words.push(word.to_owned()),
                None if option["type"] == "null" => {}
                None => body = resolve(option, root),
            }
        }
    }
    // The range is next to the field's type, or within the variant that holds a value.
    let bound = |key: &str| field.get(key).or_else(|| body.get(key)).cloned().unwrap_or(Value::Null);
    let text = |key: &str| field[key].as_str().or_else(|| body[key].as_str()).map(str::to_owned);
    // Of a value that may be absent, the type is a list with "null".
    let type_ = match &body["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|&word| word != "null"),
        one => one.as_str(),
    };
    let kind = if let Some(choices) = choices(body) {
        Kind::Choice(choices)
    } else if let Some(of) = text("share_of") {
        Kind::CountOrShare { of }
    } else {
        match type_ {
            Some("integer") => {
                Kind::Integer { min: bound("minimum").as_f64().map(|v| v as i64), max: bound("maximum").as_f64().map(|v| v as i64) }
            }
            Some("number") => {
                let exclusive = bound("exclusiveMinimum").as_f64();
                Kind::Number {
                    min: exclusive.or(bound("minimum").as_f64()),
                    above_min: exclusive.is_some(),
                    max: bound("maximum").as_f64(),
                }
            }
            Some("boolean") => Kind::Flag,
            Some("array") => Kind::List,
            _ => Kind::Text,
        }
    };
    let doc = field["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let title = match field["title"].as_str() {
        Some(title) => title.to_owned(),
        None => name.strip_prefix("n_").unwrap_or(name).replace('_', " "),
    };
    Parameter {
        name: name.to_owned(),
        title,
        doc,
        kind,
        words,
        default: field.get("default").cloned().unwrap_or(Value::Null),
        unset: text("unset"),
        value: text("value"),
        bare: text("bare"),
        role: Role::deserialize(&field["role"]).ok(),
    }
}

/// Follows a `$ref` into the schema's definitions.
fn resolve<'a>(field: &'a Value, root: &'a Value) -> &'a Value {
    let path = field["$ref"].as_str().or_else(|| field["allOf"][0]["$ref"].as_str());
    match path.and_then(|path| path.strip_prefix("#/$defs/")) {
        Some(name) => &root["$defs"][name],
        None => field,
    }
}

/// The words of an enum, which schemars writes as `enum` or, if variants have docs, as `oneOf` constants.
fn choices(body: &Value) -> Option<Vec<String>> {
    let listed = |list: &Value| -> Option<Vec<String>> { list.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect() };
    if let Some(words) = listed(&body["enum"]) {
        return Some(words);
    }
    let mut words = Vec::new();
    for option in body["oneOf"].as_array()? {
        match option["const"].as_str() {
            Some(word) => words.push(word.to_owned()),
            None => words.extend(listed(&option["enum"])?),
        }
    }
    Some(words)
}

impl Parameter {
    /// The allowed values, as the end of a sentence: "it must be a whole number from 1".
    pub fn allowed(&self) -> String {
        let kind = match &self.kind {
            Kind::Integer { min, max } => format!("a whole number{}", range(min.map(|v| v as f64), false, max.map(|v| v as f64))),
            Kind::Number { min, above_min, max } => format!("a number{}", range(*min, *above_min, *max)),
            Kind::Flag => "true or false".to_owned(),
            Kind::Choice(words) => return format!("it must be {}", listed(words.iter().chain(&self.words).map(String::as_str))),
            Kind::Text if self.role == Some(Role::Labels) => "the name of a column".to_owned(),
            Kind::Text => "a text".to_owned(),
            Kind::List => "a list of words".to_owned(),
            Kind::CountOrShare { of } => format!("a number of {of} (5) or a share of them (0.5)"),
        };
        match self.words.as_slice() {
            [] => format!("it must be {kind}"),
            words => format!("it must be {kind}, or {}", listed(words.iter().map(String::as_str))),
        }
    }

    /// Parses a value from the command line.
    ///
    /// # Errors
    /// [`Error::Param`] if it is not allowed.
    pub fn parse(&self, text: &str) -> Result<Value> {
        // JSON has neither infinity nor NaN.
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from);
        let value = if self.words.iter().any(|word| word == text) {
            Value::from(text)
        } else {
            match &self.kind {
                Kind::Integer { .. } => text.parse::<i64>().map(Value::from).unwrap_or_else(|_| Value::from(text)),
                Kind::Number { .. } => number().unwrap_or_else(|| Value::from(text)),
                Kind::Flag => text.parse::<bool>().map(Value::from).unwrap_or_else(|_| Value::from(text)),
                Kind::CountOrShare { .. } => text.parse::<u64>().ok().map(Value::from).or_else(number).unwrap_or_else(|| Value::from(text)),
                Kind::Choice(_) | Kind::Text | Kind::List => Value::from(text),
            }
        };
        self.check(&value)
    }

    /// Converts a JSON value to the type of the parameter.
    ///
    /// # Errors
    /// [`Error::Param`] if it is not allowed.
    pub fn check(&self, value: &Value) -> Result<Value> {
        let word = value.as_str();
        let may_be_absent = self.default.is_null() && value.is_null();
        if may_be_absent || word.is_some_and(|word| self.words.iter().any(|w| w == word)) {
            return Ok(value.clone());
        }
        let good = match &self.kind {
            Kind::Integer { min, max } => {
                // 3.0 is an integer, too: Python and JSON do not always distinguish.
                let whole = value.as_i64().or_else(|| value.as_f64().filter(|v| v.fract() == 0.0 && v.abs() < 9e15).map(|v| v as i64));
                return match whole {
                    Some(v) if min.is_none_or(|min| v >= min) && max.is_none_or(|max| v <= max) => Ok(Value::from(v)),
                    _ => Err(self.refuse(value)),
                };
            }
            Kind::Number { min, above_min, max } => value.as_f64().is_some_and(|v| {
                v.is_finite() && min.is_none_or(|min| if *above_min { v > min } else { v >= min }) && max.is_none_or(|max| v <= max)
            }),
            Kind::Flag => value.is_boolean(),
            Kind::Choice(words) => word.is_some_and(|word| words.iter().any(|w| w == word)),
            Kind::Text => value.is_string(),
            Kind::List => value.is_string() || value.as_array().is_some_and(|words| words.iter().all(Value::is_string)),
            Kind::CountOrShare { .. } => {
                value.is_u64() || value.as_f64().is_some_and(|share| value.is_f64() && (0.0..=1.0).contains(&share))
            }
        };
        if good { Ok(value.clone()) } else { Err(self.refuse(value)) }
    }

    fn refuse(&self, value: &Value) -> Error {
        let found = match value {
            Value::String(text) => format!("'{text}'"),
            other => other.to_string(),
        };
        let error = Error::param(&self.name, found, self.allowed());
        let words = self.words.iter().chain(if let Kind::Choice(words) = &self.kind { words.as_slice() } else { &[] });
        match value.as_str().and_then(|text| nearest(text, words.map(String::as_str))) {
            Some(word) => error.with_hint(format!("did you mean '{word}'?")),
            None => error,
        }
    }
}

/// Checks given values against the description and fills in the defaults.
///
/// # Errors
/// [`Error::Param`] for the first unknown or invalid one.
pub fn check(parameters: &[Parameter], given: &Map<String, Value>) -> Result<Map<String, Value>> {
    for name in given.keys() {
        if !parameters.iter().any(|parameter| parameter.name == *name) {
            let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let error = Error::param(name, given[name].to_string(), format!("there is no such parameter; there are {}", names.join(", ")));
            return Err(match nearest(name, names.iter().copied()) {
                Some(name) => error.with_hint(format!("did you mean '{name}'?")),
                None => error,
            });
        }
    }
    parameters
        .iter()
        .map(|parameter| {
            let value = given.get(&parameter.name).unwrap_or(&parameter.default);
            Ok((parameter.name.clone(), parameter.check(value)?))
        })
        .collect()
}

/// Options by their names: each is checked against its description, and those that are not given are the defaults. `place` names them in errors.
///
/// # Errors
/// [`Error::Param`] for the first that is unknown or not allowed.
pub fn options<T: Default + Serialize + DeserializeOwned>(place: &str, parameters: &[Parameter], given: Map<String, Value>) -> Result<T> {
    let mut all = Map::new();
    for (name, value) in given {
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let error = Error::param(place, format!("'{name}'"), format!("there are {}", names.join(", ")));
            return Err(match nearest(&name, names.iter().copied()) {
                Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                None => error,
            });
        };
        all.insert(name, parameter.check(&value)?);
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| Error::param(place, "options", error.to_string()))
}

fn range(min: Option<f64>, above_min: bool, max: Option<f64>) -> String {
    let from = if above_min { "above" } else { "from" };
    match (min, max) {
        (Some(min), Some(max)) if above_min => format!(" above {min}, at most {max}"),
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) if above_min => format!(" {from} {min}"),
        (Some(min), None) => format!(", at least {min}"),
        (None, Some(max)) => format!(", at most {max}"),
        (None, None) => String::new(),
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that a parameter may be.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Example {
        /// Dimensions.
        #[schemars(range(min = 1, max = 9))]
        n: u32,
        /// A rate.
        #[schemars(extend("exclusiveMinimum" = 0))]
        rate: Auto<f64>,
        /// A way.
        way: Direction,
        /// Whether.
        #[schemars(title = "YES", extend("role" = Role::HeldOut))]
        yes: bool,
        /// Steps.
        n_big_steps: u32,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Direction {
        /// One way.
        Here,
        /// Another.
        There,
    }

    impl Default for Example {
        fn default() -> Self {
            Example { n: 2, rate: Auto::Auto, way: Direction::There, yes: false, n_big_steps: 5 }
        }
    }

    fn parameters() -> Vec<Parameter> {
        describe(&schemars::schema_for!(Example).to_value())
    }

    #[test]
    fn the_description_is_read_from_the_struct() {
        let [n, rate, way, yes, steps] = <[Parameter; 5]>::try_from(parameters()).unwrap();
        assert_eq!((n.name.as_str(), n.doc.as_str(), n.default), ("n", "Dimensions.", Value::from(2)));
        assert_eq!(n.kind, Kind::Integer { min: Some(1), max: Some(9) });
        assert_eq!(rate.kind, Kind::Number { min: Some(0.0), above_min: true, max: None });
        assert_eq!((rate.words, rate.default), (vec!["auto".to_owned()], Value::from("auto")));
        assert_eq!(way.kind, Kind::Choice(vec!["here".into(), "there".into()]));
        assert_eq!((way.default, yes.kind), (Value::from("there"), Kind::Flag));
        assert_eq!([&n.title, &yes.title, &steps.title], ["n", "YES", "big steps"]);
        assert_eq!((yes.role, steps.role), (Some(Role::HeldOut), None));
    }

    #[test]
    fn what_is_not_allowed_is_refused_in_one_sentence() {
        let [n, rate, way, ..] = <[Parameter; 5]>::try_from(parameters()).unwrap();
        assert_eq!(n.parse("12").unwrap_err().to_string(), "n: 12 was given; it must be a whole number from 1 to 9.");
        assert_eq!(rate.parse("-1").unwrap_err().to_string(), "rate: -1.0 was given; it must be a number above 0, or 'auto'.");
        let error = way.parse("her").unwrap_err();
        assert_eq!(error.to_string(), "way: 'her' was given; it must be 'here' or 'there'.");
        assert_eq!(error.hint(), Some("did you mean 'here'?"));
    }

    #[test]
    fn defaults_are_filled_in_and_unknown_names_refused() {
        let given = Map::from_iter([("n".to_owned(), Value::from(3.0))]);
        let checked = check(&parameters(), &given).unwrap();
        assert_eq!(Value::Object(checked), serde_json::json!({"n": 3, "rate": "auto", "way": "there", "yes": false, "n_big_steps": 5}));
        let unknown = Map::from_iter([("rat".to_owned(), Value::from(3))]);
        assert_eq!(check(&parameters(), &unknown).unwrap_err().hint(), Some("did you mean 'rate'?"));
    }
}
