//! Spectra of stars, made from thirteen causes: the temperature and the abundances of twelve elements.
//!
//! The continuum is Planck's law. How many atoms absorb a line follows from the Saha equation (which share is ionized) and Boltzmann's factor
//! (which share is in the lower level); what they absorb, from the curve of growth (Draine 2011, "Physics of the Interstellar and
//! Intergalactic Medium", section 9.3), so that strong lines saturate. The gas is that of a dwarf: electron pressure and the opacity of
//! negative hydrogen ions are powers of the temperature. Lines are blurred to the resolution of the spectrograph; noise is that of photons.

use latentspace::linalg::Matrix;
use latentspace::parallel::*;
use latentspace::random::Random;
use latentspace::{Result, Run};

use super::lines::{ELEMENTS, Element, HYDROGEN};

/// Number of wavelengths: from 3,800 to 8,704 Å, in equal steps of log10 λ.
pub(super) const PIXELS: usize = 3600;
const FIRST: f64 = 3800.0;
const STEP: f64 = 1e-4;
/// The width of a pixel in ln λ.
const PIXEL: f64 = STEP * std::f64::consts::LN_10;
/// Resolution: wavelength over the full width at half maximum of a narrow line; 2.3548 standard deviations.
const RESOLUTION: f64 = 2000.0;
const WIDTHS: f64 = 2.3548;
/// Signal to noise in a pixel of mean flux.
pub(super) const SIGNAL_TO_NOISE: f64 = 100.0;
/// Ranges of the causes: temperatures in K, and abundances in dex around those of the Sun.
const TEMPERATURES: [f64; 2] = [3500.0, 10_000.0];
const LIKE_THE_SUN: [f64; 2] = [5500.0, 6500.0];
const SPREAD: f64 = 0.5;
/// Temperature of the Sun in K, and the electron pressure of its photosphere in dyn/cm², with its power of the temperature.
const SUN: f64 = 5800.0;
const PRESSURE: [f64; 2] = [20.0, 6.5];
/// Number of atoms above the photosphere, log10 of an optical depth: such that iron's line at 6,252.56 Å absorbs 0.12 Å in the Sun.
const COLUMN: f64 = 2.7;
/// Optical depth of the strongest weak lines.
const WEAK: f64 = 0.3;
/// Velocities of atoms over that of light, and damping of their lines; of hydrogen.
const VELOCITY: [f64; 2] = [2.0 / 3e5, 12.0 / 3e5];
/// The speed of light, in km/s.
const LIGHT: f64 = 299_792.458;
const DAMPING: [f64; 2] = [0.02, 0.001];
/// 1 eV over Boltzmann's constant, in K; the constant of Planck's law, in Å K.
const EV: f64 = 11_604.5;
const RADIATION: f64 = 1.438_78e8;
/// One star in so many has a line that no other has, of so many pixels and standard deviations of their noise.
const ODD: usize = 100;
pub(super) const LINE: usize = 5;
pub(super) const DEPTH: f64 = 3.0;

/// How strong the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// As in stars of 3,500 to 10,000 K: strong lines saturate.
    Stars,
    /// In stars like the Sun, each line weakened to an optical depth of at most 0.3 there: nearly linear in the abundance.
    Weak,
}

/// Stars with their causes.
pub(super) struct Stars {
    /// Temperature and abundances of each.
    pub(super) causes: Vec<[f64; 1 + ELEMENTS.len()]>,
    /// Radial velocities, in km/s.
    pub(super) velocities: Vec<f64>,
    /// Flux, `[n, PIXELS]`, in parts of the star's mean continuum; and its noise, one standard deviation.
    pub(super) flux: Matrix,
    pub(super) noise: Matrix,
    /// The first pixel of an odd star's own line.
    pub(super) odd: Vec<Option<usize>>,
    /// What each element absorbs: the sum of its lines' equivalent widths in Å, the median of all stars.
    pub(super) widths: [f64; ELEMENTS.len()],
}

/// The wavelength of a pixel, in Å.
pub(super) fn wavelength(pixel: usize) -> f64 {
    FIRST * 10.0_f64.powf(STEP * pixel as f64)
}

