//! A window somewhere in a padded picture.

use super::{Transform, picture_dims};
use tinytorch_tensor::{Rng, Tensor};

/// A square window of the picture, put around with zeros, at a random place: shifts the picture by
/// up to `padding` pixels each way, so that a model cannot rely on where things are.
///
/// `[c, h, w] -> [c, size, size]`. Every place is equally likely, the first and the last included.
/// CIFAR-10's usual setting is `size: 32, padding: 4` (He et al., "Deep residual learning", 2015,
/// section 4.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomCrop {
    /// Rows and columns of the window.
    pub size: usize,
    /// Zeros on each of the four sides.
    pub padding: usize,
}

impl Transform for RandomCrop {
    /// # Panics
    /// When the window is larger than the padded picture.
    fn apply(&self, picture: &Tensor, rng: &mut Rng) -> Tensor {
        let Self { size, padding } = *self;
        let [channels, rows, columns] = picture_dims("random_crop", picture);
        assert!(
            size <= rows + 2 * padding && size <= columns + 2 * padding,
            "random_crop: a window of {size} x {size} does not fit into {} with {padding} zeros \
             on each side; use a smaller size or more padding",
            picture.shape(),
        );
        let mut place =
            |length: usize| rng.below((length + 2 * padding - size + 1) as u64) as usize;
        let (top, left) = (place(rows), place(columns)); // in the padded picture
        let data = picture.data();
        let mut window = vec![0.0; channels * size * size];
        // Columns of the window that show the picture and not the padding.
        let from = padding.saturating_sub(left).min(size);
        let to = (padding + columns).saturating_sub(left).min(size);
        for (i, row) in window.chunks_exact_mut(size.max(1)).enumerate() {
            let (channel, y) = (i / size, top + i % size);
            if (padding..padding + rows).contains(&y) && from < to {
                let start = (channel * rows + y - padding) * columns + left + from - padding;
                row[from..to].copy_from_slice(&data[start..start + to - from]);
            }
        }
        Tensor::from_vec(window, [channels, size, size])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::counting;
    use super::*;
    use std::collections::BTreeMap;

    /// The definition: pixel by pixel, with the offsets found by trying all.
    fn window(x: &Tensor, size: usize, padding: usize, top: usize, left: usize) -> Vec<f32> {
        let [channels, rows, columns] = x.shape().dims();
        let pixel = |c: usize, y: usize, x_: usize| {
            let inside =
                y >= padding && x_ >= padding && y - padding < rows && x_ - padding < columns;
            if inside { x.at([c, y - padding, x_ - padding]) } else { 0.0 }
        };
        let mut out = Vec::new();
        for c in 0..channels {
            for y in 0..size {
                out.extend((0..size).map(|x| pixel(c, top + y, left + x)));
            }
        }
        out
    }

    /// Numbers that can be compared and sorted; the pictures here hold small whole ones.
    fn key(pixels: &[f32]) -> Vec<u32> {
        pixels.iter().map(|&x| x as u32).collect()
    }

    #[test]
    fn every_window_comes_up_about_equally_often_and_no_other() {
        for (rows, columns, size, padding) in
            [(3, 3, 3, 1), (2, 3, 2, 0), (2, 2, 1, 2), (1, 2, 4, 2)]
        {
            let x = counting(2, rows, columns);
            let (down, right) = (rows + 2 * padding - size, columns + 2 * padding - size);
            let mut places = BTreeMap::new(); // per picture: windows of zeros alone look the same
            for (top, left) in (0..=down).flat_map(|t| (0..=right).map(move |l| (t, l))) {
                *places.entry(key(&window(&x, size, padding, top, left))).or_insert(0.0) += 1.0;
            }
            let (mut rng, mut seen) = (Rng::new(1), BTreeMap::new());
            for _ in 0..500 * (down + 1) * (right + 1) {
                let y = RandomCrop { size, padding }.apply(&x, &mut rng);
                assert_eq!(y.shape(), [2, size, size]);
                *seen.entry(key(&y.data())).or_insert(0.0) += 1.0;
            }
            assert!(seen.keys().eq(places.keys()), "{rows} x {columns} to {size}");
            for (window, places) in &places {
                let per_place: f32 = seen[window] / places; // 500 expected, standard deviation 22
                assert!((per_place - 500.0).abs() < 110.0, "{window:?}: {per_place}");
            }
        }
    }

    #[test]
    fn a_window_as_large_as_the_picture_is_the_picture() {
        let same = RandomCrop { size: 4, padding: 0 }.apply(&counting(3, 4, 4), &mut Rng::new(0));
        assert_eq!(same.to_vec(), counting(3, 4, 4).to_vec());
    }

    #[test]
    #[should_panic = "random_crop: a window of 7 x 7 does not fit into [1, 4, 9] with 1 zeros"]
    fn a_window_that_does_not_fit_is_refused() {
        RandomCrop { size: 7, padding: 1 }.apply(&counting(1, 4, 9), &mut Rng::new(0));
    }
}
