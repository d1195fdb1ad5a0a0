from snakemake.utils import min_version

min_version("9.0")


# A study given by --configfile is complete in itself: Snakemake would merge the default into it key by key.
if not workflow.configfiles:

    configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/learning.smk"
include: "rules/evidence.smk"


rule all:
    default_target: True
    input:
        evidence_products(),


rule data:
    input:
        cards(),


rule tables:
    input:
        files_of("table"),


rule figures:
    input:
        files_of("figure"),


# Everything from the runs that are finished so far; with --nolock while another Snakemake is at work on the rest.
rule partial:
    input:
        lambda w: evidence_products(f"{RESULTS}/partial"),
