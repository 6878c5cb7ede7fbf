//! Plots as SVG inside the page, whose colours are the page's.

use std::fmt::Write as _;

use crate::measure::Bin;
use crate::report::evaluation::Estimate;
use crate::report::evaluation::page::escape;

/// The inside of a plot, and what its sides mean.
struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    /// From, to.
    across: [f64; 2],
    upwards: [f64; 2],
}

impl Area {
    const SQUARE: f64 = 300.0;

    /// As wide as high.
    const fn square(across: [f64; 2], upwards: [f64; 2]) -> Self {
        Self { left: 52.0, top: 12.0, width: Self::SQUARE, height: Self::SQUARE, across, upwards }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.width * share(value, self.across)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - share(value, self.upwards))
    }

    /// Begins a picture with its axes; `below` and `beside` say what they are.
    fn begin(&self, below: &str, beside: &str) -> String {
        let (width, height) = (self.left + self.width + 16.0, self.top + self.height + 44.0);
        let mut svg = format!(
            r#"<svg viewBox="0 0 {width:.0} {height:.0}" role="img" aria-label="{} by {}">"#,
            escape(beside),
            escape(below)
        );
        for at in ticks(self.across) {
            let (x, bottom) = (self.x(at), self.top + self.height);
            write!(svg, r#"<path class="axis" d="M{x:.1} {:.1}V{bottom:.1}"/>"#, self.top).ok();
            write!(svg, r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle">{}</text>"#, bottom + 16.0, tick(at)).ok();
        }
        for at in ticks(self.upwards) {
            let (y, right) = (self.y(at), self.left + self.width);
            write!(svg, r#"<path class="axis" d="M{:.1} {y:.1}H{right:.1}"/>"#, self.left).ok();
            write!(svg, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#, self.left - 8.0, y + 4.0, tick(at))
                .ok();
        }
        let (middle, down) = (self.left + self.width / 2.0, self.top + self.height / 2.0);
        write!(svg, r#"<text x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text>"#, height - 6.0, escape(below))
            .ok();
        write!(
            svg,
            r#"<text transform="translate(13 {down:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            escape(beside)
        )
        .ok();
        svg
    }

    fn line(&self, class: &str, points: impl IntoIterator<Item = [f64; 2]>) -> String {
        let places: Vec<_> = points.into_iter().map(|[x, y]| format!("{:.1} {:.1}", self.x(x), self.y(y))).collect();
        format!(r#"<path class="{class}" d="M{}"/>"#, places.join("L"))
    }

    fn dot(&self, class: &str, [x, y]: [f64; 2], radius: f64) -> String {
        format!(r#"<circle class="dot {class}" cx="{:.1}" cy="{:.1}" r="{radius}"/>"#, self.x(x), self.y(y))
    }
}

fn share(value: f64, [from, to]: [f64; 2]) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

fn ticks([from, to]: [f64; 2]) -> impl Iterator<Item = f64> {
    let step = [0.05, 0.1, 0.2, 0.5, 1.0].into_iter().find(|step| (to - from) / step <= 5.5).unwrap_or(1.0);
    let first = (from / step - 1e-9).ceil() as i64;
    (first..).map(move |at| at as f64 * step).take_while(move |at| *at <= to + 1e-9)
}

fn tick(at: f64) -> String {
    let text = format!("{at:.2}");
    let text = text.strip_suffix('0').unwrap_or(&text);
    if text == "-0.0" { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// Confidence below, share of right ones beside; the dotted line is where they are the same.
pub(super) fn reliability(bins: &[Bin]) -> String {
    let area = Area::square([0.0, 1.0], [0.0, 1.0]);
    let mut svg = area.begin("mean confidence", "share right");
    svg += &area.line("mark", [[0.0, 0.0], [1.0, 1.0]]);
    svg += &area.line("line s0", bins.iter().map(|bin| [bin.confidence, bin.right]));
    for bin in bins {
        svg += &area.dot("s0", [bin.confidence, bin.right], 4.0);
    }
    svg + "</svg>"
}

/// Coverage below, risk beside, for each of the curves; the dotted line is at the share that is looked at.
pub(super) fn risk_coverage(curves: &[&[[f64; 2]]]) -> String {
    let most = curves.iter().flat_map(|points| points.iter()).map(|[_, risk]| *risk).fold(0.1, f64::max);
    let area = Area::square([0.0, 1.0], [0.0, (most * 10.0).ceil() / 10.0]);
    let mut svg = area.begin("coverage: share kept, the surest first", "risk: share wrong among them");
    svg += &area.line("mark", [[0.8, 0.0], [0.8, 1.0]]);
    for (series, points) in curves.iter().enumerate().filter(|(_, points)| !points.is_empty()) {
        svg += &area.line(&format!("line s{}", series % 4), points.iter().copied());
        if let [only] = points {
            svg += &area.dot(&format!("s{}", series % 4), *only, 4.0);
        }
    }
    svg + "</svg>"
}

/// Given below, read beside; the dotted line is where they are the same.
pub(super) fn scatter(what: &str, pairs: &[[f64; 2]]) -> String {
    let area = Area::square([-1.0, 1.0], [-1.0, 1.0]);
    let mut svg = area.begin(&format!("{what} given"), &format!("{what} read"));
    svg += &area.line("mark", [[-1.0, -1.0], [1.0, 1.0]]);
    for pair in pairs {
        svg += &area.dot("s0", *pair, 3.0);
    }
    svg + "</svg>"
}

/// Figures with their intervals: a line of them for each row, a colour for each series.
pub(super) struct Dots<'a> {
    /// What the figure is.
    pub(super) what: &'a str,
    /// What each row is, and its figures, series by series.
    pub(super) rows: Vec<(String, Vec<Option<Estimate>>)>,
    /// From, to.
    pub(super) across: [f64; 2],
    /// Where a dotted line stands: chance, no difference.
    pub(super) mark: f64,
}

const BETWEEN_SERIES: f64 = 9.0;
const BETWEEN_ROWS: f64 = 12.0;

impl Dots<'_> {
    pub(super) fn draw(&self) -> String {
        let series = self.rows.iter().map(|(_, figures)| figures.len()).max().unwrap_or(1).max(1) as f64;
        let of_row = series * BETWEEN_SERIES + BETWEEN_ROWS;
        let height = of_row * self.rows.len() as f64;
        let longest = self.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) as f64;
        let left = 16.0 + 7.0 * longest;
        let area = Area { left, top: 8.0, width: 640.0 - left, height, across: self.across, upwards: [0.0, 1.0] };
        let (width, whole) = (left + area.width + 16.0, height + 48.0);
        let mut svg =
            format!(r#"<svg viewBox="0 0 {width:.0} {whole:.0}" role="img" aria-label="{}">"#, escape(self.what));
        let bottom = area.top + height;
        for at in ticks(self.across) {
            let x = area.x(at);
            write!(svg, r#"<path class="axis" d="M{x:.1} {:.1}V{bottom:.1}"/>"#, area.top).ok();
            write!(svg, r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle">{}</text>"#, bottom + 16.0, tick(at)).ok();
        }
        write!(svg, r#"<path class="mark" d="M{:.1} {:.1}V{bottom:.1}"/>"#, area.x(self.mark), area.top).ok();
        for (row, (name, figures)) in self.rows.iter().enumerate() {
            let top = area.top + of_row * row as f64 + BETWEEN_ROWS / 2.0;
            let middle = top + series * BETWEEN_SERIES / 2.0;
            write!(
                svg,
                r#"<text class="strong" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                left - 8.0,
                middle + 4.0,
                escape(name)
            )
            .ok();
            for (at, one) in figures.iter().enumerate() {
                let y = top + (at as f64 + 0.5) * BETWEEN_SERIES;
                svg += &figure(&area, y, at, one.as_ref());
            }
        }
        write!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text></svg>"#,
            left + area.width / 2.0,
            whole - 8.0,
            escape(self.what)
        )
        .ok();
        svg
    }
}

fn figure(area: &Area, y: f64, series: usize, figure: Option<&Estimate>) -> String {
    let Some(Estimate { value: Some(value), low, high }) = figure else { return String::new() };
    let class = format!("s{}", series % 4);
    let mut svg = String::new();
    if let (Some(low), Some(high)) = (low, high) {
        let (low, high) = (area.x(*low), area.x(*high));
        write!(svg, r#"<path class="range {class}" d="M{low:.1} {y:.1}H{high:.1}"/>"#).ok();
    }
    write!(svg, r#"<circle class="dot {class}" cx="{:.1}" cy="{y:.1}" r="3.5"/>"#, area.x(*value)).ok();
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(ticks([0.0, 1.0]).map(tick).collect::<Vec<_>>(), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks([-0.1, 0.1]).map(tick).collect::<Vec<_>>(), ["−0.1", "−0.05", "0.0", "0.05", "0.1"]);
        assert_eq!(ticks([-1.0, 1.0]).count(), 5);
    }
}
