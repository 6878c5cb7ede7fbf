//! The pictures that shapes are covered with: letters, and what the camera sees.
//!
//! All are read as this window's are: linearly between texels, and the edge goes on outside.

use std::sync::Arc;

use egui::ColorImage;
use egui::ImageData;
use egui::Pos2;
use egui::TextureId;
use egui::TexturesDelta;
use egui::epaint::ImageDelta;

use crate::ui::software::canvas::mixed;

/// One of them. `version` changes with every change of its texels.
pub struct Texture {
    image: Arc<ColorImage>,
    pub version: u64,
}

impl Texture {
    pub fn size(&self) -> [usize; 2] {
        self.image.size
    }

    /// The texels of row `y` from `x` on.
    pub fn row(&self, x: usize, y: usize) -> &[egui::Color32] {
        let width = self.image.width();
        self.image.pixels.get(y * width + x..(y + 1) * width).unwrap_or_default()
    }

    /// What is at `uv`, where 1 is the far edge.
    pub fn at(&self, uv: Pos2) -> u32 {
        if uv == egui::epaint::WHITE_UV {
            return self.image.pixels.first().copied().map_or(0, texel);
        }
        let [width, height] = self.size();
        let (across, down) = (Between::new(uv.x, width), Between::new(uv.y, height));
        let mix = |row: &[egui::Color32]| {
            let texel = |index: usize| row.get(index).copied().map_or(0, texel);
            mixed(texel(across.first), texel(across.second), across.share)
        };
        mixed(mix(self.row(0, down.first)), mix(self.row(0, down.second)), down.share)
    }
}

#[inline]
pub fn texel(colour: egui::Color32) -> u32 {
    u32::from_le_bytes(colour.to_array())
}

/// Two neighbouring texels of a row or a column, and how far it is from the first to the second, of 256.
#[derive(Clone, Copy)]
pub struct Between {
    pub first: usize,
    pub second: usize,
    pub share: u32,
}

impl Between {
    /// Around `at`, which is 1 at the far end of `len` texels.
    pub fn new(at: f32, len: usize) -> Self {
        let last = len.saturating_sub(1);
        let at = (at * len as f32 - 0.5).clamp(0.0, last as f32);
        let first = at as usize;
        let share = ((at - first as f32) * 256.0 + 0.5) as u32;
        Self { first, second: (first + 1).min(last), share }
    }

    /// The only texel that counts, if there is just one.
    pub fn only(self) -> Option<usize> {
        match self.share {
            0 | 1 => Some(self.first),
            255 | 256 => Some(self.second),
            _ => None,
        }
    }
}

/// All of them. They are few.
#[derive(Default)]
pub struct Textures {
    all: Vec<(TextureId, Texture)>,
    versions: u64,
}

impl Textures {
    /// The place of one of egui's textures, until it is freed.
    pub fn find(&self, id: TextureId) -> Option<usize> {
        self.all.iter().position(|(name, _)| *name == id)
    }

    pub fn get(&self, place: usize) -> Option<&Texture> {
        self.all.get(place).map(|(_, texture)| texture)
    }

    /// Takes in what is new, before a picture is drawn.
    pub fn set(&mut self, delta: &TexturesDelta) {
        for (id, changes) in &delta.set {
            for change in changes {
                self.change(*id, change);
            }
        }
    }

    /// Lets go what the picture was the last to need.
    pub fn free(&mut self, delta: &TexturesDelta) {
        self.all.retain(|(id, _)| !delta.free.contains(id));
    }

    fn change(&mut self, id: TextureId, change: &ImageDelta) {
        let ImageData::Color(image) = &change.image;
        self.versions += 1;
        let version = self.versions;
        let texture = self.all.iter_mut().find(|(name, _)| *name == id).map(|(_, texture)| texture);
        let (texture, [x, y]) = match (texture, change.pos) {
            (Some(texture), Some(corner)) => (texture, corner),
            (Some(texture), None) => {
                *texture = Texture { image: image.clone(), version };
                return;
            }
            (None, _) => {
                self.all.push((id, Texture { image: image.clone(), version }));
                return;
            }
        };
        texture.version = version;
        let whole = Arc::make_mut(&mut texture.image);
        let width = whole.width();
        let rows = image.pixels.chunks_exact(image.width().max(1));
        for (row, texels) in rows.enumerate() {
            let start = (y + row) * width + x;
            if let Some(place) = whole.pixels.get_mut(start..start + texels.len()) {
                place.copy_from_slice(texels);
            }
        }
    }
}
