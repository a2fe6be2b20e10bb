//! Convolutions, pools and batch normalization.

use super::Row;
use crate::args::Args;
use crate::array::{Array, each_index};
use crate::draw::{Draw, Sample};
use serde_json::{Value, json};
use tinytorch_spatial::{
    AvgPool2d, BatchNormOp, BatchNormStats, BatchNormSums, Conv2dInputGrad, Conv2dOp,
    Conv2dWeightGrad, MaxPool2d, Window, adaptive_avg_pool2d, avg_pool2d, conv2d, fold, max_pool2d,
    unfold,
};
use tinytorch_tensor::{Tensor, dispatch};

pub fn rows() -> Vec<Row> {
    [convolutions(), patches(), pools(), normalizations()].into_iter().flatten().collect()
}

fn convolutions() -> Vec<Row> {
    vec![
        Row::new(
            "conv2d",
            |x, a| conv2d(&x[0], &x[1], x.get(2), conv(a)),
            |x, a| {
                let (w, a) = (&x[1], conv(a));
                let size = a.output_size([w.shape[2], w.shape[3]], [x[0].shape[2], x[0].shape[3]]);
                let bias = |i: &[usize]| x.get(2).map_or(0.0, |bias| bias.at(&i[1..2]));
                let mut y = Array::build(&[x[0].shape[0], w.shape[0], size[0], size[1]], bias);
                meet(&a, &w.shape, &y.shape.clone(), &x[0].shape, |weight, out, input| {
                    y.add_at(out, w.at(weight) * x[0].at(input));
                });
                y
            },
            |d| {
                let Drawn { x, weight, args, .. } = convolution(d);
                let mut all = vec![d.floats(&x), d.floats_in(&weight, -1.0, 1.0)];
                if d.once_in(2) {
                    all.push(d.floats(&weight[..1]));
                }
                Sample::new(all, args)
            },
        ),
        Row::new(
            "conv2d_input_grad",
            |x, a| {
                dispatch(Conv2dInputGrad { conv: conv(a), size: two(a, "size") }, &[&x[0], &x[1]])
            },
            |x, a| {
                let (w, conv, [h, width]) = (&x[1], conv(a), two(a, "size"));
                let shape = [x[0].shape[0], w.shape[1] * conv.groups, h, width];
                let mut gradient = Array::build(&shape, |_| 0.0);
                meet(&conv, &w.shape, &x[0].shape, &shape, |weight, out, input| {
                    gradient.add_at(input, w.at(weight) * x[0].at(out));
                });
                gradient
            },
            |d| {
                let Drawn { x, weight, y, mut args } = convolution(d);
                args["size"] = json!(x[2..]);
                Sample::new(vec![d.floats(&y), d.floats_in(&weight, -1.0, 1.0)], args)
            },
        ),
        Row::new(
            "conv2d_weight_grad",
            |x, a| {
                let op = Conv2dWeightGrad { conv: conv(a), kernel: two(a, "kernel") };
                dispatch(op, &[&x[0], &x[1]])
            },
            |x, a| {
                let (conv, [kh, kw]) = (conv(a), two(a, "kernel"));
                let shape = [x[0].shape[1], x[1].shape[1] / conv.groups, kh, kw];
                let mut gradient = Array::build(&shape, |_| 0.0);
                meet(&conv, &shape, &x[0].shape, &x[1].shape, |weight, out, input| {
                    gradient.add_at(weight, x[0].at(out) * x[1].at(input));
                });
                gradient
            },
            |d| {
                let Drawn { x, weight, y, mut args } = convolution(d);
                args["kernel"] = json!(weight[2..]);
                Sample::new(vec![d.floats_in(&y, -1.0, 1.0), d.floats(&x)], args)
            },
        ),
    ]
}

