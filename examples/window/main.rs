//! The window, fed from a script instead of a pipeline: to look at every state that it can be in.
//!
//! ```sh
//! cargo run --example window -- talk
//! cargo run --example window -- --pictures pictures
//! ```

#[path = "../../src/record/made.rs"]
mod made;
mod replay;
mod script;

// The parts that the made sessions are written with are found where they are in the crate.
use circumplex::encode;
use circumplex::record;
use circumplex::session;
use circumplex::signal;
use circumplex::time;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use circumplex::link;
use circumplex::pipeline::Command;
use circumplex::pipeline::Event;
use circumplex::pipeline::SourceChoice;
use circumplex::signal::FaceView;
use circumplex::time::Clock;
use circumplex::time::ManualClock;
use circumplex::time::MonotonicClock;
use circumplex::time::Timestamp;
use circumplex::ui::App;
use circumplex::ui::Host;
use circumplex::ui::Options;
use circumplex::ui::Theme;
use circumplex::ui::Wiring;

use crate::script::Scene;
use crate::script::Script;

/// How much has happened before the window opens, seconds.
const BEFORE: f64 = 75.0;

/// A clock that has been going since before the window opened.
struct Later(MonotonicClock);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        self.0.now() + Duration::from_secs_f64(BEFORE)
    }
}

/// A picture after some keys, or with the pointer at a place.
type Extra = (&'static str, Scene, &'static [egui::Key], Option<(f32, f32)>);

const EXTRA: [Extra; 11] = [
    ("talk-without-voice", Scene::Talk, &[egui::Key::V], None),
    ("talk-settings", Scene::Talk, &[egui::Key::Comma], None),
    ("talk-help", Scene::Talk, &[egui::Key::Questionmark], None),
    ("talk-held", Scene::Talk, &[egui::Key::Space], None),
    ("talk-landmarks", Scene::Talk, &[egui::Key::L], None),
    ("talk-plane", Scene::Talk, &[egui::Key::F1, egui::Key::F2, egui::Key::F4], None),
    ("talk-crosshair", Scene::Talk, &[], Some((520.0, 700.0))),
    ("talk-risk", Scene::Talk, &[], Some((620.0, 497.0))),
    ("talk-at-once", Scene::Talk, &[], Some((1000.0, 386.0))),
    ("talk-own", Scene::Talk, &[], Some((1000.0, 540.0))),
    ("late-missing", Scene::Late, &[], Some((1012.0, 705.0))),
];

fn wire(
    scene: Scene,
    clock: Arc<dyn Clock>,
    source: SourceChoice,
) -> (Wiring, Script, link::event::EventInlet<Command>) {
    let (events, told) = link::event::link(100_000);
    let (picture, seen) = link::latest::link(&FaceView::default());
    let (commands, asked) = link::event::link(16);
    let script = Script { scene, events, picture, at_secs: 0.0, said: 0, count: 0 };
    (Wiring { events: told, picture: seen, commands, clock, source }, script, asked)
}

fn host(launch: circumplex::ui::Launch) -> Host {
    Host {
        launch,
        list_devices: Box::new(|| {
            let cameras = vec!["HD Webcam C920".to_owned(), "Integrated Camera".to_owned()];
            (cameras, vec!["Built-in Audio Analog Stereo".to_owned(), "USB Microphone".to_owned()])
        }),
        save: Box::new(|_| {}),
        sessions: "sessions".into(),
        keep_baseline: Box::new(|_| Ok(())),
        kept_baseline: Box::new(|_| None),
        export: None,
        certify: None,
        left: Box::new(|_| ()),
        rescore: None,
        speaker: None,
    }
}

