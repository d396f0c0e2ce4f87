//! Our statistics are those of SciPy (`tests/fixtures/statistics`).

#![cfg(feature = "cli")]

use gamma_wasm::metrics::{Estimate, Logistic, Sample, Statistics, evaluate, kendall, pearson, spearman};
use proptest::prelude::*;
use serde_json::Value;

const FIXTURE: &str = include_str!("fixtures/statistics/statistics.json");
const SEED: u64 = 0;

struct Case {
    name: String,
    scores: Vec<f64>,
    labels: Vec<f64>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let numbers = |value: &Value| value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let case = |case: &Value| Case {
        name: case["name"].as_str().unwrap().to_owned(),
        scores: numbers(&case["scores"]),
        labels: numbers(&case["labels"]),
        expected: case.clone(),
    };
    fixture["cases"].as_array().unwrap().iter().map(case).collect()
}

fn sample(scores: &[f64], labels: &[f64]) -> Sample {
    Sample {
        scores: scores.to_vec(),
        labels: labels.to_vec(),
        ..Sample::default()
    }
}

fn figures(sample: Sample) -> Statistics<Estimate> {
    evaluate(&[sample], SEED).datasets.remove(0).figures.model
}

#[test]
fn correlations_are_those_of_scipy() {
    for Case {
        name,
        scores,
        labels,
        expected,
    } in cases()
    {
        for (figure, found) in [
            ("srcc", spearman(&scores, &labels)),
            ("plcc", pearson(&scores, &labels)),
            ("krcc", kendall(&scores, &labels)),
        ] {
            match (expected[figure].as_f64(), found) {
                (Some(expected), Some(found)) => {
                    assert!((expected - found).abs() < 1e-12, "{figure} of {name}: {found}")
                }
                (expected, found) => assert_eq!(expected, found, "{figure} of {name}"),
            }
        }
    }
}

#[test]
fn the_fitted_curve_is_as_close_as_the_best_of_scipys() {
    for Case {
        name,
        scores,
        labels,
        expected,
    } in cases()
    {
        let found = Logistic::fit(&scores, &labels, None);
        let Some(rmse) = expected["rmse"].as_f64() else {
            assert_eq!(found, None, "{name}");
            continue;
        };
        let found = figures(sample(&scores, &labels));
        let (found_rmse, found_plcc) = (found.rmse.value.unwrap(), found.plcc_fitted.value.unwrap());
        // Of a line, of photos that are hardly related and of an outlier, the best curve is a limit (ever wider, ever
        // narrower), and both stop on the way to it: ours may be a little closer, and hardly farther.
        let spread = labels.iter().copied().fold(f64::MIN, f64::max) - labels.iter().copied().fold(f64::MAX, f64::min);
        let closer = (rmse - found_rmse) / spread;
        assert!((-1e-5..1e-4).contains(&closer), "{name}: {found_rmse}, SciPy {rmse}");
        let plcc = expected["plcc_fitted"].as_f64().unwrap();
        assert!(
            (-1e-4..1e-3).contains(&(found_plcc - plcc)),
            "{name}: {found_plcc}, SciPy {plcc}"
        );
    }
}

#[test]
fn intervals_are_those_of_scipy_but_for_chance() {
    let with_intervals: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.expected["intervals"].is_object())
        .collect();
    assert_eq!(with_intervals.len(), 2);
    for Case {
        name,
        scores,
        labels,
        expected,
    } in with_intervals
    {
        let found = figures(sample(&scores, &labels));
        for (figure, found) in [("srcc", found.srcc), ("plcc", found.plcc), ("krcc", found.krcc)] {
            let expected: [f64; 2] = serde_json::from_value(expected["intervals"][figure].clone()).unwrap();
            let found = found.interval.unwrap();
            // The end of an interval of 1000 draws is uncertain by about a twentieth of its width.
            let allowed = 0.15 * (expected[1] - expected[0]);
            for (found, expected) in [(found.low, expected[0]), (found.high, expected[1])] {
                assert!(
                    (found - expected).abs() < allowed,
                    "{figure} of {name}: {found}, SciPy {expected}"
                );
            }
        }
    }
}

#[test]
fn what_is_undefined_has_neither_value_nor_interval() {
    for scores in [vec![], vec![0.5], vec![0.5; 6]] {
        let labels: Vec<f64> = (0..scores.len()).map(|label| label as f64).collect();
        for figure in figures(sample(&scores, &labels)).values() {
            assert_eq!(figure, Estimate::default(), "{scores:?}");
        }
    }
    // Of three photos a quarter of the draws are no more than one photo: too many for an interval.
    let three = figures(sample(&[0.1, 0.2, 0.3], &[1.0, 3.0, 2.0]));
    assert!(three.srcc.value.is_some() && three.rmse.value.is_none());
}

