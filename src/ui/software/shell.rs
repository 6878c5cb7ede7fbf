//! The window's life: from the system's events to pictures.

use std::rc::Rc;
use std::time::Duration;

use egui::Context;
use egui::ViewportCommand;
use egui::ViewportId;
use egui::ViewportInfo;
use egui_winit::ActionRequested;
use egui_winit::winit::application::ApplicationHandler;
use egui_winit::winit::event::WindowEvent;
use egui_winit::winit::event_loop::ActiveEventLoop;
use egui_winit::winit::event_loop::ControlFlow;
use egui_winit::winit::event_loop::DeviceEvents;
use egui_winit::winit::event_loop::EventLoop;
use egui_winit::winit::window::Window;
use egui_winit::winit::window::WindowId;

use crate::time::Clock as _;
use crate::time::MonotonicClock;
use crate::ui::App;
use crate::ui::software::SoftwareError;
use crate::ui::software::pace::Pace;
use crate::ui::software::pace::Step;
use crate::ui::software::painter::Painter;
use crate::ui::software::screen::Screen;

/// The widest and highest picture that letters may be kept in.
const MOST_TEXELS: usize = 8192;

/// Somebody wants a picture after so long.
struct Wish(Duration);

/// Opens a window of that form, makes what is shown in it, and stays until it is closed.
pub fn run(form: egui::ViewportBuilder, create: impl FnOnce(&Context) -> App) -> Result<(), SoftwareError> {
    let events = EventLoop::<Wish>::with_user_event().build()?;
    events.listen_device_events(DeviceEvents::Never);
    let ctx = Context::default();
    let wishes = events.create_proxy();
    ctx.set_request_repaint_callback(move |wish| {
        wishes.send_event(Wish(wish.delay)).ok();
    });
    let app = create(&ctx);
    let mut shell =
        Shell { ctx, app, form, open: None, clock: MonotonicClock::start(), pace: Pace::default(), failed: None };
    events.run_app(&mut shell)?;
    shell.failed.map_or(Ok(()), Err)
}

struct Shell {
    ctx: Context,
    app: App,
    form: egui::ViewportBuilder,
    open: Option<Open>,
    clock: MonotonicClock,
    pace: Pace,
    failed: Option<SoftwareError>,
}

/// What there is once the system has given a window.
struct Open {
    window: Rc<Window>,
    screen: Screen,
    input: egui_winit::State,
    about: ViewportInfo,
    painter: Painter,
    is_shown: bool,
}

impl Open {
    fn new(ctx: &Context, events: &ActiveEventLoop, form: &egui::ViewportBuilder) -> Result<Self, SoftwareError> {
        // It comes up with its first picture, not empty.
        let window = Rc::new(egui_winit::create_window(ctx, events, &form.clone().with_visible(false))?);
        let screen = Screen::new(events.owned_display_handle(), window.clone())?;
        let mut about = ViewportInfo::default();
        egui_winit::update_viewport_info(&mut about, ctx, &window, true);
        let scale = Some(window.scale_factor() as f32);
        let theme = events.system_theme();
        let input = egui_winit::State::new(ctx.clone(), ViewportId::ROOT, events, scale, theme, Some(MOST_TEXELS));
        Ok(Self { window, screen, input, about, painter: Painter::default(), is_shown: false })
    }

    /// What has been typed, pointed at and changed since the last picture.
    fn take_input(&mut self, ctx: &Context) -> egui::RawInput {
        egui_winit::update_viewport_info(&mut self.about, ctx, &self.window, false);
        let mut input = self.input.take_egui_input(&self.window);
        input.viewports = std::iter::once((ViewportId::ROOT, self.about.clone())).collect();
        self.about.events.clear();
        input
    }

    /// Does what was asked of the window.
    fn obey(&mut self, ctx: &Context, commands: Vec<ViewportCommand>) {
        let mut actions = Vec::new();
        egui_winit::process_viewport_commands(ctx, &mut self.about, commands, &self.window, &mut actions);
        for action in actions {
            let event = match action {
                ActionRequested::Cut => Some(egui::Event::Cut),
                ActionRequested::Copy => Some(egui::Event::Copy),
                ActionRequested::Paste => self.input.clipboard_text().map(egui::Event::Paste),
                _ => None,
            };
            self.input.egui_input_mut().events.extend(event);
        }
    }
}

