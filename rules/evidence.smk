# From the frames of all runs to tables, figures and the report; of all planned runs, or under partial/ of those that
# are finished so far.


include: "exhibits.smk"


report: "../report/workflow.rst"


wildcard_constraints:
    view=f"{re.escape(RESULTS)}(/partial)?",


for exhibit in shown_exhibits(RESULTS, "table"):

    rule:
        name:
            f"table_{exhibit.key}"
        input:
            **exhibit_inputs(exhibit),
        output:
            csv=shown(f"{{view}}/tables/{exhibit.key}.csv", "Tables"),
            md=shown(f"{{view}}/tables/{exhibit.key}.md", "Tables"),
            tex=shown(f"{{view}}/tables/{exhibit.key}.tex", "Tables"),
            html=f"{{view}}/tables/{exhibit.key}.html",
        log:
            f"{{view}}/logs/table_{exhibit.key}.log",
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


for exhibit in shown_exhibits(RESULTS, "figure"):

    rule:
        name:
            f"figure_{exhibit.key}"
        input:
            **exhibit_inputs(exhibit),
        output:
            png=shown(f"{{view}}/figures/{exhibit.key}.png", "Figures"),
            pdf=shown(f"{{view}}/figures/{exhibit.key}.pdf", "Figures"),
            csv=f"{{view}}/figures/{exhibit.key}.csv",
            caption=f"{{view}}/figures/{exhibit.key}.txt",
        log:
            f"{{view}}/logs/figure_{exhibit.key}.log",
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


rule report:
    input:
        runs="{view}/runs.parquet",
        corpora="{view}/corpora.parquet",
        coverage="{view}/coverage.parquet",
        tables=lambda w: files_of("table", ["html"], w.view),
        figures=lambda w: files_of("figure", ["png"], w.view),
        captions=lambda w: files_of("figure", ["txt"], w.view),
    output:
        page=shown("{view}/report.html", "Report"),
        provenance="{view}/provenance.json",
    log:
        "{view}/logs/report.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=lambda w: canonical(study_settings()),
        exhibits=lambda w: canonical(
            [{**vars(exhibit), "needs": None, "caption": caption(exhibit.key)} for exhibit in shown_exhibits(w.view)]
        ),
        templates=template_digest(),
        code=code_digest("report"),
    message:
        "Writing the report"
    script:
        "../scripts/report.py"
