//! A whole picture, tile by tile.

use egui::ClippedPrimitive;
use egui::Color32;
use egui::Rect;
use egui::TexturesDelta;
use egui::epaint::Primitive;

use crate::ui::software::canvas::Bounds;
use crate::ui::software::canvas::Canvas;
use crate::ui::software::canvas::lay;
use crate::ui::software::fill;
use crate::ui::software::shape;
use crate::ui::software::shape::Form;
use crate::ui::software::shape::Shape;
use crate::ui::software::textures::Textures;
use crate::ui::software::textures::texel;

/// How wide and high a tile is, pixels.
const TILE: i32 = 64;

/// Draws what egui asks for, on the processor.
///
/// The screen is parted into tiles, and a tile is drawn only if something on it is other than in the picture before.
#[derive(Default)]
pub struct Painter {
    canvas: Canvas,
    textures: Textures,
    shapes: Vec<Shape>,
    tiles: Vec<Tile>,
}

/// A piece of the screen: which shapes are on it, and what tells them from those of another picture.
#[derive(Default)]
struct Tile {
    shapes: Vec<u32>,
    mark: Mark,
    drawn: Option<u64>,
}

impl Painter {
    /// Draws a picture of `size` pixels, `scale` of them to a point, and says which parts of it are not as before.
    pub fn paint(
        &mut self,
        size: [usize; 2],
        scale: f32,
        primitives: &[ClippedPrimitive],
        mut textures: TexturesDelta,
        background: Color32,
    ) -> Vec<Bounds> {
        if size != self.canvas.size() {
            self.canvas.resize(size);
            self.tiles.clear();
            let [across, down] = self.tiles_across_and_down();
            self.tiles.resize_with(across * down, Tile::default);
        }
        self.textures.set(&textures);
        self.collect(scale, primitives);
        self.hand_out(background);
        let drawn = self.draw(background);
        self.textures.free(&textures);
        // egui wants to be told that all of it was taken in.
        textures.clear();
        drawn
    }

    /// The picture as it is.
    pub const fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    fn tiles_across_and_down(&self) -> [usize; 2] {
        self.canvas.size().map(|len| len.div_ceil(TILE as usize))
    }

    fn collect(&mut self, scale: f32, primitives: &[ClippedPrimitive]) {
        self.shapes.clear();
        for primitive in primitives {
            // This window has no callbacks.
            let Primitive::Mesh(mesh) = &primitive.primitive else { continue };
            let Some(texture) = self.textures.find(mesh.texture_id) else { continue };
            let clip = clip(primitive.clip_rect, scale).common(self.canvas.bounds());
            shape::part(mesh, texture, scale, clip, |shape| self.shapes.push(shape));
        }
    }

    /// Gives every tile its shapes.
    fn hand_out(&mut self, background: Color32) {
        let [across, _] = self.tiles_across_and_down();
        for tile in &mut self.tiles {
            tile.shapes.clear();
            tile.mark = Mark::default();
            tile.mark.add(u64::from(texel(background)));
        }
        for (index, shape) in (0..).zip(&self.shapes) {
            let mut mark = Mark::default();
            mark.add(self.textures.get(shape.texture).map_or(0, |texture| texture.version));
            for word in shape.words() {
                mark.add(word);
            }
            let Bounds { left, top, right, bottom } = shape.bounds;
            for row in top / TILE..=(bottom - 1) / TILE {
                let start = row as usize * across;
                let tiles = start + (left / TILE) as usize..=start + ((right - 1) / TILE) as usize;
                for tile in self.tiles.get_mut(tiles).unwrap_or_default() {
                    tile.shapes.push(index);
                    tile.mark.add(mark.0);
                }
            }
        }
    }

    fn draw(&mut self, background: Color32) -> Vec<Bounds> {
        let Self { canvas, textures, shapes, tiles } = self;
        let [across, _] = canvas.size().map(|len| len.div_ceil(TILE as usize));
        let mut drawn: Vec<Bounds> = Vec::new();
        for (index, tile) in tiles.iter_mut().enumerate() {
            let before = tile.drawn.replace(tile.mark.0);
            if tile.drawn == before {
                continue;
            }
            let (left, top) = ((index % across) as i32 * TILE, (index / across) as i32 * TILE);
            let place = Bounds { left, top, right: left + TILE, bottom: top + TILE }.common(canvas.bounds());
            for y in place.top..place.bottom {
                lay(canvas.span(y, place.left, place.right), texel(background));
            }
            for shape in tile.shapes.iter().filter_map(|index| shapes.get(*index as usize)) {
                let Some(texture) = textures.get(shape.texture) else { continue };
                let bounds = shape.bounds.common(place);
                match &shape.form {
                    Form::Quad(first, last) => fill::quad(canvas, texture, bounds, first, last),
                    Form::Triangle(corners) => fill::triangle(canvas, texture, bounds, corners),
                }
            }
            match drawn.last_mut() {
                Some(last) if last.top == place.top && last.right == place.left => last.right = place.right,
                _ => drawn.push(place),
            }
        }
        drawn
    }
}

/// Where something may be seen, in pixels.
fn clip(rect: Rect, scale: f32) -> Bounds {
    let pixel = |at: f32| (at * scale).clamp(-1e6, 1e6).round() as i32;
    Bounds { left: pixel(rect.min.x), top: pixel(rect.min.y), right: pixel(rect.max.x), bottom: pixel(rect.max.y) }
}

/// A number for many: other numbers, or another order, give another.
#[derive(Clone, Copy, Default)]
struct Mark(u64);

impl Mark {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
