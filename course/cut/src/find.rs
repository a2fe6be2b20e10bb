//! Finds what can be cut in a file: functions, and closures in tables.

use crate::names::{Name, Word, flat};
use proc_macro2::{Span, TokenStream};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, File, FnArg, Item, ReturnType, Signature};

/// A function, or the closures of one row of a table, which may have none.
pub(crate) struct Function {
    pub name: Name,
    pub bodies: Vec<Body>,
    /// The whole item, attributes included; `None` for a row, which cannot be removed.
    pub item: Option<Range<usize>>,
    /// The scope that it stands in, and the `impl` or `trait`, if any.
    pub scope: usize,
    pub parent: Option<usize>,
    /// Why it cannot be an exercise.
    pub limit: Option<&'static str>,
}

/// What is cut.
pub(crate) struct Body {
    pub range: Range<usize>,
    pub form: Form,
    /// The parameters by name, `self` first.
    pub parameters: Vec<String>,
    /// Without comments and white space.
    pub tokens: String,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// `{ … }` of a function, on lines of its own.
    Function,
    /// `{ … }` of a closure that declares its result.
    Block,
    /// The expression of a closure.
    Expression,
}

/// A file or an inline module: where a `use` goes, in order of the source.
#[derive(Default)]
pub(crate) struct Scope {
    /// Each `use` of the first run of them: where it starts, and its path.
    pub uses: Vec<(usize, String)>,
    /// Where the items start, for a scope without a `use`.
    pub start: usize,
}

/// An `impl` or a `trait`: it goes when all that is in it is removed.
pub(crate) struct Parent {
    pub item: Range<usize>,
    pub count: usize,
}

/// What is in a file.
#[derive(Default)]
pub(crate) struct Found {
    pub functions: Vec<Function>,
    /// Items that are there for tests only.
    pub tests: Vec<Range<usize>>,
    /// Names of modules in files of their own that are there for tests only.
    pub test_files: Vec<String>,
    pub scopes: Vec<Scope>,
    pub parents: Vec<Parent>,
}

/// Finds what can be cut in `file`, which was parsed from `source`.
pub(crate) fn find(source: &str, file: &File) -> Found {
    let mut walk = Walk { source, out: Found::default(), module: None };
    let start = file.items.first().map_or(source.len(), |item| item.span().byte_range().start);
    walk.scope(&file.items, start);
    walk.out
}

struct Walk<'a> {
    source: &'a str,
    out: Found,
    /// The inline module that is being walked.
    module: Option<Word>,
}

impl Walk<'_> {
    fn scope(&mut self, items: &[Item], start: usize) {
        let scope = self.out.scopes.len();
        let uses = items.iter().skip_while(|item| !matches!(item, Item::Use(_)));
        let uses = uses.map_while(|item| match item {
            Item::Use(item) => {
                let path = self.text(item.tree.span()).to_string();
                Some((item.span().byte_range().start, path))
            }
            _ => None,
        });
        let uses = uses.collect();
        self.out.scopes.push(Scope { uses, start });
        items.iter().for_each(|item| self.item(item, scope));
    }

    fn text(&self, span: Span) -> &str {
        &self.source[span.byte_range()]
    }

    fn word(&self, item: &impl Spanned) -> Word {
        Word::new(self.text(item.span()))
    }

    fn item(&mut self, item: &Item, scope: usize) {
        let range = item.span().byte_range();
        if attributes(item).iter().any(for_tests) {
            self.out.tests.push(range);
            if let Item::Mod(file) = item
                && file.content.is_none()
            {
                self.out.test_files.push(file.ident.to_string());
            }
            return;
        }
        match item {
            Item::Fn(item) => {
                let owner = (self.module.clone(), None);
                let body = body_of(&item.sig, &item.block);
                self.function(owner, &item.sig, body, range, (scope, None));
            }
            Item::Impl(item) => self.implementation(item, range, scope),
            Item::Trait(item) => self.definition(item, range, scope),
            Item::Mod(item) => {
                let Some((brace, items)) = &item.content else { return };
                let module = Some(Word::new(&item.ident.to_string()));
                let outer = std::mem::replace(&mut self.module, module);
                let end = brace.span.close().byte_range().start;
                let start = items.first().map_or(end, |item| item.span().byte_range().start);
                self.scope(items, start);
                self.module = outer;
            }
            Item::Const(item) => {
                self.table((self.module.clone(), None), &item.ident, &item.expr, scope)
            }
            Item::Static(item) => {
                self.table((self.module.clone(), None), &item.ident, &item.expr, scope)
            }
            _ => {}
        }
    }

    fn implementation(&mut self, item: &syn::ItemImpl, range: Range<usize>, scope: usize) {
        let of_trait = item.trait_.as_ref().map(|(path, _)| self.word(path));
        let owner = (Some(self.word(&item.self_ty)), of_trait);
        let parent = self.parent(range, item.items.len());
        for inner in &item.items {
            let range = inner.span().byte_range();
            match inner {
                syn::ImplItem::Fn(f) if f.attrs.iter().any(for_tests) => self.out.tests.push(range),
                syn::ImplItem::Fn(f) => {
                    let body = body_of(&f.sig, &f.block);
                    self.function(owner.clone(), &f.sig, body, range, (scope, Some(parent)));
                }
                syn::ImplItem::Const(c) => self.table(owner.clone(), &c.ident, &c.expr, scope),
                _ => {}
            }
        }
    }

    /// A trait: its functions that have a body.
    fn definition(&mut self, item: &syn::ItemTrait, range: Range<usize>, scope: usize) {
        let owner = (Some(Word::new(&item.ident.to_string())), None);
        let parent = self.parent(range, item.items.len());
        for inner in &item.items {
            let range = inner.span().byte_range();
            if let syn::TraitItem::Fn(f) = inner
                && let Some(block) = &f.default
            {
                let body = body_of(&f.sig, block);
                self.function(owner.clone(), &f.sig, body, range, (scope, Some(parent)));
            }
        }
    }

    fn parent(&mut self, item: Range<usize>, count: usize) -> usize {
        self.out.parents.push(Parent { item, count });
        self.out.parents.len() - 1
    }

    fn function(
        &mut self,
        (owner, of_trait): (Option<Word>, Option<Word>),
        signature: &Signature,
        body: Body,
        item: Range<usize>,
        (scope, parent): (usize, Option<usize>),
    ) {
        let drops = of_trait.as_ref().is_some_and(|of| *of == Word::new("Drop"));
        let limit = if drops {
            Some("`drop` runs by itself: it would panic where nobody called it")
        } else {
            limit(signature)
        };
        let name = Name { owner, of_trait, word: signature.ident.to_string(), row: None };
        let (bodies, item) = (vec![body], Some(item));
        self.out.functions.push(Function { name, bodies, item, scope, parent, limit });
    }

    /// The closures of a constant: row by row if it is an array, else all of them together.
    fn table(
        &mut self,
        (owner, of_trait): (Option<Word>, Option<Word>),
        ident: &syn::Ident,
        value: &Expr,
        scope: usize,
    ) {
        let mut inner = value;
        while let Expr::Reference(reference) = inner {
            inner = &reference.expr;
        }
        let name = |row| Name {
            owner: owner.clone(),
            of_trait: of_trait.clone(),
            word: ident.to_string(),
            row,
        };
        let rows: Vec<(Name, &Expr)> = match inner {
            Expr::Array(array) => {
                let row =
                    |(i, row): (usize, &Expr)| Word::new(&self.row(row).unwrap_or(i.to_string()));
                let rows = array.elems.iter().enumerate();
                rows.map(|(i, expr)| (name(Some(row((i, expr)))), expr)).collect()
            }
            _ => vec![(name(None), value)],
        };
        for (name, expr) in rows {
            let mut closures = Closures::default();
            closures.visit_expr(expr);
            let bodies = closures.bodies;
            let limit = bodies.is_empty().then_some("there is no closure in it");
            let function = Function { name, bodies, item: None, scope, parent: None, limit };
            self.out.functions.push(function);
        }
    }

    /// The type argument that a row starts with.
    fn row(&self, row: &Expr) -> Option<String> {
        let mut first = FirstArgument::default();
        first.visit_expr(row);
        first.span.map(|span| self.text(span).to_string())
    }
}

