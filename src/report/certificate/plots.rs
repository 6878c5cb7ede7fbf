//! Small plots over the time of the session, as SVG whose colours are the page's.

use std::fmt::Write as _;

use crate::record::Kept;
use crate::record::streams;
use crate::report::certificate::Figures;
use crate::report::certificate::page::escape;
use crate::session::Item;
use crate::time::Timestamp;

/// The most points of a curve.
const POINTS: usize = 240;
const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 96.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 8.0;
const BELOW: f64 = 30.0;

/// One plot.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    title: &'static str,
    /// Times since the session began, s, and values; none where there was nothing.
    points: Vec<(f64, Option<f64>)>,
    /// From, to.
    range: [f64; 2],
    /// Where a line says from where on it is doubtful.
    limit: Option<f64>,
    /// How long the session is, s.
    secs: f64,
    /// What was paused or forgotten, and what is excluded.
    gone: Vec<[f64; 2]>,
    excluded: Vec<[f64; 2]>,
}

/// The plots of a session.
pub(super) fn all(kept: &Kept, figures: &Figures) -> Vec<Plot> {
    let whole = &figures.whole;
    let began = kept.header.began_nanos;
    let since = |at: Timestamp| (at.nanos() - began) as f64 / 1e9;
    let gone: Vec<_> = whole.paused_s.iter().chain(&whole.forgotten_s).copied().collect();
    let plot = |title, limit, range, points| Plot {
        title,
        points,
        range,
        limit,
        secs: whole.duration_s.max(1e-9),
        gone: gone.clone(),
        excluded: whole.excluded_s.clone(),
    };
    let binned = |of: Vec<(f64, f64)>, fold: Fold| binned(&of, whole.duration_s, fold);
    let [faces, ..] = &kept.evidence;
    let pictures = faces.iter().map(|item| (since(item.span.start), 1.0)).collect();
    let brightness = column(kept, "brightness");
    let light = faces.iter().map(|item| (since(item.span.start), number(item, brightness))).collect();
    let levels = kept.levels.iter().map(|level| (since(level.span.start), f64::from(level.value.level_db))).collect();
    let late = kept.stamps.iter().map(|item| (since(item.arrived), item.arrived.secs() - item.span.start.secs()));
    let read =
        kept.answers.iter().map(|answer| (since(answer.span.start), f64::from(u8::from(answer.value.is_some()))));
    let (rates, late) = (binned(pictures, Fold::PerSecond), binned(late.collect(), Fold::Most));
    let most =
        |points: &[(f64, Option<f64>)], least: f64| points.iter().filter_map(|(_, value)| *value).fold(least, f64::max);
    let (most_rate, most_late) = (most(&rates, 30.0), most(&late, 0.4));
    vec![
        plot("pictures read a second", Some(15.0), [0.0, most_rate], rates),
        plot("brightness of the face, 0 to 1", Some(0.2), [0.0, 1.0], binned(light, Fold::Mean)),
        plot("sound level, dB of full scale", None, [-100.0, 0.0], binned(levels, Fold::Most)),
        plot("how late sound is taken note of, s", Some(0.3), [0.0, most_late], late),
        plot("share of answers with a reading", Some(0.8), [0.0, 1.0], binned(read.collect(), Fold::Mean)),
    ]
}

fn column(kept: &Kept, name: &str) -> Option<usize> {
    let stream = kept.streams.iter().find(|stream| stream.id == streams::FACE)?;
    stream.columns.iter().position(|column| column.name == name)
}

fn number(item: &Item, place: Option<usize>) -> f64 {
    place.and_then(|place| item.values.get(place)).map_or(f64::NAN, |value| f64::from(*value))
}

#[derive(Debug, Clone, Copy)]
enum Fold {
    Mean,
    Most,
    PerSecond,
}

/// What there was in each of equal parts of the session; none where there was nothing.
fn binned(points: &[(f64, f64)], secs: f64, fold: Fold) -> Vec<(f64, Option<f64>)> {
    let count = POINTS.min((secs.max(1.0) * 2.0) as usize).max(1);
    let length = secs.max(1e-9) / count as f64;
    let mut bins = vec![(0usize, 0.0f64, f64::MIN); count];
    for (at, value) in points.iter().filter(|(_, value)| value.is_finite()) {
        if let Some((number, sum, most)) = bins.get_mut((at / length).max(0.0) as usize) {
            *number += 1;
            *sum += value;
            *most = most.max(*value);
        }
    }
    let value = |(number, sum, most): (usize, f64, f64)| match fold {
        _ if number == 0 => None,
        Fold::Mean => Some(sum / number as f64),
        Fold::Most => Some(most),
        Fold::PerSecond => Some(number as f64 / length),
    };
    bins.into_iter().enumerate().map(|(at, bin)| ((at as f64 + 0.5) * length, value(bin))).collect()
}

