//! Demos that make their data, through the program.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Folder, uniform};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().or(value["value"].as_f64()).unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn spectra_take_more_directions_than_causes_once_their_lines_saturate() {
    let folder = Folder::new();
    let told = folder.json("demo spectra --rows 4000 --picture spectra.svg --quiet");
    let (weak, saturating) = (&told["sweeps"]["weak"], &told["sweeps"]["saturating"]);
    let weak = number(&weak["recommended"]);
    assert!((7.0..=16.0).contains(&weak), "{weak} directions of 13 causes with weak lines");
    assert!((36.0..=116.0).contains(&number(&saturating["recommended"])), "{saturating}");
    // Stars that move take far more directions; at rest again, about as many as before.
    let [still, moving, at_rest] = ["saturating", "moving", "at_rest"].map(|name| number(&told["sweeps"][name]["recommended"]));
    assert!(moving >= 1.5 * still && (0.75..=1.34).contains(&(at_rest / still)), "{still} still, {moving} moving, {at_rest} at rest");
    assert!(number(&told["velocities"]["error"]) < 12.0, "{}", told["velocities"]);
    let verdict = saturating["verdict"].to_string();
    assert!(verdict.contains("straight directions: the data are curved"), "{verdict}");
    let causes = told["causes"].as_array().unwrap();
    assert!(causes.len() == 13 && causes[0]["cause"] == "temperature" && number(&causes[0]["r2"]) > 0.95, "{}", causes[0]);
    let mut elements = causes[1..].to_vec();
    elements.sort_by(|a, b| number(&b["equivalent_width"]).total_cmp(&number(&a["equivalent_width"])));
    for element in &elements[..6] {
        assert!(number(&element["r2"]) > 0.8, "{element}");
    }
    let odd = &told["odd"];
    assert!(odd["stars"] == 40 && number(&odd["auc"]) > 0.95 && number(&odd["auc_of_sum"]) < 0.8, "{odd}");
    let picture = String::from_utf8(folder.read("spectra.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.matches("<polyline").count() >= 7 && picture.ends_with("</svg>\n"));
    // The same for any number of threads, but for the time.
    let timeless = |told: &Value| {
        let text = told.to_string();
        let parts = text.split("\"seconds").map(|part| part.split_once([',', '}']).map_or(part, |(_, rest)| rest));
        parts.collect::<String>()
    };
    let of = |threads: usize| folder.json(&format!("demo spectra --rows 500 --picture {threads}.svg --quiet --threads {threads}"));
    assert!(timeless(&of(1)) == timeless(&of(2)) && folder.read("1.svg") == folder.read("2.svg"));
    folder.refused("demo spectra --rows 10", "error: --rows: 10 was given; it must be 500 to 100000.\n");
    folder.refused("demo spiral --rows 1000", "error: --rows: '1000' was given; only `latent demo spectra` takes it.\n");
}

#[test]
fn codes_are_probed_for_numbers() {
    let folder = Folder::new();
    let lines = |row: usize| format!("{},{},{}\n", 40.0 * uniform(row, 0), row % 3, 7.0 - uniform(row, 1));
    folder.write("labels.csv", format!("age,kind,size\n{}", (0..300).map(lines).collect::<String>()));
    folder.write("codes.csv", format!("z0,z1\n{}", (0..300).map(|row| format!("{},{}\n", uniform(row, 0), row % 3)).collect::<String>()));
    let age = folder.json("measure codes.csv --probe labels.csv:age");
    assert!(number(&age["r2"]) > 0.99 && number(&age["r2_neighbors"]) > 0.9 && age["accuracy"].is_null(), "{age}");
    let size = folder.json("measure codes.csv --probe labels.csv:size");
    assert!(number(&size["r2"]) < 0.1 && size["rows"] == 300, "{size}");
    // Few whole numbers are labels, too.
    let kind = folder.json("measure codes.csv --probe labels.csv:kind");
    assert!(number(&kind["r2"]) > 0.99 && number(&kind["accuracy"]) == 1.0 && kind["classes"] == 3, "{kind}");
    let told = folder.good("measure codes.csv --probe labels.csv:age").out;
    assert!(told.contains("a linear regression predicts"), "{told}");
}

#[test]
fn planted_causes_of_shares_are_found() {
    let folder = Folder::new();
    let told = folder.json("demo stocks --picture stocks.svg --quiet");
    let planted = &told["planted"];
    let factors = planted["factors"].as_array().unwrap();
    assert!(factors.len() == 3 && factors.iter().all(|factor| number(&factor["correlation"]).abs() > 0.9), "{planted}");
    assert!(number(&planted["sectors_least"]) > 0.9 && number(&planted["own_noise_largest"]) < 0.03, "{planted}");
    for share in told["shares"].as_array().unwrap() {
        let sum: f64 = ["market_part", "sector_part", "other_factors_part", "own_noise"].iter().map(|part| number(&share[part])).sum();
        assert!((sum - 1.0).abs() < 0.05, "{share}");
    }
    let unfolded = told["unfolded"].as_array().unwrap();
    assert!(number(&unfolded[0]["dimension"]) > 7.0 && number(&unfolded[1]["dimension"]) < 2.7, "{unfolded:?}");
    assert!(folder.read("stocks.svg").starts_with(b"<svg"));
    let again = folder.json("demo stocks --picture again.svg --quiet --threads 1");
    assert!(again == told && folder.read("again.svg") == folder.read("stocks.svg"));
}

#[test]
fn prices_are_read_from_long_and_wide_tables() {
    let folder = Folder::new();
    let price = |day: usize, share: usize| 50.0 + share as f64 + 5.0 * ((day as f64 / 9.0).sin() + uniform(day, share));
    let date = |day: usize| format!("2017-{:02}-{:02}", day / 28 + 1, day % 28 + 1);
    let mut long = String::from("date,ticker,close,volume\n");
    let mut wide = format!("date,{}\n", (0..12).map(|share| format!("T{share:02}")).collect::<Vec<_>>().join(","));
    for day in 0..200 {
        let cells: Vec<String> = (0..12).map(|share| format!("{:.3}", price(day, share))).collect();
        wide.push_str(&format!("{},{}\n", date(day), cells.join(",")));
        // One share is listed later.
        cells.iter().enumerate().for_each(|(share, cell)| long.push_str(&format!("{},T{share:02},{cell},7\n", date(day))));
        if day > 9 {
            long.push_str(&format!("{},NEW,{}.5,7\n", date(day), 60 + day % 5));
        }
    }
    folder.write("long.csv", long);
    folder.write("wide.csv", wide);
    folder.write("companies.csv", (0..12).fold("ticker,sector\n".to_owned(), |text, share| format!("{text}T{share:02},s{}\n", share % 3)));
    let of = |file: &str| folder.json(&format!("demo stocks --prices {file} --companies companies.csv --picture p.svg --quiet"));
    let (long, wide) = (of("long.csv"), of("wide.csv"));
    assert!(long["incomplete"] == 1 && wide["incomplete"] == 0 && long["shares"] == wide["shares"], "{long}\n{wide}");
    assert!(long["planted"].is_null() && long["shares"][4]["sector"] == "s1" && long["shares"].as_array().unwrap().len() == 12);
    folder.refused("demo stocks --companies companies.csv", "error: --companies: a file was given; it goes with --prices.\n");
    folder.write("bad.csv", "day_of,x\na,1\n");
    assert_eq!(folder.latent("demo stocks --prices bad.csv").code, Some(2));
}

#[test]
fn known_factors_stand_beside_the_learned_ones_month_by_month() {
    let folder = Folder::new();
    // 40 months of 20 days; 12 shares that follow the market.
    let moves = |day: usize| 0.03 * (uniform(day, 900) - 0.5);
    let (mut prices, mut logs) =
        (format!("date,{}\n", (0..12).map(|share| format!("T{share:02}")).collect::<Vec<_>>().join(",")), [4.0; 12]);
    for day in 0..800 {
        let cells = logs.iter_mut().enumerate().map(|(share, log)| {
            *log += moves(day) + 0.01 * (uniform(day, share) - 0.5);
            format!("{:.5}", log.exp())
        });
        let cells = cells.collect::<Vec<String>>().join(",");
        let month = day / 20;
        prices.push_str(&format!("{}-{:02}-{:02},{cells}\n", 2014 + month / 12, month % 12 + 1, day % 20 + 1));
    }
    folder.write("prices.csv", prices);
    let line = |month: usize| {
        let market: f64 = (0..20).map(|day| moves(20 * month + day)).sum();
        format!("{}{:02},{:.4},{:.4},0.1\n", 2014 + month / 12, month % 12 + 1, 100.0 * market, uniform(month, 901))
    };
    // One month more at both ends than there are prices.
    folder.write("factors.csv", "Date,Mkt-RF,SMB,RF\n201312,1,1,0.1\n".to_owned() + &(0..40).map(line).collect::<String>());
    let told = folder.json("demo stocks --prices prices.csv --factors factors.csv --picture p.svg --quiet");
    let known = told["known"].as_array().unwrap();
    assert!(known.len() == 2 && known[0]["factor"] == "Mkt-RF" && known.iter().all(|known| known["months"] == 38), "{known:?}");
    assert!(number(&known[0]["correlation"]).abs() > 0.95 && number(&known[0]["r2"]["value"]) > 0.9, "{}", known[0]);
    assert!(number(&known[1]["r2"]["value"]) < 0.5, "{}", known[1]);
    let drawn = folder.good("demo stocks --prices prices.csv --factors factors.csv --picture p.svg --quiet").out;
    assert!(drawn.contains("known factor") && drawn.contains("Returns of 38 whole months."), "{drawn}");
    folder.refused("demo stocks --factors factors.csv", "error: --factors: a file was given; it goes with --prices.\n");
    folder.write("short.csv", "Date,Mkt-RF\n201401,1\n201402,2\n201403,3\n");
    let refused = folder.latent("demo stocks --prices prices.csv --factors short.csv");
    assert!(refused.code == Some(2) && refused.err.contains("at least 24 are needed"), "{}", refused.err);
}
