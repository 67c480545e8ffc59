//! What lessons make of a choice: a composition that has proven itself goes before the rules.

use orchestrate_core::canonical;
use orchestrate_core::learning::{AgentConfiguration, AgentSeat, Lesson, Lessons, Tally};
use orchestrate_core::plan::{AgentChoice, Learned, Step};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::template::AgentRegistry;
use serde_json::json;

use super::chance::Chance;
use super::hints::Hints;
use super::team::{Composition, params};
use crate::catalog::Catalog;

/// A composition is proven when its rate of success is at least this, with confidence: half of
/// its runs. Four of four, or eight of eleven, are enough.
pub const PROVEN: f64 = 0.5;

/// A composition that could be taken.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) strategy: String,
    pub(super) composition: Composition,
    pub(super) root: Step,
    /// Why, when it is not a lesson that decides.
    pub(super) why: String,
}

/// An offer and what is known of it.
#[derive(Debug)]
struct Weighed<'a> {
    offer: Offer,
    lesson: Option<&'a Lesson>,
}

impl Weighed<'_> {
    fn tally(&self) -> Tally {
        self.lesson.map(|it| it.tally).unwrap_or_default()
    }
}

/// What is needed to bring a lesson back to life.
#[derive(Debug, Clone, Copy)]
pub(super) struct Workshop<'a> {
    pub(super) registry: &'a AgentRegistry,
    pub(super) catalog: &'a Catalog,
    pub(super) hints: &'a Hints,
    pub(super) context: &'a Context,
}

/// The offer that is taken, the reasons, and the record of the choice if lessons had a say.
///
/// `ruled` is what the rules choose, `others` are further compositions that may be explored.
pub(super) fn choose(
    lessons: &Lessons,
    (task, pattern): (&str, &str),
    ruled: Offer,
    others: impl FnOnce() -> Vec<Offer>,
    workshop: Workshop<'_>,
) -> (Offer, Vec<String>, Option<Learned>) {
    let known: Vec<&Lesson> = lessons.for_pattern(pattern).collect();
    let share = lessons.exploration.share;
    // What is no number is no share either.
    let bold = share > 0.0;
    if known.is_empty() && !bold {
        let reasons = vec![ruled.why.clone()];
        return (ruled, reasons, None);
    }
    let mut reasons = Vec::new();
    let ruled_identity = identity(pattern, &ruled);
    let mut all = vec![Weighed {
        offer: ruled,
        lesson: None,
    }];
    let mut identities = vec![ruled_identity];
    // The best come first, so of two lessons of one composition the better one counts.
    for lesson in known {
        match workshop.revive(&lesson.configuration) {
            Err(why) => reasons.push(format!(
                "lesson {} is not used: {why}",
                lesson.configuration.id
            )),
            Ok(offer) => {
                let own = identity(pattern, &offer);
                let there = identities.iter().position(|it| *it == own);
                match there.and_then(|at| all.get_mut(at)) {
                    Some(same) if same.lesson.is_none() => same.lesson = Some(lesson),
                    Some(_) => {}
                    None => {
                        let lesson = Some(lesson);
                        all.push(Weighed { offer, lesson });
                        identities.push(own);
                    }
                }
            }
        }
    }
    let seed = lessons.exploration.seed.unwrap_or_else(|| seed(task, &all));
    let mut chance = Chance::new(seed);
    let explored = chance.unit() < share;
    if explored {
        for offer in others() {
            let own = identity(pattern, &offer);
            if !identities.contains(&own) {
                all.push(Weighed {
                    offer,
                    lesson: None,
                });
                identities.push(own);
            }
        }
    }
    let (at, by_lesson) = if explored {
        (sample(&all, &mut chance), true)
    } else {
        let best = (0..all.len()).min_by(|a, b| {
            let tally = |at: &usize| all.get(*at).map(Weighed::tally).unwrap_or_default();
            tally(a).better_first(tally(b))
        });
        let best = best.unwrap_or(0);
        let proven = all
            .get(best)
            .is_some_and(|it| it.tally().lower_bound() >= PROVEN);
        (if proven { best } else { 0 }, proven)
    };
    reasons.push(told(&all, at, explored, by_lesson, pattern, seed));
    let taken = all.swap_remove(at);
    if at == 0 || taken.lesson.is_none() {
        reasons.insert(0, taken.offer.why.clone());
    }
    let lesson = taken.lesson.filter(|_| by_lesson);
    let learned = Learned {
        lesson: lesson.map(|it| it.configuration.id.clone()),
        from_run: lesson.and_then(|it| it.runs.first().cloned()),
        exploration: share,
        explored,
        seed,
    };
    (taken.offer, reasons, Some(learned))
}

