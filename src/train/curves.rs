//! The course of a run as a picture.

use std::fmt::Write;

use super::state::Epoch;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const MARGIN: f64 = 48.0;

/// An SVG of two panels: the loss of each epoch, and the SRCC of each dataset.
pub fn curves(name: &str, epochs: &[Epoch]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        2.0 * HEIGHT
    );
    let losses: Vec<f64> = epochs.iter().map(|epoch| epoch.loss).collect();
    panel(&mut svg, 0.0, &format!("{name}: loss"), &[("loss".into(), losses)]);
    let datasets: Vec<&str> = epochs
        .first()
        .map(|epoch| {
            epoch
                .validation
                .iter()
                .map(|figures| figures.dataset.as_str())
                .collect()
        })
        .unwrap_or_default();
    let series: Vec<(String, Vec<f64>)> = datasets
        .iter()
        .enumerate()
        .map(|(index, dataset)| {
            let values = epochs.iter().map(|epoch| {
                epoch
                    .validation
                    .get(index)
                    .and_then(|figures| figures.srcc)
                    .unwrap_or(0.0)
            });
            ((*dataset).to_owned(), values.collect())
        })
        .collect();
    panel(&mut svg, HEIGHT, "SRCC on validation photos", &series);
    svg.push_str("</svg>\n");
    svg
}

const COLOURS: [&str; 6] = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b9770e", "#444"];

fn panel(svg: &mut String, top: f64, title: &str, series: &[(String, Vec<f64>)]) {
    let values = || series.iter().flat_map(|(_, values)| values.iter().copied());
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let count = series.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let (low, high) = if low < high { (low, high) } else { (0.0, low.max(1.0)) };
    let x = |index: usize| MARGIN + (WIDTH - 2.0 * MARGIN) * index as f64 / count.saturating_sub(1).max(1) as f64;
    let y = |value: f64| top + HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * (value - low) / (high - low);
    // Writing into a string cannot fail.
    let _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"{}\">{}</text>",
        top + 24.0,
        escape(title)
    );
    for value in [low, high] {
        let _ = writeln!(
            svg,
            "<text x=\"4\" y=\"{0:.1}\">{value:.3}</text><line x1=\"{MARGIN}\" x2=\"{1}\" y1=\"{2:.1}\" y2=\"{2:.1}\" stroke=\"#ccc\"/>",
            y(value) + 4.0,
            WIDTH - MARGIN,
            y(value),
        );
    }
    for (index, (name, values)) in series.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(index, &value)| format!("{:.1},{:.1}", x(index), y(value)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"{}\" fill=\"{colour}\">{}</text>",
            points.join(" "),
            MARGIN + 150.0 * index as f64,
            top + HEIGHT - 12.0,
            escape(name)
        );
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
