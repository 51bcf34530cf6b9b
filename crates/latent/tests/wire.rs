//! The page's types of what the server answers: `explorer/src/data/wire.ts`, generated from the structs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::Path;

use serde_json::{Map, Value};

const HEAD: &str = "// The types of what the server answers (docs/http-api.md), generated from its structs: do not edit.\n\
                    // `UPDATE=1 cargo test --release --test wire` writes this file.\n";

#[test]
fn the_types_of_the_page_are_those_of_the_server() {
    let all = latent::wire();
    let shared = all["data"].as_object().unwrap();
    for (folder, types) in all.as_object().unwrap() {
        let types = types.as_object().unwrap();
        let (mut text, mut used) = (String::new(), Vec::new());
        for (name, schema) in types {
            // A room takes from data/wire.ts what stands there.
            if folder != "data" && shared.contains_key(name) {
                used.push(name.as_str());
                continue;
            }
            text.push('\n');
            text.push_str(&comment(schema, ""));
            let object = schema.get("properties").is_some() && schema.get("oneOf").is_none();
            let of = of(schema);
            text.push_str(&if object { format!("export interface {name} {of}\n") } else { format!("export type {name} = {of};\n") });
        }
        let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric()).collect();
        used.retain(|name| words.contains(name));
        let import =
            if used.is_empty() { String::new() } else { format!("import type {{ {} }} from \"../../data/wire.ts\";\n", used.join(", ")) };
        let text = format!("{HEAD}{import}{text}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../explorer/src").join(folder).join("wire.ts");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{} is stale: `UPDATE=1 cargo test --release --test wire` writes it", path.display());
    }
}

fn comment(schema: &Value, indent: &str) -> String {
    let told = schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
    if told.is_empty() { String::new() } else { format!("{indent}/** {told} */\n") }
}

/// The type of a schema.
fn of(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap().to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return union(values.iter().map(Value::to_string));
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(all) = schema.get(key).and_then(Value::as_array) {
            return union(all.iter().map(of));
        }
    }
    match schema.get("type") {
        Some(Value::String(kind)) => of_kind(kind, schema),
        Some(Value::Array(kinds)) => union(kinds.iter().map(|kind| of_kind(kind.as_str().unwrap(), schema))),
        _ => "unknown".to_owned(),
    }
}

fn of_kind(kind: &str, schema: &Value) -> String {
    match kind {
        "string" => "string".to_owned(),
        "boolean" => "boolean".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "null" => "null".to_owned(),
        "array" if schema.get("prefixItems").is_some() => {
            let items: Vec<String> = schema["prefixItems"].as_array().unwrap().iter().map(of).collect();
            format!("[{}]", items.join(", "))
        }
        "array" => {
            let items = schema.get("items").map_or("unknown".to_owned(), of);
            match schema
                .get("minItems")
                .and_then(Value::as_u64)
                .filter(|least| schema.get("maxItems").and_then(Value::as_u64) == Some(*least))
            {
                Some(length) => format!("[{}]", vec![items; length as usize].join(", ")),
                None if items.contains([' ', '|']) => format!("({items})[]"),
                None => format!("{items}[]"),
            }
        }
        "object" => match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => fields(properties, schema),
            None => {
                let values = schema.get("additionalProperties").filter(|values| values.is_object()).map_or("unknown".to_owned(), of);
                // A name may be absent.
                if values == "unknown" { "Record<string, unknown>".to_owned() } else { format!("Partial<Record<string, {values}>>") }
            }
        },
        other => panic!("no type {other}"),
    }
}

fn fields(properties: &Map<String, Value>, schema: &Value) -> String {
    let required = |name: &String| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut text = "{\n".to_owned();
    for (name, field) in properties {
        text.push_str(&comment(field, "  "));
        let of = of(field);
        // What is not required is absent where it is none, rather than null.
        let of = if required(name) { &*of } else { of.trim_end_matches(" | null") };
        text.push_str(&format!("  {name}{}: {of};\n", if required(name) { "" } else { "?" }));
    }
    text + "}"
}

fn union(types: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    types.for_each(|one| {
        if !all.contains(&one) {
            all.push(one)
        }
    });
    all.join(" | ")
}
