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
        tables_of_study(),


rule figures:
    input:
        figures_of_study(),
