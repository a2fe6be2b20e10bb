//! What stands in a learner's file where a function is still to be written.
//!
//! ```should_panic
//! use exercise::exercise;
//!
//! fn double(x: f32) -> f32 {
//!     exercise!("00.1", "twice a number", x)
//! }
//!
//! double(2.0); // exercise 00.1 is not written yet: twice a number
//! ```
//!
//! The message is a contract: the checks tell *not written yet* from *wrong* by it, and nothing
//! else in a module panics with these words.

/// Stands for a body: its type is `!`, which fits every result, and running it panics with
/// `exercise 05.3 is not written yet: gradient of matmul: two products`.
///
/// First the exercise's id, then what is to be written, then the parameters of the function, which
/// are marked as used. They are only looked at, so that one of them may be moved from afterwards.
///
/// The panic is located at the line of the macro, even in a function that is `#[track_caller]`:
/// that line is where the learner has to write.
#[macro_export]
macro_rules! exercise {
    ($id:literal, $title:literal $(, $used:ident)* $(,)?) => {{
        $(let _ = &$used;)*
        // A function of its own, as the panic would else be located at the caller of a function
        // that is `#[track_caller]`.
        fn body() -> ! {
            $crate::not_written($id, $title)
        }
        body()
    }};
}

/// What [`exercise!`] does when it is run.
///
/// # Panics
/// Always.
#[cold]
#[track_caller]
pub fn not_written(id: &str, title: &str) -> ! {
    panic!("exercise {id} is not written yet: {title}")
}

#[cfg(test)]
mod tests {
    use std::panic::{Location, catch_unwind, set_hook, take_hook};
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Pair(Vec<f32>, f32);

    impl Pair {
        fn taken(self, mut more: Vec<f32>, [a, b]: [f32; 2]) -> impl Sized + use<> {
            if more.is_empty() {
                exercise!("00.2", "a method, and a pattern", self, more, a, b)
            }
            more.push(self.1 + a + b);
            (self.0, more)
        }
    }

    #[track_caller]
    fn tracked() -> u32 {
        exercise!("00.3", "at this line")
    }

    #[test]
    #[should_panic(expected = "exercise 00.2 is not written yet: a method, and a pattern")]
    fn the_panic_names_the_exercise_and_what_to_write() {
        Pair(vec![], 1.0).taken(vec![], [1.0, 2.0]);
    }

    #[test]
    #[should_panic(expected = "exercise 00.4 is not written yet: a row of a table")]
    fn it_fits_a_closure_in_a_table() {
        type Share = fn(&f32, f32) -> String;
        let rows: &[Share] = &[|a, b| exercise!("00.4", "a row of a table", a, b)];
        rows[0](&1.0, 2.0);
    }

    #[test]
    fn the_place_is_the_line_of_the_macro_even_where_callers_are_tracked() {
        static LINE: AtomicU32 = AtomicU32::new(0);
        let before = take_hook();
        set_hook(Box::new(|panic| {
            if panic.payload_as_str().is_some_and(|said| said.contains("00.3")) {
                LINE.store(panic.location().map_or(0, Location::line), Ordering::Relaxed);
            }
        }));
        let here = line!();
        assert!(catch_unwind(tracked).is_err());
        set_hook(before);
        let written = LINE.load(Ordering::Relaxed);
        assert!(written > 0 && written < here, "line {written}, not in `tracked`");
        assert!(here - written > 10, "line {written} is that of the caller");
    }
}
