//! `tito milestone run`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use stage::{Report, Settings, Silent, Stage};

use super::own::{self, Own};
use super::show::Show;
use super::{list, record, registry, verdict};
use crate::course::{Bar, Course, Milestone, Source};
use crate::data_folder::DataFolder;
use crate::dataset::list::at_hand;
use crate::failure::{Failure, MISSED};
use crate::module::named;
use crate::terminal::Terminal;

/// What to run.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  tito milestone run mlp                    on the small digits, which come with tito
  tito milestone run mlp --data mnist       after: tito dataset download mnist
  tito milestone run all --json             one JSON object a line, for programs

Exit status: 0 bars met, 1 a bar missed, 2 wrong usage or input, 3 the machine")]
pub struct Request {
    /// Its number, name or year (03, mlp, 1986), or all
    pub milestone: String,
    /// Learn from this data set only
    #[arg(long, value_name = "NAME")]
    pub data: Option<String>,
    /// Run this one seed instead of the milestone's own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Aim beyond the bar, in percent: a longer run of a larger network (04 cifar10)
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..100))]
    pub target: Option<u8>,
    /// Talk with the trained model afterwards (05 tinytalks)
    #[arg(long, conflicts_with = "json")]
    pub chat: bool,
    /// In a workspace: run on the answer key, not on your modules
    #[arg(long)]
    pub answer_key: bool,
    /// Print one JSON object for each result, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// All that a run can draw on.
pub struct House<'a> {
    /// The manifest.
    pub course: &'a Course,
    /// The milestones that can run.
    pub known: &'a [stage::Milestone],
    /// Where data is.
    pub data: &'a DataFolder,
    /// Where records go.
    pub records: &'a DataFolder,
    /// The learner's workspace, where there is one.
    pub own: Option<&'a Own<'a>>,
}

/// Who performs a milestone.
enum Player<'a> {
    /// What tito was built from.
    AnswerKey(&'a stage::Milestone),
    /// The learner's modules.
    Own(&'a Own<'a>),
}

