//! The window with recorded sessions that nobody was recorded for.

use std::path::Path;
use std::sync::Arc;

use circumplex::fuse::FusionKind;
use circumplex::fuse::Fusions;
use circumplex::pipeline::StageSettings;
use circumplex::pipeline::replay;
use circumplex::pipeline::replay::Otherwise;
use circumplex::session::Consent;
use circumplex::session::Session;
use circumplex::time::Utc;
use circumplex::ui::App;
use circumplex::ui::First;
use circumplex::ui::Host;
use circumplex::ui::Options;
use circumplex::ui::Theme;
use egui::Key;
use egui_kittest::kittest::Queryable as _;

use crate::made;
use crate::made::Made;

/// A picture: of a session with this consent, so many seconds into it, after some keys and a click.
struct Scene {
    name: &'static str,
    consent: Consent,
    at_secs: usize,
    keys: &'static [Key],
    click: Option<&'static str>,
}

const fn scene(name: &'static str, consent: Consent, at_secs: usize, keys: &'static [Key]) -> Scene {
    Scene { name, consent, at_secs, keys, click: None }
}

const SCENES: [Scene; 8] = [
    scene("replay", Consent::Video, 29, &[]),
    scene("replay-crop", Consent::Inputs, 29, &[]),
    scene("replay-numbers", Consent::Numbers, 29, &[]),
    scene("replay-forgotten", Consent::Video, 39, &[]),
    scene("replay-markers", Consent::Video, 20, &[Key::E, Key::M]),
    Scene { click: Some("late fusion"), ..scene("replay-compare", Consent::Words, 29, &[Key::C]) },
    scene("replay-library", Consent::Video, 29, &[Key::O]),
    scene("replay-help", Consent::Video, 29, &[Key::Questionmark]),
];

/// Draws the scenes that are wanted into `folder`.
pub fn take_pictures(folder: &Path, wanted: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    for scene in SCENES {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == scene.name) {
            continue;
        }
        for (theme, theme_name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            for size in [egui::vec2(1280.0, 800.0), egui::vec2(960.0, 600.0)] {
                let image = picture(&scene, theme, size)?;
                image.save(folder.join(format!("{}-{theme_name}-{:.0}.png", scene.name, size.x)))?;
            }
        }
    }
    Ok(())
}

fn picture(scene: &Scene, theme: Theme, size: egui::Vec2) -> Result<image::RgbaImage, Box<dyn std::error::Error>> {
    let root = tempfile::tempdir()?;
    let made = Made { consent: scene.consent, secs: 60.0, size: (640, 360), ..Made::default() };
    let folder = made::write(root.path(), &made)?;
    write_others(root.path(), made.began)?;
    let rescore: circumplex::ui::Rescore = Arc::new(|folder, _, _| {
        let session = Session::open(folder).map_err(|error| error.to_string())?;
        let settings = StageSettings::default();
        let mut fusions = Fusions::late(&settings.fusion);
        let otherwise = Otherwise { fusion: Some(FusionKind::Late), ..Otherwise::default() };
        let again = replay::fuse_again(&session, (&mut fusions, &settings.gather), otherwise, |_| ());
        again.map(|again| again.again).map_err(|error| error.to_string())
    });
    let nothing: circumplex::ui::Launch = Box::new(|_, _, _| Err("nothing is started here".to_owned()));
    let host = Host {
        sessions: root.path().to_path_buf(),
        export: Some(Arc::new(|_, _| Err("nothing is exported here".to_owned()))),
        rescore: Some(rescore),
        ..crate::host(nothing)
    };
    let options = Options { theme, welcomed: true, ..Options::default() };
    let mut ready = Some((host, First::Session(folder), options));
    let mut app = None;
    let mut harness = egui_kittest::Harness::builder().with_size(size).with_step_dt(0.05).wgpu().build_ui(move |ui| {
        if let Some((host, first, options)) = ready.take() {
            app = Some(App::new(ui.ctx(), host, first, options));
        }
        if let Some(app) = &mut app {
            let app: &mut App = app;
            app.logic(ui.ctx());
            app.ui(ui);
        }
    });
    while harness.query_all_by_label_contains("REPLAY ·").next().is_none() {
        harness.run_steps(1);
    }
    for _ in 0..scene.at_secs {
        harness.key_press(Key::ArrowRight);
        harness.run_steps(1);
    }
    for key in scene.keys {
        harness.key_press(*key);
        harness.run_steps(2);
    }
    if let Some(label) = scene.click {
        harness.get_by_label(label).click();
    }
    // Pictures, lists and answers come from beside the window.
    for _ in 0..200 {
        harness.run_steps(1);
        std::thread::yield_now();
    }
    Ok(harness.render()?)
}

/// Other sessions, so that there is something to search through; one of them can't be read.
fn write_others(root: &Path, began: Utc) -> Result<(), Box<dyn std::error::Error>> {
    let others = [("P08", "memory", "green"), ("P09", "stroop, congruent and not", "amber"), ("P10", "reading", "red")];
    for ((participant, task, colour), days) in others.into_iter().zip(1..) {
        let began = Utc::from_nanos(began.nanos() + days * 90_000_000_000_000);
        let (participant, task) = (participant.to_owned(), task.to_owned());
        let folder = made::write(root, &Made { participant, task, began, secs: 2.0, ..Made::default() })?;
        let certificate = format!("{{\"colour\": \"{colour}\", \"duration_s\": 1834.0}}");
        std::fs::write(folder.join("certificate.json"), certificate)?;
    }
    std::fs::create_dir(root.join("broken"))?;
    std::fs::write(root.join("broken/session.json"), "{")?;
    Ok(())
}
