//! Tests of preparation: what is chosen, that rows are prepared alike whatever their batch, and the way back.

use std::sync::Arc;

use super::*;
use crate::data::{Category, Images, PrepareOptions};
use crate::random::Random;
use crate::text::TextOptions;

fn run() -> Run {
    Run::new(0, 2).unwrap()
}

fn named(names: &[&str], numbers: Matrix, categories: Vec<Category>) -> Observations {
    let names = Some(names.iter().map(|&name| name.to_owned()).collect());
    Observations::new("t", Values::Table(Table { numbers, affine: Affine::default(), names, categories }))
}

fn noise(rows: usize, cols: usize) -> Matrix {
    let random = Random::new(5, "noise");
    Matrix::from_fn(rows, cols, |i, j| random.normal(i as u64, j as u64) as f32 * 20_f32.powi(j as i32) + j as f32)
}

#[test]
fn an_array_is_shared_and_not_copied() {
    let numbers = noise(5000, 3);
    let observed = Observations::from_matrix("a", numbers.clone());
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run()).unwrap();
    let OwnedRows::Dense(prepared) = preparation.prepare(&observed, &run()).unwrap() else { panic!() };
    assert_eq!(prepared.as_slice().as_ptr(), numbers.as_slice().as_ptr());
    assert_eq!((preparation.scale, preparation.missing), (Scale::None, Missing::Error));
}

#[test]
fn named_columns_of_unlike_spread_are_standardized_and_it_is_told() {
    let observed = named(&["a", "b", "c"], noise(5000, 3), Vec::new());
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run()).unwrap();
    assert_eq!(preparation.scale, Scale::Standard);
    assert!(preparation.told[0].contains("standardized") && preparation.told[0].contains("-fold"), "{:?}", preparation.told);
    let prepared = preparation.prepare(&observed, &run()).unwrap().table().unwrap();
    for column in 0..3 {
        let cells = || (0..5000).map(|row| f64::from(prepared.row(row)[column]));
        let mean = cells().sum::<f64>() / 5000.0;
        let sd = (cells().map(|value| (value - mean).powi(2)).sum::<f64>() / 4999.0).sqrt();
        assert!(mean.abs() < 1e-6 && (sd - 1.0).abs() < 1e-6, "{mean} {sd}");
    }
    let alike = named(&["a", "b"], Matrix::from_fn(50, 2, |i, j| (i * (j + 1)) as f32), Vec::new());
    assert_eq!(Preparation::choose(&alike, &PrepareOptions::default(), &run()).unwrap().scale, Scale::None);
}

#[test]
fn a_row_is_prepared_alike_alone_and_in_any_batch_and_comes_back() {
    let colors = ["red", "green", "blue"];
    let category = |rows: &[usize]| Category::new("color", rows.iter().map(|row| Some(colors[row % 3])).collect::<Vec<_>>().into_iter());
    let mut cells = noise(300, 3).as_slice().to_vec();
    cells[3 * 17 + 1] = f32::NAN;
    let numbers = Matrix::new(300, 3, cells).unwrap();
    let all: Vec<usize> = (0..300).collect();
    let observed = named(&["a", "b", "c"], numbers.clone(), vec![category(&all)]);
    for scale in [Scale::Auto, Scale::None, Scale::Standard, Scale::Robust, Scale::Unit] {
        for missing in [None, Some(Missing::Mean), Some(Missing::Median)] {
            let preparation =
                Preparation::choose(&observed, &PrepareOptions { scale, missing, ..PrepareOptions::default() }, &run()).unwrap();
            assert_eq!((preparation.columns, preparation.prepared_columns()), (4, 6));
            assert_eq!(preparation.prepared_names().unwrap()[3..], ["color=blue", "color=green", "color=red"]);
            let stored = serde_json::from_str::<Preparation>(&serde_json::to_string(&preparation).unwrap()).unwrap();
            assert_eq!(stored, preparation, "a stored preparation is the same to the bit");
            let prepared = stored.prepare(&observed, &run()).unwrap().table().unwrap();
            for row in [0, 17, 299] {
                let alone = named(&["a", "b", "c"], numbers.select(&[row as u32]), vec![category(&[row])]);
                let alone = stored.prepare(&alone, &run()).unwrap().table().unwrap();
                assert_eq!(alone.row(0), prepared.row(row), "{scale:?} {missing:?} row {row}");
            }
            let Values::Table(back) = stored.restore(&prepared).unwrap().values else { panic!() };
            assert_eq!(back.categories[0].level(1), Some("green"));
            for (row, column) in [(0, 0), (17, 2), (299, 1)] {
                let (value, wanted) = (back.numbers.row(row)[column], numbers.row(row)[column]);
                assert!((value - wanted).abs() < 1e-4 * (1.0 + wanted.abs()), "{scale:?} {value} {wanted}");
            }
        }
    }
}

