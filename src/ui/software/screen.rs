//! The way of a picture onto the screen.

use std::num::NonZeroU32;
use std::rc::Rc;

use egui_winit::winit::event_loop::OwnedDisplayHandle;
use egui_winit::winit::window::Window;
use softbuffer::Rect;
use softbuffer::SoftBufferError;

use crate::ui::software::canvas::Bounds;
use crate::ui::software::canvas::Canvas;

/// What the system shows in a window.
pub struct Screen {
    window: Rc<Window>,
    surface: softbuffer::Surface<OwnedDisplayHandle, Rc<Window>>,
}

impl Screen {
    pub fn new(display: OwnedDisplayHandle, window: Rc<Window>) -> Result<Self, SoftBufferError> {
        let context = softbuffer::Context::new(display)?;
        let surface = softbuffer::Surface::new(&context, window.clone())?;
        Ok(Self { window, surface })
    }

    /// Shows a picture, of which parts have changed since the one before.
    pub fn show(&mut self, canvas: &Canvas, changed: &[Bounds]) -> Result<(), SoftBufferError> {
        let [width, height] = canvas.size().map(|len| NonZeroU32::new(len as u32));
        // A window without a size is one that nobody sees.
        let (Some(width), Some(height)) = (width, height) else { return Ok(()) };
        self.surface.resize(width, height)?;
        let mut buffer = self.surface.buffer_mut()?;
        let everything = [canvas.bounds()];
        let stale = if buffer.age() == 1 { changed } else { &everything };
        for Bounds { left, top, right, bottom } in stale.iter().copied() {
            for y in top..bottom {
                let span = (y * canvas.bounds().right + left) as usize..(y * canvas.bounds().right + right) as usize;
                let Some(pixels) = canvas.pixels().get(span.clone()) else { continue };
                for (shown, pixel) in buffer.get_mut(span).unwrap_or_default().iter_mut().zip(pixels) {
                    *shown = pixel.swap_bytes() >> 8;
                }
            }
        }
        self.window.pre_present_notify();
        let parts: Vec<Rect> = changed.iter().filter_map(part).collect();
        buffer.present_with_damage(&parts)
    }
}

fn part(bounds: &Bounds) -> Option<Rect> {
    Some(Rect {
        x: u32::try_from(bounds.left).ok()?,
        y: u32::try_from(bounds.top).ok()?,
        width: NonZeroU32::new(u32::try_from(bounds.right - bounds.left).ok()?)?,
        height: NonZeroU32::new(u32::try_from(bounds.bottom - bounds.top).ok()?)?,
    })
}