impl Plot {
    fn x(&self, secs: f64) -> f64 {
        LEFT + WIDTH * (secs / self.secs).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let [from, to] = self.range;
        TOP + HEIGHT * (1.0 - ((value - from) / (to - from)).clamp(0.0, 1.0))
    }

    /// A figure with its title.
    pub(super) fn figure(&self) -> String {
        let (width, height, bottom) = (LEFT + WIDTH + 8.0, TOP + HEIGHT + BELOW, TOP + HEIGHT);
        let mut svg = format!(
            r#"<svg viewBox="0 0 {width:.0} {height:.0}" role="img" aria-label="{} over time">"#,
            escape(self.title)
        );
        for (class, stretches) in [("gone", &self.gone), ("excluded", &self.excluded)] {
            for [from, to] in stretches {
                let (x, to) = (self.x(*from), self.x(*to));
                let width = (to - x).max(0.5);
                write!(svg, r#"<rect class="{class}" x="{x:.1}" y="{TOP}" width="{width:.1}" height="{HEIGHT}"/>"#)
                    .ok();
            }
        }
        for value in self.range {
            let y = self.y(value);
            write!(svg, r#"<path class="axis" d="M{LEFT} {y:.1}H{:.1}"/>"#, LEFT + WIDTH).ok();
            let (x, y) = (LEFT - 6.0, y + 4.0);
            write!(svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="end">{}</text>"#, short(value)).ok();
        }
        if let Some(limit) = self.limit {
            write!(svg, r#"<path class="mark" d="M{LEFT} {:.1}H{:.1}"/>"#, self.y(limit), LEFT + WIDTH).ok();
        }
        for curve in self.points.split(|(_, value)| value.is_none()) {
            let places: Vec<_> = curve
                .iter()
                .filter_map(|(at, value)| Some(format!("{:.1} {:.1}", self.x(*at), self.y((*value)?))))
                .collect();
            // A point by itself is a line of half a pixel.
            if !places.is_empty() {
                write!(svg, r#"<path class="line s0" d="M{}h.5"/>"#, places.join("L")).ok();
            }
        }
        for (secs, anchor) in [(0.0, "start"), (self.secs, "end")] {
            let (x, y) = (self.x(secs), bottom + 16.0);
            write!(svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{}</text>"#, clock(secs)).ok();
        }
        format!("<figure>{svg}</svg><figcaption>{}</figcaption></figure>\n", escape(self.title))
    }
}

fn short(value: f64) -> String {
    let text = if value.abs() >= 10.0 || value == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    text.replace('-', "−")
}

/// Minutes and seconds.
fn clock(secs: f64) -> String {
    let secs = secs.round() as u64;
    format!("{}:{:02}", secs / 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_was_the_curve_breaks() {
        let points = binned(&[(0.2, 1.0), (0.3, 3.0), (1.7, 5.0)], 2.0, Fold::Mean);

        assert_eq!(points, [(0.25, Some(2.0)), (0.75, None), (1.25, None), (1.75, Some(5.0))]);
        let (gone, excluded) = (vec![[0.5, 1.5]], Vec::new());
        let plot = Plot { title: "a < b", points, range: [0.0, 5.0], limit: None, secs: 2.0, gone, excluded };
        let figure = plot.figure();
        assert_eq!(figure.matches(r#"class="line s0""#).count(), 2);
        assert!(figure.contains("a &lt; b") && figure.contains(r#"class="gone""#), "{figure}");
    }

    #[test]
    fn rates_are_of_a_second() {
        let pictures: Vec<_> = (0..60).map(|at| (f64::from(at) / 30.0, 1.0)).collect();

        let points = binned(&pictures, 2.0, Fold::PerSecond);

        assert!(points.iter().all(|(_, rate)| (rate.unwrap() - 30.0).abs() < 2.1), "{points:?}");
    }
}