fn patches() -> Vec<Row> {
    vec![
        Row::new(
            "unfold",
            |x, a| unfold(&x[0], windows(a)),
            |x, a| {
                let [n, c, h, w] = [0, 1, 2, 3].map(|i: usize| x[0].shape[i]);
                let ([kh, kw], [oh, ow]) = (two(a, "kernel"), outputs(a, [h, w]));
                Array::build(&[n, c * kh * kw, oh * ow], |i| {
                    let tap = [i[1] / kw % kh, i[1] % kw];
                    let place = place(&conv(a), [i[2] / ow, i[2] % ow], tap, [h, w]);
                    place.map_or(0.0, |[row, col]| x[0].at(&[i[0], i[1] / (kh * kw), row, col]))
                })
            },
            |d| {
                let Drawn { x, weight, mut args, .. } = convolution(d);
                args["kernel"] = json!(weight[2..]);
                Sample::new(vec![d.floats(&x)], args)
            },
        ),
        Row::new(
            "fold",
            |x, a| fold(&x[0], windows(a), two(a, "size")),
            |x, a| {
                let ([kh, kw], [h, w]) = (two(a, "kernel"), two(a, "size"));
                let [_, ow] = outputs(a, [h, w]);
                let mut y =
                    Array::build(&[x[0].shape[0], x[0].shape[1] / (kh * kw), h, w], |_| 0.0);
                each_index(&x[0].shape, |i| {
                    let tap = [i[1] / kw % kh, i[1] % kw];
                    let place = place(&conv(a), [i[2] / ow, i[2] % ow], tap, [h, w]);
                    if let Some([row, col]) = place {
                        y.add_at(&[i[0], i[1] / (kh * kw), row, col], x[0].at(i));
                    }
                });
                y
            },
            |d| {
                let Drawn { x, weight, y, mut args } = convolution(d);
                (args["kernel"], args["size"]) = (json!(weight[2..]), json!(x[2..]));
                let rows = x[1] * weight[2] * weight[3];
                Sample::new(vec![d.floats_in(&[x[0], rows, y[2] * y[3]], -9.0, 9.0)], args)
            },
        ),
    ]
}

