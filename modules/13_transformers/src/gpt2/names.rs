//! What is called how.

/// Where a parameter of ours is in GPT-2's layout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Its name there, without the `transformer.` that stands before it in some files.
    pub name: String,
    /// Whether it is `[in, out]` there: GPT-2's linear layers were written as convolutions of
    /// width 1, which multiply from the other side.
    pub transposed: bool,
}

/// Parts of our paths, and what they are called there.
const PARTS: [(&str, &str); 10] = [
    ("embed.tokens", "wte"),
    ("embed.learned", "wpe"),
    ("head", "lm_head"),
    ("norm", "ln_f"),
    ("attention_norm", "ln_1"),
    ("attention.qkv", "attn.c_attn"),
    ("attention.out", "attn.c_proj"),
    ("mlp_norm", "ln_2"),
    ("mlp.up", "mlp.c_fc"),
    ("mlp.down", "mlp.c_proj"),
];

/// The place of the parameter under `path`: `blocks.3.mlp.up.weight` is `h.3.mlp.c_fc.weight`.
pub(crate) fn place(path: &str) -> Option<Place> {
    let (owner, kind) = path.rsplit_once('.')?;
    let theirs =
        |part: &str| PARTS.iter().find(|(ours, _)| *ours == part).map(|(_, theirs)| *theirs);
    let owner = match owner.strip_prefix("blocks.") {
        None => theirs(owner)?.to_string(),
        Some(inside) => {
            let (number, part) = inside.split_once('.')?;
            format!("h.{number}.{}", theirs(part)?)
        }
    };
    let transposed = kind == "weight" && owner.contains(".c_"); // their convolutions
    Some(Place { name: format!("{owner}.{kind}"), transposed })
}

/// What stands before all names but `lm_head.weight` in files of a model with its head.
pub(crate) const PREFIX: &str = "transformer.";

/// Whether `name` is the causal mask that old files carry along: no numbers that were learned.
pub(crate) fn is_mask(name: &str) -> bool {
    let inside = name.strip_prefix("h.").and_then(|rest| rest.split_once('.'));
    inside.is_some_and(|(number, part)| {
        number.bytes().all(|b| b.is_ascii_digit())
            && matches!(part, "attn.bias" | "attn.masked_bias")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_place_and_convolutions_are_transposed() {
        let cases = [
            ("embed.tokens.weight", "wte.weight", false),
            ("embed.learned.weight", "wpe.weight", false),
            ("norm.bias", "ln_f.bias", false),
            ("head.weight", "lm_head.weight", false),
            ("blocks.11.attention_norm.weight", "h.11.ln_1.weight", false),
            ("blocks.0.attention.qkv.weight", "h.0.attn.c_attn.weight", true),
            ("blocks.0.attention.qkv.bias", "h.0.attn.c_attn.bias", false),
            ("blocks.0.attention.out.weight", "h.0.attn.c_proj.weight", true),
            ("blocks.2.mlp_norm.bias", "h.2.ln_2.bias", false),
            ("blocks.2.mlp.up.weight", "h.2.mlp.c_fc.weight", true),
            ("blocks.2.mlp.down.weight", "h.2.mlp.c_proj.weight", true),
        ];
        for (path, name, transposed) in cases {
            assert_eq!(place(path), Some(Place { name: name.to_string(), transposed }));
        }
        assert_eq!(place("blocks.0.attention.rotary.weight"), None);
    }

    #[test]
    fn only_the_masks_of_attention_are_masks() {
        assert!(is_mask("h.0.attn.bias") && is_mask("h.12.attn.masked_bias"));
        for name in ["h.0.attn.c_attn.bias", "h.x.attn.bias", "attn.bias", "h.0.mlp.bias"] {
            assert!(!is_mask(name), "{name}");
        }
    }
}
