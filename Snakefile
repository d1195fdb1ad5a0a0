# A study from nothing to a report. Targets: all (default), data, tables, figures, partial.
#
# rules/root.smk      where the workflow's own files are; no rules
# rules/study.smk     the study, checked; no rules
# rules/paths.smk     where its files are, wildcards; no rules
# rules/inputs.smk    input functions and params of the data and of learning; start and end; no rules
# rules/views.smk     the frames, tables and figures of a study, whole or partial, and missing files; no rules
# rules/data.smk      corpora and encoders fetched, documents prepared and described, tokens
# rules/learning.smk  frozen layers, sigma, searches, runs, evaluation, t-SNE; frames of all runs
# rules/evidence.smk  tables, figures, tests, verdicts, report
from snakemake.utils import min_version

min_version("9.27")


include: "rules/root.smk"


# A study given by --configfile, or by the config of a module statement, is complete in itself: Snakemake would merge
# the default into it key by key.
if not (workflow.configfiles if workflow.modifier.is_main_snakefile() else config):

    configfile: f"{ROOT}/config/config.yaml"


include: "rules/study.smk"
include: "rules/paths.smk"
include: "rules/inputs.smk"
include: "rules/views.smk"
include: "rules/data.smk"
include: "rules/learning.smk"
include: "rules/evidence.smk"


rule all:
    default_target: True
    input:
        products_of(RESULTS),
        lambda w: missing_files(),


rule data:
    input:
        PATHS.cards(),


rule tables:
    input:
        files_of("table", RESULTS),
        lambda w: missing_files(),


rule figures:
    input:
        files_of("figure", RESULTS),
        lambda w: missing_files(),


# All evidence from the runs that are finished so far; with --nolock while another Snakemake trains the rest.
rule partial:
    input:
        lambda w: products_of(PARTIAL),