/// Whether the item is compiled for tests only.
fn for_tests(attribute: &Attribute) -> bool {
    let tokens = |list: &syn::MetaList| flat(list.tokens.clone()).concat();
    match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            matches!(&*tokens(list), "test" | "doctest" | "any(test,doctest)" | "any(doctest,test)")
        }
        _ => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn limit(signature: &Signature) -> Option<&'static str> {
    let opaque = |output: &ReturnType| match output {
        ReturnType::Type(_, of) => flat(tokens(of)).contains(&"impl".to_string()),
        ReturnType::Default => false,
    };
    match () {
        () if signature.constness.is_some() => Some("a `const fn` may not panic with a text"),
        () if signature.asyncness.is_some() => Some("an `async fn` does nothing when it is called"),
        () if opaque(&signature.output) => Some("`!` is no `impl Trait`"),
        () => None,
    }
}

fn body_of(signature: &Signature, block: &syn::Block) -> Body {
    let mut parameters = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(_) => parameters.push("self".to_string()),
            FnArg::Typed(typed) => parameters.extend(bound(&typed.pat)),
        }
    }
    let tokens = block.stmts.iter().map(|stmt| flat(tokens(stmt)).concat()).collect();
    Body { range: block.span().byte_range(), form: Form::Function, parameters, tokens }
}

/// The names that a pattern binds.
fn bound(pattern: &syn::Pat) -> Vec<String> {
    #[derive(Default)]
    struct Bound(Vec<String>);
    impl<'a> Visit<'a> for Bound {
        fn visit_pat_ident(&mut self, pattern: &'a syn::PatIdent) {
            self.0.push(pattern.ident.to_string());
            visit::visit_pat_ident(self, pattern);
        }
    }
    let mut names = Bound::default();
    names.visit_pat(pattern);
    names.0
}

/// The closures of an expression, but not those within closures.
#[derive(Default)]
struct Closures {
    bodies: Vec<Body>,
}

impl<'a> Visit<'a> for Closures {
    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        let form = match (&closure.output, &*closure.body) {
            (ReturnType::Type(..), Expr::Block(_)) => Form::Block,
            _ => Form::Expression,
        };
        self.bodies.push(Body {
            range: closure.body.span().byte_range(),
            form,
            parameters: closure.inputs.iter().flat_map(bound).collect(),
            tokens: flat(tokens(&*closure.body)).concat(),
        });
    }
}

/// The first type argument that is written in an expression: `Mul` of `Broadcast::<Mul>(…)`.
#[derive(Default)]
struct FirstArgument {
    span: Option<Span>,
}

impl<'a> Visit<'a> for FirstArgument {
    fn visit_angle_bracketed_generic_arguments(
        &mut self,
        arguments: &'a syn::AngleBracketedGenericArguments,
    ) {
        let first = arguments.args.first().map(Spanned::span);
        self.span = self.span.or(first);
    }

    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
}

/// The tokens of a piece of syntax.
fn tokens(of: &impl quote::ToTokens) -> TokenStream {
    of.to_token_stream()
}
