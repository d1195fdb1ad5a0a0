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
