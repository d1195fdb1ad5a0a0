# From the frames of all runs to tables, figures and the report.


include: "exhibits.smk"


report: "../report/workflow.rst"


rule table_corpora:
    input:
        f"{RESULTS}/corpora.parquet",
    output:
        csv=shown(f"{RESULTS}/tables/corpora.csv", "Tables"),
        md=shown(f"{RESULTS}/tables/corpora.md", "Tables"),
        tex=shown(f"{RESULTS}/tables/corpora.tex", "Tables"),
    log:
        f"{RESULTS}/logs/table_corpora.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_corpora.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        caption=caption("corpora"),
        code=code_digest("table_corpora"),
    message:
        "Writing the table of corpora"
    script:
        "../scripts/table_corpora.py"


rule table_results:
    input:
        f"{RESULTS}/runs.parquet",
    output:
        csv=shown(f"{RESULTS}/tables/results.csv", "Tables"),
        md=shown(f"{RESULTS}/tables/results.md", "Tables"),
        tex=shown(f"{RESULTS}/tables/results.tex", "Tables"),
    log:
        f"{RESULTS}/logs/table_results.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_results.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        caption=caption("results"),
        code=code_digest("table_results"),
    message:
        "Writing the table of results"
    script:
        "../scripts/table_results.py"


rule figure_learning_curves:
    input:
        f"{RESULTS}/epochs.parquet",
    output:
        png=shown(f"{RESULTS}/figures/learning_curves.png", "Figures"),
        pdf=shown(f"{RESULTS}/figures/learning_curves.pdf", "Figures"),
        csv=f"{RESULTS}/figures/learning_curves.csv",
    log:
        f"{RESULTS}/logs/figure_learning_curves.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_learning_curves.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        code=code_digest("figure_learning_curves"),
    message:
        "Drawing the learning curves"
    script:
        "../scripts/figure_learning_curves.py"


rule figure_projections:
    input:
        f"{RESULTS}/projections.parquet",
    output:
        png=shown(f"{RESULTS}/figures/projections.png", "Figures"),
        pdf=shown(f"{RESULTS}/figures/projections.pdf", "Figures"),
    log:
        f"{RESULTS}/logs/figure_projections.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_projections.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        code=code_digest("figure_projections"),
    message:
        "Drawing the projections of test embeddings"
    script:
        "../scripts/figure_projections.py"


rule report:
    input:
        runs=f"{RESULTS}/runs.parquet",
        corpora=f"{RESULTS}/corpora.parquet",
        figures=expand(f"{RESULTS}/figures/{{name}}.png", name=figures()),
        tables=tables_of_study(),
    output:
        page=shown(f"{RESULTS}/report.html", "Report"),
        provenance=f"{RESULTS}/provenance.json",
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        settings=canonical(study_settings()),
        captions=canonical({name: caption(name) for name in [*TABLES, *figures()]}),
        templates=template_digest(),
        code=code_digest("report"),
    message:
        "Writing the report"
    script:
        "../scripts/report.py"
