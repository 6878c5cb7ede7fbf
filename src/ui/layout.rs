//! Where the panels lie.

use egui::Rect;

use crate::ui::Options;
use crate::ui::Panel;

const MARGIN: f32 = 8.0;
const TOP_HEIGHT: f32 = 38.0;
const STATUS_HEIGHT: f32 = 20.0;
const TRANSPORT_HEIGHT: f32 = 34.0;

/// The panels' places; a hidden one has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Places {
    /// The top bar.
    pub top: Rect,
    /// The notices.
    pub notices: Rect,
    /// All that lies between the bars.
    pub middle: Rect,
    /// The picture.
    pub picture: Option<Rect>,
    /// What was said.
    pub transcript: Option<Rect>,
    /// The plane.
    pub plane: Rect,
    /// The emotions.
    pub emotions: Option<Rect>,
    /// What they rest on.
    pub rests_on: Option<Rect>,
    /// How one moves through a recorded session; while one is looked at.
    pub transport: Option<Rect>,
    /// The timeline.
    pub timeline: Option<Rect>,
    /// The status line.
    pub status: Rect,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// What is live.
    Live,
    /// A recorded session.
    Replay,
}

/// Lays the panels out in `window` for a picture of the given height over width; what is hidden leaves its room to the
/// others.
#[must_use]
pub fn places(window: Rect, options: &Options, shows: Shows, notices_height: f32, aspect: f32) -> Places {
    let (top, rest) = window.split_top_bottom_at_y(window.top() + TOP_HEIGHT);
    let (rest, status) = rest.split_top_bottom_at_y(rest.bottom() - STATUS_HEIGHT - 4.0);
    let (notices, middle) = rest.split_top_bottom_at_y(rest.top() + notices_height);
    let across = |rect: Rect| rect.shrink2(egui::vec2(MARGIN, 0.0));
    let middle = across(middle);

    // The readings take the whole height, so that they have room in the smallest window; the rest lies beside them.
    let (main, readings) = if options.shows(Panel::Readings) {
        let width = (middle.width() * 0.27).clamp(284.0, 440.0);
        let (main, readings) = middle.split_left_right_at_x(middle.right() - width);
        (main.with_max_x(main.right() - MARGIN), Some(readings))
    } else {
        (middle, None)
    };
    let (emotions, rests_on) = readings.map_or((None, None), |readings| {
        let height = (readings.height() * 0.46).clamp(258.0, 340.0);
        let (emotions, rests_on) = readings.split_top_bottom_at_y(readings.bottom() - height);
        (Some(emotions.with_max_y(emotions.bottom() - MARGIN)), Some(rests_on))
    });

    let (upper, timeline) = if options.shows(Panel::Timeline) {
        let height = (main.height() * 0.29).clamp(138.0, 340.0);
        let (upper, timeline) = main.split_top_bottom_at_y(main.bottom() - height);
        (upper.with_max_y(upper.bottom() - MARGIN), Some(timeline))
    } else {
        (main, None)
    };
    let (upper, transport) = if shows == Shows::Replay {
        let (upper, transport) = upper.split_top_bottom_at_y(upper.bottom() - TRANSPORT_HEIGHT);
        (upper.with_max_y(upper.bottom() - MARGIN), Some(transport))
    } else {
        (upper, None)
    };

    let has_left = options.shows(Panel::Picture) || options.shows(Panel::Transcript);
    let left_width = if has_left { (middle.width() * 0.25).clamp(232.0, 420.0) } else { 0.0 };
    let (left, plane) = upper.split_left_right_at_x(upper.left() + left_width);
    let plane = if has_left { plane.with_min_x(plane.left() + MARGIN) } else { plane };

    let picture_height = (left_width - 24.0) * aspect + 84.0;
    let (picture, transcript) = match (options.shows(Panel::Picture), options.shows(Panel::Transcript)) {
        (true, true) => {
            let at = left.top() + picture_height.min(left.height() - 110.0);
            let (picture, transcript) = left.split_top_bottom_at_y(at);
            (Some(picture), Some(transcript.with_min_y(transcript.top() + MARGIN)))
        }
        (true, false) => (Some(left), None),
        (false, true) => (None, Some(left)),
        (false, false) => (None, None),
    };

    Places {
        top: across(top),
        notices: across(notices),
        middle,
        picture,
        transcript,
        plane,
        emotions,
        rests_on,
        transport,
        timeline,
        status: across(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_smallest_window_every_panel_has_room_and_none_overlaps() {
        let window = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(960.0, 600.0));

        let all = [Shows::Live, Shows::Replay].map(|shows| places(window, &Options::default(), shows, 32.0, 0.75));
        assert!(all[0].plane.height() > 250.0 && all[0].plane.width() > 380.0, "{:?}", all[0].plane);
        assert!(all[1].plane.height() > 210.0, "{:?}", all[1].plane);

        for places in all {
            no_overlap(window, &places);
        }
    }

    fn no_overlap(window: Rect, places: &Places) {
        let panels = [
            Some(places.top),
            Some(places.notices),
            places.picture,
            places.transcript,
            Some(places.plane),
            places.emotions,
            places.rests_on,
            places.transport,
            places.timeline,
            Some(places.status),
        ];
        let panels: Vec<_> = panels.into_iter().flatten().collect();
        assert_eq!(panels.len(), if places.transport.is_some() { 10 } else { 9 });
        for (index, panel) in panels.iter().enumerate() {
            assert!(panel.width() > 200.0 && panel.height() >= 20.0, "{index}: {panel:?}");
            assert!(window.contains_rect(*panel), "{index}: {panel:?}");
            for other in &panels[index + 1..] {
                let shared = panel.intersect(*other);
                assert!(shared.width() <= 0.01 || shared.height() <= 0.01, "{panel:?} and {other:?}");
            }
        }
    }

    #[test]
    fn what_is_hidden_leaves_its_room_to_the_plane() {
        let window = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0));
        let hidden = Options { hidden: Panel::ALL.to_vec(), ..Options::default() };

        let places = places(window, &hidden, Shows::Live, 0.0, 0.75);

        assert_eq!(places.plane, places.middle);
    }
}
