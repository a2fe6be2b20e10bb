//! What `backward` gives back: a gradient per parameter.

use tinytorch_tensor::{ByKey, Tensor, TensorId, Update, update};

/// A gradient for each parameter that a loss was computed from, each of its parameter's shape.
#[derive(Default, Clone)]
pub struct Gradients {
    by_id: ByKey<TensorId, Tensor>,
}

impl Gradients {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The gradient of `x`; `None` when the loss does not depend on it.
    #[inline]
    pub fn get(&self, x: &Tensor) -> Option<&Tensor> {
        self.by_id.get(&x.id())
    }

    /// The gradient of `x`.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn of(&self, x: &Tensor) -> &Tensor {
        match self.get(x) {
            Some(gradient) => gradient,
            None => panic!(
                "gradient: the loss does not depend on this tensor of {}; was it made with \
                 `with_grad()` and used before the loss?",
                x.shape()
            ),
        }
    }

    /// How many parameters have one.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All of them, in the order in which the parameters were made.
    pub fn iter(&self) -> impl Iterator<Item = (TensorId, &Tensor)> {
        let mut all: Vec<_> = self.by_id.iter().map(|(&id, g)| (id, g)).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
    }

    /// All of them, to be changed, in the same order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (TensorId, &mut Tensor)> {
        let mut all: Vec<_> = self.by_id.iter_mut().map(|(&id, g)| (id, g)).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
    }

    /// Adds those of another batch: gradient accumulation.
    pub fn add(&mut self, other: Gradients) {
        for (id, gradient) in other.by_id {
            self.add_one(id, gradient);
        }
    }

    /// Multiplies all by `factor`, in place.
    pub fn scale(&mut self, factor: f32) {
        for (_, gradient) in self.iter_mut() {
            update(&Scale { factor }, &mut [gradient], &[]);
        }
    }

    #[inline]
    pub(crate) fn take(&mut self, id: TensorId) -> Option<Tensor> {
        self.by_id.remove(&id)
    }

    /// Adds `share` to what is filed under `id`; the first one is filed as it is.
    ///
    /// In place, so that a value that is used often costs no memory per use.
    ///
    /// ```
    /// use tinytorch_autograd::Gradients;
    /// use tinytorch_tensor::Tensor;
    ///
    /// let (x, mut gradients) = (Tensor::from([1.0, 2.0]), Gradients::new());
    /// gradients.add_one(x.id(), Tensor::from([1.0, 2.0]));
    /// gradients.add_one(x.id(), Tensor::from([10.0, 20.0]));
    /// assert_eq!(*gradients.of(&x), Tensor::from([11.0, 22.0]));
    /// ```
    #[inline]
    pub fn add_one(&mut self, id: TensorId, share: Tensor) {
        match self.by_id.get_mut(&id) {
            None => _ = self.by_id.insert(id, share),
            Some(sum) => update(&Accumulate, &mut [sum], &[&share]),
        }
    }

    /// By an op instead, so that the sum can be differentiated itself.
    pub(crate) fn add_one_recorded(&mut self, id: TensorId, share: Tensor) {
        let sum = match self.by_id.remove(&id) {
            None => share,
            Some(sum) => sum + share,
        };
        self.by_id.insert(id, sum);
    }
}

/// `sum += share`.
pub struct Accumulate;

impl Update for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let sums = targets[0].data_mut().iter_mut();
        sums.zip(x[0].data().iter()).for_each(|(sum, g)| *sum += g);
    }
}

/// `gradient *= factor`.
pub struct Scale {
    /// What every number is multiplied by.
    pub factor: f32,
}

impl Update for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn run(&self, targets: &mut [&mut Tensor], _: &[&Tensor]) {
        targets[0].data_mut().iter_mut().for_each(|g| *g *= self.factor);
    }
}
