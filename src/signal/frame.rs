//! One video picture.

/// RGB8 pixels, rows from the top, three bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width · height · 3` bytes.
    pub rgb: Vec<u8>,
    /// The same as the camera gave it, where it gives JPEG; else nothing.
    pub jpeg: Vec<u8>,
}

impl Frame {
    /// A black picture.
    #[must_use]
    pub fn black(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![0; width * height * 3], jpeg: Vec::new() }
    }

    /// Takes over another's size and pixels into the memory that this one has.
    pub fn copy_from(&mut self, other: &Self) {
        self.width = other.width;
        self.height = other.height;
        self.rgb.clear();
        self.rgb.extend_from_slice(&other.rgb);
        self.jpeg.clear();
        self.jpeg.extend_from_slice(&other.jpeg);
    }

    /// Whether it has the bytes its size asks for, and at least one pixel.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.width > 0 && self.height > 0 && self.rgb.len() == self.width * self.height * 3
    }
}
