//! Part `tinydigits`: small digits that come with the framework, learned in seconds.

use stage::{Bar, Report, Settings, Stage};
use tinytorch::prelude::*;

use crate::lesson::Recipe;
use crate::network::DigitNet;
use crate::sets::Pictures;
use crate::story;

/// Each time a digit is learned from, it stands up to a pixel further up, down, left or right.
pub const RECIPE: Recipe = Recipe {
    network: |rng| Box::new(DigitNet::new(rng)),
    loss: cross_entropy,
    augment: || Compose::new().then(RandomCrop { size: 8, padding: 1 }),
    batch: 32,
    epochs: 30,
    lr: 0.01,
    optimizer: |lr| Box::new(Adam::new(AdamOptions { lr, ..Default::default() })),
    looks: 60,
};

/// The seeds that count.
const SEEDS: [u64; 3] = [0, 1, 2];

/// The bar: two points above that of 1986's network, with the same digits.
const BAR: Bar = Bar::at_least(0.97);

/// Runs the part with `digits`, which are [`Pictures::tiny_digits`], by `recipe`, which is
/// [`RECIPE`].
pub fn run(
    digits: &Pictures,
    recipe: &Recipe,
    settings: &Settings,
    stage: &mut dyn Stage,
) -> Report {
    stage.chapter("1998: gradient-based learning applied to document recognition");
    stage.say(
        "In 1989 Yann LeCun and his colleagues at Bell Labs trained a network on ZIP codes that \
         did not look at a picture as one long row of numbers. Its first layer slid a few small \
         filters over the picture, the same everywhere, and its second did so over what the first \
         had found. In 1998 LeNet-5 made the plan famous: by then its relatives read a tenth or \
         more of the checks written in the United States.",
    );
    stage.say(
        "A filter of 3 x 3 has 9 weights, wherever in the picture it looks. So it learns an edge \
         once, from all places, and knows it at all places: a digit that stands a pixel further \
         left is no news. Here are 12 filters and then 32, made of module 09's `Conv2d` and \
         `MaxPool2d`, on the digits that 1986's network learned from.",
    );
    let seeds = settings.seeds(&SEEDS);
    story::perform(digits, recipe, BAR, &seeds, settings, stage)
}