/// A line, ready to be drawn.
struct Line {
    /// 0 for hydrogen.
    element: usize,
    is_ion: bool,
    /// Where it is, in pixels, and the width of a pixel there, in Å.
    place: f64,
    angstroms: f64,
    /// Energy of the lower level, in K; and the optical depth of the line for one atom in it per hydrogen atom.
    energy: f64,
    depth: f64,
}

impl Stars {
    /// Stars of this run's seed, the same for any number of threads, with radial velocities of this standard deviation, in km/s. Cost: 0.2 ms
    /// a star.
    pub(super) fn new(rows: usize, strength: Strength, speed: f64, run: &Run) -> Result<Self> {
        let random = Random::new(run.seed(), "stars");
        let [low, high] = if strength == Strength::Weak { LIKE_THE_SUN } else { TEMPERATURES };
        let cause = |star: usize, cause: usize| {
            let part = random.uniform(cause as u64, star as u64);
            if cause == 0 { low + (high - low) * part } else { SPREAD * (2.0 * part - 1.0) }
        };
        let causes: Vec<[f64; 1 + ELEMENTS.len()]> = (0..rows).map(|star| std::array::from_fn(|at| cause(star, at))).collect();
        let moves = Random::new(run.seed(), "radial velocities");
        let velocities: Vec<f64> = (0..rows).map(|star| speed * moves.normal(0, star as u64)).collect();
        let mut odd = vec![None; rows];
        if strength == Strength::Stars {
            let some = Random::new(run.seed(), "odd stars");
            some.sample(0, rows, rows / ODD).iter().for_each(|&star| {
                odd[star as usize] = Some(some.below(1, u64::from(star), (PIXELS - LINE) as u64) as usize);
            });
        }
        let lines = lines(strength);
        let noises = Random::new(run.seed(), if strength == Strength::Weak { "photons of weak lines" } else { "photons" });
        let (mut flux, mut noise) = (vec![0.0_f32; rows * PIXELS], vec![0.0_f32; rows * PIXELS]);
        let mut widths = vec![[0.0; ELEMENTS.len()]; rows];
        let lengths = Lengths::new();
        let of_star = |star: usize, ((flux, noise), widths): ((&mut [f32], &mut [f32]), &mut [[f64; ELEMENTS.len()]])| {
            run.check()?;
            let mut spectrum = lengths.continuum(causes[star][0]);
            absorb(&mut spectrum, &causes[star], velocities[star], &lines, &mut widths[0]);
            for (pair, spectrum) in spectrum.chunks(2).enumerate() {
                let normals = noises.normals(star as u64, pair as u64);
                for (at, (&value, normal)) in spectrum.iter().zip(normals).enumerate() {
                    let pixel = 2 * pair + at;
                    let sigma = value.max(0.01).sqrt() / SIGNAL_TO_NOISE;
                    let is_odd = odd[star].is_some_and(|line| (line..line + LINE).contains(&pixel));
                    let observed = value + sigma * (normal - if is_odd { DEPTH } else { 0.0 });
                    (flux[pixel], noise[pixel]) = (observed as f32, sigma as f32);
                }
            }
            Ok(())
        };
        run.install(|| {
            let cells = flux.par_chunks_mut(PIXELS).zip(noise.par_chunks_mut(PIXELS)).zip(widths.par_chunks_mut(1));
            cells.enumerate().try_for_each(|(star, cells)| of_star(star, cells))
        })?;
        let median = |element: usize| {
            let mut all: Vec<f64> = widths.iter().map(|widths| widths[element]).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(0.0)
        };
        let (flux, noise) = (Matrix::new(rows, PIXELS, flux)?, Matrix::new(rows, PIXELS, noise)?);
        Ok(Stars { causes, velocities, flux, noise, odd, widths: std::array::from_fn(median) })
    }
}

/// What Planck's law needs of each pixel: the wavelength to the power of -5, and the temperature of its photons, in K.
struct Lengths(Vec<[f64; 2]>);

impl Lengths {
    fn new() -> Self {
        Lengths((0..PIXELS).map(wavelength).map(|length| [(length / FIRST).powi(-5), RADIATION / length]).collect())
    }

