use super::*;
use crate::random::Random;

/// Products of `k` random unit atoms in `d` dimensions with each other, and with a random vector; and the squared length of that.
fn products(k: usize, d: usize, seed: u64) -> (Vec<f64>, Vec<f64>, f64) {
    let random = Random::new(seed, "atoms");
    let mut atoms: Vec<f64> = (0..k * d).map(|at| random.normal(0, at as u64)).collect();
    for atom in atoms.chunks_exact_mut(d) {
        let length = atom.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
        atom.iter_mut().for_each(|cell| *cell /= length);
    }
    let vector: Vec<f64> = (0..d).map(|at| random.normal(1, at as u64)).collect();
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram = (0..k * k).map(|at| inner(&atoms[at / k * d..][..d], &atoms[at % k * d..][..d])).collect();
    (gram, atoms.chunks_exact(d).map(|atom| inner(atom, &vector)).collect(), inner(&vector, &vector))
}

fn coded(gram: &[f64], along: &[f64], coding: Coding, alpha: f64, sparsity: usize) -> Room {
    let mut room = Room::new(along.len());
    room.along.copy_from_slice(along);
    Coder::new(gram.to_vec(), coding, alpha, sparsity, 1e-9).unwrap().code(&mut room);
    room
}

#[test]
fn the_lasso_meets_its_conditions_by_each_algorithm_and_all_come_to_the_same_code() {
    for (k, d) in [(1, 3), (5, 20), (40, 20), (100, 10)] {
        for seed in 0..5 {
            let (gram, along, _) = products(k, d, seed);
            let largest = along.iter().fold(0.0_f64, |largest, product| largest.max(product.abs()));
            for share in [1.1, 0.5, 0.1] {
                let alpha = share * largest;
                let first = coded(&gram, &along, Coding::Cd, alpha, 0);
                for coding in [Coding::Cd, Coding::Lars, Coding::Fista] {
                    let room = coded(&gram, &along, coding, alpha, 0);
                    for atom in 0..k {
                        let rest = along[atom] - (0..k).map(|other| gram[atom * k + other] * room.code[other]).sum::<f64>();
                        assert!((rest - room.rest[atom]).abs() < 1e-9, "{coding:?}");
                        let met = match room.code[atom] {
                            0.0 => rest.abs() <= alpha + 1e-6,
                            code => (rest - alpha * code.signum()).abs() < 1e-6,
                        };
                        assert!(met, "{coding:?}, {k} of {d}, {share}: {rest} at {} with {alpha}", room.code[atom]);
                        assert!((room.code[atom] - first.code[atom]).abs() < 1e-5, "{coding:?}, {k} of {d}, {share}");
                    }
                }
                assert!(share < 1.0 || first.code.iter().all(|&code| code == 0.0));
            }
        }
    }
}

#[test]
fn atoms_that_are_equal_or_opposite_are_no_obstacle() {
    let (gram, along, _) = products(12, 8, 3);
    // Each atom twice, the second time turned around.
    let sign = |at: usize| if at.is_multiple_of(2) { 1.0 } else { -1.0 };
    let twice: Vec<f64> = (0..24 * 24).map(|at| gram[at / 24 / 2 * 12 + at % 24 / 2] * sign(at / 24) * sign(at % 24)).collect();
    let products: Vec<f64> = (0..24).map(|at| along[at / 2] * sign(at)).collect();
    let once = coded(&gram, &along, Coding::Cd, 0.1, 4);
    for coding in [Coding::Cd, Coding::Lars, Coding::Fista] {
        let room = coded(&twice, &products, coding, 0.1, 4);
        for atom in 0..12 {
            assert!((room.code[2 * atom] - room.code[2 * atom + 1] - once.code[atom]).abs() < 1e-5, "{coding:?}");
        }
    }
    let pursued = coded(&twice, &products, Coding::Omp, 0.0, 24);
    assert!(pursued.rest.iter().all(|rest| rest.abs() < 1e-6) && pursued.code.iter().filter(|code| **code != 0.0).count() <= 8);
}

#[test]
fn a_pursuit_takes_so_many_atoms_and_leaves_nothing_along_them() {
    let (gram, along, square) = products(40, 20, 7);
    let mut last = 0.5 * square;
    for sparsity in [1, 2, 5, 10] {
        let room = coded(&gram, &along, Coding::Omp, 0.0, sparsity);
        let chosen: Vec<usize> = (0..40).filter(|&atom| room.code[atom] != 0.0).collect();
        assert_eq!(chosen.len(), sparsity);
        assert!(chosen.iter().all(|&atom| room.rest[atom].abs() < 1e-9));
        assert!(room.error(square) < last);
        last = room.error(square);
    }
}

/// scikit-learn 1.9.1: `sparse_encode(rows, atoms, algorithm=..., alpha=0.2)`, and `n_nonzero_coefs=3` for omp; atoms `cos(0.3 + 1.1 a + 0.7 a j + 0.2 j²)` of
/// length 1, rows `sin(1.3 i + 0.7 i j + j²)`, both rounded to 32 bits.
#[test]
fn codes_equal_those_of_scikit_learn() {
    let (k, d) = (10, 6);
    let raw = |a: usize, j: usize| (0.3 + 1.1 * a as f64 + 0.7 * (a * j) as f64 + 0.2 * (j * j) as f64).cos();
    let length = |a: usize| (0..d).map(|j| raw(a, j).powi(2)).sum::<f64>().sqrt();
    let atom = |a: usize| -> Vec<f64> { (0..d).map(|j| f64::from((raw(a, j) / length(a)) as f32)).collect() };
    let row = |i: usize| -> Vec<f64> {
        (0..d).map(|j| f64::from((1.3 * i as f64 + 0.7 * (i * j) as f64 + (j * j) as f64).sin() as f32)).collect()
    };
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram: Vec<f64> = (0..k * k).map(|at| inner(&atom(at / k), &atom(at % k))).collect();
    let lasso: [&[(usize, f64)]; 3] = [
        &[(2, -0.598208), (3, 0.346992)],
        &[(1, 0.065791), (3, -1.095616), (6, 0.059066), (8, -0.561492)],
        &[(5, 0.836301), (7, -0.08844), (8, 0.340473), (9, -0.319336)],
    ];
    let pursuit: [&[(usize, f64)]; 3] = [
        &[(2, -0.822304), (3, 0.507402), (9, 0.280984)],
        &[(3, -1.277639), (6, 0.288738), (8, -0.759086)],
        &[(5, 1.199188), (8, 0.628783), (9, -0.643017)],
    ];
    for coding in [Coding::Lars, Coding::Cd, Coding::Fista, Coding::Omp] {
        let wanted = if coding == Coding::Omp { pursuit } else { lasso };
        for (i, wanted) in wanted.iter().enumerate() {
            let along: Vec<f64> = (0..k).map(|a| inner(&atom(a), &row(i))).collect();
            let found = coded(&gram, &along, coding, 0.2, 3).code;
            for (a, found) in found.iter().enumerate() {
                let wanted = wanted.iter().find(|entry| entry.0 == a).map_or(0.0, |entry| entry.1);
                assert!((found - wanted).abs() < 1e-5, "{coding:?}, row {i}, atom {a}: {found}, not {wanted}");
            }
        }
    }
}
