//! Who works on a task: candidates by capability, then a team that the strategy admits by construction.

use std::sync::Arc;

use orchestrate_core::plan::AgentChoice;
use orchestrate_core::strategy::Arity;
use orchestrate_core::task::{Context, TaskComplexity, TaskDomain, TaskRequirements};
use orchestrate_core::team::Team;
use orchestrate_core::template::{AgentRegistry, AgentTemplate, Selecting, Tier};

use super::analyze::Reading;
use super::error::PlanError;
use super::hints::Hints;
use crate::strategy::{
    Adaptive, Conditional, Debate, DelegationChain, EventFlow, GroupChat, Handoff, Hierarchical,
    MultiConditional, OrchestratorWorker, PlanExecute, Refinement, ScatterVote, Supervisor,
    Teaching,
};

/// Whom a domain needs: the lead's capabilities, and what joins it from which complexity on.
struct Bench {
    domain: TaskDomain,
    lead: &'static [&'static str],
    joined_by: &'static [(TaskComplexity, &'static str)],
}

const BENCHES: &[Bench] = {
    use TaskComplexity::{Complex, Moderate};
    &[
        Bench {
            domain: TaskDomain::Testing,
            lead: &["analyze_gaps", "suggest_tests", "validate_coverage"],
            joined_by: &[
                (Moderate, "generate_unit_tests"),
                (Moderate, "validate_tests"),
                (Complex, "code_review"),
            ],
        },
        Bench {
            domain: TaskDomain::Security,
            lead: &["vulnerability_scan", "threat_modeling", "compliance_check"],
            joined_by: &[
                (Moderate, "code_review"),
                (Complex, "analyze_architecture"),
                (Complex, "analyze_gaps"),
            ],
        },
        Bench {
            domain: TaskDomain::CodeQuality,
            lead: &["code_review", "quality_assessment", "best_practices_check"],
            joined_by: &[
                (Moderate, "simplification"),
                (Complex, "identify_code_smells"),
                (Complex, "analyze_gaps"),
            ],
        },
        Bench {
            domain: TaskDomain::Documentation,
            lead: &["generate_docs", "check_completeness", "update_examples"],
            joined_by: &[
                (Moderate, "analyze_docs"),
                (Complex, "edit_text"),
                (Complex, "code_review"),
            ],
        },
        Bench {
            domain: TaskDomain::Performance,
            lead: &[
                "profile_code",
                "identify_bottlenecks",
                "suggest_optimizations",
            ],
            joined_by: &[
                (Moderate, "code_review"),
                (Complex, "analyze_architecture"),
                (Complex, "validate_tests"),
            ],
        },
        Bench {
            domain: TaskDomain::Architecture,
            lead: &[
                "analyze_architecture",
                "identify_patterns",
                "suggest_improvements",
            ],
            joined_by: &[
                (Moderate, "code_review"),
                (Complex, "identify_code_smells"),
                (Complex, "vulnerability_scan"),
            ],
        },
        Bench {
            domain: TaskDomain::Refactoring,
            lead: &[
                "identify_code_smells",
                "suggest_refactorings",
                "validate_changes",
            ],
            joined_by: &[
                (Moderate, "code_review"),
                (Moderate, "simplification"),
                (Complex, "validate_tests"),
            ],
        },
        Bench {
            domain: TaskDomain::General,
            lead: &[],
            joined_by: &[
                (Complex, ANYTHING),
                (Complex, "code_review"),
                (Complex, "edit_text"),
            ],
        },
    ]
};

/// Who sorts tasks, joins opinions, does what no other capability is named for, and changes the product.
const CLASSIFIES: &str = "analyze";
const SYNTHESIZES: &str = "synthesize_findings";
const ANYTHING: &str = "analyze";
const WRITES_CODE: &str = "write_code";
/// The seat of whoever joins the opinions, and the parameter that names them.
const SYNTHESIZER: &str = "synthesizer";

