//! Shapes become pixels.
//!
//! A pixel belongs to a shape if its centre does; of two shapes that share an edge one gets the centres on it. Colours
//! and textures go linearly over a shape, and are multiplied with each other, all in the gamma that they are given in.

use egui::Color32;
use egui::Pos2;
use egui::epaint::Vertex;

use crate::ui::software::canvas::Bounds;
use crate::ui::software::canvas::Canvas;
use crate::ui::software::canvas::alpha;
use crate::ui::software::canvas::lay;
use crate::ui::software::canvas::mixed;
use crate::ui::software::canvas::multiplied;
use crate::ui::software::canvas::over;
use crate::ui::software::canvas::scaled;
use crate::ui::software::shape::first_centre;
use crate::ui::software::textures::Between;
use crate::ui::software::textures::Texture;
use crate::ui::software::textures::texel;

/// Fills the upright rectangle between two corners, as far as it lies within `bounds`.
pub fn quad(canvas: &mut Canvas, texture: &Texture, bounds: Bounds, first: &Vertex, last: &Vertex) {
    let colour = texel(first.color);
    if first.uv == last.uv {
        let colour = multiplied(texture.at(first.uv), colour);
        for y in bounds.top..bounds.bottom {
            lay(canvas.span(y, bounds.left, bounds.right), colour);
        }
        return;
    }
    let [width, height] = texture.size();
    let along = |at: i32, (from, to): (f32, f32), (uv_from, uv_to): (f32, f32), len: usize| {
        Between::new(uv_from + (at as f32 + 0.5 - from) / (to - from) * (uv_to - uv_from), len)
    };
    let (xs, us) = ((first.pos.x, last.pos.x), (first.uv.x, last.uv.x));
    let (ys, vs) = ((first.pos.y, last.pos.y), (first.uv.y, last.uv.y));
    let column = |x: i32| along(x, xs, us, width);
    let row = |y: i32| along(y, ys, vs, height);
    if let Some((x, y)) = texel_by_texel(bounds, column, row) {
        for (down, to) in (bounds.top..bounds.bottom).enumerate() {
            letters(canvas.span(to, bounds.left, bounds.right), texture.row(x, y + down), colour);
        }
        return;
    }
    let columns: Vec<Between> = (bounds.left..bounds.right).map(column).collect();
    for y in bounds.top..bounds.bottom {
        picture(canvas.span(y, bounds.left, bounds.right), texture, &columns, row(y), colour);
    }
}

/// The first texel, if from pixel to pixel it goes from texel to texel, and none lies between two.
fn texel_by_texel(
    bounds: Bounds,
    column: impl Fn(i32) -> Between,
    row: impl Fn(i32) -> Between,
) -> Option<(usize, usize)> {
    let start = |at: &dyn Fn(i32) -> Between, from: i32, to: i32| {
        let (first, last) = (at(from).only()?, at(to - 1).only()?);
        (last.checked_sub(first)? == (to - 1 - from) as usize).then_some(first)
    };
    Some((start(&column, bounds.left, bounds.right)?, start(&row, bounds.top, bounds.bottom)?))
}

/// Lays one colour as thick as the texels say.
fn letters(span: &mut [u32], texels: &[Color32], colour: u32) {
    for (pixel, above) in span.iter_mut().zip(texels) {
        let above = texel(*above);
        if above == 0 {
            continue;
        }
        let covered = above & 0xff;
        let is_grey = above == covered * 0x0101_0101;
        let above = if is_grey { scaled(colour, covered) } else { multiplied(above, colour) };
        *pixel = over(*pixel, above);
    }
}

/// Lays a row of a picture that is larger or smaller than it was.
fn picture(span: &mut [u32], texture: &Texture, columns: &[Between], row: Between, tint: u32) {
    let (upper, lower) = (texture.row(0, row.first), texture.row(0, row.second));
    let texel = |texels: &[Color32], x: usize| texels.get(x).copied().map_or(0, texel);
    for (pixel, column) in span.iter_mut().zip(columns) {
        let mix = |texels| mixed(texel(texels, column.first), texel(texels, column.second), column.share);
        let above = mixed(mix(upper), mix(lower), row.share);
        let above = if tint == u32::MAX { above } else { multiplied(above, tint) };
        *pixel = if alpha(above) == 255 { above } else { over(*pixel, above) };
    }
}

/// A side of a triangle, row by row: where it passes the middle of a row, in 65536ths of a pixel.
///
/// Two triangles that share a side find it in the same places, to a thousandth of a pixel.
struct Side {
    x: i64,
    step: i64,
}

impl Side {
    /// From its upper end down; it begins in row `first`.
    fn new(from: Pos2, to: Pos2, first: i32) -> Self {
        let slope = (to.x - from.x) / (to.y - from.y);
        let x = from.x + (first as f32 + 0.5 - from.y) * slope;
        // The middle of a pixel counts.
        Self { x: ((x - 0.5) * 65536.0) as i64, step: (slope * 65536.0) as i64 }
    }

    /// The first pixel whose middle isn't before it; then goes on to the next row.
    fn next(&mut self) -> i32 {
        let pixel = (self.x + 0xffff) >> 16;
        self.x += self.step;
        pixel as i32
    }
}

