//! What a fit found is handed out: of every golden space, each attribute that its method lists, or why it is not there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use latentspace::attributes::Found;
use latentspace::tensors::Tensor;
use latentspace::{Error, Run, Space};

fn size(tensor: &Tensor) -> (usize, usize) {
    match tensor {
        Tensor::F32(shape, values) => (shape.iter().product(), values.as_slice().len()),
        Tensor::F64(shape, values) => (shape.iter().product(), values.len()),
        Tensor::U32(shape, values) => (shape.iter().product(), values.len()),
        Tensor::U8(shape, values) => (shape.iter().product(), values.len()),
    }
}

#[test]
fn every_golden_space_hands_out_what_its_method_lists() {
    let run = Run::new(0, 2).unwrap();
    let mut found = 0;
    for version in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")).unwrap() {
        for file in std::fs::read_dir(version.unwrap().path()).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|ending| ending != "latent") {
                continue;
            }
            let space = Space::open(&file).unwrap();
            for attribute in space.method.attributes {
                match space.attribute(attribute.name, &run) {
                    Ok(Found::Tensor(tensor)) => {
                        let (asked, given) = size(&tensor);
                        assert_eq!(asked, given, "{} of {}", attribute.name, file.display());
                    }
                    Ok(Found::Sparse { cols, starts, indices, values }) => {
                        assert_eq!((starts.last(), indices.len()), (Some(&values.len()), values.len()));
                        assert!(indices.iter().all(|&index| (index as usize) < cols));
                    }
                    Ok(Found::Value(value)) => assert!(!value.is_null(), "{} of {}", attribute.name, file.display()),
                    Err(error) => {
                        assert!(matches!(error, Error::Input(_)), "{} of {}: {error}", attribute.name, file.display());
                        continue;
                    }
                }
                found += 1;
            }
        }
    }
    assert!(found > 40, "{found}");
}

#[test]
fn an_unknown_attribute_is_refused_with_the_nearest() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/v1");
    let file = std::fs::read_dir(file).unwrap().map(|file| file.unwrap().path());
    let file = file.filter(|file| file.extension().is_some_and(|ending| ending == "latent")).min().unwrap();
    let space = Space::open(&file).unwrap();
    let known = space.method.attributes[0].name;
    let error = space.attribute(&known[..known.len() - 2], &Run::new(0, 1).unwrap()).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains(known)), "{error} {:?}", error.hint());
}
