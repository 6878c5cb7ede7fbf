//! The panels: each a function of the view that says what was asked for.

mod baseline;
mod compare;
mod emotions;
mod help;
mod library;
mod markers;
mod notices;
mod picture;
mod plane;
mod record;
mod rests_on;
mod sabotage;
mod settings;
mod start;
mod status;
#[cfg(test)]
mod tests;
mod timeline;
mod top;
mod transcript;
mod transport;

pub use baseline::baseline_ui;
pub use compare::CanRescore;
pub use compare::compare_ui;
pub use emotions::emotions_ui;
pub use help::help_ui;
pub use library::CanExport;
pub use library::library_ui;
pub use markers::MarkerForm;
pub use markers::markers_ui;
pub use notices::height as notices_height;
pub use notices::notices;
pub use notices::notices_ui;
pub use picture::picture_ui;
pub use plane::plane_ui;
pub use record::RecordForm;
pub use record::frame as record_frame;
pub use record::mark_ui;
pub use record::missing as record_missing;
pub use record::record_ui;
pub use rests_on::rests_on_ui;
pub use sabotage::sabotage_ui;
pub use settings::settings_ui;
pub use start::StartForm;
pub use start::start_ui;
pub use status::status_ui;
pub use timeline::shown_live;
pub use timeline::timeline_ui;
pub use top::top_ui;
pub use transcript::transcript_ui;
pub use transport::transport_ui;

use egui::Align2;
use egui::Color32;
use egui::FontId;
use egui::Painter;
use egui::Pos2;
use egui::Rect;
use egui::RichText;
use egui::Ui;

use crate::ui::theme::Palette;

/// Draws a panel's ground into `rect`, and the panel onto it.
pub fn card_ui<R>(ui: &mut Ui, palette: &Palette, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.painter().rect_filled(rect, 8.0, palette.card);
    let inside = rect.shrink2(egui::vec2(12.0, 9.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(inside), |ui| {
        ui.shrink_clip_rect(rect);
        contents(ui)
    })
    .inner
}

/// A panel's small title.
fn title_ui(ui: &mut Ui, palette: &Palette, text: &str) {
    ui.label(RichText::new(text).small().color(palette.muted));
}

/// Writes one line, smaller if it would be wider than `width`.
fn fitted(painter: &Painter, at: Pos2, align: Align2, text: &str, size: f32, colour: Color32, width: f32) -> Rect {
    let mut size = size;
    loop {
        let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), colour);
        if galley.size().x <= width || size <= 9.5 {
            let rect = align.anchor_size(at, galley.size());
            painter.galley(rect.min, galley, colour);
            return rect;
        }
        size -= 0.5;
    }
}

/// Writes one line, cut with an ellipsis where it would be wider than `width`; says whether it was.
fn cut(painter: &Painter, at: Pos2, align: Align2, text: &str, size: f32, colour: Color32, width: f32) -> bool {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), FontId::proportional(size), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    let galley = painter.layout_job(job);
    let rect = align.anchor_size(at, galley.size());
    let is_cut = galley.elided;
    painter.galley(rect.min, galley, colour);
    is_cut
}
