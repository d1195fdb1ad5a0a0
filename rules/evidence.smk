# From the frames of all runs to tables, figures and the report: of all planned runs, and under partial/ of those that
# are finished so far. Each table and figure is a rule, made from config/exhibits.yaml.


include: "exhibits.smk"


report: "../report/workflow.rst"


for view, exhibit in product(VIEWS, shown_exhibits(RESULTS, "table")):

    rule:
        name:
            f"{VIEWS[view]}table_{exhibit.key}"
        input:
            **exhibit_inputs(exhibit, view),
        output:
            csv=shown(f"{view}/tables/{exhibit.key}.csv", "Tables"),
            md=shown(f"{view}/tables/{exhibit.key}.md", "Tables"),
            tex=shown(f"{view}/tables/{exhibit.key}.tex", "Tables"),
            html=f"{view}/tables/{exhibit.key}.html",
        log:
            f"{view}/logs/table_{exhibit.key}.log",
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            exhibit=lambda w, exhibit=exhibit: canonical(exhibit_settings(exhibit)),
            code=code_digest("table", exhibit.module),
        message:
            f"Writing the table {exhibit.key}"
        script:
            "../scripts/table.py"


for view, exhibit in product(VIEWS, shown_exhibits(RESULTS, "figure")):

    rule:
        name:
            f"{VIEWS[view]}figure_{exhibit.key}"
        input:
            **exhibit_inputs(exhibit, view),
        output:
            png=shown(f"{view}/figures/{exhibit.key}.png", "Figures"),
            pdf=shown(f"{view}/figures/{exhibit.key}.pdf", "Figures"),
            csv=f"{view}/figures/{exhibit.key}.csv",
            caption=f"{view}/figures/{exhibit.key}.txt",
        log:
            f"{view}/logs/figure_{exhibit.key}.log",
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            exhibit=lambda w, exhibit=exhibit: canonical(exhibit_settings(exhibit)),
            code=code_digest("figure", exhibit.module),
        message:
            f"Drawing the figure {exhibit.key}"
        script:
            "../scripts/figure.py"


for view in VIEWS:

    rule:
        name:
            f"{VIEWS[view]}significance"
        input:
            runs=f"{view}/runs.parquet",
        output:
            csv=f"{view}/significance.csv",
            json=f"{view}/significance.json",
        log:
            f"{view}/logs/significance.log",
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            published=digest_of_published(),
            code=code_digest("significance"),
        message:
            "Testing the differences between objectives"
        script:
            "../scripts/significance.py"

    rule:
        name:
            f"{VIEWS[view]}claims"
        input:
            **claims_inputs(view),
        output:
            json=f"{view}/claims.json",
            md=shown(f"{view}/claims.md", "Claims"),
        log:
            f"{view}/logs/claims.log",
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            claims=lambda w: canonical(CLAIMS),
            published=digest_of_published(),
            code=code_digest("claims"),
        message:
            "Judging the paper's claims"
        script:
            "../scripts/claims.py"

    rule:
        name:
            f"{VIEWS[view]}report"
        input:
            runs=f"{view}/runs.parquet",
            corpora=f"{view}/corpora.parquet",
            coverage=f"{view}/coverage.parquet",
            claims=f"{view}/claims.json",
            tables=lambda w, view=view: files_of("table", ["html"], view),
            figures=lambda w, view=view: files_of("figure", ["png"], view),
            captions=lambda w, view=view: files_of("figure", ["txt"], view),
        output:
            page=shown(f"{view}/report.html", "Report"),
            provenance=f"{view}/provenance.json",
        log:
            f"{view}/logs/report.log",
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            settings=lambda w: canonical(study_settings()),
            exhibits=lambda w, view=view: canonical(shown_settings(view)),
            templates=template_digest(),
            code=code_digest("report"),
        message:
            "Writing the report"
        script:
            "../scripts/report.py"


rule artifact:
    input:
        products=lambda w: [*collected_frames(RESULTS), *evidence_products()],
        manifests=[
            *(f"resources/corpora/{key}/SHA256SUMS" for key in STUDY.corpora),
            *(f"resources/encoders/{key}/SHA256SUMS" for key in STUDY.encoders),
        ],
    output:
        archive=f"{RESULTS}/{STUDY.name}-artifact.tar.gz",
    log:
        f"{RESULTS}/logs/artifact.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        study=lambda w: canonical({key: value for key, value in config.items() if key not in VOLATILE}),
        sources=sources_digest(Path(workflow.basedir)),
        code=code_digest("artifact"),
    message:
        "Packing the evidence of {RESULTS}"
    script:
        "../scripts/artifact.py"
