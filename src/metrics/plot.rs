//! Scores against labels as an SVG picture: a panel for each dataset, the fitted curve, the figures beneath. It carries its
//! own colours for light and dark pages, needs no script, and names a photo when the pointer rests on its dot.

use std::fmt::Write as _;

use super::fit::Logistic;

/// Side of the square that the dots lie in, in units of the picture.
const SIDE: f64 = 400.0;
/// Room for the labels of the vertical axis.
const LEFT: f64 = 64.0;
/// Room for the title.
const TOP: f64 = 40.0;
/// Room for the labels of the horizontal axis.
const BELOW: f64 = 52.0;
/// Height of a line of text.
const LINE: f64 = 18.0;
/// Width of a panel with its margins.
const WIDTH: f64 = LEFT + SIDE + 24.0;
/// Pieces that a curve is drawn in.
const PIECES: u32 = 64;

const STYLE: &str = "\
svg{background:#fff;color:#1c1c1e;font:13px system-ui,sans-serif}\
text{fill:currentColor}.title{font-weight:600;font-size:15px}.note,.tick{font-size:12px;opacity:.8}\
.note{font-family:ui-monospace,monospace}.grid{stroke:currentColor;opacity:.15}.frame{fill:none;stroke:currentColor;opacity:.5}\
.dot{fill:#0b62c4;fill-opacity:.55}.curve{fill:none;stroke:#c2410c;stroke-width:2.5}\
@media(prefers-color-scheme:dark){svg{background:#161618;color:#ececee}.dot{fill:#6db3ff}.curve{stroke:#ff9d5c}}";

/// A photo.
#[derive(Debug, Clone)]
pub struct Dot {
    /// What the model says.
    pub score: f64,
    /// What people say.
    pub label: f64,
    /// What the photo is called.
    pub name: String,
}

/// The photos of a dataset.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// Stands above.
    pub title: String,
    /// What the vertical axis shows.
    pub label: String,
    /// The photos.
    pub dots: Vec<Dot>,
    /// The curve in the unit of the labels, if one could be fitted.
    pub curve: Option<Logistic>,
    /// Lines to stand beneath.
    pub notes: Vec<String>,
}

/// The panels beside one another as an SVG document.
pub fn scatter(panels: &[Panel]) -> String {
    let notes = panels.iter().map(|panel| panel.notes.len()).max().unwrap_or_default();
    let width = WIDTH * panels.len().max(1) as f64;
    let height = TOP + SIDE + BELOW + LINE * notes as f64 + 8.0;
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title.as_str()).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>Scores against labels: {}</title>\n<style>{STYLE}</style>\n",
        escaped(&titles.join(", "))
    );
    for (index, panel) in panels.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<g transform=\"translate({} {TOP})\">",
            WIDTH * index as f64 + LEFT
        );
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let x = Axis::of(self.dots.iter().map(|dot| dot.score));
        let y = Axis::of(self.dots.iter().map(|dot| dot.label));
        let (right, up) = (|score| x.place(score), |label| SIDE - y.place(label));
        text(svg, "title", [0.0, -14.0], "start", &self.title);
        for tick in x.ticks() {
            let at = right(tick);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{at:.1} 0V{SIDE}\"/>");
            text(svg, "tick", [at, SIDE + 18.0], "middle", &x.number(tick));
        }
        for tick in y.ticks() {
            let at = up(tick);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M0 {at:.1}H{SIDE}\"/>");
            text(svg, "tick", [-8.0, at + 4.0], "end", &y.number(tick));
        }
        let _ = writeln!(svg, "<rect class=\"frame\" width=\"{SIDE}\" height=\"{SIDE}\"/>");
        text(svg, "axis", [SIDE / 2.0, SIDE + 40.0], "middle", "score");
        let _ = write!(svg, "<g transform=\"translate(-48 {}) rotate(-90)\">", SIDE / 2.0);
        text(svg, "axis", [0.0, 0.0], "middle", &self.label);
        svg.push_str("</g>\n");
        for dot in &self.dots {
            let (cx, cy) = (right(dot.score), up(dot.label));
            let about = format!("{}: score {:.4}, label {}", dot.name, dot.score, dot.label);
            let _ = writeln!(
                svg,
                "<circle class=\"dot\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3.5\"><title>{}</title></circle>",
                escaped(&about)
            );
        }
        if let Some(curve) = &self.curve {
            let scores = (0..=PIECES).map(|piece| x.low + (x.high - x.low) * f64::from(piece) / f64::from(PIECES));
            let points = scores.map(|score| (right(score), up(curve.at(score))));
            // Where the curve leaves the labels' range, it leaves the picture.
            let seen = points.filter(|(_, y)| (0.0..=SIDE).contains(y));
            let points: Vec<String> = seen.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(svg, "<polyline class=\"curve\" points=\"{}\"/>", points.join(" "));
        }
        for (line, note) in self.notes.iter().enumerate() {
            text(
                svg,
                "note",
                [0.0, SIDE + BELOW + LINE * (line as f64 + 0.7)],
                "start",
                note,
            );
        }
    }
}

