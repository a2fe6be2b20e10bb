//! W8: rows and single numbers, and a step of Adam.

use crate::data::{CPU, adam, ids, numbers, time_step};
use candle_core::{DType, Result, Tensor, Var};
use candle_nn::ops;
use meter::Meter;

type Function = fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>;

const FUNCTIONS: [(&str, Function); 10] = [
    ("W8.gelu_tanh", |x, _, _| x.gelu()),
    ("W8.gelu_erf", |x, _, _| x.gelu_erf()),
    ("W8.softmax", |x, _, _| ops::softmax_last_dim(x)),
    ("W8.layernorm", |x, b, one| ops::layer_norm(x, one, b, 1e-5)),
    ("W8.sum_all", |x, _, _| x.sum_all()),
    ("W8.sum_dim0", |x, _, _| x.sum(0)),
    ("W8.add_bcast", |x, b, _| x.broadcast_add(b)),
    ("W8.mul_same", |x, _, _| x * x),
    ("W8.transpose_copy", |x, _, _| x.t()?.contiguous()),
    ("W8.exp", |x, _, _| x.exp()),
];

pub fn run(meter: &Meter) -> Result<()> {
    for (name, function) in FUNCTIONS.into_iter().filter(|(name, _)| meter.wants(name)) {
        let (x, b) = (numbers(&[4096, 1024], 5, 3.0)?, numbers(&[1024], 6, 1.0)?);
        let one = Tensor::ones(1024, DType::F32, &CPU)?;
        meter.time(name, || function(&x, &b, &one).expect("the shapes fit"));
    }
    if meter.wants("W8.embed_gather") {
        let (table, ids) = (numbers(&[50_257, 768], 7, 1.0)?, ids(4096, 8, 50_257)?);
        meter.time("W8.embed_gather", || table.index_select(&ids, 0).expect("the shapes fit"));
    }
    if meter.wants("W8.adam_10M") {
        let weight = Var::from_tensor(&numbers(&[10_000_000], 9, 1.0)?)?;
        let grads = weight.as_tensor().sum_all()?.backward()?;
        time_step(meter, "W8.adam_10M", adam(vec![weight], 1e-3, 0.0)?, &grads);
    }
    Ok(())
}