fn pools() -> Vec<Row> {
    vec![
        Row::new(
            "max_pool2d",
            |x, a| {
                let [kernel, stride, padding] =
                    ["kernel", "stride", "padding"].map(|name| two(a, name));
                max_pool2d(&x[0], MaxPool2d { kernel, stride, padding })
            },
            |x, a| pool(&x[0], a, |seen, _| seen.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            pooled,
        )
        .on_distinct_numbers(),
        Row::new(
            "avg_pool2d",
            |x, a| {
                let [kernel, stride, padding] =
                    ["kernel", "stride", "padding"].map(|name| two(a, name));
                let count_include_pad = a.flag("count_include_pad");
                avg_pool2d(&x[0], AvgPool2d { kernel, stride, padding, count_include_pad })
            },
            |x, a| {
                pool(&x[0], a, |seen, all| {
                    let count = if a.flag("count_include_pad") { all } else { seen.len() };
                    seen.iter().sum::<f64>() / count as f64
                })
            },
            |d| {
                let mut sample = pooled(d);
                sample.args.0["count_include_pad"] = json!(d.once_in(2));
                sample
            },
        ),
        Row::new(
            "adaptive_avg_pool2d",
            |x, a| adaptive_avg_pool2d(&x[0], two(a, "output")),
            |x, a| {
                let (shape, output) = (&x[0].shape, two(a, "output"));
                Array::build(&[shape[0], shape[1], output[0], output[1]], |i| {
                    let seen = |axis: usize| {
                        let (size, part) = (shape[axis + 2], 1.0 / output[axis] as f64);
                        let start = i[axis + 2] as f64 * part * size as f64;
                        let end = (i[axis + 2] + 1) as f64 * part * size as f64;
                        // Products such as 1/3 * 3 may miss a whole number by a rounding.
                        ((start + 1e-9).floor() as usize, (end - 1e-9).ceil() as usize)
                    };
                    let ((top, bottom), (left, right)) = (seen(0), seen(1));
                    let row = |r| (left..right).map(|c| x[0].at(&[i[0], i[1], r, c])).sum::<f64>();
                    (top..bottom).map(row).sum::<f64>() / ((bottom - top) * (right - left)) as f64
                })
            },
            |d| {
                let shape = [d.size().min(2), d.size().min(2), d.range(1, 6), d.range(1, 6)];
                let output = [d.range(1, 6), d.range(1, 6)];
                Sample::new(vec![d.floats(&shape)], json!({"output": output}))
            },
        ),
    ]
}

fn normalizations() -> Vec<Row> {
    vec![
        Row::new(
            "batch_norm_stats",
            |x, _| dispatch(BatchNormStats, &[&x[0]]),
            |x, _| {
                let stats = stats(&x[0]);
                Array::build(&[2, stats.len()], |i| [stats[i[1]].0, stats[i[1]].1][i[0]])
            },
            |d| {
                let shape = channels(d);
                Sample::new(vec![d.floats(&shape)], json!({}))
            },
        ),
        Row::new(
            "batch_norm",
            |x, a| match a.flag("train") {
                true => {
                    let stats = dispatch(BatchNormStats, &[&x[0].detach()]);
                    let op = BatchNormOp { eps: a.f32("eps"), own: true };
                    dispatch(op, &[&x[0], &stats, &x[1], &x[2]])
                }
                false => {
                    let op = BatchNormOp { eps: a.f32("eps"), own: false };
                    dispatch(op, &[&x[0], &given(a), &x[1], &x[2]])
                }
            },
            |x, a| {
                let stats = known(&x[0], a);
                Array::build(&x[0].shape, |i| {
                    let (mean, var) = stats[i[1]];
                    let unit = (x[0].at(i) - mean) / (var + a.float("eps")).sqrt();
                    x[1].data[i[1]] * unit + x[2].data[i[1]]
                })
            },
            |d| {
                let (shape, args) = (channels(d), normalization(d));
                let weight = d.floats_in(&shape[1..2], -1.0, 1.0);
                Sample::new(vec![d.floats(&shape), weight, d.floats(&shape[1..2])], args)
            },
        ),
        Row::new(
            "batch_norm_sums",
            |x, a| {
                let own = a.flag("train");
                let stats =
                    if own { dispatch(BatchNormStats, &[&x[0].detach()]) } else { given(a) };
                dispatch(
                    BatchNormSums(BatchNormOp { eps: a.f32("eps"), own }),
                    &[&x[0], &stats, &x[1]],
                )
            },
            |x, a| {
                let stats = known(&x[0], a);
                let mut sums = Array::build(&[2, stats.len()], |_| 0.0);
                each_index(&x[0].shape, |i| {
                    let (mean, var) = stats[i[1]];
                    let unit = (x[0].at(i) - mean) / (var + a.float("eps")).sqrt();
                    sums.add_at(&[0, i[1]], x[1].at(i));
                    sums.add_at(&[1, i[1]], x[1].at(i) * unit);
                });
                sums
            },
            |d| {
                let (shape, args) = (channels(d), normalization(d));
                Sample::new(vec![d.floats(&shape), d.floats_in(&shape, -1.5, 1.5)], args)
            },
        ),
    ]
}

/// Two settings, one per axis.
fn two(a: &Args, name: &str) -> [usize; 2] {
    a.shape(name).try_into().expect("one per axis")
}

/// The settings of a convolution; those that are not given are PyTorch's defaults.
fn conv(a: &Args) -> Conv2dOp {
    let or = |name, default| if a.has(name) { two(a, name) } else { default };
    Conv2dOp {
        stride: or("stride", [1, 1]),
        padding: or("padding", [0, 0]),
        dilation: or("dilation", [1, 1]),
        groups: if a.has("groups") { a.size("groups") } else { 1 },
    }
}

fn windows(a: &Args) -> [Window; 2] {
    conv(a).windows(two(a, "kernel"))
}

/// How many windows there are, counted by moving one until it leaves the padded picture.
fn outputs(a: &Args, size: [usize; 2]) -> [usize; 2] {
    let (conv, kernel) = (conv(a), two(a, "kernel"));
    [0, 1].map(|axis: usize| {
        let end = |o: usize| o * conv.stride[axis] + (kernel[axis] - 1) * conv.dilation[axis];
        (0..).take_while(|&o| end(o) < size[axis] + 2 * conv.padding[axis]).count()
    })
}

/// Where in the picture an output looks through a tap, if not into the padding.
fn place(
    conv: &Conv2dOp,
    output: [usize; 2],
    tap: [usize; 2],
    size: [usize; 2],
) -> Option<[usize; 2]> {
    let at = [0, 1].map(|axis: usize| {
        let padded = output[axis] * conv.stride[axis] + tap[axis] * conv.dilation[axis];
        padded.checked_sub(conv.padding[axis]).filter(|&at| at < size[axis])
    });
    Some([at[0]?, at[1]?])
}

/// Calls `f` with the indices of a weight, an output and an input, wherever they meet.
fn meet(
    conv: &Conv2dOp,
    weight: &[usize],
    y: &[usize],
    x: &[usize],
    mut f: impl FnMut(&[usize], &[usize], &[usize]),
) {
    let per_group = weight[0] / conv.groups;
    each_index(y, |out| {
        each_index(&weight[1..], |tap| {
            let at = place(conv, [out[2], out[3]], [tap[1], tap[2]], [x[2], x[3]]);
            if let Some([row, col]) = at {
                let channel = out[1] / per_group * weight[1] + tap[0];
                let weight = [out[1], tap[0], tap[1], tap[2]];
                f(&weight, out, &[out[0], channel, row, col]);
            }
        });
    });
}

/// A pool: `f` of the real numbers that each window sees, and the size of the window.
fn pool(x: &Array, a: &Args, f: impl Fn(&[f64], usize) -> f64) -> Array {
    let (kernel, size) = (two(a, "kernel"), [x.shape[2], x.shape[3]]);
    let [oh, ow] = outputs(a, size);
    Array::build(&[x.shape[0], x.shape[1], oh, ow], |i| {
        let mut seen = Vec::new();
        each_index(&kernel, |tap| {
            let at = place(&conv(a), [i[2], i[3]], [tap[0], tap[1]], size);
            seen.extend(at.map(|[row, col]| x.at(&[i[0], i[1], row, col])));
        });
        f(&seen, kernel[0] * kernel[1])
    })
}

/// Mean and variance of each channel.
fn stats(x: &Array) -> Vec<(f64, f64)> {
    let of = |c: usize| {
        let mut numbers = Vec::new();
        each_index(&x.shape, |i| numbers.extend((i[1] == c).then(|| x.at(i))));
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        (mean, numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count)
    };
    (0..x.shape[1]).map(of).collect()
}

/// The statistics that are given for evaluation, `[2, c]`.
fn given(a: &Args) -> Tensor {
    let list = |name: &str| a.0[name].as_array().expect("one per channel").clone();
    let all = [list("mean"), list("var")].concat();
    let all: Vec<f32> = all.iter().map(|v| v.as_f64().expect("a number") as f32).collect();
    let channels = all.len() / 2;
    Tensor::from_vec(all, [2, channels])
}

/// Those of the numbers in training, and those that are given in evaluation.
fn known(x: &Array, a: &Args) -> Vec<(f64, f64)> {
    if a.flag("train") {
        return stats(x);
    }
    let given = Array::of(&given(a));
    (0..x.shape[1]).map(|c| (given.at(&[0, c]), given.at(&[1, c]))).collect()
}

/// A small convolution: shapes and settings.
struct Drawn {
    x: Vec<usize>,
    weight: Vec<usize>,
    y: Vec<usize>,
    args: Value,
}

fn convolution(d: &mut Draw) -> Drawn {
    loop {
        let groups = d.range(1, 3);
        let [inputs, outputs] = [d.range(1, 3), d.range(1, 3)];
        let x = vec![d.range(0, 3), groups * inputs, d.range(1, 5), d.range(1, 5)];
        let weight = vec![groups * outputs, inputs, d.range(1, 4), d.range(1, 4)];
        let [stride, dilation] = [(); 2].map(|()| [d.range(1, 3), d.range(1, 3)]);
        let padding = [d.range(0, 3), d.range(0, 3)];
        let conv = Conv2dOp { stride, padding, dilation, groups };
        let [h, w] = conv.output_size([weight[2], weight[3]], [x[2], x[3]]);
        let y = vec![x[0], weight[0], h, w];
        let patches = [x[0], x[1], weight[2], weight[3], h, w];
        let small = |shape: &[usize], most| shape.iter().product::<usize>() <= most;
        let small = [&x, &weight, &y].iter().all(|s| small(s, 48)) && small(&patches, 96);
        if h * w > 0 && small {
            let args = json!({
                "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
            });
            return Drawn { x, weight, y, args };
        }
    }
}

fn pooled(d: &mut Draw) -> Sample {
    let [kernel, stride] = [(); 2].map(|()| [d.range(1, 4), d.range(1, 4)]);
    let padding = kernel.map(|k| d.range(0, k / 2 + 1));
    let size = [0, 1].map(|axis: usize| {
        let least = kernel[axis] - 2 * padding[axis];
        d.range(least.max(1), 6)
    });
    let shape = [d.size().min(2), d.size().min(2), size[0], size[1]];
    let args = json!({"kernel": kernel, "stride": stride, "padding": padding});
    Sample::new(vec![d.floats(&shape)], args)
}

/// Two channels of at least six numbers each: of fewer, the spread may be so small that what is
/// divided by it is mostly rounding.
fn channels(d: &mut Draw) -> Vec<usize> {
    vec![d.range(2, 4), 2, d.range(1, 3), 3]
}

/// A large `eps`, as numbers that do not differ within a channel come up, too.
fn normalization(d: &mut Draw) -> Value {
    let mut number = || f64::from(d.floats(&[]).data[0] as f32);
    let (mean, var) = ([number(), number()], [number().abs(), number().abs()]);
    json!({"train": d.once_in(2), "eps": 0.25, "mean": mean, "var": var})
}