fn bench(domain: TaskDomain) -> Option<&'static Bench> {
    BENCHES.iter().find(|bench| bench.domain == domain)
}

/// The capabilities that a domain needs, in order.
pub(super) fn capabilities_of(domain: TaskDomain) -> &'static [&'static str] {
    bench(domain).map_or(&[], |bench| bench.lead)
}

/// A template that may work on the task, and why.
#[derive(Debug, Clone)]
struct Candidate {
    template: Arc<AgentTemplate>,
    why: String,
    /// Whether a hint asks for it.
    wanted: bool,
}

/// Everyone who should work on a task, before a strategy is chosen.
#[derive(Debug, Clone)]
pub(super) struct Candidates<'a> {
    registry: &'a AgentRegistry,
    selecting: Selecting<'a>,
    requirements: &'a TaskRequirements,
    list: Vec<Candidate>,
}

impl<'a> Candidates<'a> {
    /// Finds them by the capabilities that the domains need and that the hints ask for.
    pub(super) fn find(
        registry: &'a AgentRegistry,
        selecting: Selecting<'a>,
        reading: &'a Reading,
        hints: &Hints,
    ) -> Result<Self, PlanError> {
        let requirements = &reading.analysis.requirements;
        let mut this = Self {
            registry,
            selecting,
            requirements,
            list: Vec::new(),
        };
        let wanted = hints.wanted(registry);
        // Where no word says what a task is about, the hints do.
        if !reading.cues.unclear || wanted.is_empty() {
            for domain in &requirements.domains {
                for capability in capabilities_of(*domain) {
                    this.with(capability, || format!("{domain} needs `{capability}`"));
                }
                if *domain == TaskDomain::General {
                    let skill = reading.cues.skill.as_ref();
                    let (capability, why) = match skill {
                        Some((capability, word)) => {
                            (*capability, format!("`{word}` needs `{capability}`"))
                        }
                        None => (ANYTHING, "for tasks of no particular domain".to_owned()),
                    };
                    this.with(capability, || why);
                }
            }
            // Analysts find what is broken and do not mend it; who writes documentation does both.
            let writes = |domain: &TaskDomain| *domain == TaskDomain::Documentation;
            if let Some(word) = &reading.cues.repair
                && !requirements.domains.iter().all(writes)
            {
                this.with(WRITES_CODE, || format!("`{word}` needs `{WRITES_CODE}`"));
            }
            if let [domain] = requirements.domains.as_slice() {
                let complexity = requirements.complexity;
                let joined_by = bench(*domain).map_or(&[] as &[_], |bench| bench.joined_by);
                for (_, capability) in joined_by.iter().filter(|(from, _)| complexity >= *from) {
                    this.with(capability, || {
                        format!("a {complexity} {domain} task gains from `{capability}`")
                    });
                }
            }
        }
        for (template, why) in wanted {
            match this
                .list
                .iter_mut()
                .find(|candidate| candidate.template.id == template.id)
            {
                Some(candidate) => candidate.wanted = true,
                None => this.list.push(Candidate {
                    template,
                    why,
                    wanted: true,
                }),
            }
        }
        if this.list.is_empty() {
            let first = registry.iter().next().ok_or(PlanError::NoAgents)?;
            let why = "nobody has the capabilities that the task needs, and it is the first of all"
                .to_owned();
            this.list.push(Candidate {
                template: first.clone(),
                why,
                wanted: false,
            });
        }
        Ok(this)
    }

    /// The templates, in order.
    pub(super) fn templates(&self) -> Vec<&AgentTemplate> {
        self.list.iter().map(|it| &*it.template).collect()
    }

