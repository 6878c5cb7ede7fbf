//! What is drawn: triangles, and the upright rectangles that most pairs of them are.

use egui::Mesh;
use egui::Pos2;
use egui::epaint::Vertex;

use crate::ui::software::canvas::Bounds;

/// A piece of a mesh in pixels, and where it may be seen.
pub struct Shape {
    pub form: Form,
    pub texture: usize,
    /// What it covers at most.
    pub bounds: Bounds,
}

pub enum Form {
    /// From corner to corner, of one colour.
    Quad(Vertex, Vertex),
    Triangle([Vertex; 3]),
}

/// Parts a mesh into shapes that can be seen, in order. `texture` is the place of its texture.
pub fn part(mesh: &Mesh, texture: usize, scale: f32, clip: Bounds, mut emit: impl FnMut(Shape)) {
    let vertex = |index: u32| {
        let vertex = mesh.vertices.get(index as usize).copied().unwrap_or_default();
        Vertex { pos: vertex.pos * scale, ..vertex }
    };
    let mut indices = mesh.indices.as_slice();
    loop {
        let form;
        (form, indices) = match *indices {
            [a, b, c, d, e, f, ref rest @ ..] if c == d && b == e => {
                let [first, across, down, last] = [a, b, c, f].map(&vertex);
                if is_upright(&[first, across, down, last]) {
                    (Form::Quad(first, last), rest)
                } else {
                    (Form::Triangle([first, across, down]), indices.get(3..).unwrap_or_default())
                }
            }
            [a, b, c, ref rest @ ..] => (Form::Triangle([a, b, c].map(&vertex)), rest),
            _ => return,
        };
        let bounds = form.bounds().common(clip);
        if !bounds.is_empty() {
            emit(Shape { form, texture, bounds });
        }
    }
}

/// Whether they are the corners of an upright rectangle of one colour, whose texture lies upright on it too.
fn is_upright([first, across, down, last]: &[Vertex; 4]) -> bool {
    let is_rect = |[a, b, c, d]: [Pos2; 4]| b == egui::pos2(d.x, a.y) && c == egui::pos2(a.x, d.y);
    is_rect([first.pos, across.pos, down.pos, last.pos])
        && is_rect([first.uv, across.uv, down.uv, last.uv])
        && [across, down, last].iter().all(|corner| corner.color == first.color)
}

impl Form {
    fn bounds(&self) -> Bounds {
        let of = |corners: &[Vertex]| {
            let mut least = egui::pos2(f32::INFINITY, f32::INFINITY);
            let mut most = egui::pos2(f32::NEG_INFINITY, f32::NEG_INFINITY);
            for corner in corners {
                least = least.min(corner.pos);
                most = most.max(corner.pos);
            }
            Bounds {
                left: first_centre(least.x),
                top: first_centre(least.y),
                right: first_centre(most.x),
                bottom: first_centre(most.y),
            }
        };
        match self {
            Self::Quad(first, last) => of(&[*first, *last]),
            Self::Triangle(corners) => of(corners),
        }
    }
}

impl Shape {
    /// What tells it from another that is covered with the same.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        let pair = |one: u32, other: u32| u64::from(one) << 32 | u64::from(other);
        let corners = match self.form {
            Form::Quad(first, last) => [first, last, Vertex::default()],
            Form::Triangle(corners) => corners,
        };
        let Bounds { left, top, right, bottom } = self.bounds;
        let bounds = [pair(left as u32, top as u32), pair(right as u32, bottom as u32)];
        let corners = corners.into_iter().flat_map(move |Vertex { pos, uv, color }| {
            let [pos, uv] = [pos, uv].map(|at| pair(at.x.to_bits(), at.y.to_bits()));
            [pos, uv, u64::from(u32::from_le_bytes(color.to_array()))]
        });
        bounds.into_iter().chain(corners)
    }
}

/// The first pixel whose centre isn't before `at`: where a shape begins that has its edge there, and where one ends.
#[inline]
pub fn first_centre(at: f32) -> i32 {
    // A million pixels are far outside of any screen.
    let before = (at - 0.5).clamp(-1e6, 1e6);
    let whole = before as i32;
    whole + i32::from(before > whole as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(mesh: &Mesh) -> Vec<Form> {
        let mut forms = Vec::new();
        let everywhere = Bounds { left: 0, top: 0, right: 100, bottom: 100 };
        part(mesh, 0, 2.0, everywhere, |shape| forms.push(shape.form));
        forms
    }

    #[test]
    fn a_pair_of_triangles_that_makes_a_rectangle_is_drawn_as_one() {
        let mut mesh = Mesh::default();
        let rect = egui::Rect::from_min_max(egui::pos2(1.0, 2.0), egui::pos2(11.0, 7.0));
        mesh.add_rect_with_uv(rect, rect, egui::Visuals::dark().text_color());
        let whole = forms(&mesh);
        let [Form::Quad(first, last)] = whole.as_slice() else { panic!("{} pieces", whole.len()) };
        assert_eq!((first.pos, last.pos), (egui::pos2(2.0, 4.0), egui::pos2(22.0, 14.0)));

        mesh.vertices[3].pos.x += 1.0;
        assert_eq!(forms(&mesh).len(), 2);
    }

    #[test]
    fn what_covers_no_centre_of_a_pixel_is_left_out() {
        assert_eq!([0.4, 0.5, 0.6, 1.5, -0.6, f32::INFINITY].map(first_centre), [0, 0, 1, 1, -1, 1_000_000]);

        let mut mesh = Mesh::default();
        let sliver = egui::Rect::from_min_max(egui::pos2(0.3, 0.0), egui::pos2(0.7, 9.0));
        mesh.add_colored_rect(sliver, egui::Visuals::dark().text_color());
        assert_eq!(forms(&mesh).len(), 0);
    }
}
