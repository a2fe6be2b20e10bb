//! Changes to a picture on its way into a batch.
//!
//! A picture is a `[c, h, w]` tensor of f32: channels, rows, columns. A transform gives a new
//! picture and leaves the stored one alone, so each epoch changes the original anew and the stored
//! data can be shared by all workers. All randomness comes from the stream passed in.
//!
//! ```
//! use tinytorch_dataloader::{Compose, Cutout, Dataset, RandomCrop, RandomHorizontalFlip};
//! use tinytorch_dataloader::TinyDigits;
//! use tinytorch_tensor::Rng;
//!
//! let augment = Compose::new()
//!     .then(RandomCrop { size: 8, padding: 1 })
//!     .then(RandomHorizontalFlip { p: 0.5 })
//!     .then(Cutout { size: 2 });
//! let digits = TinyDigits::train().map(augment);
//! let (picture, _) = digits.get(0, &mut Rng::new(0));
//! assert_eq!(picture.shape(), [1, 8, 8]);
//! ```

mod crop;
mod cutout;
mod flip;
mod normalize;

pub use crop::RandomCrop;
pub use cutout::Cutout;
pub use flip::RandomHorizontalFlip;
pub use normalize::Normalize;

use tinytorch_tensor::{Rng, Tensor};

/// A function from a picture to a picture. A closure `|x: &Tensor, rng: &mut Rng| ..` is one.
pub trait Transform: Send + Sync {
    /// The changed picture. An equal `rng` gives an equal result.
    fn apply(&self, picture: &Tensor, rng: &mut Rng) -> Tensor;
}

impl<F: Fn(&Tensor, &mut Rng) -> Tensor + Send + Sync> Transform for F {
    fn apply(&self, picture: &Tensor, rng: &mut Rng) -> Tensor {
        self(picture, rng)
    }
}

/// Transforms, one after the other.
#[derive(Default)]
pub struct Compose {
    steps: Vec<Box<dyn Transform>>,
}

impl Compose {
    /// No step: gives the picture back as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more step at the end.
    pub fn then(mut self, step: impl Transform + 'static) -> Self {
        self.steps.push(Box::new(step));
        self
    }
}

impl Transform for Compose {
    fn apply(&self, picture: &Tensor, rng: &mut Rng) -> Tensor {
        self.steps.iter().fold(picture.clone(), |picture, step| step.apply(&picture, rng))
    }
}

/// Channels, rows and columns of `picture`.
#[track_caller]
fn picture_dims(op: &str, picture: &Tensor) -> [usize; 3] {
    let shape = picture.shape();
    assert!(
        shape.ndim() == 3,
        "{op}: expected a picture [channels, rows, columns], got {shape}; \
         transforms change one picture, give them to `Dataset::map`"
    );
    shape.dims()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[c, h, w]`, all numbers different: 1, 2, 3, ..
    pub(super) fn counting(c: usize, h: usize, w: usize) -> Tensor {
        Tensor::from_vec((1..=c * h * w).map(|i| i as f32).collect::<Vec<_>>(), [c, h, w])
    }

    fn all() -> [(&'static str, Box<dyn Transform>); 5] {
        [
            ("normalize", Box::new(Normalize::new([0.5; 3], [2.0; 3]))),
            ("random_crop", Box::new(RandomCrop { size: 4, padding: 2 })),
            ("random_horizontal_flip", Box::new(RandomHorizontalFlip { p: 0.5 })),
            ("cutout", Box::new(Cutout { size: 3 })),
            (
                "",
                Box::new(
                    Compose::new().then(Cutout { size: 2 }).then(RandomHorizontalFlip { p: 0.5 }),
                ),
            ),
        ]
    }

    #[test]
    fn no_transform_changes_the_stored_picture() {
        let stored = counting(3, 4, 4);
        for (name, transform) in all() {
            for seed in 0..20 {
                transform.apply(&stored, &mut Rng::new(seed));
                assert_eq!(stored.to_vec(), counting(3, 4, 4).to_vec(), "{name}");
            }
        }
    }

    #[test]
    fn the_same_stream_gives_the_same_picture_and_others_differ() {
        for (name, transform) in all() {
            let picture = |seed| transform.apply(&counting(3, 4, 4), &mut Rng::new(seed)).to_vec();
            assert!((0..50).all(|seed| picture(seed) == picture(seed)), "{name}");
            let random = name != "normalize";
            assert_eq!((0..50).any(|seed| picture(seed) != picture(0)), random, "{name}");
        }
    }

    #[test]
    fn any_memory_layout_gives_the_same_picture() {
        let transposed = counting(3, 4, 4).transpose(1, 2);
        for (name, transform) in all() {
            let of = |x: &Tensor| transform.apply(x, &mut Rng::new(3)).to_vec();
            assert_eq!(of(&transposed), of(&transposed.contiguous()), "{name}");
        }
    }

    #[test]
    fn a_batch_is_no_picture() {
        for (name, transform) in all().into_iter().skip(1).take(3) {
            let batch = Tensor::zeros([2, 3, 4, 4]);
            let attempt =
                std::panic::AssertUnwindSafe(|| transform.apply(&batch, &mut Rng::new(0)));
            let message = std::panic::catch_unwind(attempt).unwrap_err();
            let message = message.downcast_ref::<String>().unwrap();
            let expected = "expected a picture [channels, rows, columns], got [2, 3, 4, 4]";
            assert!(message.starts_with(&format!("{name}: {expected}")), "{message}");
        }
    }

    #[test]
    fn compose_keeps_the_order_of_its_steps() {
        let add = |x: &Tensor, _: &mut Rng| x + 1.0;
        let double = |x: &Tensor, _: &mut Rng| x * 2.0;
        let one = Tensor::from_vec(vec![1.0], [1, 1, 1]);
        let of = |steps: Compose| steps.apply(&one, &mut Rng::new(0)).item();
        assert_eq!(of(Compose::new().then(add).then(double)), 4.0);
        assert_eq!(of(Compose::new().then(double).then(add)), 3.0);
        assert_eq!(of(Compose::new()), 1.0);
    }
}