fn text(svg: &mut String, class: &str, [x, y]: [f64; 2], anchor: &str, words: &str) {
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" xml:space=\"preserve\">{}</text>",
        escaped(words)
    );
}

/// Text that cannot end an element. XML has no way at all to write most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The range that an axis shows.
struct Axis {
    low: f64,
    high: f64,
    /// Between two ticks: 1, 2 or 5 times a power of ten.
    step: f64,
}

impl Axis {
    /// From a tick at or below all values to one at or above.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().reduce(f64::min).unwrap_or(0.0);
        let high = values.reduce(f64::max).unwrap_or(1.0);
        // Equal values still need a range around them, one in which they can be told apart from their neighbours.
        let span = (high - low).max(1e-6 * low.abs().max(high.abs())).max(1e-9);
        let power = 10_f64.powf((span / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
        let step = step.into_iter().find(|step| span / step <= 6.0).unwrap_or(span);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let last = if last > first { last } else { first + 1.0 };
        Self {
            low: first * step,
            high: last * step,
            step,
        }
    }

    fn place(&self, value: f64) -> f64 {
        SIDE * (value - self.low) / (self.high - self.low)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.high - self.low) / self.step).round().min(20.0) as u32;
        (0..=count).map(|tick| self.low + self.step * f64::from(tick))
    }

    /// A tick with as many digits as its neighbours need to differ.
    fn number(&self, tick: f64) -> String {
        let digits = (-self.step.log10().floor()).clamp(0.0, 9.0) as usize;
        format!("{:.digits$}", tick + 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(score: f64, label: f64) -> Dot {
        Dot {
            score,
            label,
            name: "a<b>&\"\u{1b}.jpg".into(),
        }
    }

    #[test]
    fn names_cannot_leave_their_element() {
        let panel = Panel {
            title: "</title><script>".into(),
            dots: vec![dot(0.5, 50.0)],
            ..Panel::default()
        };
        let svg = scatter(&[panel]);
        assert!(!svg.contains("<script") && !svg.contains('\u{1b}'));
        assert!(svg.contains("a&lt;b&gt;&amp;&quot;\u{fffd}.jpg: score 0.5000, label 50"));
    }

    #[test]
    fn dots_lie_where_axes_say() {
        let panel = Panel {
            dots: vec![dot(0.2, 0.0), dot(0.7, 100.0)],
            ..Panel::default()
        };
        let svg = scatter(&[panel]);
        assert!(
            svg.contains("cx=\"0.0\" cy=\"400.0\"") && svg.contains("cx=\"400.0\" cy=\"0.0\""),
            "{svg}"
        );
        for tick in ["0.2", "0.7", "0", "100"] {
            assert!(
                svg.contains(
                    &format!("\">{tick}<")
                        .replace("\">", " xml:space=\"preserve\">")
                        .as_str()
                        .to_owned()
                ),
                "{tick}"
            );
        }
    }

    #[test]
    fn an_axis_shows_all_values_with_few_ticks() {
        for values in [
            vec![],
            vec![3.0],
            vec![0.0, 0.0],
            vec![-1e9, 1e9],
            vec![0.61, 0.6101],
            vec![1e6, 1e6 + 1e-9],
        ] {
            let axis = Axis::of(values.iter().copied());
            assert!(
                (2..=8).contains(&axis.ticks().count()),
                "{values:?}: {} ticks",
                axis.ticks().count()
            );
            for value in values {
                assert!((-0.5..=SIDE + 0.5).contains(&axis.place(value)), "{value}");
            }
        }
    }
}