impl House<'_> {
    /// Runs what was asked for and gives back 0 when every bar was met, 1 when one was missed.
    ///
    /// # Errors
    /// What was asked for can't be run. Of several milestones the others run all the same; the
    /// failure is shown, and its exit status given back.
    pub fn run(&self, request: &Request, terminal: &Terminal) -> Result<ExitCode, Failure> {
        let chosen = self.choose(request)?;
        let mut tally = Tally::default();
        for (milestone, player) in &chosen {
            if let Err(failure) = self.run_one(milestone, player, request, terminal, &mut tally) {
                if chosen.len() == 1 {
                    return Err(failure);
                }
                terminal.complain(format!("{} {failure}", milestone.name));
                tally.failure.get_or_insert(failure);
            }
        }
        if chosen.len() > 1 && !request.json {
            self.close(&tally, terminal);
        }
        Ok(match tally.failure {
            Some(failure) => failure.status(),
            None if tally.missed() => ExitCode::from(MISSED),
            None => ExitCode::SUCCESS,
        })
    }

    /// Who performs a milestone, if it can be performed.
    fn player(&self, milestone: &Milestone) -> Result<Player<'_>, Failure> {
        if let Some(own) = self.own {
            return own.admit(milestone).map(|()| Player::Own(own));
        }
        let entry = registry::find(self.known, &milestone.id);
        entry.map(Player::AnswerKey).ok_or_else(|| to_come(milestone))
    }

    /// The milestones that a request means, each with who performs it.
    fn choose(&self, request: &Request) -> Result<Vec<(&Milestone, Player<'_>)>, Failure> {
        if request.milestone != "all" {
            let milestone = self.course.find_milestone(&request.milestone)?;
            return Ok(vec![(milestone, self.player(milestone)?)]);
        }
        let wanted = match &request.data {
            Some(word) => Some(self.course.find_data_set(word)?.id.as_str()),
            None => None,
        };
        let uses = |milestone: &&Milestone| match wanted {
            Some(data) => milestone.data_sets().contains(&data),
            None => true,
        };
        let listed = self.course.milestones.iter().filter(uses);
        let chosen: Vec<_> = listed.filter_map(|it| Some((it, self.player(it).ok()?))).collect();
        if chosen.is_empty() {
            let what = wanted.map_or(String::new(), |data| format!(" that learns from {data}"));
            return Err(Failure::input(format!("there is no milestone{what} that can run yet"))
                .cure("`tito milestone list` shows which learns from what"));
        }
        Ok(chosen)
    }

    fn run_one(
        &self,
        milestone: &Milestone,
        player: &Player,
        request: &Request,
        terminal: &Terminal,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let (parts, absent) = self.parts(milestone, request)?;
        for part in parts {
            let settings = Settings {
                data: part,
                seed: request.seed,
                data_dir: self.data.root().to_owned(),
                models_dir: Some(self.records.models()),
                target: request.target.map(|percent| f64::from(percent) / 100.0),
                chat: request.chat,
                style: terminal.style,
            };
            let judged = |bar: &&Bar| settings.data.as_ref().is_none_or(|data| bar.data == *data);
            let share = milestone.bars.iter().find(judged);
            let share = share.is_none_or(|bar| bar.at_least.or(bar.at_most) <= Some(1.0));
            let perform = |stage: &mut dyn Stage| match player {
                Player::AnswerKey(entry) => perform(entry, &settings, stage),
                Player::Own(own) => own.perform(milestone, &settings, stage, terminal),
            };
            let reports = if request.json {
                perform(&mut Silent)?
            } else {
                let mut show = Show::new(terminal, share);
                let reports = perform(&mut show);
                show.end();
                reports?
            };
            for report in reports {
                self.tell(&report, milestone, request, terminal)?;
                if let Some(event) = self.own.and_then(|_| own::event(&report, &settings)) {
                    let workspace = self.own.map(|own| own.workspace);
                    workspace.map_or(Ok(()), |it| it.ledger()?.record(event))?;
                }
                tally.reports.push(report);
            }
        }
        if let (Some(own), false) = (self.own, request.json) {
            let waits = own.waits_for_more(milestone);
            if !waits.is_empty() {
                let rest = format!("the rest of it comes after {}", named(&waits));
                terminal.print(terminal.dim(&rest));
            }
        }
        for data in absent.iter().filter(|_| !request.json) {
            let get = format!("tito dataset download {data}");
            terminal.print(format!("left out: {data} is not here; get it with: {get}"));
        }
        Ok(())
    }

    /// The parts to run, one call each, and the data sets that are left out because they would
    /// have to be downloaded first. A part that was asked for is never left out.
    fn parts(
        &self,
        milestone: &Milestone,
        request: &Request,
    ) -> Result<(Vec<Option<String>>, Vec<String>), Failure> {
        let open = match self.own {
            Some(own) => own.parts(milestone),
            None => milestone.data_sets(),
        };
        if let Some(data) = &request.data {
            if let Some(own) = self.own.filter(|_| !open.contains(&data.as_str()))
                && milestone.data_sets().contains(&data.as_str())
            {
                let waits = named(&own.waits_for_more(milestone));
                return Err(Failure::input(format!("{data} waits for {waits}")));
            }
            return Ok((vec![request.data.clone()], Vec::new()));
        }
        let is_here = |id: &&str| {
            let remote = self.course.data_set(id).is_some_and(|it| it.source == Source::Remote);
            !remote || at_hand(id, self.data)
        };
        if request.chat {
            return Ok((vec![None], Vec::new())); // the milestone knows which of its models talks
        }
        let all = open.len() == milestone.data_sets().len();
        let (here, absent): (Vec<&str>, Vec<&str>) = open.into_iter().partition(is_here);
        let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<Vec<_>>();
        Ok(match absent.as_slice() {
            [] if all => (vec![None], Vec::new()),
            _ => (owned(here).into_iter().map(Some).collect(), owned(absent)),
        })
    }

    /// Says what a milestone reached, and keeps it.
    fn tell(
        &self,
        report: &Report,
        milestone: &Milestone,
        request: &Request,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let modules = match self.own {
            Some(own) => own.modules(milestone, self.course)?,
            None => record::of_the_answer_key(milestone, self.course),
        };
        let kept = record::keep(report, &modules, self.records);
        if request.json {
            terminal.print_json(&report.to_json());
        } else {
            terminal.print(format!("\n{}", verdict::lines(report, terminal)));
        }
        match kept {
            Ok(path) if !request.json => {
                let line = format!("        record: {}", path.display());
                terminal.print(terminal.dim(&line));
            }
            Ok(_) => {}
            Err(error) => {
                let runs = self.records.runs();
                let line = format!("warning: no run record in {}: {error}", runs.display());
                terminal.remark(line);
            }
        }
        if request.seed.is_some() && !request.json {
            terminal.print("        one seed alone: the verdict that counts is over all seeds");
        }
        Ok(())
    }

    fn close(&self, tally: &Tally, terminal: &Terminal) {
        terminal.print(format!("\n{}", terminal.bold("All together")));
        for report in &tally.reports {
            let verdict =
                if report.passed() { terminal.green("met   ") } else { terminal.red("missed") };
            let value = verdict::amount(report.value(), verdict::is_share(report));
            let what = format!("{} {} {}", report.milestone, report.data, report.metric);
            terminal.print(format!("{verdict}  {what:<36} {value:>8}  {:>6.1} s", report.seconds));
        }
        let rest = self.course.milestones.iter();
        for milestone in rest.filter(|it| self.player(it).is_err()) {
            let state = match self.own {
                Some(own) => list::own_state(milestone, own, terminal),
                None => list::state(milestone, terminal),
            };
            let line = format!("{} {} {state}", milestone.id, milestone.name);
            terminal.print(format!("        {line}"));
        }
    }
}