impl Shell {
    fn draw(&mut self, events: &ActiveEventLoop) -> Result<(), SoftwareError> {
        let Self { ctx, app, open: Some(open), pace, clock, .. } = self else { return Ok(()) };
        let began = clock.now();
        let was_announced = pace.begin();
        let input = open.take_input(ctx);
        let is_closing = input.viewport().close_requested();
        let output = ctx.run_ui(input, |ui| {
            app.logic(ui.ctx());
            app.ui(ui);
        });
        open.input.handle_platform_output_with_event_loop(&open.window, events, output.platform_output);
        let commands = output.viewport_output.into_values().flat_map(|viewport| viewport.commands).collect();
        open.obey(ctx, commands);
        if is_closing || open.about.close_requested() {
            events.exit();
        }

        let scale = output.pixels_per_point;
        let primitives = ctx.tessellate(output.shapes, scale);
        let size = open.window.inner_size();
        let size = [size.width, size.height].map(|len| len as usize);
        let changed = open.painter.paint(size, scale, &primitives, output.textures_delta, app.background());
        // Who wasn't told of a picture has lost the one before.
        let is_lost = !was_announced || !open.is_shown;
        if is_lost || !changed.is_empty() {
            let changed = if is_lost { vec![open.painter.canvas().bounds()] } else { changed };
            open.screen.show(open.painter.canvas(), &changed)?;
            app.count_picture(ctx);
        }
        if !open.is_shown {
            open.window.set_visible(true);
            open.is_shown = true;
        }
        pace.end(began, clock.now());
        Ok(())
    }

    /// Takes in what has arrived, without a picture.
    fn take_in(&mut self) {
        let Self { ctx, app, open: Some(open), .. } = self else { return };
        let about = std::iter::once((ViewportId::ROOT, open.about.clone())).collect();
        let input = egui::RawInput { viewports: about, ..egui::RawInput::default() };
        let output = ctx.run_logic(&input, |ctx| app.logic(ctx));
        let commands = output.viewport_commands.into_values().flatten().collect();
        open.obey(ctx, commands);
    }

    fn fail(&mut self, events: &ActiveEventLoop, error: SoftwareError) {
        self.failed = Some(error);
        events.exit();
    }
}

impl ApplicationHandler<Wish> for Shell {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.open.is_some() {
            return;
        }
        match Open::new(&self.ctx, events, &self.form) {
            Ok(open) => {
                self.open = Some(open);
                self.pace.ask(self.clock.now());
            }
            Err(error) => self.fail(events, error),
        }
    }

    fn user_event(&mut self, _: &ActiveEventLoop, Wish(delay): Wish) {
        // "Never" is said as the longest time that there is.
        if let Some(nanos) = i64::try_from(delay.as_nanos()).ok().filter(|nanos| *nanos < i64::MAX / 2) {
            self.pace.ask(self.clock.now() + Duration::from_nanos(nanos.unsigned_abs()));
        }
    }

    fn window_event(&mut self, events: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let Some(open) = &mut self.open else { return };
        match &event {
            WindowEvent::RedrawRequested => {
                if let Err(error) = self.draw(events) {
                    self.fail(events, error);
                }
                return;
            }
            WindowEvent::CloseRequested => open.about.events.push(egui::ViewportEvent::Close),
            WindowEvent::Occluded(is_occluded) => open.about.occluded = Some(*is_occluded),
            WindowEvent::Destroyed => events.exit(),
            _ => {}
        }
        let response = open.input.on_window_event(&open.window, &event);
        if response.repaint {
            self.pace.ask(self.clock.now());
        }
    }

    fn about_to_wait(&mut self, events: &ActiveEventLoop) {
        let wait = loop {
            let Some(open) = &self.open else { return };
            match self.pace.step(self.clock.now()) {
                Step::Announce => open.window.request_redraw(),
                Step::TakeIn => self.take_in(),
                Step::Wait(rest) => break ControlFlow::wait_duration(rest),
                Step::Rest => break ControlFlow::Wait,
            }
        };
        events.set_control_flow(wait);
    }

    fn exiting(&mut self, _: &ActiveEventLoop) {
        self.app.leave();
    }
}
