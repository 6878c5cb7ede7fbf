//! The window without a graphics chip: the processor draws.
//!
//! | file       | is                                                           |
//! |------------|--------------------------------------------------------------|
//! | `choice`   | whether it is wanted here                                    |
//! | `shell`    | the window's life: from the system's events to pictures      |
//! | `pace`     | when the next picture is due                                 |
//! | `screen`   | the way of a picture onto the screen                         |
//! | `painter`  | a whole picture, tile by tile                                |
//! | `shape`    | what is drawn: triangles and upright rectangles              |
//! | `fill`     | shapes become pixels                                         |
//! | `textures` | what they are covered with                                   |
//! | `canvas`   | pixels, and one colour laid over another                     |
//!
//! # Why
//!
//! Without a graphics chip wgpu ends in a driver that runs the shader on the processor, for each pixel of each layer of
//! each picture. Most of this window is one colour, letters that lie texel on pixel, and what was there before: told
//! apart, these cost next to nothing, and the pipeline keeps its processor.
//!
//! `egui_software_backend` would do the same as a library. It is built on another egui, so that all of egui would be
//! there twice, and what it keeps from picture to picture it knows by its mesh alone: the camera's picture, whose mesh
//! never changes, would stand still, or nothing could be kept. So these files do it; the chip's pictures are their test.

mod canvas;
mod choice;
mod fill;
mod pace;
mod painter;
mod screen;
mod shape;
mod shell;
#[cfg(test)]
mod tests;
mod textures;

pub use choice::found;
pub use choice::is_software;
pub use shell::run;

/// Why the processor can't draw a window.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoftwareError {
    /// The system tells of nothing that happens.
    #[error(transparent)]
    Events(#[from] egui_winit::winit::error::EventLoopError),
    /// It gives no window.
    #[error(transparent)]
    Window(#[from] egui_winit::winit::error::OsError),
    /// It takes no picture. What it says is kept in words: the error itself holds on to the screen.
    #[error("no picture can be put into it: {message}")]
    Picture {
        /// What the system says.
        message: String,
    },
}

impl From<softbuffer::SoftBufferError> for SoftwareError {
    fn from(error: softbuffer::SoftBufferError) -> Self {
        Self::Picture { message: error.to_string() }
    }
}
