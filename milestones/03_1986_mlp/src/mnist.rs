//! Part `mnist`: 70,000 digits, the yardstick of the decades after.

use stage::{Bar, Report, Settings, Stage};

use crate::digits::Digits;
use crate::lesson::Recipe;
use crate::story;

/// Two hidden layers, 109,386 parameters, eight passes.
pub const RECIPE: Recipe = Recipe { sizes: &[784, 128, 64, 10], batch: 64, epochs: 8, lr: 0.003 };

/// The seeds that count.
const SEEDS: [u64; 3] = [0, 1, 2];

/// The bar; the course's own is 95 %.
const BAR: Bar = Bar::at_least(0.975);

/// Runs the part with `digits`, which are [`Digits::mnist`], by `recipe`, which is [`RECIPE`].
pub fn run(digits: &Digits, recipe: &Recipe, settings: &Settings, stage: &mut dyn Stage) -> Report {
    stage.chapter("The yardstick: MNIST");
    stage.say(
        "From forms filled in by census workers and high-school students, Yann LeCun, Corinna \
         Cortes and Christopher Burges made a set of 70,000 digits, 28 x 28 pixels each, which \
         everybody then measured by. In 1998 networks of this kind were reported at 95 to 97 %; people get a \
         few in a thousand wrong.",
    );
    let seeds = settings.seeds(&SEEDS);
    story::perform(digits, recipe, BAR, &seeds, settings, stage)
}
