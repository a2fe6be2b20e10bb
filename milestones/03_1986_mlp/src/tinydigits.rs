//! Part `tinydigits`: small digits that come with the framework, learned in seconds.

use stage::{Bar, Report, Settings, Stage};

use crate::digits::Digits;
use crate::lesson::Recipe;
use crate::story;

/// A hidden layer of 32 units, 2,410 parameters: what the Python TinyTorch has, with Adam.
pub const RECIPE: Recipe = Recipe { sizes: &[64, 32, 10], batch: 32, epochs: 20, lr: 0.01 };

/// The seeds that count.
const SEEDS: [u64; 3] = [0, 1, 2];

/// The bar: the Python TinyTorch claims it, and reaches 71 to 79 %.
const BAR: Bar = Bar::at_least(0.95);

/// Runs the part with `digits`, which are [`Digits::tiny`], by `recipe`, which is [`RECIPE`].
pub fn run(digits: &Digits, recipe: &Recipe, settings: &Settings, stage: &mut dyn Stage) -> Report {
    stage.chapter("1986: learning representations by back-propagating errors");
    stage.say(
        "In October 1986 David Rumelhart, Geoffrey Hinton and Ronald Williams published four pages \
         in Nature under that title. The method had been found before, by Linnainmaa (1970) and \
         Werbos (1974) among others; what convinced people was what it did. Hidden units, left to \
         the chain rule, came to stand for things that nobody had named, such as the generation of \
         a person in a family tree. Three years later a network trained this way read ZIP codes \
         from envelopes.",
    );
    stage.say(
        "Here is such a network on handwritten digits of 8 x 8 pixels, made of nothing but modules \
         01 to 08: `Linear`, `ReLU` and `cross_entropy` forward, autograd backward, `Adam` for the \
         steps, a `DataLoader` for the batches and a `Trainer` around it all. (ReLU and Adam are \
         younger than 1986, and faster.)",
    );
    let seeds = settings.seeds(&SEEDS);
    story::perform(digits, recipe, BAR, &seeds, settings, stage)
}
