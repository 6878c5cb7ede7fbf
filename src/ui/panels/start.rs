//! Where the input comes from: asked at the first start, without any device, and whenever wanted.

use std::path::PathBuf;

use egui::ComboBox;
use egui::RichText;
use egui::TextEdit;
use egui::Ui;

use crate::pipeline::Pick;
use crate::pipeline::SourceChoice;
use crate::ui::WindowCommand;
use crate::ui::theme::Palette;

/// What was typed and picked so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StartForm {
    /// The path of a recording.
    pub path: String,
    /// The camera.
    pub camera: Pick,
    /// The microphone.
    pub microphone: Pick,
}

/// Three ways to begin: devices, a recording, the synthetic participant.
pub fn start_ui(
    ui: &mut Ui,
    palette: &Palette,
    form: &mut StartForm,
    devices: Option<&(Vec<String>, Vec<String>)>,
) -> Option<WindowCommand> {
    let mut command = devices.is_none().then_some(WindowCommand::ListDevices);
    let (cameras, microphones) =
        devices.map_or((&[][..], &[][..]), |(cameras, microphones)| (cameras.as_slice(), microphones.as_slice()));
    ui.columns(3, |columns| {
        let [left, middle, right] = columns else { return };
        way_ui(left, palette, "A camera and a microphone", "The picture and the sound stay in memory.", |ui| {
            pick_ui(ui, "camera", &mut form.camera, cameras);
            pick_ui(ui, "microphone", &mut form.microphone, microphones);
            let hover = "open these two and begin";
            if ui.add(main_button(palette, "Start with these")).on_hover_text(hover).clicked() {
                let (camera, microphone) = (form.camera.clone(), form.microphone.clone());
                command = Some(WindowCommand::Open(SourceChoice::Live { camera, microphone }));
            }
        });
        way_ui(middle, palette, "A recording", "Drop a file onto the window, or type where it is.", |ui| {
            let field = TextEdit::singleline(&mut form.path).hint_text("path of the file").desired_width(f32::INFINITY);
            let field = ui.add(field).on_hover_text("a film, a sound file or a picture");
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let path = form.path.trim();
            let open = ui.add_enabled(!path.is_empty(), main_button(palette, "Open the recording"));
            let is_clicked = open.on_hover_text("play it at its own speed and read it").clicked();
            if (is_entered || is_clicked) && !path.is_empty() {
                command = Some(WindowCommand::Open(SourceChoice::Recording(PathBuf::from(path))));
            }
        });
        way_ui(right, palette, "The synthetic participant", "Drawn and spoken by the program: nobody real.", |ui| {
            if ui
                .add(main_button(palette, "Watch the synthetic participant"))
                .on_hover_text("to see what this does")
                .clicked()
            {
                command = Some(WindowCommand::Open(SourceChoice::Demo { seed: 1 }));
            }
        });
    });
    command
}

fn main_button<'a>(palette: &Palette, text: &'a str) -> egui::Button<'a> {
    egui::Button::new(text).fill(palette.chosen).min_size(egui::vec2(0.0, 28.0))
}

fn way_ui(ui: &mut Ui, palette: &Palette, title: &str, line: &str, contents: impl FnOnce(&mut Ui)) {
    egui::Frame::new().fill(palette.disc).corner_radius(8.0).inner_margin(14.0).show(ui, |ui| {
        ui.set_min_size(egui::vec2(ui.available_width(), 150.0));
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(RichText::new(title).size(15.0).color(palette.text));
        ui.label(RichText::new(line).small().color(palette.muted));
        contents(ui);
    });
}

fn pick_ui(ui: &mut Ui, kind: &str, pick: &mut Pick, names: &[String]) {
    let text = match pick {
        Pick::Default => format!("{kind}: the system's default"),
        Pick::Named(name) => name.clone(),
        Pick::Off => format!("no {kind}"),
    };
    let width = ui.available_width();
    ComboBox::from_id_salt(kind)
        .selected_text(text)
        .width(width)
        .truncate()
        .show_ui(ui, |ui| {
            ui.selectable_value(pick, Pick::Default, "the system's default").on_hover_text("whatever it is");
            for name in names {
                ui.selectable_value(pick, Pick::Named(name.clone()), name).on_hover_text("take this one");
            }
            ui.selectable_value(pick, Pick::Off, "none").on_hover_text("begin without");
        })
        .response
        .on_hover_text(format!("which {kind} to open"));
}