/// Opens the window on a scene that goes on by itself.
fn open(scene: Scene) -> Result<(), circumplex::ui::WindowError> {
    let launch: circumplex::ui::Launch = Box::new(move |source, _, wake| {
        if scene == Scene::Failed {
            return Err("The face model isn't there; run “bash models/setup” and start again.".to_owned());
        }
        let clock = Arc::new(Later(MonotonicClock::start()));
        let (wiring, mut script, asked) = wire(scene, clock.clone(), source);
        let (hold, tick) = link::event::link::<()>(1);
        #[expect(clippy::disallowed_methods, reason = "there is no pipeline to start it")]
        std::thread::spawn(move || {
            while !script.picture.is_closed() {
                script.play(clock.now().secs());
                for command in asked.drain() {
                    println!("{command:?}");
                    if let Command::Fusion(kind) = command {
                        script.tell(Event::Fusion(scene.fusion(kind)));
                    }
                }
                wake();
                let _ = tick.wait(Duration::from_millis(33));
            }
            drop(hold);
        });
        Ok(wiring)
    });
    let options = Options { welcomed: scene != Scene::First, ..Options::default() };
    circumplex::ui::run(host(launch), scene.source(), options)
}

/// Draws every scene into `folder`, without a screen.
fn take_pictures(folder: &Path, wanted: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    for (name, scene) in Scene::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        for (theme, theme_name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            for size in [egui::vec2(1280.0, 800.0), egui::vec2(960.0, 600.0)] {
                let options = Options { theme, welcomed: scene != Scene::First, ..Options::default() };
                let image = picture(scene, options, size, &[], None)?;
                image.save(folder.join(format!("{name}-{theme_name}-{:.0}.png", size.x)))?;
            }
        }
    }
    for (name, scene, keys, hover) in EXTRA {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            let options = Options { welcomed: true, crop: name == "talk-landmarks", ..Options::default() };
            let image = picture(scene, options, egui::vec2(1280.0, 800.0), keys, hover)?;
            image.save(folder.join(format!("{name}.png")))?;
        }
    }
    replay::take_pictures(folder, wanted)
}

fn picture(
    scene: Scene,
    options: Options,
    size: egui::Vec2,
    keys: &[egui::Key],
    hover: Option<(f32, f32)>,
) -> Result<image::RgbaImage, Box<dyn std::error::Error>> {
    let clock = Arc::new(ManualClock::default());
    let ended = if scene == Scene::Synthetic { BEFORE - 1.0 } else { BEFORE };
    clock.set(Timestamp::from_secs(ended));
    let mut kept = Vec::new();
    let (outlet, kept_in) = link::event::link(4);
    let launched = clock.clone();
    let launch: circumplex::ui::Launch = Box::new(move |source, _, _| {
        if scene == Scene::Failed {
            return Err("The face model isn't there; run “bash models/setup” and start again.".to_owned());
        }
        let (wiring, mut script, asked) = wire(scene, launched.clone(), source);
        script.play(ended + 0.01);
        outlet.offer((script, asked));
        Ok(wiring)
    });
    let mut app = None;
    let mut launch = Some(launch);
    let mut harness = egui_kittest::Harness::builder().with_size(size).with_step_dt(0.05).wgpu().build_ui(move |ui| {
        if app.is_none() {
            let launch = launch.take();
            app = launch.map(|launch| App::new(ui.ctx(), host(launch), scene.source(), options.clone()));
        }
        if let Some(app) = &mut app {
            let app: &mut App = app;
            app.logic(ui.ctx());
            app.ui(ui);
        }
    });
    harness.run_steps(4);
    kept.extend(kept_in.drain());
    for key in keys {
        harness.key_press(*key);
        harness.run_steps(2);
    }
    if let Some((x, y)) = hover {
        harness.hover_at(egui::pos2(x, y));
    }
    harness.run_steps(20);
    Ok(harness.render()?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == "--pictures"
    {
        let (folder, wanted) = rest.split_first().ok_or("say into which folder")?;
        return take_pictures(Path::new(folder), wanted);
    }
    let name = arguments.first().map_or("talk", String::as_str);
    let scene = Scene::ALL.iter().find(|(other, _)| *other == name).map(|(_, scene)| *scene);
    let names: Vec<_> = Scene::ALL.iter().map(|(name, _)| *name).collect();
    open(scene.ok_or_else(|| format!("there are: {}", names.join(", ")))?)?;
    Ok(())
}
