//! Pure: the Prometheus text format (version 0.0.4).
use std::fmt::Write;

/// A page of metrics that is being written.
#[derive(Debug, Default)]
pub struct MetricsPage {
    text: String,
}

impl MetricsPage {
    /// Declares a number that only grows; its values follow.
    pub fn counter(&mut self, name: &str, help: &str) -> &mut Self {
        self.declare(name, help, "counter")
    }

    /// Declares a number that goes up and down; its values follow.
    pub fn gauge(&mut self, name: &str, help: &str) -> &mut Self {
        self.declare(name, help, "gauge")
    }

    fn declare(&mut self, name: &str, help: &str, kind: &str) -> &mut Self {
        // Writing to a String cannot fail.
        let written = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        debug_assert!(written.is_ok());
        self
    }

    /// One value of the metric declared last.
    pub fn value(&mut self, name: &str, labels: &[(&str, &str)], value: u64) -> &mut Self {
        self.text.push_str(name);
        if !labels.is_empty() {
            let pairs: Vec<String> =
                labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escape(text))).collect();
            self.text.push('{');
            self.text.push_str(&pairs.join(","));
            self.text.push('}');
        }
        let written = writeln!(self.text, " {value}");
        debug_assert!(written.is_ok());
        self
    }

    /// A counter with one value.
    pub fn count(&mut self, name: &str, help: &str, value: u64) {
        self.counter(name, help).value(name, &[], value);
    }

    /// A gauge with one value.
    pub fn measure(&mut self, name: &str, help: &str, value: u64) {
        self.gauge(name, help).value(name, &[], value);
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_format() {
        let mut page = MetricsPage::default();
        page.count("a_total", "How many.", 3);
        page.gauge("b", "How much.").value("b", &[("kind", "x\"\n"), ("id", "1")], 4);
        assert_eq!(
            page.into_text(),
            "# HELP a_total How many.\n# TYPE a_total counter\na_total 3\n\
             # HELP b How much.\n# TYPE b gauge\nb{kind=\"x\\\"\\n\",id=\"1\"} 4\n"
        );
    }
}
