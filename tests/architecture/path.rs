//! Every path a source file names: in `use`, types, calls, patterns and inside macros. Test code does not count.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A path as written in the code, made absolute: `crate::…` for our own crate, else beginning with a crate's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
}

impl Named {
    /// The segments with `::` between them.
    pub fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// The paths of one file; `module` is where the file stands in its crate, empty for its root.
pub fn named_paths(text: &str, module: &[String]) -> syn::Result<Vec<Named>> {
    let mut walk = Walk { module: module.to_vec(), found: Vec::new() };
    walk.visit_file(&syn::parse_file(text)?);
    Ok(walk.found)
}

struct Walk {
    module: Vec<String>,
    found: Vec<Named>,
}

impl Walk {
    fn add(&mut self, segments: &[String], line: usize, is_use: bool) {
        let Some(first) = segments.first() else { return };
        let rest = |skipped: usize| segments.iter().skip(skipped).cloned();
        let own = |module: &[String], skipped| {
            std::iter::once("crate".to_owned()).chain(module.iter().cloned()).chain(rest(skipped)).collect()
        };
        let absolute: Vec<String> = match first.as_str() {
            "crate" => segments.to_vec(),
            "self" if segments.len() > 1 => own(&self.module, 1),
            "super" => {
                let up = segments.iter().take_while(|segment| *segment == "super").count();
                let kept = self.module.len().saturating_sub(up);
                own(&self.module[..kept], up)
            }
            _ if is_use || segments.len() > 1 => segments.to_vec(),
            _ => return,
        };
        self.found.push(Named { segments: absolute, line });
    }

    fn add_use(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.add_use(&with(path.ident.to_string()), &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => self.add(before, line(&name.ident), true),
            syn::UseTree::Name(name) => self.add(&with(name.ident.to_string()), line(&name.ident), true),
            syn::UseTree::Rename(rename) => {
                self.add(&with(rename.ident.to_string()), line(&rename.ident), true)
            }
            syn::UseTree::Glob(glob) => {
                let at = glob.star_token.spans[0].start().line;
                self.add(&with("*".to_owned()), at, true);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add_use(before, item)),
        }
    }

    /// A macro's tokens have no syntax tree: runs of `a::b::c` are read as paths.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut run: Vec<String> = Vec::new();
        let (mut colons, mut at) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add(&std::mem::take(&mut run), at, false);
                        at = line(&ident);
                    }
                    run.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.add(&std::mem::take(&mut run), at, false);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add(&run, at, false);
    }
}

fn line(ident: &proc_macro2::Ident) -> usize {
    ident.span().start().line
}

fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg_test = attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
        is_cfg_test || attribute.path().is_ident("test")
    })
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test_only(&item.attrs) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test_only(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test_only(&item.attrs) {
            self.add_use(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&segments, path.segments.first().map_or(0, |first| line(&first.ident)), false);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        visit::visit_macro(self, item);
        self.add_tokens(item.tokens.clone());
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}
