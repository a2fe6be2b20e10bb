//! Weights that change while graphs of their old numbers live.

use crate::{loss, network};
use tinytorch::prelude::*;

fn addresses(model: &Sequential) -> Vec<*const f32> {
    model.parameters().iter().map(|p| p.data().as_ptr()).collect()
}

#[test]
fn training_overwrites_the_weights_where_they_are_while_the_loss_lives() {
    let mut model = network();
    let before = addresses(&model);
    let mut optimizer = Sgd::new(SgdOptions { lr: 0.1, momentum: 0.9, ..Default::default() });
    let mut losses = Vec::new();
    for _ in 0..200 {
        let loss = loss(&model);
        let grads = loss.backward();
        optimizer.step(&mut model, &grads);
        losses.push(loss); // kept: what it was computed from has been given back
    }
    assert_eq!(addresses(&model), before);
    assert!(losses[199].item() < 0.5 * losses[0].item());
}

#[test]
fn an_update_before_backward_leaves_the_gradient_that_of_the_old_weights() {
    let mut model = network();
    let (late, grads) = (loss(&model), loss(&model).backward());
    let before = addresses(&model);
    let mut optimizer = Sgd::new(SgdOptions { lr: 0.5, ..Default::default() });
    optimizer.step(&mut model, &grads);
    // Only what `late` reads is kept for it: of the last layer the weight, no bias.
    let moved: Vec<bool> = addresses(&model).iter().zip(&before).map(|(a, b)| a != b).collect();
    assert_eq!(moved, [false, false, true, false]);
    let late = late.backward();
    for p in model.parameters() {
        assert_eq!(late.of(p), grads.of(p));
    }
    let anew = loss(&model).backward();
    assert!(model.parameters().iter().any(|p| anew.of(p) != grads.of(p)), "it did take a step");
}

#[test]
fn a_snapshot_of_a_model_is_not_touched_by_training_on() {
    let mut model = network();
    let (snapshot, copy) = (model.state_dict(), model.parameters()[0].to_vec());
    let mut optimizer = Adam::new(AdamOptions::default());
    for _ in 0..3 {
        let grads = loss(&model).backward();
        optimizer.step(&mut model, &grads);
    }
    assert_eq!(snapshot["0.weight"].to_vec(), copy);
    assert_ne!(model.parameters()[0].to_vec(), copy);
    model.load_state_dict(&snapshot).expect("its own");
    assert_eq!(model.parameters()[0].to_vec(), copy);
    let grads = loss(&model).backward();
    optimizer.step(&mut model, &grads); // the same tensors still, so the optimizer knows them
}