    /// Planck's law at each pixel, with mean 1.
    fn continuum(&self, temperature: f64) -> Vec<f64> {
        let mut out: Vec<f64> = self.0.iter().map(|[power, photon]| power / (photon / temperature).exp_m1()).collect();
        let mean = out.iter().sum::<f64>() / PIXELS as f64;
        out.iter_mut().for_each(|value| *value /= mean);
        out
    }
}

/// The state of a star's gas.
struct Gas {
    temperature: f64,
    /// log10 of the electron pressure.
    pressure: f64,
    /// Opacity of negative hydrogen ions, in parts of that in the Sun.
    opacity: f64,
}

impl Gas {
    fn of(temperature: f64) -> Self {
        let warmer = temperature / SUN;
        let pressure = PRESSURE[0].log10() + PRESSURE[1] * warmer.log10();
        // The Saha equation of an electron bound by 0.754 eV.
        let opacity = warmer.powf(PRESSURE[1] - 2.5) * (0.754 * EV * (1.0 / temperature - 1.0 / SUN)).exp();
        Gas { temperature, pressure, opacity }
    }

    /// The shares of an element that are atoms and ions (Saha equation), over their partition functions.
    fn shares(&self, element: &Element) -> [f64; 2] {
        let more = |stage: usize| {
            let states = element.partition[stage + 1] / element.partition[stage];
            let log = 2.5 * self.temperature.log10() - 0.1761 - self.pressure + states.log10();
            10.0_f64.powf(log) * (-element.ionization[stage] * EV / self.temperature).exp()
        };
        let (ions, more_ions) = (more(0), more(1));
        let atoms = 1.0 / (1.0 + ions * (1.0 + more_ions));
        [atoms / element.partition[0], atoms * ions / element.partition[1]]
    }

    /// The optical depth at the center of a line of an element with this share and number.
    fn depth(&self, line: &Line, shares: [f64; 2], abundance: f64) -> f64 {
        let share = shares[usize::from(line.is_ion)];
        line.depth * share * 10.0_f64.powf(abundance) * (-line.energy / self.temperature).exp() / self.opacity
    }
}

/// All lines, those of hydrogen first. Weak ones are weakened in the Sun's gas, and lack hydrogen's.
fn lines(strength: Strength) -> Vec<Line> {
    let sun = Gas::of(SUN);
    let mut out = Vec::new();
    for (at, element) in std::iter::once(&HYDROGEN).chain(&ELEMENTS).enumerate() {
        let shares = sun.shares(element);
        for (is_ion, &(length, energy, weight)) in
            element.atom.iter().map(|line| (false, line)).chain(element.ion.iter().map(|line| (true, line)))
        {
            let place = (length / FIRST).ln() / PIXEL;
            let depth = 10.0_f64.powf(COLUMN + weight - 3.0) * length / 5000.0;
            let mut line = Line { element: at, is_ion, place, angstroms: length * PIXEL, energy: energy * EV, depth };
            if strength == Strength::Weak {
                line.depth *= (WEAK / sun.depth(&line, shares, element.abundance)).min(1.0);
            }
            if at > 0 || strength == Strength::Stars {
                out.push(line);
            }
        }
    }
    out
}