/// What all milestones of a request reached.
#[derive(Default)]
struct Tally {
    reports: Vec<Report>,
    failure: Option<Failure>,
}

impl Tally {
    fn missed(&self) -> bool {
        self.reports.iter().any(|report| !report.passed())
    }
}

/// Runs one milestone. A panic in it (a bug in the framework or the milestone, which has said
/// where it happened) is a failure like any other, so that the exit status stays one of ours.
fn perform(
    entry: &stage::Milestone,
    settings: &Settings,
    stage: &mut dyn Stage,
) -> Result<Vec<Report>, Failure> {
    let reports = catch_unwind(AssertUnwindSafe(|| (entry.run)(settings, stage)));
    let reports = reports.map_err(|_| Failure::missed(format!("{} broke off", entry.name)))??;
    if reports.is_empty() {
        return Err(Failure::missed(format!("{} reported nothing", entry.name)));
    }
    Ok(reports)
}

fn to_come(milestone: &Milestone) -> Failure {
    let state = list::state(milestone, &Terminal::plain());
    Failure::input(format!("milestone {} {} can't run yet", milestone.id, milestone.name))
        .cure(state)
        .cure("`tito milestone list` shows which can")
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Bar, SeedResult, StageError};

    /// Reaches 0.5 plus a hundredth of the seed, on every data set that it is asked for.
    fn learn(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
        let mut reports = Vec::new();
        for data in settings.parts(&["tinydigits", "mnist"])? {
            stage.chapter("1986");
            let seeds = settings.seeds(&[40, 49]).into_iter().map(|seed| {
                stage.seed_started(seed);
                let value = 0.5 + seed as f64 / 100.0;
                stage.seed_finished(seed, value);
                SeedResult { seed, value }
            });
            let seeds = seeds.collect();
            reports.push(Report::judge("03", data, "accuracy", Bar::at_least(0.95), seeds));
        }
        Ok(reports)
    }

    fn never_starts(_: &Settings, _: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
        Err(StageError::missing_data("mnist", "/data/mnist"))
    }

    fn breaks_off(_: &Settings, _: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
        panic!("the point of this test")
    }

    const LEARNS: stage::Milestone = stage::Milestone { id: "03", name: "mlp", run: learn };
    const NEVER: stage::Milestone = stage::Milestone { id: "02", name: "xor", run: never_starts };
    const BREAKS: stage::Milestone = stage::Milestone { id: "02", name: "xor", run: breaks_off };

    struct Ran {
        result: Result<ExitCode, Failure>,
        out: String,
        err: String,
        records: usize,
    }

    fn run_in(folder: &std::path::Path, known: &[stage::Milestone], request: &Request) -> Ran {
        let (course, data) = (Course::embedded(), DataFolder::at(folder));
        let terminal = Terminal::plain();
        let house = House { course: &course, known, data: &data, records: &data, own: None };
        let result = house.run(request, &terminal);
        let (out, err) = terminal.written();
        let records = std::fs::read_dir(data.runs()).map_or(0, Iterator::count);
        Ran { result, out, err, records }
    }

    fn run(known: &[stage::Milestone], request: &Request) -> Ran {
        run_in(tempfile::tempdir().unwrap().path(), known, request)
    }

    fn asking(milestone: &str) -> Request {
        Request { milestone: milestone.into(), ..Request::default() }
    }

    #[test]
    fn the_worst_seed_misses_the_bar_and_the_exit_status_says_so() {
        let ran = run(&[LEARNS], &asking("mlp"));
        assert_eq!(ran.result, Ok(ExitCode::from(MISSED)));
        assert!(ran.out.contains("seed 49: 99.0 %"), "{}", ran.out);
        assert!(ran.out.contains("missed  tinydigits accuracy 90.0 %"), "{}", ran.out);
        assert!(ran.out.contains("at least 95.0 %; the worst of 2 seeds"), "{}", ran.out);
        assert_eq!(ran.records, 1);
    }

    #[test]
    fn one_good_seed_meets_the_bar_but_is_told_not_to_count() {
        let ran = run(&[LEARNS], &Request { seed: Some(49), ..asking("3") });
        assert_eq!(ran.result, Ok(ExitCode::SUCCESS));
        assert!(ran.out.contains("met     tinydigits accuracy 99.0 %"), "{}", ran.out);
        assert!(ran.out.contains("the verdict that counts is over all seeds"), "{}", ran.out);
    }

    #[test]
    fn json_is_one_object_a_report_and_nothing_else() {
        let ran = run(&[LEARNS], &Request { json: true, ..asking("all") });
        assert_eq!(ran.result, Ok(ExitCode::from(MISSED)));
        assert_eq!(
            ran.out,
            "{\"milestone\":\"03\",\"data\":\"tinydigits\",\"metric\":\"accuracy\",\"value\":0.9,\
             \"bar\":0.95,\"passed\":false,\"seeds\":[{\"seed\":40,\"value\":0.9},\
             {\"seed\":49,\"value\":0.99}],\"seconds\":0.0}\n"
        );
        assert_eq!((ran.err.as_str(), ran.records), ("", 1));
    }

    #[test]
    fn data_that_is_not_here_is_left_out_with_a_word_unless_it_was_asked_for() {
        let ran = run(&[LEARNS], &asking("mlp"));
        let word = "left out: mnist is not here; get it with: tito dataset download mnist";
        assert!(ran.out.contains(word), "{}", ran.out);
        let ran = run(&[LEARNS], &Request { data: Some("mnist".into()), ..asking("mlp") });
        assert!(ran.out.contains("mnist accuracy"), "{}", ran.out);
        assert!(!ran.out.contains("left out"), "{}", ran.out);
    }

    #[test]
    fn an_unknown_data_set_is_bad_input() {
        for milestone in ["mlp", "all"] {
            let request = Request { data: Some("mnits".into()), ..asking(milestone) };
            let failure = run(&[LEARNS], &request).result.unwrap_err();
            assert_eq!(failure.status(), ExitCode::from(2));
            assert!(failure.to_string().contains("did you mean `mnist`?"), "{failure}");
        }
    }

    #[test]
    fn one_that_can_not_run_does_not_keep_the_others_from_running() {
        let ran = run(&[NEVER, LEARNS], &asking("all"));
        assert_eq!(ran.result, Ok(ExitCode::from(3)));
        assert!(ran.err.contains("error: xor the data set `mnist` is not in"), "{}", ran.err);
        assert!(ran.out.contains("missed  03 tinydigits accuracy"), "{}", ran.out);
        assert!(ran.out.contains("04 cnn"), "what is to come is listed: {}", ran.out);
    }

    #[test]
    fn a_milestone_that_panics_has_missed() {
        let failure = run(&[BREAKS], &asking("xor")).result.unwrap_err();
        assert_eq!(failure.status(), ExitCode::from(MISSED));
        assert_eq!(failure.to_string(), "xor broke off");
    }

    #[test]
    fn a_record_that_can_not_be_written_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("runs"), b"a file").unwrap();
        let ran = run_in(folder.path(), &[LEARNS], &Request { seed: Some(49), ..asking("mlp") });
        assert_eq!(ran.result, Ok(ExitCode::SUCCESS));
        assert!(ran.err.starts_with("warning: no run record in "), "{}", ran.err);
    }

    #[test]
    fn a_milestone_of_a_later_module_says_what_it_waits_for() {
        let failure = run(&[LEARNS], &asking("olympics")).result.unwrap_err();
        assert_eq!(failure.status(), ExitCode::from(2));
        assert!(failure.to_string().contains("comes with modules"), "{failure}");
    }
}
