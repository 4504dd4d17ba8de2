//! `page`, `size` and `sort` as WorkTool's clients send them; what makes no sense is replaced, never refused.
use super::answer::WorkToolPage;
use super::parameters::Parameters;

/// Rows a page when none are named.
const SIZE: i64 = 10;
/// Most rows a page holds.
const SIZE_MAX: i64 = 200;
/// No list goes further than this.
const OFFSET_MAX: i64 = 10_000_000;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkToolPaging {
    /// From 1.
    pub page: i64,
    /// Rows a page.
    pub size: i64,
    /// `sort=…,asc`.
    pub is_oldest_first: bool,
}

impl WorkToolPaging {
    /// Reads the parameters.
    pub fn read(parameters: &Parameters) -> Self {
        let size = parameters.number("size").filter(|size| *size >= 1).unwrap_or(SIZE).min(SIZE_MAX);
        let page = parameters.number("page").unwrap_or(1).clamp(1, OFFSET_MAX / size);
        let sort = parameters.get("sort").unwrap_or_default().to_ascii_lowercase();
        let direction = sort.rsplit([',', ' ']).next().unwrap_or_default();
        Self { page, size, is_oldest_first: direction == "asc" }
    }

    /// Rows before the page.
    pub fn offset(&self) -> i64 {
        (self.page - 1).saturating_mul(self.size)
    }

    /// The page with its rows.
    pub fn page<T>(&self, total: i64, list: Vec<T>) -> WorkToolPage<T> {
        let total_page = total.saturating_add(self.size - 1) / self.size;
        WorkToolPage { page_num: self.page, page_size: self.size, total_page, total, list }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_becomes_something_sensible() {
        for (query, page, size, is_oldest_first) in [
            ("", 1, 10, false),
            ("page=3&size=50&sort=create_time,desc", 3, 50, false),
            ("page=0&size=0&sort=id,asc", 1, 10, true),
            ("page=-1&size=-5&sort=ASC", 1, 10, true),
            ("page=x&size=9999&sort=run_time+asc", 1, 200, true),
            ("page=9223372036854775807&size=200&sort=,", 50_000, 200, false),
        ] {
            let paging = WorkToolPaging::read(&Parameters::read(query));
            assert_eq!(paging, WorkToolPaging { page, size, is_oldest_first }, "{query}");
        }
    }

    #[test]
    fn pages_are_counted() {
        let paging = WorkToolPaging::read(&Parameters::read("page=2&size=10"));
        assert_eq!(paging.offset(), 10);
        for (total, pages) in [(0, 0), (1, 1), (10, 1), (11, 2)] {
            assert_eq!(paging.page::<u8>(total, Vec::new()).total_page, pages);
        }
    }
}