/// The offer whose drawn rate of success is the highest: Thompson's choice. What is unknown can be anything.
fn sample(all: &[Weighed<'_>], chance: &mut Chance) -> usize {
    let rates = all.iter().map(|it| {
        let tally = it.tally();
        chance.rate(tally.successes, tally.failures)
    });
    let best = rates.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map_or(0, |(at, _)| at)
}

/// Why the offer at `at` is taken, as a sentence.
fn told(
    all: &[Weighed<'_>],
    at: usize,
    explored: bool,
    by_lesson: bool,
    pattern: &str,
    seed: u64,
) -> String {
    let Some(taken) = all.get(at) else {
        return String::new();
    };
    let name = |it: &Weighed<'_>| match it.lesson {
        Some(lesson) => format!("lesson {}", lesson.configuration.id),
        None => format!("an untried composition by {}", it.offer.strategy),
    };
    let from = |it: &Weighed<'_>| {
        let run = it.lesson.and_then(|lesson| lesson.runs.first());
        run.map_or_else(String::new, |run| format!(", last in {run}"))
    };
    let told = format!("{} ({}{})", name(taken), record(taken.tally()), from(taken));
    if explored {
        return format!("{told} is tried: this plan explores `{pattern}` (seed {seed})");
    }
    if !by_lesson {
        let best = all.iter().min_by(|a, b| a.tally().better_first(b.tally()));
        let best = best.filter(|it| it.lesson.is_some());
        let best = best.map_or_else(String::new, |it| {
            format!(
                "; the best is {} ({}{})",
                name(it),
                record(it.tally()),
                from(it)
            )
        });
        return format!(
            "no composition is proven for `{pattern}` (at least {PROVEN:.2} is needed){best}"
        );
    }
    match all.first().filter(|_| at != 0) {
        None => format!("{told} is proven for `{pattern}`, and the rules choose it too"),
        Some(ruled) => {
            let theirs = match ruled.lesson {
                Some(_) => record(ruled.tally()),
                None => "untried".to_owned(),
            };
            format!(
                "{told} is proven for `{pattern}` and goes before what the rules choose: {} ({theirs})",
                ruled.offer.strategy
            )
        }
    }
}

fn record(tally: Tally) -> String {
    let round = |count: f64| (count * 10.0).round() / 10.0;
    format!(
        "{} of {} runs succeeded, so at least {:.2} do with 97.5 % confidence",
        round(tally.successes),
        round(tally.uses()),
        tally.lower_bound()
    )
}

/// What makes two compositions the same: the members, their tiers and seats, the strategy.
fn identity(pattern: &str, offer: &Offer) -> String {
    let members = offer.composition.team.members();
    let seats = members
        .iter()
        .zip(&offer.composition.agents)
        .map(|(member, choice)| {
            AgentSeat::new(&*member.template.id, Some(member.tier)).with_seat(choice.seat.clone())
        });
    AgentConfiguration::composed(pattern, seats.collect(), &*offer.strategy).id
}

/// A seed from the task and the records, so that a further outcome gives another draw.
fn seed(task: &str, all: &[Weighed<'_>]) -> u64 {
    let records = all.iter().filter_map(|it| {
        let known = &it.lesson?.configuration;
        Some(json!([known.id, known.usage_count]))
    });
    let digest = canonical::digest(&json!([task, records.collect::<Vec<_>>()]));
    // 13 digits are 52 bits: every JSON reader keeps such a number as it is.
    let digits = digest.get(..13).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

impl Workshop<'_> {
    /// The composition of a lesson as it can be made today, or why it cannot.
    fn revive(self, lesson: &AgentConfiguration) -> Result<Offer, String> {
        if let Some(strategy) = self
            .hints
            .strategy
            .as_ref()
            .filter(|it| **it != lesson.strategy)
        {
            return Err(format!("the context asks for the strategy {strategy}"));
        }
        let (mut team, mut agents) = (Team::default(), Vec::new());
        for seat in &lesson.agents {
            let template = self.registry.get(&seat.template);
            let template =
                template.ok_or_else(|| format!("there is no agent `{}` now", seat.template))?;
            let tier = seat.tier.unwrap_or(template.tier_preference);
            if let Some(hinted) = self.hints.tier.filter(|hinted| *hinted != tier) {
                return Err(format!("the context asks for the tier {hinted}"));
            }
            team.add(template.clone(), tier);
            // A template whose id is no name was refused by the registry, so a member is always added.
            let Some(member) = team.members().last() else {
                continue;
            };
            agents.push(AgentChoice {
                id: member.id.clone(),
                role: member.template.role.clone(),
                tier,
                seat: seat.seat.clone(),
                why: format!("as in lesson {}", lesson.id),
            });
        }
        for (template, _) in self.hints.wanted(self.registry) {
            if !team
                .members()
                .iter()
                .any(|it| it.template.id == template.id)
            {
                return Err(format!(
                    "the context asks for {}, whom it has not",
                    template.id
                ));
            }
        }
        let params = params(&agents);
        let made = self.catalog.get_strategy(&lesson.strategy, &params);
        let root = made.and_then(|strategy| strategy.compose(&team, self.context));
        let root = root.map_err(|error| error.to_string())?;
        Ok(Offer {
            strategy: lesson.strategy.clone(),
            composition: Composition {
                team,
                params,
                agents,
            },
            root,
            why: String::new(),
        })
    }
}