/// Fills a triangle, as far as it lies within `bounds`.
pub fn triangle(canvas: &mut Canvas, texture: &Texture, bounds: Bounds, corners: &[Vertex; 3]) {
    let mut places = corners.map(|corner| corner.pos);
    places.sort_unstable_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
    let [top, middle, bottom] = places;
    let (across, down) = (middle - top, bottom - top);
    let is_left = across.x * down.y < down.x * across.y;
    let pen = Pen::new(texture, corners);

    for (from, to) in [(top, middle), (middle, bottom)] {
        let first = first_centre(from.y).max(bounds.top);
        let last = first_centre(to.y).min(bounds.bottom);
        if first >= last {
            continue;
        }
        let long = Side::new(top, bottom, first);
        let short = Side::new(from, to, first);
        let (mut left, mut right) = if is_left { (short, long) } else { (long, short) };
        for y in first..last {
            let (left, right) = (left.next().max(bounds.left), right.next().min(bounds.right));
            if left < right {
                pen.draw(canvas.span(y, left, right), left, y);
            }
        }
    }
}

/// What a triangle is drawn with.
enum Pen<'a> {
    Plain(u32),
    Shaded(u32, Slope),
    Textured(&'a Texture, Slope),
    /// It has no area.
    Dry,
}

impl<'a> Pen<'a> {
    fn new(texture: &'a Texture, corners: &[Vertex; 3]) -> Self {
        let [one, two, three] = corners;
        let is_plain = one.uv == two.uv && one.uv == three.uv;
        if is_plain && one.color == two.color && one.color == three.color {
            return Self::Plain(multiplied(texture.at(one.uv), texel(one.color)));
        }
        match Slope::new(corners) {
            None => Self::Dry,
            Some(slope) if is_plain => Self::Shaded(texture.at(one.uv), slope),
            Some(slope) => Self::Textured(texture, slope),
        }
    }

    fn draw(&self, span: &mut [u32], x: i32, y: i32) {
        match self {
            Self::Plain(colour) => lay(span, *colour),
            Self::Shaded(ground, slope) => slope.draw(span, x, y, |_| *ground),
            Self::Textured(texture, slope) => slope.draw(span, x, y, |uv| texture.at(uv)),
            Self::Dry => {}
        }
    }
}

/// Colour and place in the texture, at a point or from point to point.
#[derive(Clone, Copy)]
struct Looks {
    colour: [f32; 4],
    uv: [f32; 2],
}

impl Looks {
    fn of(corner: &Vertex) -> Self {
        Self { colour: corner.color.to_array().map(f32::from), uv: [corner.uv.x, corner.uv.y] }
    }

    /// `self * one + other.0 * other.1 …`, number by number.
    fn sum(terms: [(Self, f32); 3]) -> Self {
        let mut sum = Self { colour: [0.0; 4], uv: [0.0; 2] };
        for (looks, times) in terms {
            sum.step(&Self {
                colour: looks.colour.map(|value| value * times),
                uv: looks.uv.map(|value| value * times),
            });
        }
        sum
    }

    #[inline]
    fn step(&mut self, by: &Self) {
        for (value, step) in self.colour.iter_mut().zip(by.colour) {
            *value += step;
        }
        for (value, step) in self.uv.iter_mut().zip(by.uv) {
            *value += step;
        }
    }

    #[inline]
    fn colour(&self) -> u32 {
        u32::from_le_bytes(self.colour.map(|value| (value + 0.5) as u8))
    }
}

/// How looks change over a triangle.
struct Slope {
    origin: Pos2,
    start: Looks,
    across: Looks,
    down: Looks,
}

impl Slope {
    /// None of a triangle that has no area.
    fn new([one, two, three]: &[Vertex; 3]) -> Option<Self> {
        let (side, other) = (two.pos - one.pos, three.pos - one.pos);
        let area = side.x * other.y - side.y * other.x;
        if area == 0.0 {
            return None;
        }
        let looks = [one, two, three].map(Looks::of);
        // By how much each corner's weight changes from pixel to pixel.
        let across = [side.y - other.y, other.y, -side.y].map(|step| step / area);
        let down = [other.x - side.x, -other.x, side.x].map(|step| step / area);
        let [a, b, c] = looks;
        let [x, y, z] = across;
        let [p, q, r] = down;
        Some(Self {
            origin: one.pos,
            start: a,
            across: Looks::sum([(a, x), (b, y), (c, z)]),
            down: Looks::sum([(a, p), (b, q), (c, r)]),
        })
    }

    fn draw(&self, span: &mut [u32], x: i32, y: i32, ground: impl Fn(Pos2) -> u32) {
        let across = x as f32 + 0.5 - self.origin.x;
        let down = y as f32 + 0.5 - self.origin.y;
        let mut at = Looks::sum([(self.start, 1.0), (self.across, across), (self.down, down)]);
        for pixel in span {
            let (ground, colour) = (ground(egui::pos2(at.uv[0], at.uv[1])), at.colour());
            let above = if ground == u32::MAX { colour } else { multiplied(ground, colour) };
            *pixel = over(*pixel, above);
            at.step(&self.across);
        }
    }
}
