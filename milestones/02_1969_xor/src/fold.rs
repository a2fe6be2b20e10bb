//! The plane as the output layer sees it: folded by the hidden units.
//!
//! Every point of the plane has a place in a space with one axis for each hidden unit. The output
//! layer is a perceptron in that space: it asks on which side of a flat border the place is. The
//! space has eight dimensions, the paper two, so it is looked at from where the border is seen
//! edge on: to the right goes the distance from the border, upward the direction in which the two
//! 0s differ, from (0, 0) at the bottom to (1, 1) at the top.

use stage::Style;
use stage::draw::{Plane, Point, plane};
use tinytorch::prelude::*;

use crate::corners::Corners;
use crate::nets::TwoLayers;

/// The places of the noisy copies in the hidden space of a network before and after training,
/// with the ground in the colors of the output's probability.
///
/// In both, 1 to the right is the mean distance of the corners from the border after training,
/// and 1 upward the way from (0, 0) to (1, 1).
pub fn folded([before, after]: [&TwoLayers; 2], style: Style) -> [String; 2] {
    let copies = Corners::noisy(&mut Rng::new(0));
    let unit = View::of(after, 1.0).distances(&Corners::exact().x).abs().mean().item();
    let unit = if unit > 0.0 { unit } else { 1.0 };
    let views = [before, after].map(|model| View::of(model, unit));
    let points = views.each_ref().map(|view| view.points(&copies));
    let all = || points.iter().flatten();
    let frame = Plane {
        x: span(-1.0, all().map(|point| point.x)),
        y: span(0.0, all().map(|point| point.y)),
        x_label: "distance from the border",
        y_label: "",
        classes: ["0", "1"],
        rows: 10,
    };
    [0, 1].map(|i| plane(|x, _| views[i].probability(x), &points[i], &frame, style))
}

/// The ends of an axis on which all values have a place, and so have `least` and 1.
fn span(least: f32, values: impl Iterator<Item = f32>) -> (f32, f32) {
    let (low, high) = values.fold((least, 1.0_f32), |(low, high), it| (low.min(it), high.max(it)));
    (low - 0.1, high + 0.1)
}

/// From where the hidden space is looked at.
struct View<'a> {
    model: &'a TwoLayers,
    /// Across the border, toward the 1s: `[hidden]`.
    across: Tensor,
    /// Where the border is, along that direction.
    offset: f32,
    /// From (0, 0) to (1, 1), as far as it goes along the border: `[hidden]`.
    along: Tensor,
    /// Where (0, 0) is, along that direction.
    bottom: f32,
    /// The logit at distance 1 from the border.
    steepness: f32,
}

impl<'a> View<'a> {
    /// `unit` is the distance that is drawn as 1.
    fn of(model: &'a TwoLayers, unit: f32) -> Self {
        let weight = model.output.weight.detach().reshape([-1]);
        let bias = model.output.bias.as_ref().map_or(0.0, |bias| bias.item());
        let steepness = weight.matmul(&weight).sqrt().item().max(f32::MIN_POSITIVE);
        let normal = weight / steepness;
        let zeros = no_grad(|| model.units(&Tensor::from([[0.0, 0.0], [1.0, 1.0]])));
        let apart = zeros.select(0, 1) - zeros.select(0, 0);
        let along = &apart - &normal * apart.matmul(&normal);
        let along = &along / along.matmul(&along).clamp(f32::MIN_POSITIVE, f32::MAX);
        let bottom = zeros.select(0, 0).matmul(&along).item();
        let (across, offset) = (normal / unit, bias / steepness / unit);
        View { model, across, offset, along, bottom, steepness: steepness * unit }
    }

    /// What the output says at a distance from the border.
    fn probability(&self, distance: f32) -> f32 {
        Tensor::from(self.steepness * distance).sigmoid().item()
    }

    /// How far points of the plane are from the border in the hidden space, `[n, 2] -> [n]`.
    fn distances(&self, x: &Tensor) -> Tensor {
        no_grad(|| self.model.units(x)).matmul(&self.across) + self.offset
    }

    fn points(&self, points: &Corners) -> Vec<Point> {
        let up = no_grad(|| self.model.units(&points.x)).matmul(&self.along) - self.bottom;
        let places = self.distances(&points.x).to_vec().into_iter().zip(up.to_vec());
        let point = |((x, y), truth)| Point { x, y, class: truth > 0.5 };
        places.zip(points.y.to_vec()).map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::{RECIPE, logits, train};

    #[test]
    fn the_distance_from_the_border_is_what_the_output_says() {
        let model = train(0, TwoLayers::new, &RECIPE).model;
        let copies = Corners::noisy(&mut Rng::new(2));
        let view = View::of(&model, 0.5);
        let said = logits(&model, &copies.x).to_vec();
        for (point, logit) in view.points(&copies).iter().zip(said) {
            let difference = (point.x * view.steepness - logit).abs();
            assert!(difference < 1e-4 * logit.abs().max(1.0), "{difference}");
            assert_eq!(point.x > 0.0, point.class, "a line parts them in this space");
        }
    }

    #[test]
    fn a_network_without_weights_is_drawn_all_the_same() {
        let mut model = TwoLayers::new(&mut Rng::new(0));
        model.output.weight = Tensor::zeros(model.output.weight.shape());
        let style = Style::default();
        let [picture, _] = folded([&model, &model], style);
        assert!(picture.lines().count() > 10, "{picture}");
    }
}