#[test]
fn columns_are_found_by_name_and_a_lacking_one_is_named() {
    let observed = named(&["a", "b"], Matrix::from_fn(20, 2, |i, j| (i + 100 * j) as f32), Vec::new());
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run()).unwrap();
    let turned = named(&["b", "x", "a"], Matrix::from_fn(20, 3, |i, j| (i + [100, 7, 0][j]) as f32), Vec::new());
    assert_eq!(
        preparation.prepare(&turned, &run()).unwrap().table().unwrap(),
        preparation.prepare(&observed, &run()).unwrap().table().unwrap()
    );
    let other = named(&["a", "c"], Matrix::from_fn(20, 2, |i, _| i as f32), Vec::new());
    let error = preparation.prepare(&other, &run()).unwrap_err().to_string();
    assert!(error.contains("no column 'b'"), "{error}");
    let error = preparation.prepare(&Observations::from_matrix("m", noise(5, 3)), &run()).unwrap_err().to_string();
    assert!(error.contains("3 columns") && error.contains("takes 2"), "{error}");
}

#[test]
fn a_level_that_was_never_seen_is_refused_with_its_row() {
    let column = |cells: &[&'static str]| Category::new("c", cells.iter().map(|cell| Some(*cell)).collect::<Vec<_>>().into_iter());
    let observed = named(&[], Matrix::from_fn(3, 0, |_, _| 0.0), vec![column(&["x", "y", "x"])]);
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run()).unwrap();
    assert_eq!(preparation.prepare(&observed, &run()).unwrap().table().unwrap().as_slice(), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    let other = named(&[], Matrix::from_fn(2, 0, |_, _| 0.0), vec![column(&["x", "z"])]);
    let error = preparation.prepare_from(&other, 10, &run()).unwrap_err().to_string();
    assert!(error.contains("row 12, column c: the level 'z'") && error.contains("knows x, y"), "{error}");
}

#[test]
fn offsets_are_moved_in_64_bits() {
    let with = |offset: f64, cells: [f32; 3]| {
        let table = Table {
            numbers: Matrix::new(3, 1, cells.to_vec()).unwrap(),
            affine: Affine::new(vec![offset], Vec::new()),
            names: None,
            categories: Vec::new(),
        };
        Observations::new("t", Values::Table(table))
    };
    let fitted = with(10_000_000.25, [-0.125, 0.0, 0.125]);
    let preparation = Preparation::choose(&fitted, &PrepareOptions::default(), &run()).unwrap();
    assert!(preparation.told.iter().any(|told| told.contains("no digit is lost")), "{:?}", preparation.told);
    let elsewhere = with(9_999_999.75, [0.375, 0.5, 0.625]);
    assert_eq!(
        preparation.prepare(&elsewhere, &run()).unwrap().table().unwrap().as_slice(),
        preparation.prepare(&fitted, &run()).unwrap().table().unwrap().as_slice()
    );
}

#[test]
fn pictures_become_0_to_1_and_come_back_as_pixels() {
    let shape = ImageShape { height: 16, width: 16, channels: 1 };
    let pixels: Vec<u8> = (0..512).map(|i| (i % 256) as u8).collect();
    let observed = Observations::new("p", Values::Images(Images { shape, pixels: Arc::new(pixels.clone()), lower: None }));
    for scale in [Scale::Auto, Scale::Standard, Scale::Unit] {
        let preparation =
            Preparation::choose(&observed, &PrepareOptions { scale, missing: None, ..PrepareOptions::default() }, &run()).unwrap();
        let prepared = preparation.prepare(&observed, &run()).unwrap().table().unwrap();
        if scale == Scale::Auto {
            assert_eq!((prepared.row(0)[255], prepared.row(0)[51]), (1.0, 0.2));
        }
        let Values::Images(back) = preparation.restore(&prepared).unwrap().values else { panic!() };
        assert_eq!(back.pixels.as_slice(), pixels);
    }
}

#[test]
fn a_preparation_whose_lengths_do_not_fit_is_refused() {
    let observed = named(&["a", "b"], noise(30, 2), Vec::new());
    let options = PrepareOptions { scale: Scale::Standard, missing: None, ..PrepareOptions::default() };
    let mut preparation = Preparation::choose(&observed, &options, &run()).unwrap();
    let Form::Columns(columns) = &mut preparation.form else { panic!() };
    columns.scaling.centers.pop();
    assert!(preparation.prepare(&observed, &run()).unwrap_err().to_string().contains("do not fit"));
}

#[test]
fn text_becomes_counts_and_its_preparation_is_stored_and_checked() {
    let texts = |texts: &[&str]| Observations::new("t", Values::Text(Arc::new(texts.iter().map(|&text| text.to_owned()).collect())));
    let observed = texts(&["The cat and the dog", "a dog, a bird", "", "Bird and cat"]);
    let (preparation, OwnedRows::Sparse(counts)) = Preparation::choose_and_prepare(&observed, &PrepareOptions::default(), &run()).unwrap()
    else {
        panic!()
    };
    assert_eq!(Preparation::choose(&observed, &PrepareOptions::default(), &run()).unwrap(), preparation);
    assert_eq!((preparation.kind.name(), preparation.prepared_columns()), ("text", 3));
    assert_eq!(preparation.names.as_ref().unwrap(), &["bird", "cat", "dog"]);
    let stored: Preparation = serde_json::from_str(&serde_json::to_string(&preparation).unwrap()).unwrap();
    assert_eq!(stored, preparation);
    stored.check().unwrap();
    let OwnedRows::Sparse(again) = stored.prepare(&observed, &run()).unwrap() else { panic!() };
    assert_eq!(again, counts);
    let OwnedRows::Sparse(alone) = stored.prepare(&texts(&["DOG dog unknown"]), &run()).unwrap() else { panic!() };
    assert_eq!(alone.row(0), (&[2][..], &[2.0][..]));
    assert!(stored.prepare(&Observations::from_matrix("m", noise(3, 3)), &run()).is_err());
    let document = serde_json::to_value(&preparation).unwrap();
    let wrong = |key: &str, value: serde_json::Value| {
        let mut document = document.clone();
        *document.pointer_mut(key).unwrap() = value;
        let read: Result<Preparation, _> = serde_json::from_value(document);
        read.map_or(true, |preparation| preparation.check().is_err())
    };
    assert!(wrong("/names", serde_json::json!(["cat", "bird", "dog"])) && wrong("/names", serde_json::json!(["bird", "bird", "dog"])));
    assert!(
        wrong("/names", serde_json::Value::Null) && wrong("/columns", serde_json::json!(4)) && wrong("/kind", serde_json::json!("counts"))
    );
    assert!(wrong("/text/ngrams", serde_json::json!(9)) && wrong("/text/tokens", serde_json::json!("x")));
    assert!(wrong("/text", serde_json::Value::Null));
}

#[test]
fn options_are_described_given_by_name_and_stored_as_ever() {
    let stored = |options: &PrepareOptions| serde_json::to_string(options).unwrap();
    // Rounds of shares and checkpoints hold these bytes.
    let plain = r#"{"scale":"auto","missing":null,"text":{"tokens":"words","lowercase":true,"keep_numbers":false,"stop_words":"auto","extra_stop_words":[],"min_letters":null,"min_df":null,"max_df":null,"max_words":null,"ngrams":null,"phrases":null}}"#;
    assert_eq!(stored(&PrepareOptions::default()), plain);
    let text = serde_json::json!({
        "tokens": "runs", "lowercase": false, "stop_words": "german, english", "extra_stop_words": "kinase,protein",
        "min_letters": 3, "min_df": 2, "max_df": 1.0, "max_words": 9, "ngrams": 2.0, "phrases": "pmi",
    });
    let given = serde_json::json!({"scale": "unit", "missing": "median", "text": text});
    let given = PrepareOptions::given(given.as_object().unwrap().clone()).unwrap();
    let all = r#"{"scale":"unit","missing":"median","text":{"tokens":"runs","lowercase":false,"keep_numbers":false,"stop_words":{"languages":["german","english"]},"extra_stop_words":["kinase","protein"],"min_letters":3,"min_df":2,"max_df":1.0,"max_words":9,"ngrams":2,"phrases":"pmi"}}"#;
    assert_eq!(stored(&given), all);
    assert_eq!(serde_json::from_str::<PrepareOptions>(all).unwrap(), given);

    // Each field is described, and the default of each is allowed.
    let fields: serde_json::Value = serde_json::from_str(plain).unwrap();
    let names = |fields: &serde_json::Value| fields.as_object().unwrap().keys().filter(|name| *name != "text").cloned().collect::<Vec<_>>();
    for (parameters, fields) in [(PrepareOptions::parameters(), &fields), (TextOptions::parameters(), &fields["text"])] {
        assert_eq!(parameters.iter().map(|parameter| parameter.name.clone()).collect::<Vec<_>>(), names(fields));
        for parameter in parameters {
            assert!(parameter.doc.ends_with('.'), "{}: {}", parameter.name, parameter.doc);
            assert_eq!(parameter.check(&fields[&parameter.name]).unwrap(), fields[&parameter.name]);
        }
    }

    let wrong = |given: serde_json::Value| PrepareOptions::given(given.as_object().unwrap().clone()).unwrap_err();
    assert_eq!(wrong(serde_json::json!({"scal": "unit"})).to_string(), "preparation: 'scal' was given; there are scale, missing.");
    assert_eq!(wrong(serde_json::json!({"text": {"min_fd": 1}})).hint(), Some("did you mean 'min_df'?"));
    for (name, value) in [("min_df", serde_json::json!(1.5)), ("max_df", serde_json::json!(-1)), ("stop_words", serde_json::json!(1))] {
        let error = wrong(serde_json::json!({"text": {name: value}})).to_string();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
    }
    let checked =
        |options: TextOptions| crate::text::learn(&vec!["a".to_owned()], &options, false, &run()).map(drop).unwrap_err().to_string();
    assert_eq!(
        checked(TextOptions { ngrams: Some(4), ..TextOptions::default() }),
        "ngrams: 4 was given; it must be a whole number from 1 to 3."
    );
}