#[test]
fn labels_may_run_the_other_way() {
    let Case { scores, labels, .. } = cases().remove(0);
    let turned = Sample {
        lower_better: true,
        ..sample(&scores, &labels.iter().map(|label| 100.0 - label).collect::<Vec<_>>())
    };
    let (straight, turned) = (evaluate(&[sample(&scores, &labels)], SEED), evaluate(&[turned], SEED));
    let figures = |evaluation: &gamma_wasm::metrics::Evaluation| evaluation.datasets[0].figures.model.values();
    for (a, b) in figures(&straight).into_iter().zip(figures(&turned)) {
        assert!((a.value.unwrap() - b.value.unwrap()).abs() < 1e-6);
        assert!((a.interval.unwrap().low - b.interval.unwrap().low).abs() < 1e-5);
    }
    // The curve is given for the labels as they are.
    let (straight, turned) = (straight.datasets[0].fit.unwrap(), turned.datasets[0].fit.unwrap());
    assert!((100.0 - straight.at(0.4) - turned.at(0.4)).abs() < 1e-3);
}

#[test]
fn several_datasets_are_averaged_and_pooled() {
    let Case { scores, labels, .. } = cases().remove(0);
    let part = |from: usize, to: usize| sample(&scores[from..to], &labels[from..to]);
    let ranged = |sample: Sample, range| Sample {
        range: Some(range),
        ..sample
    };
    let mut turned = part(40, 116);
    // The same labels on a scale of 0 to 9 on which a low one is good: pooling must undo that.
    turned.labels = turned.labels.iter().map(|label| 9.0 - 0.09 * label).collect();
    turned.lower_better = true;
    let all = [ranged(part(0, 40), [0.0, 100.0]), ranged(turned, [0.0, 9.0])];
    let found = evaluate(&all, SEED);
    let srcc = |index: usize| found.datasets[index].figures.model.srcc.value.unwrap();
    let overall = found.overall.as_ref().unwrap();
    let close = |found: Estimate, expected: f64| {
        assert!(
            (found.value.unwrap() - expected).abs() < 1e-9,
            "{found:?}, not {expected}"
        );
        let interval = found.interval.unwrap();
        assert!((interval.low..interval.high).contains(&expected));
    };
    close(overall.mean.model.srcc, (srcc(0) + srcc(1)) / 2.0);
    close(overall.weighted.model.srcc, (40.0 * srcc(0) + 76.0 * srcc(1)) / 116.0);
    close(overall.pooled.unwrap().model.srcc, spearman(&scores, &labels).unwrap());
    close(overall.pooled.unwrap().model.plcc, pearson(&scores, &labels).unwrap());
    assert_eq!(overall.mean.model.rmse, Estimate::default(), "units differ");
    let unknown = evaluate(&[part(0, 40), all[1].clone()], SEED);
    assert_eq!(unknown.overall.unwrap().pooled, None, "a range is not known");
    // What stands after a dataset changes nothing about it.
    assert_eq!(
        found.datasets[0].figures,
        evaluate(&[part(0, 40)], SEED).datasets[0].figures
    );
    assert_eq!(evaluate(&[part(0, 40)], SEED).overall, None);
}

#[test]
fn two_models_are_compared_on_the_same_draws() {
    let Case { scores, labels, .. } = cases().remove(0);
    let with = |against: Vec<f64>| {
        let sample = Sample {
            against: Some(against),
            ..sample(&scores, &labels)
        };
        evaluate(&[sample], SEED).datasets.remove(0).figures
    };
    let same = with(scores.clone());
    assert_eq!(Some(same.model), same.against);
    for figure in same.difference.unwrap().values() {
        let interval = figure.interval.unwrap();
        assert!(figure.value.unwrap().abs() < 1e-9 && interval.low.abs() < 1e-6 && interval.high.abs() < 1e-6);
    }
    // A little noise moves SRCC by far less than other photos would.
    let noisy = scores
        .iter()
        .enumerate()
        .map(|(i, score)| score + 0.005 * ((i * 37 % 11) as f64 - 5.0) / 5.0);
    let found = with(noisy.collect());
    let (model, difference) = (found.model.srcc, found.difference.unwrap().srcc);
    let width = |estimate: Estimate| estimate.interval.map(|interval| interval.high - interval.low).unwrap();
    assert!(width(difference) < 0.2 * width(model));
    let change = found.against.unwrap().srcc.value.unwrap() - model.value.unwrap();
    assert_eq!(difference.value, Some(change));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_interval_contains_its_figure(
        pairs in prop::collection::vec((0.2..1.0_f64, -0.5..0.5_f64), 30..80), follow in 0.0..4.0_f64,
    ) {
        let scores: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let labels: Vec<f64> = pairs.iter().map(|pair| follow * pair.0 + pair.1).collect();
        let found = figures(sample(&scores, &labels));
        for Estimate { value, interval } in [found.srcc, found.plcc, found.krcc] {
            let (value, interval) = (value.unwrap(), interval.unwrap());
            prop_assert!((interval.low..=interval.high).contains(&value), "{value} in {interval:?}");
            prop_assert!(interval.low >= -1.0 && interval.high <= 1.0);
        }
        // The curve is the best of those that predict labels, and a line is nearly among them.
        prop_assert!(found.plcc_fitted.value.unwrap() >= found.plcc.value.unwrap() - 1e-3);
    }
}
