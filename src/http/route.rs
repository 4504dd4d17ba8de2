//! One path and its methods; any other method is answered 405 with `Allow`.
use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{Resource, Route, guard, web};

use super::error::{ApiError, BadRequest};

/// A path with its methods.
pub struct At {
    path: &'static str,
    methods: Vec<String>,
    resource: Resource,
}

impl At {
    /// A path without methods yet.
    pub fn new(path: &'static str) -> Self {
        Self { path, methods: Vec::new(), resource: web::resource(path) }
    }

    /// Adds a method.
    pub fn on(mut self, method: &str, route: Route) -> Self {
        self.methods.push(method.to_ascii_uppercase());
        self.resource = self.resource.route(route);
        self
    }

    /// The path and its methods, for the test that compares them with the document.
    pub fn describe(&self) -> (&'static str, &[String]) {
        (self.path, &self.methods)
    }
}

impl HttpServiceFactory for At {
    fn register(self, config: &mut AppService) {
        let allow = self.methods.join(", ");
        let refuse = move || {
            let error = ApiError::Request(BadRequest::Method { allow: allow.clone() });
            async move { Err::<&'static str, ApiError>(error) }
        };
        self.resource.default_service(web::to(refuse)).register(config);
    }
}

/// A route of one method, by its name in the table. Whoever may GET may ask for the head alone (RFC 9110 §9.3.2).
pub mod method {
    use super::{Route, guard, web};

    /// GET or HEAD.
    pub fn reads() -> impl guard::Guard {
        guard::Any(guard::Get()).or(guard::Head())
    }

    /// GET, and HEAD with it.
    pub fn get() -> Route {
        web::route().guard(reads())
    }

    pub use super::web::{delete, post, put};
}
