//! The scatter plot: a panel for each CSV.

use gamma_wasm::metrics::plot::{Dot, Panel, scatter};
use gamma_wasm::metrics::{CONFIDENCE, Evaluation, Outcome};

use super::output::{FIGURES, estimate};
use super::{Models, Results};

/// The plot of what the model says, as an SVG document.
pub fn svg(models: &Models, results: &[Results], evaluation: &Evaluation) -> String {
    let panels = results.iter().zip(&evaluation.datasets);
    scatter(
        &panels
            .map(|(set, outcome)| panel(models, set, outcome))
            .collect::<Vec<_>>(),
    )
}

fn panel(models: &Models, set: &Results, outcome: &Outcome) -> Panel {
    let source = &set.source;
    let file = source
        .csv
        .file_name()
        .unwrap_or(source.csv.as_os_str())
        .to_string_lossy();
    let file = source.paper.map_or(file, |paper| paper.name.into());
    let better = if source.lower_better { "lower" } else { "higher" };
    let dots = set.rows.iter().zip(&set.model).map(|(row, scored)| Dot {
        score: scored.photo,
        label: row.label,
        name: row.image.clone(),
    });
    let intervals = format!(
        "{}; in brackets: {:.0}% intervals",
        models.model.info().name,
        100.0 * CONFIDENCE
    );
    let mut notes = vec![intervals];
    for (figure, found) in FIGURES.iter().zip(outcome.figures.model.values()) {
        notes.push(format!("{figure:<12} {}", estimate(&found)));
    }
    if let Some(paper) = source.paper {
        notes.push(format!("paper        SRCC {:.3}, PLCC {:.3}", paper.srcc, paper.plcc));
    }
    Panel {
        title: format!("{file}, {}, {} photos", models.scene(source), set.rows.len()),
        label: format!("{} ({better} is better)", source.label_column),
        dots: dots.collect(),
        curve: outcome.fit,
        notes,
    }
}