/// Multiplies a spectrum by what each line leaves of it at this velocity, and adds to what the elements absorb.
fn absorb(spectrum: &mut [f64], causes: &[f64; 1 + ELEMENTS.len()], velocity: f64, lines: &[Line], widths: &mut [f64; ELEMENTS.len()]) {
    // All lines are shifted by the same number of pixels.
    let shift = (velocity / LIGHT).ln_1p() / PIXEL;
    let gas = Gas::of(causes[0]);
    let elements: Vec<&Element> = std::iter::once(&HYDROGEN).chain(&ELEMENTS).collect();
    let shares: Vec<[f64; 2]> = elements.iter().map(|element| gas.shares(element)).collect();
    let narrow = 1.0 / (RESOLUTION * WIDTHS * PIXEL);
    for line in lines {
        let own = line.element;
        let abundance = elements[own].abundance + if own > 0 { causes[own] } else { 0.0 };
        let kind = usize::from(own == 0);
        // Equivalent width in pixels. It is spread over the resolution, and over itself where it is wider, so that no line is deeper than all.
        let width = VELOCITY[kind] / PIXEL * growth(gas.depth(line, shares[own], abundance), DAMPING[kind]);
        let spread = (narrow * narrow + width * width / 4.0).sqrt();
        let deepest = width / (spread * std::f64::consts::TAU.sqrt());
        let place = line.place + shift;
        let (first, last) = ((place - 4.0 * spread).max(0.0), (place + 4.0 * spread).min(PIXELS as f64 - 1.0));
        for (pixel, value) in spectrum.iter_mut().enumerate().take(last as usize + 1).skip(first as usize) {
            *value *= 1.0 - deepest * (-0.5 * ((pixel as f64 - place) / spread).powi(2)).exp();
        }
        if own > 0 {
            widths[own - 1] += width * line.angstroms;
        }
    }
}

/// The curve of growth: the equivalent width of a line with this optical depth at its center, in Doppler widths. Linear at first, then flat
/// as the core is black, then the square root as the wings of damping absorb.
fn growth(depth: f64, damping: f64) -> f64 {
    const LINEAR: f64 = 1.253_93;
    let root = std::f64::consts::PI.sqrt();
    if depth < LINEAR {
        return root * depth / (1.0 + depth / (2.0 * std::f64::consts::SQRT_2));
    }
    (4.0 * (depth / std::f64::consts::LN_2).ln() + 4.0 * root * damping * (depth - LINEAR)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_lines_grow_linearly_strong_ones_by_the_root() {
        assert!((growth(1e-3, 0.02) / growth(5e-4, 0.02) - 2.0).abs() < 1e-3);
        assert!((growth(1e8, 0.02) / growth(2.5e7, 0.02) - 2.0).abs() < 1e-2);
        assert!(growth(30.0, 0.001) / growth(15.0, 0.001) < 1.2);
        assert!((growth(1.253_92, 0.02) / growth(1.253_94, 0.02) - 1.0).abs() < 0.01, "one curve");
    }

    #[test]
    fn lines_are_as_strong_as_in_the_sun() {
        let (gas, lines) = (Gas::of(SUN), lines(Strength::Stars));
        // Equivalent widths in Å, of Fe I, Na I D, Ca II K and H alpha: within a factor of 2.5 of those of the Sun.
        for (length, own) in [(6252.56, 0.12), (5889.95, 0.75), (3933.66, 17.0), (6562.79, 3.5)] {
            let pixel = (length / FIRST).ln() / PIXEL;
            let line = lines.iter().find(|line| (line.place - pixel).abs() < 1e-6).unwrap();
            let element = if line.element == 0 { &HYDROGEN } else { &ELEMENTS[line.element - 1] };
            let kind = usize::from(line.element == 0);
            let depth = gas.depth(line, gas.shares(element), element.abundance);
            let width = VELOCITY[kind] * length * growth(depth, DAMPING[kind]);
            assert!((own / 2.5..2.5 * own).contains(&width), "{length}: {width}");
        }
        // The ions of calcium are most of it in the Sun, and few of hydrogen's.
        let [atoms, ions] = gas.shares(&ELEMENTS[4]);
        assert!(ions > 10.0 * atoms && gas.shares(&HYDROGEN)[1] < 1e-2 * gas.shares(&HYDROGEN)[0]);
    }

    #[test]
    fn stars_are_the_same_for_any_number_of_threads() {
        let of = |threads| Stars::new(120, Strength::Stars, 0.0, &Run::new(3, threads).unwrap()).unwrap();
        let (one, two) = (of(1), of(2));
        assert!(one.flux.as_slice() == two.flux.as_slice() && one.odd == two.odd && one.widths == two.widths);
        assert!(one.flux.as_slice().iter().all(|value| value.is_finite()) && one.noise.as_slice().iter().all(|&noise| noise > 0.0));
        assert_eq!(one.odd.iter().flatten().count(), 1);
        assert!((wavelength(PIXELS - 1) - 8703.7).abs() < 0.5);
    }
}