    /// Those whom parameters or a model name by id work on the task; with `only` nobody else does.
    pub(super) fn name(&mut self, ids: &[String], only: bool, why: &str) {
        let here = |id: &&String| !only && self.list.iter().any(|it| it.template.id == **id);
        let named: Vec<Candidate> = ids
            .iter()
            .filter(|id| !here(id))
            .filter_map(|id| self.registry.get(id))
            .map(|template| Candidate {
                template: template.clone(),
                why: why.to_owned(),
                wanted: true,
            })
            .collect();
        if only && !named.is_empty() {
            self.list = named;
        } else {
            self.list.extend(named);
        }
    }

    /// Who they are, the lead first, and why.
    pub(super) fn named(&self) -> impl Iterator<Item = (&Arc<AgentTemplate>, &str)> {
        let list = self.list.iter();
        list.map(|candidate| (&candidate.template, candidate.why.as_str()))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// How many the hints ask for, who cannot be left out.
    pub(super) fn wanted(&self) -> usize {
        self.list
            .iter()
            .filter(|candidate| candidate.wanted)
            .count()
    }

    /// Adds the first template with a capability, unless somebody here has it.
    fn with(&mut self, capability: &str, why: impl FnOnce() -> String) -> bool {
        if self
            .list
            .iter()
            .any(|candidate| candidate.template.can(capability))
        {
            return false;
        }
        let selection = self.registry.select(capability, &self.selecting);
        let Some(template) = selection.chosen else {
            return false;
        };
        let mut why = why();
        if let Some(word) = selection.specialization {
            why.push_str(&format!(", and it specialises in `{word}`"));
        }
        for (other, reason) in selection.passed_over {
            why.push_str(&if other == template.id {
                format!("; nobody else can take its place, although {reason}")
            } else {
                format!("; `{other}` was passed over: {reason}")
            });
        }
        self.list.push(Candidate {
            template,
            why,
            wanted: false,
        });
        true
    }

    /// Adds others until there are `least`: who else the first domain knows, then a second one of the lead.
    fn fill(&mut self, least: usize) {
        let domain = self.requirements.domain;
        let others = bench(domain).map_or(&[] as &[_], |bench| bench.joined_by);
        for (_, capability) in others {
            if self.list.len() >= least {
                return;
            }
            self.with(capability, || {
                format!("the strategy needs {least} agents; it adds `{capability}`")
            });
        }
        self.double(least);
    }

    /// Adds further ones of the lead until there are `least`.
    fn double(&mut self, least: usize) {
        while let (true, Some(lead)) = (self.list.len() < least, self.list.first()) {
            let why = format!("the strategy needs {least} agents; another one of the lead");
            let template = lead.template.clone();
            self.list.push(Candidate {
                template,
                why,
                wanted: false,
            });
        }
    }

    /// Leaves the last ones out that no hint asks for, until there are at most `most`.
    fn trim(&mut self, most: usize) {
        while self.list.len() > most {
            let Some(last) = self.list.iter().rposition(|candidate| !candidate.wanted) else {
                return;
            };
            self.list.remove(last);
        }
    }

    /// Who joins the opinions. It has none of its own, unless nobody else is there.
    fn take_synthesizer(&mut self) -> Option<Candidate> {
        let joins = |candidate: &Candidate| candidate.template.can(SYNTHESIZES);
        let own = self.list.iter().find(|candidate| joins(candidate)).cloned();
        if !self.list.iter().all(joins) {
            self.list.retain(|candidate| !joins(candidate));
        }
        own.or_else(|| {
            let template = self.registry.by_capability(SYNTHESIZES).next()?.clone();
            Some(Candidate {
                template,
                why: "joins the opinions".to_owned(),
                wanted: false,
            })
        })
    }
}

/// A team, the parameters of its strategy, and why each member is there.
#[derive(Debug)]
pub(super) struct Composition {
    pub(super) team: Team,
    pub(super) params: Context,
    pub(super) agents: Vec<AgentChoice>,
}

/// Whether a template is for somebody who divides work among others.
pub(super) fn coordinates(template: &AgentTemplate) -> bool {
    template.can("coordinate") || template.role.to_lowercase().contains("coordinator")
}

/// What the first member of a strategy's team is for, and why it is there, when it leads or is asked.
fn head(strategy: &str, params: &Context) -> Option<(&'static str, &'static str)> {
    match strategy {
        DelegationChain::NAME => Some(("coordinator", "divides the work and joins the results")),
        OrchestratorWorker::NAME => Some(("manager", "keeps the ledgers and sends the workers")),
        Supervisor::NAME => Some(("supervisor", "routes the work and sums up")),
        Hierarchical::NAME => Some(("manager", "plans, delegates and reviews")),
        PlanExecute::NAME => Some(("planner", "writes the steps")),
        Conditional::NAME
            if params
                .get("condition")
                .is_none_or(|it| it.get("ask").is_some()) =>
        {
            Some(("judge", "answers the question that decides"))
        }
        MultiConditional::NAME if !params.contains_key("cases") => {
            Some(("judge", "names who is to work"))
        }
        _ => None,
    }
}

struct Seat {
    template: Arc<AgentTemplate>,
    tier: Tier,
    why: String,
    /// Why it does not work at the tier that its template prefers, if so.
    because: &'static str,
    /// What the strategy has the member for.
    role: &'static str,
}

/// Puts the candidates on the seats of a strategy.
pub(super) fn compose(
    mut candidates: Candidates<'_>,
    strategy: &str,
    arity: Arity,
    mut params: Context,
) -> Composition {
    let fixed = candidates.requirements.tier.is_some();
    let head = head(strategy, &params).and_then(|role| {
        let own = candidates.list.iter();
        let at = own.clone().position(|it| coordinates(&it.template));
        let first = at.map(|at| candidates.list.remove(at)).or_else(|| {
            let template = candidates.registry.by_capability(CLASSIFIES).next();
            let template = template.or_else(|| Some(&candidates.list.first()?.template))?;
            Some(Candidate {
                template: template.clone(),
                why: role.1.to_owned(),
                wanted: false,
            })
        })?;
        Some((first, role.0))
    });
    let closing = (strategy == Debate::NAME)
        .then(|| candidates.take_synthesizer())
        .flatten();
    match strategy {
        // Draft, review, polish; an odd number of voters, which has no draw; and a flow with somebody to
        // start, to listen and to join.
        Refinement::NAME | ScatterVote::NAME | EventFlow::NAME => candidates.fill(3),
        // One specialist alone leaves nothing to choose, so there is a cheaper and a dearer one.
        Adaptive::NAME => candidates.double(2),
        // The synthesizer has no opinion of its own.
        Debate::NAME | Handoff::NAME | GroupChat::NAME => candidates.fill(2),
        // Who leads is not among those who work.
        _ if head.is_some() => candidates.fill(1),
        _ => candidates.fill(arity.least as usize),
    }
    if let Some(most) = arity.most {
        candidates.trim(most as usize);
    }
    let requirements = candidates.requirements;
    let mut seats: Vec<Seat> = candidates
        .list
        .into_iter()
        .map(|candidate| seat(candidate, requirements))
        .collect();
    match strategy {
        Teaching::NAME => {
            seats.sort_by_key(|seat| seat.tier);
            roles(&mut seats, &["junior", "expert"]);
            if !fixed {
                spread(&mut seats);
            }
        }
        Refinement::NAME => roles(&mut seats, &["draft", "review", "polish"]),
        Adaptive::NAME => {
            roles(&mut seats, &["specialist"]);
            if !fixed {
                spread(&mut seats);
            }
            let classifier = candidates.registry.by_capability(CLASSIFIES).next();
            let template = classifier
                .or_else(|| seats.first().map(|seat| &seat.template))
                .cloned();
            let classifier = template.map(|template| Seat {
                template,
                tier: requirements.tier.unwrap_or(Tier::Cheap),
                why: "looks at the task and chooses the specialist".to_owned(),
                because: if fixed {
                    "the context asks for it"
                } else {
                    "that is enough to choose"
                },
                role: "classifier",
            });
            seats.splice(0..0, classifier);
        }
        Debate::NAME => roles(&mut seats, &["participant"]),
        _ => {}
    }
    if let Some((candidate, role)) = head {
        let leader = Seat {
            role,
            ..seat(candidate, requirements)
        };
        seats.insert(0, leader);
    }
    if let Some(candidate) = closing {
        seats.push(Seat {
            role: SYNTHESIZER,
            ..seat(candidate, requirements)
        });
    }
    let mut team = Team::default();
    let mut agents = Vec::with_capacity(seats.len());
    for seat in seats {
        let why = seat.told();
        let name = (!seat.role.is_empty()).then(|| seat.role.to_owned());
        team.add(seat.template, seat.tier);
        // A template whose id is no name was refused by the registry, so a member is always added.
        let Some(agent) = team.members().last() else {
            continue;
        };
        agents.push(AgentChoice {
            id: agent.id.clone(),
            role: agent.template.role.clone(),
            tier: agent.tier,
            seat: name,
            why,
        });
    }
    params.extend(self::params(&agents));
    Composition {
        team,
        params,
        agents,
    }
}

/// What a strategy is told of the seats.
pub(super) fn params(agents: &[AgentChoice]) -> Context {
    let seats = agents
        .iter()
        .filter(|it| it.seat.as_deref() == Some(SYNTHESIZER));
    seats
        .map(|it| (SYNTHESIZER.to_owned(), it.id.as_str().into()))
        .collect()
}

/// Gives the seats their roles in order; further ones have the last but stay what they are.
fn roles(seats: &mut [Seat], names: &[&'static str]) {
    let last = names.last().copied().unwrap_or_default();
    let names = names.iter().copied().chain(std::iter::repeat(last));
    for (seat, role) in seats.iter_mut().zip(names) {
        seat.role = role;
    }
}

/// A candidate at the tier that the task needs.
fn seat(candidate: Candidate, requirements: &TaskRequirements) -> Seat {
    let Candidate { template, why, .. } = candidate;
    let own = template.tier_preference;
    let (tier, because) = match (requirements.tier, requirements.complexity) {
        (Some(tier), _) => (tier, "the context asks for it"),
        (None, TaskComplexity::Simple) => (cheaper(own), "the task is simple"),
        (None, TaskComplexity::Moderate) => (own, ""),
        (None, TaskComplexity::Complex) => (dearer(own), "the task is complex"),
    };
    Seat {
        template,
        tier,
        why,
        because,
        role: "",
    }
}

/// Makes sure that not all seats are of one tier: the last rises, or the first falls when it cannot.
fn spread(seats: &mut [Seat]) {
    let [first, others @ ..] = seats else { return };
    if others.iter().any(|seat| seat.tier != first.tier) {
        return;
    }
    let Some(last) = others.last_mut() else {
        return;
    };
    let (seat, tier) = match last.tier {
        Tier::Premium => (first, cheaper(Tier::Premium)),
        tier => (last, dearer(tier)),
    };
    seat.tier = tier;
    seat.because = "so that the tiers differ";
}

impl Seat {
    /// Role, reason for the member, and reason for its tier.
    fn told(&self) -> String {
        let Self {
            template,
            tier,
            why,
            because,
            role,
        } = self;
        let own = template.tier_preference;
        let role = if role.is_empty() {
            String::new()
        } else {
            format!("{role}: ")
        };
        if *tier == own {
            format!("{role}{why}")
        } else {
            format!("{role}{why}; {tier} instead of {own}: {because}")
        }
    }
}

fn cheaper(tier: Tier) -> Tier {
    match tier {
        Tier::Cheap | Tier::Capable => Tier::Cheap,
        Tier::Premium => Tier::Capable,
    }
}

fn dearer(tier: Tier) -> Tier {
    match tier {
        Tier::Cheap => Tier::Capable,
        Tier::Capable | Tier::Premium => Tier::Premium,
    }
}
